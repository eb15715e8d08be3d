"""Thread that writes key images and sends them, so that neither window nor fold ever waits."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from queue import SimpleQueue
from threading import Event, Lock, Thread

from leakwatch.config.archive import ArchiveSettings
from leakwatch.core.messages import text
from leakwatch.display.facts import Fact
from leakwatch.sinks.key_images.archive_sender import send_files
from leakwatch.sinks.key_images.key_image_files import (
    KeyImage,
    WrittenKeyImage,
    write_key_image,
)

_LOG = logging.getLogger(__name__)

# A recording may be behind: its frame is waited for so long, s, in steps.
WAIT_S, STEP_S = 5.0, 0.1


@dataclass(frozen=True, slots=True)
class KeyImageStatus:
    """Counts of key images, and problems in writing them.

    Parameters
    ----------
    kept, sent : int
        Number written, and number sent.
    problem : str
        Why the last one was not written or not sent; empty if it was.
    """

    kept: int = 0
    sent: int = 0
    problem: str = ""


class KeyImageWorker:
    """Writer and sender of key images.

    Parameters
    ----------
    settings : ArchiveSettings
    keep_identity : bool
        Whether images with burned-in annotation may be written.
    send : callable
        As `send_files`.
    """

    def __init__(
        self,
        settings: ArchiveSettings,
        keep_identity: bool = False,
        send: Callable[[list[Path], ArchiveSettings], None] = send_files,
    ) -> None:
        self._settings, self._keep_identity, self._send = settings, keep_identity, send
        self._jobs: SimpleQueue[tuple[Path, KeyImage] | None] = SimpleQueue()
        self._unsent: list[WrittenKeyImage] = []
        self._status, self._message = KeyImageStatus(), ""
        self._lock, self._closing = Lock(), Event()
        self._thread: Thread | None = None

    @property
    def status(self) -> KeyImageStatus:
        """Current status of the key images; for any thread."""
        with self._lock:
            return self._status

    def keep(self, folder: Path, image: KeyImage) -> None:
        """Write an image beside a record, and send it if an archive is configured. Returns at once.

        Parameters
        ----------
        folder : Path
            Of the record.
        image : KeyImage
        """
        if self._thread is None:
            self._thread = Thread(target=self._work, name="key images", daemon=True)
            self._thread.start()
        self._jobs.put((folder, image))

    def take_message(self) -> str:
        """Return the last result as a message, once; empty before and after."""
        with self._lock:
            message, self._message = self._message, ""
        return message

    def facts(self) -> tuple[Fact, ...]:
        """Return a line for the side of a window; none before the first key image."""
        status = self.status
        if not status.kept and not status.problem:
            return ()
        value: str = text("{kept} kept", kept=status.kept)
        if self._settings.host:
            value = text("{kept}, {sent} sent", kept=value, sent=status.sent)
        if status.problem:
            value = text("{value}; {problem}", value=value, problem=status.problem)
        return (Fact(text("Key images"), value, warn=bool(status.problem)),)

    def close(self, timeout_s: float) -> None:
        """Finish the waiting ones, at most for `timeout_s`. Does not raise."""
        self._closing.set()
        if self._thread is not None:
            self._jobs.put(None)
            self._thread.join(timeout_s)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            written = self._write(*job)
            if written is not None and self._settings.host:
                # Those that failed before are tried again first.
                self._unsent.append(written)
                self._send_all()

    def _write(self, folder: Path, image: KeyImage) -> WrittenKeyImage | None:
        try:
            written = write_key_image(folder, image, self._waiter(), self._keep_identity)
        # Whatever is wrong with a disk, the session goes on.
        except Exception as error:  # noqa: BLE001
            problem = _problem(error)
            self._tell(text("Key image not kept: {problem}", problem=problem), problem=problem)
            return None
        said = text("Key image {number} kept with the case", number=written.number)
        self._tell(said, kept=self._status.kept + 1, problem="")
        return written

    def _send_all(self) -> None:
        while self._unsent:
            one = self._unsent[0]
            try:
                self._send([one.capture, one.selection], self._settings)
            # Whatever is wrong with an archive, the session goes on.
            except Exception as error:  # noqa: BLE001
                problem = _problem(error)
                self._tell(text("Key image not sent: {problem}", problem=problem), problem=problem)
                return
            self._unsent.pop(0)
            said = text(
                "Key image {number} kept with the case, and sent to {archive}",
                number=one.number,
                archive=self._settings.ae_title,
            )
            self._tell(said, sent=self._status.sent + 1, problem="")

    def _tell(self, message: str, **changes: int | str) -> None:
        with self._lock:
            self._status = replace(self._status, **changes)  # type: ignore[arg-type]
            self._message = message

    def _waiter(self) -> Callable[[], bool]:
        """Return what waits a moment for the recording, until the time is over."""
        left = round(WAIT_S / STEP_S)

        def wait() -> bool:
            nonlocal left
            left -= 1
            self._closing.wait(STEP_S)
            return left > 0

        return wait


def _problem(error: Exception) -> str:
    """Return what is wrong, for the operator; the whole of it goes into the log."""
    _LOG.info("a key image failed", exc_info=True)
    return str(error) or type(error).__name__
