"""`leakwatch analyze` and `mark` on what strangers have: an export, videos, many sequences."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import cv2
import injection
import numpy as np
import pydicom
import pytest
from injection import FRAMES
from pydicom.uid import generate_uid
from typer.testing import CliRunner

from leakwatch.case_files.run_records import read_frames
from leakwatch.cli import app


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def in_series(path, uid):
    dataset = pydicom.dcmread(path)
    dataset.SeriesInstanceUID = uid
    dataset.save_as(path)


def write_singles(folder, frames, uid):
    """The injection as a file a frame, named as exports name them."""
    folder.mkdir(parents=True)
    whole = folder / "whole"
    injection.write_dicom(whole)
    dataset = pydicom.dcmread(whole)
    pixels = dataset.pixel_array
    whole.unlink()
    del dataset.NumberOfFrames
    for index in range(frames):
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        dataset.SeriesInstanceUID, dataset.InstanceNumber = uid, index + 1
        dataset.PixelData = pixels[index].tobytes()
        dataset.save_as(folder / f"IM{index}")


@pytest.fixture(scope="module")
def export(tmp_path_factory):
    """DICOM/ST0 with a run of one file, one of single frames, and what lies beside them."""
    root = tmp_path_factory.mktemp("media") / "CD"
    study = root / "DICOM" / "ST0"
    (study / "SE0").mkdir(parents=True)
    injection.write_dicom(study / "SE0" / "IM0")
    in_series(study / "SE0" / "IM0", "1.2.3.10")
    write_singles(study / "SE1", 6, "1.2.3.11")
    (root / "DICOMDIR").write_bytes(b"\0" * 128 + b"DICM" + b"\0" * 40)
    (root / "README.TXT").write_text("a viewer")
    return root


@pytest.fixture
def broken_export(export, tmp_path):
    root = tmp_path / "CD"
    shutil.copytree(export, root)
    cut = root / "DICOM" / "ST0" / "SE2" / "IM0"
    cut.parent.mkdir()
    cut.write_bytes((root / "DICOM" / "ST0" / "SE0" / "IM0").read_bytes()[:600])
    return root


def rows(out):
    with (out / "cases.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_runs_of_an_export_are_listed_and_nothing_is_written(export, tmp_path):
    for path in (export, export / "DICOMDIR"):
        result = run("analyze", path, "-o", tmp_path / "out")
        assert result.exit_code == 2, result.output
        assert "has 2 sequences" in result.stderr.splitlines()[-1]
        assert "1  DICOM/ST0/SE0/IM0: 16 frames of 240 x 240, XA, series 1.2.3.10" in result.stderr
        assert "2  DICOM/ST0/SE1: 6 frames of 240 x 240, XA, series 1.2.3.11" in result.stderr
        assert "--series" in result.stderr
        assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("series", "frames"), [("1", FRAMES), ("2", 6), ("1.2.3.11", 6)])
def test_series_picks_one_run(export, tmp_path, series, frames):
    result = run("analyze", export, "--series", series, "-o", tmp_path, "--no-video")
    assert result.exit_code == 0, result.output
    assert len(read_frames(tmp_path / "frames.jsonl")) == frames
    assert not (tmp_path / "cases.csv").exists()


@pytest.mark.parametrize("series", ["0", "3", "1.2.3", "nothing"])
def test_series_that_is_not_there_is_refused_with_those_that_are(export, tmp_path, series):
    result = run("analyze", export, "--series", series, "-o", tmp_path / "out")
    assert result.exit_code == 2
    assert f"--series {series} does not exist" in result.stderr
    assert "2  DICOM/ST0/SE1" in result.stderr
    assert not (tmp_path / "out").exists()


def test_all_runs_have_a_folder_each_and_a_row(export, tmp_path):
    result = run("analyze", export, "--series", "all", "-o", tmp_path, "--no-video")
    assert result.exit_code == 0, result.output
    names = ["DICOM-ST0-SE0-IM0", "DICOM-ST0-SE1"]
    assert sorted(path.name for path in tmp_path.iterdir()) == [*names, "cases.csv"]
    assert [row["case"] for row in rows(tmp_path)] == names
    assert [row["frames"] for row in rows(tmp_path)] == [str(FRAMES), "6"]
    assert [row["outcome"] for row in rows(tmp_path)] == ["whole", "whole"]
    for name in names:
        assert name in result.stdout
        assert (tmp_path / name / "frames.jsonl").exists()
    assert "2 of 2 sequences complete" in result.stdout


def test_file_cut_off_does_not_lose_the_others_and_the_exit_code_says_so(broken_export, tmp_path):
    out = tmp_path / "out"
    result = run("analyze", broken_export, "--series", "all", "-o", out, "--no-video")
    assert result.exit_code == 3, result.output
    assert [row["outcome"] == "whole" for row in rows(out)] == [True, True, False]
    assert "cut off: copy it again" in rows(out)[2]["outcome"]
    assert "2 of 3 sequences complete" in result.stdout


def test_image_that_cannot_be_read_beside_the_only_run_is_in_the_exit_code(broken_export, tmp_path):
    shutil.rmtree(broken_export / "DICOM" / "ST0" / "SE1")
    result = run("analyze", broken_export, "-o", tmp_path / "out", "--no-video")
    assert result.exit_code == 3, result.output
    assert "cut off: copy it again" in result.stderr
    assert len(read_frames(tmp_path / "out" / "frames.jsonl")) == FRAMES


def test_single_frame_that_is_damaged_fails_its_run_alone(broken_export, tmp_path):
    shutil.rmtree(broken_export / "DICOM" / "ST0" / "SE2")
    damaged = broken_export / "DICOM" / "ST0" / "SE1" / "IM3"
    damaged.write_bytes(damaged.read_bytes()[:-1000])
    out = tmp_path / "out"
    result = run("analyze", broken_export, "--series", "all", "-o", out, "--no-video")
    assert result.exit_code == 3, result.output
    first, second = rows(out)
    assert first["outcome"] == "whole"
    assert (second["frames"], "3 of 6 frames are complete" in second["outcome"]) == ("3", True)


def test_series_side_by_side_in_one_folder_are_told_apart(export, tmp_path):
    flat = tmp_path / "flat"
    flat.mkdir()
    for series in ("SE0", "SE1"):
        for file in (export / "DICOM" / "ST0" / series).iterdir():
            shutil.copy(file, flat / f"{series}{file.name}")
    out = tmp_path / "out"
    result = run("analyze", flat, "--series", "2", "-o", out, "--no-video")
    assert result.exit_code == 0, result.output
    assert len(read_frames(out / "frames.jsonl")) == 6


def test_colour_picture_beside_single_frames_does_not_lose_them(export, tmp_path):
    """A dose report or a screen shot lies in the folder of many exports."""
    flat = tmp_path / "flat"
    shutil.copytree(export / "DICOM" / "ST0" / "SE1", flat)
    dataset = pydicom.dcmread(flat / "IM0")
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 3, "RGB"
    dataset.save_as(flat / "SHOT")
    out = tmp_path / "out"
    result = run("analyze", flat, "-o", out, "--no-video")
    assert result.exit_code == 3, result.output
    assert "SHOT: is a colour image" in result.stderr
    assert len(read_frames(out / "frames.jsonl")) == 6


def test_frame_whose_head_is_cut_off_is_told_as_missing(export, tmp_path):
    flat = tmp_path / "flat"
    shutil.copytree(export / "DICOM" / "ST0" / "SE1", flat)
    (flat / "IM3").write_bytes((flat / "IM3").read_bytes()[:600])
    result = run("analyze", flat, "-o", tmp_path / "out", "--no-video")
    assert result.exit_code == 3, result.output
    assert "IM3: contains no image" in result.stderr
    assert "1 Instance Number is missing: frames may be lost." in result.stderr


def test_names_on_a_disk_do_not_reach_the_terminal_as_they_are(export, tmp_path):
    flat = tmp_path / "CD"
    flat.mkdir()
    for name in ("A\x1b[31mB", "C\nD"):
        shutil.copy(export / "DICOM" / "ST0" / "SE0" / "IM0", flat / name)
    result = run("analyze", flat, "-o", tmp_path / "out")
    assert result.exit_code == 2
    assert "\x1b" not in result.stderr
    assert r"A\x1b[31mB" in result.stderr
    assert r"C\nD" in result.stderr


def test_several_paths_are_a_batch(export, tmp_path):
    one, other = tmp_path / "a b.dcm", tmp_path / "sub" / "a b.dcm"
    other.parent.mkdir()
    for path in (one, other):
        injection.write_dicom(path)
    injection.write_case(tmp_path / "a b.case.json", one)
    text = tmp_path / "notes.dcm"
    text.write_text("this is no DICOM file")
    absent = tmp_path / "absent.dcm"
    out = tmp_path / "out"
    result = run("analyze", one, text, absent, other, "-o", out, "--no-video", "--csv")
    assert result.exit_code == 3, result.output
    found = rows(out)
    assert [row["case"] for row in found] == ["a_b", "notes", "absent", "a_b-2"]
    assert [row["outcome"] == "whole" for row in found] == [True, False, False, True]
    assert "is not a DICOM file" in found[1]["outcome"]
    assert "no such file" in found[2]["outcome"]
    assert found[0]["first_stop_frame"] != ""
    assert float(found[0]["smallest_distance_mm"]) < 5.0
    assert found[3]["smallest_distance_mm"] == ""  # no case, no millimetres
    assert (out / "a_b" / "frames.csv").exists()
    assert (out / "a_b-2" / "frames.jsonl").exists()
    assert "first STOP" in result.stdout


def test_batch_of_which_nothing_can_be_read_is_bad_input(tmp_path):
    for name in ("a.dcm", "b.dcm"):
        (tmp_path / name).write_text("no DICOM")
    result = run("analyze", tmp_path / "a.dcm", tmp_path / "b.dcm", "-o", tmp_path / "out")
    assert result.exit_code == 2
    assert len(rows(tmp_path / "out")) == 2


def test_one_case_does_not_go_with_several_sequences(export, tmp_path):
    path = tmp_path / "a.dcm"
    injection.write_dicom(path)
    injection.write_case(tmp_path / "x.case.json", path)
    result = run("analyze", path, path, "--case", tmp_path / "x.case.json", "-o", tmp_path / "out")
    assert result.exit_code == 2
    assert "--case applies to one sequence only" in result.stderr


def test_strict_batch_is_exit_code_4(export, tmp_path):
    result = run("analyze", export, "--series", "all", "-o", tmp_path, "--no-video", "--strict")
    assert result.exit_code == 4


@pytest.mark.parametrize("name", ["../../evil", "a/b", "..", "A\nB", "CON\x1b[31m", "x" * 300])
def test_names_of_result_folders_stay_in_the_folder(name):
    from leakwatch.cli.sequences import plain_name

    plain = plain_name(name)
    assert plain
    assert len(plain) <= 80
    assert set(plain) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
    assert not plain.startswith(".")


@pytest.mark.parametrize("name", ["CON", "nul.x", "COM1"])
def test_no_result_folder_has_the_name_of_a_device(name):
    from leakwatch.cli.sequences import plain_name

    assert plain_name(name) == f"_{name}"


def test_names_that_differ_by_letter_case_only_are_two_folders(tmp_path):
    for folder in ("x", "y"):
        (tmp_path / folder).mkdir()
    one, other = tmp_path / "x" / "Case.dcm", tmp_path / "y" / "case.dcm"
    for path in (one, other):
        injection.write_dicom(path)
    assert run("analyze", one, other, "-o", tmp_path / "out", "--no-video").exit_code == 0
    assert [row["case"] for row in rows(tmp_path / "out")] == ["Case", "case-2"]


def pictures():
    return (injection.stack() * (1.5 * 255 / 4095)).clip(0, 255).astype(np.uint8)


def test_video_is_analysed_and_what_is_assumed_is_said(tmp_path):
    path = tmp_path / "screen.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"FFV1"), 8.0, (240, 240))
    for picture in pictures():
        writer.write(picture[..., None].repeat(3, axis=2))
    writer.release()
    result = run("analyze", path, "-o", tmp_path / "out", "--no-video")
    assert result.exit_code == 0, result.output
    frames = read_frames(tmp_path / "out" / "frames.jsonl")
    assert [frame.time_s for frame in frames] == [0.125 * index for index in range(FRAMES)]
    assert "Bone is assumed to be dark; `bone_is_bright`" in result.stderr
    assert "not calibrated" in result.stderr
    assert "15 frames/s" not in result.stderr


def test_case_beside_a_video_gives_it_wall_and_millimetres(tmp_path):
    path = tmp_path / "screen.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"FFV1"), 8.0, (240, 240))
    for picture in pictures():
        writer.write(picture[..., None].repeat(3, axis=2))
    writer.release()
    injection.write_case(tmp_path / "screen.case.json", path)
    result = run("analyze", path, "-o", tmp_path / "out", "--no-video")
    assert result.exit_code == 0, result.output
    assert "screen.case.json is beside the sequence and is used" in result.stderr
    assert "not calibrated" not in result.stderr
    assert "posterior wall rule inactive" not in result.stderr
    assert (
        "posterior wall rule inactive"
        in run("analyze", path, "-o", tmp_path / "out", "--no-video", "--no-case").stderr
    )


def test_screen_that_may_name_the_patient_is_not_kept(tmp_path):
    path = tmp_path / "screen.png"
    cv2.imwrite(str(path), pictures()[0])
    result = run("cases", "add", path)
    assert result.exit_code == 2
    assert "may name the patient" in result.stderr


def test_interrupted_batch_keeps_what_is_done_and_says_where_it_ended(tmp_path, monkeypatch):
    from leakwatch.sinks.recording.recorder import Recorder

    paths = [tmp_path / f"{name}.dcm" for name in "abc"]
    for path in paths:
        injection.write_dicom(path)
    whole_append = Recorder.append
    seen = []

    def append(self, snapshot):
        whole_append(self, snapshot)
        seen.append(snapshot)
        if len(seen) == FRAMES + 4:
            raise KeyboardInterrupt

    monkeypatch.setattr(Recorder, "append", append)
    result = run("analyze", *paths, "-o", tmp_path / "out", "--no-video")
    assert result.exit_code == 130
    assert [row["outcome"] for row in rows(tmp_path / "out")] == ["whole", "interrupted"]
    assert [row["frames"] for row in rows(tmp_path / "out")] == [str(FRAMES), "4"]
    assert "1 of 3 sequences complete" in result.stdout


def test_folder_of_pictures_is_one_run_in_the_order_of_their_numbers(tmp_path):
    folder = tmp_path / "png"
    folder.mkdir()
    for index, picture in enumerate(pictures()):
        cv2.imwrite(str(folder / f"im{index}.png"), picture)
    result = run("analyze", folder, "-o", tmp_path / "out", "--no-video")
    assert result.exit_code == 0, result.output
    assert len(read_frames(tmp_path / "out" / "frames.jsonl")) == FRAMES
    assert "15 frames/s assumed" in result.stderr


def test_one_picture_is_one_frame_in_words(tmp_path):
    path = tmp_path / "one.jpg"
    cv2.imwrite(str(path), pictures()[0])
    result = run("analyze", path, "-o", tmp_path / "out", "--no-video")
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("1 frame (1 of them UNKNOWN)")
    assert "1 frames" not in result.output


def test_mark_takes_a_run_of_an_export_and_its_case_is_analysed(export, tmp_path, repository):
    root = tmp_path / "CD"
    for place, name in (("SE0/IM0", "contained"), ("SE1/IM0", "epidural")):
        path = root / "DICOM" / place
        path.parent.mkdir(parents=True)
        shutil.copy(repository / "sample_dicom" / f"{name}.dcm", path)
    known = json.loads((repository / "sample_dicom" / "contained.case.json").read_text())
    column, row = np.mean(known["body_outline_px"], axis=0)
    click = ("--click", f"{column},{row}", "--anterior", known["anterior"], "--accept-unsure")
    case = tmp_path / "mine.case.json"
    listed = run("mark", root, *click, "-o", case)
    assert listed.exit_code == 2
    assert "has 2 sequences" in listed.stderr
    marked = run("mark", root, "--series", "1", *click, "-o", case)
    assert marked.exit_code == 0, marked.output
    assert Path(json.loads(case.read_text())["dicom"]) == Path("CD/DICOM/SE0/IM0")
    one_at_a_time = run("mark", root, "--series", "all", *click, "-o", case)
    assert one_at_a_time.exit_code == 2
    assert "only one sequence can be marked at a time" in one_at_a_time.stderr
