"""The picture as it would be seen without the distortion of an image intensifier."""

from __future__ import annotations

import cv2
import numpy as np

from leakwatch.distortion import shown_px, true_px
from leakwatch.geometry import WorkingGrid
from leakwatch.model import Array, BoolImage, Distortion, FloatImage, read_only


def straightening_map(distortion: Distortion | None, grid: WorkingGrid) -> FloatImage | None:
    """Where each pixel of the true picture is taken from; made once a run.

    Returns
    -------
    ndarray or None
        ``(rows, columns, 2)``, float32, places on the working grid; None without a distortion.
    """
    if distortion is None:
        return None
    places = grid.to_working(shown_px(distortion, grid.to_frame(_places(grid))))
    return read_only(places.reshape(grid.rows, grid.columns, 2).astype(np.float32))


def straightened(
    attenuation: FloatImage, exposed: BoolImage, places: FloatImage | None
) -> tuple[FloatImage, BoolImage]:
    """Log attenuation and exposed field without the distortion.

    A pixel counts as exposed only where all that it is mixed from is.
    """
    if places is None:
        return attenuation, exposed
    true = _remapped(attenuation, places, cv2.BORDER_REPLICATE)
    share = _remapped(exposed.astype(np.float32), places, cv2.BORDER_CONSTANT)
    return true, share > np.float32(0.99)


def straightened_mask(mask: BoolImage | None, places: FloatImage | None) -> BoolImage | None:
    """Pixels of the true picture that are mixed from any of `mask`, read-only."""
    if mask is None or places is None:
        return mask
    share = _remapped(mask.astype(np.float32), places, cv2.BORDER_CONSTANT)
    return read_only(share > np.float32(0.01))


def bent(image: FloatImage, distortion: Distortion | None, grid: WorkingGrid) -> FloatImage:
    """A picture of the true anatomy as the frames show it: the inverse of `straightened`."""
    if distortion is None:
        return image
    places = grid.to_working(true_px(distortion, grid.to_frame(_places(grid))))
    maps = places.reshape(grid.rows, grid.columns, 2).astype(np.float32)
    return _remapped(image, maps, cv2.BORDER_REPLICATE)


def _places(grid: WorkingGrid) -> Array:
    column, row = np.meshgrid(np.arange(grid.columns), np.arange(grid.rows))
    return np.stack([column.ravel(), row.ravel()], axis=1).astype(np.float64)


def _remapped(image: FloatImage, places: FloatImage, border: int) -> FloatImage:
    remapped: FloatImage = cv2.remap(image, places, None, cv2.INTER_LINEAR, borderMode=border)
    return remapped
