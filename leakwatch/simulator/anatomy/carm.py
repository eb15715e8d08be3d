"""C-arm geometry, and projection of points and volumes.

Perspective projection after DICOM PS3.3 C.8.19.6.13: a point source, a flat detector. Volumes are
projected by Joseph's method (doi:10.1109/TMI.1982.4307572): along the axis that the beam runs most
along, plane by plane, with linear interpolation within the plane. Seen from a point, a plane of
voxels is a homography, so that OpenCV can do the interpolation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from leakwatch.core.arrays import Array, FloatImage, PointArray
from leakwatch.core.frame import View
from leakwatch.core.marks import Side
from leakwatch.simulator.anatomy.voxel_grid import Grid, Points3, plane

Image = npt.NDArray[np.float64]
Slab = Callable[[int], FloatImage]

_RIGHT, _ANTERIOR, _DOWN = np.eye(3)[0], np.eye(3)[1], -np.eye(3)[2]


@dataclass(frozen=True, slots=True)
class CArm:
    """Geometry of one view.

    Parameters
    ----------
    sid_mm, sod_mm : float
        Distance from source to detector, and from source to the aim.
    pitch_mm : float
        Distance between pixel centres at the detector.
    rows, columns : int
    view : View
        `LATERAL`: the beam runs along the vertebra's right-left axis; `AP`: from behind to front.
    anterior : Side
        Side of the picture that is anterior in a lateral view. It decides from which side the
        beam comes: pictures are shown as seen from the detector.
    angle_deg, tilt_deg : float
        Turn off the true view about the long axis of the patient (the detector of an AP view to
        the patient's right), and of the source towards the head.
    aim_mm : tuple of float
        Patient position on the central ray, RAS.
    margin_px : int
        Pixels added on all sides; the picture's own (0, 0) stays where it was, see `extended`.
    """

    sid_mm: float = 1050.0
    sod_mm: float = 720.0
    pitch_mm: float = 0.3429
    rows: int = 448
    columns: int = 448
    view: View = View.LATERAL
    anterior: Side = Side.RIGHT
    angle_deg: float = 0.0
    tilt_deg: float = 0.0
    aim_mm: tuple[float, float, float] = (0.0, 0.0, 0.0)
    margin_px: int = 0

    @property
    def mm_per_px(self) -> float:
        """Pixel spacing in the plane of the aim."""
        return self.pitch_mm * self.sod_mm / self.sid_mm

    @property
    def size_px(self) -> tuple[int, int]:
        """Columns and rows with the margin."""
        return self.columns + 2 * self.margin_px, self.rows + 2 * self.margin_px

    def axes(self) -> Points3:
        """Unit vectors along image columns, image rows, and the beam; ``(3, 3)``."""
        if self.view is View.AP:
            along_columns, along_beam = -_RIGHT, _ANTERIOR
        elif self.anterior is Side.RIGHT:
            along_columns, along_beam = _ANTERIOR, _RIGHT
        else:
            along_columns, along_beam = -_ANTERIOR, -_RIGHT
        base = np.stack([along_columns, _DOWN, along_beam])
        turned = base @ _rotation(_DOWN, self.angle_deg).T
        tilted: Points3 = turned @ _rotation(turned[0], self.tilt_deg).T
        return tilted

    @property
    def source_mm(self) -> Points3:
        """Focal spot, patient millimetres, ``(3,)``."""
        source: Points3 = np.array(self.aim_mm) - self.sod_mm * self.axes()[2]
        return source

    @property
    def centre_px(self) -> PointArray:
        """Position of the central ray on the detector, in pixels with the margin."""
        columns, rows = self.size_px
        return np.array([(columns - 1) / 2, (rows - 1) / 2])

    def project_points(self, points_mm: Points3) -> PointArray:
        """Project points to ``(n, 2)``, (column, row) of the image without its margin."""
        along_columns, along_rows, along_beam = self.axes()
        offset = np.asarray(points_mm, np.float64) - self.source_mm
        scale = self.sid_mm / (offset @ along_beam) / self.pitch_mm
        seen = np.stack([offset @ along_columns * scale, offset @ along_rows * scale], axis=-1)
        projected: PointArray = seen + self.centre_px - self.margin_px
        return projected

    def rays(self) -> tuple[Points3, Points3, Points3]:
        """Return ray directions as ``start + column * step_column + row * step_row``.

        Its length is that of the way to the detector, in mm; columns count from the margin's edge.
        """
        along_columns, along_rows, along_beam = self.axes()
        centre = self.centre_px
        step_column, step_row = self.pitch_mm * along_columns, self.pitch_mm * along_rows
        start = self.sid_mm * along_beam - centre[0] * step_column - centre[1] * step_row
        return start, step_column, step_row


def _rotation(axis: Points3, degrees: float) -> Points3:
    vector = np.asarray(axis, np.float64) * np.radians(degrees)
    matrix: Points3 = np.asarray(cv2.Rodrigues(vector)[0])
    return matrix


def seen_box(
    carm: CArm, lower_mm: Points3, upper_mm: Points3, least_mm: float, spare_mm: float
) -> tuple[Points3, Points3]:
    """Return the part of a box inside the beam, with its full length along the beam.

    Parameters
    ----------
    carm : CArm
    lower_mm, upper_mm : ndarray
        ``(3,)``, corners of the whole.
    least_mm : float
        Half width that is kept around the origin however small the picture is.
    spare_mm : float
        Added around what is seen.

    Returns
    -------
    lower_mm, upper_mm : ndarray
    """
    start, step_column, step_row = carm.rays()
    columns, rows = carm.size_px
    corners = np.array(
        [start + c * step_column + r * step_row for c in (0, columns) for r in (0, rows)]
    )
    axis = main_axis(carm)
    lower, upper = np.array(lower_mm, np.float64), np.array(upper_mm, np.float64)
    ends = []
    for end in (lower[axis], upper[axis]):
        far = (end - carm.source_mm[axis]) / corners[:, axis]
        ends.append(carm.source_mm + far[:, None] * corners)
    met = np.concatenate(ends)
    low = np.minimum(met.min(axis=0) - spare_mm, -least_mm)
    high = np.maximum(met.max(axis=0) + spare_mm, least_mm)
    low[axis], high[axis] = lower[axis], upper[axis]
    return np.maximum(lower, low), np.minimum(upper, high)


def main_axis(carm: CArm) -> int:
    """Return the grid axis closest to the direction of the beam."""
    return int(np.argmax(np.abs(carm.axes()[2])))


def project(volume: Array, grid: Grid, carm: CArm, extend: bool = False) -> Image:
    """Return line integrals of a volume.

    Parameters
    ----------
    volume : ndarray
        ``grid.shape``, any unit per mm.
    grid : Grid
    carm : CArm
    extend : bool
        What lies beside the volume, across the beam: nothing, or what lies at its border.

    Returns
    -------
    ndarray
        ``(rows, columns)`` with the margin, float64, that unit times mm.
    """
    axis = main_axis(carm)
    return project_slabs(lambda index: plane(volume, axis, index), grid, carm, extend)


def project_slabs(
    slab: Slab,
    grid: Grid,
    carm: CArm,
    extend: bool = False,
    indices: Iterable[int] | None = None,
) -> Image:
    """Return line integrals of planes that are provided one at a time, with one or more channels.

    Parameters
    ----------
    slab : callable
        Index along ``main_axis(carm)`` to a float32 image, ``(n, m)`` or ``(n, m, channels)``.
    grid : Grid
    carm : CArm
    extend : bool
        As in `project`.
    indices : iterable of int or None
        Planes that hold anything; None: all.

    Returns
    -------
    ndarray
        ``(rows, columns)`` or ``(rows, columns, channels)`` with the margin, float64.
    """
    axis = main_axis(carm)
    coordinates = grid.axis_mm(axis)
    border = cv2.BORDER_REPLICATE if extend else cv2.BORDER_CONSTANT
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    total: Image | None = None
    for index in range(grid.shape[axis]) if indices is None else indices:
        homography = _to_plane(carm, grid, axis, float(coordinates[index]))
        # A picture that no number disturbs is an affine map, which OpenCV does faster.
        if np.abs(homography[2, :2]).max() < 1e-12:
            affine = homography[:2] / homography[2, 2]
            seen = cv2.warpAffine(slab(index), affine, carm.size_px, flags=flags, borderMode=border)
        else:
            seen = cv2.warpPerspective(
                slab(index), homography, carm.size_px, flags=flags, borderMode=border
            )
        if total is None:
            total = np.zeros(seen.shape)
        # Summed in double: a thousand planes in single would leave their rounding in the picture.
        total += seen
    if total is None:
        return np.zeros(carm.size_px[::-1])
    way = _way_through_plane(carm, axis) * grid.spacing_mm[axis]
    total *= way if total.ndim == way.ndim else way[..., None]
    return total


def _to_plane(carm: CArm, grid: Grid, axis: int, coordinate_mm: float) -> Points3:
    """Return the homography from pixels to fractional indices of a plane of voxels."""
    row_axis, column_axis = grid.plane_axes(axis)
    source, rays = carm.source_mm, np.stack(carm.rays(), axis=1)  # (3, [start, column, row])
    rays = rays[:, [1, 2, 0]]
    depth = coordinate_mm - source[axis]
    lines = []
    for other in (column_axis, row_axis):
        at_mm = (source[other] - grid.origin_mm[other]) * rays[axis] + depth * rays[other]
        lines.append(at_mm / grid.spacing_mm[other])
    return np.stack([*lines, rays[axis]])


def _way_through_plane(carm: CArm, axis: int) -> Image:
    """Return the length of each ray between two planes at a distance of 1 mm."""
    start, step_column, step_row = carm.rays()
    columns, rows = carm.size_px
    column, row = np.arange(columns)[None, :], np.arange(rows)[:, None]
    parts = [start[k] + column * step_column[k] + row * step_row[k] for k in range(3)]
    length: Image = np.sqrt(parts[0] ** 2 + parts[1] ** 2 + parts[2] ** 2) / np.abs(parts[axis])
    return length
