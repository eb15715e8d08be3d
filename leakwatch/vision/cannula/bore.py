"""What is in the bore of the cannula: cement on its way into the body, or no stylet any more."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from leakwatch.config import InstrumentSettings
from leakwatch.core.arrays import BoolImage, FloatImage, read_only
from leakwatch.core.geometry import Scale
from leakwatch.vision.cannula.rod_model import Cannula
from leakwatch.vision.cannula.rod_strip import RodStrip, free_outer_part, relative
from leakwatch.vision.image_processing.medians import medians


@dataclass(frozen=True, slots=True)
class Filling:
    """What fills the bore.

    Parameters
    ----------
    profile : ndarray
        Added attenuation across the axis, in units of the rod's contrast, at steps of a pixel;
        negative where the stylet is gone that was in the bore when the rod was measured.
    front : float
        Where along the axis it begins, working pixels: 0 at the tip.
    """

    profile: FloatImage
    front: float


def filling(
    cannula: Cannula, strip: RodStrip, scale: Scale, settings: InstrumentSettings
) -> Filling | None:
    """What fills the bore; None where nothing does.

    Cement comes from outside: it fills the part of the bore that is farthest from the body first,
    and evenly. A leak along or across the cannula does not reach so far. So the outer half tells
    what the filling looks like, and from where on it is there.

    Parameters
    ----------
    cannula : Cannula
    strip : RodStrip
        Less the baseline with the rod as it lies now. Where cement is known, it came out of the
        bore, so that all of it is full: around its front end cement lies beside the rod as well,
        and hides where the filling begins. Where some lies on the outer half, that is left out.
    scale : Scale
    settings : InstrumentSettings
    """
    share = relative(cannula, strip, settings)
    free = free_outer_part(cannula, strip, scale, settings)
    if share is None or free is None:
        return None
    length = cannula.steps
    core = cannula.core
    box = 2 * round(scale.px(settings.contrast_mm) / 2) + 1
    inside = np.abs(cannula.across) <= cannula.width * 0.75
    profile = np.zeros(len(inside))
    profile[inside] = medians(cv2.blur(share[inside], (box, 1))[:, free])
    level = float(profile[core].mean())
    along = cv2.blur(share[core].mean(axis=0)[None], (box, 1))[0]
    farthest = float(medians(along[3 * length // 4 :]))
    contrast = float(np.maximum(cannula.contrast[:length], settings.min_contrast)[free].mean())
    sign = 1.0 if level > 0.0 else -1.0
    is_drawn = level <= -settings.min_stylet_share
    is_filled = settings.min_filling <= level * contrast <= settings.max_filling
    if not (is_drawn or is_filled) or farthest / level < 0.5:
        return None
    front = 0.0 if strip.cement is not None else begins_at(sign * along > 0.5 * abs(level))
    profile = sign * np.maximum(sign * profile, 0.0)
    return Filling(read_only(profile.astype(np.float32)), front)


def followed_filling(
    cannula: Cannula,
    before: Filling | None,
    newest: Filling | None,
    share: float,
    settings: InstrumentSettings,
) -> Filling | None:
    """What fills the bore once cement is there, with weight `share` for the newest frame.

    Parameters
    ----------
    cannula : Cannula
    before, newest : Filling or None
        None where none was found: a bore does not empty itself.
    share : float
    settings : InstrumentSettings
        Where the bore lost `min_stylet_share`, a stylet was drawn, and all of that counts at once.
    """
    if before is None or newest is None:
        return newest if before is None else before
    lost = float((before.profile - newest.profile)[cannula.core].mean())
    if lost >= settings.min_stylet_share:
        return newest
    profile = before.profile + np.float32(share) * (newest.profile - before.profile)
    return replace(newest, profile=read_only(profile))


def begins_at(present: BoolImage) -> float:
    """The step from which on something is present: fewest steps on the wrong side of it."""
    # By how many more are wrong than if it began at the first.
    wrong = np.cumsum(np.where(present, 1, -1))
    last = int(np.argmin(wrong))
    return float(last + 1) if wrong[last] < 0 else 0.0
