"""Limit of cement: noise, misregistration artefacts and the least thickness to be detected."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import cv2
import numpy as np

from leakwatch.config import CementSettings
from leakwatch.core.arrays import BoolImage, FloatImage
from leakwatch.core.geometry import Scale
from leakwatch.vision.cannula.hidden_area import CoveredByCannula
from leakwatch.vision.cement.thin_cement import THIN_EVERY, ThinCement
from leakwatch.vision.image_processing.medians import spread
from leakwatch.vision.image_processing.patches import Window, around, grown, inside, near


@dataclass(frozen=True, slots=True)
class NearCement:
    """Part of the image where cement can be: images cut to one window.

    But for `whole`, the mean of the whole picture, what is seen of it, and its cement: what a patch
    is compared with may lie beyond. `rim` is how far known cement can have grown since the last
    frame, pixels.
    """

    smooth: FloatImage
    seen: BoolImage
    noise_shape: FloatImage
    artefact: FloatImage
    mask: BoolImage | None
    inferred: BoolImage | None
    candidate: BoolImage | None
    origin: BoolImage | None
    cannula: CoveredByCannula
    whole: FloatImage
    whole_seen: BoolImage
    whole_mask: BoolImage | None
    window: Window
    rim: float

    def within(self, window: Window) -> NearCement:
        """Return a part of it."""
        return replace(
            self,
            smooth=self.smooth[window],
            seen=self.seen[window],
            noise_shape=self.noise_shape[window],
            artefact=self.artefact[window],
            mask=within(self.mask, window),
            inferred=within(self.inferred, window),
            candidate=within(self.candidate, window),
            origin=within(self.origin, window),
            cannula=self.cannula.within(window),
            window=inside(self.window, window),
        )


def within(image: BoolImage | None, window: Window) -> BoolImage | None:
    """Return a window of an image that may be missing."""
    return None if image is None else image[window]


@dataclass(frozen=True)
class DetectionLimit:
    """Limit of cement: noise, misregistration artefacts and the least thickness to be detected."""

    scale: Scale
    settings: CementSettings

    @cached_property
    def thin(self) -> ThinCement:
        """Limit of thin cement, with the same settings."""
        return ThinCement(self.scale, self.settings)

    def window_near(
        self, box: Window | None, origin: BoolImage | None, shape: tuple[int, ...]
    ) -> Window:
        """Return the rows and columns within reach of cement, or of its origin.

        Parameters
        ----------
        box : (slice, slice) or None
            Of known cement; None: there is none.
        origin : ndarray of bool or None
            Where the first cement may appear; None: anywhere.
        shape : (int, int)
            Of the picture.
        """
        if box is None and origin is not None and origin.any():
            box = around(origin, 0)
        if box is None:
            return slice(0, shape[0]), slice(0, shape[1])
        return grown(box, round(self.scale.px(self.settings.remote_mm)), shape)

    def over_limit(
        self, near_by: NearCement, noise: float, caution: float
    ) -> tuple[NearCement, FloatImage]:
        """Return how far each pixel, or its detail, is over the limit of cement: 1 at it.

        Parameters
        ----------
        near_by : NearCement
        noise : float
            From `noise_near`.
        caution : float
            Factor on the limit, 1 or more.

        Returns
        -------
        NearCement, ndarray
            Both cut to where cement was or may be now; what is judged from there on reaches no
            farther.
        """
        thin = self._thin(near_by)
        # The least limit that there is costs little to compare with.
        edge = self.settings.edge_mm * self.settings.attenuation_per_mm
        some = (near_by.smooth > edge) | (thin > 1.0)
        if near_by.cannula.excess is not None:
            some |= near_by.cannula.excess > 1.0
        part = self._part(near_by, some)
        near_by = near_by.within(part)
        over = self._over(near_by, thin[part], noise, caution)
        part = self._part(near_by, over > 1.0)
        return near_by.within(part), over[part]

    def _part(self, near_by: NearCement, over: BoolImage) -> Window:
        """Return the part around what is over a limit, and what was cement."""
        some = over & near_by.seen
        if near_by.mask is not None:
            some |= near_by.mask
        skirt, notch = self.scale.px(self.settings.skirt_mm), self.scale.px(self.settings.notch_mm)
        reach = max(skirt, notch / 2, near_by.rim)
        return around(some, round(reach) + 1)

    def _thin(self, near_by: NearCement) -> FloatImage:
        """Return how far each pixel's detail is over the limit of thin cement: 1 at it."""
        # What is judged on every other row and column is combined there.
        half = np.s_[::THIN_EVERY, ::THIN_EVERY]
        doubt = near_by.artefact[half] * np.float32(self.settings.thin_artefact)
        if near_by.cannula.artefact is not None:
            np.maximum(doubt, near_by.cannula.artefact[half], out=doubt)
        known = near_by.seen[half]
        if near_by.cannula.lies is not None:
            # Beside a cannula that lost contrast nothing stands out for that.
            known = known & ~near_by.cannula.lies[half]
        if near_by.mask is not None:
            known = known & ~near(near_by.mask, self.scale.px(self.settings.blur_mm))[half]
        return self.thin.over_limit(near_by.smooth, near_by.noise_shape, doubt, known)

    def _over(
        self, near_by: NearCement, thin: FloatImage, noise: float, caution: float
    ) -> FloatImage:
        artefact = near_by.artefact
        if near_by.cannula.artefact is not None:
            artefact = cv2.max(artefact, near_by.cannula.artefact)
        edge = self.settings.edge_mm * self.settings.attenuation_per_mm
        limit = near_by.noise_shape * np.float32(self.settings.grow_sigmas * noise)
        np.maximum(limit, np.float32(edge), out=limit)  # cv2.max takes a single pixel for a scalar
        limit += artefact
        # In place throughout: at this size a new array costs as much as the arithmetic.
        over: FloatImage = np.divide(near_by.smooth, limit, out=limit)
        cv2.max(over, thin, dst=over)
        if near_by.cannula.excess is not None:
            cv2.max(over, near_by.cannula.excess, dst=over)
        over /= np.float32(caution)
        return over


def noise_near(near_by: NearCement) -> float:
    """Return the noise of the smoothed mean where `noise_shape` is 1, natural log."""
    some = np.s_[::5, ::5]
    where = near_by.seen[some]
    if near_by.mask is not None:
        where = where & ~near_by.mask[some]
    return spread(near_by.smooth[some][where] / near_by.noise_shape[some][where])
