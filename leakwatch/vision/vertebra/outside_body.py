"""Cement certainly outside a body whose outline was found and not marked by the user."""

from __future__ import annotations

import numpy as np

from leakwatch.core.arrays import Array, PointArray, read_only
from leakwatch.core.marks import Side
from leakwatch.vision.vertebra.body_outline import Body, Part
from leakwatch.vision.vertebra.endplates import axes_of_wall
from leakwatch.vision.vertebra.straightened_patch import Axes

_RIMS_FROM = 0.6  # of half a side: the rims of a body take up the outer fifth at either end


def judged_outline(
    body: Body,
    mm_per_px: float,
    sigmas: float,
    rough_mm: tuple[float, float],
    less_mm: float,
    unjudged_mm: float,
    proud_mm: tuple[float, float] = (0.0, 0.0),
) -> PointArray:
    """Return the outline drawn wider: only beyond it is cement outside the body.

    A side that is unsure is moved out of reach, so that nothing is judged there; the back too:
    behind the posterior wall its own rule decides.

    Parameters
    ----------
    body : Body
    mm_per_px : float
        Of a frame pixel at the vertebra.
    sigmas : float
        How far out a found side is moved, in standard deviations of its place.
    rough_mm : (float, float)
        Standard deviation of a side about the smooth line that was found; and in the middle of the
        front, between its rims.
    less_mm : float
        What of that is left to the tolerance that holds for any outline.
    unjudged_mm : float
        How far a side is moved that is not judged.
    proud_mm : (float, float)
        How far the silhouette lies outside of endplates, and of the front, see `endplates`.

    Returns
    -------
    ndarray
        ``(n, 2)``, polygon, frame pixels, read-only.
    """
    forward = np.array([1.0 if body.anterior is Side.RIGHT else -1.0, 0.0])
    upright = Axes(np.zeros(2), forward, np.array([0.0, -1.0]), mm_per_px)
    axes = axes_of_wall(body.posterior_wall_px, upright)

    def moved(part: Part, forward: float, up: float) -> PointArray:
        from_middle = _from_middle(len(part.line_px)) if forward else 1.0
        rough = rough_mm[1] + (rough_mm[0] - rough_mm[1]) * from_middle
        sigma_mm = part.sigma_mm if part.sigmas_mm is None else part.sigmas_mm
        by = proud_mm[1 if forward else 0] + sigmas * np.hypot(sigma_mm, rough) - less_mm
        if part.unsure is not None:
            by = np.float64(unjudged_mm)
        points: PointArray = axes.to_mm(part.line_px) + np.outer(by, [forward, up])
        return points

    # With the head down the upper endplate is the lower one of the picture.
    heights = [float(axes.to_mm(part.line_px)[:, 1].mean()) for part in (body.upper, body.lower)]
    top, bottom = (body.upper, body.lower) if heights[0] > heights[1] else (body.lower, body.upper)
    upper = _rearwards_first(moved(top, 0.0, 1.0))
    lower = _rearwards_first(moved(bottom, 0.0, -1.0))
    front = moved(body.front, 1.0, 0.0)
    front = front[np.argsort(-front[:, 1])]
    corners = (np.array([[front[at, 0], end[-1, 1]]]) for at, end in ((0, upper), (-1, lower)))
    above, below = corners
    back = np.array([[-unjudged_mm, lower[0, 1]], [-unjudged_mm, upper[0, 1]]])
    polygon = np.concatenate([upper, above, front, below, lower[::-1], back])
    return read_only(axes.to_px(polygon))


def _from_middle(count: int) -> Array:
    """Return 0 in the middle of a side, 1 where its rims begin."""
    return np.minimum(np.abs(np.linspace(-1.0, 1.0, count)) / _RIMS_FROM, 1.0)


def _rearwards_first(line: PointArray) -> PointArray:
    ordered: PointArray = line[np.argsort(line[:, 0])]
    return ordered
