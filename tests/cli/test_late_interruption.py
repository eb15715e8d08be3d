"""Ctrl-C at the very end of a command: a sentence and an exit code, whatever it hits."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import injection
import pytest
from injection import FRAMES

from leakwatch.case_files.run_records import read_frames

# Each hook interrupts the program at one place, in the thread that handles signals.
PROGRAM = """
import atexit, os, signal, sys
from leakwatch.cli import analyze, batch, main, run
from leakwatch.live.live_session import LiveSession
from leakwatch.runner import analysis
from leakwatch.sinks.workers.sink_worker import SinkWorker

sys.argv[0] = "leakwatch"
signal.signal(signal.SIGINT, signal.default_int_handler)

def interrupt():
    signal.raise_signal(signal.{signal})

def around(place, name, before=False, at=1):
    whole, calls = getattr(place, name), []
    def hooked(*given, **named):
        calls.append(name)
        if before and len(calls) == at:
            interrupt()
        result = whole(*given, **named)
        if not before and len(calls) == at:
            interrupt()
        return result
    setattr(place, name, hooked)

class Last:
    def __del__(self, kill=os.kill, own=os.getpid(), number=signal.{signal}):
        kill(own, number)

{hook}
main()
"""
LATE = "interrupted after everything was written; that changed nothing."
# A request to terminate goes the same way; each start takes seconds, so not everything twice.
NUMBERS = ("SIGINT", "SIGTERM", "SIGINT")
PLACES_AFTER = {
    "the last output is closed": "around(SinkWorker, 'close')",
    "the outcome is known": "around(analyze, 'summary_lines')",
    "the outcome is printed": "around(analyze, '_print_outcome')",
}
SILENT = {
    "clean-up begins": "atexit.register(interrupt)",
    "clean-up of what was used": "analyze._print_outcome = lambda *_: atexit.register(interrupt)",
    "the interpreter is taken down": "sys.kept = Last()",
}


def done(hook: str, *arguments: object, number: str = "SIGINT") -> subprocess.CompletedProcess[str]:
    program = PROGRAM.replace("{hook}", hook).replace("{signal}", number)
    return subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )


@pytest.fixture(scope="module")
def dicom(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("late") / "injection.dcm"
    injection.write_dicom(path)
    return path


@pytest.mark.parametrize(("place", "number"), list(zip(PLACES_AFTER, NUMBERS, strict=True)))
def test_too_late_to_interrupt_analyze(place: str, number: str, dicom: Path, tmp_path: Path):
    found = done(PLACES_AFTER[place], "analyze", dicom, "-o", tmp_path, "--no-video", number=number)
    assert (found.returncode, LATE in found.stderr) == (0, True), found.stderr
    assert f"{FRAMES} frames" in found.stdout
    assert "Traceback" not in found.stderr
    assert len(read_frames(tmp_path / "frames.jsonl")) == FRAMES
    assert (tmp_path / "trend.png").exists()


@pytest.mark.parametrize(("place", "number"), list(zip(SILENT, NUMBERS, strict=True)))
def test_exit_code_outlives_the_end_of_the_interpreter(
    place: str, number: str, dicom: Path, tmp_path: Path
):
    found = done(SILENT[place], "analyze", dicom, "-o", tmp_path, "--no-video", number=number)
    assert (found.returncode, "Traceback" in found.stderr) == (0, False), found.stderr


def test_interruption_while_the_pictures_are_finished(dicom: Path, tmp_path: Path):
    hook = "around(SinkWorker, 'close', before=True); analysis.FINISH_WITHIN_S = 60.0"
    found = done(hook, "analyze", dicom, "-o", tmp_path, "--no-video")
    assert found.returncode == 130
    assert f"interrupted: {FRAMES} frames are complete" in found.stderr
    assert f"written to {tmp_path}: frames.jsonl" in found.stdout
    assert "Traceback" not in found.stderr


def test_two_interruptions_are_one(dicom: Path, tmp_path: Path):
    hook = "around(SinkWorker, 'append', at=3); around(analysis, '_finish_soon', before=True)"
    found = done(hook, "analyze", dicom, "-o", tmp_path, "--no-video")
    assert found.returncode == 130
    assert "interrupted: 3 frames are complete" in found.stderr
    assert "Traceback" not in found.stderr
    assert LATE not in found.stderr


def test_interrupted_between_two_sequences(dicom: Path, tmp_path: Path):
    other = tmp_path / "other.dcm"
    injection.write_dicom(other)
    found = done(
        "around(batch, '_keep')", "analyze", dicom, other, "-o", tmp_path / "out", "--no-video"
    )
    assert found.returncode == 130, found.stderr
    assert "1 of 2 sequences complete" in found.stdout
    assert "interrupted" in found.stderr


def test_interrupted_after_the_last_sequence(dicom: Path, tmp_path: Path):
    other = tmp_path / "other.dcm"
    injection.write_dicom(other)
    hook = "around(batch, '_keep', at=2)"
    found = done(hook, "analyze", dicom, other, "-o", tmp_path / "out", "--no-video")
    assert (found.returncode, LATE in found.stderr) == (0, True), found.stderr
    assert "2 of 2 sequences complete" in found.stdout


@pytest.mark.parametrize(
    ("hook", "number"),
    [
        ("around(LiveSession, 'close', before=True)", "SIGINT"),
        ("around(run, '_print_outcome')", "SIGTERM"),
        ("sys.kept = Last()", "SIGINT"),
    ],
)
def test_too_late_to_interrupt_a_session(hook: str, number: str, dicom: Path, tmp_path: Path):
    out = tmp_path / "session"
    found = done(hook, "run", f"replay:{dicom}?speed=8", "--no-window", "--out", out, number=number)
    assert found.returncode == 0, found.stderr
    assert "Traceback" not in found.stderr
    assert f"recorded in {out}" in found.stdout
    assert (LATE in found.stderr) == ("around" in hook)
    assert '"recording"' not in (out / "session.json").read_text()


def test_session_interrupted_as_it_starts(dicom: Path, tmp_path: Path):
    out = tmp_path / "session"
    hook = "around(LiveSession, 'start')"
    found = done(hook, "run", f"replay:{dicom}", "--no-window", "--out", out)
    assert (found.returncode, "Traceback" in found.stderr) == (0, False), found.stderr
    assert f"recorded in {out}" in found.stdout


def test_interrupted_before_a_command_begins():
    found = done("import leakwatch.cli.program as p; around(p.os, 'umask')", "--version")
    assert found.returncode == 130, found.stderr
    assert found.stderr == "leakwatch: interrupted; files written so far are kept.\n"
