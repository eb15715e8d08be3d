"""A case for a trainee: prepared on a thread of its own, then run once; no Qt.

The whole case is folded before it begins, by the same fold as a replay: a picture that came late
would be counted as a slow hand.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from threading import Thread

from leakwatch.core.errors import LeakWatchError, SourceError
from leakwatch.core.results import Snapshot
from leakwatch.gui.replay.replay_view import Replay, ReplayView
from leakwatch.gui.replay.track import FoldThread, FramesAgain, Track
from leakwatch.runner.stored_run import Run
from leakwatch.training.scoring import Course, Score, Verdict, course_of, score, verdict
from leakwatch.training.training_case import TrainingCase, TrainingItem, half_a_case, seen_in


class _Stopped(Exception):
    """The person closed the window while a case was prepared."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A case that can begin.

    Parameters
    ----------
    case : TrainingCase
    track : Track
        Of the whole fold; whoever has it closes it.
    course : Course
    """

    case: TrainingCase
    track: Track
    course: Course

    def replay(self) -> Replay:
        """A replay of the case from its beginning."""
        run = self.case.run
        return Replay(self.track, run.marks, run.settings, len(self.track))


class Preparation(Thread):
    """Opens a case and folds over it, so that the window never waits for it.

    Parameters
    ----------
    item : TrainingItem

    Attributes
    ----------
    progress : tuple of (str, int, int or None)
        What is done, how much of it, of how much.
    prepared : Prepared or None
        There when it is done.
    failure : str
        Why the case cannot be used; empty where it can.
    """

    def __init__(self, item: TrainingItem) -> None:
        super().__init__(name="prepare", daemon=True)
        self._item = item
        self._stopping = False
        self.progress: tuple[str, int, int | None] = ("Opening the case", 0, None)
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
        # The window must say that this case will not come, whatever ended this thread.
        except Exception as error:  # noqa: BLE001
            self.failure = f"the case cannot be prepared: {type(error).__name__}: {error}"

    def stop(self) -> None:
        """Ask the thread to end after the frame that it works on, wait, and release the case."""
        self._stopping = True
        if self.is_alive():
            self.join()
        if self.prepared is not None:
            self.prepared.track.close()

    def _prepared(self) -> Prepared:
        case = self._item.opened(self._on_progress)
        run = case.run
        track = Track(run.settings, FramesAgain(run.reopen))
        # Here and not on a third thread: nothing shows frames before all are there.
        FoldThread(self._counted(run), track, run.source.close).run()
        try:
            self._check()
            if track.failure is not None:
                raise SourceError(half_a_case(track.failure))
            if not len(track):
                raise SourceError(f"{case.name}: there is no frame in it.")
            seen = [seen_in(track.snapshot(index)) for index in range(len(track))]
            return Prepared(case, track, course_of(seen, case.truth, run.settings.training))
        except BaseException:
            track.close()
            raise

    def _counted(self, run: Run) -> Iterator[Snapshot]:
        total = run.acquisition.number_of_frames
        for number, snapshot in enumerate(run.snapshots(), start=1):
            if self._stopping:
                return
            yield snapshot
            self.progress = ("Looking at the case", number, total)

    def _on_progress(self, words: str, done: int, total: int | None) -> None:
        self._check()
        self.progress = (words, done, total)

    def _check(self) -> None:
        if self._stopping:
            raise _Stopped


class Attempt:
    """One run of a case, at its true speed, without a pause.

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
        """There when the attempt has ended."""
        return self._score

    @property
    def presses_s(self) -> tuple[float, ...]:
        """When STOP was pressed until now, s of the case."""
        return tuple(self._presses_s)

    @property
    def stood_still_s(self) -> float | None:
        """The longest time without a new picture, where that is so long that it shows."""
        limit_s = self._settings.screen_gap_s
        return self._longest_gap_s if self._longest_gap_s > limit_s else None

    def tick(self, now_s: float) -> ReplayView:
        """Advance to `now_s`, any monotonic clock in seconds, and say what to show.

        What LeakWatch saw is in it too: a window that trains shows the picture alone.
        """
        if self._score is None:
            if self._last_tick_s is not None:
                self._longest_gap_s = max(self._longest_gap_s, now_s - self._last_tick_s)
            self._last_tick_s = now_s
            view = self._replay.tick(now_s)
            if view.grey is None:
                self.break_off(view.message or "a frame cannot be shown")
            elif not view.playing:
                self._end()
            return view
        return self._replay.view()

    def press(self, now_s: float) -> Verdict | None:
        """The trainee says STOP; None where the attempt has ended."""
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
        """End it without a score; `why`, where it was not the person."""
        if self._score is None:
            at_s = self._replay.playback.position_s
            scored = score(self._course, self._presses_s, self._settings, broken_off_s=at_s)
            self._score = replace(scored, why=f"{scored.why}: {why}") if why else scored
            self._replay.playback.playing = False

    def _end(self) -> None:
        self._score = score(self._course, self._presses_s, self._settings)
        self._replay.playback.playing = False
