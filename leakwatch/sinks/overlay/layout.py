"""Where things are on the canvas of overlay.mp4."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from leakwatch.core.arrays import PointArray

RgbImage = npt.NDArray[np.uint8]

# Longer side of the image on the canvas: a line of text fits beside a vertebra, and the whole fits
# into a browser's window. Drawing and encoding take time by the pixel: no larger than needed.
IMAGE_SIDE = 768
BANNER_HEIGHT, STRIP_WIDTH, MARGIN = 112, 320, 14


@dataclass(frozen=True, slots=True)
class Layout:
    """Where things are on the canvas, in its pixels.

    Parameters
    ----------
    scale : float
        Canvas pixels for one pixel of the frame.
    image_width, image_height : int
    """

    scale: float
    image_width: int
    image_height: int

    @classmethod
    def for_frame(cls, rows: int, columns: int) -> Layout:
        """Choose the scale; sizes come out even, as video encoders ask for."""
        longer = max(rows, columns)
        scale = IMAGE_SIDE / longer
        return cls(scale, 2 * round(columns * scale / 2), 2 * round(rows * scale / 2))

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the canvas."""
        return self.image_width + STRIP_WIDTH, self.image_height + BANNER_HEIGHT

    def on_image(self, points_px: PointArray) -> PointArray:
        """Frame pixels to canvas pixels, from the image's own top left corner."""
        on_image: PointArray = (np.asarray(points_px, np.float64) + 0.5) * self.scale - 0.5
        return on_image
