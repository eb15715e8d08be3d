"""Stored sequences, opened with their marks and calibration as by the commands."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import TracebackType

import numpy as np
import numpy.typing as npt

from leakwatch.alerting.inactive_rules import find_inactive_rules
from leakwatch.api.monitor import Monitor
from leakwatch.api.result import result_of
from leakwatch.api.table import ResultTable, table_of
from leakwatch.case_files.case_file import CASE_SUFFIX, case_beside
from leakwatch.case_files.settings_file import load_settings as read_settings
from leakwatch.config import Settings
from leakwatch.core.frame import Frame
from leakwatch.core.marks import Marks
from leakwatch.core.messages import text
from leakwatch.core.spacing import Calibration
from leakwatch.runner.stored_run import AnalysisRun, open_run

AnyPath = str | Path


def load_settings(path: AnyPath) -> Settings:
    """Read a settings file (TOML).

    Raises
    ------
    LeakWatchError
        It cannot be read, or has an unknown key or a value out of its range.
    """
    return read_settings(Path(path))


def open_sequence(
    path: AnyPath,
    case: AnyPath | None = None,
    *,
    calibration: AnyPath | None = None,
    settings: Settings | None = None,
    use_case_beside: bool = True,
) -> OpenedSequence:
    """Open DICOM, a video, a folder, a recorded session, or what a source of another package reads.

    Parameters
    ----------
    path : str or Path
        The sequence, or a NAME.case.json, which refers to its sequence.
    case : str, Path or None
        NAME.case.json with marks and calibration. None: the one beside the sequence, if there is
        one and `use_case_beside` is True.
    calibration : str, Path or None
        Calibration file of the C-arm.
    settings : Settings or None
        None: the defaults.
    use_case_beside : bool

    Returns
    -------
    OpenedSequence
        Close it, or use it in a ``with`` block.

    Raises
    ------
    LeakWatchError
        An input cannot be read, or inputs contradict each other.
    """
    where = Path(path)
    chosen = None if case is None else Path(case)
    if chosen is None and use_case_beside and not where.name.endswith(CASE_SUFFIX):
        chosen = case_beside(where)
    scale = None if calibration is None else Path(calibration)
    return OpenedSequence(open_run(where, settings or Settings(), chosen, scale))


class OpenedSequence:
    """A stored sequence; made by `open_sequence`.

    Parameters
    ----------
    run : AnalysisRun
        Just opened.

    Attributes
    ----------
    marks : Marks
    calibration : Calibration
        Millimetres per pixel, and where they come from.
    settings : Settings
    notes : tuple of str
        Inactive rules, and what is unusual.
    """

    def __init__(self, run: AnalysisRun) -> None:
        self._run = run
        self.marks: Marks = run.marks
        self.calibration: Calibration = run.calibration
        self.settings: Settings = run.settings
        off = find_inactive_rules(run.marks, run.calibration, run.acquisition, run.settings)
        self.notes: tuple[str, ...] = (
            *(one.text for one in off),
            *run.acquisition.notes,
            *run.warnings,
        )

    @property
    def number_of_frames(self) -> int | None:
        """Number of frames stated in the file; None if unknown."""
        return self._run.acquisition.number_of_frames

    def __iter__(self) -> Iterator[Frame]:
        """Yield the frames in order, each read on demand; may be called again.

        A frame has `pixels` and `time_s`, and can be passed to `Monitor.step`.
        """
        source = self._run.reopen()
        try:
            yield from source.frames()
        finally:
            source.close()

    def images(self) -> npt.NDArray[np.uint16] | npt.NDArray[np.uint8] | npt.NDArray[np.int16]:
        """Return all stored values as one array, ``(frames, rows, columns)``."""
        return np.stack([frame.pixels for frame in self])

    def times_s(self) -> npt.NDArray[np.float64]:
        """Return the time of each frame, s."""
        return np.array([frame.time_s for frame in self])

    def monitor(self) -> Monitor:
        """Return a monitor for the frames of this sequence, with its marks and calibration."""
        return Monitor(self.marks, self.calibration, self.settings)

    def analyze(self) -> ResultTable:
        """Measure every frame, as `leakwatch analyze` does.

        Warns if the sequence ended early; the rows until then are valid.
        """
        results, notes = [], self.notes
        source = self._run.reopen()
        try:
            for snapshot in replace(self._run, frames=source.frames()).iter_snapshots():
                if snapshot.fault is None:
                    results.append(result_of(snapshot))
                    continue
                ended = text("the input ended early: {ended_early}", ended_early=snapshot.fault)
                warnings.warn(ended, stacklevel=2)
                notes = (*notes, ended)
        finally:
            source.close()
        return table_of(results, notes)

    def close(self) -> None:
        """Close the file."""
        self._run.source.close()

    def __enter__(self) -> OpenedSequence:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()
