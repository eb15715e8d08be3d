"""Trend and events of the frames that were analysed so far. No Qt."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import replace
from itertools import chain

from leakwatch.alerting.coverage import is_acquiring_baseline
from leakwatch.config import Settings
from leakwatch.core.arrays import Array
from leakwatch.core.results import Alert, Event, Level, Observation
from leakwatch.display.event_list import is_listed
from leakwatch.display.thumbnails import ThumbnailStore, thumbnail_of
from leakwatch.display.trend_samples import GapFinder, SampleRecord, TrendSample, sample_of
from leakwatch.runner.recorded_events import RecordedEvents

_ALARMS = (Level.WATCH, Level.STOP)


class CaseStory:
    """Events of a sequence; used under the lock of its track.

    Parameters
    ----------
    settings : Settings
    recorded : RecordedEvents
        If the sequence is a recorded session, its events are those of the session.

    Attributes
    ----------
    version : int
        Changes with the events.
    thumbnails : ThumbnailStore
    """

    def __init__(self, settings: Settings, recorded: RecordedEvents) -> None:
        self._settings, self._recorded = settings, recorded
        self._recorded_at = {event.frame: event for event in recorded.events if is_listed(event)}
        self._frames: list[int] = []
        self._samples: list[TrendSample] = []
        self._events: dict[int, tuple[Event, ...]] = {}
        self._case, self._in_case = SampleRecord(), 0
        self._gaps = GapFinder()
        self._acquiring: set[int] = set()
        self.version = 0
        self.thumbnails = ThumbnailStore(settings.window.list_pictures)

    def decide(self, index: int, seen: Observation, alert: Alert) -> None:
        """Take the decision on the frame at `index`, the next or an earlier one."""
        sample = sample_of(seen, alert)
        if index == len(self._samples):
            self._frames.append(seen.frame)
            if is_acquiring_baseline(seen.quality, self._settings):
                self._acquiring.add(seen.frame)
            gap = self._gaps.next(seen.time_s)
            self._samples.append(replace(sample, after_gap=gap))
        else:
            after_gap = self._samples[index].after_gap
            self._samples[index] = replace(sample, after_gap=after_gap)
        if alert.events:
            self._events[index] = alert.events
            self.version += 1

    def keep_picture(self, index: int, pixels: Array) -> None:
        """Keep a thumbnail if anything happened at the frame at `index`."""
        frame, recorded = self._frames[index], self._recorded_at.get(self._frames[index])
        here = [recorded] if recorded else self._events.get(index, ())
        listed = [event for event in here if is_listed(event)]
        if listed:
            places = [event.at_px for event in listed if event.at_px is not None]
            small = thumbnail_of(pixels, places[0] if places else None)
            self.thumbnails.put(frame, small, any(one.level in _ALARMS for one in listed))

    def forget_from(self, index: int) -> None:
        """Discard the events from the frame at `index` on, which is decided again."""
        self._events = {at: events for at, events in self._events.items() if at < index}
        self._case, self._in_case = SampleRecord(), 0
        self.version += 1

    def indices_of_events(self, first: int) -> tuple[int, ...]:
        """Return the indices from `first` on at which anything happened."""
        return tuple(at for at in self._events if at >= first)

    @property
    def events(self) -> tuple[Event, ...]:
        """Events of the recorded session, else of this analysis."""
        return self._recorded.events or tuple(chain.from_iterable(self._events.values()))

    @property
    def acquiring(self) -> frozenset[int]:
        """Frames during which the baseline was acquired."""
        return frozenset(self._acquiring)

    def index_of(self, frame: int) -> int:
        """Return the index of a frame, or of the next one if it was not recorded."""
        return min(bisect_left(self._frames, frame), max(len(self._frames) - 1, 0))

    def samples(self, index: int, span_s: float) -> tuple[TrendSample, ...]:
        """Return the trend until the frame at `index`, over `span_s`."""
        end_s = self._samples[index].time_s
        first = bisect_left(self._samples, end_s - span_s, key=lambda one: one.time_s)
        kept = SampleRecord()
        for sample in self._samples[first : index + 1]:
            kept.append(sample)
        return kept.samples

    def case_samples(self) -> tuple[TrendSample, ...]:
        """Return the trend of everything analysed until now."""
        for sample in self._samples[self._in_case :]:
            self._case.append(sample)
        self._in_case = len(self._samples)
        return self._case.samples
