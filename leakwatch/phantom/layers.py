"""The patient without cement as pictures: one layer moves with the spine, one without it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from leakwatch.model import FloatImage, Point
from leakwatch.phantom.anatomy import Anatomy, spine_share
from leakwatch.phantom.beam import decomposed
from leakwatch.phantom.carm import CArm, Image, main_axis, project_slabs
from leakwatch.phantom.grid import plane


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


def project_layers(anatomy: Anatomy, carm: CArm) -> tuple[Layer, Layer]:
    """Project what moves with the spine, and the rest; together they are the whole.

    Parameters
    ----------
    anatomy : Anatomy
    carm : CArm

    Returns
    -------
    spine, rest : Layer
    """
    axis = main_axis(carm)
    share = spine_share(anatomy)

    def slab(index: int) -> FloatImage:
        soft, bone = decomposed(plane(anatomy.attenuation, axis, index))
        spine = plane(share, axis, index)
        free = np.float32(1.0) - spine
        return np.stack([soft * spine, bone * spine, soft * free, bone * free], axis=-1)

    seen = project_slabs(slab, anatomy.grid, carm, extend=True)
    images = [np.ascontiguousarray(seen[..., channel]) for channel in range(4)]
    return Layer(images[0], images[1]), Layer(images[2], images[3])


def shifted(image: Image, shift_px: Point, carm: CArm) -> Image:
    """The picture proper, without its margin, after a shift of what is in it.

    Cubic convolution (Catmull and Rom; doi:10.1109/TASSP.1981.1163711). The margin must be wider
    than the shift by two pixels.

    Parameters
    ----------
    image : ndarray
        ``(rows, columns)`` with the margin.
    shift_px : tuple of float
        Columns and rows.
    carm : CArm
    """
    starts, kernels = [], []
    for shift in shift_px:
        place = carm.margin_px - shift
        whole = int(np.floor(place))
        starts.append(whole)
        kernels.append(_cubic_kernel(place - whole))
    left, top = starts
    part = image[top - 1 : top + carm.rows + 2, left - 1 : left + carm.columns + 2]
    filtered: Image = cv2.sepFilter2D(part, cv2.CV_64F, kernels[0], kernels[1], anchor=(1, 1))
    return filtered[1 : 1 + carm.rows, 1 : 1 + carm.columns]


def _cubic_kernel(fraction: float) -> Image:
    """Weights of the pixels at -1, 0, 1 and 2 for a place `fraction` beyond 0."""
    f = fraction
    weights = [
        -0.5 * f + f**2 - 0.5 * f**3,
        1.0 - 2.5 * f**2 + 1.5 * f**3,
        0.5 * f + 2.0 * f**2 - 1.5 * f**3,
        -0.5 * f**2 + 0.5 * f**3,
    ]
    return np.array(weights)
