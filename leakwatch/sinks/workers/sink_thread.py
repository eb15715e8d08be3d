"""Base of the sink workers: the thread of a sink, and its first fault."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from threading import Event, Thread
from typing import Generic, Protocol, TypeVar

from leakwatch.core.errors import SinkError
from leakwatch.core.messages import text


class Closable(Protocol):
    """Sink that is closed at the end of its thread."""

    def close(self) -> None:
        """Finish; called once, at the end of the thread."""


SinkT = TypeVar("SinkT", bound=Closable)


class SinkThread(ABC, Generic[SinkT]):
    """Sink that is used on a thread of its own, including `close`.

    A subclass starts `_thread` when it is ready, and passes work to the sink in `_feed`.

    Parameters
    ----------
    name : str
        Name for messages, such as "recording".
    sink : Closable
    """

    def __init__(self, name: str, sink: SinkT) -> None:
        self.name, self._sink = name, sink
        self._fault: SinkError | None = None
        # Not `Thread.is_alive`: up to Python 3.12, a `join` that Ctrl-C interrupts marks a thread
        # as ended that still works, and its file would be reported as written.
        self._ended = Event()
        self._thread = Thread(target=self._work, name=name, daemon=True)

    def _work(self) -> None:
        try:
            self._feed()
            self._attempt(self._sink.close)
        finally:
            self._ended.set()

    @abstractmethod
    def _feed(self) -> None:
        """Pass work to the sink until no more follows."""

    def _attempt(self, action: Callable[[], None]) -> None:
        """Use the sink and keep its first fault. Does not raise: nothing waits for a sink."""
        try:
            action()
        except SinkError as error:
            self._fault = self._fault or error
        # After any fault analysis and alarm continue, and the user is told what is not saved.
        except Exception as error:  # noqa: BLE001
            broken = text(
                "{name} failed: {kind}: {error}",
                name=self.name,
                kind=type(error).__name__,
                error=str(error),
            )
            self._fault = self._fault or SinkError(broken)

    def _has_ended(self, timeout_s: float) -> bool:
        """Wait for the thread, at most `timeout_s`; return whether it has ended."""
        return self._ended.wait(timeout_s)
