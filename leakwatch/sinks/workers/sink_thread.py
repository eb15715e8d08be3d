"""What both sink workers share: the thread that a sink is used on, and the first fault there."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from threading import Thread

from leakwatch.core.errors import SinkError
from leakwatch.core.protocols import Sink


class SinkThread(ABC):
    """A sink that is used on a thread of its own, its `close` included.

    A subclass starts `_thread` once it is ready, and hands work to the sink in `_feed`.

    Parameters
    ----------
    name : str
        For the person, as "recording".
    sink : Sink
    """

    def __init__(self, name: str, sink: Sink) -> None:
        self.name, self._sink = name, sink
        self._fault: SinkError | None = None
        self._thread = Thread(target=self._work, name=name, daemon=True)

    def _work(self) -> None:
        self._feed()
        self._attempt(self._sink.close)

    @abstractmethod
    def _feed(self) -> None:
        """Attempt what is asked for, until nothing more will be."""

    def _attempt(self, action: Callable[[], None]) -> None:
        """Use the sink; remember the first fault, and never raise it: nobody waits for a sink."""
        try:
            action()
        except SinkError as error:
            self._fault = self._fault or error
        # Whatever broke, the fold and the alarm go on, and it is said what is not kept.
        except Exception as error:  # noqa: BLE001
            broken = SinkError(f"{self.name} failed: {type(error).__name__}: {error}")
            self._fault = self._fault or broken

    def _has_ended(self, timeout_s: float) -> bool:
        """Wait for the thread, for so long at most."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()
