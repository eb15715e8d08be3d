"""Anatomy from a CT and a mask of its vertebrae, in the axes of the target vertebra."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from leakwatch.core.errors import ConfigError
from leakwatch.core.messages import text
from leakwatch.simulator.anatomy.anatomy import Anatomy, Label, anatomy_grid
from leakwatch.simulator.anatomy.carm import CArm
from leakwatch.simulator.anatomy.tissue import GAS, ORGAN, WATER
from leakwatch.simulator.anatomy.volume_painting import smooth_field
from leakwatch.simulator.anatomy.voxel_grid import Grid
from leakwatch.simulator.ct.ct_canal import find_canal
from leakwatch.simulator.ct.ct_field import CtField, Places, field_of
from leakwatch.simulator.ct.ct_scan import Scan, load_scan
from leakwatch.simulator.ct.vertebra_axes import body_by_shape, vertebra_frame
from leakwatch.simulator.ct.vertebra_labels import find_label

Mask = npt.NDArray[np.bool_]
Volume64 = npt.NDArray[np.float64]

_SPACING_MM = (1.0, 0.8, 0.8)
_LOWER_MM, _UPPER_MM = (-180.0, -110.0, -96.0), (180.0, 150.0, 96.0)
_HU = 1000.0
_SPINE_HALF_WIDTH_MM = 64.0  # beyond, no vertebra reaches
_SLABS = 24  # planes at a time: bounds what the resampling holds at once

# What a CT of more than a millimetre cannot show, and a fluoroscope does: trabeculae.
_TRABECULAE_MM, _TRABECULAE_SHARE = 0.6, 0.05


def build_ct_anatomy(
    ct: Path,
    vertebrae: Path,
    level: str,
    body: Path | None = None,
    seed: int = 0,
    carm: CArm | None = None,
) -> Anatomy:
    """Build anatomy from files.

    Parameters
    ----------
    ct : Path
        NIfTI in Hounsfield units, or a folder with a DICOM series.
    vertebrae : Path
        NIfTI or DICOM segmentation, a label for each vertebra: by name, as VerSe or
        TotalSegmentator number them, or any numbers.
    level : str
        ``L1``, or the number of a label.
    body : Path or None
        NIfTI, vertebral bodies; None: the body is told from the arch by its shape.
    seed : int
        Of what the CT does not show.
    carm : CArm or None
        Only what this view shows is made; None: the whole trunk.

    Returns
    -------
    Anatomy

    Raises
    ------
    ConfigError
        A file cannot be read, does not fit the other, or does not hold the level.
    """
    scan = load_scan(ct, vertebrae, body)
    spacing_mm, labelled = scan.ct.spacing_mm, scan.vertebrae.labels
    target = find_label(level, _heights_mm(scan), str(vertebrae), scan.vertebrae.names)
    bone = labelled == target.number
    body_mask = body_by_shape(bone, spacing_mm) if scan.body is None else scan.body & bone
    if not body_mask.any():
        raise ConfigError(
            text(
                "{path}: no body of {target} was found. Choose another level, or another mask of "
                "bodies.",
                path=body or vertebrae,
                target=target.name,
            )
        )
    frame = vertebra_frame(bone, body_mask, spacing_mm)
    grid = anatomy_grid(_LOWER_MM, _UPPER_MM, _SPACING_MM, carm)
    field = field_of(scan.ct.values, spacing_mm, frame)
    masks = {
        Label.OTHER_VERTEBRA: np.isin(labelled, list(target.vertebrae)) & ~bone,
        Label.ARCH: bone & ~body_mask,
        Label.BODY: body_mask,
    }
    attenuation, labels = _resampled(field, masks, grid, np.random.default_rng([seed, 2]))
    labels[find_canal(labels, grid) & (labels == Label.REST)] = Label.CANAL
    _add_trabeculae(attenuation, labels, grid, np.random.default_rng([seed, 3]))
    made_from = f"CT {ct.name}, {vertebrae.name}, level {target.name}, seed {seed}"
    return Anatomy(grid, attenuation, labels, target.name, made_from)


def _heights_mm(scan: Scan) -> Mapping[int, float]:
    """Return the mean height of each label."""
    labels, affine = scan.vertebrae.labels, scan.ct.affine
    numbers = [int(number) for number in np.unique(labels) if number > 0]
    centres = ndimage.center_of_mass(np.ones(labels.shape), labels, numbers)
    return {
        number: float(affine[2, :3] @ np.array(centre))
        for number, centre in zip(numbers, centres, strict=True)
    }


def _resampled(
    field: CtField, masks: dict[Label, Mask], grid: Grid, rng: np.random.Generator
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.uint8]]:
    """Resample attenuation and labels to the new grid, a few planes at a time."""
    attenuation = np.empty(grid.shape, np.float32)
    labels = np.zeros(grid.shape, np.uint8)
    lumps = smooth_field(grid, (14.0, 12.0, 14.0), rng)
    smooth = {label: mask.astype(np.float32) for label, mask in masks.items()}
    right = np.abs(grid.axis_mm(0))
    for first in range(0, grid.shape[0], _SLABS):
        planes = slice(first, first + _SLABS)
        where = field.places(grid, planes)
        beside = ORGAN * (1.0 + 0.012 * lumps[planes]) * where.in_trunk
        attenuation[planes] = _attenuation(field, where, beside)
        if right[planes].min() < _SPINE_HALF_WIDTH_MM:
            labels[planes] = _labels(smooth, where)
    return attenuation, labels


def _attenuation(field: CtField, where: Places, beside: Volume64) -> Volume64:
    """Convert Hounsfield units to 1/mm, by the attenuation of water."""
    seen = ndimage.map_coordinates(field.hounsfield, where.index, order=1, mode="nearest")
    of_ct = np.maximum(WATER * (1.0 + seen / _HU), GAS)
    attenuation: Volume64 = of_ct + where.beyond * (beside - of_ct)
    return attenuation


def _labels(masks: dict[Label, npt.NDArray[np.float32]], where: Places) -> npt.NDArray[np.uint8]:
    """Return labels, with mirrored vertebrae beyond the CT's ends as other ones."""
    labels = np.zeros(where.near.shape, np.uint8)
    for label, mask in masks.items():
        share = ndimage.map_coordinates(mask, where.index, order=1, mode="nearest")
        inside = share > 0.5
        labels[inside & where.near] = label
        labels[inside & where.mirrored] = Label.OTHER_VERTEBRA
    return labels


def _add_trabeculae(
    attenuation: npt.NDArray[np.float32],
    labels: npt.NDArray[np.uint8],
    grid: Grid,
    rng: np.random.Generator,
) -> None:
    bone = (labels != Label.REST) & (labels != Label.CANAL)
    places = np.argwhere(bone)
    lower, upper = places.min(axis=0), places.max(axis=0) + 1
    box = tuple(slice(int(a), int(b)) for a, b in zip(lower, upper, strict=True))
    sigma = [_TRABECULAE_MM / step for step in grid.spacing_mm]
    fine = ndimage.gaussian_filter(rng.standard_normal(attenuation[box].shape), sigma)
    fine *= _TRABECULAE_SHARE / fine.std()
    attenuation[box] *= (1.0 + fine * bone[box]).astype(np.float32)
