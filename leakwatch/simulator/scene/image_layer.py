"""Base of the layers of an image: positions in mm around the target, and smooth noise."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from leakwatch.simulator.anatomy.carm import CArm

Image = npt.NDArray[np.float64]


def places_mm(carm: CArm, edge_mm: float) -> tuple[Image, Image]:
    """Return how far columns are from the target, and how far rows are above an edge, mm.

    Parameters
    ----------
    carm : CArm
        With the margin.
    edge_mm : float
        Of the edge above the target.

    Returns
    -------
    ndarray, ndarray
        ``(1, columns)`` and ``(rows, 1)``, with the margin.
    """
    columns, rows = carm.size_px
    target = carm.project_points(np.zeros((1, 3)))[0] + carm.margin_px
    across = (np.arange(columns)[None, :] - target[0]) * carm.mm_per_px
    above = (target[1] - np.arange(rows)[:, None]) * carm.mm_per_px - edge_mm
    return across, above


def smooth_noise(shape: tuple[int, int], sigma_px: float, rng: np.random.Generator) -> Image:
    """Return smooth noise of standard deviation 1."""
    noise = cv2.GaussianBlur(rng.standard_normal(shape), (0, 0), sigma_px)
    scaled: Image = noise / noise.std()
    return scaled
