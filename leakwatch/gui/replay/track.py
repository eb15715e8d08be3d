"""Results of the analysis so far, with bounded memory, for immediate scrubbing."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from threading import Lock, Thread

import numpy as np

from leakwatch.alerting import rules
from leakwatch.config import Settings
from leakwatch.core.active_rules import Coverage, coverage_of, watches_all_but_wall
from leakwatch.core.arrays import Array
from leakwatch.core.errors import LeakWatchError, SourceError
from leakwatch.core.frame import Frame
from leakwatch.core.messages import text
from leakwatch.core.protocols import StoredSource
from leakwatch.core.results import Alert, Level, Observation, Snapshot
from leakwatch.display.event_list import EventRow, event_rows
from leakwatch.display.grey_mapping import GreyImage, GreyMapping, grey_mapping
from leakwatch.display.history import value_before
from leakwatch.display.level_styles import is_acknowledged
from leakwatch.display.trend_samples import TrendSample
from leakwatch.display.window_level import ViewSettings
from leakwatch.gui.replay.case_story import CaseStory
from leakwatch.runner.recorded_events import NOT_RECORDED, RecordedEvents

# Pixels kept in memory: a complete sequence at 512 x 512, a fifth of one at 1024 x 1024.
PIXEL_BUDGET_BYTES = 512 * 2**20
# Placeholder for pixels that are kept elsewhere, or not at all.
_NO_PIXELS = np.empty((0, 0), np.uint8)
# Frames read again and kept for stepping to and fro.
REREAD_FRAMES = 32
# Frames that fix the greys; see `grey_mapping`.
GREY_FRAMES = 8


class Track:
    """Observations and decisions of the frames analysed so far; safe between two threads.

    Decisions are repeated here, from the stored observations and by the same function: the user may
    acknowledge a STOP while the analysis is far ahead of the displayed frame.

    Parameters
    ----------
    settings : Settings
    again : FramesAgain or None
        Reads frames a second time; None if the source cannot, and then all pixels are kept.
    recorded : RecordedEvents
        Of a recorded session: its margins and acknowledgements are repeated.
    """

    def __init__(
        self,
        settings: Settings,
        again: FramesAgain | None = None,
        recorded: RecordedEvents = NOT_RECORDED,
    ) -> None:
        self._lock = Lock()
        self._snapshots: list[Snapshot] = []
        self._states = [replace(rules.initial_state(settings), margins=recorded.margins)]
        self._recorded, self._story = recorded, CaseStory(settings, recorded)
        self._acknowledged: set[int] = set()
        self._pixels = PixelStore(again)
        self._greys: GreyMapping | None = None
        self._grey_frames: list[Frame] = []
        self._ended = False
        self._failure: str | None = None

    def append(self, snapshot: Snapshot) -> None:
        """Add the next snapshot."""
        with self._lock:
            self._pixels.append(snapshot.frame.pixels)
            if self._greys is None or len(self._grey_frames) < GREY_FRAMES:
                self._grey_frames.append(snapshot.frame)
                self._greys = grey_mapping(self._grey_frames)
            # A slice of the pixels would keep all of them.
            bare = replace(snapshot.frame, pixels=_NO_PIXELS)
            self._snapshots.append(replace(snapshot, frame=bare))
            last = len(self._snapshots) - 1
            if bare.index in self._recorded.acknowledged:
                self._acknowledged.add(last)
            self._decide_from(last)
            self._story.keep_picture(last, snapshot.frame.pixels)

    def finish(self, failure: str | None = None) -> None:
        """Mark the end; `failure` is why there are fewer snapshots than expected."""
        with self._lock:
            self._grey_frames.clear()
            self._ended, self._failure = True, failure

    def __len__(self) -> int:
        return len(self._snapshots)

    @property
    def ended(self) -> bool:
        """Return whether the analysis has ended, with or without a failure."""
        return self._ended

    @property
    def failure(self) -> str | None:
        """Reason why it ended early."""
        return self._failure

    def snapshot(self, index: int) -> Snapshot:
        """Return the snapshot of frame `index`, without its pixels."""
        with self._lock:
            return self._snapshots[index]

    def snapshot_with_pixels(self, index: int) -> Snapshot:
        """Return the snapshot of frame `index`, with its pixels.

        Raises
        ------
        SourceError
            Its pixels were not kept, and cannot be read again.
        """
        bare = self.snapshot(index)
        return replace(bare, frame=replace(bare.frame, pixels=self._pixels.pixels(index)))

    def grey(self, index: int, view: ViewSettings | None = None) -> GreyImage:
        """Return frame `index` as it is shown, ``(rows, columns)``.

        Parameters
        ----------
        index : int
        view : ViewSettings or None
            None: unchanged.

        Raises
        ------
        SourceError
            Its pixels were not kept, and cannot be read again.
        """
        return self.grey_of(self._pixels.pixels(index), view)

    def grey_of(self, pixels: Array, view: ViewSettings | None = None) -> GreyImage:
        """Return stored values as a frame of this sequence is shown; see `grey`."""
        assert self._greys is not None
        greys = self._greys if view is None else self._greys.with_view(view)
        return greys.apply(pixels)

    def samples(self, index: int, span_s: float) -> tuple[TrendSample, ...]:
        """Return the trend until frame `index`, over `span_s`."""
        with self._lock:
            return self._story.samples(index, span_s)

    def case_samples(self) -> tuple[TrendSample, ...]:
        """Return the trend of everything analysed until now."""
        with self._lock:
            return self._story.case_samples()

    @property
    def story_version(self) -> int:
        """Changes with the events."""
        return self._story.version

    def event_rows(self) -> tuple[EventRow, ...]:
        """Return the list of events until now, or of the recorded session."""
        with self._lock:
            events, acquiring = self._story.events, self._story.acquiring
        return event_rows(events, acquiring)

    def index_of(self, frame: int) -> int:
        """Return the index of a frame of an event."""
        with self._lock:
            return self._story.index_of(frame)

    def thumbnail(self, frame: int) -> GreyImage | None:
        """Return the thumbnail of a frame of an event; None if there is none."""
        with self._lock:
            small = self._story.thumbnails.get(frame)
            return None if small is None or self._greys is None else self._greys.apply(small)

    @property
    def dropped_thumbnails(self) -> int:
        """Number of thumbnails that were not kept."""
        return self._story.thumbnails.dropped

    def before(self, index: int, seconds: float) -> Observation | None:
        """Return the observation `seconds` before frame `index`; None if there is none near."""
        with self._lock:
            wanted_s = self._snapshots[index].observation.time_s - seconds
            for earlier in reversed(self._snapshots[:index]):
                if earlier.observation.time_s <= wanted_s + 1e-6:
                    return value_before(earlier.observation, wanted_s, seconds)
        return None

    def close(self) -> None:
        """Close the source of pixels that are read again."""
        self._pixels.close()

    def time_s(self, index: int) -> float:
        """Return the time of a frame, seconds from the first."""
        return self._snapshots[index].frame.time_s

    def levels(self) -> tuple[Level, ...]:
        """Return the level of each frame so far."""
        with self._lock:
            return tuple(snapshot.alert.level for snapshot in self._snapshots)

    def partly(self) -> tuple[bool, ...]:
        """Return whether each frame so far is UNKNOWN only because rules were not set up."""
        with self._lock:
            return tuple(
                one.alert.level is Level.UNKNOWN and coverage_of(one.observation) is Coverage.PARTLY
                for one in self._snapshots
            )

    def watches_all_but_wall(self) -> tuple[bool, ...]:
        """Return whether in each frame so far only the wall is not watched, and nothing is seen."""
        with self._lock:
            return tuple(
                one.alert.level is Level.UNKNOWN
                and not one.alert.acknowledged
                and watches_all_but_wall(one.observation)
                for one in self._snapshots
            )

    def acknowledged(self) -> tuple[bool, ...]:
        """Return whether the level of each frame so far is that of an acknowledged STOP."""
        with self._lock:
            return tuple(
                is_acknowledged(
                    one.alert.level,
                    coverage_of(one.observation) is Coverage.PARTLY,
                    one.alert.acknowledged,
                )
                for one in self._snapshots
            )

    def acknowledge(self, index: int) -> bool:
        """Acknowledge the STOP that is shown at frame `index`.

        Returns
        -------
        bool
            False if nothing was latched there, and nothing changed.
        """
        with self._lock:
            if not self._snapshots[index].alert.latched:
                return False
            self._acknowledged.add(index)
            self._story.forget_from(index)
            for later in range(index, len(self._snapshots)):
                self._decide_from(later)
            for place in self._story.indices_of_events(index):
                pixels = self._pixels.kept(place)
                if pixels is not None:
                    self._story.keep_picture(place, pixels)
            return True

    def acknowledged_s(self, index: int) -> float | None:
        """Return the time of the last acknowledgement until frame `index`; None if none."""
        with self._lock:
            until = [one for one in self._acknowledged if one <= index]
        return self.time_s(max(until)) if until else None

    def _decide_from(self, index: int) -> None:
        del self._states[index + 1 :]
        observation = self._snapshots[index].observation
        state, alert = rules.decide(self._states[index], observation)
        if index in self._acknowledged and alert.latched:
            state, cleared = rules.acknowledge(state, observation)
            alert = replace(cleared, events=alert.events + cleared.events)
        self._states.append(state)
        self._snapshots[index] = replace(self._snapshots[index], alert=alert)
        self._story.decide(index, observation, alert)

    def alert(self, index: int) -> Alert:
        """Return the decision at frame `index`, including acknowledgements."""
        return self._snapshots[index].alert


class PixelStore:
    """Pixels by index of the frame: kept up to a budget, read again beyond it.

    Parameters
    ----------
    again : FramesAgain or None
        None: keep all.
    budget_bytes : int or None
        None: `PIXEL_BUDGET_BYTES`.
    """

    def __init__(self, again: FramesAgain | None, budget_bytes: int | None = None) -> None:
        self._again = again
        self._left_bytes = PIXEL_BUDGET_BYTES if budget_bytes is None else budget_bytes
        self._kept: list[Array | None] = []

    def append(self, pixels: Array) -> None:
        """Add the pixels of the next frame."""
        keep = self._again is None or pixels.nbytes <= self._left_bytes
        self._left_bytes -= pixels.nbytes if keep else 0
        self._kept.append(pixels if keep else None)

    def kept(self, index: int) -> Array | None:
        """Return pixels from memory; None if they are not kept."""
        return self._kept[index]

    def pixels(self, index: int) -> Array:
        """Return pixels from memory, or from the source."""
        kept = self._kept[index]
        if kept is not None:
            return kept
        assert self._again is not None
        return self._again.pixels(index)

    def close(self) -> None:
        """Close the source of frames that are read again."""
        if self._again is not None:
            self._again.close()


class FramesAgain:
    """Frames of a sequence, read a second time in any order, at the cost of decoding each.

    Parameters
    ----------
    reopen : callable
        Opens the sequence again.
    """

    def __init__(self, reopen: Callable[[], StoredSource]) -> None:
        self._reopen = reopen
        self._source: StoredSource | None = None
        self._frames: Iterator[Frame] = iter(())
        self._next = -1
        self._recent: OrderedDict[int, Array] = OrderedDict()

    def pixels(self, index: int) -> Array:
        """Return the pixels of a frame, by its index.

        Raises
        ------
        SourceError
            It is no longer available.
        """
        if index in self._recent:
            return self._recent[index]
        if self._source is None:
            self._source = self._reopen()
        if index != self._next:
            self._frames, self._next = self._source.frames(index), index
        frame = next(self._frames, None)
        if frame is None:
            raise SourceError(
                text(
                    "frame {number} cannot be read again: the sequence has become shorter. Check "
                    "that its files are unchanged.",
                    number=index,
                )
            )
        self._next = index + 1
        self._recent[index] = frame.pixels
        if len(self._recent) > REREAD_FRAMES:
            self._recent.popitem(last=False)
        return frame.pixels

    def close(self) -> None:
        """Close the file, if it is open."""
        if self._source is not None:
            self._source.close()
            self._source, self._next = None, -1
        self._recent.clear()


class FoldThread(Thread):
    """Thread that analyses frames into a `Track`, so that the window never waits.

    Parameters
    ----------
    snapshots : iterable of Snapshot
        From ``pipeline.fold``.
    track : Track
    close : callable
        Called at the end on this thread, in any case.
    """

    def __init__(
        self, snapshots: Iterable[Snapshot], track: Track, close: Callable[[], None]
    ) -> None:
        super().__init__(name="fold", daemon=True)
        self._snapshots, self._track, self._close = snapshots, track, close
        self._stopping = False

    def run(self) -> None:
        """Analyse to the end, to a failure, or until `stop`."""
        failure: str | None = None
        try:
            for snapshot in self._snapshots:
                if self._stopping:
                    break
                if snapshot.fault is not None:
                    failure = snapshot.fault
                    break
                self._track.append(snapshot)
        except LeakWatchError as error:
            failure = str(error)
        # The window must report that monitoring ended, whatever ended this thread.
        except Exception as error:  # noqa: BLE001
            failure = text("Analysis failed: {what}", what=f"{type(error).__name__}: {error}")
        finally:
            self._track.finish(failure)
            self._close()

    def stop(self) -> None:
        """Stop the thread after the current frame, and wait for it."""
        self._stopping = True
        if self.is_alive():
            self.join()
