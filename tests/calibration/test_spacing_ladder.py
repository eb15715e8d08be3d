"""The ladder of spacing sources. Expected numbers are worked out by hand, by similar triangles."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from measured_c_arm import C_ARM, CASE, GEOMETRY, MEASURED, acquisition, toml

from leakwatch.calibration.calibration_file import load_calibration_file
from leakwatch.calibration.spacing_ladder import resolve_calibration
from leakwatch.config import CalibrationSettings
from leakwatch.core.errors import CalibrationError
from leakwatch.core.frame import ProjectionGeometry
from leakwatch.core.marks import CaseFile, Marks
from leakwatch.core.spacing import Calibration, SpacingRung


def by_tags(**tags: Any) -> Calibration:
    return resolve_calibration(acquisition(ProjectionGeometry(**tags)), CASE, None)


def assert_no_millimetres(found: Calibration, *words: str) -> None:
    assert (found.mm_per_px, found.mm_per_px_sigma) == (None, None)
    assert found.rung is SpacingRung.NONE
    assert [word for word in words if word not in found.source] == []


def test_source_object_and_detector_distance() -> None:
    found = resolve_calibration(acquisition(C_ARM), CASE, None)
    assert found.mm_per_px == pytest.approx(0.24)
    assert found.mm_per_px_sigma == pytest.approx(0.24 * 20 / 700)
    assert found.rung is SpacingRung.IMAGER_PIXEL_SPACING_GEOMETRY
    assert found.source == "ImagerPixelSpacing*SOD/SID"


def test_magnification_factor_where_distances_are_absent() -> None:
    found = by_tags(imager_pixel_spacing_mm=(0.36, 0.36), magnification=1.2)
    assert found.mm_per_px == pytest.approx(0.30)
    assert found.mm_per_px_sigma == pytest.approx(0.30 * 20 / 500)
    assert found.source == "ImagerPixelSpacing/magnification factor"


@pytest.mark.parametrize(
    ("kind", "rung"),
    [
        ("FIDUCIAL", SpacingRung.PIXEL_SPACING_FIDUCIAL),
        ("GEOMETRY", SpacingRung.PIXEL_SPACING_GEOMETRY),
    ],
)
def test_corrected_pixel_spacing_goes_before_distances(kind: str, rung: SpacingRung) -> None:
    geometry = replace(C_ARM, pixel_spacing_mm=(0.245, 0.245), pixel_spacing_calibration=kind)
    found = resolve_calibration(acquisition(geometry), CASE, None)
    assert (found.mm_per_px, found.rung) == (0.245, rung)
    assert found.source == f"PixelSpacing {kind}"


def test_fiducial_is_surer_than_geometry() -> None:
    sigmas = [
        by_tags(pixel_spacing_mm=(0.25, 0.25), pixel_spacing_calibration=kind).mm_per_px_sigma
        for kind in ("FIDUCIAL", "GEOMETRY")
    ]
    assert sigmas == [pytest.approx(0.25 * 0.02), pytest.approx(0.25 * 20 / 500)]


def test_case_goes_before_everything(tmp_path: Path) -> None:
    case = replace(CASE, mm_per_px=0.3, mm_per_px_sigma=0.01)
    found = resolve_calibration(acquisition(C_ARM), case, toml(tmp_path))
    assert found == Calibration(0.3, 0.01, SpacingRung.CASE, "case file")


@pytest.mark.parametrize("sigma", [None, 0.0])
def test_nobody_measures_without_error(sigma: float | None) -> None:
    found = resolve_calibration(
        acquisition(), replace(CASE, mm_per_px=0.3, mm_per_px_sigma=sigma), None
    )
    assert found.mm_per_px_sigma == pytest.approx(0.006)


def test_calibration_file_goes_before_tags(tmp_path: Path) -> None:
    found = resolve_calibration(acquisition(C_ARM), CASE, toml(tmp_path))
    assert found == Calibration(
        0.25, 0.004, SpacingRung.CALIBRATION_FILE, "calibration file room-2.toml"
    )


def test_no_tags_no_millimetres() -> None:
    assert_no_millimetres(by_tags(), "no pixel spacing in the header")


def test_spacing_at_the_detector_alone_gives_no_millimetres() -> None:
    """Taken raw it would make 3.6 mm read 5.0."""
    found = by_tags(imager_pixel_spacing_mm=(0.36, 0.36))
    assert_no_millimetres(found, "Imager Pixel Spacing applies to the detector")


@pytest.mark.parametrize(
    "tags",
    [{"sid_mm": 1050.0}, {"sod_mm": 700.0}, {"sid_mm": 0.0, "sod_mm": 0.0}],
)
def test_half_of_the_distances_gives_no_millimetres(tags: dict[str, float]) -> None:
    assert_no_millimetres(by_tags(imager_pixel_spacing_mm=(0.36, 0.36), **tags), "SOD and SID")


@pytest.mark.parametrize("kind", [None, "OTHER"])
def test_pixel_spacing_of_unknown_kind_gives_no_millimetres(kind: str | None) -> None:
    found = by_tags(pixel_spacing_mm=(0.25, 0.25), pixel_spacing_calibration=kind)
    assert_no_millimetres(found, "may apply to the detector", kind or "absent")


def test_pixel_spacing_that_is_that_of_the_detector_is_passed_over() -> None:
    tags: dict[str, Any] = {
        "pixel_spacing_mm": (0.36, 0.36),
        "pixel_spacing_calibration": "GEOMETRY",
        "imager_pixel_spacing_mm": (0.36, 0.36),
    }
    assert_no_millimetres(by_tags(**tags), "it applies to the detector")
    assert by_tags(**tags, sid_mm=1050.0, sod_mm=700.0).mm_per_px == pytest.approx(0.24)


@pytest.mark.parametrize(
    ("sid", "sod"), [(1000.0, 1000.0), (1000.0, 1200.0), (1000.0, 100.0), (1000.0, -700.0)]
)
def test_impossible_distances_give_no_millimetres(sid: float, sod: float) -> None:
    found = by_tags(imager_pixel_spacing_mm=(0.36, 0.36), sid_mm=sid, sod_mm=sod)
    assert_no_millimetres(found, "not possible")


def test_impossible_distances_give_way_to_the_magnification_factor() -> None:
    found = by_tags(
        imager_pixel_spacing_mm=(0.36, 0.36), sid_mm=1000.0, sod_mm=1200.0, magnification=1.2
    )
    assert found.mm_per_px == pytest.approx(0.30)


@pytest.mark.parametrize("spacing", [0.0, -0.2, 0.019, 2.1, math.nan, math.inf])
def test_implausible_spacing_in_the_tags_gives_no_millimetres(spacing: float) -> None:
    pair = (spacing, spacing)
    found = by_tags(pixel_spacing_mm=pair, pixel_spacing_calibration="FIDUCIAL")
    assert_no_millimetres(found, "PixelSpacing FIDUCIAL", "possible are 0.02 to 2")
    found = by_tags(imager_pixel_spacing_mm=pair, magnification=1.0001)
    assert_no_millimetres(found, "possible are 0.02 to 2")


@pytest.mark.parametrize("spacing", [0.0, -0.2, 0.019, 2.1, math.nan, math.inf])
def test_implausible_spacing_by_a_person_is_an_error(spacing: float) -> None:
    with pytest.raises(
        CalibrationError, match=r"mm_per_px of the case is .*possible are 0\.02 to 2"
    ):
        resolve_calibration(acquisition(C_ARM), replace(CASE, mm_per_px=spacing), None)


@pytest.mark.parametrize(
    "tags",
    [
        {"pixel_spacing_mm": (0.25, 0.28), "pixel_spacing_calibration": "FIDUCIAL"},
        {"imager_pixel_spacing_mm": (0.25, 0.28), "magnification": 1.4},
        {"imager_pixel_spacing_mm": (0.25, 0.25), "magnification": 1.4, "pixel_aspect": 1.2},
    ],
)
def test_pixels_that_are_not_square_have_no_one_spacing(tags: dict[str, Any]) -> None:
    assert_no_millimetres(by_tags(**tags), "pixels are not square")
    case = replace(CASE, mm_per_px=0.2)
    run = acquisition(ProjectionGeometry(**tags))
    assert_no_millimetres(resolve_calibration(run, case, None), "pixels are not square")


def test_rounding_is_no_anisotropy() -> None:
    found = by_tags(pixel_spacing_mm=(0.250, 0.251), pixel_spacing_calibration="FIDUCIAL")
    assert found.mm_per_px == pytest.approx(0.2505)


def test_tags_that_contradict_are_told_and_make_it_less_sure() -> None:
    geometry = replace(C_ARM, magnification=1.2)  # 0.24 against 0.30 mm
    found = resolve_calibration(acquisition(geometry), CASE, None)
    assert found.mm_per_px == pytest.approx(0.24)
    assert found.mm_per_px_sigma == pytest.approx(math.hypot(0.24 * 20 / 700, 0.03))
    assert "but ImagerPixelSpacing/magnification factor 0.300" in found.source


def test_tags_that_differ_by_depth_only_do_not_contradict() -> None:
    geometry = replace(C_ARM, pixel_spacing_mm=(0.25, 0.25), pixel_spacing_calibration="FIDUCIAL")
    found = resolve_calibration(acquisition(geometry), CASE, None)
    assert (found.source, found.mm_per_px_sigma) == ("PixelSpacing FIDUCIAL", 0.005)


lengths = st.none() | st.floats(-10, 3000)
spacings = st.none() | st.tuples(st.floats(-1, 5), st.floats(-1, 5))


@given(
    sid_mm=lengths,
    sod_mm=lengths,
    magnification=st.none() | st.floats(-2, 5),
    imager_pixel_spacing_mm=spacings,
    pixel_spacing_mm=spacings,
    pixel_spacing_calibration=st.sampled_from([None, "FIDUCIAL", "GEOMETRY", "?"]),
    pixel_aspect=st.none() | st.floats(0.5, 2),
)
def test_whatever_the_tags_say_it_is_a_possible_spacing_or_a_reason(**tags: Any) -> None:
    found = by_tags(**tags)
    if found.mm_per_px is None:
        assert found.rung is SpacingRung.NONE
        assert found.mm_per_px_sigma is None
    else:
        assert 0.02 <= found.mm_per_px <= 2.0
        assert found.mm_per_px_sigma is not None
        assert 0.0 < found.mm_per_px_sigma < found.mm_per_px * 60
    assert found.source


@given(
    sid_mm=st.floats(800, 1300),
    share=st.floats(0.4, 0.95),
    at_detector=st.floats(0.1, 0.5),
)
def test_what_lies_between_source_and_detector_is_smaller_than_its_shadow(
    sid_mm: float, share: float, at_detector: float
) -> None:
    found = by_tags(
        sid_mm=sid_mm, sod_mm=share * sid_mm, imager_pixel_spacing_mm=(at_detector, at_detector)
    )
    assert found.mm_per_px == pytest.approx(share * at_detector)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("columns = 512", "columns = 1024", ["columns is 1024, the frame has 512"]),
        ("rows = 400", "rows = 512", ["rows is 512, the frame has 400"]),
        ("sid_mm = 1050.0", "sid_mm = 1200.0", ["sid_mm is 1200, the frame has 1050"]),
        ("primary_angle_deg = 90.0", "primary_angle_deg = 0.0", ["primary_angle_deg", "90"]),
        ("secondary_angle_deg = 0.0", "secondary_angle_deg = 25", ["secondary_angle_deg is 25"]),
        ('view = "lateral"', 'view = "ap"', ["view is ap, the frame has lateral"]),
        ("Maker of", "Another", ["manufacturer is another c-arms"]),
        ("imager_pixel_spacing_mm = 0.36", "imager_pixel_spacing_mm = 0.18", ["0.18"]),
    ],
)
def test_file_of_another_c_arm_or_view_is_refused(
    tmp_path: Path, old: str, new: str, words: list[str]
) -> None:
    path = toml(tmp_path, MEASURED.replace(old, new))
    with pytest.raises(CalibrationError) as caught:
        resolve_calibration(acquisition(C_ARM), CASE, path)
    wanted = [str(path), "does not apply", "Give the file of this C-arm", *words]
    assert [word for word in wanted if word not in str(caught.value)] == []


def test_file_within_its_tolerances_fits(tmp_path: Path) -> None:
    geometry = replace(C_ARM, sid_mm=1060.0, primary_angle_deg=97.0, secondary_angle_deg=-4.0)
    assert resolve_calibration(acquisition(geometry), CASE, toml(tmp_path)).mm_per_px == 0.25


@pytest.mark.parametrize("frame_deg", [-178.0, 182.0, -172.0])
def test_angles_meet_behind_the_patient(tmp_path: Path, frame_deg: float) -> None:
    text = MEASURED.replace("primary_angle_deg = 90.0", "primary_angle_deg = 180.0")
    geometry = replace(C_ARM, primary_angle_deg=frame_deg)
    assert resolve_calibration(acquisition(geometry), CASE, toml(tmp_path, text)).mm_per_px == 0.25


def test_what_a_frame_does_not_say_is_told_as_not_checked(tmp_path: Path) -> None:
    run = acquisition(manufacturer="")
    found = resolve_calibration(run, CaseFile("", Marks()), toml(tmp_path))
    assert found.mm_per_px == 0.25
    assert found.source == (
        "calibration file room-2.toml, not checked: manufacturer, view, sid_mm, "
        "primary_angle_deg, secondary_angle_deg, imager_pixel_spacing_mm"
    )


def test_from_a_folder_the_one_that_fits_is_taken(tmp_path: Path) -> None:
    toml(tmp_path)
    toml(tmp_path, MEASURED.replace("lateral", "ap").replace("0.25", "0.5"), "room-2-ap.toml")
    (tmp_path / "README.md").write_text("Not a calibration.", encoding="utf-8")
    found = resolve_calibration(acquisition(C_ARM), CASE, tmp_path)
    assert (found.mm_per_px, found.source) == (0.25, "calibration file room-2.toml")


def test_from_a_folder_nothing_is_taken_unchecked(tmp_path: Path) -> None:
    toml(tmp_path)
    with pytest.raises(CalibrationError, match=r"room-2\.toml: the frame does not state sid_mm"):
        resolve_calibration(acquisition(replace(C_ARM, sid_mm=None)), CASE, tmp_path)


def test_folder_with_two_that_fit_is_refused(tmp_path: Path) -> None:
    toml(tmp_path)
    toml(tmp_path, name="room-3.toml")
    with pytest.raises(CalibrationError, match=r"room-2\.toml, room-3\.toml all apply to"):
        resolve_calibration(acquisition(C_ARM), CASE, tmp_path)


def test_folder_without_any_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CalibrationError, match=r"it holds no \.toml file"):
        resolve_calibration(acquisition(C_ARM), CASE, tmp_path)


def test_file_that_fits_is_asked_for_even_where_the_case_goes_before(tmp_path: Path) -> None:
    path = toml(tmp_path, MEASURED.replace("rows = 400", "rows = 512"))
    with pytest.raises(CalibrationError, match="rows is 512"):
        resolve_calibration(acquisition(C_ARM), replace(CASE, mm_per_px=0.3), path)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("[measured]", "[measure]", ["key measure is not known", "Did you mean measured?"]),
        ("leakwatch.calibration/1", "2", ["key schema", "leakwatch.calibration/1"]),
        ("mm_per_px = 0.25", "mm_per_px = 0", ["key measured.mm_per_px", "found 0"]),
        ("mm_per_px = 0.25", "mm_per_px = nan", ["key measured.mm_per_px", "NaN"]),
        ("mm_per_px = 0.25", "mm_per_px = inf", ["key measured.mm_per_px"]),
        ("mm_per_px = 0.25", "mm_per_px = 25", ["25 mm/px", "0.02 to 2"]),
        ("mm_per_px_sigma = 0.004", "", ["mm_per_px_sigma is missing in measured"]),
        ("mm_per_px_sigma = 0.004", "mm_per_px_sigma = 0", ["measured.mm_per_px_sigma"]),
        ("sid_mm = 1050.0", "sid_mm = 105.0e-2", ["applies_to.sid_mm", "1.05"]),
        ("columns = 512", "columns = 0", ["applies_to.columns"]),
        ("columns = 512", "", ["key columns is missing in applies_to"]),
        ('view = "lateral"', 'view = "side"', ["applies_to.view", "side"]),
        ('name = "Room 2, lateral"', "name = ", ["is not TOML"]),
        ("[measured]", "[measured]\n[geometry]", ["mm_per_px is missing in measured"]),
        ("[measured]", f"{GEOMETRY}\nsod_sigma_mm = 20\n[measured]", ["has both"]),
        (MEASURED[MEASURED.index("[measured]") :], "", ["has neither"]),
        (
            MEASURED[MEASURED.index("[measured]") :],
            GEOMETRY.replace("600", "1000") + "\nsod_sigma_mm = 20",
            ["sod_mm 1000 is not less than sid_mm 1000"],
        ),
    ],
)
def test_malformed_file_is_refused(tmp_path: Path, old: str, new: str, words: list[str]) -> None:
    path = toml(tmp_path, MEASURED.replace(old, new))
    with pytest.raises(CalibrationError) as caught:
        resolve_calibration(acquisition(C_ARM), CASE, path)
    assert [word for word in [str(path), *words] if word not in str(caught.value)] == []


def test_geometry_in_a_file(tmp_path: Path) -> None:
    text = MEASURED[: MEASURED.index("[measured]")] + GEOMETRY + "\nsod_sigma_mm = 30\n"
    found = resolve_calibration(acquisition(C_ARM), CASE, toml(tmp_path, text))
    assert found.mm_per_px == pytest.approx(0.18)
    assert found.mm_per_px_sigma == pytest.approx(0.18 * 0.05)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"\x00", b"= 3", b'{"schema": 1}'])
def test_what_is_no_calibration_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.toml"
    path.write_bytes(content)
    with pytest.raises(CalibrationError, match=r"x\.toml: "):
        load_calibration_file(path)


def test_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CalibrationError, match="No such file"):
        resolve_calibration(acquisition(C_ARM), CASE, tmp_path / "none.toml")


def test_settings_are_used() -> None:
    settings = CalibrationSettings(depth_sigma_mm=70.0)
    found = resolve_calibration(acquisition(C_ARM), CASE, None, settings)
    assert found.mm_per_px_sigma == pytest.approx(0.024)


def examples() -> list[Path]:
    return sorted((Path(__file__).parents[2] / "calibration").glob("*.toml"))


def test_two_examples_at_least_are_shipped() -> None:
    assert len(examples()) >= 2


@pytest.mark.parametrize("path", examples(), ids=lambda path: path.stem)
def test_example_holds_for_the_frames_that_it_names_and_for_no_real_c_arm(path: Path) -> None:
    asked = load_calibration_file(path).applies_to
    assert asked.manufacturer == "EXAMPLE"
    assert asked.view is not None
    spacing = asked.imager_pixel_spacing_mm
    run = acquisition(
        ProjectionGeometry(
            sid_mm=asked.sid_mm,
            primary_angle_deg=asked.primary_angle_deg,
            secondary_angle_deg=asked.secondary_angle_deg,
            imager_pixel_spacing_mm=None if spacing is None else (spacing, spacing),
        ),
        rows=asked.rows,
        columns=asked.columns,
        manufacturer="EXAMPLE",
    )
    case = CaseFile("", Marks(view=asked.view))
    # From the folder: it is the only one that fits.
    found = resolve_calibration(run, case, path.parent)
    assert found.source == f"calibration file {path.name}"
    assert found.mm_per_px is not None
    assert 0.1 < found.mm_per_px < 0.3
    with pytest.raises(CalibrationError, match="manufacturer is example"):
        resolve_calibration(replace(run, manufacturer="A real maker"), case, path)


@pytest.mark.parametrize("path", examples(), ids=lambda path: path.stem)
def test_example_says_that_it_is_one(path: Path) -> None:
    text = path.read_text("utf-8")
    assert "An example: nobody measured this." in text
    assert path.name in (path.parent / "README.md").read_text("utf-8")


def test_file_in_the_documentation_is_one(tmp_path: Path, repository: Path) -> None:
    page = (repository / "docs/how-to/get-millimetres.md").read_text("utf-8")
    block = page.partition("```toml\n")[2].partition("```")[0]
    file = load_calibration_file(toml(tmp_path, block))
    assert file.spacing_mm == (0.195, 0.0045)


def test_reasons_in_the_documentation_are_those_of_the_program(repository: Path) -> None:
    page = (repository / "docs/how-to/get-millimetres.md").read_text("utf-8")
    reasons = [
        by_tags(),
        by_tags(imager_pixel_spacing_mm=(0.3, 0.3)),
        by_tags(pixel_spacing_mm=(0.3, 0.3)),
        by_tags(
            pixel_spacing_mm=(0.3, 0.3),
            pixel_spacing_calibration="GEOMETRY",
            imager_pixel_spacing_mm=(0.3, 0.3),
        ),
    ]
    told = [reason for found in reasons for reason in found.source.split("; ")]
    assert [reason for reason in told if f"| {reason} |" not in page] == []
