"""`leakwatch train` without a window, and `leakwatch trainees`."""

from __future__ import annotations

import csv
import io
import json
from types import SimpleNamespace

import injection
import pytest
from PIL import Image
from typer.testing import CliRunner

from leakwatch.cli import app
from leakwatch.library.case_library import CaseLibrary
from leakwatch.simulator.suite import training_cases

# As in tests/gui/training/test_training_window.py: within 5 mm from frame 12 on, at 1.5 s.
DUE_S = 1.5


def truth_json():
    frames = []
    for index in range(injection.FRAMES):
        flows = index >= injection.FIRST_CEMENT
        distance = (148.0 - 105.0 - 2.0 * index) * injection.MM_PER_PX if flows else None
        ml = 0.1 * (index - injection.FIRST_CEMENT + 1) if flows else 0.0
        frame = {"ml": ml, "dx": 0.0, "dy": 0.0, "distance_mm": distance}
        frames.append(frame | {"leak_length_mm": 0.0, "area_mm2": 10.0})
    head = {"fps": 8.0, "mm_per_px": 0.25, "leak": "near", "breach_5mm_frame": 12}
    return json.dumps(head | {"leak_visible_frame": None, "frames": frames})


@pytest.fixture(scope="module")
def cases(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cases")
    dicom = folder / "cine.dcm"
    injection.write_dicom(dicom)
    for name in ("told", "untold"):
        injection.write_case(folder / f"{name}.case.json", dicom)
    (folder / "told.truth.json").write_text(truth_json())
    return folder


@pytest.fixture(autouse=True)
def library_place(tmp_path, monkeypatch):
    monkeypatch.setenv("LEAKWATCH_LIBRARY", str(tmp_path / "library"))
    return tmp_path / "library"


def run(*arguments, **options):
    return CliRunner().invoke(app, [str(argument) for argument in arguments], **options)


def train(what, *arguments):
    return run("train", what, "--no-window", *arguments)


def refused(result, *words):
    assert result.exit_code == 2, result.output
    assert result.stderr.startswith("leakwatch: ")
    assert result.stderr.count("\n") == 1
    for word in words:
        assert word in result.stderr


def test_a_session_is_scored_kept_shown_drawn_and_exported(cases, tmp_path):
    done = train(
        cases / "told.case.json", "--stop-at-s", 1.8, "--stop-at-s", 0.5, "--trainee", "anna"
    )
    assert done.exit_code == 0, done.output
    assert "STOP 0.30 s after it was due" in done.stdout
    assert "STOP due: 1.50 s, frame 12 (by the truth of the case)" in done.stdout
    assert "Cement injected past the stop point: 0.24 mL" in done.stdout
    assert "False STOPs (at 0.50 s): 1" in done.stdout
    assert "saved as session 1 of anna" in done.stdout
    missed = train(cases / "told.case.json", "--trainee", "anna")
    assert "Missed: a STOP was due" in missed.stdout
    train(cases / "untold.case.json", "--stop-at-s", 1.8, "--trainee", "ben")

    listed = run("trainees", "list").stdout.splitlines()
    assert [line.split("\t")[:3] for line in listed[1:]] == [["anna", "2", "2"], ["ben", "1", "1"]]
    shown = run("trainees", "show", "anna").stdout.splitlines()
    assert shown[1].split("\t")[3:] == ["stopped", "0.30 s", "0.24 mL", "1", "truth"]
    assert shown[2].split("\t")[3:5] == ["missed", ""]
    # Without a truth, and without a reading of the syringe, nobody knows how much it was.
    shown = run("trainees", "show", "ben").stdout.splitlines()
    assert shown[1].split("\t")[3:6] == ["stopped", "0.30 s", ""]

    exported = run("trainees", "export", "--out", tmp_path / "all.csv")
    assert "3 sessions written" in exported.stdout
    rows = list(csv.DictReader(io.StringIO((tmp_path / "all.csv").read_text())))
    assert [row["trainee"] for row in rows] == ["anna", "anna", "ben"]
    assert [row["due_by"] for row in rows] == ["truth", "truth", "leakwatch"]
    run("trainees", "export", "--trainee", "ben", "--out", tmp_path / "ben.csv")
    assert len((tmp_path / "ben.csv").read_text().splitlines()) == 2

    drawn = run("trainees", "curve", "anna", "--out", tmp_path / "anna.png")
    assert "2 sessions drawn" in drawn.stdout
    with Image.open(tmp_path / "anna.png") as image:
        assert image.width > 600
        assert image.convert("L").getextrema()[0] < 100

    assert run("trainees", "delete", "anna", input="n\n").exit_code == 1
    assert "2 sessions of anna deleted" in run("trainees", "delete", "anna", "--yes").stdout
    refused(run("trainees", "show", "anna"), "no trainee 'anna'")


def test_without_a_truth_it_says_that_leakwatch_judges(cases):
    done = train(cases / "untold.case.json", "--stop-at-s", 1.8)
    assert "by LeakWatch's own STOP: the case has no truth" in done.stdout
    assert "Cement injected past the stop point: unknown" in done.stdout
    assert "not saved, since no --trainee" in done.stderr


def test_cases_of_the_library_by_number_name_and_folder(cases, library_place):
    run("cases", "add", cases / "told.case.json", "--name", "first")
    with CaseLibrary() as library:
        folder = library.case("1").folder
    for what in ("1", "first", folder, "library", library_place):
        done = train(what, "--stop-at-s", 1.8, "--trainee", "anna")
        assert done.exit_code == 0, done.output
        assert "by LeakWatch's own STOP" in done.stdout
    # A truth beside the marks of a recorded session is taken.
    (folder / "session.truth.json").write_text(truth_json())
    assert "STOP 0.30 s after it was due" in train("1", "--stop-at-s", 1.8).stdout


def test_a_folder_of_cases_is_a_programme_and_needs_a_window(cases):
    refused(train(cases), "has 2 cases", "give one of them")


def test_a_built_in_case_is_made_when_asked_for_and_once(cases, monkeypatch, library_place):
    made = []
    scenario = SimpleNamespace(name="training-01", title="Lumbar; calm breath")
    case = SimpleNamespace(scenario=scenario)
    monkeypatch.setattr(training_cases, "training_cases", lambda: (case,))
    monkeypatch.setattr(training_cases, "frames_of", lambda case: 16)
    monkeypatch.setattr(training_cases, "find_kept_case", lambda case, folder: made or None)

    def make(case, folder, on_frame):
        made.append(folder)
        on_frame()
        return cases / "told.case.json"

    monkeypatch.setattr(training_cases, "make_training_case", make)
    assert run("train", "--list").stdout == (
        "training-01    Lumbar; calm breath (simulated on first use)\n"
    )
    assert "STOP 0.30 s" in train("training-01", "--stop-at-s", 1.8).stdout
    assert made == [library_place / "training"]
    assert "(simulated)" in run("train", "--list").stdout
    assert train("built-in", "--stop-at-s", 1.8).exit_code == 0


def test_bad_requests_say_what_to_do(cases, tmp_path, monkeypatch):
    told = cases / "told.case.json"
    refused(run("train", "--no-window"), "--list")
    refused(train("nonsense"), "no such file", "no such built-in case", "there is no case nonsense")
    refused(run("train", told, "--stop-at-s", 1.8), "--no-window")
    refused(train(told, "--stop-at-s", 99), "the case ends at 1.88 s")
    refused(train(told, "--trainee", "=1"), "pseudonym")
    refused(train("library"), "leakwatch cases add")
    refused(run("trainees", "curve", "nobody", "--out", tmp_path / "a.png"), "no trainee 'nobody'")
    run("train", told, "--no-window", "--trainee", "anna")
    for what in (["export"], ["curve", "anna"]):
        refused(run("trainees", *what, "--out", tmp_path / "absent" / "a"), "cannot be written")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    refused(run("train", told), "no display", "--no-window --stop-at-s")


def test_half_a_case_is_not_scored_and_nothing_is_kept(cases, tmp_path):
    whole = (cases / "cine.dcm").read_bytes()
    (tmp_path / "cine.dcm").write_bytes(whole[: -2 * injection.ROWS * injection.COLUMNS * 3])
    injection.write_case(tmp_path / "cut.case.json", tmp_path / "cine.dcm")
    refused(
        train(tmp_path / "cut.case.json", "--trainee", "anna"),
        "an incomplete case cannot be used for training",
    )
    assert "There are no results yet" in run("trainees", "list").stderr
