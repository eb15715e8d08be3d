"""What is worked with on the picture, beside looking at it: one layer at a time, over the overlay.

Marking and calibrating are layers. A window goes on while one is open: banner, alarms and sound
are never covered, and the keys that belong to an alarm stay the window's.
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
    """What a window lends to the layer that is open.

    Parameters
    ----------
    image : ImageView
        Items go into ``image.view``, above ``leakwatch.gui.widgets.overlay_items.LABELS_Z``.
    snapshot : callable
        The snapshot that is shown now, with its pixels; None before the first frame.
    marks : callable
        Marks that hold now.
    close : callable
        Closes the layer.
    """

    image: ImageView
    snapshot: Callable[[], Snapshot | None]
    marks: Callable[[], Marks]
    close: Callable[[], None]


class Layer(Protocol):
    """One piece of work on the picture. Methods are called on the window's thread.

    Where any of them raises, the window closes the layer and says so; the monitor goes on.
    """

    @property
    def prompt(self) -> str:
        """What the person does next, and what is unsure; asked for whenever the window looks."""

    @property
    def keys(self) -> Sequence[KeyAction]:
        """Go before the window's keys, but for those of an alarm, and are first in the help."""

    def opened(self, stage: Stage) -> None:
        """Begin: put items on the picture."""

    def closed(self) -> None:
        """End: take every item away. Called once, also where the window closes."""

    def touched(self, touch: Touch) -> bool:
        """Take what the mouse does; False leaves it to items of pyqtgraph and to the window."""

    def showed(self, snapshot: Snapshot) -> None:
        """A new frame is on the screen."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A key that opens a layer; pressed once more, it closes it.

    Parameters
    ----------
    chords, text, what, button
        As of `KeyAction`.
    make : callable
        Makes the layer; None, where it cannot be opened now.
    """

    chords: tuple[Chord, ...]
    text: str
    what: str
    make: Callable[[], Layer | None]
    button: str = ""
