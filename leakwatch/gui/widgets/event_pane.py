"""Pane with the list of events, and the span of the trend, each by a key."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt

from leakwatch.core.messages import text
from leakwatch.display.event_list import EventRow
from leakwatch.gui.widgets.event_list_view import EventListView, Pictures
from leakwatch.gui.widgets.keys import KeyAction, key
from leakwatch.gui.widgets.pane_row import PaneRow

PANE_NAME = "events"


class EventPane:
    """List of events beside the image, hidden at first: the image needs the room.

    Parameters
    ----------
    panes : PaneRow
    pictures : callable
        Returns the thumbnail of a row; None if it has none.
    chosen : callable
        A bound method; receives a row that was clicked.

    Attributes
    ----------
    view : EventListView
    whole : bool
        Whether the trend shows the whole case; else the last minute.
    """

    def __init__(
        self, panes: PaneRow, pictures: Pictures, chosen: Callable[[EventRow], object]
    ) -> None:
        self._panes = panes
        self.view = EventListView(pictures)
        self.view.hide()
        self.view.chosen.connect(chosen)
        self.whole = False

    @property
    def is_open(self) -> bool:
        """Return whether the list is shown."""
        return PANE_NAME in self._panes.names

    def key_actions(self) -> tuple[KeyAction, ...]:
        """Return the keys of list and trend."""
        code = Qt.Key
        span = text("trend of the whole case, or of the last minute")
        listed = text("list of events: alarms, actions, notes")
        return (
            key(code.Key_H, "H", listed, self.toggle, text("events")),
            key(code.Key_W, "W", span, self.toggle_span),
        )

    def toggle(self) -> None:
        """Show or hide the list."""
        if self._panes.take(PANE_NAME) is None:
            self._panes.put(PANE_NAME, self.view)

    def toggle_span(self) -> None:
        """Show the whole case in the trend, or the last minute."""
        self.whole = not self.whole

    def show_rows(self, rows: Sequence[EventRow], foot: str = "") -> None:
        """Show `rows`; the keys go through them while the list is hidden, too."""
        self.view.show_rows(rows, foot)
