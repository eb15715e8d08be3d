"""A C-arm by name: geometry from its calibration file, and files that the same file accepts."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pydicom
import pytest

from leakwatch.config import Settings
from leakwatch.core.errors import CalibrationError, ConfigError
from leakwatch.core.frame import View
from leakwatch.core.marks import Side
from leakwatch.runner.stored_run import open_run
from leakwatch.simulator.anatomy.anatomy import Anatomy
from leakwatch.simulator.scenario.scenario import load_scenario
from leakwatch.simulator.scene.scene import make_carm
from leakwatch.simulator.sequence.request import requested_scenario
from leakwatch.simulator.sequence.sequence_files import write_simulation
from leakwatch.simulator.sequence.simulation import simulate

ROOM = """
schema = "leakwatch.calibration/1"
name = "Room 7"
[applies_to]
columns = 144
rows = 128
manufacturer = "ACME"
view = "lateral"
sid_mm = 1100.0
primary_angle_deg = 82.0
secondary_angle_deg = -5.0
imager_pixel_spacing_mm = 0.9
"""
GEOMETRY = """
[geometry]
imager_pixel_spacing_mm = 0.9
sid_mm = 1100.0
sod_mm = 760.0
sod_sigma_mm = 15.0
"""
MEASURED = """
[measured]
mm_per_px = 0.6
mm_per_px_sigma = 0.012
"""
SCENARIO = """
name = "room"
carm.calibration = "room.toml"
anatomy.level = "L2"
sequence = {fps = 5.0, duration_s = 0.8}
injection = {start_s = 0.2, volume_ml = 0.3, rate_ml_s = 0.6}
"""


def write(folder: Path, scenario: str = SCENARIO, calibration: str = ROOM + GEOMETRY) -> str:
    """A scenario with its calibration file beside it."""
    (folder / "room.toml").write_text(calibration)
    (folder / "scenario.toml").write_text(scenario)
    return str(folder / "scenario.toml")


def test_the_example_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # found beside the package, not by luck in the working directory
    text = SCENARIO.replace("room.toml", "example-biplane-lateral")
    carm = load_scenario(write(tmp_path, text)).carm
    assert (carm.columns, carm.rows, carm.pitch_mm) == (1024, 1024, 0.2148)
    assert (carm.sid_mm, carm.sod_mm, carm.manufacturer) == (1150.0, 765.0, "EXAMPLE")
    assert (carm.view, carm.anterior) == (View.LATERAL, Side.RIGHT)
    assert (carm.angle_deg, carm.tilt_deg, carm.calibration) == (0.0, 0.0, None)


def test_the_ap_plane_of_the_same_room(tmp_path: Path) -> None:
    text = SCENARIO.replace("room.toml", "example-biplane-frontal")
    carm = load_scenario(write(tmp_path, text)).carm
    assert (carm.view, carm.angle_deg, carm.tilt_deg) == (View.AP, 0.0, 0.0)
    assert (carm.sid_mm, carm.sod_mm, carm.pitch_mm) == (1100.0, 750.0, 0.2148)


def test_a_folder_calibration_where_one_works_goes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "calibration").mkdir()
    (tmp_path / "calibration" / "room-7.toml").write_text(ROOM + GEOMETRY)
    monkeypatch.chdir(tmp_path)
    carm = load_scenario(write(tmp_path, SCENARIO.replace("room.toml", "room-7"))).carm
    assert (carm.columns, carm.sod_mm, carm.anterior) == (144, 760.0, Side.LEFT)
    assert (carm.angle_deg, carm.tilt_deg) == pytest.approx((8.0, 5.0))


def test_a_measured_spacing_holds_at_the_vertebra(tmp_path: Path) -> None:
    carm = make_carm(load_scenario(write(tmp_path, calibration=ROOM + MEASURED)))
    assert carm.mm_per_px == pytest.approx(0.6)
    assert (carm.pitch_mm, carm.sod_mm) == pytest.approx((0.9, 0.6 * 1100.0 / 0.9))
    without = ROOM.replace("imager_pixel_spacing_mm = 0.9", "")
    text = SCENARIO + "carm.sod_mm = 800.0\n"
    carm = make_carm(load_scenario(write(tmp_path, text, without + MEASURED)))
    assert carm.mm_per_px == pytest.approx(0.6)
    assert (carm.sod_mm, carm.sid_mm) == (800.0, 1100.0)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (
            "carm.sid_mm = 1000.0",
            r"carm\.sid_mm is 1000\.0, but the C-arm of .*room\.toml has 11",
        ),
        ("carm.rows = 448", r"carm\.rows is 448, but .* has 128"),
        ("carm.pitch_mm = 0.34", r"carm\.pitch_mm is 0\.34, but .* has 0\.9"),
        ('carm.view = "ap"', r"carm\.view is ap, but .* has lateral"),
        ('carm.anterior = "right"', r"carm\.anterior is right, but .* has left"),
        ("carm.angle_deg = 0.0", r"carm\.angle_deg is 0\.0, but .* has 8"),
        ('carm.manufacturer = "OTHER"', r"carm\.manufacturer is OTHER, but .* has ACME"),
    ],
)
def test_a_contradiction_names_both(more: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=rf"scenario .*: {said}.*Omit carm\..*"):
        load_scenario(write(tmp_path, f"{SCENARIO}{more}\n"))


def test_what_agrees_may_be_said_twice(tmp_path: Path) -> None:
    more = 'carm.sid_mm = 1100\ncarm.view = "lateral"\ncarm.off_centre_mm = [0.0, 4.0, 0.0]\n'
    carm = load_scenario(write(tmp_path, SCENARIO + more)).carm
    assert (carm.sid_mm, carm.off_centre_mm) == (1100.0, (0.0, 4.0, 0.0))


@pytest.mark.parametrize(
    ("calibration", "error", "said"),
    [
        (ROOM, CalibrationError, "has neither"),
        (ROOM + GEOMETRY.replace("760", "1200"), CalibrationError, "sod_mm 1200 is not less than"),
        ((ROOM + GEOMETRY).replace("82.0", "10.0"), ConfigError, "do not match view lateral"),
        ((ROOM + GEOMETRY).replace("lateral", "oblique"), ConfigError, "view is oblique"),
        (ROOM + MEASURED.replace("0.6", "1.2"), ConfigError, "behind the detector"),
        ((ROOM + GEOMETRY).replace("144", "32"), ConfigError, "carm.columns"),
    ],
)
def test_a_calibration_file_that_makes_no_c_arm_is_told(
    calibration: str, error: type[Exception], said: str, tmp_path: Path
) -> None:
    with pytest.raises(error, match=said):
        load_scenario(write(tmp_path, calibration=calibration))


def test_an_unknown_name_is_told_with_the_known_ones(tmp_path: Path) -> None:
    text = SCENARIO.replace("room.toml", "room-9")
    with pytest.raises(
        ConfigError, match=r"unknown C-arm 'room-9'. Choose .* example-biplane-lateral"
    ):
        load_scenario(write(tmp_path, text))
    text = SCENARIO.replace("room.toml", "gone.toml")
    with pytest.raises(CalibrationError, match=r"gone\.toml: cannot be read"):
        load_scenario(write(tmp_path, text))


def test_the_files_are_accepted_by_the_same_calibration_file(
    anatomy: Anatomy, tmp_path: Path
) -> None:
    scenario = requested_scenario(write(tmp_path))
    made = simulate(scenario, anatomy)
    write_simulation(made, tmp_path)
    run = open_run(
        tmp_path / "room.dcm", Settings(), tmp_path / "room.case.json", tmp_path / "room.toml"
    )
    run.source.close()
    assert run.calibration.mm_per_px == pytest.approx(0.9 * 760 / 1100)
    assert made.truth.mm_per_px == pytest.approx(run.calibration.mm_per_px)
    assert run.calibration.source == "calibration file room.toml"  # nothing was left unchecked
    header = pydicom.dcmread(tmp_path / "room.dcm", stop_before_pixels=True)
    assert (header.Manufacturer, header.PositionerPrimaryAngle) == ("ACME", 82.0)
    assert (header.PositionerSecondaryAngle, header.DistanceSourceToDetector) == (-5.0, 1100.0)
    # What is written beside it stands alone: the calibration file need not be there.
    left = json.loads((tmp_path / "room.scenario.json").read_text())
    assert "calibration" not in left["carm"]
    again = load_scenario(str(tmp_path / "room.scenario.json"))
    assert make_carm(again) == make_carm(scenario)


def test_an_angle_leaves_the_true_view_on_purpose(tmp_path: Path) -> None:
    turned = requested_scenario(write(tmp_path), angle_deg=-12.5)
    true = requested_scenario(str(tmp_path / "scenario.toml"))
    assert make_carm(turned).angle_deg == -12.5
    assert msgspec.structs.replace(turned.carm, angle_deg=8.0) == true.carm
