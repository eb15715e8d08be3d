"""Cannula: a steel tube from the skin through a pedicle into the body."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from leakwatch.simulator.anatomy.carm import CArm, Image
from leakwatch.simulator.anatomy.voxel_grid import Points3

LENGTH_MM = 130.0
_TIP_SOFT_MM = 0.25  # the ground tip ends over this length
_FINER = 4  # rays along each side of a pixel: they leave a thirtieth of the steps of one

# Outer and inner diameter in mm by gauge, after ISO 9626; vertebroplasty takes 11G and 13G.
DIAMETERS_MM: dict[int, tuple[float, float]] = {8: (4.19, 3.43), 11: (3.05, 2.39), 13: (2.41, 1.80)}


@dataclass(frozen=True, slots=True)
class Cannula:
    """Position of the cannula.

    Parameters
    ----------
    tip_mm : ndarray
        ``(3,)``.
    outward : ndarray
        ``(3,)``, unit vector from the tip towards the hub.
    outer_mm, inner_mm : float
        Diameters.
    """

    tip_mm: Points3
    outward: Points3
    outer_mm: float
    inner_mm: float

    def moved(self, pivot_mm: Points3, turn_deg: float, withdraw_mm: float) -> Cannula:
        """Return the cannula rotated about `pivot_mm` in the sagittal plane, then withdrawn."""
        angle = np.radians(turn_deg)
        turn = np.array(
            [
                [1.0, 0.0, 0.0],
                [0.0, np.cos(angle), -np.sin(angle)],
                [0.0, np.sin(angle), np.cos(angle)],
            ]
        )
        outward = turn @ self.outward
        tip = pivot_mm + turn @ (self.tip_mm - pivot_mm) + withdraw_mm * outward
        return Cannula(tip, outward, self.outer_mm, self.inner_mm)


def through_pedicle(tip_mm: Points3, pedicle_mm: Points3, gauge: int) -> Cannula:
    """Return a cannula from the skin straight through the pedicle to the tip."""
    outward = pedicle_mm - tip_mm
    outer, inner = DIAMETERS_MM[gauge]
    return Cannula(tip_mm, outward / np.linalg.norm(outward), outer, inner)


def chords_mm(cannula: Cannula, carm: CArm) -> tuple[Image, Image]:
    """Return the length of each ray in steel and in the lumen, mm, ``(rows, columns)`` both.

    A ray that passes the axis of a cylinder of radius R at distance p under the angle a runs
    ``2 sqrt(R^2 - p^2) / sin(a)`` inside it. That is steep at its edges, and a pixel sees the mean
    over its area: where the cylinder is near, rays are as many finer.
    """
    columns, rows = carm.size_px
    column, row = np.meshgrid(np.arange(columns, dtype=float), np.arange(rows, dtype=float))
    passing, along, _ = _passing_mm(cannula, carm, column, row)
    rim = carm.mm_per_px
    near = (passing < cannula.outer_mm / 2 + rim) & (along > -_TIP_SOFT_MM - rim)
    near &= along < LENGTH_MM + rim
    steel, bore = np.zeros((2, rows, columns))
    offsets = (np.arange(_FINER) + 0.5) / _FINER - 0.5
    for across in offsets:
        for down in offsets:
            outer, inner = _inside_mm(cannula, carm, column[near] + across, row[near] + down)
            steel[near] += (outer - inner) / _FINER**2
            bore[near] += inner / _FINER**2
    return steel, bore


def along_mm(cannula: Cannula, carm: CArm) -> Image:
    """Return where along the axis, from the tip, each ray passes it; ``(rows, columns)``."""
    columns, rows = carm.size_px
    column, row = np.meshgrid(np.arange(columns, dtype=float), np.arange(rows, dtype=float))
    return _passing_mm(cannula, carm, column, row)[1]


def _passing_mm(
    cannula: Cannula, carm: CArm, column: Image, row: Image
) -> tuple[Image, Image, Image]:
    """Return distances of rays to the axis, axial positions from the tip, and sines of angles."""
    start, step_column, step_row = carm.rays()
    ray = start + column[..., None] * step_column + row[..., None] * step_row
    ray = ray / np.linalg.norm(ray, axis=-1, keepdims=True)
    across = np.cross(ray, cannula.outward)
    sine = np.maximum(np.linalg.norm(across, axis=-1), 1e-6)
    to_tip = cannula.tip_mm - carm.source_mm
    cosine = ray @ cannula.outward
    along = ((ray @ to_tip) * cosine - cannula.outward @ to_tip) / sine**2
    return np.abs(across @ to_tip) / sine, along, sine


def _inside_mm(cannula: Cannula, carm: CArm, column: Image, row: Image) -> tuple[Image, Image]:
    """Return the length of rays inside the outer and the inner cylinder, mm."""
    passing, along, sine = _passing_mm(cannula, carm, column, row)
    within = np.clip(0.5 + along / _TIP_SOFT_MM, 0.0, 1.0) * (along < LENGTH_MM) / sine
    outer, inner = (
        within * 2.0 * np.sqrt(np.clip((diameter / 2) ** 2 - passing**2, 0.0, None))
        for diameter in (cannula.outer_mm, cannula.inner_mm)
    )
    return outer, inner
