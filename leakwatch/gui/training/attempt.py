"""Case for a trainee: prepared on another thread, then played once. No Qt.

The complete case is analysed before it starts, as for a replay: a late image would be counted as a
slow reaction.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from threading import Thread

from leakwatch.core.errors import LeakWatchError, SourceError
from leakwatch.core.messages import text
from leakwatch.core.results import Snapshot
from leakwatch.gui.replay.replay_view import Replay, ReplayView
from leakwatch.gui.replay.track import FoldThread, FramesAgain, Track
from leakwatch.runner.stored_run import AnalysisRun
from leakwatch.training.scoring import CaseCourse, Score, Verdict, course_of, score, verdict
from leakwatch.training.training_case import (
    TrainingCase,
    TrainingItem,
    incomplete_case_text,
    monitor_sample_of,
)


class _Stopped(Exception):
    """Closing of the window while a case was being prepared."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """Case that is ready to start.

    Parameters
    ----------
    case : TrainingCase
    track : Track
        Of the complete case; its owner closes it.
    course : Course
    """

    case: TrainingCase
    track: Track
    course: CaseCourse

    def replay(self) -> Replay:
        """Return a replay of the case from its start."""
        run = self.case.run
        return Replay(self.track, run.marks, run.settings, len(self.track))


class Preparation(Thread):
    """Thread that opens and analyses a case, so that the window never waits.

    Parameters
    ----------
    item : TrainingItem

    Attributes
    ----------
    progress : tuple of (str, int, int or None)
        Description, number done, and total.
    prepared : Prepared or None
        Set when it is done.
    failure : str
        Why the case cannot be used; empty if it can.
    """

    def __init__(self, item: TrainingItem) -> None:
        super().__init__(name="prepare", daemon=True)
        self._item = item
        self._stopping = False
        self.progress: tuple[str, int, int | None] = (text("Opening the case"), 0, None)
        self.prepared: Prepared | None = None
        self.failure = ""

    def run(self) -> None:
        """Prepare to the end, to a failure, or until `stop`."""
        try:
            self.prepared = self._prepared()
        except _Stopped:
            pass
        except LeakWatchError as error:
            self.failure = str(error)
        # The window must report that this case is not available, whatever ended this thread.
        except Exception as error:  # noqa: BLE001
            what = f"{type(error).__name__}: {error}"
            self.failure = text("the case cannot be prepared: {what}", what=what)

    def stop(self) -> None:
        """Stop the thread after the current frame, wait, and close the case."""
        self._stopping = True
        if self.is_alive():
            self.join()
        if self.prepared is not None:
            self.prepared.track.close()

    def _prepared(self) -> Prepared:
        case = self._item.opened(self._on_progress)
        run = case.run
        track = Track(run.settings, FramesAgain(run.reopen))
        # On this thread: no frame is shown before all are analysed.
        FoldThread(self._counted(run), track, run.source.close).run()
        try:
            self._check()
            if track.failure is not None:
                raise SourceError(incomplete_case_text(track.failure))
            if not len(track):
                raise SourceError(
                    text("{name}: no frames found. Choose another case.", name=case.name)
                )
            seen = [monitor_sample_of(track.snapshot(index)) for index in range(len(track))]
            return Prepared(case, track, course_of(seen, case.truth, run.settings.training))
        except BaseException:
            track.close()
            raise

    def _counted(self, run: AnalysisRun) -> Iterator[Snapshot]:
        total = run.acquisition.number_of_frames
        for number, snapshot in enumerate(run.iter_snapshots(), start=1):
            if self._stopping:
                return
            yield snapshot
            self.progress = (text("Analysing the case"), number, total)

    def _on_progress(self, description: str, done: int, total: int | None) -> None:
        self._check()
        self.progress = (description, done, total)

    def _check(self) -> None:
        if self._stopping:
            raise _Stopped


class Attempt:
    """One presentation of a case, at its true speed, without a pause.

    Parameters
    ----------
    prepared : Prepared
    """

    def __init__(self, prepared: Prepared) -> None:
        self._course = prepared.course
        self._settings = prepared.case.run.settings.training
        self._replay = prepared.replay()
        self._presses_s: list[float] = []
        self._last_tick_s: float | None = None
        self._longest_gap_s = 0.0
        self._score: Score | None = None
        self._replay.playback.toggle()

    @property
    def score(self) -> Score | None:
        """Score, once the attempt has ended."""
        return self._score

    @property
    def presses_s(self) -> tuple[float, ...]:
        """Times at which STOP was pressed, s of the case."""
        return tuple(self._presses_s)

    @property
    def stood_still_s(self) -> float | None:
        """Longest time without a new image, if long enough to be noticeable."""
        limit_s = self._settings.screen_gap_s
        return self._longest_gap_s if self._longest_gap_s > limit_s else None

    def tick(self, now_s: float) -> ReplayView:
        """Advance to `now_s`, any monotonic clock in seconds, and return what to show.

        It includes the results of LeakWatch; a training window shows the image alone.
        """
        if self._score is None:
            if self._last_tick_s is not None:
                self._longest_gap_s = max(self._longest_gap_s, now_s - self._last_tick_s)
            self._last_tick_s = now_s
            view = self._replay.tick(now_s)
            if view.grey is None:
                self.break_off(view.message or text("a frame cannot be shown"))
            elif not view.playing:
                self._end()
            return view
        return self._replay.view()

    def press(self, now_s: float) -> Verdict | None:
        """Record a STOP of the trainee; None if the attempt has ended."""
        self.tick(now_s)
        if self._score is not None:
            return None
        at_s = self._replay.playback.position_s
        found = verdict(self._course, self._presses_s, at_s, self._settings)
        self._presses_s.append(at_s)
        if found is Verdict.RIGHT:
            self._end()
        return found

    def break_off(self, why: str = "") -> None:
        """End it without a score; `why`, if the trainee did not end it."""
        if self._score is None:
            at_s = self._replay.playback.position_s
            scored = score(self._course, self._presses_s, self._settings, broken_off_s=at_s)
            reason = text("{what}: {why}", what=scored.why, why=why)
            self._score = replace(scored, why=reason) if why else scored
            self._replay.playback.playing = False

    def _end(self) -> None:
        self._score = score(self._course, self._presses_s, self._settings)
        self._replay.playback.playing = False
