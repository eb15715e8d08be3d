"""Content of the cannula's lumen: a stylet, nothing, or cement on its way into the body."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from leakwatch.config import InstrumentSettings
from leakwatch.core.arrays import Array, BoolImage, FloatImage, read_only
from leakwatch.core.geometry import Scale
from leakwatch.vision.cannula.rod_layers import RodLayer
from leakwatch.vision.cannula.rod_model import Cannula, contrast_steps
from leakwatch.vision.cannula.rod_strip import RodStrip, free_outer_part, relative
from leakwatch.vision.image_processing.medians import medians

# The best step through a steady slope leaves a quarter of its sum of squares; a true step, less.
_RAMP_SHARE = 0.2
_LEAST_FREE = 8  # steps along the axis without cement; fewer do not give a profile


@dataclass(frozen=True, slots=True)
class LumenContent:
    """Change of the lumen's content since the baseline, in two parts along the axis.

    Parameters
    ----------
    inner, outer : ndarray
        Added attenuation across the axis in units of the rod's contrast, at steps of a pixel: from
        the tip to the front, and from there outwards.
    front : float
        Where along the axis the outer part begins, working pixels: 0 at the tip.
    """

    inner: FloatImage
    outer: FloatImage
    front: float

    def layers(self, drawn_back: float) -> list[RodLayer]:
        """Return what a rod that was drawn back so far, in working pixels, has in its lumen."""
        step = RodLayer(self.outer - self.inner, max(self.front, drawn_back))
        layers = [RodLayer(self.inner, drawn_back), step]
        return [layer for layer in layers if layer.profile.any()]


def find_lumen_content(
    cannula: Cannula, strip: RodStrip, scale: Scale, settings: InstrumentSettings
) -> LumenContent | None:
    """Return what the lumen holds now; None where too little of the rod can be compared.

    Its content changes from the outside: cement is pushed in from there, and a stylet leaves its
    inner part first. So along the axis there are two even parts, and the inner one attenuates less.
    A leak along or behind the cannula begins at the tip: there it is the inner part that attenuates
    more, and that is never taken for content of the lumen.

    Parameters
    ----------
    cannula : Cannula
    strip : RodStrip
        Less the baseline with the rod as it lies now. Where cement is known, nothing is told.
    scale : Scale
    settings : InstrumentSettings
    """
    share = relative(cannula, strip, settings)
    free_outer = free_outer_part(cannula, strip, scale, settings)
    if share is None or free_outer is None:
        return None
    box = contrast_steps(scale, settings)
    along = cv2.blur(share[cannula.core].mean(axis=0)[None], (box, 1))[0].astype(np.float64)
    free = strip.free()
    contrast = float(np.maximum(cannula.contrast[: cannula.steps], settings.min_contrast).mean())
    least = min(settings.min_filling / contrast, settings.min_stylet_share)
    front = _find_front(along, free, -settings.min_stylet_share, least)
    steps = np.arange(cannula.steps)
    inner = _measure_profile(cannula, share, free & (steps < front), box)
    # Where there is one part, a leak may lie on its inner half.
    outer = _measure_profile(cannula, share, free & (steps >= front) if front else free_outer, box)
    inner, outer = _limit_to_possible(inner, outer, cannula.core, contrast, settings)
    return LumenContent(inner, outer, float(front))


def _limit_to_possible(
    inner: Array, outer: Array, core: BoolImage, contrast: float, settings: InstrumentSettings
) -> tuple[FloatImage, FloatImage]:
    """Return profiles of both parts that a lumen can have: more is cement, or another rod."""
    levels = float(inner[core].mean()), float(outer[core].mean())
    if levels[0] > -settings.min_stylet_share:
        # The same change of contrast as in the outer part; more would be cement.
        limit = settings.max_contrast_change if levels[1] >= levels[0] else 0.0
        inner = np.clip(inner, -limit, limit)
    if levels[1] <= -settings.min_stylet_share:
        outer = np.minimum(outer, 0.0)
    elif settings.min_filling <= levels[1] * contrast <= settings.max_filling:
        outer = np.maximum(outer, 0.0)
    else:
        outer = np.zeros_like(outer)
    return read_only(inner.astype(np.float32)), read_only(outer.astype(np.float32))


def _find_front(along: Array, free: BoolImage, emptied: float, least: float) -> int:
    """Return where the outer part begins: two levels of least squares, the inner one lower.

    The inner level is that of the baseline, or lower by a stylet.
    """
    weight = free.astype(np.float64)
    count, total = np.cumsum(weight), np.cumsum(weight * along)
    # Of the steps before each place, and from each place on.
    before = count - weight
    inner = (total - weight * along) / np.maximum(before, 1.0)
    inner = np.where(inner <= emptied, inner, 0.0)
    after = count[-1] - before
    outer = (total[-1] - total + weight * along) / np.maximum(after, 1.0)
    # The sum of squares of what is left, less that of all.
    left = before * inner**2 - 2.0 * inner * (total - weight * along)
    left -= after * outer**2
    possible = (outer - inner >= least) & (after >= _LEAST_FREE)
    best = int(np.argmin(np.where(possible, left, np.inf)))
    squares = float((weight * along * along).sum())
    return best if left[best] + squares <= _RAMP_SHARE * (left[0] + squares) else 0


def _measure_profile(cannula: Cannula, share: Array, where: BoolImage, box: int) -> Array:
    """Return the middle profile across the axis of some steps along it; zeros for too few."""
    profile = np.zeros(len(share))
    if np.count_nonzero(where) >= _LEAST_FREE:
        inside = np.abs(cannula.across) <= cannula.width * 0.75
        profile[inside] = medians(cv2.blur(share[inside], (box, 1))[:, where])
    return profile


def begins_at(present: BoolImage) -> float:
    """Return the step from which on something is present: fewest steps on the wrong side of it."""
    # By how many more are wrong than if it began at the first.
    wrong = np.cumsum(np.where(present, 1, -1))
    last = int(np.argmin(wrong))
    return float(last + 1) if wrong[last] < 0 else 0.0
