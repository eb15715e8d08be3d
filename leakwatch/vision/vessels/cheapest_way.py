"""The cheapest ways through a few hundred pixels, by Dijkstra's algorithm. Pure.

SciPy has it too. It saves some tenths of a millisecond a frame, and takes more room than all else
of what this program needs but OpenCV; nothing else that watches needs it. See decision 0024.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from heapq import heappop, heappush
from math import inf

# For each place, which places a step leads to, and what each of these steps costs.
Neighbours = Sequence[Sequence[int]]
Steps = Sequence[Sequence[float]]


def cheapest_costs(
    neighbours: Neighbours, steps: Steps, starts: Iterable[int]
) -> tuple[list[float], list[int]]:
    """Return what the cheapest way to each place costs, and the place before it on that way.

    Parameters
    ----------
    neighbours : sequence of sequences of int
        Of Python's own kind: one by one, elements of an array take three times as long.
    steps : sequence of sequences of float
        Greater than zero; infinite where there is no such step.
    starts : iterable of int
        Places where ways begin, at no cost.

    Returns
    -------
    list of float, list of int
        Infinite and -1 for a place that no way leads to; -1 also before a start.
    """
    costs, before = [inf] * len(neighbours), [-1] * len(neighbours)
    waiting = [(0.0, start) for start in sorted(starts)]
    for _, start in waiting:
        costs[start] = 0.0
    while waiting:
        cost, place = heappop(waiting)
        if cost > costs[place]:
            continue  # a cheaper way here was found meanwhile
        for other, step in zip(neighbours[place], steps[place], strict=True):
            new = cost + step
            if new < costs[other]:
                costs[other], before[other] = new, place
                heappush(waiting, (new, other))
    return costs, before


def cheapest_way_to_farthest(
    neighbours: Neighbours, steps: Steps, starts: Iterable[int]
) -> list[int]:
    """Return the way from the starts to the place that is the most expensive to reach.

    Parameters
    ----------
    neighbours, steps, starts
        As in `cheapest_costs`.

    Returns
    -------
    list of int
        Places, from a start to the farthest one.
    """
    costs, before = cheapest_costs(neighbours, steps, starts)
    way = [costs.index(max((cost for cost in costs if cost < inf), default=inf))]
    while before[way[-1]] >= 0:
        way.append(before[way[-1]])
    return way[::-1]
