"""The shape of a vertebra by formulas, and its size by level.

Distances are negative inside, in millimetres, and right near the surface only. Coordinates are the
vertebra's own: right, anterior, superior, from the centre of its body.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Field = npt.NDArray[np.float64]
Axes = tuple[Field, Field, Field]


@dataclass(frozen=True, slots=True)
class VertebraSize:
    """Sizes in mm.

    Parameters
    ----------
    width_mm, depth_mm, height_mm : float
        Of the body.
    disc_mm : float
        Height of the disc above it.
    canal_width_mm, canal_depth_mm : float
    pedicle_width_mm, pedicle_height_mm : float
    """

    width_mm: float
    depth_mm: float
    height_mm: float
    disc_mm: float
    canal_width_mm: float
    canal_depth_mm: float
    pedicle_width_mm: float
    pedicle_height_mm: float


# Means of cadaver spines, rounded: Panjabi et al., doi:10.1097/00007632-199108000-00006 (thoracic)
# and doi:10.1097/00007632-199203000-00009 (lumbar). The detector has a table of its own: cases must
# not change with what it expects.
_DEPTH_AND_HEIGHT_MM = {
    "T7": (24.5, 18.0),
    "T8": (25.5, 18.7),
    "T9": (26.5, 19.3),
    "T10": (27.5, 20.2),
    "T11": (28.5, 21.3),
    "T12": (30.5, 22.7),
    "L1": (32.5, 24.5),
    "L2": (33.5, 25.5),
    "L3": (34.0, 26.0),
    "L4": (34.5, 26.0),
    "L5": (34.0, 26.0),
}
# Width, disc above, canal, pedicle: from the same spines. Discs: rounded from several series.
_OTHER_SIZES = {
    "T7": (28.0, 4.0, 16.5, 16.0, 5.0, 11.5),
    "T8": (29.5, 4.0, 16.5, 16.0, 5.0, 12.0),
    "T9": (31.0, 4.5, 16.5, 16.0, 5.5, 13.0),
    "T10": (33.0, 5.0, 16.5, 16.0, 6.0, 14.0),
    "T11": (36.0, 5.5, 17.5, 16.5, 7.5, 16.0),
    "T12": (39.0, 6.0, 20.0, 17.5, 7.5, 16.0),
    "L1": (41.5, 7.5, 22.5, 18.5, 8.0, 15.5),
    "L2": (43.5, 9.0, 22.5, 18.0, 8.3, 15.0),
    "L3": (45.5, 10.0, 23.5, 17.5, 10.0, 14.5),
    "L4": (48.0, 11.0, 24.5, 18.0, 13.0, 15.0),
    "L5": (49.5, 11.0, 26.0, 18.5, 17.0, 17.0),
}
SIZES: dict[str, VertebraSize] = {
    level: VertebraSize(width, *_DEPTH_AND_HEIGHT_MM[level], *others)
    for level, (width, *others) in _OTHER_SIZES.items()
}

# How hollow the body is: walls at mid-height, its back along and across, its endplates.
_WAIST, _BACK_HOLLOW_MM, _ENDPLATE_HOLLOW_MM = 0.09, 1.4, 1.8
_SQUARENESS = 2.7  # exponent of the superellipse of the cross section
_ROUNDING_MM = 1.6  # of the rims
_LAMINA_MM, _SPINOUS_MM, _FACET_MM = 6.0, 3.4, 5.2


def body_distance(axes: Axes, size: VertebraSize) -> Field:
    """Return the signed distance to the surface of the body."""
    right, anterior, superior = axes
    level = np.clip(2.0 * superior / size.height_mm, -1.2, 1.2)
    waist = 1.0 - _WAIST * (1.0 - level**2)
    half_width, half_depth = size.width_mm / 2 * waist, size.depth_mm / 2 * waist
    radius = _superellipse(right / half_width, anterior / half_depth)
    side = (radius - 1.0) * np.minimum(half_width, half_depth)
    hollow = _BACK_HOLLOW_MM * np.clip(1.0 - (right / (0.55 * half_width)) ** 2, 0.0, 1.0)
    side = _both(side, hollow - half_depth - anterior)
    sunk = _ENDPLATE_HOLLOW_MM * np.clip(1.0 - radius**2, 0.0, 1.0)
    return _both(side, np.abs(superior) + sunk - size.height_mm / 2)


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
        0.22 * size.height_mm,
    )


def _pedicles(axes: Axes, size: VertebraSize) -> Field:
    centre = pedicle_centre_mm(size)
    half_width, half_height = size.pedicle_width_mm / 2, size.pedicle_height_mm / 2
    across = np.hypot((axes[0] - centre[0]) / half_width, (axes[2] - centre[2]) / half_height)
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


def _superellipse(x: Field, y: Field) -> Field:
    radius: Field = (np.abs(x) ** _SQUARENESS + np.abs(y) ** _SQUARENESS) ** (1.0 / _SQUARENESS)
    return radius


def _both(first: Field, second: Field) -> Field:
    """Return the smooth maximum of two distances: their intersection with a rounded edge."""
    blend = np.clip(_ROUNDING_MM - np.abs(first - second), 0.0, None)
    joined: Field = np.maximum(first, second) + blend**2 / (4.0 * _ROUNDING_MM)
    return joined
