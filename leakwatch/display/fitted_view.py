"""Part of the frame that is shown: fitted to what was marked and found. Pure.

The part changes seldom: a picture that moves with every breath could not be read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from leakwatch.core.arrays import Point, PointArray

# Space around what was found on each side, as a share of its size: a label fits above and below.
AROUND = 0.3
# The view stays while this share of it is left free at each edge, and while what was found covers
# at least the second share of its width or height.
LEAST_FREE, LEAST_FILLED = 0.04, 0.25
# Closer, pixels are as large as fingers.
LARGEST_ZOOM = 8.0


@dataclass(frozen=True, slots=True)
class FrameRect:
    """Rectangle in pixels of the frame; pixel centres are at integers."""

    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Right edge."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """Lower edge."""
        return self.top + self.height

    @property
    def centre(self) -> Point:
        """Centre, (column, row)."""
        return self.left + self.width / 2.0, self.top + self.height / 2.0

    def overlaps(self, other: FrameRect) -> bool:
        """Return whether the two have a part in common."""
        beside = self.right <= other.left or other.right <= self.left
        return not (beside or self.bottom <= other.top or other.bottom <= self.top)

    def clip_to(self, other: FrameRect) -> FrameRect:
        """Return the part inside `other`; empty at its edge if there is none."""
        left, right = (min(max(x, other.left), other.right) for x in (self.left, self.right))
        top, bottom = (min(max(y, other.top), other.bottom) for y in (self.top, self.bottom))
        return FrameRect(left, top, right - left, bottom - top)


def box_of(lines: Sequence[PointArray]) -> FrameRect | None:
    """Return the rectangle around all points of `lines`; None if there are none."""
    points = [line for line in lines if len(line)]
    if not points:
        return None
    stacked = np.vstack(points)
    left, top = (float(value) for value in stacked.min(axis=0))
    right, bottom = (float(value) for value in stacked.max(axis=0))
    return FrameRect(left, top, right - left, bottom - top)


def visible_rect(
    zoom: float, centre_px: Point, shape: tuple[int, int], size: tuple[float, float]
) -> FrameRect:
    """Return the part of the frame that a widget shows.

    Parameters
    ----------
    zoom : float
        1.0 shows the whole frame.
    centre_px : Point
        Moves to the middle, but nothing beyond an edge of the frame is shown that need not be.
    shape : (int, int)
        Rows and columns of the frame.
    size : (float, float)
        Width and height of the widget, any unit.
    """
    rows, columns = shape
    width, height = max(size[0], 1.0), max(size[1], 1.0)
    scale = zoom * min(width / columns, height / rows)
    wide, high = width / scale, height / scale
    return FrameRect(
        _placed(centre_px[0], wide, columns), _placed(centre_px[1], high, rows), wide, high
    )


def fitted_zoom(box: FrameRect, shape: tuple[int, int], size: tuple[float, float]) -> float:
    """Return the zoom that shows `box` with space around it."""
    rows, columns = shape
    width, height = max(size[0], 1.0), max(size[1], 1.0)
    scale = min(
        width / max(box.width * (1.0 + 2.0 * AROUND), 1.0),
        height / max(box.height * (1.0 + 2.0 * AROUND), 1.0),
    )
    return min(max(scale / min(width / columns, height / rows), 1.0), LARGEST_ZOOM)


def is_still_fitted(view: FrameRect, box: FrameRect, shape: tuple[int, int]) -> bool:
    """Return whether `view` may stay: `box` is well inside it, and neither is too small."""
    rows, columns = shape
    frame = FrameRect(-0.5, -0.5, columns, rows)
    # What reaches the edge of the frame cannot have space there.
    spare_x, spare_y = LEAST_FREE * view.width, LEAST_FREE * view.height
    wanted = FrameRect(
        box.left - spare_x, box.top - spare_y, box.width + 2 * spare_x, box.height + 2 * spare_y
    ).clip_to(frame)
    inside = (
        view.left <= wanted.left
        and view.top <= wanted.top
        and wanted.right <= view.right
        and wanted.bottom <= view.bottom
    )
    filled = max(box.width / view.width, box.height / view.height)
    return inside and filled >= LEAST_FILLED


def _placed(centre: float, length: float, whole: int) -> float:
    """Return where a visible length begins."""
    if length >= whole:
        return (whole - 1.0) / 2.0 - length / 2.0
    return min(max(centre - length / 2.0, -0.5), whole - 0.5 - length)
