"""Cheapest paths through a few hundred pixels, by Dijkstra's algorithm. Pure.

SciPy has it too. It saves some tenths of a millisecond a frame, and takes more room than all else
of what this program needs but OpenCV; nothing else that watches needs it. See decision 0024.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from heapq import heappop, heappush
from math import inf

import numpy as np

from leakwatch.core.arrays import Array


@dataclass(frozen=True, slots=True)
class Steps:
    """All steps between places, one after the other, ordered by the place where they begin.

    Lists of numbers, as elements of an array take three times as long one by one; and three long
    ones, as a short one for each place is what Python's garbage collector looks through.

    Parameters
    ----------
    first : list of int
        Of each place, its first step; and the number of all steps.
    to : list of int
        The place where each step ends.
    costs : list of float
        Greater than zero.
    """

    first: list[int]
    to: list[int]
    costs: list[float]


def steps_between(neighbours: Array, costs: Array) -> Steps:
    """Return the steps between places.

    Parameters
    ----------
    neighbours : ndarray of int
        ``(places, n)``, where steps from each place end.
    costs : ndarray
        ``(places, n)``, of each; infinite where there is no such step.
    """
    possible = np.isfinite(costs)
    first = np.concatenate([[0], np.cumsum(np.count_nonzero(possible, axis=1))])
    return Steps(first.tolist(), neighbours[possible].tolist(), costs[possible].tolist())


def cheapest_costs(steps: Steps, starts: Iterable[int]) -> tuple[list[float], list[int]]:
    """Return what the cheapest way to each place costs, and the place before it on that way.

    Parameters
    ----------
    steps : Steps
    starts : iterable of int
        Places where ways begin, at no cost.

    Returns
    -------
    list of float, list of int
        Infinite and -1 for a place that no way leads to; -1 also before a start.
    """
    first, to, of_step = steps.first, steps.to, steps.costs
    costs, before = [inf] * (len(first) - 1), [-1] * (len(first) - 1)
    waiting = [(0.0, start) for start in sorted(starts)]
    for _, start in waiting:
        costs[start] = 0.0
    while waiting:
        cost, place = heappop(waiting)
        if cost > costs[place]:
            continue  # a cheaper way here was found meanwhile
        some = slice(first[place], first[place + 1])
        for other, step in zip(to[some], of_step[some], strict=True):
            new = cost + step
            if new < costs[other]:
                costs[other], before[other] = new, place
                heappush(waiting, (new, other))
    return costs, before


def cheapest_way_to_farthest(steps: Steps, starts: Iterable[int]) -> list[int]:
    """Return the way from the starts to the place that is the most expensive to reach.

    Parameters
    ----------
    steps, starts
        As in `cheapest_costs`.

    Returns
    -------
    list of int
        Places, from a start to the farthest one.
    """
    costs, before = cheapest_costs(steps, starts)
    way = [costs.index(max((cost for cost in costs if cost < inf), default=inf))]
    while before[way[-1]] >= 0:
        way.append(before[way[-1]])
    return way[::-1]
