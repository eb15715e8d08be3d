"""`leakwatch run --second`, and what other commands make of its recording."""

from __future__ import annotations

import json
import shutil

import injection
import pytest
from alarm_receivers import HttpPeer, free_port
from typer.testing import CliRunner

from leakwatch.case_files.planes_file import find_second_plane
from leakwatch.case_files.run_records import read_frames
from leakwatch.case_files.session_file import load_session
from leakwatch.cli.program import app
from leakwatch.core.results import Level
from leakwatch.library.case_library import CaseLibrary
from leakwatch.sinks.recording.recovery import recover


def run(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture(scope="module")
def planes(tmp_path_factory):
    """Two sequences with their cases: the second is the first without its last frames."""
    folder = tmp_path_factory.mktemp("planes")
    for name in ("one", "two"):
        injection.write_dicom(folder / f"{name}.dcm")
        injection.write_case(folder / f"{name}.case.json", folder / f"{name}.dcm")
    return folder


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    return tmp_path_factory.mktemp("library")


@pytest.fixture(scope="module")
def recorded(planes, library):
    """A session with two planes, as a case of the library."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LEAKWATCH_LIBRARY", str(library))
        sources = [f"replay:{planes / name}.dcm?speed=0.5" for name in ("one", "two")]
        done = run("run", sources[0], "--second", sources[1], "--no-window")
    assert done.exit_code == 0, done.output
    return done.output, CaseLibrary(library).case("1").folder


def test_both_planes_are_in_one_folder(recorded):
    output, folder = recorded
    second = find_second_plane(folder)
    assert second.folder == folder / "plane-b"
    assert second.offset_s == pytest.approx(0.0, abs=5.0)
    for one in (folder, second.folder):
        assert load_session(one / "session.json").state == "complete"
        assert read_frames(one / "frames.jsonl")[-1].level is Level.STOP
    for line in ("A lateral: first STOP at", "B lateral: first STOP at", "recorded as case 1"):
        assert line in output


def test_the_library_counts_both(recorded, library, monkeypatch):
    monkeypatch.setenv("LEAKWATCH_LIBRARY", str(library))
    with CaseLibrary(library) as cases:
        case = cases.case("1")
    assert (case.worst_level, case.stops) == ("STOP", 2)
    shown = run("cases", "show", 1).output
    assert "planes:     STOP in" in shown
    assert "second plane:" in shown
    assert json.loads(run("cases", "show", 1, "--json").output)["second_events"]


def test_recovery_takes_both(recorded):
    done = recover(recorded[1])
    assert done.was_complete
    folders = (recorded[1], recorded[1] / "plane-b")
    lines = sum(len(read_frames(one / "frames.jsonl")) for one in folders)
    assert done.frames == lines


def test_an_interrupted_second_plane_is_repaired(recorded, tmp_path):
    copied = shutil.copytree(recorded[1], tmp_path / "copied")
    session = copied / "plane-b" / "session.json"
    session.write_text(session.read_text().replace('"complete"', '"recording"'))
    frames = load_session(copied / "session.json").frames
    done = recover(copied)
    assert not done.was_complete
    assert done.frames == frames + load_session(session).frames
    assert (load_session(session).state, load_session(copied / "session.json").state) == (
        "recovered",
        "complete",
    )


def test_the_report_has_both_with_the_worse_first(recorded, tmp_path):
    done = run("report", recorded[1], "--out", tmp_path, "--dicom")
    assert done.exit_code == 0, done.output
    page = (tmp_path / "report.html").read_text()
    assert page.index("Both planes") < page.index("A lateral</td>") < page.index("B lateral</td>")
    assert "STOP in A lateral" in page or "STOP in B lateral" in page
    assert page.count("<h2>Settings</h2>") == 1
    assert (tmp_path / "dicom" / "plane-b" / "measurements.sr.dcm").is_file()


def test_a_replay_is_drawn_with_both(recorded, tmp_path, fonts_offscreen):
    done = run("replay", recorded[1], "--record", tmp_path / "both.png")
    assert done.exit_code == 0, done.output
    assert "both planes at" in done.output
    (recorded[1] / "planes.json").rename(tmp_path / "planes.json")
    again = run("replay", recorded[1], "--record", tmp_path / "again.png")
    (tmp_path / "planes.json").rename(recorded[1] / "planes.json")
    assert "Both start together" in again.output


def test_a_second_plane_that_cannot_be_read_leaves_the_first(recorded, tmp_path, fonts_offscreen):
    second = recorded[1] / "plane-b" / "recording.jsonl"
    second.rename(tmp_path / "away")
    try:
        done = run("replay", recorded[1], "--record", tmp_path / "one.png")
    finally:
        (tmp_path / "away").rename(second)
    assert done.exit_code == 0, done.output
    assert "only the first plane is shown" in done.output
    assert "frame" in done.output


@pytest.fixture
def fonts_offscreen(qapp):
    """The application that the window needs."""


def test_a_case_without_its_source_is_refused():
    done = run("run", "scp://:1", "--second-case", "x.case.json")
    assert done.exit_code == 2
    assert "--second-case is for a second plane" in done.output


def test_the_same_source_twice_is_refused():
    done = run("run", "video:0", "--second", "video:0")
    assert done.exit_code == 2
    assert "Give the source of the other plane" in done.output


def test_alarm_outputs_pass_the_worse_plane_to_one_receiver(planes, tmp_path):
    """Until both have ended: then the receiver is told, once."""
    peer = HttpPeer(free_port())
    try:
        settings = tmp_path / "lamp.toml"
        settings.write_text(f'[alarm_http]\nurl = "http://127.0.0.1:{peer.port}/alarm"\n')
        sources = [f"replay:{planes / name}.dcm" for name in ("one", "two")]
        options = ("--no-window", "--no-record", "--settings", settings)
        done = run("run", sources[0], "--second", sources[1], *options)
        assert done.exit_code == 0, done.output
        got = list(peer.got)
    finally:
        peer.stop()
    assert {one["plane"] for one in got} <= {"A", "B"}
    assert any(one["level"] == "STOP" for one in got)
    assert [one["kind"] for one in got].count("end") == 1
    assert got[-1]["kind"] == "end"
    numbers = [one["sequence"] for one in got]
    assert numbers == sorted(set(numbers))


def test_a_second_source_that_cannot_be_opened_is_told(planes, tmp_path):
    done = run(
        *("run", f"replay:{planes / 'one.dcm'}", "--second", "replay:/nowhere.dcm"),
        *("--no-window", "--out", tmp_path / "live"),
    )
    assert done.exit_code == 2
    assert "/nowhere.dcm" in done.output
    assert not (tmp_path / "live").exists()  # the same command works once the source is there
