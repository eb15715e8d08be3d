"""Analytic anatomy: a spine with its surroundings from formulas and a seed, without images."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from leakwatch.core.errors import ConfigError
from leakwatch.core.messages import text
from leakwatch.simulator.anatomy.anatomy import Anatomy, Label, Labels, anatomy_grid
from leakwatch.simulator.anatomy.carm import CArm
from leakwatch.simulator.anatomy.clutter import paint_surroundings
from leakwatch.simulator.anatomy.fracture import impaction, unbroken_axes
from leakwatch.simulator.anatomy.patient import Patient
from leakwatch.simulator.anatomy.spine import Posed, leaning, posed_spine
from leakwatch.simulator.anatomy.tissue import CORTEX, DISC, FAT
from leakwatch.simulator.anatomy.vertebra_shape import arch_distance, body_distance, canal_distance
from leakwatch.simulator.anatomy.vertebra_sizes import MEAN_SIZES
from leakwatch.simulator.anatomy.volume_painting import Box, cover, is_empty, paint, smooth_field
from leakwatch.simulator.anatomy.voxel_grid import Grid

Field = npt.NDArray[np.float64]

# Coarser along the beam of a lateral view, where a ray sums over the voxels anyway.
_SPACING_MM = (1.0, 0.8, 0.8)
_LOWER_MM, _UPPER_MM = (-176.0, -100.0, -96.0), (176.0, 136.0, 96.0)
_AROUND_VERTEBRA_MM = ((-46.0, -72.0, -42.0), (46.0, 30.0, 36.0))

_SHELL_MM = {"body": 0.42, "arch": 0.9}  # cortex: thin around the body, thicker around the arch
_SHELL_SHARE, _SHELL_LENGTH_MM = 0.4, (7.0, 7.0, 7.0)  # how much it varies, and over what length
# Surfaces are uneven: bumps of this height, mm, over this length; arches more so than bodies.
_BUMPS_MM, _BUMPS_LENGTH_MM = {"body": 0.45, "arch": 0.9}, (6.0, 5.0, 5.0)
_TRABECULAE_MM = (1.0, 0.9, 1.4)  # drawn out along the load
_TRABECULAE_SHARE = 0.08  # standard deviation of the attenuation within spongy bone
_PATCHES_MM, _PATCHES_SHARE = (9.0, 3.5, 5.0), 0.07


def build_analytic_anatomy(
    level: str,
    seed: int,
    patient: Patient | None = None,
    carm: CArm | None = None,
) -> Anatomy:
    """Make a spine with its surroundings.

    Parameters
    ----------
    level : str
        Target, ``T7`` to ``L5``.
    seed : int
        Everything irregular follows from it.
    patient : Patient or None
        None: of mean size, with nothing broken.
    carm : CArm or None
        Only what this view shows is made; None: the whole trunk.

    Raises
    ------
    ConfigError
        No such level.
    """
    if level not in MEAN_SIZES:
        raise ConfigError(
            text(
                "unknown level {level!r}. Choose one of {names}.",
                level=level,
                names=", ".join(MEAN_SIZES),
            )
        )
    rng = np.random.default_rng([seed, 1])
    grid = anatomy_grid(_LOWER_MM, _UPPER_MM, _SPACING_MM, carm)
    who = Patient() if patient is None else patient
    spine = [
        replace(leaning(vertebra, rng), fracture=who.fracture_of(vertebra.levels_above))
        for vertebra in posed_spine(level, who.sizes)
    ]
    volume = paint_surroundings(grid, level, rng)
    labels = np.zeros(grid.shape, np.uint8)
    for above, below in pairwise(spine):
        _paint_disc(volume, grid, above, below, _sunk_mm(above, below))
    for vertebra in spine:
        _paint_canal(volume, labels, grid, vertebra)
    for vertebra in spine:
        _paint_vertebra(volume, labels, grid, vertebra, who, rng)
    origin = f"analytic, level {level}, seed {seed}"
    attenuation = volume.astype(np.float32)
    return Anatomy(grid, attenuation, labels, level, origin, tuple(spine), who.is_individual)


def _around(grid: Grid, vertebra: Posed, margin_mm: float = 0.0) -> Box:
    lower, upper = np.array(_AROUND_VERTEBRA_MM)
    centre = np.array([0.0, *vertebra.centre_mm])
    return grid.box(lower + centre - margin_mm, upper + centre + margin_mm)


def _sunk_mm(above: Posed, below: Posed) -> float:
    """Return how far the endplates beside a disc have sunk at most, in a collapsed body."""
    losses = [
        (one.fracture.wedge + one.fracture.biconcave) * one.size.height_mm
        for one in (above, below)
        if one.fracture.impacted
    ]
    return max(losses, default=0.0)


def _paint_disc(volume: Field, grid: Grid, above: Posed, below: Posed, sunk_mm: float) -> None:
    """Paint a disc: the space below the superior body's outline, down to the next body."""
    box = _around(grid, below)
    right, anterior, superior = below.axes(grid, box)
    size = below.size
    level = superior - size.height_mm / 2
    radius = np.hypot(right / (size.width_mm / 2), anterior / (size.depth_mm / 2))
    side = (radius - 1.02) * size.depth_mm / 2
    spare = 4.0 + sunk_mm
    height = np.maximum(-spare - level, level - above.size.disc_mm - spare)
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
    patient: Patient,
    rng: np.random.Generator,
) -> None:
    box = _around(grid, vertebra)
    if is_empty(box):
        return
    axes, size, fracture = vertebra.axes(grid, box), vertebra.size, vertebra.fracture
    body = body_distance(unbroken_axes(axes, size, fracture), size)
    arch = np.maximum(arch_distance(axes, size, vertebra.is_thoracic), -body)
    part = grid.part(box)
    bumps = smooth_field(part, _BUMPS_LENGTH_MM, rng)
    arch, body = arch + _BUMPS_MM["arch"] * bumps, body + _BUMPS_MM["body"] * bumps
    thick = 1.0 + _SHELL_SHARE * np.tanh(smooth_field(part, _SHELL_LENGTH_MM, rng))
    spongy = patient.trabecular * _spongy_texture(part, rng) * impaction(axes, size, fracture)
    for distance, shell_mm in ((arch, _SHELL_MM["arch"]), (body, _SHELL_MM["body"])):
        paint(volume, box, cover(distance, grid), CORTEX)
        shell = shell_mm * patient.shell_factor * thick
        paint(volume, box, cover(distance + shell, grid), spongy)
    is_target = vertebra.levels_above == 0
    labels[box][arch < 0] = Label.ARCH if is_target else Label.OTHER_VERTEBRA
    labels[box][body < 0] = Label.BODY if is_target else Label.OTHER_VERTEBRA


def _spongy_texture(grid: Grid, rng: np.random.Generator) -> Field:
    """Return a factor around 1 for trabeculae, and for denser or thinner regions of bone."""
    sigma = [
        length / step / 2 for length, step in zip(_TRABECULAE_MM, grid.spacing_mm, strict=True)
    ]
    fine = ndimage.gaussian_filter(rng.standard_normal(grid.shape), sigma)
    fine *= _TRABECULAE_SHARE / fine.std()
    texture: Field = 1.0 + fine + _PATCHES_SHARE * smooth_field(grid, _PATCHES_MM, rng)
    return texture
