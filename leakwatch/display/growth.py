"""Parts of the cement contour that are new relative to an earlier frame. Pure."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from leakwatch.config import WindowSettings
from leakwatch.core.arrays import BoolImage, PointArray, read_only
from leakwatch.core.results import Observation

# Spacing of the points at which contours are compared, px: finer than what counts as new.
STEP_PX = 1.0
# Most points of a contour that are compared: drawing must not wait for a longer one.
MOST_POINTS = 1500
# Points of a stretch that is compared at once: few others are near it, and few stretches are left.
_AT_ONCE = 64
# Of so many points in a row, the one in the middle is compared first.
_EVERY = 5

Distances = npt.NDArray[np.float64]


def recent_growth(
    now: Observation, before: Observation | None, settings: WindowSettings
) -> tuple[PointArray, ...]:
    """Return the stretches of the contour that are away from the previous contour.

    Cement does not vanish, so that a contour that moved has moved outwards.

    Parameters
    ----------
    now, before : Observation
        None: unknown, and nothing is shown as new.
    settings : WindowSettings

    Returns
    -------
    tuple of ndarray
        Polylines ``(n >= 2, 2)`` in pixels of the frame of `now`.
    """
    if before is None or before.cement is None or now.cement is None:
        return ()
    if before.shift_px is None or now.shift_px is None or not now.cement.contours_px:
        return ()
    contours = [_dense(contour) for contour in now.cement.contours_px]
    moved = np.subtract(now.shift_px, before.shift_px)
    old = [_dense(contour) + moved for contour in before.cement.contours_px]
    if not old:
        return tuple(read_only(contour) for contour in contours)
    scale = now.calibration.mm_per_px
    limit_px = settings.growth_px if scale is None else settings.growth_mm / scale
    there = np.vstack(old)
    lines: list[PointArray] = []
    for contour in contours:
        lines += _stretches(contour, ~_lies_near(contour, there, limit_px))
    return tuple(lines)


def _lies_near(points: PointArray, others: PointArray, limit_px: float) -> BoolImage:
    """Return which of the evenly spaced `points` have any of `others` nearer than the limit."""
    # A distance changes along a line by no more than the length of the line: where one point is
    # clearly near or clearly far, those beside it are as well.
    known = np.append(np.arange(_EVERY // 2, len(points), _EVERY), len(points) - 1)
    reach_px = _EVERY // 2 * float(np.hypot(*np.diff(points, axis=0).T).max())
    distances_px = _distances_px(points[known], others, limit_px + reach_px)
    beside = distances_px[np.minimum(np.arange(len(points)) // _EVERY, len(known) - 1)]
    near = beside < limit_px - reach_px
    unsure = np.abs(beside - limit_px) <= reach_px
    near[unsure] = _distances_px(points[unsure], others, limit_px) < limit_px
    return near


def _distances_px(points: PointArray, others: PointArray, most_px: float) -> Distances:
    """Return the distance of each point to the nearest of `others`; infinite beyond `most_px`."""
    found = np.full(len(points), np.inf)
    columns, rows = others.T
    for start in range(0, len(points), _AT_ONCE):
        some = points[start : start + _AT_ONCE]
        # Most others are far from a short stretch.
        (left, top), (right, bottom) = some.min(axis=0) - most_px, some.max(axis=0) + most_px
        beside = (columns >= left) & (columns <= right) & (rows >= top) & (rows <= bottom)
        across = some[:, :1] - columns[beside]
        down = some[:, 1:] - rows[beside]
        squared = across**2 + down**2
        found[start : start + _AT_ONCE] = np.sqrt(squared.min(axis=1, initial=np.inf))
    return found


def _dense(contour: PointArray) -> PointArray:
    """Return the closed contour at evenly spaced points, with the first again at the end."""
    closed = np.vstack([contour, contour[:1]])
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(closed, axis=0).T))])
    count = min(max(int(along[-1] / STEP_PX), 2), MOST_POINTS)
    at = np.linspace(0.0, along[-1], count + 1)
    return np.column_stack([np.interp(at, along, closed[:, axis]) for axis in (0, 1)])


def _stretches(contour: PointArray, new: BoolImage) -> list[PointArray]:
    """Return sequences of new points; one across the first point of the contour is not split."""
    if new.all():
        return [read_only(contour)]
    # Starting at a point that is not new splits no sequence.
    start = int(np.argmin(new[:-1]))
    ring, fresh = np.roll(contour[:-1], -start, axis=0), np.roll(new[:-1], -start)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], fresh, [False]]).astype(np.int8)))
    runs = zip(edges[::2], edges[1::2], strict=True)
    return [_thinned(ring[first:end]) for first, end in runs if end - first >= 2]


def _thinned(stretch: PointArray) -> PointArray:
    """Return every second point and the last: drawing needs no more."""
    return read_only(np.vstack([stretch[:-1:2], stretch[-1:]]))
