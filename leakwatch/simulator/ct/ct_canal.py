"""Detection of the target's spinal canal, which its arch encloses."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from leakwatch.simulator.anatomy.anatomy import Label
from leakwatch.simulator.anatomy.voxel_grid import Grid

Mask = npt.NDArray[np.bool_]

_SHARE_OF_SLICES = 0.1
# Where an arch does not close in any slice (a coarse or partial mask), an ellipse stands for it:
# half width and depth, mm.
_USUAL_MM = (11.0, 8.0)


def find_canal(labels: npt.NDArray[np.uint8], grid: Grid) -> Mask:
    """Return the space enclosed by the target's arch, extended along the body and its discs.

    Parameters
    ----------
    labels : ndarray
        ``grid.shape``, with bodies and arches.
    grid : Grid

    Returns
    -------
    ndarray of bool
    """
    target = (labels == Label.BODY) | (labels == Label.ARCH)
    heights = np.flatnonzero((labels == Label.BODY).any(axis=(0, 1)))
    count = np.zeros(grid.shape[:2])
    for height in heights:
        section = target[:, :, height]
        count += ndimage.binary_fill_holes(section) & ~section
    holes = count > _SHARE_OF_SLICES * len(heights)
    body = np.argwhere(labels == Label.BODY)
    back = float(grid.axis_mm(1)[np.percentile(body[:, 1], 5).astype(int)])
    right, anterior, _ = grid.open_axes_mm()
    behind = (anterior[:, :, 0] < back) & (np.abs(right[:, :, 0]) < 2 * _USUAL_MM[0])
    holes &= behind
    if not holes.any():
        ellipse = np.hypot(
            right[:, :, 0] / _USUAL_MM[0],
            (anterior[:, :, 0] - back + _USUAL_MM[1]) / _USUAL_MM[1],
        )
        holes = ellipse < 1.0
    canal = np.zeros(grid.shape, bool)
    margin = int(8.0 / grid.spacing_mm[2])
    canal[:, :, max(heights[0] - margin, 0) : heights[-1] + margin + 1] = holes[:, :, None]
    return canal
