"""A distortion in a calibration file: what it needs, what it says, where it does not fit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from measured_c_arm import C_ARM, CASE, GEOMETRY, MEASURED, NOTHING, acquisition, toml

from leakwatch.calibration.spacing_ladder import resolve_calibration
from leakwatch.core.errors import CalibrationError
from leakwatch.core.spacing import SpacingRung

HEAD = MEASURED[: MEASURED.index("[measured]")]
# Of the first order, so that neighbours move by 0.03 pixels against each other: 0.03 * 324.
DISTORTION = """
[distortion]
degree = 1
reach_px = 250.0
sigma_px = 0.1
residual_p95_px = 0.2
crossings = 140
column_px = [0.0, 9.7, 0.0]
row_px = [0.0, 0.0, 9.7]
"""


def test_a_distortion_alone_leaves_the_millimetres_to_the_tags(tmp_path: Path) -> None:
    found = resolve_calibration(acquisition(C_ARM), CASE, toml(tmp_path, HEAD + DISTORTION))
    assert found.mm_per_px == pytest.approx(0.24)
    assert found.rung is SpacingRung.IMAGER_PIXEL_SPACING_GEOMETRY
    assert found.source == (
        "ImagerPixelSpacing*SOD/SID, distortion from calibration file room-2.toml"
    )
    assert found.distortion is not None
    assert (found.distortion.columns, found.distortion.rows) == (512, 400)
    assert found.distortion.column_px == (0.0, 9.7, 0.0)


def test_without_any_millimetres_the_distortion_is_known_all_the_same(tmp_path: Path) -> None:
    found = resolve_calibration(acquisition(NOTHING), CASE, toml(tmp_path, HEAD + DISTORTION))
    assert found.mm_per_px is None
    assert found.distortion is not None


@pytest.mark.parametrize(
    "spacing", [MEASURED[MEASURED.index("[measured]") :], f"{GEOMETRY}\nsod_sigma_mm = 20\n"]
)
def test_a_distortion_goes_with_a_spacing(tmp_path: Path, spacing: str) -> None:
    found = resolve_calibration(
        acquisition(C_ARM), CASE, toml(tmp_path, HEAD + spacing + DISTORTION)
    )
    assert found.rung is SpacingRung.CALIBRATION_FILE
    assert found.source == "calibration file room-2.toml"
    assert found.distortion is not None


def test_the_spacing_of_a_case_goes_with_the_distortion_of_a_file(tmp_path: Path) -> None:
    path = toml(tmp_path, HEAD + DISTORTION)
    found = resolve_calibration(acquisition(C_ARM), replace(CASE, mm_per_px=0.3), path)
    assert (found.mm_per_px, found.rung) == (0.3, SpacingRung.CASE)
    assert found.distortion is not None


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("row_px = [0.0, 0.0, 9.7]", "row_px = [0.0]", ["row_px has 1 numbers", "has 3"]),
        ("row_px = [0.0, 0.0, 9.7]", "row_px = [0.0, 0.0, nan]", ["that is not a number"]),
        ("row_px = [0.0, 0.0, 9.7]", "row_px = [0.0, 0.0, 970]", ["adjacent pixels by"]),
        ("degree = 1", "degree = 12", ["distortion.degree"]),
        ("sigma_px = 0.1", "", ["sigma_px is missing in distortion"]),
    ],
)
def test_a_malformed_distortion_is_refused(
    tmp_path: Path, old: str, new: str, words: list[str]
) -> None:
    path = toml(tmp_path, (HEAD + DISTORTION).replace(old, new, 1))
    with pytest.raises(CalibrationError) as caught:
        resolve_calibration(acquisition(C_ARM), CASE, path)
    assert [word for word in [str(path), *words] if word not in str(caught.value)] == []


@pytest.mark.parametrize(
    ("asked", "run", "words"),
    [
        ('model = "C 7"', {"model_name": "C  7"}, []),
        ('model = "C 7"', {"model_name": "C 8"}, ["model is c 7, the frame has c 8"]),
        ("field_of_view_mm = 230", {"geometry": replace(C_ARM, field_of_view_mm=232.0)}, []),
        (
            "field_of_view_mm = 230",
            {"geometry": replace(C_ARM, field_of_view_mm=150.0)},
            ["field_of_view_mm is 230, the frame has 150"],
        ),
        ("", {"geometry": replace(C_ARM, primary_angle_deg=60.0)}, ["primary_angle_deg"]),
        ("", {"rows": 512}, ["rows is 400, the frame has 512"]),
        ("", {"manufacturer": "Other"}, ["manufacturer"]),
        ("", {"geometry": replace(C_ARM, imager_pixel_spacing_mm=(0.2, 0.2))}, ["imager_pixel"]),
    ],
)
def test_a_distortion_is_refused_on_another_machine_angle_field_or_size(
    tmp_path: Path, asked: str, run: dict[str, object], words: list[str]
) -> None:
    text = HEAD.replace("columns = 512", f"columns = 512\n{asked}") + DISTORTION
    path, frames = toml(tmp_path, text), replace(acquisition(C_ARM), **run)  # type: ignore[arg-type]
    if not words:
        assert resolve_calibration(frames, CASE, path).distortion is not None
        return
    with pytest.raises(CalibrationError) as caught:
        resolve_calibration(frames, CASE, path)
    assert [word for word in ["does not apply", *words] if word not in str(caught.value)] == []
