"""Key images of a replay."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from weakref import WeakMethod

from leakwatch.core.results import Snapshot
from leakwatch.display.references import Reference
from leakwatch.gui.replay.replay_view import Replay
from leakwatch.gui.widgets.key_image_keys import KeyImageKeys
from leakwatch.sinks.key_images.key_image_files import KeyImage
from leakwatch.sinks.key_images.key_image_worker import KeyImageWorker


class ReplayKeyImages(KeyImageKeys):
    """Key images of the displayed frame; files are added to the record that is replayed.

    Parameters
    ----------
    replay : callable
        A bound method that returns the current replay.
    say : callable
        A bound method that shows a message.
    worker : KeyImageWorker or None
    folder : Path or None
        Of the record; None: images are kept as references only.
    """

    def __init__(
        self,
        replay: Callable[[], Replay],
        say: Callable[[str], None],
        worker: KeyImageWorker | None,
        folder: Path | None,
    ) -> None:
        super().__init__(say, worker)
        self._replay_of, self._folder = WeakMethod(replay), folder

    def shown(self) -> KeyImage | None:
        """Return the displayed frame; None before the first, and if it cannot be read again."""
        replay = self._replay()
        snapshot, overlay = replay.snapshot(), replay.view().picture
        if snapshot is None or overlay is None:
            return None
        return KeyImage(snapshot, overlay, replay.grey_of(snapshot.frame))

    def keep_reference(self, snapshot: Snapshot) -> Reference:
        """Keep an image as a reference picture."""
        return self._replay().references.keep(snapshot)

    def folder(self) -> Path | None:
        """Return the folder of the record."""
        return self._folder

    def note(self, remark: str) -> None:
        """Do nothing: the events of a record are complete."""

    def _replay(self) -> Replay:
        replay = self._replay_of()
        assert replay is not None  # the key belongs to the window
        return replay()
