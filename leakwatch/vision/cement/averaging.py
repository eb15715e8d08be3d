"""Added attenuation of the last moments, averaged for as short a time as noise allows."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from leakwatch.config import CementSettings
from leakwatch.core.arrays import FloatImage, read_only
from leakwatch.core.geometry import Scale
from leakwatch.vision.background.baseline import Added
from leakwatch.vision.image_processing.medians import spread


@dataclass(frozen=True, slots=True)
class RunningMean:
    """Exponentially forgetting mean, in reference coordinates on the working grid.

    Parameters
    ----------
    image : ndarray
        Added attenuation.
    frames : int
        How many went into it.
    time_s : float
        Of the last frame.
    share : float
        Weight of the last frame.
    frame_noise : float
        Noise of one smoothed frame in the middle of the picture.
    step_s : float
        From the frame before to the last one.
    """

    image: FloatImage
    frames: int
    time_s: float
    share: float = 1.0
    frame_noise: float = 0.0
    step_s: float = 0.0


@dataclass(frozen=True, slots=True)
class AttenuationAverage:
    """Average of added attenuation over time and space, as short as noise allows."""

    scale: Scale
    settings: CementSettings

    def with_frame(self, mean: RunningMean | None, added: Added, time_s: float) -> RunningMean:
        """Fold one frame's added attenuation into the running mean.

        Exponential forgetting, as short as noise allows: at full dose hardly any, at a quarter of
        it several frames, never longer than a time constant (in seconds, so that 7.5 and 30
        frames/s wait equally long). What a frame does not see keeps its last mean.
        """
        if mean is None:
            return RunningMean(read_only(added.image), 1, time_s)
        frame_noise = mean.frame_noise
        if mean.frames < 4 or mean.frames % 2 == 0:  # it changes slowly
            frame_noise = self._frame_noise(mean, added)
        step_s = time_s - mean.time_s
        share = max(self._share(frame_noise, step_s), 1.0 / (mean.frames + 1))
        image = added.image
        if share < 1.0:
            image = cv2.addWeighted(mean.image, 1.0 - share, image, share, 0.0)
        if not added.seen.all():
            unseen = (~added.seen).view(np.uint8)
            image = cv2.copyTo(mean.image, unseen, image.copy() if image is added.image else image)
        return RunningMean(read_only(image), mean.frames + 1, time_s, share, frame_noise, step_s)

    def smooth(self, image: FloatImage) -> FloatImage:
        """Return an image smoothed as cement is looked for."""
        sigma = self.scale.px(self.settings.smooth_mm)
        # Cut at two and a half sigmas, where a hundredth of it is left; OpenCV cuts at four.
        size = 2 * math.ceil(2.5 * sigma) + 1
        smooth: FloatImage = cv2.GaussianBlur(image, (size, size), sigma)
        return smooth

    def _frame_noise(self, mean: RunningMean, added: Added) -> float:
        """Return the noise of one smoothed frame in the middle, from how it differs from the mean.

        The difference holds the frame's noise and the mean's, ``w / (2 - w)`` of it; a slow average
        over frames steadies it.
        """
        rows, columns = mean.image.shape
        middle = np.s_[rows // 3 : 2 * rows // 3, columns // 3 : 2 * columns // 3]
        change = cv2.subtract(added.image[middle], mean.image[middle])
        change = self.smooth(change)[::4, ::4]
        newest = spread(change) / math.sqrt(1.0 + mean.share / (2.0 - mean.share))
        if mean.frames < 2:
            return newest
        return 0.8 * mean.frame_noise + 0.2 * newest

    def _share(self, frame_noise: float, elapsed_s: float) -> float:
        """Return the newest frame's weight: a mean has ``sqrt(w / (2 - w))`` of a frame's noise."""
        least = 1.0 - math.exp(-max(elapsed_s, 1e-3) / self.settings.average_s)
        edge = self.settings.edge_mm * self.settings.attenuation_per_mm
        limit = self.settings.grow_sigmas * max(frame_noise, 1e-6)
        ratio = self.settings.noise_share * edge / limit
        wanted = 2.0 * ratio**2 / (1.0 + ratio**2)
        return min(max(wanted, least), 1.0)
