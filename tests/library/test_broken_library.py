"""A case library that is broken keeps nobody from watching: nothing is kept, and that is said."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import sys
from contextlib import closing, contextmanager

import injection
import pytest
from typer.testing import CliRunner

from leakwatch.case_files import library_database
from leakwatch.case_files.run_records import read_frames
from leakwatch.cli.program import app
from leakwatch.cli.recording import Recorder
from leakwatch.config import Settings
from leakwatch.core.errors import LibraryError, SinkError
from leakwatch.core.marks import Marks
from leakwatch.core.results import Level
from leakwatch.library.case_library import CaseLibrary

TABLE = "library.sqlite"


@pytest.fixture
def library(tmp_path, monkeypatch):
    place = tmp_path / "library"
    place.mkdir()
    monkeypatch.setenv("LEAKWATCH_LIBRARY", str(place))
    return place


@pytest.fixture
def cine(tmp_path):
    """A sequence that ends in STOP, and its case file."""
    dicom, case = tmp_path / "cine.dcm", tmp_path / "cine.case.json"
    injection.write_dicom(dicom)
    injection.write_case(case, dicom)
    return dicom, case


@contextmanager
def changed(library, statement, *folders):
    """A table of ours that somebody changed, and folders among those of cases."""
    CaseLibrary(library).close()
    for name in folders:
        (library / "cases" / name).mkdir()
    with closing(sqlite3.connect(library / TABLE, isolation_level=None)) as table:
        table.execute(statement)
        yield


@contextmanager
def made(action):
    action()
    yield


BROKEN = {
    "no database": (
        lambda place: made(lambda: (place / TABLE).write_bytes(b"no database" * 500)),
        "file is not a database",
    ),
    "a folder in its place": (
        lambda place: made((place / TABLE).mkdir),
        "Is a directory",
    ),
    "a pipe in its place": (
        lambda place: made(lambda: os.mkfifo(place / TABLE)),
        "it is not a regular file",
    ),
    "a link to nowhere": (
        lambda place: made(lambda: (place / TABLE).symlink_to(place / "no" / "where")),
        "unable to open database file",
    ),
    "another schema": (
        lambda place: changed(place, "ALTER TABLE library_case DROP COLUMN source"),
        "has no column named source",
    ),
    "no table": (lambda place: changed(place, "DROP TABLE library_case"), "no such table"),
    "a newer version": (lambda place: changed(place, "PRAGMA user_version = 77"), "has version 77"),
    "an impossible one": (lambda place: changed(place, "PRAGMA user_version = -1"), "version -1"),
    "locked": (lambda place: changed(place, "BEGIN EXCLUSIVE"), "database is locked"),
    "numbers that are none": (
        lambda place: changed(
            place, "INSERT INTO sqlite_sequence VALUES ('library_case', 'many')", "00001", "²"
        ),
        "not supported between",
    ),
    "a file where the cases are": (lambda place: made((place / "cases").touch), "File exists"),
}
posix = pytest.mark.skipif(sys.platform == "win32", reason="other words")


@posix
@pytest.mark.parametrize("how", BROKEN)
def test_the_monitor_watches_and_says_that_nothing_is_kept(how, library, cine, monkeypatch):
    monkeypatch.setattr(library_database, "BUSY_LIVE_S", 0.05)
    dicom, case = cine
    broken, why = BROKEN[how]
    with broken(library):
        done = CliRunner().invoke(
            app, ["run", f"replay:{dicom}?speed=4", "--case", str(case), "--no-window"]
        )
    assert done.exit_code == 2, done.output
    told = [line for line in done.stderr.splitlines() if "not recording: " in line]
    assert len(told) == 1
    assert why in told[0]
    assert "the recording is incomplete" in done.stderr
    assert "first STOP at" in done.stdout
    levels = re.findall(r"^ *[0-9.]+ s  ([A-Z]+)", done.stdout, re.MULTILINE)
    assert levels[-1] == "STOP"


def test_a_folder_that_a_person_names_is_asked_for_again(tmp_path):
    (tmp_path / "file").touch()
    recorder = Recorder(tmp_path / "file", "test", Settings(), False)
    with pytest.raises(SinkError, match="cannot be made"):
        recorder.make_or_tell(Marks())


def test_a_library_that_works_again_is_recorded_into(library):
    (library / TABLE).mkdir()
    recorder = Recorder(None, "test", Settings(), False)
    assert recorder.make_or_tell(Marks()) is None
    assert "Is a directory" in recorder.unkept[0].failure
    (library / TABLE).rmdir()
    recording = recorder.make(Marks())
    for sink in recording.sinks.values():
        sink.close()
    assert recording.folder.parent == library / "cases"


def test_cases_of_a_table_that_was_lost_are_not_written_over(library, cine):
    run = ["cases", "add", str(cine[1])]
    assert CliRunner().invoke(app, run).exit_code == 0
    (library / TABLE).unlink()
    again = CliRunner().invoke(app, run)
    assert again.exit_code == 0, again.output
    assert "case 2 (case-2)" in again.stdout
    (library / "cases" / ("9" * 30)).mkdir()
    (library / "cases" / "²").mkdir()
    with CaseLibrary() as cases:
        assert cases.begin("test", Marks()).id == 3
    for number in ("00001", "00002"):
        lines = read_frames(library / "cases" / number / "frames.jsonl")
        assert lines[-1].level is Level.STOP


def test_a_deletion_that_broke_off_is_ended_by_the_next_start(library, cine, monkeypatch):
    CliRunner().invoke(app, ["cases", "add", str(cine[1])])

    def killed(path):
        raise KeyboardInterrupt

    monkeypatch.setattr(shutil, "rmtree", killed)
    with CaseLibrary() as cases, pytest.raises(KeyboardInterrupt):
        cases.delete(1)
    monkeypatch.undo()
    CaseLibrary(library).close()
    assert list((library / "cases").iterdir()) == []


def test_a_deletion_that_is_refused_leaves_the_case_whole(library, cine):
    CliRunner().invoke(app, ["cases", "add", str(cine[1])])
    with CaseLibrary(busy_s=0.05) as cases:
        with changed(library, "BEGIN EXCLUSIVE"), pytest.raises(LibraryError, match="locked"):
            cases.delete(1)
        assert len(list(cases.case("1").folder.glob("*.dcm"))) == 1
