"""Layout of the canvas of overlay.mp4."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from leakwatch.core.arrays import PointArray

RgbImage = npt.NDArray[np.uint8]

# Longer side of the image on the canvas: a line of text fits beside a vertebra, and the canvas fits
# into a browser's window. Drawing and encoding times are proportional to the pixels.
IMAGE_SIDE = 768
BANNER_HEIGHT, STRIP_WIDTH, MARGIN = 112, 320, 14


@dataclass(frozen=True, slots=True)
class Layout:
    """Layout of the canvas, in its pixels.

    Parameters
    ----------
    scale : float
        Canvas pixels per pixel of the frame.
    image_width, image_height : int
    """

    scale: float
    image_width: int
    image_height: int

    @classmethod
    def for_frame(cls, rows: int, columns: int) -> Layout:
        """Return the layout for a frame; sizes are even, as video encoders require."""
        longer = max(rows, columns)
        scale = IMAGE_SIDE / longer
        return cls(scale, 2 * round(columns * scale / 2), 2 * round(rows * scale / 2))

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the canvas."""
        return self.image_width + STRIP_WIDTH, self.image_height + BANNER_HEIGHT

    def on_image(self, points_px: PointArray) -> PointArray:
        """Convert frame pixels to canvas pixels, from the top left corner of the image."""
        on_image: PointArray = (np.asarray(points_px, np.float64) + 0.5) * self.scale - 0.5
        return on_image
