"""Whatever a stranger typed reaches neither the terminal, a report, the log nor another folder."""

from __future__ import annotations

import json
import logging
import sqlite3
from io import StringIO

import injection
import pytest
from rich.console import Console
from typer.testing import CliRunner

from leakwatch.case_files.library_database import DATABASE_NAME
from leakwatch.cli import cases, console
from leakwatch.cli.program import app
from leakwatch.core.marks import Marks
from leakwatch.library.case_library import CaseLibrary

EVIL = "a\nb\x1b[2J\x1b]0;x\x07\x9b31m\u202etxt"


@pytest.fixture(autouse=True)
def library_place(tmp_path, monkeypatch):
    place = tmp_path / "library"
    monkeypatch.setenv("LEAKWATCH_LIBRARY", str(place))
    return place


@pytest.fixture
def sequence(tmp_path):
    dicom, case = tmp_path / "cine.dcm", tmp_path / "cine.case.json"
    injection.write_dicom(dicom)
    injection.write_case(case, dicom)
    return case


def run(*arguments, **options):
    return CliRunner().invoke(app, [str(argument) for argument in arguments], **options)


def acts(output: str) -> list[str]:
    """Characters that would move the cursor, or begin a line, but for the ends of lines."""
    return [one for one in output.replace("\n", "") if not one.isprintable() and one != "\t"]


def as_an_older_version_kept_it(place, name):
    with CaseLibrary() as library:
        number = library.begin("file", Marks()).id
    with sqlite3.connect(place / DATABASE_NAME) as table:
        table.execute("UPDATE library_case SET name = ? WHERE id = ?", (name, number))
    return number


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("../escape", "escape"),
        ("../../up", "up"),
        ("/tmp/absolute", "tmp-absolute"),
        ("..", "case-1"),
        (".hidden", "hidden"),
    ],
)
def test_a_case_is_exported_below_out_whatever_its_name(sequence, tmp_path, name, folder):
    assert run("cases", "add", sequence, "--name", name).exit_code == 0
    before = sorted(tmp_path.iterdir())
    done = run("cases", "export", "1", "--out", tmp_path / "deep" / "out")
    assert done.exit_code == 0, done.output
    assert [path.name for path in (tmp_path / "deep" / "out").iterdir()] == [folder]
    assert (tmp_path / "deep" / "out" / folder / "session.json").is_file()
    assert sorted(tmp_path.iterdir()) == sorted([*before, tmp_path / "deep"])


@pytest.mark.parametrize("name", ["a\nb", "\x1b[2J", "a\u202eb", "x" * 101])
def test_a_name_that_cannot_be_shown_is_refused(sequence, name):
    refused = run("cases", "add", sequence, "--name", name)
    assert refused.exit_code == 2
    assert "is not a case name" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1
    assert acts(refused.stderr) == []


def test_a_name_that_was_kept_is_shown_on_one_line(library_place, tmp_path):
    as_an_older_version_kept_it(library_place, EVIL)
    for command in (
        ("cases", "list"),
        ("cases", "list", "--json"),
        ("cases", "show", "1"),
        ("cases", "show", "1", "--json"),
        ("cases", "delete", "1"),
        ("cases", "export", "1", "--out", tmp_path / "out"),
        ("cases", "show", EVIL + "x"),
        ("trainees", "show", EVIL),
    ):
        said = run(*command, input="n\n")
        assert acts(said.output) == [], command
    assert len(run("cases", "list").stdout.splitlines()) == 2
    assert r"a\x0ab\x1b[2J\x1b]0;x\x07\x9b31m\u202etxt" in run("cases", "list").stdout


def test_brackets_in_a_name_are_no_commands_of_the_table(library_place, monkeypatch):
    as_an_older_version_kept_it(library_place, "[link=https://x.invalid]L3[/link] [red]")
    drawn = StringIO()
    monkeypatch.setattr(
        "rich.console.Console", lambda: Console(file=drawn, force_terminal=True, width=200)
    )
    with CaseLibrary() as library:
        cases._print_table([cases._row(case) for case in library.cases()])
    assert "[link=https://x.invalid]L3[/link] [red]" in drawn.getvalue()


def test_paths_of_strangers_do_not_act(tmp_path):
    for name in (f"{EVIL}.dcm", "[red].dcm"):
        path = tmp_path / name
        path.write_bytes(b"not a picture")
        said = run("analyze", path, "--out", tmp_path / "out")
        assert said.exit_code == 2
        assert acts(said.output) == []
        assert len(said.stderr.splitlines()) == 1


def test_a_sequence_with_such_a_name_is_analysed(tmp_path):
    path = tmp_path / "[red]\x1b[2J.dcm"
    injection.write_dicom(path)
    said = run("analyze", path, "--no-case", "--out", tmp_path / "out", "--no-video")
    assert said.exit_code == 0, said.output
    assert acts(said.output) == []


def test_what_is_logged_is_one_line(capsys, monkeypatch):
    monkeypatch.setattr(logging, "lastResort", logging.StreamHandler(stream := StringIO()))
    console.log_on_stderr()
    record = logging.LogRecord("x", logging.WARNING, "", 0, "from %s", (EVIL,), None)
    logging.lastResort.handle(record)
    assert acts(stream.getvalue()) == []
    assert len(stream.getvalue().splitlines()) == 1


def test_a_path_that_no_system_takes_is_refused_in_one_sentence(sequence, tmp_path):
    for dicom in ("a" * 5000, "/".join(["b" * 300] * 3), "\0x"):
        document = json.loads(sequence.read_text()) | {"dicom": dicom}
        other = tmp_path / "other.case.json"
        other.write_text(json.dumps(document))
        for command in (
            ("analyze", other, "--out", tmp_path / "out"),
            ("analyze", tmp_path / "cine.dcm", "--case", other, "--out", tmp_path / "out"),
            ("replay", other, "--record", tmp_path / "x.png"),
            ("run", f"replay:{tmp_path / 'cine.dcm'}", "--case", other, "--no-window"),
            ("analyze", dicom, "--out", tmp_path / "out"),
            ("cases", "add", other),
        ):
            said = run(*command)
            assert said.exit_code == 2, (command, said.exception)
            assert len(said.stderr.splitlines()) == 1 or "Usage" in said.stderr
            assert len(said.stderr) < 2000


def test_a_sequence_with_the_longest_of_names_has_no_case_beside_it(tmp_path):
    path = tmp_path / f"{'x' * 248}.dcm"
    injection.write_dicom(path)
    said = run("analyze", path, "--out", tmp_path / "out", "--no-video")
    assert said.exit_code == 0, (said.output, said.exception)
