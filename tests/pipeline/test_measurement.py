"""From what the stages found to an observation in the frame's pixels and in millimetres."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from leakwatch.config import Settings
from leakwatch.core.arrays import read_only
from leakwatch.core.frame import Acquisition, Frame, PixelFormat, View
from leakwatch.core.geometry import Scale, WorkingGrid
from leakwatch.core.marks import Marks, Side
from leakwatch.core.results import Condition, Quality, Reason
from leakwatch.core.spacing import Calibration, SpacingRung
from leakwatch.core.volume import CementVolume, FactorSource
from leakwatch.pipeline.conditions import condition_failed, condition_met
from leakwatch.pipeline.measurement import Findings, make_observation, make_unassessed_for
from leakwatch.vision.vertebra.nominal_scale import NominalScale
from leakwatch.vision.vertebra.projected_marks import MarkPlacer
from leakwatch.vision.vessels.tubular import Protrusion

SETTINGS = Settings()
GRID = WorkingGrid(100, 120, 2)
MM = 0.25  # per frame pixel
KNOWN = Calibration(MM, 0.01, SpacingRung.CASE, "case")
NONE = Calibration(None, None, SpacingRung.NONE, "no spacing in the tags")
MARKS = Marks(
    View.LATERAL,
    posterior_wall_px=read_only(np.array([[60.5, 40.5], [60.5, 160.5]])),
    body_outline_px=read_only(
        np.array([[60.0, 40.0], [200.0, 40.0], [200.0, 160.0], [60.0, 160.0]])
    ),
    anterior=Side.RIGHT,
)
ACQUISITION = Acquisition(200, 240, PixelFormat("MONOCHROME2", 12))
FRAME = Frame(7, 0.9, read_only(np.zeros((200, 240), np.uint16)), ACQUISITION)


UNLEARNT = condition_failed(Condition.ABLE, Reason.EXPOSURE, "acquiring the baseline")
COVERED = condition_failed(Condition.WHOLE, Reason.EXPOSURE, "half of the vertebra is visible")
# What the stages found where they all could see.
SHOWN = tuple(
    condition_met(condition) for condition in Condition if condition is not Condition.SET_UP
)


def findings(**changes: object) -> Findings:
    """A square of cement, 20 x 20 working pixels, its left column 30 pixels from the wall."""
    mask = np.zeros((100, 120), bool)
    mask[40:60, 60:80] = True
    added = np.where(mask, 10 * SETTINGS.cement.attenuation_per_mm, 0.0).astype(np.float32)
    placed = MarkPlacer(Scale(2 * MM), SETTINGS.cement).place(MARKS, None, GRID, (0.0, 0.0), 10.0)
    whole = Findings(
        FRAME, GRID, (0.0, 0.0), placed, mask, added, (), Quality(shift_sigma_px=0.1), SHOWN
    )
    return replace(whole, **changes)  # type: ignore[arg-type]


def test_sizes_are_in_millimetres_at_the_vertebra() -> None:
    volume = CementVolume(1.0, 0.1, FactorSource.SYRINGE)
    seen = make_observation(findings(volume=volume), MARKS, KNOWN, SETTINGS)
    assert seen.cement is not None
    assert seen.wall_distance is not None
    assert seen.cement.area_px == 1600.0
    assert seen.cement.area_mm2 == pytest.approx(1600 * MM**2)
    assert (seen.cement.volume_ml, seen.cement.volume) == (1.0, volume)
    # Working column 60 has its centre at frame column 120.5.
    assert seen.wall_distance.distance_px == pytest.approx(60.0, abs=0.2)
    assert seen.wall_distance.distance_mm == pytest.approx(15.0, abs=0.05)
    assert seen.wall_distance.at_px[0] == pytest.approx(120.5)
    assert seen.wall_distance.wall_px[0] == pytest.approx(60.5)
    assert seen.unavailable == ()


def test_sigma_holds_calibration_marks_edge_and_registration() -> None:
    seen = make_observation(findings(), MARKS, KNOWN, SETTINGS)
    assert seen.wall_distance is not None
    assert seen.wall_distance.distance_mm is not None
    parts = (
        60 * 0.01,
        0.1 * MM,
        0.5 * 2 * MM,
        SETTINGS.alerting.marks_sigma_mm,
        SETTINGS.alerting.edge_sigma_mm,
    )
    assert seen.wall_distance.sigma_mm == pytest.approx(np.hypot.reduce(parts), rel=0.01)


def test_everything_is_where_it_is_in_this_frame() -> None:
    still = make_observation(findings(), MARKS, KNOWN, SETTINGS)
    moved = make_observation(findings(shift=(5.0, -3.0)), MARKS, KNOWN, SETTINGS)
    assert moved.shift_px == (10.0, -6.0)
    for one, other in ((moved.wall_px, still.wall_px), (moved.outline_px, still.outline_px)):
        assert one is not None
        assert other is not None
        assert one - other == pytest.approx(np.broadcast_to([10.0, -6.0], one.shape))
    assert moved.wall_distance is not None
    assert still.wall_distance is not None
    assert moved.wall_distance.distance_mm == still.wall_distance.distance_mm
    assert np.subtract(moved.wall_distance.at_px, still.wall_distance.at_px) == pytest.approx(
        (10, -6)
    )


def test_shift_counts_from_the_marks_own_frame() -> None:
    placed = MarkPlacer(Scale(2 * MM), SETTINGS.cement).place(MARKS, None, GRID, (2.0, 1.0), 10.0)
    seen = make_observation(findings(placed=placed, shift=(5.0, -3.0)), MARKS, KNOWN, SETTINGS)
    assert seen.shift_px == (6.0, -8.0)


def test_without_calibration_there_are_pixels_and_no_millimetres() -> None:
    tube = Protrusion(np.array([[60.0, 50.0], [80.0, 50.0]]), 20.0, 4.0, 1.0, 1.0, True)
    seen = make_observation(findings(tubes=((tube, True),)), MARKS, NONE, SETTINGS)
    assert seen.cement is not None
    assert seen.wall_distance is not None
    assert (seen.cement.area_mm2, seen.cement.volume_ml) == (None, None)
    assert (seen.wall_distance.distance_mm, seen.wall_distance.sigma_mm) == (None, None)
    assert seen.wall_distance.distance_px > 0
    (only,) = seen.tubes
    assert (only.length_mm, only.width_mm, only.length_px, only.width_px) == (None, None, 40.0, 8.0)
    assert seen.unavailable == (Reason.NO_CALIBRATION,)
    assert seen.cement.outside_px == 0.0


def test_cement_outside_the_outline_is_counted_beyond_the_tolerance() -> None:
    mask = np.zeros((100, 120), bool)
    mask[40:60, 90:115] = True  # the outline ends at working column 99.75
    seen = make_observation(findings(mask=mask), MARKS, KNOWN, SETTINGS)
    assert seen.cement is not None
    beyond = 114 - 99.75 - SETTINGS.alerting.outside_tolerance_mm / (2 * MM)
    assert seen.cement.outside_px / 4 / 20 == pytest.approx(beyond, abs=1.0)
    assert seen.cement.outside_at_px is not None
    assert seen.cement.outside_at_px[0] == pytest.approx(228.5)


def test_no_cement_is_an_area_of_zero_and_no_distance() -> None:
    nothing = np.zeros((100, 120), bool)
    seen = make_observation(findings(mask=nothing), MARKS, KNOWN, SETTINGS)
    assert seen.cement is not None
    assert (seen.cement.area_mm2, seen.cement.volume_ml, seen.wall_distance) == (0.0, None, None)
    assert seen.unavailable == ()


@pytest.mark.parametrize(
    ("changes", "marks", "reasons"),
    [
        ({"mask": None, "added": None, "evidence": (*SHOWN, UNLEARNT)}, MARKS, (Reason.EXPOSURE,)),
        ({"evidence": ()}, MARKS, (Reason.STAGE_ERROR,)),
        ({"evidence": (*SHOWN, COVERED)}, MARKS, (Reason.EXPOSURE,)),
        ({}, replace(MARKS, view=View.AP), (Reason.VIEW,)),
        ({}, replace(MARKS, view=None), (Reason.VIEW,)),
        ({"placed": None}, MARKS, (Reason.NO_WALL,)),
    ],
)
def test_what_cannot_be_judged_has_its_reason(
    changes: dict[str, object], marks: Marks, reasons: tuple[Reason, ...]
) -> None:
    assert make_observation(findings(**changes), marks, KNOWN, SETTINGS).unavailable == reasons


def test_a_blind_frame_says_nothing_but_its_reason() -> None:
    seen = make_unassessed_for(FRAME, KNOWN, Quality(), Reason.DECODE)
    assert (seen.frame, seen.time_s, seen.unavailable) == (7, 0.9, (Reason.DECODE,))
    assert (seen.shift_px, seen.wall_distance, seen.cement, seen.tubes) == (None, None, None, ())


def test_without_millimetres_the_sigma_and_the_tolerance_are_pixels_of_a_usual_size() -> None:
    nominal = NominalScale(0.5, 0.2)  # per frame pixel
    placed = MarkPlacer(Scale(1.0), SETTINGS.cement).place(MARKS, None, GRID, (0.0, 0.0), 10.0)
    mask = np.zeros((100, 120), bool)
    mask[40:60, 80:110] = True  # the outline ends at working column 100
    seen = make_observation(
        findings(placed=placed, mask=mask, nominal=nominal), MARKS, NONE, SETTINGS
    )
    assert seen.cement is not None
    assert seen.wall_distance is not None
    alerting = SETTINGS.alerting
    parts = (0.1, 0.5 * 2, alerting.marks_sigma_mm * 2.4, alerting.edge_sigma_mm * 2.4)
    assert seen.wall_distance.sigma_px == pytest.approx(np.hypot.reduce(parts))
    assert seen.nominal_mm_per_px == 0.5
    # 1.25 mm are 3 px at most, one and a half working pixels.
    beyond = np.arange(80, 110) - 100 > 1.5
    assert seen.cement.outside_px == pytest.approx(20 * np.count_nonzero(beyond) * 4, abs=80)
    assert seen.cement.outside_at_px is not None
