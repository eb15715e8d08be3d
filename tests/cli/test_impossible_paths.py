"""A path that no system takes is one sentence, whoever names it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from leakwatch.case_files.case_file import dicom_path, load_case
from leakwatch.cli import app
from leakwatch.core.errors import CaseError, SourceError
from leakwatch.sources.stored.opening import open_source

LONG = "x" * 300


@pytest.mark.parametrize("dicom", [LONG, f"{LONG}/b.dcm", "\0", "y/" * 3000])
def test_a_case_that_names_no_path(tmp_path, dicom):
    path = tmp_path / "x.case.json"
    path.write_text(json.dumps({"schema": "leakwatch.case/1", "dicom": dicom, "view": "lateral"}))
    with pytest.raises(CaseError, match="key dicom") as raised:
        dicom_path(path, load_case(path))
    assert len(str(raised.value)) < 400 + len(str(tmp_path))


@pytest.mark.parametrize("dicom", ["absent.dcm", "no/such/folder/a.dcm", "x.case.json/a.dcm"])
def test_a_case_whose_sequence_is_not_there_yet_is_read(tmp_path, dicom):
    path = tmp_path / "x.case.json"
    path.write_text(json.dumps({"schema": "leakwatch.case/1", "dicom": dicom, "view": "lateral"}))
    assert dicom_path(path, load_case(path)) == tmp_path / dicom


@pytest.mark.parametrize("path", [LONG, "a\0b"])
def test_a_sequence_that_is_no_path(path):
    with pytest.raises(SourceError, match="cannot be opened"):
        open_source(Path(path))


def test_a_loop_of_links(tmp_path):
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    with pytest.raises(SourceError, match="cannot be opened"):
        open_source(tmp_path / "a")


@pytest.mark.parametrize(
    "command",
    [
        ("analyze", LONG, "--out", "out"),
        ("deidentify", LONG, "--out", "out"),
        ("recover", LONG),
        ("report", LONG, "--out", "out"),
        ("run", f"replay:{LONG}"),
        ("run", f"folder:{LONG}"),
        ("train", LONG),
    ],
    ids=lambda command: " ".join(command)[:16],
)
def test_a_command_with_a_path_that_is_too_long(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LEAKWATCH_LIBRARY", str(tmp_path / "library"))
    said = CliRunner().invoke(app, command)
    assert said.exit_code == 2
    assert isinstance(said.exception, SystemExit)
    assert "too long" in said.stderr
    assert list(tmp_path.glob("out")) == []
