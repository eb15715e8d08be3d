"""Work on another thread that a window watches by a timer. No Qt."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread
from typing import Generic, TypeVar

from leakwatch.core.errors import LeakWatchError
from leakwatch.core.messages import text

_T = TypeVar("_T")
# Description, number done, total if known.
Progress = tuple[str, int, int | None]


class _Stopped(Exception):
    """Closing of the window, or cancellation of the work."""


class Background(Thread, Generic[_T]):
    """Work with progress, whose window never waits.

    Parameters
    ----------
    work : callable
        Receives a function to report progress, which ends the work after `stop`.
    first : str
        Description until the first progress.

    Attributes
    ----------
    progress : tuple of (str, int, int or None)
    result : object or None
        Set when it is done.
    failure : str
        Why there is no result.
    """

    def __init__(
        self, work: Callable[[Callable[[str, int, int | None], None]], _T], first: str
    ) -> None:
        super().__init__(name="background", daemon=True)
        self._work, self._stopping = work, False
        self.progress: Progress = (first, 0, None)
        self.result: _T | None = None
        self.failure = ""

    def run(self) -> None:
        """Work to the end, to a failure, or until `stop`."""
        try:
            self.result = self._work(self._on_progress)
        except _Stopped:
            self.failure = text("cancelled")
        except LeakWatchError as error:
            # Not str(error), which would lose the template of the message.
            self.failure = error.args[0] if error.args else str(error)
        # The window must report that there is no result, whatever ended this thread.
        except Exception as error:  # noqa: BLE001
            self.failure = f"{type(error).__name__}: {error}"

    def stop(self) -> None:
        """Stop the work at its next progress, and wait."""
        self._stopping = True
        if self.is_alive():
            self.join()

    def _on_progress(self, description: str, done: int, total: int | None) -> None:
        if self._stopping:
            raise _Stopped
        self.progress = (description, done, total)
