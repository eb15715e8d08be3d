"""Marks that contradict themselves, anatomy or the tags are refused; real ones pass."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from leakwatch.calibration import spacing_ladder
from leakwatch.case_files.case_file import check_fits, dicom_path, load_case
from leakwatch.config import Settings
from leakwatch.core.arrays import read_only
from leakwatch.core.errors import CaseError
from leakwatch.core.frame import Acquisition, PixelFormat, ProjectionGeometry, View
from leakwatch.core.marks import CaseFile, Marks, Side
from leakwatch.core.spacing import Calibration, SpacingRung
from leakwatch.plausibility.marks_consistency import check_consistency
from leakwatch.sources.stored.opening import open_source

SETTINGS = Settings()
SIZE = 400
MM = Calibration(0.25, 0.005, SpacingRung.CASE, "case file")
NO_MM = Calibration(None, None, SpacingRung.NONE, "no spacing in the tags")
# A lumbar body of 34 by 26 mm whose front is to the right.
WALL = ((130.0, 150.0), (133.0, 200.0), (130.0, 254.0))
OUTLINE = ((130.0, 150.0), (266.0, 148.0), (262.0, 200.0), (266.0, 256.0), (130.0, 254.0))
TIP = (220.0, 202.0)


def array(points: Any) -> Any:
    return read_only(np.array(points, dtype=np.float64))


GOOD = Marks(
    View.LATERAL,
    posterior_wall_px=array(WALL),
    body_outline_px=array(OUTLINE),
    needle_tip_px=TIP,
    anterior=Side.RIGHT,
    vertebra="L3",
)


def acquisition(orientation: tuple[str, str] | None = None, **geometry: Any) -> Acquisition:
    return Acquisition(
        SIZE,
        SIZE,
        PixelFormat("MONOCHROME2", 12),
        ProjectionGeometry(**geometry),
        number_of_frames=30,
        patient_orientation=orientation,
    )


def checked(
    marks: Marks,
    orientation: tuple[str, str] | None = None,
    scale: Calibration = MM,
    settings: Settings = SETTINGS,
    mm_per_px: float | None = None,
    **geometry: Any,
) -> tuple[str, ...]:
    case = CaseFile("a.dcm", marks, mm_per_px)
    return check_consistency(
        case, acquisition(orientation, **geometry), scale, settings, "a.case.json"
    )


def refused(*arguments: Any, **options: Any) -> str:
    with pytest.raises(CaseError) as caught:
        checked(*arguments, **options)
    message = str(caught.value)
    assert message.startswith("a.case.json: ")
    assert "\n" not in message
    return message


def exchanged(marks: Marks) -> Marks:
    """Columns and rows exchanged."""
    wall, outline, tip = marks.posterior_wall_px, marks.body_outline_px, marks.needle_tip_px
    return replace(
        marks,
        posterior_wall_px=None if wall is None else array(wall[:, ::-1]),
        body_outline_px=None if outline is None else array(outline[:, ::-1]),
        needle_tip_px=None if tip is None else tip[::-1],
    )


def mirrored(marks: Marks) -> Marks:
    wall, outline, tip = marks.posterior_wall_px, marks.body_outline_px, marks.needle_tip_px
    assert wall is not None
    assert outline is not None
    assert tip is not None
    flip, shift = np.array([-1.0, 1.0]), np.array([SIZE - 1.0, 0.0])
    return replace(
        marks,
        posterior_wall_px=array(wall * flip + shift),
        body_outline_px=array(outline * flip + shift),
        needle_tip_px=(SIZE - 1.0 - tip[0], tip[1]),
        anterior=Side.LEFT if marks.anterior is Side.RIGHT else Side.RIGHT,
    )


def scaled(marks: Marks, factor: float) -> Marks:
    wall, outline = marks.posterior_wall_px, marks.body_outline_px
    assert wall is not None
    assert outline is not None
    tip = (TIP[0] * factor, TIP[1] * factor)
    return replace(
        marks,
        posterior_wall_px=array(wall * factor),
        body_outline_px=array(outline * factor),
        needle_tip_px=tip,
    )


@pytest.mark.parametrize("upside_down", [False, True])
@pytest.mark.parametrize("marks", [GOOD, mirrored(GOOD), replace(GOOD, anterior=None)])
@pytest.mark.parametrize("scale", [MM, NO_MM])
def test_marks_that_agree_pass_without_a_word(
    marks: Marks, upside_down: bool, scale: Calibration
) -> None:
    if upside_down:
        assert marks.posterior_wall_px is not None
        marks = replace(marks, posterior_wall_px=array(marks.posterior_wall_px[::-1]))
    front = "A" if marks.needle_tip_px == TIP else "P"
    assert checked(marks, None, scale) == ()
    assert checked(marks, (front, "F"), scale) == ()
    assert checked(replace(marks, body_outline_px=None), (front, "F"), scale) == ()
    assert checked(replace(marks, needle_tip_px=None, vertebra=None), (front, "H"), scale) == ()


def test_exchanged_columns_and_rows_are_refused_in_an_upright_picture() -> None:
    wall_alone = replace(exchanged(GOOD), body_outline_px=None, needle_tip_px=None)
    for marks in (
        exchanged(GOOD),
        wall_alone,
        replace(GOOD, posterior_wall_px=array(WALL)[:, ::-1]),
    ):
        assert "are they exchanged?" in refused(marks)
    assert "requires an upright wall" in refused(exchanged(GOOD))
    silent = replace(exchanged(GOOD), anterior=None)
    assert "Patient Orientation" in refused(silent, ("A", "F"))
    assert "neither an outline nor" in refused(replace(wall_alone, anterior=None))


def test_a_picture_that_is_turned_is_possible() -> None:
    turned = replace(exchanged(GOOD), anterior=None)
    assert ["taken to be rotated" in said for said in checked(turned)] == [True]
    assert ["taken to be rotated" in said for said in checked(turned, ("F", "A"))] == [True]
    alone = replace(turned, body_outline_px=None, needle_tip_px=None)
    assert len(checked(alone, ("F", "A"))) == 1
    assert "at the bottom" in refused(GOOD, ("F", "A"))


def test_anterior_against_the_outline_is_refused() -> None:
    message = refused(replace(GOOD, anterior=Side.LEFT, needle_tip_px=None))
    assert "anterior is left" in message
    assert "body_outline_px" in message


def test_anterior_against_patient_orientation_is_refused() -> None:
    alone = replace(GOOD, body_outline_px=None, needle_tip_px=None)
    for marks, witness in (
        (alone, "anterior is on the other side"),
        (GOOD, "anterior is on the other side"),
        (replace(GOOD, anterior=None), "body_outline_px is on the other side"),
        (replace(GOOD, anterior=None, body_outline_px=None), "needle_tip_px is on the other side"),
    ):
        message = refused(marks, ("P", "F"))
        assert "Patient Orientation P\\F" in message
        assert witness in message
        assert "trust_orientation = false" in message


def test_a_tag_that_is_known_to_be_wrong_is_not_believed() -> None:
    settings = msgspec.structs.replace(
        SETTINGS, marks=msgspec.structs.replace(SETTINGS.marks, trust_orientation=False)
    )
    (said,) = checked(GOOD, ("P", "F"), settings=settings)
    assert "The marks are used" in said


def test_a_frontal_orientation_is_said() -> None:
    assert ["frontal view" in said for said in checked(GOOD, ("L", "F"))] == [True]


def test_a_tip_behind_the_wall_is_refused() -> None:
    behind = replace(GOOD, needle_tip_px=(100.0, 200.0))
    assert "33 px posterior of posterior_wall_px" in refused(behind)
    assert "posterior of posterior_wall_px" in refused(replace(behind, body_outline_px=None))
    assert "posterior of posterior_wall_px" in refused(behind, scale=NO_MM)
    (said,) = checked(replace(GOOD, needle_tip_px=(125.0, 200.0)))
    assert "8 px posterior of" in said
    assert checked(replace(GOOD, needle_tip_px=(131.0, 200.0))) == ()


def test_a_tip_that_is_nowhere_near_is_refused() -> None:
    assert "too far" in refused(replace(GOOD, needle_tip_px=(220.0, 20.0)))
    far = replace(GOOD, body_outline_px=None, needle_tip_px=(390.0, 200.0))
    assert "too far" in refused(far)


def test_an_outline_of_another_body_is_refused() -> None:
    above = replace(
        GOOD, body_outline_px=array(OUTLINE) - np.array([0.0, 120.0]), needle_tip_px=None
    )
    assert "two vertebrae" in refused(above)
    ahead = replace(
        GOOD, body_outline_px=array(OUTLINE) + np.array([50.0, 0.0]), needle_tip_px=None
    )
    assert "from posterior_wall_px" in refused(ahead)
    (said,) = checked(
        replace(GOOD, body_outline_px=array(OUTLINE) + np.array([35.0, 0.0]), needle_tip_px=None)
    )
    assert "Draw the wall along the posterior edge" in said


def test_a_wall_through_the_middle_of_the_body_is_refused() -> None:
    middle = replace(
        GOOD, posterior_wall_px=array(WALL) + np.array([50.0, 0.0]), needle_tip_px=None
    )
    assert "from posterior_wall_px" in refused(middle)


def test_an_outline_that_crosses_itself_is_refused() -> None:
    order = [0, 3, 2, 1, 4]
    bow = replace(GOOD, body_outline_px=array([OUTLINE[index] for index in (0, 3, 1, 4)]))
    assert "crosses itself" in refused(bow)
    assert "crosses itself" in refused(
        replace(GOOD, body_outline_px=array([OUTLINE[index] for index in order]))
    )
    assert "has no area" in refused(replace(GOOD, body_outline_px=array([(9, 9)] * 3)))


def test_a_tiny_loop_of_a_hand_is_no_crossing() -> None:
    jitter = [*OUTLINE[:2], (266.5, 151.0), (265.5, 149.0), *OUTLINE[2:]]
    assert checked(replace(GOOD, body_outline_px=array(jitter))) == ()


def test_a_wall_whose_points_go_to_and_fro_is_refused() -> None:
    wall = [WALL[0], WALL[2], WALL[1]]
    assert "not in order" in refused(replace(GOOD, posterior_wall_px=array(wall)))


@pytest.mark.parametrize("factor", [0.4, 1.5])
def test_a_size_that_no_vertebra_has_is_refused(factor: float) -> None:
    wrong = Calibration(MM.mm_per_px and MM.mm_per_px * factor * 1.2, 0.005, MM.rung, MM.source)
    assert " mm; usual " in refused(GOOD, scale=wrong)
    assert checked(GOOD, scale=NO_MM) == ()


def test_the_size_that_was_taken_for_a_thoracic_body_is_refused() -> None:
    """44 x 35 mm where a T9 has 29 x 20."""
    large = scaled(replace(GOOD, vertebra="T9"), 35.0 / 27.0)
    message = refused(large)
    assert "about 2" in message
    assert "T9" in message


def test_a_body_of_an_unknown_level_may_have_the_size_of_any() -> None:
    for factor in (0.7, 1.0, 1.1):
        assert checked(scaled(replace(GOOD, vertebra=None), factor)) == ()


def test_a_wall_of_an_impossible_length_is_refused() -> None:
    alone = replace(GOOD, body_outline_px=None, needle_tip_px=None)
    short = replace(alone, posterior_wall_px=array([(130.0, 150.0), (130.0, 165.0)]))
    assert "4 mm long" in refused(short)
    assert "mm long" in refused(replace(alone, posterior_wall_px=array([(130, 5), (131, 395)])))


@pytest.mark.parametrize(
    ("mm_per_px", "tags", "word"),
    [
        (0.5, {"imager_pixel_spacing_mm": (0.3, 0.3)}, "at the detector"),
        (0.05, {"imager_pixel_spacing_mm": (0.3, 0.3)}, "at the detector"),
        (0.5, {"pixel_spacing_mm": (0.3, 0.3)}, "at the detector"),
        (
            0.3,
            {"imager_pixel_spacing_mm": (0.3, 0.3), "sid_mm": 1000.0, "sod_mm": 700.0},
            "the header states 0.21",
        ),
    ],
)
def test_millimetres_that_no_magnification_explains_are_refused(
    mm_per_px: float, tags: dict[str, Any], word: str
) -> None:
    message = refused(GOOD, scale=NO_MM, mm_per_px=mm_per_px, **tags)
    assert f"mm_per_px is {mm_per_px:g}" in message
    assert word in message


def test_millimetres_that_differ_a_little_from_the_tags_are_said() -> None:
    tags = {"imager_pixel_spacing_mm": (0.3, 0.3), "sid_mm": 1000.0, "sod_mm": 700.0}
    assert checked(GOOD, mm_per_px=0.215, **tags) == ()
    (said,) = checked(GOOD, mm_per_px=0.235, **tags)
    assert "a difference of 12 %" in said
    assert checked(GOOD, mm_per_px=0.25, imager_pixel_spacing_mm=(0.3, 0.3)) == ()


@pytest.mark.parametrize("view", [View.AP, View.OBLIQUE])
def test_a_wall_is_not_judged_where_the_view_has_none(view: View) -> None:
    assert checked(replace(exchanged(GOOD), view=view)) == ()


def case_paths(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.case.json"))


def agreed(path: Path) -> tuple[str, ...]:
    case = load_case(path)
    source = open_source(dicom_path(path, case))
    source.close()
    check_fits(case, source.acquisition, path.name)
    scale = spacing_ladder.resolve_calibration(source.acquisition, case, None, SETTINGS.calibration)
    return check_consistency(case, source.acquisition, scale, SETTINGS, path.name)


def test_sample_cases_pass(repository: Path) -> None:
    assert [agreed(path) for path in case_paths(repository / "sample_dicom")] == [(), ()]


@pytest.mark.parametrize("folder", ["cases", "room"])
def test_shared_cases_pass_and_are_refused_with_columns_and_rows_exchanged(
    shared: Path, folder: str
) -> None:
    paths = case_paths(shared / folder)
    assert paths
    for path in paths:
        assert agreed(path) == ()
        case = load_case(path)
        with pytest.raises(CaseError, match="exchanged"):
            check_consistency(
                replace(case, marks=exchanged(case.marks)), acquisition(), NO_MM, SETTINGS
            )


def test_walls_of_real_radiographs_pass(shared: Path) -> None:
    found = json.loads((shared / "real" / "lateral" / "truth.json").read_bytes())
    walls = 0
    for picture in found.values():
        mm = picture["mm_per_px"]
        scale = Calibration(mm, 0.02 * mm, SpacingRung.CASE, "case file")
        for body in picture["vertebrae"]:
            corners = [body[key] for key in ("post_up", "post_low", "ant_low", "ant_up")]
            side = Side.LEFT if corners[3][0] < corners[0][0] else Side.RIGHT
            marks = Marks(
                View.LATERAL,
                posterior_wall_px=array(corners[:2]),
                body_outline_px=array(corners),
                anterior=side,
            )
            check_consistency(CaseFile("a.dcm", marks), acquisition(), scale, SETTINGS)
            walls += 1
    assert walls >= 39
