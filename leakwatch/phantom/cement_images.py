"""Cement as the beam meets it: projected thickness for any injected volume."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from leakwatch.phantom.carm import CArm, Image, main_axis, project_slabs
from leakwatch.phantom.cement import CementFlow, Field, Stream
from leakwatch.phantom.grid import Grid, plane


def close_up(carm: CArm, grid: Grid) -> CArm:
    """The same view, cut to the smallest picture about its centre that shows all of `grid`."""
    corners = np.stack(np.meshgrid([0, 1], [0, 1], [0, 1]), axis=-1).reshape(-1, 3)
    corners_mm = grid.to_mm(corners * (np.array(grid.shape) - 1))
    seen = carm.project_points(corners_mm)
    size = np.array([carm.columns, carm.rows])
    beyond = np.abs(seen - (size - 1) / 2).max(axis=0) - (size - 1) / 2
    return replace(carm, margin_px=min(carm.margin_px, int(np.ceil(beyond.max())) + 2))


def thickness_images(flow: CementFlow, injected_ml: float, carm: CArm) -> tuple[Image, list[Image]]:
    """Projected cement in the body, and in each leak.

    Parameters
    ----------
    flow : CementFlow
    injected_ml : float
    carm : CArm

    Returns
    -------
    body : ndarray
        ``(rows, columns)`` with the margin, mm.
    leaks : list of ndarray
        The same for each leak.
    """
    streams = [flow.body, *(stream for _, stream in flow.leaks)]
    images = [
        _projected(stream, filled, flow.grid, carm)
        for stream, filled in zip(streams, flow.filled(injected_ml), strict=True)
    ]
    return images[0], images[1:]


def _projected(stream: Stream, filled_mm3: Field, grid: Grid, carm: CArm) -> Image:
    volume = np.zeros(grid.shape, np.float32)
    volume.ravel()[stream.voxels] = filled_mm3 / grid.voxel_mm3
    axis = main_axis(carm)
    others = grid.plane_axes(axis)
    held = np.flatnonzero(volume.any(axis=others))
    return project_slabs(lambda index: plane(volume, axis, index), grid, carm, indices=held)


def pasted(image: Image, from_margin_px: int, to_margin_px: int, shape: tuple[int, int]) -> Image:
    """A close-up in a picture of `shape` with another margin, zero around it."""
    whole = np.zeros(shape)
    offset = to_margin_px - from_margin_px
    rows, columns = image.shape
    whole[offset : offset + rows, offset : offset + columns] = image
    return whole
