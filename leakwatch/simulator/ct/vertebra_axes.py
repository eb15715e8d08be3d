"""Body and axes of a vertebra from its mask."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from leakwatch.simulator.anatomy.voxel_grid import Points3

Mask = npt.NDArray[np.bool_]

# A pedicle is at most so thick, a body is thicker everywhere: a ball of this radius fits into the
# body alone. What it reaches, and this much around it, is body.
_BALL_MM, _AROUND_MM = 7.0, 3.5
_MIRROR_DEG, _MIRROR_STEP_DEG = 12.0, 1.0
# Smoothing of the surface, rounds, and the power of the cosine that tells endplates from walls.
_SURFACE_MM, _ROUNDS, _SHARPNESS = 1.6, 12, 8


@dataclass(frozen=True, slots=True)
class VertebraFrame:
    """Position and axes of a vertebra in a volume.

    Parameters
    ----------
    centre_mm : ndarray
        ``(3,)``, of its body, in mm from the volume's first voxel.
    axes : ndarray
        ``(3, 3)``, rows: its right, anterior and superior, as unit vectors of the volume.
    """

    centre_mm: Points3
    axes: Points3


def body_by_shape(vertebra: Mask, spacing_mm: Points3) -> Mask:
    """Return the body of a vertebra, by a ball that is too large for pedicles.

    Parameters
    ----------
    vertebra : ndarray of bool
    spacing_mm : ndarray
        ``(3,)``.
    """
    depth = ndimage.distance_transform_edt(vertebra, sampling=spacing_mm)
    radius = min(_BALL_MM, 0.8 * float(depth.max()))  # a small or cut body has no room for more
    parts, count = ndimage.label(depth >= radius)
    if count == 0:
        return np.zeros_like(vertebra)
    sizes = ndimage.sum_labels(np.ones(parts.shape), parts, np.arange(1, count + 1))
    core = parts == 1 + int(np.argmax(sizes))
    away = ndimage.distance_transform_edt(~core, sampling=spacing_mm)
    near = vertebra & (away <= radius + _AROUND_MM)
    # Corners of the body lie farther from its core than the roots of the pedicles do. Roots are
    # cut off by a plane: behind the hindmost place that the ball reached.
    back = _posterior_mm(core, spacing_mm, radius)
    anterior = np.arange(vertebra.shape[1])[None, :, None] * spacing_mm[1]
    body: Mask = near & (anterior >= back)
    return body


def _posterior_mm(core: Mask, spacing_mm: Points3, radius_mm: float) -> float:
    """Return the posterior end of the body, mm: a ball's radius posterior of its core."""
    places = np.argwhere(core)[:, 1] * spacing_mm[1]
    return float(np.percentile(places, 2.0)) - radius_mm


def vertebra_frame(vertebra: Mask, body: Mask, spacing_mm: Points3) -> VertebraFrame:
    """Return centre and axes of a vertebra by its shape.

    Superior is across the endplates. Anterior leads from the arch to the body; it is then turned
    about the long axis until the vertebra is most like its own mirror image, which makes the
    lateral a true one.

    Parameters
    ----------
    vertebra, body : ndarray of bool
    spacing_mm : ndarray
        ``(3,)``.
    """
    places = np.argwhere(body) * spacing_mm
    centre = (places.min(axis=0) + places.max(axis=0)) / 2
    superior = _across_endplates(body, spacing_mm)
    arch = np.argwhere(vertebra & ~body) * spacing_mm
    forward = places.mean(axis=0) - arch.mean(axis=0) if len(arch) else np.array([0.0, 1.0, 0.0])
    anterior = _unit(forward - (forward @ superior) * superior)
    whole = np.argwhere(vertebra) * spacing_mm - centre
    anterior = _most_symmetric(whole, anterior, superior, float(spacing_mm.max()))
    right = np.cross(anterior, superior)
    centre = _centre_of(places, np.stack([right, anterior, superior]))
    return VertebraFrame(centre, np.stack([right, anterior, superior]))


def _across_endplates(body: Mask, spacing_mm: Points3) -> Points3:
    """Return the mean normal of the superior and inferior surface of a body.

    A surface shows as the gradient of the smoothed mask. Gradients count by how nearly they lie
    along the normal, which is the mean of them: a few rounds settle it.
    """
    padded = np.pad(body.astype(np.float64), 4)
    smooth = ndimage.gaussian_filter(padded, _SURFACE_MM / spacing_mm)
    gradient = np.stack(np.gradient(smooth, *spacing_mm), axis=-1).reshape(-1, 3)
    size = np.linalg.norm(gradient, axis=1)
    gradient, size = gradient[size > 0.05 * size.max()], size[size > 0.05 * size.max()]
    normal = np.array([0.0, 0.0, 1.0])
    for _ in range(_ROUNDS):
        along = gradient @ normal / size
        weight = np.abs(along) ** _SHARPNESS * np.sign(along)
        normal = _unit(weight @ gradient)
    return normal


def _most_symmetric(
    whole_mm: Points3, anterior: Points3, superior: Points3, step_mm: float
) -> Points3:
    """Rotate about the long axis to the best left-right symmetry."""
    best, chosen = -1.0, anterior
    for degrees in np.arange(-_MIRROR_DEG, _MIRROR_DEG + 0.5, _MIRROR_STEP_DEG):
        angle = np.radians(degrees)
        turned = np.cos(angle) * anterior + np.sin(angle) * np.cross(superior, anterior)
        right = np.cross(turned, superior)
        place = np.stack([whole_mm @ right, whole_mm @ turned, whole_mm @ superior], axis=1)
        shift = np.median(place[:, 0])
        cells = np.rint((place - (shift, 0.0, 0.0)) / step_mm).astype(int)
        mine = {(int(r), int(a), int(s)) for r, a, s in cells}
        same = sum((-r, a, s) in mine for r, a, s in mine) / len(mine)
        if same > best:
            best, chosen = same, turned
    return chosen


def _centre_of(places_mm: Points3, axes: Points3) -> Points3:
    """Return the centre of the bounding box of a body, in its own axes."""
    along = places_mm @ axes.T
    low, high = np.percentile(along, (0.5, 99.5), axis=0)
    centre: Points3 = ((low + high) / 2) @ axes
    return centre


def _unit(vector: Points3) -> Points3:
    unit: Points3 = vector / np.linalg.norm(vector)
    return unit
