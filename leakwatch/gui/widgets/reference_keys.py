"""Keys and pane of the reference picture, for a live window and for a replay."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol
from weakref import ref

from PySide6.QtCore import Qt

from leakwatch.config import Settings
from leakwatch.core.frame import Frame
from leakwatch.core.messages import text
from leakwatch.display.grey_mapping import GreyImage
from leakwatch.display.reference_view import (
    Current,
    ReferenceChoice,
    ReferenceViews,
    next_choice,
    toggle_subtraction,
)
from leakwatch.display.references import Reference, ReferenceKind
from leakwatch.display.window_level import ViewSettings
from leakwatch.gui.widgets.keys import KeyAction, key
from leakwatch.gui.widgets.overlay_items import ImageView
from leakwatch.gui.widgets.pane_row import PaneRow
from leakwatch.gui.widgets.reference_pane import ReferencePane

# Name of the pane in the row.
PANE = "reference"


class KnownReferences(Protocol):
    """Source of reference pictures."""

    @property
    def kept(self) -> Sequence[Reference]:
        """Kept images."""

    def reference(self, kind: ReferenceKind, number: int = 0) -> Reference | None:
        """Return a reference; None if there is none."""


class ReferenceKeys:
    """Choice of the reference picture by keys, and its pane.

    Parameters
    ----------
    panes : PaneRow
    settings : Settings

    Attributes
    ----------
    choice : ReferenceChoice
    pane : ReferencePane
    """

    def __init__(self, panes: PaneRow, settings: Settings) -> None:
        self._panes, self._settings = panes, settings
        self._views = ReferenceViews(settings)
        # Weakly: it may hold a whole sequence.
        self._known: Callable[[], KnownReferences | None] = lambda: None
        self.choice = ReferenceChoice()
        self.pane = ReferencePane()
        self.pane.hide()

    def key_actions(self) -> tuple[KeyAction, ...]:
        """Return the keys of the pane."""
        code = Qt.Key
        which = text("reference picture: before cement, last STOP, kept images, none")
        alone = text("subtraction: cement alone, or the reference picture")
        return (
            key(code.Key_E, "E", which, self.choose_next, text("reference")),
            key(code.Key_D, "D", alone, self.toggle_subtraction),
        )

    def choose_next(self) -> None:
        """Show the next reference picture, or none."""
        known = self._known()
        stopped = known is not None and known.reference(ReferenceKind.STOP) is not None
        kept = () if known is None else [one.number for one in known.kept]
        self._choose(next_choice(self.choice, stopped, kept))

    def toggle_subtraction(self) -> None:
        """Show the current image minus the reference, or the reference."""
        self._choose(toggle_subtraction(self.choice))

    def refresh(
        self,
        known: KnownReferences,
        current: Callable[[], Current],
        greys: Callable[[Frame], GreyImage],
        main: ImageView,
        look: ViewSettings,
        now_s: float,
    ) -> None:
        """Show what is chosen; nothing is computed while there is no pane.

        Parameters
        ----------
        known : KnownReferences
        current : callable
            Returns the image that the window shows.
        greys : callable
            Returns a frame as it is shown.
        main : ImageView
            The main image.
        look : ViewSettings
        now_s : float
            Any monotonic clock, s.
        """
        self._known = ref(known)
        choice = self.choice
        if choice.kind is None:
            return
        reference = known.reference(choice.kind, choice.number)
        view = self._views.view(choice, reference, current(), greys, look, now_s)
        self.pane.show_view(view)
        self.pane.follow(main, look)

    def _choose(self, choice: ReferenceChoice) -> None:
        before, self.choice = self.choice, choice
        if choice.kind is None:
            self._panes.take(PANE)
        elif before.kind is None:
            self._panes.put(PANE, self.pane)
