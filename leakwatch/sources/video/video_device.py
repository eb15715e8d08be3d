"""A frame grabber that is read on a separate thread, and reopened if it disappears."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator

from leakwatch.config import LiveVideoSettings
from leakwatch.core.arrays import Array
from leakwatch.core.errors import SourceError
from leakwatch.core.messages import text
from leakwatch.sources.arrival.link_log import LinkLog
from leakwatch.sources.video.video_capture import Capture

# How late `close` and silence may be seen, s.
_TICK_S = 0.1
# Images that may wait: they are looked at in milliseconds, and an old one is worth nothing.
_WAITING = 4
# So many in a row that cannot be had are a device that is gone; fewer are damaged ones.
_MOST_MISSES = 5
_JOIN_S = 0.5


class DeviceReader:
    """Reader of images from a device as they arrive.

    Parameters
    ----------
    open_ : callable
        Opens the device; raises `SourceError` where it is not there.
    log : LinkLog
        Log that is informed when the device is gone.
    settings : LiveVideoSettings

    Raises
    ------
    SourceError
        It is not there now.
    """

    def __init__(
        self, open_: Callable[[], Capture], log: LinkLog, settings: LiveVideoSettings
    ) -> None:
        self._open, self._log, self._settings = open_, log, settings
        self._capture: Capture | None = open_()
        self._queue: queue.Queue[tuple[Array, float]] = queue.Queue(_WAITING)
        self._left_out = 0
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._read, name="video", daemon=True)

    def images(self) -> Iterator[tuple[Array, float, int]]:
        """Yield images, when they came (monotonic), and how many were left out before them."""
        self._thread.start()
        heard_s, told = time.monotonic(), 0
        while not self._closed.is_set():
            try:
                image, received_s = self._queue.get(timeout=_TICK_S)
            except queue.Empty:
                silent_s = time.monotonic() - heard_s
                if silent_s > self._settings.silent_s and self._capture is not None:
                    self._log.is_lost(
                        text(
                            "the device has sent no image for {pause_s:.0f} s: look at the "
                            "cable and at the C-arm's output",
                            pause_s=silent_s,
                        )
                    )
                continue
            heard_s = received_s
            left_out, told = self._left_out - told, self._left_out
            yield image, received_s, left_out

    def close(self) -> None:
        """End `images`, and release the device."""
        self._closed.set()
        capture = self._capture
        if capture is not None:
            capture.close()
        if self._thread.is_alive():
            self._thread.join(_JOIN_S)  # a daemon thread: a hanging driver does not block the exit

    def _read(self) -> None:
        while not self._closed.is_set():
            if self._capture is None:
                self._capture = self._opened()
            if self._capture is not None:
                self._read_until_gone(self._capture)
                self._capture.close()
                self._capture = None
            self._closed.wait(self._settings.retry_s)

    def _opened(self) -> Capture | None:
        try:
            return self._open()
        except SourceError as error:
            self._log.is_lost(
                text(
                    "{error} It is looked for every {retry_s:g} s",
                    error=str(error),
                    retry_s=self._settings.retry_s,
                )
            )
            return None

    def _read_until_gone(self, capture: Capture) -> None:
        misses = 0
        while not self._closed.is_set() and misses < _MOST_MISSES:
            image = capture.read()
            if image is not None:
                self._put(image)
                misses = 0
            else:
                misses += 1
                self._closed.wait(_TICK_S / 2)
        if not self._closed.is_set():
            self._log.is_lost(text("the device sends no images any more; it is reopened"))

    def _put(self, image: Array) -> None:
        arrived = (image, time.monotonic())
        while True:
            try:
                self._queue.put_nowait(arrived)
                return
            except queue.Full:
                self._leave_out_oldest()

    def _leave_out_oldest(self) -> None:
        try:
            self._queue.get_nowait()
        except queue.Empty:
            return
        self._left_out += 1
        self._log.note(text("images arrived faster than they could be processed"), 1)
