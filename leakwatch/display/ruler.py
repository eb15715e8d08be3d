"""Rulers, angles and the scale bar: what they measure, and for which image it holds. No Qt."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from leakwatch.config import Settings
from leakwatch.core.arrays import Point
from leakwatch.core.distortion import undistort_px
from leakwatch.core.geometry import distance_sigma_mm, rotation_between_deg, scale_changed
from leakwatch.core.messages import text
from leakwatch.core.results import Snapshot
from leakwatch.core.spacing import Calibration
from leakwatch.display.references import time_text

# How precisely a person points at an edge, pixels of the frame: the nearer of two neighbours.
CLICK_SIGMA_PX = 0.5
# The anatomy may move by this since a ruler was drawn, px, before that is said: below it nobody
# sees it, and registration is not more precise.
STILL_PX = 1.0
# Lengths of a scale bar within a power of ten.
_STEPS = (1.0, 2.0, 5.0)


class MeasureKind(StrEnum):
    """Kind of measurement."""

    RULER = "ruler"
    ANGLE = "angle"


# Points of each: the ends; an end, the corner, the other end.
POINTS = {MeasureKind.RULER: 2, MeasureKind.ANGLE: 3}


@dataclass(frozen=True, slots=True, eq=False)
class Measure:
    """A ruler or an angle on one image.

    Parameters
    ----------
    kind : MeasureKind
    points_px : tuple of Point
        In pixels of the frame; fewer than needed while it is drawn.
    drawn_on : Snapshot
        The image that it was drawn on.
    calibration : Calibration
        Of that image.
    """

    kind: MeasureKind
    points_px: tuple[Point, ...]
    drawn_on: Snapshot
    calibration: Calibration

    @property
    def is_complete(self) -> bool:
        """Return whether it has all its points."""
        return len(self.points_px) == POINTS[self.kind]

    def with_point(self, at_px: Point) -> Measure:
        """Return it with another point."""
        return replace(self, points_px=(*self.points_px, at_px))

    def with_point_moved(self, place: int, to_px: Point) -> Measure:
        """Return it with a point at another place."""
        points = list(self.points_px)
        points[place] = to_px
        return replace(self, points_px=tuple(points))


def measured_text(measure: Measure) -> str:
    """Return what a complete measure measures, with its standard deviation."""
    points = undistort_px(measure.calibration.distortion, np.array(measure.points_px))
    if measure.kind is MeasureKind.ANGLE:
        angle_deg, sigma_deg = _angle_deg(points)
        digits = 0 if sigma_deg >= 1.0 else 1
        return f"{angle_deg:.{digits}f} ± {sigma_deg:.{digits}f}°"
    length_px = float(np.hypot(*(points[1] - points[0])))
    mm_per_px, spread = measure.calibration.mm_per_px, measure.calibration.mm_per_px_sigma
    if mm_per_px is None:
        return text("{length_px:.0f} px, not calibrated", length_px=length_px)
    ends_px = (CLICK_SIGMA_PX, CLICK_SIGMA_PX)
    sigma_mm = distance_sigma_mm(length_px, mm_per_px, spread or 0.0, ends_px, ())
    length_mm = length_px * mm_per_px
    if spread is None:
        return text("{length_mm:.1f} mm", length_mm=length_mm)
    return text("{length_mm:.1f} ± {sigma_mm:.1f} mm", length_mm=length_mm, sigma_mm=sigma_mm)


def _angle_deg(points: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> tuple[float, float]:
    """Return the angle at the middle point and its standard deviation, degrees."""
    one, other = points[0] - points[1], points[2] - points[1]
    lengths = float(np.hypot(*one)), float(np.hypot(*other))
    if min(lengths) == 0.0:
        return 0.0, 180.0
    cross, dot = one[0] * other[1] - one[1] * other[0], float(one @ other)
    angle = abs(math.atan2(cross, dot))
    # An end turns its arm by sigma / length. The corner turns both arms: that is the distance
    # between the ends over the product of the arms.
    opposite = float(np.hypot(*(points[2] - points[0])))
    turns = (1.0 / lengths[0], 1.0 / lengths[1], opposite / (lengths[0] * lengths[1]))
    sigma = CLICK_SIGMA_PX * math.hypot(*turns)
    return math.degrees(angle), min(math.degrees(sigma), 180.0)


def where_text(measure: Measure, first: int = 0) -> str:
    """Return on which image a measure was drawn; `first` is 0 in files, 1 in windows."""
    frame = measure.drawn_on.frame
    return text("frame {frame}, {time}", frame=frame.index + first, time=time_text(frame.time_s))


def view_change(measure: Measure, now: Snapshot, settings: Settings) -> str:
    """Return why a measure does not hold in another view; empty if the view is the same.

    Parameters
    ----------
    measure : Measure
    now : Snapshot
        What is shown now.
    settings : Settings
    """
    before, after = measure.drawn_on.frame.acquisition, now.frame.acquisition
    if after is before:
        return ""
    if after.subject != before.subject:
        return text("another patient")
    if (after.rows, after.columns) != (before.rows, before.columns):
        return text("the size of the image changed")
    turned = rotation_between_deg(before.geometry, after.geometry)
    if turned > settings.motion.view_angle_deg:
        return text("the C-arm rotated")
    return scale_changed(before.geometry, after.geometry, settings.live.geometry_share)


def movement(measure: Measure, now: Snapshot) -> str:
    """Return how far the anatomy moved since a measure was drawn; empty if it did not.

    A measure stays where it was drawn: it does not follow the anatomy.

    Parameters
    ----------
    measure : Measure
    now : Snapshot
    """
    drawn_on = measure.drawn_on
    if now.frame.index == drawn_on.frame.index:
        return ""
    before, after = drawn_on.observation.shift_px, now.observation.shift_px
    if before is None or after is None:
        return text("movement unknown")
    moved_px = math.hypot(after[0] - before[0], after[1] - before[1])
    if moved_px <= STILL_PX:
        return ""
    mm_per_px = now.observation.calibration.mm_per_px
    if mm_per_px is None:
        return text("moved {moved_px:.0f} px since", moved_px=moved_px)
    return text("moved {moved_mm:.1f} mm since", moved_mm=moved_px * mm_per_px)


def scale_bar(calibration: Calibration | None, longest_px: float) -> tuple[float, str]:
    """Return the length of a scale bar in pixels of the frame, and its text.

    Parameters
    ----------
    calibration : Calibration or None
    longest_px : float
        The bar is the longest round length up to this, pixels of the frame.
    """
    mm_per_px = None if calibration is None else calibration.mm_per_px
    if calibration is None or mm_per_px is None:
        length_px = _round_down(longest_px)
        return length_px, text("{length_px:g} px, not calibrated", length_px=length_px)
    length_mm = _round_down(longest_px * mm_per_px)
    spread = calibration.mm_per_px_sigma
    if spread is None:
        return length_mm / mm_per_px, text("{length_mm:g} mm", length_mm=length_mm)
    share = spread / mm_per_px
    said = text("{length_mm:g} mm ± {percent:.0f} %", length_mm=length_mm, percent=100.0 * share)
    return length_mm / mm_per_px, said


def _round_down(length: float) -> float:
    """Return the longest of 1, 2, 5, 10, 20, ... that is not longer."""
    if length <= 0.0:
        return 0.0
    power = 10.0 ** math.floor(math.log10(length))
    return max(step * power for step in _STEPS if step * power <= length * (1.0 + 1e-9))
