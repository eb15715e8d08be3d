"""Shape of a vertebra by formulas.

Distances are negative inside, in millimetres, and right near the surface only. Coordinates are the
vertebra's own: right, anterior, superior, from the centre of its body.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from leakwatch.simulator.anatomy.vertebra_sizes import VertebraSize

Field = npt.NDArray[np.float64]
Axes = tuple[Field, Field, Field]


_ROUNDING_MM = 1.6  # of the rims
_LAMINA_MM, _SPINOUS_MM, _FACET_MM = 6.0, 3.4, 5.2


def body_distance(axes: Axes, size: VertebraSize) -> Field:
    """Return the signed distance to the surface of the body."""
    right, anterior, superior = axes
    form = size.form
    superior = _without_front_loss(anterior, superior, size)
    level = np.clip(2.0 * superior / size.height_mm, -1.2, 1.2)
    waist = 1.0 - form.waist * (1.0 - level**2)
    half_width = size.width_mm / 2 * waist * (1.0 - form.width_taper * level)
    half_depth = size.depth_mm / 2 * waist * (1.0 - form.depth_taper * level)
    radius = _superellipse(right / half_width, anterior / half_depth, form.squareness)
    side = (radius - 1.0) * np.minimum(half_width, half_depth)
    hollow = form.back_hollow_mm * np.clip(1.0 - (right / (0.55 * half_width)) ** 2, 0.0, 1.0)
    side = _both(side, hollow - half_depth - anterior)
    sunk = form.endplate_hollow_mm * np.clip(1.0 - (radius / form.endplate_rim) ** 2, 0.0, 1.0)
    return _both(side, np.abs(superior) + sunk - size.height_mm / 2)


def _without_front_loss(anterior: Field, superior: Field, size: VertebraSize) -> Field:
    """Return the heights that voxels would have if the body were as high in front as behind."""
    loss = size.form.front_loss
    if loss == 0.0:
        return superior
    frontness = np.clip(anterior / size.depth_mm + 0.5, 0.0, 1.0)
    return superior / (1.0 - loss * frontness)


def canal_distance(axes: Axes, size: VertebraSize) -> Field:
    """Return the signed distance to the wall of the spinal canal, an infinite tube."""
    right, anterior, _ = axes
    half_width, half_depth = size.canal_width_mm / 2, size.canal_depth_mm / 2
    radius = np.hypot(right / half_width, (anterior - canal_centre_mm(size)) / half_depth)
    distance: Field = (radius - 1.0) * half_depth
    return distance


def canal_centre_mm(size: VertebraSize) -> float:
    """Return the anterior coordinate of the canal's axis."""
    return -size.depth_mm / 2 - size.canal_depth_mm / 2 + 0.5


def arch_distance(axes: Axes, size: VertebraSize, thoracic: bool) -> Field:
    """Return the signed distance to the surface of pedicles, laminae and processes."""
    right, anterior, superior = axes
    mirrored = (np.abs(right), anterior, superior)  # both sides at once
    parts = _pedicles(mirrored, size)
    parts = np.minimum(parts, _laminae(mirrored, size))
    parts = np.minimum(parts, _facets(mirrored, size))
    parts = np.minimum(parts, _transverse_processes(mirrored, size, thoracic))
    parts = np.minimum(parts, _spinous_process(mirrored, size, thoracic))
    return np.maximum(parts, -canal_distance(axes, size))


def pedicle_centre_mm(size: VertebraSize) -> tuple[float, float, float]:
    """Return the centre of the isthmus of the right pedicle."""
    return (
        size.canal_width_mm / 2 + size.pedicle_width_mm / 2 - 1.0,
        -size.depth_mm / 2 - 4.0,
        size.form.pedicle_rise * size.height_mm,
    )


def _pedicles(axes: Axes, size: VertebraSize) -> Field:
    centre = pedicle_centre_mm(size)
    half_width, half_height = size.pedicle_width_mm / 2, size.pedicle_height_mm / 2
    # From its isthmus a pedicle runs towards the midline, the more the lower the vertebra is.
    inward = np.tan(np.radians(size.form.pedicle_angle_deg)) * (axes[1] - centre[1])
    aside = axes[0] + inward - centre[0]
    across = np.hypot(aside / half_width, (axes[2] - centre[2]) / half_height)
    back = -size.depth_mm / 2
    along = np.maximum(axes[1] - (back + 5.0), back - 14.0 - axes[1])
    return _both((across - 1.0) * half_width, along)


def _laminae(axes: Axes, size: VertebraSize) -> Field:
    canal = canal_distance(axes, size)
    behind = axes[1] - canal_centre_mm(size)
    height = np.abs(axes[2] + 0.1 * size.height_mm) - 0.42 * size.height_mm
    return _both(np.maximum(canal - _LAMINA_MM, behind), height)


def _facets(axes: Axes, size: VertebraSize) -> Field:
    r, a = size.canal_width_mm / 2 + 3.0, canal_centre_mm(size) - 4.0
    reach = size.height_mm / 2 + 0.55 * size.disc_mm
    low, high = (r - 1.5, a - 4.0, -reach - 3.0), (r + 2.5, a + 0.5, reach + 2.0)
    return capsule_distance(axes, low, high, _FACET_MM)


def _transverse_processes(axes: Axes, size: VertebraSize, thoracic: bool) -> Field:
    root = (size.canal_width_mm / 2 + 4.0, canal_centre_mm(size) - 1.0, 0.15 * size.height_mm)
    if thoracic:
        return capsule_distance(axes, root, (31.0, root[1] - 14.0, root[2] + 3.0), 4.6)
    return capsule_distance(axes, root, (0.85 * size.width_mm, root[1] - 5.0, root[2] + 1.0), 3.4)


def _spinous_process(axes: Axes, size: VertebraSize, thoracic: bool) -> Field:
    start = canal_centre_mm(size) - size.canal_depth_mm / 2
    length, drop = (30.0, 0.9) if thoracic else (29.0, 0.22)
    behind = start - axes[1]
    along = np.maximum(behind - length, -behind - 3.0)
    centre = -0.15 * size.height_mm - drop * behind
    half_height = (4.5 if thoracic else 9.0) + 0.05 * behind
    section = np.maximum(np.abs(axes[0]) - _SPINOUS_MM, np.abs(axes[2] - centre) - half_height)
    return _both(section, along)


def capsule_distance(
    axes: Axes,
    start_mm: tuple[float, float, float],
    end_mm: tuple[float, float, float],
    radius_mm: float,
) -> Field:
    """Return the signed distance to a capsule."""
    start, end = np.array(start_mm), np.array(end_mm)
    along = end - start
    offset = [axis - place for axis, place in zip(axes, start, strict=True)]
    share = sum(part * direction for part, direction in zip(offset, along, strict=True))
    share = np.clip(share / float(along @ along), 0.0, 1.0)
    squared = sum(
        (part - share * direction) ** 2 for part, direction in zip(offset, along, strict=True)
    )
    distance: Field = np.sqrt(squared) - radius_mm
    return distance


def _superellipse(x: Field, y: Field, squareness: float) -> Field:
    radius: Field = (np.abs(x) ** squareness + np.abs(y) ** squareness) ** (1.0 / squareness)
    return radius


def _both(first: Field, second: Field) -> Field:
    """Return the smooth maximum of two distances: their intersection with a rounded edge."""
    blend = np.clip(_ROUNDING_MM - np.abs(first - second), 0.0, None)
    joined: Field = np.maximum(first, second) + blend**2 / (4.0 * _ROUNDING_MM)
    return joined
