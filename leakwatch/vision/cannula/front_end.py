"""Front end of a cannula that is drawn back, distinguished from cement around it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from leakwatch.config import InstrumentSettings
from leakwatch.core.geometry import Scale
from leakwatch.vision.cannula.lumen import begins_at
from leakwatch.vision.cannula.rod_model import Cannula, contrast_steps
from leakwatch.vision.cannula.rod_strip import RodStrip, brightness_along

_LEAST_SHARE = 0.3  # of the usual contrast: behind dense anatomy a wall is hardly seen
_GONE = 0.5  # half of the rod's contrast: the threshold that errs least on either side


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
    strip: RodStrip,
    scale: Scale,
    settings: InstrumentSettings,
) -> FrontEnd:
    """Find the front end in a frame in which the rod does not move sideways.

    Cement only adds: where the wall attenuates less than half of what it did in the baseline, seen
    with the contrast that the outer half of the rod still has, the rod has gone. The wall tells,
    and not the axis: a stylet that is drawn, and cement that runs through the lumen, change the
    axis as much as a rod that has gone. The rod has come back where nearly all of its wall is there
    again, and no cement can have brought it.

    Parameters
    ----------
    front : FrontEnd
        Of the frame before.
    cannula : Cannula
    strip : RodStrip
        Less the baseline without the rod.
    scale : Scale
    settings : InstrumentSettings
    """
    if not cannula.walls:
        return front
    length, inner = cannula.steps, cannula.steps // 2
    beside = brightness_along(cannula, strip, scale, settings)
    box = contrast_steps(scale, settings)
    losses = []
    for wall in cannula.walls:
        there = cv2.blur((strip.more[wall.rows].mean(axis=0) - beside)[None], (box, 1))[0]
        least = _LEAST_SHARE * float(np.median(wall.contrast[:length]))
        left = there / np.maximum(wall.contrast[:length], least)
        # Tube voltage, scatter and processing change the contrast of all of a rod.
        losses.append(1.0 - left / min(max(float(np.median(left[inner:])), _LEAST_SHARE), 1.0))
    # A rod that has gone takes both of its walls with it.
    lost = np.min(losses, axis=0)[:inner]
    back = begins_at(lost < _GONE)
    if back < front.drawn_back:
        on_rod = np.abs(cannula.across) <= cannula.width / 2
        again = begins_at(lost < settings.back_again_share)
        hidden = strip.cement is not None and bool(strip.cement[on_rod, :inner].any())
        back = min(front.drawn_back if hidden else again, front.drawn_back)
    if back < scale.px(settings.min_drawn_mm):
        back = 0.0
    return FrontEnd(min(back, max(front.seen, front.drawn_back)), back)


def unsteady(front: FrontEnd) -> FrontEnd:
    """Return the state while the rod moves sideways and its front end cannot be measured."""
    return replace(front, seen=0.0)
