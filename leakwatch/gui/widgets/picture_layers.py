"""Layers over the image for marking and calibrating, one at a time.

A window continues while a layer is open: banner, alarms and sound are never covered, and keys for
alarms remain with the window.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from leakwatch.core.marks import Marks
from leakwatch.core.results import Snapshot
from leakwatch.gui.widgets.keys import Chord, KeyAction
from leakwatch.gui.widgets.overlay_items import ImageView
from leakwatch.gui.widgets.pane import Touch


@dataclass(frozen=True, slots=True)
class Stage:
    """Access of an open layer to its window.

    Parameters
    ----------
    image : ImageView
        Items go into ``image.view``, above ``leakwatch.gui.widgets.overlay_items.LABELS_Z``.
    snapshot : callable
        Returns the displayed snapshot, with its pixels; None before the first frame.
    marks : callable
        Returns the current marks.
    close : callable
        Closes the layer.
    """

    image: ImageView
    snapshot: Callable[[], Snapshot | None]
    marks: Callable[[], Marks]
    close: Callable[[], None]


class Layer(Protocol):
    """Work on the image. Methods are called on the thread of the window.

    If any of them raises, the window closes the layer and reports it; monitoring continues.
    """

    @property
    def prompt(self) -> str:
        """Next step of the user, and what is uncertain; read at each update."""

    @property
    def keys(self) -> Sequence[KeyAction]:
        """Keys before those of the window, except for alarms; first in the help."""

    def opened(self, stage: Stage) -> None:
        """Add items to the image."""

    def closed(self) -> None:
        """Remove every item. Called once, also when the window closes."""

    def touched(self, touch: Touch) -> bool:
        """Handle a mouse event; False leaves it to items of pyqtgraph and to the window."""

    def showed(self, snapshot: Snapshot) -> None:
        """Handle a new frame on the screen."""


@dataclass(frozen=True, slots=True)
class Tool:
    """Key that opens a layer, and closes it when pressed again.

    Parameters
    ----------
    chords, text, what, button
        As of `KeyAction`.
    make : callable
        Makes the layer; returns None if it cannot be opened now.
    """

    chords: tuple[Chord, ...]
    text: str
    what: str
    make: Callable[[], Layer | None]
    button: str = ""
