"""Analysis of a stored sequence for a replay window, restarted when other marks are saved."""

from __future__ import annotations

from dataclasses import replace
from weakref import ref

from leakwatch.core.marks import CaseFile
from leakwatch.core.messages import join_with, text
from leakwatch.core.spacing import Calibration, SpacingRung
from leakwatch.gui.replay.replay_view import Replay
from leakwatch.gui.replay.replay_window import ReplayWindow
from leakwatch.gui.replay.track import FoldThread, FramesAgain, Track
from leakwatch.runner.stored_run import AnalysisRun


class AnalysedRun:
    """Stored run, analysed on a thread for a replay window.

    Parameters
    ----------
    run : AnalysisRun
        Just opened; its source is closed by the thread.
    """

    def __init__(self, run: AnalysisRun) -> None:
        self.run = run
        self._window: ref[ReplayWindow] | None = None
        self.track, self.thread = _fold(run)

    def replay(self) -> Replay:
        """Return a replay of it for a window."""
        run = self.run
        return Replay(self.track, run.marks, run.settings, run.acquisition.number_of_frames)

    def shown_in(self, window: ReplayWindow) -> None:
        """Remember the window that shows it."""
        self._window = ref(window)  # weak: the tools of the window refer to this object

    def analyse_again(self, case: CaseFile, message: str) -> None:
        """Analyse again from the first frame, with the marks and the calibration of `case`.

        Parameters
        ----------
        case : CaseFile
        said : str
            What was saved, as a message for the user.

        Raises
        ------
        SourceError
            The sequence cannot be read again; then nothing changes.
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
            again = text("The sequence is analysed again with these marks, from its first frame")
            window.say(join_with("\n", [message, again]))

    def close(self) -> None:
        """Stop the analysis, and release the file."""
        self.thread.stop()
        self.track.close()


def with_case(run: AnalysisRun, case: CaseFile) -> AnalysisRun:
    """Return the same sequence from its first frame, with other marks.

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
    # With other marks, the events of the session are not those of its analysis any more.
    return replace(
        run,
        source=source,
        frames=source.frames(),
        marks=case.marks,
        calibration=calibration,
        recorded=replace(run.recorded, events=()),
    )


def _fold(run: AnalysisRun) -> tuple[Track, FoldThread]:
    track = Track(run.settings, FramesAgain(run.reopen), run.recorded)
    return track, FoldThread(run.iter_snapshots(), track, run.source.close)
