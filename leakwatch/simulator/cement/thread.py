"""Thread of cement that a cannula leaves in its track as it is drawn back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from leakwatch.simulator.anatomy.voxel_grid import Grid, Points3
from leakwatch.simulator.cement.cement_flow import Field, FillOrder, Index
from leakwatch.simulator.cement.leak_paths import LeakKind, LeakPath, PathContext, path_along

Track = npt.NDArray[np.float64]

_END_MM = 1.0  # over which a thread ends


@dataclass(frozen=True, slots=True)
class Thread:
    """Position of a thread.

    Parameters
    ----------
    path : LeakPath
        Along the way of the tip.
    voxels : ndarray
        ``(n,)``, flat indices into the grid of the cement.
    pore_mm3 : ndarray
        ``(n,)``, what each holds of it.
    along_mm : ndarray
        ``(n,)``, their place along the thread.
    """

    path: LeakPath
    voxels: Index
    pore_mm3: Field
    along_mm: Field


def make_thread(tips_mm: Points3, radius_mm: float, context: PathContext) -> Thread:
    """Return the thread along the way of a tip.

    Parameters
    ----------
    tips_mm : ndarray
        ``(n, 3)``, in steps that are small against its radius.
    radius_mm : float
    context : PathContext
    """
    grid = context.site.grid
    path = path_along(LeakKind.CANNULA_TRACK, context, tips_mm, radius_mm)
    voxels = np.flatnonzero(path.pore > 0.0)
    places = grid.to_mm(np.stack(np.unravel_index(voxels, grid.shape), axis=1))
    steps = np.linalg.norm(np.diff(tips_mm, axis=0), axis=1)
    lengths = np.append(0.0, np.cumsum(steps))
    _, nearest = cKDTree(tips_mm).query(places)
    return Thread(path, voxels, path.pore.ravel()[voxels] * grid.voxel_mm3, lengths[nearest])


def thread_mm3(thread: Thread, length_mm: float, grid: Grid, body: FillOrder, held: Field) -> Field:
    """Return the cement of a thread in its voxels, where the bolus leaves room for it.

    Parameters
    ----------
    thread : Thread
    length_mm : float
        How much of it there is.
    grid : Grid
        Of the cement.
    body, held
        The bolus, and what it holds in each of its voxels, mm3.
    """
    bolus = np.zeros(int(np.prod(grid.shape)))
    bolus[body.voxels] = held
    reached = np.clip(0.5 + (length_mm - thread.along_mm) / _END_MM, 0.0, 1.0)
    room = grid.voxel_mm3 - bolus[thread.voxels]
    amount: Field = np.minimum(thread.pore_mm3 * reached * (length_mm > 0.0), room)
    return np.maximum(amount, 0.0)


def thread_lengths_mm(
    withdraw_mm: Track, times_s: Track, start_s: float, longest_mm: float
) -> Track:
    """Return the length of a thread in each frame: what a filled cannula was drawn back, at most.

    Parameters
    ----------
    withdraw_mm, times_s : ndarray
        ``(n,)``.
    start_s : float
        When cement reaches the tip.
    longest_mm : float
        It tears off there.
    """
    filled = times_s >= start_s
    if not filled.any():
        return np.zeros(len(times_s))
    from_mm = withdraw_mm[int(np.argmax(filled))]
    drawn = np.where(filled, withdraw_mm - from_mm, 0.0)
    return np.clip(np.maximum.accumulate(drawn), 0.0, longest_mm)
