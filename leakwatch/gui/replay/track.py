"""What the fold has found so far, kept so that scrubbing is instant and memory stays bounded."""

from __future__ import annotations

from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from threading import Lock, Thread

import numpy as np

from leakwatch.alerting import rules
from leakwatch.config import Settings
from leakwatch.core.active_rules import Coverage, coverage_of
from leakwatch.core.arrays import Array
from leakwatch.core.errors import LeakWatchError, SourceError
from leakwatch.core.frame import Frame
from leakwatch.core.protocols import StoredSource
from leakwatch.core.results import Alert, Level, Observation, Snapshot
from leakwatch.display.grey_mapping import GreyImage, GreyMapping, grey_mapping
from leakwatch.display.history import TrendSample, sample_of, thinned, value_before
from leakwatch.display.window_level import ViewSettings

# Pixels kept in memory: a whole run at 512 x 512, a fifth of one at 1024 x 1024.
PIXEL_BUDGET_BYTES = 512 * 2**20
# What stands for pixels that are kept elsewhere, or nowhere.
_NO_PIXELS = np.empty((0, 0), np.uint8)
# Frames read again and kept for stepping to and fro.
REREAD_FRAMES = 32
# Frames that fix the greys; see `grey_mapping`.
GREY_FRAMES = 8


class Track:
    """Observations and decisions of the frames folded so far; safe between two threads.

    Decisions are made again here, from the kept observations and by the fold's own function: a
    person may acknowledge a STOP while the fold is already far ahead of what is shown.

    Parameters
    ----------
    settings : Settings
    again : FramesAgain or None
        Reads frames a second time; None where the source cannot, and then all pixels are kept.
    """

    def __init__(self, settings: Settings, again: FramesAgain | None = None) -> None:
        self._lock = Lock()
        self._snapshots: list[Snapshot] = []
        self._states = [rules.initial_state(settings)]
        self._acknowledged: set[int] = set()
        self._pixels = PixelStore(again)
        self._greys: GreyMapping | None = None
        self._grey_frames: list[Frame] = []
        self._ended = False
        self._failure: str | None = None

    def append(self, snapshot: Snapshot) -> None:
        """Take the next snapshot of the fold."""
        with self._lock:
            self._pixels.append(snapshot.frame.pixels)
            if self._greys is None or len(self._grey_frames) < GREY_FRAMES:
                self._grey_frames.append(snapshot.frame)
                self._greys = grey_mapping(self._grey_frames)
            # Not a slice of the pixels: that would keep all of them.
            bare = replace(snapshot.frame, pixels=_NO_PIXELS)
            self._snapshots.append(replace(snapshot, frame=bare))
            self._decide_from(len(self._snapshots) - 1)

    def finish(self, failure: str | None = None) -> None:
        """No more snapshots come; `failure` says why there are fewer than there should be."""
        with self._lock:
            self._grey_frames.clear()
            self._ended, self._failure = True, failure

    def __len__(self) -> int:
        return len(self._snapshots)

    @property
    def ended(self) -> bool:
        """Whether the fold has ended, for better or worse."""
        return self._ended

    @property
    def failure(self) -> str | None:
        """Why it ended before its time."""
        return self._failure

    def snapshot(self, index: int) -> Snapshot:
        """The snapshot of frame number `index` of the run, without its pixels."""
        with self._lock:
            return self._snapshots[index]

    def whole_snapshot(self, index: int) -> Snapshot:
        """The snapshot of frame number `index` of the run, with its pixels.

        Raises
        ------
        SourceError
            Its pixels were not kept, and cannot be read again.
        """
        bare = self.snapshot(index)
        return replace(bare, frame=replace(bare.frame, pixels=self._pixels.pixels(index)))

    def grey(self, index: int, look: ViewSettings | None = None) -> GreyImage:
        """Frame number `index` of the run as it is shown, ``(rows, columns)``.

        Parameters
        ----------
        index : int
        look : Look or None
            How a person wants to see it; None: as it is.

        Raises
        ------
        SourceError
            Its pixels were not kept, and cannot be read again.
        """
        assert self._greys is not None
        greys = self._greys if look is None else self._greys.with_view(look)
        return greys.apply(self._pixels.pixels(index))

    def samples(self, index: int, span_s: float) -> tuple[TrendSample, ...]:
        """The trend until frame number `index`, over so many seconds."""
        with self._lock:
            observations = [one.observation for one in self._snapshots[: index + 1]]
        end_s = observations[-1].time_s
        first = bisect_left(observations, end_s - span_s, key=lambda one: one.time_s)
        return thinned(sample_of(one) for one in observations[first:])

    def before(self, index: int, seconds: float) -> Observation | None:
        """The observation of so long before frame number `index`; None where none is near."""
        with self._lock:
            wanted_s = self._snapshots[index].observation.time_s - seconds
            for earlier in reversed(self._snapshots[:index]):
                if earlier.observation.time_s <= wanted_s + 1e-6:
                    return value_before(earlier.observation, wanted_s, seconds)
        return None

    def close(self) -> None:
        """Release what pixels are read again from."""
        self._pixels.close()

    def time_s(self, index: int) -> float:
        """Seconds from the first frame."""
        return self._snapshots[index].frame.time_s

    def levels(self) -> tuple[Level, ...]:
        """The level shown at each frame so far."""
        with self._lock:
            return tuple(snapshot.alert.level for snapshot in self._snapshots)

    def partly(self) -> tuple[bool, ...]:
        """Whether each frame so far is UNKNOWN only since rules were not set up."""
        with self._lock:
            return tuple(
                one.alert.level is Level.UNKNOWN and coverage_of(one.observation) is Coverage.PARTLY
                for one in self._snapshots
            )

    def acknowledge(self, index: int) -> bool:
        """Note that a person cleared the STOP that is shown at frame `index`.

        Returns
        -------
        bool
            False where nothing was latched there, and nothing changed.
        """
        with self._lock:
            if not self._snapshots[index].alert.latched:
                return False
            self._acknowledged.add(index)
            for later in range(index, len(self._snapshots)):
                self._decide_from(later)
            return True

    def _decide_from(self, index: int) -> None:
        del self._states[index + 1 :]
        observation = self._snapshots[index].observation
        state, alert = rules.decide(self._states[index], observation)
        if index in self._acknowledged and alert.latched:
            state, cleared = rules.acknowledge(state, observation)
            alert = replace(cleared, events=alert.events + cleared.events)
        self._states.append(state)
        self._snapshots[index] = replace(self._snapshots[index], alert=alert)

    def alert(self, index: int) -> Alert:
        """The decision at frame `index`, acknowledgements included."""
        return self._snapshots[index].alert


