"""Entry of what the syringe says: the keys of a number, bounded before it is taken."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from leakwatch.core.messages import join_with, text
from leakwatch.core.results import Snapshot
from leakwatch.core.volume import LEAST_ML, MOST_ML
from leakwatch.gui.widgets.keys import KeyAction
from leakwatch.gui.widgets.number_entry import NumberEntry
from leakwatch.gui.widgets.pane import Touch
from leakwatch.gui.widgets.picture_layers import Stage


class SyringeLayer:
    """Layer in which the operator types a volume.

    Parameters
    ----------
    take : callable
        Receives the volume, mL, when it is possible and Enter is pressed.
    """

    def __init__(self, take: Callable[[float], object]) -> None:
        self._take, self._problem = take, ""
        self._number = NumberEntry(self._forget_problem)
        self._stage: Stage | None = None

    @property
    def typed(self) -> str:
        """Number as typed so far."""
        return self._number.typed

    @property
    def prompt(self) -> str:
        """Instruction with the text typed so far, and why it was refused."""
        lines = [
            text("Syringe: mL injected since the baseline, without what fills the cannula"),
            text("{typed}_ mL     Enter: use it     Esc: cancel", typed=self.typed),
        ]
        return join_with("\n", [*lines, self._problem] if self._problem else lines)

    @property
    def keys(self) -> Sequence[KeyAction]:
        """Digits, point, and what ends the entry."""
        return self._number.keys(self.finish, text("use the volume"))

    def opened(self, stage: Stage) -> None:
        """Begin with an empty number."""
        self._stage = stage

    def closed(self) -> None:
        """Nothing is drawn on the image."""

    def touched(self, touch: Touch) -> bool:
        """Leave the mouse to the window."""
        return False

    def showed(self, snapshot: Snapshot) -> None:
        """Do nothing: the volume is used from the next frame on."""

    def type(self, sign: str) -> None:
        """Add a digit or the point."""
        self._number.type(sign)

    def remove(self) -> None:
        """Remove the last digit."""
        self._number.remove()

    def finish(self) -> None:
        """Use the volume if it is possible, else say why not, and go on."""
        ml = self._number.value
        if not LEAST_ML <= ml <= MOST_ML:
            self._problem = text(
                "{ml:g} mL is not possible. Type {least:g} to {most:g} mL.",
                ml=ml,
                least=LEAST_ML,
                most=MOST_ML,
            )
            self._number.clear()
            return
        self._take(ml)
        if self._stage is not None:
            self._stage.close()

    def _forget_problem(self) -> None:
        self._problem = ""
