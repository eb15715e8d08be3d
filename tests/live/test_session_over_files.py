"""Whole sessions over files, with the real clock: what does not depend on its speed."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import injection
import numpy as np
import pytest
from typer.testing import CliRunner

from leakwatch.case_files.case_file import load_case
from leakwatch.case_files.run_records import read_events, read_frames
from leakwatch.case_files.session_file import load_session
from leakwatch.cli import app
from leakwatch.config import Settings
from leakwatch.core.results import EventKind, Level
from leakwatch.library.case_library import CaseLibrary
from leakwatch.live.case_setup import load_setup
from leakwatch.live.live_session import LiveSession
from leakwatch.live.status import DisplayState, displayed_status
from leakwatch.sources.live_sources import open_live
from leakwatch.sources.stored.opening import open_source


@pytest.fixture
def case(tmp_path):
    path = tmp_path / "a.case.json"
    injection.write_dicom(tmp_path / "a.dcm")
    injection.write_case(path, tmp_path / "a.dcm")
    return path


def run(case, *options, spec="replay:{file}?speed=8"):
    file = case.with_name(case.name.replace(".case.json", ".dcm"))
    return CliRunner().invoke(
        app, ["run", spec.format(file=file), "--case", str(case), "--no-window", *options]
    )


def test_strict_tells_by_the_exit_code_what_was_not_watched(case):
    case.write_text(case.read_text().replace('"lateral"', '"ap"'))
    result = run(case, "--no-record", "--strict")
    assert result.exit_code == 4, result.output
    first, *_ = [line for line in result.stdout.splitlines() if line.startswith("NOT MONITORED")]
    assert "the margin of 5 mm and the posterior wall" in first
    assert run(case, "--no-record").exit_code == 0


def test_run_without_a_window(case, tmp_path):
    result = run(case, "--out", str(tmp_path / "out"))
    assert result.exit_code == 0, result.output
    assert re.search(r"^ +[\d.]+ s  STOP +Cement", result.stdout, re.MULTILINE), result.stdout
    assert re.search(r"first STOP at [\d.]+ s", result.stdout)
    assert "received to decided:" in result.stdout
    frames = read_frames(tmp_path / "out" / "frames.jsonl")
    # How many were dropped is the machine's affair; that they are counted is ours.
    count = re.search(r"^(\d+) frames.*, (\d+) dropped", result.stdout, re.MULTILINE)
    assert len(frames) == int(count[1])
    assert int(count[1]) + int(count[2]) == injection.FRAMES
    assert frames[-1].level is Level.STOP
    last = read_events(tmp_path / "out" / "events.jsonl")[-1]
    assert (last.kind, last.level, last.text) == (
        EventKind.TECHNICAL,
        Level.STOP,
        "the source ended",
    )


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize("deaf", [False, True], ids=["", "Ctrl-C ignored"])
def test_a_session_that_is_told_to_terminate_is_completed(case, tmp_path, deaf):
    watched, out = tmp_path / "watched", tmp_path / "out"
    watched.mkdir()
    program = "from leakwatch.cli import main; main()"
    if deaf:  # as shells start what runs in their background
        program = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN); " + program
    command = [sys.executable, "-c", program, "run", f"folder:{watched}", "--case", str(case)]
    with subprocess.Popen(
        [*command, "--no-window", "--out", str(out)], stdout=subprocess.PIPE, text=True
    ) as session:
        assert "No frame yet" in session.stdout.readline()
        (tmp_path / "a.dcm").rename(watched / "a.dcm")
        assert any("Fluoroscopy off" in line for line in session.stdout)
        session.terminate()
        said = session.communicate(timeout=30.0)[0]
    assert session.returncode == 0
    kept = load_session(out / "session.json")
    assert kept.state == "complete"
    assert f"{kept.frames} frames" in said
    assert sum(1 for _ in open_source(out).frames()) == kept.frames > 0


def test_a_session_is_kept_in_the_library_and_folds_again(case, tmp_path, monkeypatch):
    monkeypatch.setenv("LEAKWATCH_LIBRARY", str(tmp_path / "library"))
    result = run(case)
    assert result.exit_code == 0, result.output
    assert "recorded as case 1 (case-1)" in result.stdout
    with CaseLibrary() as library:
        (kept,) = library.cases()
    lines = read_frames(kept.folder / "frames.jsonl")
    assert (kept.state, kept.worst_level, kept.source) == ("complete", "STOP", "replay")
    assert kept.frames == len(lines)
    whole = injection.stack()
    for frame, line in zip(open_source(kept.folder).frames(), lines, strict=True):
        assert np.array_equal(frame.pixels, whole[frame.index])
        assert frame.time_s == pytest.approx(line.time_s, abs=1e-4)
    session = load_session(kept.folder / "session.json")
    assert session.calibration.mm_per_px == injection.MM_PER_PX
    assert load_case(kept.folder / "session.case.json").mm_per_px == injection.MM_PER_PX


def test_a_source_that_cannot_be_opened_leaves_no_case(case, tmp_path, monkeypatch):
    monkeypatch.setenv("LEAKWATCH_LIBRARY", str(tmp_path / "library"))
    assert run(case, spec="replay:nowhere.dcm").exit_code == 2
    with CaseLibrary() as library:
        assert library.cases() == ()


def test_run_without_a_recording_says_so(case):
    result = run(case, "--no-record")
    assert result.exit_code == 0
    assert "not recording, as requested" in result.stderr


@pytest.mark.parametrize(
    ("spec", "options", "said"),
    [
        ("pigeon:{file}", (), "unknown source type"),
        ("replay:{file}x", (), "there is no such file"),
        ("replay:{file}", ("--calibration", "nowhere.toml"), "cannot be read"),
        ("replay:{file}", ("--settings", "nowhere.toml"), "cannot be read"),
        ("replay:{file}", ("--out", "{file}"), "cannot be made"),
    ],
)
def test_run_with_bad_arguments(case, spec, options, said):
    file = str(case.with_name("a.dcm"))
    result = run(case, *(option.format(file=file) for option in options), spec=spec)
    assert result.exit_code == 2
    assert said in " ".join(result.stderr.split())
    assert "Traceback" not in result.output


def test_a_decoder_that_fails_mid_stream(tmp_path):
    path, case = tmp_path / "b.dcm", tmp_path / "b.case.json"
    injection.write_dicom(path, compressed=True)
    injection.write_case(case, path)
    data = bytearray(path.read_bytes())
    at = -1
    for _ in range(5 + 2):  # the sixth frame: all was CLEAR before
        at = data.index(b"\xfe\xff\x00\xe0", at + 1)
    data[at + 8 : at + 72] = b"\xff" * 64
    path.write_bytes(data)
    session = LiveSession(
        open_live(f"replay:{path}?speed=8", Settings()), load_setup(Settings(), case)
    )
    session.start()
    try:
        assert session.wait(30.0)
        status = session.status
    finally:
        session.close()
    now = displayed_status(status, status.decision.received_s, session.settings)
    assert (now.level, now.state) == (Level.UNKNOWN, DisplayState.LOST)
    assert status.decision.snapshot.frame.index == 4
    assert "frame" in status.fault

    result = run(case, "--out", str(tmp_path / "out"))
    assert result.exit_code == 3
    assert "ended early" in result.stderr
    assert len(read_frames(tmp_path / "out" / "frames.jsonl")) == 5
