"""Whatever a recorded, exported and reported session leaves is for nobody but this user."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from leakwatch.case_files.run_records import read_frames
from leakwatch.cli.program import app
from leakwatch.core.results import Level

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")

MAIN = "import os; os.umask(0); from leakwatch.cli import main; main()"


@pytest.fixture
def place(tmp_path, repository):
    """A folder of this user that others may enter, with a sequence and its marks."""
    for kind in ("dcm", "case.json"):
        shutil.copy(repository / "sample_dicom" / f"epidural.{kind}", tmp_path)
    tmp_path.chmod(0o755)
    return tmp_path


def leakwatch(place, *arguments):
    """Run a command as a program of its own, with a umask that keeps nobody out."""
    known = os.environ | {"LEAKWATCH_LIBRARY": str(place / "library"), "TMPDIR": str(place)}
    known |= {"PYTHONPATH": os.pathsep.join(sys.path), "MPLCONFIGDIR": str(place / "fonts")}
    return subprocess.run(
        [sys.executable, "-c", MAIN, *map(str, arguments)],
        cwd=place,
        env=known,
        capture_output=True,
        text=True,
        check=True,
    )


def open_to_others(folder: Path) -> list[str]:
    """Every path below a folder, itself included, that others may do anything with."""
    paths = [folder, *folder.rglob("*")]
    wrong = [path for path in paths if stat.S_IMODE(path.lstat().st_mode) & 0o077]
    return [str(path.relative_to(folder.parent)) for path in wrong]


@pytest.mark.timeout(600)
def test_all_that_a_session_leaves_is_private(place):
    leakwatch(
        place, "run", "replay:epidural.dcm?speed=8", "--case", "epidural.case.json",
        "--no-window", "--out", "a/live",
    )  # fmt: skip
    leakwatch(
        place, "run", "replay:epidural.dcm?speed=8", "--case", "epidural.case.json", "--no-window"
    )
    leakwatch(place, "cases", "export", "1", "--out", "handed-on")
    leakwatch(place, "report", "1", "--out", "report", "--dicom")
    leakwatch(place, "analyze", "epidural.case.json", "--out", "results")
    leakwatch(place, "replay", "epidural.case.json", "--record", "picture.png")
    leakwatch(place, "deidentify", "epidural.dcm", "--out", "nameless")
    leakwatch(place, "trainees", "export", "--out", "trainees.csv")

    made = ["a", "library", "handed-on", "report", "results", "nameless"]
    assert [open_to_others(place / name) for name in made] == [[]] * len(made)
    for name in ("picture.png", "trainees.csv"):
        assert stat.S_IMODE((place / name).stat().st_mode) == 0o600
    known = {"epidural.dcm", "epidural.case.json", "picture.png", "trainees.csv", "fonts", *made}
    assert {path.name for path in place.iterdir()} == known  # nothing is left beside them
    assert read_frames(place / "results" / "frames.jsonl")[-1].level is Level.STOP


def test_modes_are_set_by_whoever_writes_and_not_only_by_the_program(place, monkeypatch):
    """As where the package is used by another program: nobody sets its umask."""
    monkeypatch.chdir(place)
    monkeypatch.setenv("LEAKWATCH_LIBRARY", str(place / "library"))
    before = os.umask(0)
    try:
        for arguments in (
            ["cases", "add", "epidural.case.json", "--name", "first"],
            ["cases", "export", "first", "--out", "handed-on"],
            ["report", "first", "--out", "report", "--dicom"],
            ["analyze", "epidural.case.json", "--out", "results", "--no-video"],
            ["deidentify", "epidural.dcm", "--out", "deep/nameless"],
            ["trainees", "export", "--out", "trainees.csv"],
        ):
            done = CliRunner().invoke(app, arguments)
            assert done.exit_code == 0, done.output
    finally:
        os.umask(before)
    made = ["library", "handed-on", "report", "results", "deep"]
    assert [open_to_others(place / name) for name in made] == [[]] * len(made)
    assert stat.S_IMODE((place / "trainees.csv").stat().st_mode) == 0o600
    lines = read_frames(place / "results" / "frames.jsonl")
    assert lines[-1].level is Level.STOP


def test_a_library_of_an_earlier_version_is_closed_to_others(place):
    leakwatch(place, "cases", "add", "epidural.case.json")
    library = place / "library"
    for path in (library / "library.sqlite", library / "cases"):
        path.chmod(0o755)
    leakwatch(place, "cases", "list")
    assert open_to_others(library) == []
