"""From a sequence to snapshots: open a run, and fold over its frames.

Analysis, replay, training and bench open a run and fold over it in the same way.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from leakwatch import alerting, calibration, pipeline
from leakwatch.case import CASE_SUFFIX, check_fits, dicom_path, load_case
from leakwatch.config import Settings
from leakwatch.errors import SourceError
from leakwatch.measurement import blind
from leakwatch.model import (
    Acquisition,
    Calibration,
    CaseFile,
    Frame,
    FrameSource,
    Marks,
    Observation,
    Quality,
    Reason,
    Snapshot,
)
from leakwatch.sources import open_source

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Run:
    """A sequence with everything that a fold over it needs.

    Parameters
    ----------
    name : str
        For titles and messages.
    path : Path
        The sequence.
    source : FrameSource
        Open; whoever opened the run closes it.
    frames : iterator of Frame
        All frames, the first included.
    acquisition : Acquisition
        Of the first frame.
    marks : Marks
    calibration : Calibration
    settings : Settings
    """

    name: str
    path: Path
    source: FrameSource
    frames: Iterator[Frame]
    acquisition: Acquisition
    marks: Marks
    calibration: Calibration
    settings: Settings

    def reopen(self) -> FrameSource:
        """Open the sequence a second time, for pixels that were not kept."""
        return open_source(self.path)

    def snapshots(self) -> Iterator[Snapshot]:
        """Fold over the frames from the beginning; once."""
        vision = pipeline.initial_state(self.settings, self.marks, self.calibration)
        return fold(self.frames, vision, alerting.initial_state(self.settings))


def open_run(
    path: Path,
    settings: Settings,
    case_path: Path | None = None,
    calibration_path: Path | None = None,
) -> Run:
    """Open a sequence with its marks and calibration, and read its first frame.

    Parameters
    ----------
    path : Path
        A sequence, or a NAME.case.json, which names its sequence.
    settings : Settings
    case_path : Path or None
        Marks and calibration that a person gave.
    calibration_path : Path or None
        Calibration file of the C-arm.

    Returns
    -------
    Run

    Raises
    ------
    CaseError, SourceError, CalibrationError
        What was given cannot be read, or does not fit together.
    """
    if case_path is None and path.name.endswith(CASE_SUFFIX):
        case_path = path
    case = CaseFile("", Marks()) if case_path is None else load_case(case_path)
    if case_path is not None and path == case_path:
        path = dicom_path(case_path, case)
    source = open_source(path)
    try:
        frames = source.frames()
        first = next(frames, None)
        if first is None:
            raise SourceError(f"{path}: there is no frame in it. Choose another sequence.")
        check_fits(case, first.acquisition, str(case_path))
        scale = calibration.resolve(first.acquisition, case, calibration_path, settings.calibration)
    except BaseException:
        source.close()
        raise
    whole = chain([first], frames)
    return Run(path.name, path, source, whole, first.acquisition, case.marks, scale, settings)


def fold(
    frames: Iterable[Frame],
    vision: pipeline.PipelineState,
    alerts: alerting.AlertState,
) -> Iterator[Snapshot]:
    """Run ``step`` and ``decide`` over `frames`, one snapshot a frame, dropping none.

    Parameters
    ----------
    frames : iterable of Frame
        In order. Errors that it raises pass through after the snapshots of whole frames.
    vision : PipelineState
        From ``pipeline.initial_state``.
    alerts : AlertState
        From ``alerting.initial_state``.

    Yields
    ------
    Snapshot
    """
    for frame in frames:
        started = time.perf_counter()
        vision, observation = _step(vision, frame)
        alerts, alert = alerting.decide(alerts, observation)
        latency_ms = (time.perf_counter() - started) * 1e3
        yield Snapshot(frame, observation, alert, latency_ms)


def _step(
    vision: pipeline.PipelineState, frame: Frame
) -> tuple[pipeline.PipelineState, Observation]:
    """``pipeline.step``; a stage that breaks makes the frame UNKNOWN and not the run an end."""
    try:
        return pipeline.step(vision, frame)
    # Whatever broke, the person must be told that nobody watches this frame.
    except Exception as error:  # noqa: BLE001
        what = f"{type(error).__name__}: {error}"
        debugging = _LOG.isEnabledFor(logging.DEBUG)
        _LOG.error("frame %d could not be analysed: %s", frame.index, what, exc_info=debugging)
        return vision, blind(frame, vision.calibration, Quality(), Reason.STAGE_ERROR)
