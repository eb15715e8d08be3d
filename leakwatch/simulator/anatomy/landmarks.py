"""Landmarks of the target vertebra by its labels: posterior wall, pedicles, endplates.

Labels may come from formulas or from a CT: nothing here knows which.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from scipy import ndimage

from leakwatch.core.arrays import PointArray, read_only
from leakwatch.core.errors import ConfigError
from leakwatch.core.messages import text
from leakwatch.simulator.anatomy.anatomy import Anatomy, Label
from leakwatch.simulator.anatomy.carm import CArm, project
from leakwatch.simulator.anatomy.voxel_grid import Points3

Field = npt.NDArray[np.float64]

_MIDSAGITTAL_MM = 3.0  # half width of the slab that the wall is found in
_RIM_MM = 1.5  # rounded rims at both ends of the wall are left out
_FORAMEN_MM = 7.0  # height of the basivertebral foramen: the wall is carried across it
_WALL_POINTS = 9
_STEEP = 1.0  # mm forward for each mm up: beyond, it is an endplate and no wall
_PEDICLE_MM = (4.0, 26.0)  # least and greatest distance from the midline
_BEHIND_WALL_MM = (1.0, 9.0)  # where pedicles are looked for
_OUTLINE_MM = 3.0  # a ray that meets less bone than this passes beside the body


@dataclass(frozen=True, slots=True)
class Landmarks:
    """Landmarks of the target, patient millimetres (RAS).

    Parameters
    ----------
    wall_mm : ndarray
        ``(n, 3)``, posterior wall in the midsagittal plane, from the lower rim to the upper one.
    lower_mm, upper_mm : ndarray
        ``(3,)``, corners of the box around the body.
    pedicles_mm : tuple of ndarray
        Centres of the right and of the left pedicle, ``(3,)`` each.
    """

    wall_mm: Points3
    lower_mm: Points3
    upper_mm: Points3
    pedicles_mm: tuple[Points3, Points3]

    @property
    def size_mm(self) -> Points3:
        """Width, depth and height of the box around the body, ``(3,)``."""
        size: Points3 = self.upper_mm - self.lower_mm
        return size

    def wall_anterior_mm(self, superior_mm: Field) -> Field:
        """Return the anterior coordinate of the wall at heights, constant beyond its ends."""
        heights, at = self.wall_mm[:, 2], self.wall_mm[:, 1]
        anterior: Field = np.interp(superior_mm, heights, at)
        return anterior


def find_landmarks(anatomy: Anatomy) -> Landmarks:
    """Find the landmarks of the target vertebra.

    Raises
    ------
    ConfigError
        The labels hold no body, or one that is cut off.
    """
    body = anatomy.labels == Label.BODY
    if not body.any():
        raise ConfigError(
            text(
                "{level}: the labels contain no vertebral body. Choose another level.",
                level=anatomy.level,
            )
        )
    places = np.argwhere(body)
    lower = anatomy.grid.to_mm(places.min(axis=0) - 0.5)
    upper = anatomy.grid.to_mm(places.max(axis=0) + 0.5)
    wall = _posterior_wall(anatomy, body, lower, upper)
    pedicles = tuple(_pedicle(anatomy, wall, lower, upper, side) for side in (1.0, -1.0))
    return Landmarks(
        read_only(wall), read_only(lower), read_only(upper), (pedicles[0], pedicles[1])
    )


def _posterior_wall(
    anatomy: Anatomy, body: npt.NDArray[np.bool_], lower: Points3, upper: Points3
) -> Points3:
    grid = anatomy.grid
    right = grid.axis_mm(0)
    slab = body[np.abs(right) <= _MIDSAGITTAL_MM].mean(axis=0)  # (anterior, superior)
    heights, edges = [], []
    for index, height in enumerate(grid.axis_mm(2)):
        column = slab[:, index]
        if column.max() >= 0.5 and lower[2] + _RIM_MM <= height <= upper[2] - _RIM_MM:
            heights.append(float(height))
            edges.append(_first_rise(column, grid.axis_mm(1)))
    size = max(1, round(_FORAMEN_MM / grid.spacing_mm[2])) | 1
    if len(heights) < size:
        raise ConfigError(
            text(
                "{level}: the midsagittal plane crosses the body in {found} rows of voxels, but "
                "at least {size} are needed. Check whether the body is cut off, or the mask too "
                "coarse.",
                level=anatomy.level,
                found=len(heights),
                size=size,
            )
        )
    steep = np.abs(np.gradient(np.array(edges), np.array(heights))) > _STEEP
    first, last = _wall_rows(steep)
    if anatomy.trims_endplates:
        heights, edges = heights[first : last + 1], edges[first : last + 1]
        first, last = 0, len(heights) - 1
    smooth = ndimage.median_filter(np.array(edges), size=size, mode="nearest")
    smooth = ndimage.gaussian_filter1d(smooth, 1.0 / grid.spacing_mm[2], mode="nearest")
    at = np.linspace(heights[first], heights[last], _WALL_POINTS)
    return np.stack([np.zeros(_WALL_POINTS), np.interp(at, heights, smooth), at], axis=1)


def _wall_rows(steep: npt.NDArray[np.bool_]) -> tuple[int, int]:
    """Return the first and last row of the wall; steep rows in the outer fifths are endplates."""
    count = len(steep)
    low, high = np.flatnonzero(steep[: count // 5 + 1]), np.flatnonzero(steep[-(count // 5 + 1) :])
    first = int(low[-1]) + 1 if len(low) else 0
    last = count - (count // 5 + 1) + int(high[0]) - 1 if len(high) else count - 1
    return first, last


def _first_rise(column: Field, at_mm: Field) -> float:
    """Return the most posterior position at which the share of body rises through one half."""
    first = int(np.argmax(column >= 0.5))
    if first == 0:
        return float(at_mm[0])
    below, above = column[first - 1], column[first]
    return float(np.interp(0.5, [below, above], [at_mm[first - 1], at_mm[first]]))


def _pedicle(
    anatomy: Anatomy, wall: Points3, lower: Points3, upper: Points3, side: float
) -> Points3:
    grid = anatomy.grid
    back = float(wall[:, 1].mean())
    reach = (back - _BEHIND_WALL_MM[1], back - _BEHIND_WALL_MM[0])
    inner, outer = sorted((side * _PEDICLE_MM[0], side * _PEDICLE_MM[1]))
    box = grid.box(
        np.array([inner, reach[0], lower[2] - 5.0]), np.array([outer, reach[1], upper[2] + 5.0])
    )
    places = np.argwhere(anatomy.labels[box] == Label.ARCH)
    if len(places) == 0:
        # A mask without an arch: half way out and a little above the middle, as in most spines.
        width, height = float((upper - lower)[0]), float((upper - lower)[2])
        return np.array([side * 0.32 * width, back - 5.0, lower[2] + 0.68 * height])
    centre: Points3 = grid.part(box).to_mm(places.mean(axis=0))
    return centre


def body_outline_px(anatomy: Anatomy, carm: CArm) -> PointArray:
    """Return the silhouette of the target's body in an image, a polygon ``(n, 2)``."""
    body = (anatomy.labels == Label.BODY).astype(np.float32)
    seen = (project(body, anatomy.grid, carm) > _OUTLINE_MM).astype(np.uint8)
    contours, _ = cv2.findContours(seen, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    largest = max(contours, key=cv2.contourArea)
    polygon = cv2.approxPolyDP(largest, 1.0, True)[:, 0, :].astype(np.float64)
    outline: PointArray = polygon - carm.margin_px
    return outline
