"""Key images of a live session."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from leakwatch.core.results import Snapshot
from leakwatch.display.references import Reference
from leakwatch.gui.live.live_picture import LivePicture
from leakwatch.gui.live.live_references import LiveReferences
from leakwatch.gui.widgets.key_image_keys import KeyImageKeys, RecordFolder
from leakwatch.live.live_session import LiveSession
from leakwatch.sinks.key_images.key_image_files import KeyImage


class LiveKeyImages(KeyImageKeys):
    """Key images of the image on the screen.

    Parameters
    ----------
    session : LiveSession
    picture : LivePicture
    references : LiveReferences
        Keep them too.
    say : callable
        A bound method that shows a message.
    record : RecordFolder or None
        None: images are kept as references only.
    """

    def __init__(
        self,
        session: LiveSession,
        picture: LivePicture,
        references: LiveReferences,
        say: Callable[[str], None],
        record: RecordFolder | None,
    ) -> None:
        super().__init__(say, None if record is None else record.key_images)
        self._session, self._picture, self._record = session, picture, record
        self._references = references

    def shown(self) -> KeyImage | None:
        """Return the image on the screen."""
        drawn, overlay = self._picture.drawn, self._picture.picture
        if drawn is None or overlay is None:
            return None
        return KeyImage(drawn, overlay, self._picture.grey_of(drawn.frame))

    def keep_reference(self, snapshot: Snapshot) -> Reference:
        """Keep an image as a reference picture."""
        return self._references.keep(snapshot)

    def folder(self) -> Path | None:
        """Return the folder of the recording, if one is running."""
        if self._record is None or not self._session.status.is_recorded:
            return None
        return self._record.folder()

    def note(self, remark: str) -> None:
        """Add a remark to the record."""
        self._session.note(remark)
