"""How much of its time a piece of work leaves to other threads."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


def share_of_time_for_others(work: Callable[[], object]) -> float:
    """Of ten parts of the time that `work` takes, in how many another thread gets a turn."""
    spent: list[tuple[float, float]] = []

    def timed() -> None:
        began = time.perf_counter()
        work()
        spent.append((began, time.perf_counter()))

    thread = threading.Thread(target=timed)
    turns: list[float] = []
    thread.start()
    while not spent:
        turns.append(time.perf_counter())
    thread.join()
    began, ended = spent[0]
    parts = {int(10 * (turn - began) / (ended - began)) for turn in turns}
    return len(parts & set(range(10))) / 10
