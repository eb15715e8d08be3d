"""Cement that is thin and faint, told from shadows: what stands out of its surroundings."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from leakwatch.config import CementSettings
from leakwatch.core.arrays import Array, BoolImage, FloatImage, read_only
from leakwatch.core.geometry import Scale
from leakwatch.vision.image_processing.medians import spread
from leakwatch.vision.image_processing.patches import Window, around

_DIRECTIONS = 8  # 22.5 degrees apart: a line of 4.5 mm strays by half a vein's width at most
THIN_EVERY = 2  # half the working grid is fine enough for what was smoothed already
_AT_LEAST = np.float32(0.02)  # weight of nothing known: far inside of cement no surroundings count


@dataclass(frozen=True, slots=True)
class ThinCement:
    """Limit of thin, faint cement that differs significantly from its surroundings."""

    scale: Scale
    settings: CementSettings

    def over_limit(
        self, smooth: FloatImage, noise_shape: FloatImage, doubt: FloatImage, known: BoolImage
    ) -> FloatImage:
        """Return how far what stands out of its surroundings is over its limit: 1 at it.

        Shadows of tissue that breathes past the spine are broader than a vein or the front of a
        bolus, and would raise the limit of all cement, as noise does. Less the mean of its
        surroundings, a picture has only noise left. What is long as well is averaged along itself,
        in eight directions, which leaves less: a matched filter for a ridge (doi:10.1109/42.34715).

        Parameters
        ----------
        smooth : ndarray
            Added attenuation, smoothed.
        noise_shape : ndarray
            See `false_cement.Background`.
        doubt : ndarray
            Attenuation added to the limit, for artefacts of edges; every other row and column.
        known : ndarray of bool
            What is seen, and neither cement, nor its blur, nor a cannula; as `doubt`.

        Returns
        -------
        ndarray
            As large as `smooth`.
        """
        half = np.s_[::THIN_EVERY, ::THIN_EVERY]
        weight = known.astype(np.float32)
        edge = self.settings.thin_share * self.settings.edge_mm * self.settings.attenuation_per_mm
        detail = self._detail(np.ascontiguousarray(smooth[half]), weight)
        shape = np.ascontiguousarray(noise_shape[half])
        counts = weight[::2, ::2] > 0.0
        some_shape = shape[::2, ::2][counts]

        def noise_of(image: FloatImage) -> float:
            return spread(image[::2, ::2][counts] / some_shape)

        def limit_in(part: Window, noise: float) -> FloatImage:
            # Not cv2.max: it takes a single pixel for a scalar.
            limit: FloatImage = (
                np.maximum(shape[part] * np.float32(noise), np.float32(edge)) + doubt[part]
            )
            return limit

        everywhere = np.s_[0 : shape.shape[0], 0 : shape.shape[1]]
        over = detail / limit_in(everywhere, self.settings.thin_sigmas * noise_of(detail))
        # What is cement already, or bright in one place, must not be smeared along a line.
        even = cv2.min(detail, 2.0 * edge) * weight
        reach = round(self.scale.px(self.settings.line_mm) / (2 * THIN_EVERY))
        first, *others = _make_lines(reach)
        one = cv2.filter2D(even, -1, first)
        # A mean is over its limit only within reach of a pixel that is over the least there is;
        # what the filter mirrors at the border of that part is not.
        part = around(even > edge, 2 * reach + 1)
        along = one[part]
        for kernel in others:
            along = cv2.max(along, cv2.filter2D(even[part], -1, kernel))
        # Noise is alike in all directions: that along one tells of all.
        along = along / limit_in(part, self.settings.line_sigmas * noise_of(one))
        over[part] = cv2.max(over[part], along)
        rows, columns = smooth.shape
        whole: FloatImage = cv2.resize(over, (columns, rows), interpolation=cv2.INTER_LINEAR)
        return whole

    def _detail(self, smooth: FloatImage, weight: FloatImage) -> FloatImage:
        """Return an image less the mean of its surroundings, of what is known there."""
        rows, columns = smooth.shape
        # What is so broad is as well known from a quarter of the pixels.
        size = (max(columns // 2, 1), max(rows // 2, 1))
        sigma = self.scale.px(self.settings.surroundings_mm) / (2 * THIN_EVERY)
        total = cv2.resize(smooth * weight, size, interpolation=cv2.INTER_AREA)
        known = cv2.resize(weight, size, interpolation=cv2.INTER_AREA)
        broad = cv2.GaussianBlur(total, (0, 0), sigma)
        broad /= cv2.GaussianBlur(known, (0, 0), sigma) + _AT_LEAST
        whole = cv2.resize(broad, (columns, rows), interpolation=cv2.INTER_LINEAR)
        detail: FloatImage = cv2.subtract(smooth, whole)
        return detail


@lru_cache(maxsize=4)  # one for each scale, of which a session has one or two
def _make_lines(reach: int) -> tuple[Array, ...]:
    """Return lines of ``2 reach + 1`` pixels in all directions, as kernels of sum 1."""
    kernels = []
    for turn in range(_DIRECTIONS):
        angle = turn * np.pi / _DIRECTIONS
        right, down = np.cos(angle) * reach, np.sin(angle) * reach
        kernel = np.zeros((2 * reach + 1, 2 * reach + 1), np.float32)
        ends = [(round(reach + sign * right), round(reach + sign * down)) for sign in (-1, 1)]
        cv2.line(kernel, ends[0], ends[1], 1.0)
        kernels.append(read_only(kernel / kernel.sum()))
    return tuple(kernels)
