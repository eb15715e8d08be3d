"""Events of a session for the list of the window, as they go to the recording; bounded."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from leakwatch.alerting.coverage import is_acquiring_baseline
from leakwatch.config import Settings
from leakwatch.core.arrays import Array
from leakwatch.core.results import Event, Level, Snapshot
from leakwatch.display.event_list import EventRow, event_rows, is_listed
from leakwatch.display.thumbnails import ThumbnailStore, thumbnail_of

_ALARMS = (Level.WATCH, Level.STOP)


@dataclass(frozen=True, slots=True)
class EventLogView:
    """View of the event list at one time.

    Parameters
    ----------
    rows : tuple of EventRow
        Oldest first.
    thumbnails : tuple of (int, ndarray)
        Frame, and a small image of stored values.
    dropped_events, dropped_thumbnails : int
        How many are not kept.
    """

    rows: tuple[EventRow, ...] = ()
    thumbnails: tuple[tuple[int, Array], ...] = ()
    dropped_events: int = 0
    dropped_thumbnails: int = 0


class EventLog:
    """List of events of a session; used on the thread of its fold.

    Parameters
    ----------
    settings : Settings

    Attributes
    ----------
    view : EventLogView
        Replaced as a whole, for other threads.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._events: deque[Event] = deque(maxlen=settings.window.list_events)
        self._acquiring: deque[int] = deque(maxlen=settings.window.list_events)
        self._thumbnails = ThumbnailStore(settings.window.list_pictures)
        self._dropped = 0
        self.view = EventLogView()

    def add(self, snapshot: Snapshot) -> None:
        """Add the events that a snapshot carries to the recording."""
        listed = [event for event in snapshot.alert.events if is_listed(event)]
        if not listed:
            return
        most = self._settings.window.list_events
        self._dropped += max(len(self._events) + len(listed) - most, 0)
        self._events.extend(listed)
        frame = snapshot.frame.index
        if is_acquiring_baseline(snapshot.observation.quality, self._settings):
            self._acquiring.append(frame)
        places = [event.at_px for event in listed if event.at_px is not None]
        small = thumbnail_of(snapshot.frame.pixels, places[0] if places else None)
        for event in listed:
            self._thumbnails.put(event.frame, small, event.level in _ALARMS)
        self.view = EventLogView(
            event_rows(self._events, frozenset(self._acquiring)),
            self._thumbnails.items(),
            self._dropped,
            self._thumbnails.dropped,
        )
