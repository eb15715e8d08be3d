"""Events of a live session beside its image."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt

from leakwatch.core.arrays import Array
from leakwatch.core.messages import text
from leakwatch.display.event_list import EventRow, next_row, previous_row
from leakwatch.display.grey_mapping import GreyImage
from leakwatch.display.trend_plot import TrendPlot
from leakwatch.gui.live.live_picture import LivePicture
from leakwatch.gui.widgets.event_list_view import foot_text, row_words
from leakwatch.gui.widgets.event_pane import EventPane
from leakwatch.gui.widgets.keys import KeyAction, key
from leakwatch.gui.widgets.pane_row import PaneRow
from leakwatch.gui.widgets.weak_calls import weakly
from leakwatch.live.event_log import EventLogView
from leakwatch.live.status import DisplayedStatus


class LiveEvents(QObject):
    """List of events of a session; the whole text of a chosen one is shown over the image.

    Parameters
    ----------
    panes : PaneRow
    live : LivePicture
    say : callable
        Shows a message.
    """

    def __init__(self, panes: PaneRow, live: LivePicture, say: Callable[[str], object]) -> None:
        super().__init__(panes)
        self._live, self._say = live, say
        self._log = EventLogView()
        self._thumbnails: dict[int, Array] = {}
        self.pane = EventPane(panes, self._picture, weakly(self._chosen))

    def key_actions(self) -> tuple[KeyAction, ...]:
        """Return the keys of list and trend."""
        code = Qt.Key
        after, before = text("next event in the list"), text("previous event in the list")
        return (
            *self.pane.key_actions(),
            key(code.Key_PageDown, text("Page Down"), after, self.choose_next),
            key(code.Key_PageUp, text("Page Up"), before, self.choose_previous),
        )

    def follow(self, log: EventLogView) -> None:
        """Show the current list."""
        if log is not self._log:
            self._log, self._thumbnails = log, dict(log.thumbnails)
        self.pane.show_rows(log.rows, foot_text(log.dropped_events, log.dropped_thumbnails))

    def trend(self, now: DisplayedStatus) -> TrendPlot:
        """Return the trend over the chosen span, with the events in it."""
        return self._live.trend(now, self._log.rows, self.pane.whole)

    def choose_next(self) -> None:
        """Show the text of the next event."""
        self._choose(next_row(self._log.rows, self._frame(-1)))

    def choose_previous(self) -> None:
        """Show the text of the previous event; at first, of the last one."""
        last = self._log.rows[-1].frame + 1 if self._log.rows else 0
        self._choose(previous_row(self._log.rows, self._frame(last)))

    def _frame(self, otherwise: int) -> int:
        current = self.pane.view.current
        return otherwise if current is None else current.frame

    def _choose(self, row: EventRow | None) -> None:
        if row is not None:
            self.pane.view.select(row)
            self._chosen(row)

    def _chosen(self, row: EventRow) -> None:
        self._say(row_words(row))

    def _picture(self, row: EventRow) -> GreyImage | None:
        small = self._thumbnails.get(row.frame)
        return None if small is None else self._live.grey_small(small)
