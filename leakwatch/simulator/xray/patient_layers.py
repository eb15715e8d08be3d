"""Projected layers of the patient without cement, by their motion."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np

from leakwatch.core.arrays import FloatImage, Point
from leakwatch.simulator.anatomy.anatomy import Anatomy, Shares, moving_shares
from leakwatch.simulator.anatomy.carm import CArm, Image, main_axis, project_slabs
from leakwatch.simulator.anatomy.voxel_grid import plane
from leakwatch.simulator.xray.beam import decompose


@dataclass(frozen=True, slots=True)
class Layer:
    """Lengths along the rays, mm, ``(rows, columns)`` with the margin.

    Parameters
    ----------
    soft, bone : ndarray
        As water, and as cortical bone.
    """

    soft: Image
    bone: Image


@dataclass(frozen=True, slots=True)
class Layers:
    """Layers that move with the spine, with the wall of the trunk, and with the organs."""

    spine: Layer
    wall: Layer
    organs: Layer


def project_layers(anatomy: Anatomy, carm: CArm, shares: Shares | None = None) -> Layers:
    """Project layers with independent motion, which add up to the patient.

    Parameters
    ----------
    anatomy : Anatomy
    carm : CArm
    shares : Shares or None
        Of this anatomy, where they are known already.
    """
    axis, shares = main_axis(carm), moving_shares(anatomy) if shares is None else shares

    def slab(index: int, material: int) -> FloatImage:
        amount = decompose(plane(anatomy.attenuation, axis, index))[material]
        spine, wall = plane(shares.spine, axis, index), plane(shares.wall, axis, index)
        organs = np.float32(1.0) - spine - wall
        return np.stack([amount * spine, amount * wall, amount * organs], axis=-1)

    soft, bone = (
        project_slabs(partial(slab, material=material), anatomy.grid, carm, extend=True)
        for material in (0, 1)
    )
    layers = [
        Layer(np.ascontiguousarray(soft[..., k]), np.ascontiguousarray(bone[..., k]))
        for k in range(3)
    ]
    return Layers(*layers)


def shift_layer(image: Image, shift_px: Point, carm: CArm, border_px: int = 0) -> Image:
    """Return the image without its margin, or with a border of it, after a shift of its content.

    Cubic convolution (Catmull and Rom; doi:10.1109/TASSP.1981.1163711). The margin must be wider
    than the shift by two pixels.

    Parameters
    ----------
    image : ndarray
        ``(rows, columns)`` with the margin.
    shift_px : tuple of float
        Columns and rows.
    carm : CArm
    border_px : int
        Of the margin, kept on all sides.
    """
    starts, kernels = [], []
    rows, columns = carm.rows + 2 * border_px, carm.columns + 2 * border_px
    for shift in shift_px:
        place = carm.margin_px - border_px - shift
        whole = int(np.floor(place))
        starts.append(whole)
        kernels.append(_cubic_kernel(place - whole))
    left, top = starts
    part = image[top - 1 : top + rows + 2, left - 1 : left + columns + 2]
    filtered: Image = cv2.sepFilter2D(part, cv2.CV_64F, kernels[0], kernels[1], anchor=(1, 1))
    return filtered[1 : 1 + rows, 1 : 1 + columns]


def _cubic_kernel(fraction: float) -> Image:
    """Return the weights of the pixels at -1, 0, 1 and 2 for the position `fraction`."""
    f = fraction
    weights = [
        -0.5 * f + f**2 - 0.5 * f**3,
        1.0 - 2.5 * f**2 + 1.5 * f**3,
        0.5 * f + 2.0 * f**2 - 1.5 * f**3,
        -0.5 * f**2 + 0.5 * f**3,
    ]
    return np.array(weights)
