"""What the layers over an open case share: where they draw, the cursor, and the picked point."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from leakwatch.core.arrays import Point
from leakwatch.core.results import Snapshot
from leakwatch.gui.marking.drawn_marks import DrawnMarks
from leakwatch.gui.widgets.picture_layers import Stage
from leakwatch.marking.open_case import OpenCase

# A click this near to a handle takes hold of it, pixels of the screen: a fingertip's worth.
GRAB_PX = 14.0


class CaseLayer:
    """Draws over the picture for an open case.

    Parameters
    ----------
    open_at : callable
        Gives the case that is open, or opens one on a snapshot.
    """

    def __init__(self, open_at: Callable[[Snapshot | None], OpenCase]) -> None:
        self._open_at = open_at
        self._stage: Stage | None = None
        self._drawn: DrawnMarks | None = None
        self._said = ""
        self._cursor: Point | None = None
        self._picked: int | None = None

    def closed(self) -> None:
        """Take every item away; the case stays as it is."""
        if self._drawn is not None:
            self._drawn.remove()
        self._drawn = self._stage = None

    def _begun(self, stage: Stage) -> Snapshot | None:
        """Open the case and get ready to draw; what is shown now."""
        snapshot = stage.snapshot()
        self._case = self._open_at(snapshot)
        self._stage, self._drawn = stage, DrawnMarks(stage.image.view)
        return snapshot

    def _nearest(self, points: Sequence[Point], at: Point, reach_px: float) -> int | None:
        """The nearest of some points, where it lies within reach on the screen."""
        assert self._drawn is not None
        if not points:
            return None
        away = [np.hypot(x - at[0], y - at[1]) for x, y in points]
        nearest = int(np.argmin(away))
        return nearest if away[nearest] <= self._drawn.reach_px(reach_px) else None
