"""Parts of the cement contour that are new. Pure."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from leakwatch.config import WindowSettings
from leakwatch.core.arrays import BoolImage, PointArray, read_only
from leakwatch.core.results import Observation

# Spacing of the points at which contours are compared, px: finer than what counts as new.
STEP_PX = 1.0
# Most points of a contour that are compared: drawing must not wait for a longer one.
MOST_POINTS = 1500


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
    tree = cKDTree(np.vstack(old))
    lines: list[PointArray] = []
    for contour in contours:
        distances, _ = tree.query(contour, distance_upper_bound=limit_px)
        lines += _stretches(contour, ~np.isfinite(distances))
    return tuple(lines)


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
