"""Whole benchmarks: what is left when cases, detectors and processes break; resuming; comparing."""

from __future__ import annotations

import json
import shutil
import stat
import sys
from collections.abc import Sequence
from pathlib import Path

import injection
import numpy as np
import pytest
import small_set
from PIL import Image
from typer.testing import CliRunner

from leakwatch.benchmark.report.report_file import Report, load_report
from leakwatch.benchmark.work import cluster_workers
from leakwatch.cli import app

OK, BAD_INPUT, SOME_NOT_JUDGED = 0, 2, 3


def bench(folder: Path, out: Path, detector: str, *more: object, exits: int = OK) -> str:
    arguments = ["bench", str(folder), "--out", str(out), "--detector", detector]
    done = CliRunner().invoke(app, [*arguments, "--jobs", "1", *map(str, more)])
    assert done.exit_code == exits, done.output
    return " ".join(done.output.split())


def statuses(report: Report) -> dict[str, str]:
    return {row.name: row.status for row in report.cases}


def estimate(report: Report, key: str) -> tuple[float | None, int]:
    (one,) = [one for one in report.summary if one.key == key]
    return one.value, one.cases


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("three")
    small_set.write_set(folder, "a", "b", "c")
    return folder


@pytest.fixture(scope="module")
def judged(three: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The results of a detector that is a frame late and 0.2 mm off."""
    out = tmp_path_factory.mktemp("judged")
    bench(three, out, small_set.command("exact"))
    return out


def test_every_case_is_judged_and_both_reports_written(judged: Path) -> None:
    report = load_report(judged / "report.json")
    assert statuses(report) == dict.fromkeys("abc", "done")
    assert estimate(report, "stop_sensitivity") == (1.0, 3)
    assert estimate(report, "delay_frames") == (1.0, 3)
    assert estimate(report, "delay_s") == (1.0 / small_set.FPS, 3)
    value, _ = estimate(report, "delay_ml")
    assert value == pytest.approx(0.1)
    value, _ = estimate(report, "distance_mae_mm")
    assert value == pytest.approx(0.2)
    assert estimate(report, "false_stops_per_injection") == (0.0, 3)


@pytest.mark.skipif(sys.platform == "win32", reason="no modes of this kind")
def test_lines_and_pictures_of_cases_are_for_this_user_alone(judged: Path) -> None:
    made = [judged / "report.json", judged / "report.html", *judged.glob("cases/**/*")]
    assert len(made) > 10
    assert [path for path in made if stat.S_IMODE(path.stat().st_mode) & 0o077] == []


def test_the_page_needs_nothing_else_and_its_links_lead_to_files(judged: Path) -> None:
    page = (judged / "report.html").read_text()
    assert "not a medical device" in page
    assert "<svg" in page
    assert [
        word for word in ('src="http', 'href="http', "url(http", "@import") if word in page
    ] == []
    assert "<script" not in page
    links = [part.partition('"')[0] for part in page.split('href="')[1:]]
    wanted = [link for link in links if link.startswith("cases/")]
    assert "cases/a/overlay.webp" in wanted
    assert [link for link in wanted if not (judged / link).exists()] == []


def called(flag: Path) -> Sequence[str]:
    return sorted(flag.read_text().split()) if flag.exists() else []


def test_what_is_done_is_not_done_again_unless_it_changed(tmp_path: Path) -> None:
    folder, out, flag = tmp_path / "set", tmp_path / "out", tmp_path / "calls"
    small_set.write_set(folder, "a", "b", "c")
    detector = small_set.command("count", flag)
    (out / "cases" / "a").mkdir(parents=True)
    (out / "cases" / "a" / "work.json").write_text('{"half": ')
    bench(folder, out, detector)
    assert called(flag) == ["a.case.json", "b.case.json", "c.case.json"]
    first = (out / "report.json").read_bytes()
    flag.unlink()
    bench(folder, out, detector)
    assert called(flag) == []
    assert (out / "report.json").read_bytes() == first
    told = json.loads((folder / "b.truth.json").read_text()) | {"breach_5mm_frame": 11}
    (folder / "b.truth.json").write_text(json.dumps(told))
    bench(folder, out, detector)
    assert called(flag) == ["b.case.json"]


def test_broken_cases_are_told_and_the_others_judged(three: Path, tmp_path: Path) -> None:
    folder = tmp_path / "set"
    shutil.copytree(three, folder)
    small_set.write_set(folder, "d", "e", "f")
    (folder / "a.case.json").unlink()
    told = json.loads((folder / "b.truth.json").read_text())
    told |= {"frames": [], "breach_5mm_frame": None}
    (folder / "b.truth.json").write_text(json.dumps(told))
    sequence = folder / "c.dcm"
    sequence.write_bytes(sequence.read_bytes()[: sequence.stat().st_size // 2])
    (folder / "d.truth.json").unlink()
    (folder / "e.dcm").write_bytes(b"no DICOM at all")
    said = bench(folder, tmp_path / "out", "leakwatch", exits=SOME_NOT_JUDGED)
    report = load_report(tmp_path / "out" / "report.json")
    assert statuses(report) == dict.fromkeys("abcde", "unreadable") | {"f": "done"}
    why = {row.name: row.why or "" for row in report.cases}
    assert "no a.case.json beside it" in why["a"]
    assert "0 frames" in why["b"]
    assert "7 of 16 frames are complete" in why["c"]
    assert "d.truth.json" in why["d"]
    assert "not scored: e:" in said
    page = (tmp_path / "out" / "report.html").read_text()
    assert all(f"<b>{name}</b> (unreadable)" in page for name in "abcde")


def test_a_failed_detector_missed_the_stop_and_is_tried_again(three: Path, tmp_path: Path) -> None:
    said = bench(three, tmp_path, small_set.command("crash"), exits=SOME_NOT_JUDGED)
    assert "not scored: a: exit code 7: model not found" in said
    report = load_report(tmp_path / "report.json")
    assert estimate(report, "stop_sensitivity") == (0.0, 3)
    assert estimate(report, "false_stops_per_injection") == (None, 0)
    assert estimate(report, "delay_s") == (None, 3)
    assert (tmp_path / "cases" / "a" / "detector.log").read_text() == "loading\nmodel not found\n"


def test_a_case_whose_process_is_killed_is_run_again(three: Path, tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    bench(three, tmp_path / "out", small_set.command("kill-once", flag))
    assert flag.is_dir()
    report = load_report(tmp_path / "out" / "report.json")
    assert statuses(report) == dict.fromkeys("abc", "done")


def test_a_case_that_kills_every_process_is_given_up(three: Path, tmp_path: Path) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    for name in ("a.dcm", "a.case.json", "a.truth.json"):
        shutil.copy(three / name, folder)
    flag = tmp_path / "flag"
    detector = small_set.command("kill-always", flag)
    said = bench(folder, tmp_path / "out", detector, exits=SOME_NOT_JUDGED)
    assert flag.read_text() == "killed\n" * 2
    assert "its process died 2 times" in said


def test_against_an_earlier_report(three: Path, judged: Path, tmp_path: Path) -> None:
    small_set.write_set(tmp_path / "set", "a", "b", "d")
    for name in "ab":
        shutil.copy(three / f"{name}.dcm", tmp_path / "set")
    earlier = judged / "report.json"
    said = bench(tmp_path / "set", tmp_path / "out", "naive", "--against", earlier)
    against = load_report(tmp_path / "out" / "report.json").against
    assert against is not None
    assert against.apart == ("c", "d")
    change = {one.key: one for one in against.changes}
    assert change["stop_sensitivity"].old == 1.0
    assert change["stop_sensitivity"].cases == 2
    moved = change["distance_mae_mm"]
    assert moved.new is not None
    assert moved.change == pytest.approx(moved.new - 0.2)
    assert "Comparison with an earlier report" in (tmp_path / "out" / "report.html").read_text()
    assert f"{moved.verdict}: distance, mean absolute error: 0.20 mm to" in said
    assert "compared: 2 cases; not the same in both: 2" in said


def test_nothing_in_common_with_an_earlier_report_is_said(judged: Path, tmp_path: Path) -> None:
    small_set.write_set(tmp_path / "set", "z")
    earlier = judged / "report.json"
    said = bench(tmp_path / "set", tmp_path / "out", "naive", "--against", earlier)
    assert "no comparison: no case is the same" in said
    assert "no difference shown" not in said
    assert "No case is the same in both reports." in (tmp_path / "out" / "report.html").read_text()


def test_masks_that_were_drawn_later_do_not_part_two_reports(
    three: Path, judged: Path, tmp_path: Path
) -> None:
    shutil.copytree(three, tmp_path / "set")
    shutil.copytree(judged, tmp_path / "out")
    (tmp_path / "set" / "b.masks").mkdir()
    mask = np.full((injection.ROWS, injection.COLUMNS), 255, np.uint8)
    Image.fromarray(mask).save(tmp_path / "set" / "b.masks" / "000003.png")
    earlier = judged / "report.json"
    bench(tmp_path / "set", tmp_path / "out", "naive", "--against", earlier)
    report = load_report(tmp_path / "out" / "report.json")
    assert [bool(row.masks) for row in report.cases] == [False, True, False]
    assert estimate(report, "mask_dice") == (0.0, 1)
    against = report.against
    assert against is not None
    assert against.apart == ()
    compared = {one.key: one.cases for one in against.changes}
    assert compared["stop_sensitivity"] == 3
    assert compared["mask_dice"] == 0
    # The result of the case with other masks does not hold any more; of the others it does.
    (tmp_path / "set" / "b.masks" / "000004.png").write_bytes(
        (tmp_path / "set" / "b.masks" / "000003.png").read_bytes()
    )
    made = {name: tmp_path / "out" / "cases" / name / "work.json" for name in "abc"}
    before = {name: path.stat().st_mtime_ns for name, path in made.items()}
    bench(tmp_path / "set", tmp_path / "out", "naive")
    assert [n for n, path in made.items() if path.stat().st_mtime_ns != before[n]] == ["b"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--detector", "prog"), "{out}, and {dicom} or {case}, are required"),
        (("--detector", "naive", "--wall-only"), "Omit --wall-only"),
        (("--against", "absent.json"), "cannot be read"),
        (("--adapter", "absent.py"), "not a Python file"),
        (("--scheduler", "tcp://127.0.0.1:1"), "no answer"),
    ],
)
def test_bad_arguments_end_before_any_work(
    three: Path,
    tmp_path: Path,
    options: tuple[str, ...],
    words: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cluster_workers, "CONNECT_S", 0.5)
    arguments = ["bench", str(three), "--out", str(tmp_path / "out"), *options]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == BAD_INPUT
    assert words in " ".join(done.output.split())


def test_an_out_that_cannot_be_made(three: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    said = bench(three, tmp_path / "file", "naive", exits=BAD_INPUT)
    assert "Choose another --out" in said
