"""`leakwatch analyze` on exports whose names and contents are as strangers have them."""

from __future__ import annotations

import csv
import shutil
import sys
from io import StringIO

import injection
import pytest
from injection import FRAMES
from media_export import write_export
from typer.testing import CliRunner

from leakwatch.case_files.run_records import read_frames
from leakwatch.cli import app


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def rows(out):
    return list(csv.DictReader(StringIO((out / "cases.csv").read_bytes().decode("utf-8"))))


@pytest.fixture(scope="module")
def dicom(tmp_path_factory):
    path = tmp_path_factory.mktemp("sequence") / "x.dcm"
    injection.write_dicom(path)
    return path


@pytest.mark.skipif(sys.platform != "linux", reason="names of files are text on this system")
def test_a_name_that_is_not_valid_text_stops_no_batch(dicom, tmp_path):
    latin, plain = tmp_path / "M\udcfcller", tmp_path / "Übung 3"
    for folder in (latin, plain):
        folder.mkdir()
        shutil.copy(dicom, folder / "w\udce4hrend.dcm")
    bad = latin / "\udcff.dcm"
    bad.write_text("no DICOM")
    given = [latin / "w\udce4hrend.dcm", bad, plain / "w\udce4hrend.dcm"]
    result = run("analyze", *given, "-o", tmp_path / "out", "--no-case", "--no-video")
    assert result.exit_code == 3, result.output
    assert [row["outcome"] == "whole" for row in rows(tmp_path / "out")] == [True, False, True]
    assert r"M\udcfcller/w\udce4hrend.dcm" in rows(tmp_path / "out")[0]["sequence"]
    assert "is not a DICOM file" in rows(tmp_path / "out")[1]["outcome"]


def test_what_a_stranger_named_is_no_formula_in_the_table(dicom, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("=1+1", "@x"):
        (tmp_path / name).mkdir()
        shutil.copy(dicom, tmp_path / name / "a.dcm")
    result = run("analyze", "=1+1/a.dcm", "@x/a.dcm", "=gone", "-o", "out", "--no-video")
    assert result.exit_code == 3, result.output
    found = rows(tmp_path / "out")
    assert [row["sequence"] for row in found] == ["'=1+1/a.dcm", "'@x/a.dcm", "'=gone"]
    assert found[2]["outcome"].startswith("'=gone: there is no such file")
    assert not any(cell.startswith(("=", "@")) for row in found for cell in row.values())


def test_an_export_of_which_a_part_is_missing_is_told_and_in_the_exit_code(dicom, tmp_path):
    export = tmp_path / "Träger 1"
    images = write_export(export, [dicom, dicom])
    whole = run("analyze", export, "--series", "all", "-o", tmp_path / "a", "--no-video")
    assert whole.exit_code == 0, whole.output
    images[0].unlink()

    alone = run("analyze", export / "DICOMDIR", "-o", tmp_path / "b", "--no-video")
    assert alone.exit_code == 3, alone.output
    assert "lists 1 image that is missing" in alone.stderr
    assert len(read_frames(tmp_path / "b" / "frames.jsonl")) == FRAMES

    batch = run("analyze", export, "--series", "all", "-o", tmp_path / "c", "--no-video")
    assert batch.exit_code == 3, batch.output
    assert [row["outcome"] == "whole" for row in rows(tmp_path / "c")] == [True, False]
    assert "lists 1 image that is missing" in rows(tmp_path / "c")[1]["outcome"]
