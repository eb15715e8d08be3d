"""Projection of solid cylinders, exact but for the size of a pixel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from leakwatch.simulator.anatomy.carm import CArm, Image
from leakwatch.simulator.anatomy.voxel_grid import Points3

_FINER = 3  # rays along each side of a pixel
_PARALLEL = 1e-9  # to a face


@dataclass(frozen=True, slots=True)
class SolidCylinder:
    """A cylinder between two points.

    Parameters
    ----------
    start_mm, end_mm : ndarray
        ``(3,)``, centres of its faces.
    radius_mm : float
    """

    start_mm: Points3
    end_mm: Points3
    radius_mm: float


def add_cylinder(image: Image, cylinder: SolidCylinder, carm: CArm) -> None:
    """Add the length of each ray inside a cylinder, mm, to an image with the margin, in place."""
    rows, columns = _seen(cylinder, carm)
    part = image[rows, columns]
    if part.size == 0:
        return
    row, column = np.meshgrid(
        np.arange(rows.start, rows.stop), np.arange(columns.start, columns.stop), indexing="ij"
    )
    offsets = (np.arange(_FINER) + 0.5) / _FINER - 0.5
    for across in offsets:
        for down in offsets:
            part += _length_mm(cylinder, carm, column + across, row + down) / _FINER**2


def _seen(cylinder: SolidCylinder, carm: CArm) -> tuple[slice, slice]:
    """Return rows and columns around the picture of a cylinder, with the margin."""
    ends = carm.project_points(np.stack([cylinder.start_mm, cylinder.end_mm])) + carm.margin_px
    reach = 2.0 * cylinder.radius_mm / carm.mm_per_px + 2.0  # nearer the source all is larger
    low = np.floor(ends.min(axis=0) - reach).astype(int)
    high = np.ceil(ends.max(axis=0) + reach).astype(int)
    columns, rows = carm.size_px
    (left, top), (right, bottom) = np.maximum(low, 0), np.minimum(high, [columns, rows])
    return slice(int(top), max(int(bottom), int(top))), slice(int(left), max(int(right), int(left)))


def _length_mm(cylinder: SolidCylinder, carm: CArm, column: Image, row: Image) -> Image:
    start, step_column, step_row = carm.rays()
    ray = start + column[..., None] * step_column + row[..., None] * step_row
    ray = ray / np.linalg.norm(ray, axis=-1, keepdims=True)
    axis = cylinder.end_mm - cylinder.start_mm
    length = float(np.linalg.norm(axis))
    axis = axis / length
    away = carm.source_mm - cylinder.start_mm
    along, ahead = ray @ axis, float(away @ axis)
    ray_across = ray - along[..., None] * axis
    away_across = away - ahead * axis
    square = np.maximum((ray_across**2).sum(axis=-1), 1e-12)
    middle = -(ray_across @ away_across) / square
    rest = middle**2 - (float(away_across @ away_across) - cylinder.radius_mm**2) / square
    half = np.sqrt(np.maximum(rest, 0.0))
    along = np.where(np.abs(along) < _PARALLEL, _PARALLEL, along)
    faces = np.sort(np.stack([-ahead / along, (length - ahead) / along]), axis=0)
    inside: Image = np.minimum(middle + half, faces[1]) - np.maximum(middle - half, faces[0])
    return np.maximum(inside, 0.0)
