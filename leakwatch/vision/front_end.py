"""How far the cannula was drawn back: its front end, told from cement around it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from leakwatch.config import InstrumentSettings
from leakwatch.geometry import Scale
from leakwatch.model import Array, BoolImage, FloatImage, read_only
from leakwatch.vision.bore import begins_at
from leakwatch.vision.cannula import Cannula, Pose, beside_rod, strip_along

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
    moved: FloatImage,
    without: FloatImage,
    cement: BoolImage | None,
    pose: Pose,
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
    moved, without : ndarray
        Frame, and baseline without the rod; reference coordinates.
    cement : ndarray of bool or None
        Known cement, reference coordinates.
    pose : Pose
    scale : Scale
    settings : InstrumentSettings
    """
    axis = _axis(cannula, moved, without, pose)
    if front.peak is None:
        return FrontEnd(peak=read_only(axis))
    inner = len(axis) // 2
    contrast = np.maximum(cannula.contrast[:inner], settings.min_contrast)
    lost = (front.peak - axis)[:inner] / contrast
    back = begins_at(lost < _GONE)
    if back < front.drawn_back:
        again = begins_at(lost < settings.back_again_share)
        back = front.drawn_back if _on_axis(cannula, cement, pose, inner) else again
        back = min(back, front.drawn_back)
    if back < scale.px(settings.min_drawn_mm):
        back = 0.0
    there = np.arange(len(axis)) >= back
    peak = np.where(there, np.maximum(front.peak, axis), front.peak)
    agreed = min(back, max(front.seen, front.drawn_back))
    return FrontEnd(agreed, back, read_only(peak))


def unsteady(front: FrontEnd) -> FrontEnd:
    """While the rod moves sideways, its axis tells nothing of its front end."""
    return replace(front, seen=0.0)


def _axis(cannula: Cannula, moved: FloatImage, without: FloatImage, pose: Pose) -> Array:
    """Attenuation on the axis against its outer end.

    Brightness control, and what fills the bore, change both ends alike.
    """
    length = cannula.steps
    strip = strip_along(cannula, moved, pose, length) - strip_along(cannula, without, pose, length)
    core, _ = beside_rod(cannula)
    axis: Array = strip[core].mean(axis=0)
    axis -= np.median(axis[length // 2 :])
    return axis


def _on_axis(cannula: Cannula, cement: BoolImage | None, pose: Pose, length: int) -> bool:
    if cement is None:
        return False
    core, _ = beside_rod(cannula)
    return bool(strip_along(cannula, cement.view(np.uint8), pose, length)[core].any())
