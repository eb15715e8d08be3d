"""`leakwatch calibrate` as a person calls it: exit codes, what is said, what the file then does."""

from __future__ import annotations

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from leakwatch.case_files.case_file import load_case
from leakwatch.case_files.settings_file import load_settings
from leakwatch.cli import app
from leakwatch.runner.stored_run import open_run
from leakwatch.simulator.scene.intensifier import Distortion as Formula
from leakwatch.simulator.sequence.dicom_writer import encode_dicom
from leakwatch.simulator.sequence.grid_plate import GridPlate, render_plate
from leakwatch.simulator.sequence.request import requested_scenario


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    """No test writes into the calibrations of whoever runs it."""
    monkeypatch.setenv("LEAKWATCH_CALIBRATION", str(tmp_path / "mine"))


@pytest.fixture(scope="module")
def grid(tmp_path_factory):
    path = tmp_path_factory.mktemp("grid") / "grid.dcm"
    scenario = requested_scenario("intensifier", None, None, None, None, None, None)
    path.write_bytes(encode_dicom(render_plate(scenario, GridPlate())))
    return path


@pytest.fixture(scope="module")
def sample(repository):
    return repository / "sample_dicom" / "epidural.dcm"


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def calibrate(*arguments):
    return run("calibrate", *arguments)


def assert_refused(result, *words):
    assert result.exit_code == 2, result.output
    assert result.stderr.startswith("leakwatch: ")
    assert [word for word in words if word not in result.stderr] == []


def test_a_grid_is_measured_and_belongs_to_a_run(grid, tmp_path):
    path = tmp_path / "room.toml"
    done = calibrate("grid", grid, "--pitch", 10, "--out", path)
    assert done.exit_code == 0, done.output
    assert "134 crossings; 95 % of them within 0.09" in done.stdout
    assert "0.3398 mm per pixel in the plane of the grid" in done.stdout
    # The grid's own pictures stand for a sequence of the same C-arm.
    opened = open_run(grid, load_settings(None), None, path)
    opened.source.close()
    assert opened.calibration.source == "calibration file room.toml"
    assert opened.calibration.mm_per_px == pytest.approx(0.34 * 720 / 1050, rel=2e-3)
    assert opened.calibration.distortion is not None


def test_a_grid_with_a_wrong_pitch_is_refused_unless_a_person_says_so(grid, tmp_path):
    path = tmp_path / "room.toml"
    asked = ("grid", grid, "--pitch", 12, "--out", path)
    assert_refused(calibrate(*asked), "+20% relative to the 0.3400 of the header", "--pitch")
    assert not path.exists()
    assert calibrate(*asked, "--against-tags").exit_code == 0


def test_a_size_that_the_tags_contradict_is_said(sample, tmp_path):
    asked = ("ruler", sample, "--point", "100,100", "--point", "300,100")
    fits = calibrate(*asked, "--length", 46.6, "--out", tmp_path / "fits.toml")
    assert (fits.exit_code, fits.stderr) == (0, "")
    mistyped = calibrate(*asked, "--length", 64.6, "--out", tmp_path / "mistyped.toml")
    assert mistyped.exit_code == 0
    assert "+39% against the 0.23" in mistyped.stderr


def test_a_grid_of_another_c_arm_is_refused(grid, sample, tmp_path):
    path = tmp_path / "room.toml"
    assert calibrate("grid", grid, "--pitch", 10, "--out", path).exit_code == 0
    refused = run("analyze", sample, "--calibration", path, "--out", tmp_path / "r", "--no-video")
    assert_refused(refused, "does not apply to this sequence", "columns is 448, the frame has")


def test_a_grid_at_the_vertebra_gives_the_spacing_there(grid, tmp_path):
    done = calibrate("grid", grid, "--pitch", 10, "--at-vertebra", "--out", tmp_path / "v.toml")
    assert done.exit_code == 0
    assert "[measured]\nmm_per_px = 0.3397" in (tmp_path / "v.toml").read_text()


