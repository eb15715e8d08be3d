"""Marks that a user would set on the first frame, with the error of a hand."""

from __future__ import annotations

import numpy as np

from leakwatch.core.arrays import Point, PointArray, read_only
from leakwatch.core.frame import View
from leakwatch.core.marks import CaseFile, Marks
from leakwatch.simulator.anatomy.carm import CArm
from leakwatch.simulator.anatomy.landmarks import body_outline_px
from leakwatch.simulator.scenario.scenario import Scenario
from leakwatch.simulator.scene.scene import (
    MARKS_STREAM,
    Movement,
    Scene,
    frame_times_s,
    make_distortion,
    stream,
)

_BASELINE_MARGIN_S = 0.5  # a person who says that no cement is there leaves some time
# Parts of the stream of marks, so that an error of one leaves the others as they are.
_OFFSET, _OUTLINE, _TIP = 1, 2, 3


def marked_case(scenario: Scenario, scene: Scene, carm: CArm, movement: Movement) -> CaseFile:
    """Return the marks that a user would set on the first frame."""
    shift = movement.spine_px[0]
    shown = make_distortion(scenario).distort
    wall = shown(_marked_wall(scenario, carm.project_points(scene.landmarks.wall_mm)) + shift)
    outline = shown(_marked_outline(scenario, body_outline_px(scene.anatomy, carm)) + shift)
    tip = shown(_marked_tip(scenario, carm.project_points(scene.cannula.tip_mm[None])) + shift)[0]
    lateral = scenario.carm.view is View.LATERAL
    marks = Marks(
        view=scenario.carm.view,
        reference_frame=0,
        baseline_frames=_baseline(scenario) if scenario.marks.baseline else None,
        posterior_wall_px=read_only(wall) if lateral else None,
        body_outline_px=read_only(outline) if scenario.marks.outline else None,
        needle_tip_px=_point(tip) if scenario.cannula.present else None,
        anterior=scenario.carm.anterior if lateral else None,
        vertebra=scenario.anatomy.level,
    )
    return CaseFile(f"{scenario.name}.dcm", marks)


def _marked_wall(scenario: Scenario, wall_px: PointArray) -> PointArray:
    """Return the wall as marked by a user: few points, each off across the wall, and all of it."""
    marks = scenario.marks
    if marks.wall_points:
        picked = np.rint(np.linspace(0, len(wall_px) - 1, max(marks.wall_points, 2))).astype(int)
        wall_px = wall_px[np.unique(picked)]
    along = np.gradient(wall_px, axis=0)
    across = np.stack([-along[:, 1], along[:, 0]], axis=1)
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    sigma_px = _px(scenario, marks.wall_error_mm)
    error = sigma_px * stream(scenario, MARKS_STREAM).standard_normal(len(wall_px))
    if marks.wall_offset_mm:
        error = (
            error + _px(scenario, marks.wall_offset_mm) * _rng(scenario, _OFFSET).standard_normal()
        )
    marked: PointArray = wall_px + error[:, None] * across
    return marked


def _marked_outline(scenario: Scenario, outline_px: PointArray) -> PointArray:
    error_mm = scenario.marks.outline_error_mm
    if not error_mm:
        return outline_px
    rng, middle = _rng(scenario, _OUTLINE), outline_px.mean(axis=0)
    outward = outline_px - middle
    outward = outward / np.maximum(np.linalg.norm(outward, axis=1, keepdims=True), 1e-9)
    error = _px(scenario, error_mm) * rng.standard_normal(len(outline_px))
    marked: PointArray = outline_px + error[:, None] * outward
    return marked


def _marked_tip(scenario: Scenario, tip_px: PointArray) -> PointArray:
    error_mm = scenario.marks.tip_error_mm
    if not error_mm:
        return tip_px
    marked: PointArray = tip_px + _px(scenario, error_mm) * _rng(scenario, _TIP).standard_normal(2)
    return marked


def _rng(scenario: Scenario, part: int) -> np.random.Generator:
    return np.random.default_rng([scenario.seed, MARKS_STREAM, part])


def _px(scenario: Scenario, length_mm: float) -> float:
    return length_mm / (scenario.carm.pitch_mm * scenario.carm.sod_mm / scenario.carm.sid_mm)


def _baseline(scenario: Scenario) -> tuple[int, int] | None:
    """Return cement-free frames in the reference view, with a margin; None if there are none."""
    fps = scenario.sequence.fps
    # Cement in the cannula is seen before the injection begins.
    seen_s = scenario.injection.start_s
    seen_s -= 0.0 if scenario.bore is None else scenario.bore.fills_over_s
    last = int((seen_s - _BASELINE_MARGIN_S) * fps)
    pulses = np.rint(frame_times_s(scenario) * fps)
    begins = [turn.at_s for turn in scenario.view_turns]
    begins += [move.at_s for move in scenario.table_moves]
    begins += [section.off_s for section in scenario.pedal]
    last = int((pulses < min([last, *(int(at_s * fps) for at_s in begins)])).sum())
    return (0, last) if last > 0 else None


def _point(point: PointArray) -> Point:
    return float(point[0]), float(point[1])
