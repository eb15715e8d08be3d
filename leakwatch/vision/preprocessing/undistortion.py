"""Correction of the distortion of an image intensifier."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from leakwatch.core.arrays import BoolImage, FloatImage, PointArray, read_only
from leakwatch.core.distortion import distort_px, undistort_px
from leakwatch.core.geometry import WorkingGrid
from leakwatch.core.spacing import Distortion
from leakwatch.vision.image_processing.resampling import sampled, warped

_STRIDE = 4


def straightening_map(distortion: Distortion | None, grid: WorkingGrid) -> FloatImage | None:
    """Return where each pixel of the undistorted image is taken from; made once a run.

    Returns
    -------
    ndarray or None
        ``(rows, columns, 2)``, float32, places on the working grid; None without a distortion.
    """
    if distortion is None:
        return None
    return read_only(_map(grid, lambda points_px: distort_px(distortion, points_px)))


def straightened(
    attenuation: FloatImage, exposed: BoolImage, places: FloatImage | None
) -> tuple[FloatImage, BoolImage]:
    """Return log attenuation and exposed field without the distortion.

    A pixel counts as exposed only where all that it is mixed from is.
    """
    if places is None:
        return attenuation, exposed
    true = _remap(attenuation, places, cv2.BORDER_REPLICATE)
    share = _remap(exposed.astype(np.float32), places, cv2.BORDER_CONSTANT)
    return true, share > np.float32(0.99)


def straightened_mask(mask: BoolImage | None, places: FloatImage | None) -> BoolImage | None:
    """Return the pixels of the undistorted image that are mixed from any of `mask`, read-only."""
    if mask is None or places is None:
        return mask
    share = _remap(mask.astype(np.float32), places, cv2.BORDER_CONSTANT)
    return read_only(share > np.float32(0.01))


def bent(image: FloatImage, distortion: Distortion | None, grid: WorkingGrid) -> FloatImage:
    """Distort an image of the true anatomy as frames show it: the inverse of `straightened`."""
    if distortion is None:
        return image
    places = _map(grid, lambda points_px: undistort_px(distortion, points_px))
    return _remap(image, places, cv2.BORDER_REPLICATE)


def _map(grid: WorkingGrid, moved_px: Callable[[PointArray], PointArray]) -> FloatImage:
    """Return where each working pixel comes from, ``(rows, columns, 2)``.

    Computed at every `_STRIDE`-th pixel, and drawn straight between them: a distortion bends by
    some thousandths of a pixel over that.
    """
    columns, rows = (np.arange(0, n + _STRIDE, _STRIDE) for n in (grid.columns, grid.rows))
    column, row = np.meshgrid(columns, rows)
    points = np.stack([column.ravel(), row.ravel()], axis=1).astype(np.float64)
    places = grid.to_working(moved_px(grid.to_frame(points)))
    coarse = places.reshape(len(rows), len(columns), 2).astype(np.float32)
    scale = np.array([[1 / _STRIDE, 0.0, 0.0], [0.0, 1 / _STRIDE, 0.0]])
    size = (grid.columns, grid.rows)
    fine: FloatImage = warped(coarse, scale, size, border=cv2.BORDER_REPLICATE)
    return fine


def _remap(image: FloatImage, places: FloatImage, border: int) -> FloatImage:
    remapped: FloatImage = sampled(image, places, border=border)
    return remapped