def test_a_ruler_goes_into_the_users_folder_once(sample, tmp_path):
    asked = ("ruler", sample, "--length", 50, "--point", "100,100", "--point", "300,100")
    done = calibrate(*asked, "--name", "Room 2", "--view", "lateral")
    assert done.exit_code == 0, done.output
    assert "50 mm over 200.0 pixels: 0.2500 +- " in done.stdout
    assert "depth 2.1%" in done.stdout
    made = tmp_path / "mine" / "room-2.toml"
    assert made.is_file()
    assert_refused(calibrate(*asked, "--name", "Room 2"), "the file exists")
    assert calibrate(*asked, "--name", "Room 2", "--replace").exit_code == 0


def test_a_cannula_is_measured_across(sample, repository, tmp_path):
    """The sample's: 11G; its edges are found from points that are 2 pixels off."""
    truth = json.loads((repository / "sample_dicom" / "epidural.truth.json").read_bytes())
    points = ("--point", "100,162", "--point", "100,176")
    done = calibrate("cannula", sample, "--gauge", 11, *points, "--out", tmp_path / "c.toml")
    assert done.exit_code == 0, done.output
    spacing, sigma = (float(done.stdout.split(": ")[1].split()[at]) for at in (0, 2))
    assert "edges found at" in done.stdout
    # It lies in a pedicle, up to 20 mm nearer to the source than the middle of the body.
    assert abs(spacing - truth["mm_per_px"]) < 2 * sigma
    by_hand = calibrate(
        "cannula", sample, "--diameter", 3.05, *points, "--by-hand", "--out", tmp_path / "h.toml"
    )
    assert "3.05 mm over 14.0 pixels" in by_hand.stdout


def test_points_are_straightened_by_the_distortion_of_a_grid(grid, tmp_path):
    room, path = tmp_path / "room.toml", tmp_path / "ruler.toml"
    assert calibrate("grid", grid, "--pitch", 10, "--out", room).exit_code == 0
    ends = Formula(0.05, 1.5, 448, 448).distort(np.array([[90.0, 110.0], [290.0, 110.0]]))
    points = [part for c, r in ends for part in ("--point", f"{c},{r}")]
    done = calibrate("ruler", grid, "--length", 50, *points, "--distortion", room, "--out", path)
    assert done.exit_code == 0, done.output
    assert float(done.stdout.split("50 mm over ")[1].split()[0]) == pytest.approx(200.0, abs=0.2)
    assert "[distortion]" in path.read_text()


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (("ruler", "--length", 50, "--point", "1,1"), ["1 point is given, and 2 are needed"]),
        (("ruler", "--length", 50, "--point", "1", "--point", "1,2"), ["1: this is no point"]),
        (("cannula", "--point", "1,1", "--point", "9,9"), ["0 sizes are given"]),
        (
            ("cannula", "--gauge", 7, "--point", "1,1", "--point", "9,9"),
            ["unknown gauge 7", "8, 9, 10"],
        ),
        (
            ("cannula", "--gauge", 11, "--point", "300,40", "--point", "300,54"),
            ["no cannula with clear edges"],
        ),
        (("sphere", "--diameter", 25, "--point", "200,200"), ["no sphere found"]),
        (("grid", "--pitch", 10), ["leakwatch: "]),
        (
            ("ruler", "--length", 50, "--point", "1,1", "--point", "9,9", "--frame", 900),
            ["no frame 900"],
        ),
    ],
)
def test_what_cannot_be_measured_is_refused_and_nothing_is_written(sample, tmp_path, asked, words):
    kind, *options = asked
    refused = calibrate(kind, sample, *options, "--out", tmp_path / "x.toml")
    assert_refused(refused, *words)
    assert not (tmp_path / "x.toml").exists()


def test_the_marks_of_a_calibrated_case_are_in_millimetres(sample, repository, tmp_path):
    """A file that was measured serves `mark` as the tags do."""
    path = tmp_path / "ruler.toml"
    points = ("--point", "100,100", "--point", "300,100")
    assert calibrate("ruler", sample, "--length", 44, *points, "--out", path).exit_code == 0
    case = tmp_path / "m.case.json"
    known = load_case(repository / "sample_dicom" / "epidural.case.json").marks
    at = (known.body_outline_px.min(axis=0) + known.body_outline_px.max(axis=0)) / 2
    done = run("mark", sample, "--click", f"{at[0]},{at[1]}", "--calibration", path, "--out", case)
    assert done.exit_code == 0, done.output
    assert "nominal mm" not in done.stdout
