"""Bring a stored sequence into the case library: folded once, and recorded like a live one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace

from leakwatch.core.arrays import Rectangle
from leakwatch.core.frame import Frame
from leakwatch.core.redaction import mask_frame
from leakwatch.library.case_library import CaseLibrary, LibraryCase
from leakwatch.runner.stored_run import Run
from leakwatch.sinks.recording.frame_recorder import FrameRecorder, Recording
from leakwatch.sinks.recording.lossless_pixels import Compression
from leakwatch.sinks.recording.recorder import Recorder

SOURCE = "file"


@dataclass(frozen=True, slots=True)
class Import:
    """What became of it.

    Parameters
    ----------
    case : LibraryCase
    ended_early : str or None
        Why the sequence ended before its promised end; what came before is in the library.
    """

    case: LibraryCase
    ended_early: str | None = None


def add_to_library(
    library: CaseLibrary,
    run: Run,
    name: str | None = None,
    masks_px: tuple[Rectangle, ...] = (),
    keep_identity: bool = False,
    on_frame: Callable[[], None] = lambda: None,
) -> Import:
    """Fold over `run` and keep its frames and what was found.

    Parameters
    ----------
    library : CaseLibrary
    run : Run
        Just opened.
    name : str or None
        Of the case.
    masks_px : tuple of (left, top, right, bottom)
        Blanked before the frames are judged and kept, pixels.
    keep_identity : bool
        Keep text that is burned into the pictures; it is logged.
    on_frame : callable
        Called after each frame.

    Raises
    ------
    LeakWatchError
        Nothing of it is in the library then.
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
    run: Run, case: LibraryCase, recording: Recording, on_frame: Callable[[], None]
) -> str | None:
    with ExitStack() as closing:
        lines = Recorder(case.folder, recording.keep_identity)
        closing.callback(lines.close)
        frames = FrameRecorder(case.folder, recording)
        closing.callback(frames.close)
        for snapshot in run.snapshots():
            lines.append(snapshot)
            frames.append(snapshot)
            if snapshot.fault is not None:
                return snapshot.fault
            on_frame()
    return None


def _with_masks(frames: Iterator[Frame], masks_px: tuple[Rectangle, ...]) -> Iterator[Frame]:
    for frame in frames:
        yield mask_frame(frame, masks_px)
