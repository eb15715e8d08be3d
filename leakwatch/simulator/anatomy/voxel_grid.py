"""A regular grid of voxels in patient millimetres.

Axes are those of the target vertebra: the first towards the patient's right, the second anterior,
the third superior (RAS). The origin is the centre of its body.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from leakwatch.core.arrays import Array, FloatImage

Points3 = npt.NDArray[np.float64]  # (n, 3), mm, RAS
Volume = npt.NDArray[np.float32]

RIGHT, ANTERIOR, SUPERIOR = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Grid:
    """Positions of voxels.

    Parameters
    ----------
    shape : tuple of int
        Voxels along right, anterior, superior.
    spacing_mm : tuple of float
        Distance between voxel centres along each axis.
    origin_mm : tuple of float
        Centre of the voxel ``[0, 0, 0]``.
    """

    shape: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]
    origin_mm: tuple[float, float, float]

    @classmethod
    def covering(
        cls, lower_mm: Points3, upper_mm: Points3, spacing_mm: tuple[float, float, float]
    ) -> Grid:
        """Return the smallest grid with a voxel centre at `lower_mm` that includes `upper_mm`."""
        low, high = np.asarray(lower_mm, np.float64), np.asarray(upper_mm, np.float64)
        steps = np.ceil((high - low) / np.array(spacing_mm) - 1e-9).clip(0).astype(int)
        shape = (1 + int(steps[0]), 1 + int(steps[1]), 1 + int(steps[2]))
        return cls(shape, spacing_mm, (float(low[0]), float(low[1]), float(low[2])))

    @property
    def voxel_mm3(self) -> float:
        """Volume of a voxel."""
        return float(np.prod(self.spacing_mm))

    def axis_mm(self, axis: int) -> npt.NDArray[np.float64]:
        """Return coordinates of the voxel centres along `axis`."""
        steps = np.arange(self.shape[axis], dtype=np.float64)
        return self.origin_mm[axis] + self.spacing_mm[axis] * steps

    def open_axes_mm(self) -> tuple[Points3, Points3, Points3]:
        """Return coordinates along the three axes, shaped to broadcast to a volume."""
        right, anterior, superior = (self.axis_mm(axis) for axis in range(3))
        return right[:, None, None], anterior[None, :, None], superior[None, None, :]

    def to_index(self, points_mm: Points3) -> Points3:
        """Convert points to fractional voxel indices; ``(..., 3)``."""
        index: Points3 = (np.asarray(points_mm) - self.origin_mm) / np.array(self.spacing_mm)
        return index

    def to_mm(self, index: Array) -> Points3:
        """Convert (fractional) voxel indices to points; ``(..., 3)``."""
        position: Points3 = np.asarray(index) * np.array(self.spacing_mm) + self.origin_mm
        return position

    def box(self, lower_mm: Array, upper_mm: Array) -> tuple[slice, slice, slice]:
        """Return slices of the voxels with centres in a box; empty if it is outside."""
        low = np.ceil(self.to_index(np.asarray(lower_mm)) - 1e-9).astype(int)
        high = np.floor(self.to_index(np.asarray(upper_mm)) + 1e-9).astype(int) + 1
        sides = [
            slice(min(max(int(a), 0), n), min(max(int(b), 0), n))
            for a, b, n in zip(low, high, self.shape, strict=True)
        ]
        return sides[0], sides[1], sides[2]

    def part(self, slices: tuple[slice, slice, slice]) -> Grid:
        """Return the grid of the voxels in `slices` (with a start and a stop each)."""
        starts = [side.start for side in slices]
        shape = [side.stop - side.start for side in slices]
        origin = self.to_mm(np.array(starts, dtype=np.float64))
        return Grid(
            (shape[0], shape[1], shape[2]),
            self.spacing_mm,
            (float(origin[0]), float(origin[1]), float(origin[2])),
        )

    def plane_axes(self, axis: int) -> tuple[int, int]:
        """Return the two other axes, in ascending order."""
        others = [other for other in range(3) if other != axis]
        return others[0], others[1]


def plane(volume: Array, axis: int, index: int) -> FloatImage:
    """Return a plane of voxels as a contiguous float32 image of the other axes."""
    return np.ascontiguousarray(np.take(volume, index, axis=axis), dtype=np.float32)
