"""Content of the cannula's lumen: a stylet, nothing, or cement on its way into the body.

Content is told from a leak by where it begins: it comes from the outer end, a leak from the tip.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from leakwatch.config import InstrumentSettings
from leakwatch.core.arrays import Array, BoolImage, FloatImage, read_only
from leakwatch.vision.cannula.cannula_layers import CannulaLayer
from leakwatch.vision.cannula.cannula_model import Cannula
from leakwatch.vision.cannula.cannula_strip import CannulaStrip, find_free_outer, relative_to_sides
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
        Added attenuation across the axis in units of the cannula's contrast, at steps of a pixel:
        from the tip to the front, and from there outwards.
    front : float
        Where along the axis the outer part begins, working pixels: 0 at the tip.
    """

    inner: FloatImage
    outer: FloatImage
    front: float

    def layers(self, drawn_back: float) -> list[CannulaLayer]:
        """Return what a cannula that was drawn back so far, in working pixels, has in its lumen."""
        step = CannulaLayer(self.outer - self.inner, max(self.front, drawn_back))
        layers = [CannulaLayer(self.inner, drawn_back), step]
        return [layer for layer in layers if layer.profile.any()]


@dataclass(frozen=True, slots=True)
class LumenReader:
    """Reading of what the lumen holds, from a strip along the cannula."""

    settings: InstrumentSettings

    def read(self, cannula: Cannula, strip: CannulaStrip) -> LumenContent | None:
        """Return what the lumen holds now; None where too little of the cannula can be compared.

        Its content changes from the outside: cement is pushed in from there, and a stylet leaves
        its inner part first. So along the axis there are two even parts, and the inner one
        attenuates less. A leak along or behind the cannula begins at the tip: there it is the inner
        part that attenuates more, and that is never taken for content of the lumen.

        Parameters
        ----------
        cannula : Cannula
        strip : CannulaStrip
            Less the baseline with the cannula as it lies now. Where cement is known, nothing is
            told.
        """
        least_contrast = self.settings.min_contrast
        share = relative_to_sides(cannula, strip, least_contrast)
        free_outer = find_free_outer(cannula, strip)
        if share is None or free_outer is None:
            return None
        box = cannula.averaged_steps
        along = cv2.blur(share[cannula.core].mean(axis=0)[None], (box, 1))[0].astype(np.float64)
        walls = [share[wall.rows].mean(axis=0) for wall in cannula.walls]
        of_walls = np.mean(walls, axis=0) if walls else np.zeros_like(along)
        free = strip.cement_free()
        contrast = float(np.maximum(cannula.steel_contrast[: cannula.steps], least_contrast).mean())
        stylet = self.settings.min_stylet_share
        least = min(self.settings.min_filling / contrast, stylet)
        front = _find_front(along, of_walls, free, -stylet, least)
        steps = np.arange(cannula.steps)
        inner = _measure_profile(cannula, share, free & (steps < front))
        # Where there is one part, a leak may lie on its inner half.
        outer = _measure_profile(cannula, share, free & (steps >= front) if front else free_outer)
        inner, outer = self._limit_to_possible(inner, outer, cannula.core, contrast)
        return LumenContent(inner, outer, float(front))

    def _limit_to_possible(
        self, inner: Array, outer: Array, core: BoolImage, contrast: float
    ) -> tuple[FloatImage, FloatImage]:
        """Return profiles of both parts that a lumen can have: more is cement, or another one."""
        levels = float(inner[core].mean()), float(outer[core].mean())
        stylet = self.settings.min_stylet_share
        if levels[0] > -stylet:
            # The same change of contrast as in the outer part; more would be cement.
            limit = self.settings.max_contrast_change if levels[1] >= levels[0] else 0.0
            inner = np.clip(inner, -limit, limit)
        if levels[1] <= -stylet:
            outer = np.minimum(outer, 0.0)
        elif self.settings.min_filling <= levels[1] * contrast <= self.settings.max_filling:
            outer = np.maximum(outer, 0.0)
        else:
            outer = np.zeros_like(outer)
        return read_only(inner.astype(np.float32)), read_only(outer.astype(np.float32))


def _find_front(
    along: Array, of_walls: Array, free: BoolImage, emptied: float, least: float
) -> int:
    """Return where the outer part begins: two levels of least squares, the inner one lower.

    The inner level is that of the baseline, or lower by a stylet. A stylet that is drawn leaves the
    walls as they were; cement beside the cannula, which it is compared with, does not.
    """
    weight = free.astype(np.float64)
    count, total = np.cumsum(weight), np.cumsum(weight * along)
    # Of the steps before each place, and from each place on.
    before = count - weight
    inner = (total - weight * along) / np.maximum(before, 1.0)
    walls = np.cumsum(weight * of_walls) - weight * of_walls
    is_stylet = (inner <= emptied) & (walls / np.maximum(before, 1.0) > inner / 2.0)
    inner = np.where(is_stylet, inner, 0.0)
    after = count[-1] - before
    outer = (total[-1] - total + weight * along) / np.maximum(after, 1.0)
    # The sum of squares of what is left, less that of all.
    left = before * inner**2 - 2.0 * inner * (total - weight * along)
    left -= after * outer**2
    possible = (outer - inner >= least) & (after >= _LEAST_FREE)
    best = int(np.argmin(np.where(possible, left, np.inf)))
    squares = float((weight * along * along).sum())
    return best if left[best] + squares <= _RAMP_SHARE * (left[0] + squares) else 0


def _measure_profile(cannula: Cannula, share: Array, where: BoolImage) -> Array:
    """Return the middle profile across the axis of some steps along it; zeros for too few."""
    profile = np.zeros(len(share))
    if np.count_nonzero(where) >= _LEAST_FREE:
        inside = np.abs(cannula.across) <= cannula.width * 0.75
        smooth = cv2.blur(share[inside], (cannula.averaged_steps, 1))
        profile[inside] = medians(smooth[:, where])
    return profile
