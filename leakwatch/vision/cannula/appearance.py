"""Appearance of the cannula: what changed of it since the baseline, though it is no cement.

Three things change, and are taken out one after the other: what fills the lumen, the contrast of
the steel, and what the model of a cannula that moves does not fit. What is left in its strip was
added by something else.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from leakwatch.config import InstrumentSettings
from leakwatch.core.arrays import FloatImage, read_only
from leakwatch.core.geometry import Scale
from leakwatch.vision.cannula.cannula_layers import CannulaLayer, render_strip
from leakwatch.vision.cannula.cannula_model import Cannula
from leakwatch.vision.cannula.cannula_strip import CannulaStrip, find_free_outer, relative_to_sides
from leakwatch.vision.cannula.lumen import LumenContent, LumenReader
from leakwatch.vision.image_processing.medians import medians


@dataclass(frozen=True, slots=True)
class Appearance:
    """What changed of a cannula since the baseline, and is remembered from frame to frame.

    Parameters
    ----------
    content : LumenContent or None
        What the lumen holds that it did not hold in the baseline.
    change : ndarray or None
        By which share of its contrast it stands out more, along its axis.
    """

    content: LumenContent | None = None
    change: FloatImage | None = None

    def content_layers(self, drawn_back: float) -> Sequence[CannulaLayer]:
        """Return what the lumen holds, of a cannula that was drawn back so far, working pixels."""
        return () if self.content is None else self.content.layers(drawn_back)


@dataclass(frozen=True)
class AppearanceTracker:
    """Tracking of a cannula's appearance, with its settings, at the scale of a run."""

    scale: Scale
    settings: InstrumentSettings

    @cached_property
    def lumen(self) -> LumenReader:
        """Reading of what the lumen holds."""
        return LumenReader(self.settings)

    def weight_of(self, before_s: float | None, time_s: float) -> float:
        """Return the weight of a frame in what changes slowly.

        After a pause a leak may lie behind the cannula that nobody saw come: it must not count as
        much as if the cannula had been watched all the while.

        Parameters
        ----------
        before_s, time_s : float
            Times of the frame before, None without one, and of this frame.
        """
        elapsed_s = 0.0 if before_s is None else time_s - before_s
        elapsed_s = min(max(elapsed_s, 0.0), self.settings.gap_s)
        return 1.0 - math.exp(-elapsed_s / self.settings.contrast_s)

    def explain(
        self,
        before: Appearance,
        cannula: Cannula,
        strip: CannulaStrip,
        drawn_back: float,
        weight: float,
    ) -> tuple[Appearance, list[CannulaLayer], CannulaStrip]:
        """Return the appearance now, the layers that it adds, and what is left of a strip.

        What the lumen holds is told by the outer half of the cannula, which no leak reaches. The
        contrast is followed slowly: a leak behind the cannula, which fills in a second, must not be
        taken for such a change.

        Parameters
        ----------
        before : Appearance
            In the last frame.
        cannula : Cannula
        strip : CannulaStrip
            Less the baseline with the cannula as it lies now.
        drawn_back : float
            How far, working pixels.
        weight : float
            From `weight_of`.
        """
        content = self.lumen.read(cannula, strip)
        if content is None and strip.cement is not None:
            content = before.content  # cement hides it: the last that was seen
        layers = list(Appearance(content).content_layers(drawn_back))
        for layer in layers:
            strip = strip.subtract(render_strip(cannula, layer))
        newest, change = self.measure_change(cannula, strip), before.change
        if newest is not None:
            so_far = np.zeros_like(newest) if change is None else change
            change = read_only(so_far + np.float32(weight) * (newest - so_far))
        if change is not None:
            layers.append(CannulaLayer(cannula.profile, drawn_back, change))
            strip = strip.subtract(render_strip(cannula, layers[-1]))
        missed = self.measure_missed(cannula, strip)
        if missed is not None:
            layers.append(CannulaLayer(missed, drawn_back))
            strip = strip.subtract(render_strip(cannula, layers[-1]))
        return Appearance(content, change), layers, strip

    def measure_change(self, cannula: Cannula, strip: CannulaStrip) -> FloatImage | None:
        """Estimate the fraction by which the contrast exceeds the expected, along the axis.

        Scatter fills dark places up. Dense cement nearby scatters less of the beam onto the
        cannula, which then looks darker than before, by up to a twentieth: as much as a millimetre
        of cement. Scatter changes slowly along the cannula, which tells that from cement that ends
        somewhere; and only where no cement is known, on it and beside it.

        Parameters
        ----------
        cannula : Cannula
        strip : CannulaStrip
            Less what fills the lumen.

        Returns
        -------
        ndarray or None
            ``(n,)``, at steps of a pixel from the front end; None where nothing can be compared.
        """
        share = relative_to_sides(cannula, strip, self.settings.min_contrast)
        if share is None:
            return None
        length = cannula.steps
        core, beside = cannula.core, cannula.beside
        added = share[core].mean(axis=0)
        free = np.ones(length, np.float32)
        if strip.cement is not None:
            covered = np.asarray(strip.cement[core | beside].any(axis=0))
            rim = 2 * round(cannula.rim) + 1
            free -= cv2.dilate(covered.view(np.uint8)[None], np.ones((1, rim), np.uint8))[0]
        box = (2 * round(self.scale.px(self.settings.scatter_mm) / 2) + 1, 1)
        limit = self.settings.max_contrast_change
        total = cv2.blur((np.clip(added, -2 * limit, 2 * limit) * free)[None], box)[0]
        weight = cv2.blur(free[None], box)[0]
        known = np.flatnonzero(weight > 0.25)
        if known.size == 0:
            return None
        change = np.interp(np.arange(length), known, total[known] / weight[known])
        return read_only(np.clip(change, -limit, limit).astype(np.float32))

    def measure_missed(self, cannula: Cannula, strip: CannulaStrip) -> FloatImage | None:
        """Measure the profile of what the model of a cannula leaves all along it.

        A cannula that moves, with the patient or by a hand, is blurred otherwise, and seen a little
        wider or narrower. That leaves two or three stripes along it, which a leak behind it does
        not.

        Parameters
        ----------
        cannula : Cannula
        strip : CannulaStrip
            Less what fills the lumen and how its contrast changed.

        Returns
        -------
        ndarray or None
            In units of the cannula's contrast; None where too little of the outer half is free of
            cement.
        """
        share = relative_to_sides(cannula, strip, self.settings.min_contrast)
        free = find_free_outer(cannula, strip)
        if share is None or free is None:
            return None
        limit, covered = self.settings.max_contrast_change, cannula.covered
        profile = np.zeros(len(share), np.float32)
        profile[covered] = np.clip(medians(share[covered][:, free]), -limit, limit)
        return read_only(profile)
