"""Confirmation of an action by asking for it twice."""

from __future__ import annotations

import time
from collections.abc import Callable

# A message over the image stays this long, s: enough to read two lines twice. A question stays as
# long.
SAID_S = 6.0


class Confirmation:
    """Memory of the last question.

    Parameters
    ----------
    stands_s : float
        How long the question stays, s.
    clock : callable
        Monotonic seconds.
    """

    def __init__(
        self, stands_s: float = SAID_S, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._stands_s, self._clock = stands_s, clock
        self._asked, self._at_s = "", 0.0

    def is_confirmed(self, what: str) -> bool:
        """Return whether `what` was asked for before, while that question is still shown."""
        now_s = self._clock()
        again = self._asked == what and now_s - self._at_s < self._stands_s
        self._asked, self._at_s = ("" if again else what), now_s
        return again
