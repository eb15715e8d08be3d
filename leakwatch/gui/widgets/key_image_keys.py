"""Key that keeps the displayed image: as a reference picture, and as files beside the record."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from weakref import WeakMethod

from PySide6.QtCore import Qt

from leakwatch.core.messages import text
from leakwatch.core.results import Snapshot
from leakwatch.display.facts import Fact
from leakwatch.display.references import Reference, time_text
from leakwatch.gui.widgets.keys import KeyAction, key
from leakwatch.sinks.key_images.key_image_files import KeyImage
from leakwatch.sinks.key_images.key_image_worker import KeyImageWorker


@dataclass(frozen=True, slots=True)
class RecordFolder:
    """Folder in which key images of a live session are written.

    Parameters
    ----------
    key_images : KeyImageWorker
        Closed by the caller, after the session.
    folder : callable
        Returns the folder of the last recording; None if there is none.
    """

    key_images: KeyImageWorker
    folder: Callable[[], Path | None]


class KeyImageKeys(ABC):
    """Key images of a window.

    The window is weakly referenced: Qt does not survive the order in which Python collects Qt
    objects in a reference cycle.

    Parameters
    ----------
    say : callable
        A bound method of the window that shows a message.
    worker : KeyImageWorker or None
        Writes files; None: images are kept as references only.
    """

    def __init__(self, say: Callable[[str], None], worker: KeyImageWorker | None) -> None:
        self._say_of, self._worker = WeakMethod(say), worker

    @abstractmethod
    def shown(self) -> KeyImage | None:
        """Return the displayed image; None before the first."""

    @abstractmethod
    def keep_reference(self, snapshot: Snapshot) -> Reference:
        """Keep an image as a reference picture."""

    @abstractmethod
    def folder(self) -> Path | None:
        """Return the folder of the record; None while there is none."""

    @abstractmethod
    def note(self, remark: str) -> None:
        """Add a remark to the record, if it is being written."""

    def key_actions(self) -> tuple[KeyAction, ...]:
        """Return the key."""
        what = text("keep this image: with the case, and as a reference picture")
        return (key(Qt.Key.Key_K, "K", what, self.keep, text("key image")),)

    def keep(self) -> None:
        """Keep the displayed image."""
        image = self.shown()
        if image is None:
            self._say(text("There is no image yet"))
            return
        reference, folder = self.keep_reference(image.snapshot), self.folder()
        if self._worker is None or folder is None:
            said = text(
                "{reference}: reference picture only (E), since nothing is recorded",
                reference=reference.title,
            )
            self._say(said)
            return
        frame = image.snapshot.frame
        self._worker.keep(folder, image)
        when = time_text(frame.time_s)
        self.note(text("key image: frame {frame}, {time}", frame=frame.index, time=when))
        self._say(text("{reference}: is being written ...", reference=reference.title))

    def refresh(self) -> None:
        """Say what became of the last one."""
        message = "" if self._worker is None else self._worker.take_message()
        if message:
            self._say(message)

    def facts(self) -> tuple[Fact, ...]:
        """Return a line for the side of the window."""
        return () if self._worker is None else self._worker.facts()

    def _say(self, message: str) -> None:
        say = self._say_of()
        if say is not None:
            say(message)
