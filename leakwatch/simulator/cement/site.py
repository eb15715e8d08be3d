"""Vertebral body for the cement flow: a fine grid with capacity and resistance."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from leakwatch.core.geometry import signed_distance
from leakwatch.simulator.anatomy.anatomy import Anatomy, Label
from leakwatch.simulator.anatomy.landmarks import Landmarks
from leakwatch.simulator.anatomy.volume_painting import smooth_field
from leakwatch.simulator.anatomy.voxel_grid import Grid
from leakwatch.simulator.cement.cement_flow import BoneResistance

Field = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

_SPACING_MM = (0.5, 0.5, 0.5)
# Beyond the body on each side: veins, the canal and the discs.
_MARGIN_MM = np.array([[14.0, 26.0, 30.0], [14.0, 34.0, 30.0]])
_CORTEX_MM = 1.0  # cement stays this far inside the surface, unless a leak lets it out
_PORE_SHARE = 0.85  # of spongy bone is marrow, which cement replaces
# Lengths over which bone is harder or softer to fill, and their parts of the variance.
_ROUGHNESS_MM = ((0.9, 0.55), (2.6, 0.45))
# Of cement as it looks in trabecular bone: pores that take more or less of it, over these lengths
# with these parts of the variance, between these shares; and regions that fill as lobes.
_MOTTLES_MM = ((1.2, 0.5), (3.0, 0.5))
_LEAST_PORE_SHARE, _GREATEST_PORE_SHARE = 0.06, 0.97
_LOBE_MM = 6.0
_BARRIER_MM = 2.0  # over which resistance climbs towards the limit behind the cement


@dataclass(frozen=True, slots=True)
class Site:
    """Target body on the cement's grid.

    Parameters
    ----------
    grid : Grid
    depth_mm : ndarray
        ``grid.shape``, distance inside the surface of the body; negative outside.
    before_wall_mm : ndarray
        ``grid.shape``, signed distance in front of the posterior wall, drawn out to both sides.
    bone : ndarray of bool
        Any vertebra, the target included.
    canal : ndarray of bool
    """

    grid: Grid
    depth_mm: Field
    before_wall_mm: Field
    bone: Mask
    canal: Mask


def make_site(anatomy: Anatomy, landmarks: Landmarks) -> Site:
    """Resample the target's labels to the grid of the cement."""
    lower, upper = landmarks.lower_mm - _MARGIN_MM[0], landmarks.upper_mm + _MARGIN_MM[1]
    grid = Grid.covering(lower, upper, _SPACING_MM)
    body = _resampled(anatomy, [Label.BODY], grid) > 0.5
    bone = _resampled(anatomy, [Label.BODY, Label.ARCH, Label.OTHER_VERTEBRA], grid) > 0.5
    canal = _resampled(anatomy, [Label.CANAL], grid) > 0.5
    inside = ndimage.distance_transform_edt(body, sampling=grid.spacing_mm)
    outside = ndimage.distance_transform_edt(~body, sampling=grid.spacing_mm)
    before = _before_wall(grid, landmarks)
    return Site(grid, inside - outside, np.broadcast_to(before, grid.shape), bone, canal & ~bone)


def _before_wall(grid: Grid, landmarks: Landmarks) -> Field:
    """Return the signed distance to the wall in each sagittal plane, as in a lateral view."""
    anterior, superior = np.meshgrid(grid.axis_mm(1), grid.axis_mm(2), indexing="ij")
    points = np.stack([anterior.ravel(), superior.ravel()], axis=1)
    front = (landmarks.lower_mm + landmarks.upper_mm) / 2
    inside = (float(front[1]), float(front[2]))
    distance = signed_distance(points, landmarks.wall_mm[:, 1:], inside)
    return distance.reshape(1, *anterior.shape)


def _resampled(anatomy: Anatomy, labels: list[Label], grid: Grid) -> Field:
    """Return the share of labels around each voxel of another grid, smoothed by old voxels."""
    lower, upper = grid.to_mm(np.zeros(3)), grid.to_mm(np.array(grid.shape))
    box = anatomy.grid.box(lower - 3.0, upper + 3.0)
    share = ndimage.gaussian_filter(np.isin(anatomy.labels[box], labels).astype(np.float32), 0.6)
    part = anatomy.grid.part(box)
    scale = np.array(grid.spacing_mm) / np.array(part.spacing_mm)
    resampled: Field = ndimage.affine_transform(
        share, scale, part.to_index(np.array(grid.origin_mm)), grid.shape, order=1, mode="nearest"
    )
    return resampled


def make_bone_resistance(
    site: Site, nearest_to_wall_mm: float, backward_bias: float, rng: np.random.Generator
) -> BoneResistance:
    """Return pore volume and resistance of the body.

    Parameters
    ----------
    site : Site
    nearest_to_wall_mm : float
        How near cement in the body may come to the posterior wall.
    backward_bias : float
        How much easier it is to go back than to go on, per 10 mm.
    rng : numpy.random.Generator
    """
    grid = site.grid
    roughness = np.zeros(grid.shape)
    for length, share in _ROUGHNESS_MM:
        roughness += np.sqrt(share) * smooth_field(grid, (length,) * 3, rng)
    short = np.clip((nearest_to_wall_mm + _BARRIER_MM - site.before_wall_mm) / _BARRIER_MM, 0, 1)
    cost = np.exp(3.0 * short**2 + backward_bias * site.before_wall_mm / 10.0)
    open_to_cement = (site.depth_mm > _CORTEX_MM) & (site.before_wall_mm > nearest_to_wall_mm)
    return BoneResistance(
        grid,
        roughness,
        np.where(open_to_cement, cost, np.inf),
        np.where(open_to_cement, _PORE_SHARE, 0.0),
    )


def make_uneven(
    resistance: BoneResistance, mottling: float, lobes: float, rng: np.random.Generator
) -> BoneResistance:
    """Return bone whose pores take cement unevenly, and which fills in lobes.

    Parameters
    ----------
    resistance : BoneResistance
    mottling : float
        Standard deviation of the logarithm of what pores take.
    lobes : float
        Roughness of regions, against that of single voxels.
    rng : numpy.random.Generator
    """
    grid = resistance.grid
    patches = np.zeros(grid.shape)
    for length, share in _MOTTLES_MM:
        patches += np.sqrt(share) * smooth_field(grid, (length,) * 3, rng)
    uneven = resistance.pore * np.exp(mottling * patches - mottling**2 / 2.0)
    held = np.clip(uneven, _LEAST_PORE_SHARE, _GREATEST_PORE_SHARE)
    regions = smooth_field(grid, (_LOBE_MM,) * 3, rng)
    return replace(
        resistance,
        roughness=resistance.roughness + lobes * regions,
        pore=np.where(resistance.pore > 0.0, held, 0.0),
    )
