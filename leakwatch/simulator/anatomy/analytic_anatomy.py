"""Analytic anatomy: a spine with its surroundings from formulas and a seed, without images."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from leakwatch.core.errors import ConfigError
from leakwatch.core.messages import text
from leakwatch.simulator.anatomy.anatomy import Anatomy, Label, Labels, anatomy_grid
from leakwatch.simulator.anatomy.carm import CArm
from leakwatch.simulator.anatomy.clutter import paint_surroundings
from leakwatch.simulator.anatomy.tissue import CORTEX, DISC, FAT, MARROW
from leakwatch.simulator.anatomy.vertebra_shape import (
    SIZES,
    Axes,
    VertebraSize,
    arch_distance,
    body_distance,
    canal_distance,
)
from leakwatch.simulator.anatomy.volume_painting import (
    Box,
    cover,
    is_empty,
    paint,
    posed_axes,
    smooth_field,
)
from leakwatch.simulator.anatomy.voxel_grid import Grid

Field = npt.NDArray[np.float64]

# Coarser along the beam of a lateral view, where a ray sums over the voxels anyway.
_SPACING_MM = (1.0, 0.8, 0.8)
_LOWER_MM, _UPPER_MM = (-176.0, -100.0, -96.0), (176.0, 136.0, 96.0)
_AROUND_VERTEBRA_MM = ((-46.0, -72.0, -42.0), (46.0, 30.0, 36.0))
_SPINE_REACH_MM = 100.0  # vertebrae whose centre lies farther off are not painted

_SHELL_MM = {"body": 0.42, "arch": 0.9}  # cortex: thin around the body, thicker around the arch
_SHELL_SHARE, _SHELL_LENGTH_MM = 0.4, (7.0, 7.0, 7.0)  # how much it varies, and over what length
# Surfaces are uneven: bumps of this height, mm, over this length; arches more so than bodies.
_BUMPS_MM, _BUMPS_LENGTH_MM = {"body": 0.45, "arch": 0.9}, (6.0, 5.0, 5.0)
_UNEVEN_DEG = 1.6
_TRABECULAE_MM = (1.0, 0.9, 1.4)  # drawn out along the load
_TRABECULAE_SHARE = 0.08  # standard deviation of the attenuation within spongy bone
_PATCHES_MM, _PATCHES_SHARE = (9.0, 3.5, 5.0), 0.07

# Degrees between neighbours: kyphosis of the thorax, lordosis of the loin.
_CURVE_DEG = {"T": -2.8, "L": 4.0}


@dataclass(frozen=True, slots=True)
class Posed:
    """A vertebra at its position.

    Parameters
    ----------
    name : str
    size : VertebraSize
    centre_mm : tuple of float
        Anterior and superior coordinate of the centre of its body.
    turn_deg : tuple of float
        About the anterior, the superior and the right-left axis; the last lifts its front.
    wedge : float
        Share of the height that its front has lost.
    """

    name: str
    size: VertebraSize
    centre_mm: tuple[float, float]
    turn_deg: tuple[float, float, float]
    wedge: float

    def axes(self, grid: Grid, box: Box) -> Axes:
        """Return coordinates of the voxels in `box`, in the axes of this vertebra."""
        lean, twist, pitch = (float(np.radians(angle)) for angle in self.turn_deg)
        turn = np.eye(3)
        for axis, angle in ((0, pitch), (1, lean), (2, twist)):
            turn = _rotation(axis, angle) @ turn
        return posed_axes(grid, box, np.array([0.0, *self.centre_mm]), turn)


def _rotation(axis: int, angle: float) -> Field:
    first, second = (axis + 1) % 3, (axis + 2) % 3
    turn = np.eye(3)
    turn[first, first] = turn[second, second] = np.cos(angle)
    turn[first, second], turn[second, first] = np.sin(angle), -np.sin(angle)
    return turn


def build_analytic_anatomy(
    level: str,
    seed: int,
    bone_density: float = 1.0,
    wedge: float = 0.0,
    carm: CArm | None = None,
) -> Anatomy:
    """Make a spine with its surroundings.

    Parameters
    ----------
    level : str
        Target, ``T7`` to ``L5``.
    seed : int
        Everything irregular follows from it.
    bone_density : float
        Of spongy bone, 1 for an osteoporotic patient at the age at which vertebrae break.
    wedge : float
        Share of the height that the front of the target has lost, 0 to 0.5.
    carm : CArm or None
        Only what this view shows is made; None: the whole trunk.

    Raises
    ------
    ConfigError
        No such level.
    """
    if level not in SIZES:
        raise ConfigError(
            text(
                "unknown level {level!r}. Choose one of {names}.",
                level=level,
                names=", ".join(SIZES),
            )
        )
    rng = np.random.default_rng([seed, 1])
    grid = anatomy_grid(_LOWER_MM, _UPPER_MM, _SPACING_MM, carm)
    spine = [_leaning(vertebra, rng) for vertebra in posed_spine(level, wedge)]
    volume = paint_surroundings(grid, level, rng)
    labels = np.zeros(grid.shape, np.uint8)
    for above, below in pairwise(spine):
        _paint_disc(volume, grid, above, below)
    for vertebra in spine:
        _paint_canal(volume, labels, grid, vertebra)
    for vertebra in spine:
        _paint_vertebra(volume, labels, grid, vertebra, vertebra.name == level, bone_density, rng)
    origin = f"analytic, level {level}, seed {seed}"
    return Anatomy(grid, volume.astype(np.float32), labels, level, origin)


def posed_spine(level: str, wedge: float = 0.0) -> list[Posed]:
    """Return the target and its neighbours from superior to inferior; the target is at 0."""
    names = list(SIZES)
    target = names.index(level)
    spine = [Posed(level, SIZES[level], (0.0, 0.0), (0.0, 0.0, 0.0), wedge)]
    for step in (-1, 1):  # upwards in the table, then downwards
        at = spine[0] if step < 0 else spine[-1]
        index = target
        while abs(at.centre_mm[1]) < _SPINE_REACH_MM:
            index += step
            at = _neighbour(at, step, names[min(max(index, 0), len(names) - 1)], index)
            spine = [at, *spine] if step < 0 else [*spine, at]
    return spine


def _neighbour(at: Posed, step: int, name: str, index: int) -> Posed:
    size = SIZES[name]
    disc = at.size.disc_mm if step < 0 else size.disc_mm
    apart = (at.size.height_mm + size.height_mm) / 2 + disc
    pitch = at.turn_deg[2] - step * _CURVE_DEG[name[0]]
    half_way = np.radians((at.turn_deg[2] + pitch) / 2)
    anterior = at.centre_mm[0] + step * apart * np.sin(half_way)
    superior = at.centre_mm[1] - step * apart * np.cos(half_way)
    return Posed(
        f"{name}#{index}", size, (float(anterior), float(superior)), (0.0, 0.0, pitch), 0.0
    )


def _leaning(vertebra: Posed, rng: np.random.Generator) -> Posed:
    """Return a neighbour with a small random rotation, as no spine is straight."""
    lean, twist = _UNEVEN_DEG * rng.standard_normal(2)
    if vertebra.centre_mm == (0.0, 0.0):
        return vertebra
    return replace(vertebra, turn_deg=(float(lean), float(twist), vertebra.turn_deg[2]))


def _around(grid: Grid, vertebra: Posed, margin_mm: float = 0.0) -> Box:
    lower, upper = np.array(_AROUND_VERTEBRA_MM)
    centre = np.array([0.0, *vertebra.centre_mm])
    return grid.box(lower + centre - margin_mm, upper + centre + margin_mm)


def _paint_disc(volume: Field, grid: Grid, above: Posed, below: Posed) -> None:
    """Paint a disc: the space below the superior body's outline, down to the next body."""
    box = _around(grid, below)
    right, anterior, superior = below.axes(grid, box)
    size = below.size
    level = superior - size.height_mm / 2
    radius = np.hypot(right / (size.width_mm / 2), anterior / (size.depth_mm / 2))
    side = (radius - 1.02) * size.depth_mm / 2
    height = np.maximum(-4.0 - level, level - above.size.disc_mm - 4.0)
    paint(volume, box, cover(np.maximum(side, height), grid), DISC)


