"""Entry of another margin: wider after a confirmation, narrower only with a reason."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from leakwatch.alerting.margins import MOST_MARGIN_MM, alerting_with_margin, least_margin_mm
from leakwatch.config import Settings
from leakwatch.core.messages import join_with, text
from leakwatch.core.results import Snapshot
from leakwatch.gui.live.note_layer import TYPING
from leakwatch.gui.widgets.image_window import scale_of
from leakwatch.gui.widgets.keys import KeyAction
from leakwatch.gui.widgets.number_entry import NumberEntry, enter_key
from leakwatch.gui.widgets.pane import Touch
from leakwatch.gui.widgets.picture_layers import Stage
from leakwatch.gui.widgets.text_entry import TextEntry
from leakwatch.live.margin_setting import is_reason, needs_reason


class LimitLayer:
    """Layer in which the operator types a margin.

    Parameters
    ----------
    now_mm : float
        The current margin.
    settings : Settings
        As given at the start.
    take : callable
        Receives the margin, mm, and the reason, which is empty for a wider one.
    """

    def __init__(
        self, now_mm: float, settings: Settings, take: Callable[[float, str], None]
    ) -> None:
        self._now_mm, self._settings, self._take = now_mm, settings, take
        self._number = NumberEntry(self._forget)
        self._problem = ""
        self._wanted_mm: float | None = None
        self._stage: Stage | None = None
        self._entry: TextEntry | None = None

    @property
    def prompt(self) -> str:
        """Margin, what to type, and what happens next."""
        lines: list[str] = [self._margin_line(self._now_mm)]
        if self._wanted_mm is None:
            typed = self._number.typed
            lines.append(text("{typed}_ mm     Enter: use it     Esc: cancel", typed=typed))
        elif self._entry is None:
            lines += [
                text("New: {margin}", margin=self._margin_line(self._wanted_mm)),
                text("Enter again: confirm     Esc: cancel"),
            ]
        else:
            lines += [
                text(
                    "{margin_mm:g} mm is narrower: STOP comes later. Why? The reason is recorded.",
                    margin_mm=self._wanted_mm,
                ),
                TYPING,
            ]
        return join_with("\n", [*lines, self._problem] if self._problem else lines)

    @property
    def keys(self) -> Sequence[KeyAction]:
        """Digits, point, and Enter; while a reason is typed, Enter alone."""
        what = text("use the margin")
        if self._wanted_mm is not None and self._entry is not None:
            return (enter_key(self.finish, what, text("use")),)
        return self._number.keys(self.finish, what)

    def opened(self, stage: Stage) -> None:
        """Begin with an empty number."""
        self._stage = stage

    def closed(self) -> None:
        """Remove the line for the reason."""
        if self._entry is not None:
            self._entry.remove()
            self._entry = None

    def touched(self, touch: Touch) -> bool:
        """Leave the mouse to the window."""
        return False

    def showed(self, snapshot: Snapshot) -> None:
        """Do nothing: the margin is used from the next frame on."""

    def finish(self) -> None:
        """Take the next step: check the number, ask for confirmation or a reason, use it."""
        if self._wanted_mm is None:
            self._check()
        elif self._entry is None:
            self._use("")
        elif is_reason(self._entry.typed):
            self._use(self._entry.typed)
        else:
            self._problem = text("A narrower margin needs a reason.")

    def _check(self) -> None:
        wanted_mm, least_mm = self._number.value, least_margin_mm(self._settings)
        if not least_mm <= wanted_mm <= MOST_MARGIN_MM:
            self._problem = text(
                "{margin_mm:g} mm is not possible. Type {least:g} to {most:g} mm.",
                margin_mm=wanted_mm,
                least=least_mm,
                most=MOST_MARGIN_MM,
            )
            self._number.clear()
            return
        if wanted_mm == self._now_mm:
            self._close()
            return
        self._wanted_mm = wanted_mm
        if needs_reason(wanted_mm, self._now_mm) and self._stage is not None:
            image = self._stage.image.widget
            self._entry = TextEntry(image, scale_of(image.window()))

    def _use(self, why: str) -> None:
        assert self._wanted_mm is not None
        self._take(self._wanted_mm, why)
        self._close()

    def _close(self) -> None:
        if self._stage is not None:
            self._stage.close()

    def _forget(self) -> None:
        """Discard what the last number led to."""
        self._problem, self._wanted_mm = "", None

    def _margin_line(self, margin_mm: float) -> str:
        rules = alerting_with_margin(self._settings.alerting, margin_mm)
        return text(
            "STOP within {margin_mm:g} mm of the posterior wall, WATCH within {watch_mm:g} mm",
            margin_mm=rules.margin_mm,
            watch_mm=rules.watch_mm,
        )
