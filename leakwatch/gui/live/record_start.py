"""Begin a record beside the window: a disk that hangs must not stop the window."""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Thread

_LOG = logging.getLogger(__name__)


class RecordStart:
    """Does it on a thread of its own; again only once the record that was begun is seen.

    Parameters
    ----------
    begin : callable
        Begins, and says where the record is; may raise.
    """

    def __init__(self, begin: Callable[[], str]) -> None:
        self._begin = begin
        self._said = ""
        self._begun = False

    def start(self) -> bool:
        """Begin; False where that is on its way. After a failure it may be tried again."""
        if self._begun:
            return False
        self._begun = True
        Thread(target=self._run, name="record start", daemon=True).start()
        return True

    def seen(self) -> None:
        """The record runs: after its end another one may be begun."""
        self._begun = False

    def said(self) -> str:
        """What came of it, once; empty before that and after."""
        said, self._said = self._said, ""
        return said

    def _run(self) -> None:
        try:
            self._said = self._begin()
        # Whatever is wrong with a disk, the session goes on, and the person is told.
        except Exception as error:  # noqa: BLE001
            _LOG.debug("the record did not begin", exc_info=True)
            self._said = f"Nothing is recorded: {error}"
            self._begun = False