def _paint_canal(volume: Field, labels: Labels, grid: Grid, vertebra: Posed) -> None:
    box = _around(grid, vertebra)
    axes = vertebra.axes(grid, box)
    reach = np.abs(axes[2]) - vertebra.size.height_mm / 2 - vertebra.size.disc_mm
    distance = np.maximum(canal_distance(axes, vertebra.size), reach)
    # Fat around the sac; the sac itself is water and cord, a little more than fat.
    paint(volume, box, cover(distance, grid), FAT)
    paint(volume, box, cover(distance + 2.0, grid), 1.09 * FAT)
    labels[box][distance < 0] = Label.CANAL


def _paint_vertebra(
    volume: Field,
    labels: Labels,
    grid: Grid,
    vertebra: Posed,
    is_target: bool,
    bone_density: float,
    rng: np.random.Generator,
) -> None:
    box = _around(grid, vertebra)
    if is_empty(box):
        return
    axes = vertebra.axes(grid, box)
    thoracic = vertebra.name.startswith("T")
    body = body_distance(_unwedged(axes, vertebra), vertebra.size)
    arch = np.maximum(arch_distance(axes, vertebra.size, thoracic), -body)
    part = grid.part(box)
    bumps = smooth_field(part, _BUMPS_LENGTH_MM, rng)
    arch, body = arch + _BUMPS_MM["arch"] * bumps, body + _BUMPS_MM["body"] * bumps
    thick = 1.0 + _SHELL_SHARE * np.tanh(smooth_field(part, _SHELL_LENGTH_MM, rng))
    spongy = MARROW * bone_density * _spongy_texture(part, rng)
    for distance, shell_mm in ((arch, _SHELL_MM["arch"]), (body, _SHELL_MM["body"])):
        paint(volume, box, cover(distance, grid), CORTEX)
        paint(volume, box, cover(distance + shell_mm * thick, grid), spongy)
    labels[box][arch < 0] = Label.ARCH if is_target else Label.OTHER_VERTEBRA
    labels[box][body < 0] = Label.BODY if is_target else Label.OTHER_VERTEBRA


def _unwedged(axes: Axes, vertebra: Posed) -> Axes:
    """Return the coordinates of a wedged body's voxels before its anterior part collapsed."""
    if vertebra.wedge == 0.0:
        return axes
    right, anterior, superior = axes
    size = vertebra.size
    frontness = np.clip(anterior / size.depth_mm + 0.5, 0.0, 1.0)
    half = size.height_mm / 2
    return right, anterior, (superior + half) / (1.0 - vertebra.wedge * frontness) - half


def _spongy_texture(grid: Grid, rng: np.random.Generator) -> Field:
    """Return a factor around 1 for trabeculae, and for denser or thinner regions of bone."""
    sigma = [
        length / step / 2 for length, step in zip(_TRABECULAE_MM, grid.spacing_mm, strict=True)
    ]
    fine = ndimage.gaussian_filter(rng.standard_normal(grid.shape), sigma)
    fine *= _TRABECULAE_SHARE / fine.std()
    texture: Field = 1.0 + fine + _PATCHES_SHARE * smooth_field(grid, _PATCHES_MM, rng)
    return texture
