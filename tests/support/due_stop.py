"""A case as far as it tells whether a due STOP came: what follows costs time and tells no more."""

from __future__ import annotations

from collections.abc import Iterable

from leakwatch.core.results import Snapshot

LATE_S = 1.0  # a STOP that comes later was missed


def until_late(snapshots: Iterable[Snapshot], due: int | None) -> list[Snapshot]:
    """Return all snapshots up to the first that is later than a due STOP may be; None: all."""
    told: list[Snapshot] = []
    for one in snapshots:
        told.append(one)
        if due is None or len(told) <= due:
            continue
        if one.frame.time_s > told[due].frame.time_s + LATE_S:
            break
    return told
