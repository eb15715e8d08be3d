"""Import of a stored sequence into the case library: analysed and recorded like a live one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace

from leakwatch.core.arrays import Rectangle
from leakwatch.core.frame import Frame
from leakwatch.core.redaction import mask_frame
from leakwatch.library.case_library import CaseLibrary, LibraryCase
from leakwatch.runner.stored_run import AnalysisRun
from leakwatch.sinks.recording.frame_recorder import FrameRecorder, Recording
from leakwatch.sinks.recording.lossless_pixels import Compression
from leakwatch.sinks.recording.recorder import Recorder

SOURCE = "file"


@dataclass(frozen=True, slots=True)
class Import:
    """Result of an import.

    Parameters
    ----------
    case : LibraryCase
    ended_early : str or None
        Why the sequence ended early; the frames before that are in the library.
    """

    case: LibraryCase
    ended_early: str | None = None


def add_to_library(
    library: CaseLibrary,
    run: AnalysisRun,
    name: str | None = None,
    masks_px: tuple[Rectangle, ...] = (),
    keep_identity: bool = False,
    on_frame: Callable[[], None] = lambda: None,
) -> Import:
    """Analyse a sequence and record its frames and results.

    Parameters
    ----------
    library : CaseLibrary
    run : AnalysisRun
        Just opened.
    name : str or None
        Name of the case.
    masks_px : tuple of (left, top, right, bottom)
        Blanked before the frames are analysed and recorded, pixels.
    keep_identity : bool
        Whether to keep burned-in annotation; this is logged.
    on_frame : callable
        Called after each frame.

    Raises
    ------
    LeakWatchError
        Then nothing is added to the library.
    """
    masked_run = replace(run, frames=_with_masks(run.frames, masks_px))
    recording = Recording(
        run.marks,
        run.calibration,
        run.settings,
        SOURCE,
        keep_identity,
        masks_px,
        Compression.JPEG_LS,
    )
    case = library.begin(SOURCE, run.marks, name)
    try:
        fault = _record(masked_run, case, recording, on_frame)
        return Import(library.finish(case.id), fault)
    except BaseException:
        library.delete(case.id)
        raise


def _record(
    run: AnalysisRun, case: LibraryCase, recording: Recording, on_frame: Callable[[], None]
) -> str | None:
    with ExitStack() as closing:
        lines = Recorder(case.folder, recording.keep_identity)
        closing.callback(lines.close)
        frames = FrameRecorder(case.folder, recording)
        closing.callback(frames.close)
        for snapshot in run.iter_snapshots():
            lines.append(snapshot)
            frames.append(snapshot)
            if snapshot.fault is not None:
                return snapshot.fault
            on_frame()
    return None


def _with_masks(frames: Iterator[Frame], masks_px: tuple[Rectangle, ...]) -> Iterator[Frame]:
    for frame in frames:
        yield mask_frame(frame, masks_px)
