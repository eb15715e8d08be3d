"""Surroundings of the spine: trunk, lungs, ribs, bowel gas, pelvis, vessels."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from leakwatch.simulator.anatomy.tissue import CORTEX, FAT, GAS, LUNG, MARROW, ORGAN
from leakwatch.simulator.anatomy.vertebra_shape import capsule_distance
from leakwatch.simulator.anatomy.vertebra_sizes import MEAN_SIZES
from leakwatch.simulator.anatomy.volume_painting import (
    axes_in,
    cover,
    is_empty,
    paint,
    smooth_field,
)
from leakwatch.simulator.anatomy.voxel_grid import Grid

Field = npt.NDArray[np.float64]
Place = tuple[float, float, float]

# Half widths of the trunk and its centre, mm; the spine lies in its back third.
_TRUNK_MM, _TRUNK_CENTRE_MM, _SKIN_FAT_MM = (160.0, 114.0), 20.0, 14.0
_MUSCLE_MM = (74.0, 34.0)  # half widths of the muscles beside the processes
_RIB_RADIUS_MM, _RIB_SHELL_MM = 4.4, 0.6


def paint_surroundings(grid: Grid, level: str, rng: np.random.Generator) -> Field:
    """Return a volume with everything except the spine.

    Parameters
    ----------
    grid : Grid
    level : str
        Of the vertebra at the origin: it decides whether lung or bowel is in front of it.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray
        ``grid.shape``, float64, attenuation in 1/mm.
    """
    whole = grid.box(np.full(3, -1e6), np.full(3, 1e6))
    trunk = _trunk_distance(grid)
    lumps = smooth_field(grid, (14.0, 12.0, 14.0), rng)
    lumps += 0.8 * smooth_field(grid, (20.0, 5.0, 6.0), rng)
    volume = np.zeros(grid.shape)
    paint(volume, whole, cover(trunk, grid), FAT)
    paint(volume, whole, cover(trunk + _SKIN_FAT_MM, grid), ORGAN * (1.0 + 0.022 * lumps))
    _paint_muscles(volume, grid, rng)
    if level.startswith("T") and level != "T12":
        _paint_lungs(volume, grid, level, lumps, rng)
        _paint_ribs(volume, grid, level, rng)
    else:
        _paint_bowel(volume, grid, rng)
        if level in ("L4", "L5"):
            _paint_iliac_bones(volume, grid, level)
    _paint_aorta(volume, grid, rng)
    return volume


def _trunk_distance(grid: Grid) -> Field:
    right, anterior, _ = grid.open_axes_mm()
    x, y = right / _TRUNK_MM[0], (anterior - _TRUNK_CENTRE_MM) / _TRUNK_MM[1]
    radius = (np.abs(x) ** 2.8 + np.abs(y) ** 2.8) ** (1 / 2.8)
    distance: Field = np.broadcast_to((radius - 1.0) * _TRUNK_MM[1], grid.shape)
    return distance


def _paint_muscles(volume: Field, grid: Grid, rng: np.random.Generator) -> None:
    """Paint the long muscles of the back, with strands of fat along the spine."""
    box = grid.box(np.array([-90.0, -88.0, -1e6]), np.array([90.0, -14.0, 1e6]))
    right, anterior, _ = axes_in(grid, box)
    section = np.hypot((np.abs(right) - 36.0) / 40.0, (anterior + 46.0) / _MUSCLE_MM[1])
    streaks = smooth_field(grid.part(box), (3.0, 3.0, 22.0), rng)
    marbled = ORGAN * (1.0 + 0.02 * streaks - 0.05 * (streaks > 1.1))
    paint(volume, box, cover((section - 1.0) * 30.0, grid), marbled)


def _paint_lungs(
    volume: Field, grid: Grid, level: str, lumps: Field, rng: np.random.Generator
) -> None:
    """Paint two lungs down to the dome of the diaphragm, with their vessels."""
    right, anterior, superior = grid.open_axes_mm()
    chest = np.hypot((np.abs(right) - 74.0) / 62.0, (anterior - 14.0) / 92.0)
    # The mediastinum: heart and vessels leave a gap in front of the spine, wider to the front.
    gap = 19.0 + 0.22 * np.clip(anterior + 10.0, 0.0, None) + 3.0 * lumps
    side = np.maximum((chest - 1.0) * 60.0, gap - np.abs(right))
    lowest = {"T7": -150.0, "T8": -120.0, "T9": -78.0, "T10": -54.0, "T11": -34.0}[level]
    dome = lowest + 0.62 * (anterior + 50.0) - 0.0035 * (anterior - 40.0) ** 2
    dome = dome - 0.006 * (np.abs(right) - 70.0) ** 2
    distance = np.maximum(side, dome - superior)
    vessels = smooth_field(grid, (5.0, 5.0, 6.0), rng)
    filled = LUNG * (1.0 + 0.10 * lumps + 1.3 * np.clip(np.abs(vessels) - 1.6, 0.0, 1.0))
    whole = grid.box(np.full(3, -1e6), np.full(3, 1e6))
    paint(volume, whole, cover(distance, grid), filled)


def _paint_ribs(volume: Field, grid: Grid, level: str, rng: np.random.Generator) -> None:
    names = list(MEAN_SIZES)
    apart = MEAN_SIZES[level].height_mm + MEAN_SIZES[level].disc_mm
    for number in range(-5, 7):
        size = MEAN_SIZES[names[min(max(names.index(level) + number, 0), 5)]]
        top = -number * apart + 4.0
        for side in (-1.0, 1.0):
            drift = rng.uniform(-2.0, 2.0, size=2)
            _paint_tube(volume, grid, _rib(side, top + drift[0], size.depth_mm, drift[1]))


def _rib(side: float, top_mm: float, depth_mm: float, drift_mm: float) -> list[Place]:
    """Return points along a rib, from its head beside the body to the anterior chest wall."""
    back = -depth_mm / 2
    path = [
        (18.0, back - 2.0, 0.0),
        (36.0, back - 22.0, -4.0),
        (66.0, back - 40.0, -9.0),
        (100.0, back - 33.0, -18.0),
        (126.0, back - 4.0, -30.0),
        (140.0, 26.0, -44.0),
        (136.0, 60.0, -58.0),
        (116.0, 92.0, -70.0),
    ]
    return [(side * r, a + drift_mm, s + top_mm) for r, a, s in path]


def _paint_tube(volume: Field, grid: Grid, path: list[Place]) -> None:
    for start, end in pairwise(path):
        ends = np.array([start, end])
        box = grid.box(ends.min(axis=0) - 6.0, ends.max(axis=0) + 6.0)
        if is_empty(box):
            continue
        distance = capsule_distance(axes_in(grid, box), start, end, _RIB_RADIUS_MM)
        paint(volume, box, cover(distance, grid), CORTEX)
        paint(volume, box, cover(distance + _RIB_SHELL_MM, grid), 1.15 * MARROW)


def _paint_bowel(volume: Field, grid: Grid, rng: np.random.Generator) -> None:
    """Paint bowel loops with fat between them, and bubbles of gas in some."""
    box = grid.box(np.array([-130.0, 22.0, -1e6]), np.array([130.0, 1e6, 1e6]))
    loops = smooth_field(grid.part(box), (11.0, 11.0, 11.0), rng)
    fatty = np.clip(loops - 0.5, 0.0, 1.0)
    part = volume[box]
    paint(volume, box, np.where(part > FAT, fatty, 0.0), FAT)
    for _ in range(int(rng.integers(7, 13))):
        centre = rng.uniform((-95.0, 38.0, -85.0), (95.0, 112.0, 85.0))
        half = rng.uniform((8.0, 5.0, 5.0), (24.0, 13.0, 14.0))
        bubble = grid.box(centre - half - 2, centre + half + 2)
        if is_empty(bubble):
            continue
        axes = axes_in(grid, bubble)
        radius = np.sqrt(
            sum(((x - c) / h) ** 2 for x, c, h in zip(axes, centre, half, strict=True))
        )
        ragged = (radius - 1.0) * half.min() + 0.8 * smooth_field(grid.part(bubble), (5, 5, 5), rng)
        paint(volume, bubble, cover(ragged, grid), GAS)


def _paint_iliac_bones(volume: Field, grid: Grid, level: str) -> None:
    """Paint the iliac crests, which overlap L4 and L5 in a lateral view."""
    crest = -14.0 if level == "L4" else 16.0
    box = grid.box(np.array([-140.0, -60.0, -1e6]), np.array([140.0, 70.0, crest + 4.0]))
    right, anterior, superior = axes_in(grid, box)
    top = crest - 0.012 * (anterior - 8.0) ** 2
    sheet = np.abs(np.abs(right) - 66.0 - 0.34 * (superior + 90.0) - 0.25 * anterior) - 4.5
    distance = np.maximum(sheet, superior - top)
    paint(volume, box, cover(distance, grid), CORTEX)
    paint(volume, box, cover(distance + 1.4, grid), 1.2 * MARROW)


def _paint_aorta(volume: Field, grid: Grid, rng: np.random.Generator) -> None:
    """Paint the aorta with blood and calcified plaques, usual at the age of fractures."""
    box = grid.box(np.array([-34.0, 6.0, -1e6]), np.array([6.0, 52.0, 1e6]))
    right, anterior, superior = axes_in(grid, box)
    bend = 2.5 * np.sin(superior / 31.0 + rng.uniform(0.0, 6.0))
    wall = np.hypot(right + 14.0 + bend, anterior - 30.0) - 10.0
    paint(volume, box, cover(wall, grid), ORGAN)
    chalk = smooth_field(grid.part(box), (5.0, 4.0, 6.0), rng) > 1.7
    paint(volume, box, cover(np.abs(wall) - 0.5, grid) * chalk, 0.8 * CORTEX)
