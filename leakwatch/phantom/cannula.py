"""A steel tube from the skin through a pedicle into the body."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from leakwatch.phantom.carm import CArm, Image
from leakwatch.phantom.grid import Points3

_LENGTH_MM = 130.0
_TIP_SOFT_MM = 0.25  # the ground tip ends over this length

# Outer and inner diameter in mm by gauge, after ISO 9626; vertebroplasty takes 11G and 13G.
DIAMETERS_MM: dict[int, tuple[float, float]] = {8: (4.19, 3.43), 11: (3.05, 2.39), 13: (2.41, 1.80)}


@dataclass(frozen=True, slots=True)
class Cannula:
    """Where the cannula lies.

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
        """Swung about `pivot_mm` in the sagittal plane, then drawn back along itself."""
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
    """The straight way from the skin through the pedicle to the tip."""
    outward = pedicle_mm - tip_mm
    outer, inner = DIAMETERS_MM[gauge]
    return Cannula(tip_mm, outward / np.linalg.norm(outward), outer, inner)


def chords_mm(cannula: Cannula, carm: CArm) -> tuple[Image, Image]:
    """How far each ray runs through steel and through the bore, mm, ``(rows, columns)`` both.

    A ray that passes the axis of a cylinder of radius R at distance p under the angle a runs
    ``2 sqrt(R^2 - p^2) / sin(a)`` inside it.
    """
    start, step_column, step_row = carm.rays()
    columns, rows = carm.size_px
    column, row = np.arange(columns)[None, :, None], np.arange(rows)[:, None, None]
    ray = start + column * step_column + row * step_row
    ray = ray / np.linalg.norm(ray, axis=-1, keepdims=True)
    across = np.cross(ray, cannula.outward)
    sine = np.maximum(np.linalg.norm(across, axis=-1), 1e-6)
    to_tip = cannula.tip_mm - carm.source_mm
    passing = np.abs(across @ to_tip) / sine
    # Where along the axis, from the tip, the ray comes nearest to it.
    cosine = ray @ cannula.outward
    along = ((ray @ to_tip) * cosine - cannula.outward @ to_tip) / sine**2
    within = np.clip(0.5 + along / _TIP_SOFT_MM, 0.0, 1.0) * (along < _LENGTH_MM)
    outer, inner = (
        within * 2.0 * np.sqrt(np.clip((diameter / 2) ** 2 - passing**2, 0.0, None)) / sine
        for diameter in (cannula.outer_mm, cannula.inner_mm)
    )
    return outer - inner, inner
