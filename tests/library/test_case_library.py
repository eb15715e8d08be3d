"""The case library: its commands, its table in older and newer versions, two processes at once."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import injection
import numpy as np
import pydicom
import pytest
from handmade import CALIBRATION, MARKS, make_snapshot
from typer.testing import CliRunner

from leakwatch.case_files import library_database
from leakwatch.case_files.library_database import library_folder
from leakwatch.case_files.run_records import read_events, read_frames
from leakwatch.cli.program import app
from leakwatch.config import Settings
from leakwatch.core.errors import LibraryError
from leakwatch.core.marks import Marks
from leakwatch.core.results import EventKind
from leakwatch.library.case_library import CaseLibrary
from leakwatch.sinks.recording.frame_recorder import FrameRecorder, Recording
from leakwatch.sinks.recording.recorder import IDENTITY_KEPT, Recorder
from leakwatch.sources.stored.opening import open_source


@pytest.fixture(autouse=True)
def library_place(tmp_path, monkeypatch):
    place = tmp_path / "library"
    monkeypatch.setenv("LEAKWATCH_LIBRARY", str(place))
    return place


@pytest.fixture
def sequence(tmp_path):
    """A case file beside its sequence, whose head names a patient."""
    dicom = tmp_path / "cine.dcm"
    injection.write_dicom(dicom)
    dataset = pydicom.dcmread(dicom)
    dataset.PatientName, dataset.StudyDate = "DOE^JOHN", "20240229"
    dataset.save_as(dicom)
    case = tmp_path / "cine.case.json"
    injection.write_case(case, dicom)
    return case


def run(*arguments, **options):
    return CliRunner().invoke(app, [str(argument) for argument in arguments], **options)


def listed():
    return json.loads(run("cases", "list", "--json").stdout)


def test_a_case_is_added_listed_shown_exported_and_deleted(sequence, tmp_path, library_place):
    added = run("cases", "add", sequence, "--name", "first")
    assert added.exit_code == 0, added.output
    assert f"case 1 (first): {injection.FRAMES} frames" in added.stdout
    (case,) = listed()
    assert (case["name"], case["state"], case["view"]) == ("first", "complete", "lateral")
    assert case["worst_level"] == "STOP"
    assert case["frames"] == injection.FRAMES
    assert case["duration_s"] == pytest.approx(injection.FRAME_S * (injection.FRAMES - 1))
    events = read_events(Path(case["folder"]) / "events.jsonl")
    stops = [event for event in events if event.level == "STOP"]
    assert case["first_stop_s"] == stops[0].time_s

    shown = run("cases", "show", "first")
    assert "alert STOP" in shown.stdout
    assert f"frame {stops[0].frame}" in shown.stdout
    assert len(json.loads(run("cases", "show", "1", "--json").stdout)["events"]) == len(events)

    exported = run("cases", "export", "1", "--out", tmp_path / "out")
    assert exported.exit_code == 0, exported.output
    folder = tmp_path / "out" / "first"
    for path in folder.iterdir():
        data = path.read_bytes()
        assert b"DOE" not in data
        assert b"2024" not in data
    read = list(open_source(folder).frames())
    assert np.array_equal(np.stack([frame.pixels for frame in read]), injection.stack())
    assert run("cases", "export", "1", "--out", tmp_path / "out").exit_code == 2

    kept = run("cases", "delete", "1", input="n\n")
    assert kept.exit_code == 1
    assert len(listed()) == 1
    assert run("cases", "delete", "1", "--yes").exit_code == 0
    assert listed() == []
    assert list((library_place / "cases").iterdir()) == []


def test_an_exported_case_is_analysed_to_the_same_lines(sequence, tmp_path):
    run("cases", "add", sequence, "--name", "first")
    run("cases", "export", "first", "--out", tmp_path)
    again = run(
        "analyze",
        tmp_path / "first" / "session.case.json",
        "--no-video",
        "--out",
        tmp_path / "again",
    )
    assert again.exit_code == 0, again.output
    before, after = (
        [(f.level, f.distance_mm, f.area_mm2, f.shift_px) for f in read_frames(path)]
        for path in (tmp_path / "first" / "frames.jsonl", tmp_path / "again" / "frames.jsonl")
    )
    assert after == before


def test_the_list_is_plain_where_it_is_no_terminal(sequence):
    assert run("cases", "list").stdout == ""
    run("cases", "add", sequence)
    head, line = run("cases", "list").stdout.splitlines()
    assert head.split("\t")[:2] == ["case", "name"]
    assert line.split("\t")[:2] == ["1", "case-1"]


def test_text_in_the_pictures_is_refused_or_masked_or_kept_by_choice(sequence, tmp_path):
    dicom = tmp_path / "cine.dcm"
    dataset = pydicom.dcmread(dicom)
    dataset.BurnedInAnnotation = "YES"
    dataset.save_as(dicom)
    refused = run("cases", "add", sequence)
    assert refused.exit_code == 2
    assert "--keep-identity" in refused.stderr
    assert listed() == []
    assert run("cases", "add", sequence, "--mask", "0,0,30,8", "--name", "masked").exit_code == 0
    kept = run("cases", "add", sequence, "--keep-identity", "--name", "kept")
    assert kept.exit_code == 0
    assert "kept as requested" in kept.stderr
    folders = {case["name"]: Path(case["folder"]) for case in listed()}
    first = next(open_source(folders["masked"]).frames())
    assert not first.pixels[:8, :30].any()
    assert first.pixels[8:, 30:].all()
    session = json.loads((folders["kept"] / "session.json").read_text())
    assert session["identity"] == "kept by choice"
    events = {name: read_events(folder / "events.jsonl") for name, folder in folders.items()}
    assert (events["kept"][0].kind, events["kept"][0].text) == (
        EventKind.ANNOTATION,
        IDENTITY_KEPT,
    )
    assert events["kept"][1:] == events["masked"]


@pytest.mark.parametrize("mask", ["1,2,3", "a,b,c,d", "5,5,5,9", "-1,0,4,4"])
def test_a_mask_that_is_none_is_refused(mask, sequence):
    refused = run("cases", "add", sequence, f"--mask={mask}")
    assert refused.exit_code == 2
    assert "--mask" in refused.stderr
    assert listed() == []


def test_a_sequence_that_cannot_be_read_leaves_no_case(tmp_path, library_place):
    (tmp_path / "text.dcm").write_text("no picture")
    assert run("cases", "add", tmp_path / "text.dcm").exit_code == 2
    assert listed() == []
    assert list((library_place / "cases").iterdir()) == []


def test_names_are_used_once_and_are_no_numbers(sequence):
    assert run("cases", "add", sequence, "--name", "one").exit_code == 0
    again = run("cases", "add", sequence, "--name", "one")
    assert (again.exit_code, "the name one is taken" in again.stderr) == (2, True)
    number = run("cases", "add", sequence, "--name", "12")
    assert (number.exit_code, "is not a case name" in number.stderr) == (2, True)
    missing = run("cases", "show", "two")
    assert (missing.exit_code, "there is no case two" in missing.stderr) == (2, True)


def test_a_number_is_never_used_again():
    with CaseLibrary() as library:
        first = library.begin("test", MARKS)
        library.delete(first.id)
        assert library.begin("test", MARKS).id == first.id + 1


def recorded(case, close=True):
    recorder = FrameRecorder(case.folder, Recording(MARKS, CALIBRATION, Settings(), "test"))
    lines = Recorder(case.folder)
    for index in range(3):
        recorder.append(make_snapshot(index))
        lines.append(make_snapshot(index))
    if close:
        recorder.close()
        lines.close()
    return recorder, lines


def test_a_case_that_is_recorded_now_is_not_deleted():
    with CaseLibrary() as library:
        case = library.begin("test", MARKS)
        recorder, lines = recorded(case, close=False)
        with pytest.raises(LibraryError, match="is being recorded"):
            library.delete(case.id)
        assert library.cases()[0].state == "recording"
        recorder.close()
        lines.close()
        assert library.cases()[0].state == "complete"


def test_a_case_that_broke_off_is_listed_and_recovered_by_its_number():
    script = (
        "import os, test_case_library as t\n"
        "with t.CaseLibrary() as library:\n"
        "    t.recorded(library.begin('test', t.MARKS), close=False)\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    here = Path(__file__).parent
    places = (here.parents[1], here, here.parent / "support")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, places))}
    subprocess.run([sys.executable, "-c", script], env=environment, check=False)
    assert [case["state"] for case in listed()] == ["recording"]
    assert "leakwatch recover 1" in run("cases", "show", "1").stderr
    assert run("recover", "1").exit_code == 0
    (case,) = listed()
    assert (case["state"], case["frames"]) == ("recovered", 3)


def test_two_processes_enter_cases_at_once(library_place):
    script = (
        "from leakwatch.library.case_library import CaseLibrary\n"
        "from leakwatch.core.marks import Marks\n"
        "with CaseLibrary() as library:\n"
        "    for _ in range(40):\n"
        "        library.begin('test', Marks())\n"
    )
    writers = [subprocess.Popen([sys.executable, "-c", script]) for _ in range(3)]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    with CaseLibrary() as library:
        cases = library.cases()
    assert [case.id for case in cases] == list(range(1, 121))
    assert len({case.folder for case in cases}) == 120
    assert all(case.folder.is_dir() for case in cases)


def test_a_table_of_an_older_version_is_brought_up_and_its_cases_stay(monkeypatch):
    with CaseLibrary() as library:
        library.begin("test", replace(Marks(), vertebra="L1"))
    later = "ALTER TABLE library_case ADD COLUMN note TEXT"
    monkeypatch.setattr(library_database, "_MIGRATIONS", (*library_database._MIGRATIONS, later))
    with CaseLibrary() as library:
        assert [case.vertebra for case in library.cases()] == ["L1"]
    with CaseLibrary() as library:  # once only
        assert len(library.cases()) == 1


def test_a_table_of_a_newer_version_is_left_alone(library_place):
    CaseLibrary().close()
    with sqlite3.connect(library_place / "library.sqlite") as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(LibraryError, match="Use a newer LeakWatch"):
        CaseLibrary()


def test_a_library_that_cannot_be_made_is_a_clear_error(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("LEAKWATCH_LIBRARY", str(tmp_path / "file"))
    said = run("cases", "list")
    assert said.exit_code == 2
    assert "LEAKWATCH_LIBRARY" in said.stderr
    (tmp_path / "dir").mkdir()
    (tmp_path / "dir" / "library.sqlite").write_text("this is no database at all, but some text")
    monkeypatch.setenv("LEAKWATCH_LIBRARY", str(tmp_path / "dir"))
    assert run("cases", "list").exit_code == 2


def test_without_the_variable_it_is_in_the_data_folder(monkeypatch):
    monkeypatch.delenv("LEAKWATCH_LIBRARY")
    assert library_folder().name == "leakwatch"
