"""The fold of a stored run behind a replay window; begun again when other marks are saved."""

from __future__ import annotations

from dataclasses import replace
from weakref import ref

from leakwatch.core.marks import CaseFile
from leakwatch.core.spacing import Calibration, SpacingRung
from leakwatch.gui.replay.replay_view import Replay
from leakwatch.gui.replay.replay_window import ReplayWindow
from leakwatch.gui.replay.track import FoldThread, FramesAgain, Track
from leakwatch.runner.stored_run import Run


class FoldedRun:
    """Folds a run on a thread into what a replay window shows.

    Parameters
    ----------
    run : Run
        Just opened; its source is closed by the thread.
    """

    def __init__(self, run: Run) -> None:
        self.run = run
        self._window: ref[ReplayWindow] | None = None
        self.track, self.thread = _fold(run)

    def replay(self) -> Replay:
        """What a window shows of it."""
        run = self.run
        return Replay(self.track, run.marks, run.settings, run.acquisition.number_of_frames)

    def shown_in(self, window: ReplayWindow) -> None:
        """Tell which window it is that shows it."""
        self._window = ref(window)  # it knows this object by its tools: no circle

    def judge_again(self, case: CaseFile, said: str) -> None:
        """Begin from the first frame, with the marks and millimetres of `case`.

        Parameters
        ----------
        case : CaseFile
        said : str
            What became of it, for the person.

        Raises
        ------
        SourceError
            The sequence cannot be read again; then all stays as it is.
        """
        run = with_case(self.run, case)
        self.close()
        self.run = run
        self.track, self.thread = _fold(run)
        self.thread.start()
        window = None if self._window is None else self._window()
        if window is not None:
            window.replay = self.replay()
            window.replay.playback.toggle()
            window.say(f"{said}\nThe run is judged again with these marks, from its first frame")

    def close(self) -> None:
        """End the fold, and release the file."""
        self.thread.stop()
        self.track.close()


def with_case(run: Run, case: CaseFile) -> Run:
    """The same sequence from its first frame, with other marks.

    Raises
    ------
    SourceError
        It cannot be read again.
    """
    source, calibration = run.reopen(), run.calibration
    if case.mm_per_px is not None:
        calibration = Calibration(
            case.mm_per_px,
            case.mm_per_px_sigma,
            SpacingRung.CASE,
            "case file",
            calibration.distortion,
        )
    return replace(
        run, source=source, frames=source.frames(), marks=case.marks, calibration=calibration
    )


def _fold(run: Run) -> tuple[Track, FoldThread]:
    track = Track(run.settings, FramesAgain(run.reopen))
    return track, FoldThread(run.snapshots(), track, run.source.close)
