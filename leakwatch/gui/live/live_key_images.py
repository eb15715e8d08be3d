"""Key images of a live session."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

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
        Shows a message.
    record : RecordFolder or None
        None: images are kept as references only.
    """

    def __init__(
        self,
        session: LiveSession,
        picture: LivePicture,
        references: LiveReferences,
        say: Callable[[str], object],
        record: RecordFolder | None,
    ) -> None:
        self._session, self._picture, self._record = session, picture, record
        worker = None if record is None else record.key_images
        super().__init__(self._on_screen, references.keep, say, worker, self._running, session.note)

    def _on_screen(self) -> KeyImage | None:
        drawn, overlay = self._picture.drawn, self._picture.picture
        if drawn is None or overlay is None:
            return None
        return KeyImage(drawn, overlay, self._picture.grey_of(drawn.frame))

    def _running(self) -> Path | None:
        """Return the folder of the recording, if one is running."""
        recorded = self._record is not None and self._session.status.is_recorded
        return self._record.folder() if recorded and self._record is not None else None
