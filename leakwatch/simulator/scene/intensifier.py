"""Pincushion and S-shaped distortion of an image intensifier."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from leakwatch.core.arrays import PointArray

Image = npt.NDArray[np.float64]

_ROUNDS = 12  # of the inversion; each gains a digit for a distortion of a tenth


@dataclass(frozen=True, slots=True)
class Distortion:
    """Distortion of an image.

    A point at distance r from the centre moves outwards by ``pincushion (r/R)^2`` of r and turns by
    ``s_deg (r/R)^2``, where R is the distance of a corner (cubic radial model with its spiral term:
    Gronenschild, doi:10.1118/1.598487).

    Parameters
    ----------
    pincushion : float
    s_deg : float
    rows, columns : int
    """

    pincushion: float
    s_deg: float
    rows: int
    columns: int

    @property
    def is_identity(self) -> bool:
        """Return whether it does not move any point."""
        return self.pincushion == 0.0 and self.s_deg == 0.0

    def distort(self, points_px: PointArray) -> PointArray:
        """Return the distorted positions of points, ``(n, 2)``."""
        centre = self._centre
        away = np.asarray(points_px, np.float64) - centre
        return centre + self._moved(away)

    def undistort(self, shown_px: PointArray) -> PointArray:
        """Return the undistorted positions of points, ``(n, 2)``; the inverse of `distort`."""
        target = np.asarray(shown_px, np.float64) - self._centre
        away = target.copy()
        for _ in range(_ROUNDS):
            away += target - self._moved(away)
        return self._centre + away

    def picture(self, image: Image) -> Image:
        """Return the distorted image, ``(rows, columns)``."""
        if self.is_identity:
            return image
        column, row = np.meshgrid(np.arange(self.columns), np.arange(self.rows))
        places = np.stack([column.ravel(), row.ravel()], axis=1).astype(np.float64)
        maps = self.undistort(places).astype(np.float32).reshape(self.rows, self.columns, 2)
        # OpenCV interpolates single precision exactly, and double only to a 32nd of a pixel.
        single = image.astype(np.float32)
        shown = cv2.remap(single, maps, None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(shown, np.float64)

    @property
    def _centre(self) -> PointArray:
        return np.array([(self.columns - 1) / 2, (self.rows - 1) / 2])

    def _moved(self, away: PointArray) -> PointArray:
        share = (away**2).sum(axis=-1, keepdims=True) / (self._centre**2).sum()
        turn = np.radians(self.s_deg) * share
        x, y = away[..., :1], away[..., 1:]
        turned = np.concatenate(
            [x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn)], axis=-1
        )
        moved: PointArray = turned * (1.0 + self.pincushion * share)
        return moved
