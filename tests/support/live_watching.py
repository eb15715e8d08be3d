"""A live source that is read on a thread of its own, as a session reads it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import contextmanager

import numpy as np

from leakwatch.core.frame import Frame
from leakwatch.core.protocols import LinkStatus, LiveSource

# A loaded machine may be slow: nothing here takes a tenth of it.
PATIENCE_S = 20.0


class Watching:
    """Frames of a source as they come."""

    def __init__(self, source: LiveSource) -> None:
        self.source, self.got = source, []
        self.failure: BaseException | None = None
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        try:
            for frame in self.source.frames():
                self.got.append(frame)
        except BaseException as error:  # noqa: BLE001 - told by `frames`
            self.failure = error

    @property
    def status(self) -> LinkStatus:
        return self.source.status

    def until(self, done: Callable[[], object], what: str) -> None:
        """Wait until `done`; fails with what is there instead."""
        end_s = time.monotonic() + PATIENCE_S
        while not done():
            assert self.failure is None, self.failure
            assert time.monotonic() < end_s, f"{what}: {len(self.got)} frames, {self.status}"
            time.sleep(0.01)

    def frames(self, count: int) -> list[Frame]:
        """Wait for so many frames, and give all."""
        self.until(lambda: len(self.got) >= count, f"{count} frames")
        return list(self.got)

    def said(self, words: str) -> LinkStatus:
        """Wait until the status says `words`."""
        self.until(lambda: words in self.status.text, f"said {words!r}")
        return self.status

    def ends(self) -> bool:
        """Whether the frames end after `close`."""
        self._thread.join(PATIENCE_S)
        return not self._thread.is_alive() and self.failure is None


@contextmanager
def watching(source: LiveSource):
    """Read `source`, and close it at the end: its frames must end then."""
    reader = Watching(source)
    try:
        yield reader
    finally:
        source.close()
    assert reader.ends()


def stacked(frames: list[Frame]) -> np.ndarray:
    """Pixels of all frames."""
    return np.stack([frame.pixels for frame in frames])
