"""Key that keeps the displayed image: as a reference picture, and as files beside the record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

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
    """Where key images of a live session are written.

    Parameters
    ----------
    key_images : KeyImageWorker
        Closed by the caller, after the session.
    folder : callable
        Returns the folder of the last recording; None if there is none.
    """

    key_images: KeyImageWorker
    folder: Callable[[], Path | None]


class KeyImageKeys:
    """Key images of a window.

    Parameters
    ----------
    shown : callable
        Returns the displayed image; None before the first.
    keep_reference : callable
        Keeps a snapshot as a reference picture.
    say : callable
        Shows a message.
    worker : KeyImageWorker or None
        Writes files; None: images are kept as references only.
    folder : callable
        Returns the folder of the record; None while there is none.
    note : callable or None
        Adds a remark to the record.
    """

    def __init__(
        self,
        shown: Callable[[], KeyImage | None],
        keep_reference: Callable[[Snapshot], Reference],
        say: Callable[[str], object],
        worker: KeyImageWorker | None = None,
        folder: Callable[[], Path | None] = lambda: None,
        note: Callable[[str], object] | None = None,
    ) -> None:
        self._shown, self._keep_reference, self._say = shown, keep_reference, say
        self._worker, self._folder, self._note = worker, folder, note

    def key_actions(self) -> tuple[KeyAction, ...]:
        """Return the key."""
        what = text("keep this image: with the case, and as a reference picture")
        return (key(Qt.Key.Key_K, "K", what, self.keep, text("key image")),)

    def keep(self) -> None:
        """Keep the displayed image."""
        image = self._shown()
        if image is None:
            self._say(text("There is no image yet"))
            return
        reference = self._keep_reference(image.snapshot)
        folder = self._folder()
        if self._worker is None or folder is None:
            said = text(
                "{reference}: reference picture only (E), since nothing is recorded",
                reference=reference.title,
            )
            self._say(said)
            return
        frame = image.snapshot.frame
        self._worker.keep(folder, image)
        if self._note is not None:
            where = text(
                "key image: frame {frame}, {time}", frame=frame.index, time=time_text(frame.time_s)
            )
            self._note(where)
        self._say(text("{reference}: is being written ...", reference=reference.title))

    def refresh(self) -> None:
        """Say what became of the last one."""
        message = "" if self._worker is None else self._worker.take_message()
        if message:
            self._say(message)

    def facts(self) -> tuple[Fact, ...]:
        """Return a line for the side of the window."""
        return () if self._worker is None else self._worker.facts()
