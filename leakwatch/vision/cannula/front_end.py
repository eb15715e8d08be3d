"""Front end of a cannula that is drawn back, distinguished from cement around it.

Where the cannula has gone, both of its walls are missing in the strip. Cement and a stylet that is
drawn change the lumen, not the walls.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from leakwatch.core.arrays import Array, BoolImage
from leakwatch.vision.cannula.cannula_model import Cannula
from leakwatch.vision.cannula.cannula_strip import CannulaStrip, sides_of

_LEAST_SHARE = 0.3  # of the usual contrast: behind dense anatomy a wall is hardly seen
_GONE = 0.5  # half of the cannula's contrast: the threshold that errs least on either side


@dataclass(frozen=True, slots=True)
class FrontEnd:
    """Front end of the cannula, and the measurements that it is estimated from.

    Parameters
    ----------
    drawn_back : float
        How far it went outwards since the baseline, working pixels.
    seen : float
        The same as the last frame alone shows it: two frames must agree.
    """

    drawn_back: float = 0.0
    seen: float = 0.0


def follow_front(
    front: FrontEnd,
    cannula: Cannula,
    strip: CannulaStrip,
    back_again_share: float,
    least_px: float,
) -> FrontEnd:
    """Find the front end in a frame in which the cannula does not move sideways.

    Cement only adds: where the wall attenuates less than half of what it did in the baseline, seen
    with the contrast that the outer half of the cannula still has, the cannula has gone. The wall
    tells, and not the axis: a stylet that is drawn, and cement that runs through the lumen, change
    the axis as much as a cannula that has gone. The cannula has come back where nearly all of its
    wall is there again, and no cement can have brought it.

    Parameters
    ----------
    front : FrontEnd
        Of the frame before.
    cannula : Cannula
    strip : CannulaStrip
        Less the baseline without the cannula.
    back_again_share : float
        The cannula has come back where less than this share of its contrast is missing.
    least_px : float
        A shorter way is not told from none, working pixels.
    """
    if not cannula.walls:
        return front
    length, inner = cannula.steps, cannula.steps // 2
    beside = _brightness_beside(cannula, strip)
    box = (cannula.averaged_steps, 1)
    losses = []
    for wall in cannula.walls:
        there = cv2.blur((strip.added[wall.rows].mean(axis=0) - beside)[None], box)[0]
        least = _LEAST_SHARE * float(np.median(wall.contrast[:length]))
        left = there / np.maximum(wall.contrast[:length], least)
        # Tube voltage, scatter and processing change the contrast of all of a cannula.
        losses.append(1.0 - left / min(max(float(np.median(left[inner:])), _LEAST_SHARE), 1.0))
    # A cannula that has gone takes both of its walls with it.
    lost = np.min(losses, axis=0)[:inner]
    back = _find_start(lost < _GONE)
    if back < front.drawn_back:
        on_cannula = np.abs(cannula.across) <= cannula.width / 2
        again = _find_start(lost < back_again_share)
        hidden = strip.cement is not None and bool(strip.cement[on_cannula, :inner].any())
        back = min(front.drawn_back if hidden else again, front.drawn_back)
    if back < least_px:
        back = 0.0
    return FrontEnd(min(back, max(front.seen, front.drawn_back)), back)


def _brightness_beside(cannula: Cannula, strip: CannulaStrip) -> Array:
    """Return what is more beside the cannula, at each step along it; zeros where nothing tells.

    The side with less tells: cement may lie on the other one. Where cement is known, the nearest
    steps without it do.
    """
    sides = sides_of(cannula, strip)
    steps = np.arange(cannula.steps)
    free = np.flatnonzero(strip.cement_free(cannula.core | cannula.beside))
    if not sides or free.size == 0:
        return np.zeros(cannula.steps)
    least = np.min(cv2.blur(np.stack(sides), (cannula.averaged_steps, 1)), axis=0)
    between: Array = np.interp(steps, free, least[free])
    return between


def forget_seen(front: FrontEnd) -> FrontEnd:
    """Return the state while the cannula moves sideways and its front end cannot be measured."""
    return replace(front, seen=0.0)


def _find_start(present: BoolImage) -> float:
    """Return the step from which on something is present: fewest steps on the wrong side of it."""
    # By how many more are wrong than if it began at the first.
    wrong = np.cumsum(np.where(present, 1, -1))
    last = int(np.argmin(wrong))
    return float(last + 1) if wrong[last] < 0 else 0.0
