"""A CT as a field with values everywhere, extrapolated plausibly beyond its borders.

A CT is often a crop around the spine, and a ray runs through the whole trunk. Above and below, the
spine is mirrored; beside, what lies at the border fades into soft tissue, out to a skin where the
CT shows none.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from leakwatch.simulator.anatomy.voxel_grid import Grid, Points3
from leakwatch.simulator.ct.vertebra_axes import VertebraFrame

Volume64 = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

_AIR_HU = -1000.0
_OUTSIDE_HU = -350.0  # between skin and air
_FADE_MM = 6.0
_MIRROR_BLUR_MM = 0.7  # of a noisy CT before it is summed along rays
_TRUNK_MM, _TRUNK_CENTRE_MM = (160.0, 112.0), 22.0
_COUCH_GAP_MM = 4.0


@dataclass(frozen=True, slots=True)
class Places:
    """Positions of the voxels of some planes in a CT.

    Parameters
    ----------
    index : ndarray
        ``(3, n, m, k)``, fractional indices, folded into the CT.
    near : ndarray of bool
        ``(n, m, k)``, inside the CT.
    mirrored : ndarray of bool
        Above or below it, and not beside it.
    beyond : ndarray
        0 inside, rising to 1 beside the CT.
    in_trunk : ndarray
        Share inside the skin, where the CT shows none; else 1.
    """

    index: Volume64
    near: Mask
    mirrored: Mask
    beyond: Volume64
    in_trunk: Volume64


@dataclass(frozen=True, slots=True)
class CtField:
    """A CT and the vertebra in it.

    Parameters
    ----------
    hounsfield : ndarray
        Axes right, anterior, superior; air outside the patient, the couch taken out.
    spacing_mm : ndarray
        ``(3,)``.
    frame : VertebraFrame
    has_skin : bool
        Whether the CT shows where the trunk ends.
    """

    hounsfield: Volume64
    spacing_mm: Points3
    frame: VertebraFrame
    has_skin: bool

    def places(self, grid: Grid, planes: slice) -> Places:
        """Return the positions of the voxels of `planes` along the first axis."""
        right, anterior, superior = grid.open_axes_mm()
        axes, size = self.frame.axes, np.array(self.hounsfield.shape)
        own = (right[planes], anterior, superior)
        index, over = [], []
        for axis in range(3):
            mm = (
                sum(part * axes[k, axis] for k, part in enumerate(own)) + self.frame.centre_mm[axis]
            )
            at = mm / self.spacing_mm[axis]
            over.append(np.maximum(np.maximum(-at, at - (size[axis] - 1)), 0.0))
            index.append(
                _mirror_indices(at, int(size[axis]))
                if axis == 2
                else np.clip(at, 0, size[axis] - 1)
            )
        beside = np.hypot(over[0] * self.spacing_mm[0], over[1] * self.spacing_mm[1])
        near = (beside == 0.0) & (over[2] == 0.0)
        trunk = np.hypot(own[0] / _TRUNK_MM[0], (own[1] - _TRUNK_CENTRE_MM) / _TRUNK_MM[1])
        in_trunk = np.clip((1.0 - trunk) * _TRUNK_MM[1], 0.0, 1.0)
        beyond = 1.0 - np.exp(-((beside / _FADE_MM) ** 2))
        if self.has_skin:
            # What lies beside a whole CT is the air at its border.
            beyond, in_trunk = np.zeros_like(beyond), np.ones_like(in_trunk)
        return Places(
            np.stack(index),
            near,
            (beside == 0.0) & (over[2] > 0.0),
            beyond,
            np.broadcast_to(in_trunk, near.shape),
        )


def _mirror_indices(at: Volume64, size: int) -> Volume64:
    """Return indices mirrored repeatedly at both ends."""
    span = max(size - 1, 1)
    folded: Volume64 = span - np.abs(np.mod(at, 2 * span) - span)
    return folded


def field_of(hounsfield: Volume64, spacing_mm: Points3, frame: VertebraFrame) -> CtField:
    """Prepare a CT: smooth noise slightly, and remove couch and air outside the patient."""
    smooth = ndimage.gaussian_filter(hounsfield, _MIRROR_BLUR_MM / spacing_mm)
    tissue = smooth > _OUTSIDE_HU
    border = np.concatenate([tissue[[0, -1]].ravel(), tissue[:, [0, -1]].ravel()])
    has_skin = bool(border.mean() < 0.3)
    if has_skin:
        # A couch hangs on by a thin line of voxels where it hangs on at all.
        rounds = max(1, round(_COUCH_GAP_MM / float(spacing_mm.max())))
        parts, count = ndimage.label(ndimage.binary_erosion(tissue, iterations=rounds))
        sizes = ndimage.sum_labels(np.ones(parts.shape), parts, np.arange(1, count + 1))
        core = parts == 1 + int(np.argmax(sizes))
        patient = ndimage.binary_dilation(core, iterations=rounds + 1)
        patient = np.stack(
            [ndimage.binary_fill_holes(patient[..., k]) for k in range(patient.shape[2])], axis=-1
        )
        smooth = np.where(patient, smooth, _AIR_HU)
    return CtField(smooth, spacing_mm, frame, has_skin)
