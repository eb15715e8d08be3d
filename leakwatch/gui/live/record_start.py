"""Start of a recording on another thread, so that a slow disk does not block the window."""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Thread

from leakwatch.core.messages import text

_LOG = logging.getLogger(__name__)


class RecordStart:
    """Starter of recordings; starts another one only once the previous one has appeared.

    Parameters
    ----------
    begin : callable
        Starts a recording, and returns the message about it; may raise.
    """

    def __init__(self, begin: Callable[[], str]) -> None:
        self._begin = begin
        self._message = ""
        self._begun = False

    def start(self) -> bool:
        """Start a recording; False while another start is pending."""
        if self._begun:
            return False
        self._begun = True
        Thread(target=self._run, name="recording start", daemon=True).start()
        return True

    def confirm(self) -> None:
        """Note that the recording has started: after its end, another one can be started."""
        self._begun = False

    def take_message(self) -> str:
        """Return the result, once; empty before and after."""
        message, self._message = self._message, ""
        return message

    def _run(self) -> None:
        try:
            self._message = self._begin()
        # Whatever is wrong with a disk, the session continues, and the operator is informed.
        except Exception as error:  # noqa: BLE001
            _LOG.debug("the recording did not start", exc_info=True)
            self._message = text("Not recording: {error}", error=str(error))
            self._begun = False
