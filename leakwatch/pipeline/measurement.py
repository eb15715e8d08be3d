"""Measurements in frame pixels and millimetres from the findings of the stages."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from leakwatch.config import Settings
from leakwatch.core.arrays import BoolImage, FloatImage, Point, PointArray, read_only
from leakwatch.core.frame import Frame, View
from leakwatch.core.geometry import WorkingGrid, distance_sigma_mm
from leakwatch.core.marks import Marks
from leakwatch.core.messages import join_texts, text
from leakwatch.core.results import (
    Cement,
    Condition,
    Evidence,
    Observation,
    Quality,
    Reason,
    Tube,
    WallDistance,
)
from leakwatch.core.spacing import Calibration
from leakwatch.core.volume import NOT_MEASURED, CementVolume
from leakwatch.pipeline.conditions import (
    CONDITION_OF,
    condition_failed,
    condition_met,
    evaluate_conditions,
    unavailable,
)
from leakwatch.vision.cement.cement_mask import contours_px
from leakwatch.vision.image_processing.medians import percentile
from leakwatch.vision.image_processing.patches import Window, around
from leakwatch.vision.registration.rotation import rotate_points
from leakwatch.vision.vertebra.nominal_scale import NominalScale
from leakwatch.vision.vertebra.posterior_wall import cement_outside, nearest_cement
from leakwatch.vision.vertebra.projected_marks import PlacedMarks
from leakwatch.vision.vessels.tubular import Protrusion


@dataclass(frozen=True, slots=True)
class Findings:
    """Findings of the stages in one frame, in reference coordinates on the working grid.

    Parameters
    ----------
    frame : Frame
    grid : WorkingGrid
    shift : Point
        Displacement of the anatomy from the reference, working pixels.
    placed : PlacedMarks or None
    mask : ndarray of bool or None
        Cement; None if the frame could not be compared with a baseline.
    added : ndarray or None
        Added attenuation, mean over the last moments.
    tubes : tuple of (Protrusion, bool)
        Each with whether it is confirmed.
    quality : Quality
    evidence : tuple of Evidence
        For the conditions that the stages examined.
    least_mm : float
        Thinnest detectable cement beside the wall, along the beam.
    working_mm_per_px : float
        Of the working grid; nominal if there is no calibration.
    nominal : NominalScale or None
        Replaces a missing calibration; None if there is one.
    volume : CementVolume
        Of the cement in `mask`.
    turn_rad, centre : float, Point
        Rotation of the anatomy, and the point around which it turns, working pixels.
    """

    frame: Frame
    grid: WorkingGrid
    shift: Point
    placed: PlacedMarks | None
    mask: BoolImage | None
    added: FloatImage | None
    tubes: tuple[tuple[Protrusion, bool], ...]
    quality: Quality
    evidence: tuple[Evidence, ...] = ()
    least_mm: float = 0.0
    working_mm_per_px: float = 1.0
    nominal: NominalScale | None = None
    volume: CementVolume = NOT_MEASURED
    turn_rad: float = 0.0
    centre: Point = (0.0, 0.0)

    def to_frame(self, points: PointArray) -> PointArray:
        """Return where points of the working grid lie in the frame, frame pixels."""
        moved = rotate_points(points + np.array(self.shift), self.turn_rad, self.centre)
        return read_only(self.grid.to_frame(moved))

    def to_frame_point(self, point: Point) -> Point:
        """Return where a point of the working grid lies in the frame, frame pixels."""
        column, row = self.to_frame(np.array(point))
        return (float(column), float(row))


def make_unassessed(
    frame: Frame, calibration: Calibration, quality: Quality, *evidence: Evidence
) -> Observation:
    """Return the observation of a frame that cannot be assessed.

    Parameters
    ----------
    frame : Frame
    calibration : Calibration
    quality : Quality
    *evidence : Evidence
        Of the conditions that were examined; at least one is not met.
    """
    found = evaluate_conditions(evidence)
    return Observation(
        frame.index,
        frame.time_s,
        None,
        None,
        None,
        None,
        None,
        (),
        unavailable(found),
        calibration,
        quality,
        conditions=found,
    )


def make_unassessed_for(
    frame: Frame, calibration: Calibration, quality: Quality, reason: Reason, why: str = ""
) -> Observation:
    """Return the observation of a frame that cannot be assessed for one reason."""
    failed = condition_failed(CONDITION_OF[reason], reason, why)
    return make_unassessed(frame, calibration, quality, failed)


def make_observation(
    findings: Findings, marks: Marks, calibration: Calibration, settings: Settings
) -> Observation:
    """Convert findings into an observation.

    Parameters
    ----------
    findings : Findings
    marks : Marks
    calibration : Calibration
        Of frame pixels.
    settings : Settings
    """
    return _Measurement(findings, marks, calibration, settings).observation()


@dataclass(frozen=True, slots=True)
class _Measurement:
    """Measurement of one frame: its findings in frame pixels, and in millimetres if calibrated."""

    findings: Findings
    marks: Marks
    calibration: Calibration
    settings: Settings

    def observation(self) -> Observation:
        """Return what is measured, and the conditions that are examined here."""
        findings, placed = self.findings, self.findings.placed
        # Cement fills a small part of the image.
        box = None if findings.mask is None else around(findings.mask, 0)
        shift_px = wall_px = outline_px = distance = None
        found_px: tuple[PointArray, ...] = ()
        if placed is not None:
            binning = findings.grid.binning
            shift_px = (
                binning * (findings.shift[0] - placed.shift[0]),
                binning * (findings.shift[1] - placed.shift[1]),
            )
            wall_px = None if placed.wall is None else findings.to_frame(placed.wall.line)
            outline_px = None if placed.outline is None else findings.to_frame(placed.outline)
            found_px = tuple(findings.to_frame(side) for side in placed.found)
            distance = self._wall_distance(placed, box)
        cement = self._cement(box)
        set_up = self._check_set_up(cement)
        found = evaluate_conditions((*findings.evidence, *self._check_front(distance), set_up))
        nominal = findings.nominal
        return Observation(
            findings.frame.index,
            findings.frame.time_s,
            shift_px,
            wall_px,
            outline_px,
            distance,
            cement,
            tuple(self._tube(one, confirmed) for one, confirmed in findings.tubes),
            unavailable(found),
            self.calibration,
            findings.quality,
            found_px,
            found,
            nominal_mm_per_px=None if nominal is None else nominal.mm_per_px,
        )

    def _check_front(self, distance: WallDistance | None) -> tuple[Evidence, ...]:
        """Return failing evidence if the front of the cement is too faint to be located."""
        limit_mm = self.settings.sensitive.max_sigma_mm
        if distance is None or distance.sigma_mm is None or distance.sigma_mm <= limit_mm:
            return ()
        sigma_mm = distance.sigma_mm
        why = text("the cement front is faint: located to {sigma_mm:.1f} mm", sigma_mm=sigma_mm)
        return (condition_failed(Condition.SENSITIVE, Reason.EXPOSURE, why, sigma_mm, limit_mm),)

    def _check_set_up(self, cement: Cement | None) -> Evidence:
        """Check that view, wall, side and calibration are known."""
        missing: list[tuple[Reason, str]] = []
        if self.marks.view is not View.LATERAL:
            missing.append((Reason.VIEW, text("the wall is monitored in lateral views only")))
        placed = self.findings.placed
        wall = None if placed is None else placed.wall
        if wall is None:
            missing.append((Reason.NO_WALL, text("the posterior wall is not marked")))
        elif wall.inside is None and cement is not None and cement.area_px > 0:
            missing.append((Reason.NO_WALL, text("the side of the body is unknown")))
        if self.calibration.mm_per_px is None:
            missing.append(
                (Reason.NO_CALIBRATION, text("the pixel spacing at the vertebra is unknown"))
            )
        if not missing:
            return condition_met(Condition.SET_UP)
        reasons = tuple(reason for reason, _ in missing)
        return condition_failed(Condition.SET_UP, reasons, join_texts(why for _, why in missing))

    def _wall_distance(self, placed: PlacedMarks, box: Window | None) -> WallDistance | None:
        """Return how far the cement is from the wall; None without a wall or cement."""
        findings, calibration = self.findings, self.calibration
        if placed.wall is None or findings.mask is None:
            return None
        nearest = nearest_cement(placed.wall, findings.mask, box)
        if nearest is None:
            return None
        distance_px = nearest.distance * findings.grid.binning
        at_px = findings.to_frame_point(nearest.at)
        wall_px = findings.to_frame_point(nearest.on_wall)
        sigmas_px = self._position_sigmas_px()
        alerting = self.settings.alerting
        unseen_mm = self._undetected_front_mm(nearest.at)
        sigmas_mm = (alerting.marks_sigma_mm, alerting.edge_sigma_mm, unseen_mm)
        mm_per_px = calibration.mm_per_px
        if mm_per_px is None or calibration.mm_per_px_sigma is None:
            sigma_px = None
            if findings.nominal is not None:
                sigmas_px += tuple(findings.nominal.widest_px(sigma) for sigma in sigmas_mm)
                sigma_px = float(np.hypot.reduce(sigmas_px))
            return WallDistance(distance_px, None, None, at_px, wall_px, sigma_px)
        sigma = distance_sigma_mm(
            distance_px, mm_per_px, calibration.mm_per_px_sigma, sigmas_px, sigmas_mm
        )
        return WallDistance(distance_px, distance_px * mm_per_px, sigma, at_px, wall_px)

    def _undetected_front_mm(self, at: Point) -> float:
        """Return how far the cement front may extend beyond its visible edge.

        The front is round: at a depth `d` behind its tip its thickness along the beam is
        ``t sqrt(1 - (1 - d / R)^2)``. The part thinner than a share `x` of the full thickness,
        which is not detected, is ``R (1 - sqrt(1 - x^2))`` deep: the sagitta of a circle.
        """
        mask, added = self.findings.mask, self.findings.added
        if mask is None or added is None:
            return 0.0
        alerting, grid = self.settings.alerting, self.findings.grid
        reach = max(round(alerting.front_mm / self.findings.working_mm_per_px), 1)
        column, row = round(at[0]), round(at[1])
        rows = slice(max(row - reach, 0), min(row + reach + 1, grid.rows))
        columns = slice(max(column - reach, 0), min(column + reach + 1, grid.columns))
        there = added[rows, columns][mask[rows, columns]]
        if there.size == 0:
            return 0.0
        thickness_mm = percentile(there, 90.0) / self.settings.cement.attenuation_per_mm
        share = min(self.findings.least_mm / max(thickness_mm, 1e-6), 1.0)
        return alerting.front_radius_mm * (1.0 - float(np.sqrt(1.0 - share**2)))

    def _position_sigmas_px(self) -> tuple[float, ...]:
        """Return standard deviations of a position, px: registration, grid and distortion."""
        bend = self.calibration.distortion
        shift_sigma = self.findings.quality.shift_sigma_px or 0.0
        grid_sigma = 0.5 * self.findings.grid.binning
        return (shift_sigma, grid_sigma, 0.0 if bend is None else bend.sigma_px)

    def _cement(self, box: Window | None) -> Cement | None:
        """Return outlines, area and volume of the cement; None if none was looked for."""
        mask = self.findings.mask
        if mask is None or self.findings.added is None or box is None:
            return None
        part = mask[box]
        area_px = float(int(np.count_nonzero(part)) * self.findings.grid.binning**2)
        mm_per_px, volume = self.calibration.mm_per_px, self.findings.volume
        area_mm2 = None if mm_per_px is None else area_px * mm_per_px**2
        outside_px, at = self._outside(box)
        corner = (box[1].start, box[0].start)
        contours = tuple(self.findings.to_frame(one + corner) for one in contours_px(part))
        return Cement(contours, area_px, area_mm2, volume.ml, outside_px, at, volume)

    def _outside(self, box: Window) -> tuple[float, Point | None]:
        """Return the area clearly outside the outline, frame pixels, and its farthest point."""
        placed, mask, binning = self.findings.placed, self.findings.mask, self.findings.grid.binning
        tolerance_px = self._outside_tolerance_px()
        if placed is None or placed.outside is None or mask is None or tolerance_px is None:
            return 0.0, None
        beyond = cement_outside(placed.outside, mask, tolerance_px / binning, box)
        if beyond is None:
            return 0.0, None
        return float(beyond.pixels * binning**2), self.findings.to_frame_point(beyond.at)

    def _outside_tolerance_px(self) -> float | None:
        """Return the tolerance of the outline, frame pixels; None if unknown."""
        tolerance_mm = self.settings.alerting.outside_tolerance_mm
        if self.calibration.mm_per_px is not None:
            return tolerance_mm / self.calibration.mm_per_px
        nominal = self.findings.nominal
        return None if nominal is None else nominal.widest_px(tolerance_mm)

    def _tube(self, protrusion: Protrusion, confirmed: bool) -> Tube:
        """Return a tube of cement in frame pixels, and in millimetres if calibrated."""
        binning = self.findings.grid.binning
        length_px, width_px = protrusion.length * binning, protrusion.width * binning
        mm = self.calibration.mm_per_px
        return Tube(
            self.findings.to_frame(protrusion.path),
            length_px,
            width_px,
            None if mm is None else length_px * mm,
            None if mm is None else width_px * mm,
            confirmed,
        )
