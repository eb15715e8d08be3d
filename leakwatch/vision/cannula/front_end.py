"""How far the cannula was drawn back: its front end, told from cement around it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from leakwatch.config import InstrumentSettings
from leakwatch.core.arrays import Array, FloatImage, read_only
from leakwatch.core.geometry import Scale
from leakwatch.vision.cannula.bore import begins_at
from leakwatch.vision.cannula.rod_model import Cannula
from leakwatch.vision.cannula.rod_strip import RodStrip
from leakwatch.vision.image_processing.medians import medians

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
    peak : ndarray or None
        ``(n,)``, the most that the axis attenuated so far, against its outer end, at steps of a
        pixel from the front end of the baseline.
    """

    drawn_back: float = 0.0
    seen: float = 0.0
    peak: FloatImage | None = None


def follow_front(
    front: FrontEnd,
    cannula: Cannula,
    strip: RodStrip,
    scale: Scale,
    settings: InstrumentSettings,
) -> FrontEnd:
    """Where the front end is in a frame in which the rod does not move sideways.

    Cement only adds: where the axis attenuates less than it once did, by half of the rod and more,
    the rod has gone. It has come back where nearly all of that is there again, and no cement can
    have brought it.

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
    core = cannula.core
    # Brightness control, and what fills the bore, change both ends alike.
    axis: Array = strip.more[core].mean(axis=0)
    axis -= medians(axis[cannula.steps // 2 :])
    if front.peak is None:
        return FrontEnd(peak=read_only(axis))
    inner = len(axis) // 2
    contrast = np.maximum(cannula.contrast[:inner], settings.min_contrast)
    lost = (front.peak - axis)[:inner] / contrast
    back = begins_at(lost < _GONE)
    if back < front.drawn_back:
        again = begins_at(lost < settings.back_again_share)
        on_axis = strip.cement is not None and bool(strip.cement[core, :inner].any())
        back = min(front.drawn_back if on_axis else again, front.drawn_back)
    if back < scale.px(settings.min_drawn_mm):
        back = 0.0
    there = np.arange(len(axis)) >= back
    peak = np.where(there, np.maximum(front.peak, axis), front.peak)
    agreed = min(back, max(front.seen, front.drawn_back))
    return FrontEnd(agreed, back, read_only(peak))


def unsteady(front: FrontEnd) -> FrontEnd:
    """While the rod moves sideways, its axis tells nothing of its front end."""
    return replace(front, seen=0.0)