class PixelStore:
    """Pixels by place in the run: kept up to a budget, read again beyond it.

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
        """Take the pixels of the next frame."""
        keep = self._again is None or pixels.nbytes <= self._left_bytes
        self._left_bytes -= pixels.nbytes if keep else 0
        self._kept.append(pixels if keep else None)

    def pixels(self, index: int) -> Array:
        """Pixels from memory, or from the source."""
        kept = self._kept[index]
        if kept is not None:
            return kept
        assert self._again is not None
        return self._again.pixels(index)

    def close(self) -> None:
        """Release what frames are read again from."""
        if self._again is not None:
            self._again.close()


class FramesAgain:
    """Reads frames of a sequence a second time, in any order; each costs its own decoding only.

    Parameters
    ----------
    reopen : callable
        Opens the sequence anew.
    """

    def __init__(self, reopen: Callable[[], StoredSource]) -> None:
        self._reopen = reopen
        self._source: StoredSource | None = None
        self._frames: Iterator[Frame] = iter(())
        self._next = -1
        self._recent: OrderedDict[int, Array] = OrderedDict()

    def pixels(self, index: int) -> Array:
        """Pixels of a frame, by its place in the run.

        Raises
        ------
        SourceError
            It is not there any more.
        """
        if index in self._recent:
            return self._recent[index]
        if self._source is None:
            self._source = self._reopen()
        if index != self._next:
            self._frames, self._next = self._source.frames(index), index
        frame = next(self._frames, None)
        if frame is None:
            raise SourceError(f"frame {index} cannot be read again: it is not there any more.")
        self._next = index + 1
        self._recent[index] = frame.pixels
        if len(self._recent) > REREAD_FRAMES:
            self._recent.popitem(last=False)
        return frame.pixels

    def close(self) -> None:
        """Release the file, if it is open."""
        if self._source is not None:
            self._source.close()
            self._source, self._next = None, -1
        self._recent.clear()


class FoldThread(Thread):
    """Runs the fold into a `Track`, so that the window never waits for it.

    Parameters
    ----------
    snapshots : iterable of Snapshot
        From ``pipeline.fold``.
    track : Track
    close : callable
        Called at the end on this thread, whatever happened.
    """

    def __init__(
        self, snapshots: Iterable[Snapshot], track: Track, close: Callable[[], None]
    ) -> None:
        super().__init__(name="fold", daemon=True)
        self._snapshots, self._track, self._close = snapshots, track, close
        self._stopping = False

    def run(self) -> None:
        """Fold to the end, to a failure, or until `stop`."""
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
        # The window must say that nothing is watched any more, whatever ended this thread.
        except Exception as error:  # noqa: BLE001
            failure = f"Analysis failed: {type(error).__name__}: {error}"
        finally:
            self._track.finish(failure)
            self._close()

    def stop(self) -> None:
        """Ask the thread to end after the frame that it works on, and wait for it."""
        self._stopping = True
        if self.is_alive():
            self.join()
