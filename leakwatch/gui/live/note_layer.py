"""Entry of a note, which is saved with the case."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from leakwatch.core.messages import join_with, text
from leakwatch.core.results import Snapshot
from leakwatch.gui.widgets.image_window import scale_of
from leakwatch.gui.widgets.keys import KeyAction
from leakwatch.gui.widgets.number_entry import enter_key
from leakwatch.gui.widgets.pane import Touch
from leakwatch.gui.widgets.picture_layers import Stage
from leakwatch.gui.widgets.text_entry import TextEntry


class NoteLayer:
    """Layer in which the operator types a note.

    Parameters
    ----------
    take : callable
        Receives the text when Enter is pressed; not an empty one.
    """

    def __init__(self, take: Callable[[str], None]) -> None:
        self._take = take
        self._stage: Stage | None = None
        self._entry: TextEntry | None = None

    @property
    def prompt(self) -> str:
        """Instruction to type a note, and how alarms are acknowledged meanwhile."""
        return join_with("\n", (text("Note, saved with the case. No names."), TYPING))

    @property
    def keys(self) -> Sequence[KeyAction]:
        """Key that saves the note."""
        return (enter_key(self.finish, text("save the note"), text("save")),)

    def opened(self, stage: Stage) -> None:
        """Show an empty line."""
        image = stage.image.widget
        self._stage, self._entry = stage, TextEntry(image, scale_of(image.window()))

    def closed(self) -> None:
        """Remove the line."""
        if self._entry is not None:
            self._entry.remove()
            self._entry = None

    def touched(self, touch: Touch) -> bool:
        """Leave the mouse to the window."""
        return False

    def showed(self, snapshot: Snapshot) -> None:
        """Do nothing: a note belongs to no frame."""

    def finish(self) -> None:
        """Save the note and close."""
        typed = "" if self._entry is None else self._entry.typed
        if typed:
            self._take(typed)
        if self._stage is not None:
            self._stage.close()


TYPING = text("Enter: save     Esc: cancel     Alarms: their buttons below, or Esc, then A")
