"""Whether a person means it: what cannot be undone by a second look is asked for twice."""

from __future__ import annotations

import time
from collections.abc import Callable

# A message over the picture stays so long, s: two lines are read twice. A question stands as long.
SAID_S = 6.0


class Sure:
    """Remembers what was asked last.

    Parameters
    ----------
    stands_s : float
        The question stands so long, s.
    clock : callable
        Monotonic seconds.
    """

    def __init__(
        self, stands_s: float = SAID_S, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._stands_s, self._clock = stands_s, clock
        self._asked, self._at_s = "", 0.0

    def second(self, what: str) -> bool:
        """Whether `what` was asked for before, while that question stands."""
        now_s = self._clock()
        again = self._asked == what and now_s - self._at_s < self._stands_s
        self._asked, self._at_s = ("" if again else what), now_s
        return again
