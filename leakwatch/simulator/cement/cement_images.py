"""Projected thickness of cement for any injected volume."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from leakwatch.simulator.anatomy.carm import CArm, Image, main_axis, project_slabs
from leakwatch.simulator.anatomy.voxel_grid import Grid, plane
from leakwatch.simulator.cement.cement_flow import MM3_PER_ML, CementFlow, Field, Index, Mask
from leakwatch.simulator.cement.thread import Thread, thread_mm3


@dataclass(frozen=True, slots=True)
class CementImages:
    """Projected cement in the image without motion, mm; all of the same shape.

    Parameters
    ----------
    body : ndarray
        ``(rows, columns)``, cement that no leak holds.
    leaks : list of ndarray
        What each leak holds; the last is the thread, where there is one.
    outside : list of ndarray
        The part of it that lies outside the vertebral body.
    margin_px : int
        Around the picture proper; negative where these pictures are smaller.
    thread_ml : float
        Volume of the thread.
    """

    body: Image
    leaks: list[Image]
    outside: list[Image]
    margin_px: int
    thread_ml: float = 0.0

    @property
    def total(self) -> Image:
        """Total cement."""
        return self.body + sum(self.leaks, np.zeros(self.body.shape))


def close_up(carm: CArm, flow: CementFlow, thread: Thread | None = None) -> CArm:
    """Return the view cropped to the smallest image about its centre that shows all cement."""
    grid = flow.grid
    voxels = np.concatenate([flow.body.voxels, *(stream.voxels for _, stream in flow.leaks)])
    if thread is not None:
        voxels = np.concatenate([voxels, thread.voxels])
    places = np.stack(np.unravel_index(voxels, grid.shape), axis=1)
    low, high = places.min(axis=0) - 1, places.max(axis=0) + 1
    corners = np.stack(np.meshgrid([0, 1], [0, 1], [0, 1]), axis=-1).reshape(-1, 3)
    seen = carm.project_points(grid.to_mm(low + corners * (high - low)))
    half = (np.array([carm.columns, carm.rows]) - 1) / 2
    beyond = (np.abs(seen - half) - half).max()
    return replace(carm, margin_px=min(carm.margin_px, int(np.ceil(beyond)) + 2))


def project_cement(
    flow: CementFlow,
    injected_ml: float,
    carm: CArm,
    inside_body: Mask,
    thread: tuple[Thread, float] | None = None,
) -> CementImages:
    """Return projected cement in the body and in each leak.

    Parameters
    ----------
    flow : CementFlow
    injected_ml : float
    carm : CArm
        From `close_up`.
    inside_body : ndarray of bool
        ``flow.grid.shape``.
    thread : tuple of Thread and float, or None
        With the length of it that there is, mm.
    """
    body_mm3, *leaks_mm3 = flow.filled(injected_ml)
    body = _projected(flow.body.voxels, body_mm3, flow.grid, carm)
    parts = [
        (stream.voxels, filled) for (_, stream), filled in zip(flow.leaks, leaks_mm3, strict=True)
    ]
    thread_ml = 0.0
    if thread is not None:
        left = thread_mm3(*thread, flow.grid, flow.body, body_mm3)
        parts.append((thread[0].voxels, left))
        thread_ml = float(left.sum()) / MM3_PER_ML
    leaks, outside = [], []
    for voxels, filled in parts:
        beyond = np.where(inside_body.ravel()[voxels], 0.0, filled)
        outside.append(_projected(voxels, beyond, flow.grid, carm))
        leaks.append(outside[-1] + _projected(voxels, filled - beyond, flow.grid, carm))
    return CementImages(body, leaks, outside, carm.margin_px, thread_ml)


def _projected(voxels: Index, filled_mm3: Field, grid: Grid, carm: CArm) -> Image:
    volume = np.zeros(grid.shape, np.float32)
    volume.ravel()[voxels] = filled_mm3 / grid.voxel_mm3
    axis = main_axis(carm)
    held = np.flatnonzero(volume.any(axis=grid.plane_axes(axis)))
    return project_slabs(lambda index: plane(volume, axis, index), grid, carm, indices=held)


def paste_close_up(
    image: Image, from_margin_px: int, to_margin_px: int, shape: tuple[int, int]
) -> Image:
    """Return a close-up pasted into an image of `shape` with a wider margin, zero around it."""
    whole = np.zeros(shape)
    offset = to_margin_px - from_margin_px
    rows, columns = image.shape
    whole[offset : offset + rows, offset : offset + columns] = image
    return whole
