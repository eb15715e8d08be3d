"""How far the cannula was drawn back: its front end, told from cement around it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from leakwatch.config import InstrumentSettings
from leakwatch.core.geometry import Scale
from leakwatch.vision.cannula.lumen import begins_at
from leakwatch.vision.cannula.rod_model import Cannula
from leakwatch.vision.cannula.rod_strip import RodStrip, brightness_along

_GONE = 0.5  # half of the rod's contrast: the threshold that errs least on either side


@dataclass(frozen=True, slots=True)
class FrontEnd:
    """The front end of the cannula, and what it is told by.

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
    """Where the front end is in a frame in which the rod does not move sideways.

    Cement only adds: where the wall attenuates less than half of what it did in the baseline, the
    rod has gone. The wall tells, and not the axis: a stylet that is drawn, and cement that runs
    through the lumen, change the axis as much as a rod that has gone. The rod has come back where
    nearly all of its wall is there again, and no cement can have brought it.

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
    length, inner = cannula.steps, cannula.steps // 2
    contrast = np.maximum(cannula.contrast[:length], settings.min_contrast)
    beside = brightness_along(cannula, strip, scale, settings)
    box = 2 * round(scale.px(settings.contrast_mm) / 2) + 1
    wall = cannula.wall if cannula.wall.any() else cannula.core
    losses = []
    for rows in (wall & (cannula.across < 0), wall & (cannula.across > 0)):
        if rows.any():
            expected = contrast * float(cannula.profile[rows].mean())
            there = strip.more[rows].mean(axis=0) - beside
            losses.append((1.0 - there / expected).astype(np.float32))
    # A rod that has gone takes both of its walls with it.
    lost = cv2.blur(np.min(losses, axis=0)[None], (box, 1))[0][:inner]
    back = begins_at(lost < _GONE)
    if back < front.drawn_back:
        again = begins_at(lost < settings.back_again_share)
        on_wall = strip.cement is not None and bool(strip.cement[wall, :inner].any())
        back = min(front.drawn_back if on_wall else again, front.drawn_back)
    if back < scale.px(settings.min_drawn_mm):
        back = 0.0
    return FrontEnd(min(back, max(front.seen, front.drawn_back)), back)


def unsteady(front: FrontEnd) -> FrontEnd:
    """While the rod moves sideways, its wall tells nothing of its front end."""
    return replace(front, seen=0.0)
