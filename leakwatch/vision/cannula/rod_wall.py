"""Walls of a cannula: attenuation beside its lumen, whatever the lumen contains."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from leakwatch.config import InstrumentSettings
from leakwatch.core.arrays import Array, BoolImage, FloatImage, read_only

# The lumen of a bone needle takes up 0.72 to 0.8 of its diameter: past 0.42 of the width at half of
# the profile's maximum most of what attenuates is wall, whatever the lumen holds.
_WALL = (0.42, 0.6)
_LEAST_WALL = 0.5  # of the least contrast of a rod: half of its maximum is where its width ends


@dataclass(frozen=True, slots=True)
class RodWall:
    """One wall of a rod, past its lumen.

    Parameters
    ----------
    rows : ndarray of bool
        Rows of a strip that lie on it.
    contrast : ndarray
        ``(n,)`` added attenuation there, at steps of a pixel from the front end.
    """

    rows: BoolImage
    contrast: FloatImage


def walls_of(
    above: FloatImage, profile: Array, width: float, box: int, settings: InstrumentSettings
) -> tuple[RodWall, ...]:
    """Return a rod's walls as they look in the baseline.

    Parameters
    ----------
    above : ndarray
        Strip along the rod, less what is beside it.
    profile : ndarray
        Across the axis, its maximum 1.
    width : float
        Full width at half of the profile's maximum, working pixels.
    box : int
        Steps along the axis over which the contrast is averaged.
    settings : InstrumentSettings
    """
    half = (len(profile) - 1) // 2
    across = np.arange(-half, half + 1)
    walls = []
    for side in (-across, across):
        rows = (side >= _WALL[0] * width) & (side <= _WALL[1] * width) & (profile > 0.0)
        if rows.any():
            contrast = cv2.blur(above[rows].mean(axis=0)[None], (box, 1))[0]
            if float(np.median(contrast)) >= _LEAST_WALL * settings.min_contrast:
                walls.append(RodWall(read_only(rows), read_only(contrast)))
    return tuple(walls)
