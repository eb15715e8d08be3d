"""Files that are put on the disk itself, time and again, for the day on which the power fails."""

from __future__ import annotations

import os
import threading
from contextlib import suppress

# What is lost then, and the time that the disk takes for it; of a process that is killed nothing is
# lost that was written.
SYNC_EVERY_S = 1.0


class PeriodicSync:
    """Does so on a thread of its own: a slow disk would hold up the frames for tenths of a second.

    Parameters
    ----------
    files : int
        Descriptors that stay open until after `close`.
    """

    def __init__(self, *files: int) -> None:
        self._files = files
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._sync, name="to disk", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End it; waits for the disk where it works."""
        self._closing.set()
        self._thread.join()

    def _sync(self) -> None:
        while not self._closing.wait(SYNC_EVERY_S):
            for file in self._files:
                with suppress(OSError):  # the next frame will tell
                    os.fsync(file)
