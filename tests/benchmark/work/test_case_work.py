"""One case with one detector, whatever the detector does."""

from __future__ import annotations

import io
import json
import os
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest
import small_set
from PIL import Image

from leakwatch.benchmark.cases.manifest import find_cases
from leakwatch.benchmark.pictures.case_pictures import CasePainter
from leakwatch.benchmark.work.benchmark_run import Request, make_plan
from leakwatch.benchmark.work.case_work import DONE, FAILED, UNREADABLE, Worked, do_case
from leakwatch.benchmark.work.detector import LEAKWATCH, NAIVE, parse_detector, run_command
from leakwatch.case_files.run_records import FrameRecord, read_frames
from leakwatch.config import Settings
from leakwatch.core.errors import BenchError
from leakwatch.runner.stored_run import open_run


@pytest.fixture(scope="module")
def one_case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("set")
    small_set.write_set(folder, "one")
    return folder


def work(folder: Path, out: Path, detector: str, **more: object) -> Worked:
    request = Request(folder, out, parse_detector(detector, 20.0), Settings(), **more)  # type: ignore[arg-type]
    (job,) = make_plan(request).to_do
    return do_case(job)


def test_leakwatch_leaves_lines_pictures_and_other_thresholds(
    one_case: Path, tmp_path: Path
) -> None:
    done = work(one_case, tmp_path, LEAKWATCH)
    assert (done.work.status, done.work.why) == (DONE, None)
    names = {"frames.jsonl", "events.jsonl", "overlay.webp"}
    assert set(done.files) == names | {one.file for one in done.work.pictures}
    assert len(done.files["frames.jsonl"].splitlines()) == small_set.FRAMES
    assert {factor for factor, _ in done.work.raised} >= {0.25, 1.0, 3.0}
    with Image.open(io.BytesIO(done.files["overlay.webp"])) as overlay:
        assert overlay.n_frames == small_set.FRAMES
    with Image.open(io.BytesIO(done.files[done.work.pictures[0].file])) as picture:
        assert picture.format == "JPEG"


def test_with_the_wall_alone_it_is_another_result(one_case: Path, tmp_path: Path) -> None:
    whole = Request(one_case, tmp_path, parse_detector(LEAKWATCH), Settings())
    (job,) = make_plan(replace(whole, wall_only=True)).to_do
    assert job.fingerprint != make_plan(whole).to_do[0].fingerprint
    assert do_case(job).work.status == DONE


def test_the_naive_detector_is_judged_by_the_same_lines(one_case: Path, tmp_path: Path) -> None:
    done = work(one_case, tmp_path, NAIVE)
    assert done.work.status == DONE
    (tmp_path / "frames.jsonl").write_bytes(done.files["frames.jsonl"])
    assert len(read_frames(tmp_path / "frames.jsonl")) == small_set.FRAMES


def test_masks_are_compared_where_they_were_drawn(one_case: Path, tmp_path: Path) -> None:
    small_set.write_set(tmp_path / "set", "one")
    masks = tmp_path / "set" / "one.masks"
    masks.mkdir()
    # The bolus of tests/support/injection.py in frame 13, as it is drawn there.
    true = np.zeros((240, 240), np.uint8)
    true[110:130, 100 : 106 + 2 * 13] = 255
    Image.fromarray(true).save(masks / "000013.png")
    for detector in (LEAKWATCH, NAIVE):
        ((frame, value),) = work(tmp_path / "set", tmp_path / detector, detector).work.dice
        assert frame == 13
        assert 0.6 < value <= 1.0, detector


def test_pictures_show_the_true_cement_where_it_is_known(one_case: Path) -> None:
    (case,) = find_cases(one_case).cases
    true = np.zeros((240, 240), np.uint8)
    true[50:90, 100:160] = 255
    path = one_case.parent / "true.png"
    Image.fromarray(true).save(path)
    run = open_run(case.case_path, Settings())
    records = [json.loads(line) for line in small_set.lines(case.case_path)]
    seen = [msgspec.convert(record, FrameRecord) for record in records]
    drawn = {}
    for masks in ((), ((13, path),)):
        with closing(CasePainter(run, replace(case.truth, masks=masks))) as painter:
            drawn[bool(masks)] = [np.asarray(painter.draw(seen[k])) for k in (12, 13)]
    run.source.close()
    assert (drawn[True][0] == drawn[False][0]).all()
    changed = (drawn[True][1] != drawn[False][1]).any(axis=2)
    # A line about the mask, and a line of the legend: a small part, and both.
    rows = np.flatnonzero(changed.any(axis=1))
    assert 0.0005 < changed.mean() < 0.02
    assert np.diff(rows).max() > 50


def test_a_command_is_judged_by_what_it_writes(one_case: Path, tmp_path: Path) -> None:
    done = work(one_case, tmp_path, small_set.command("exact"))
    assert done.work.status == DONE
    assert done.work.raised == ()
    assert {"frames.jsonl", "detector.log", "overlay.webp"} <= set(done.files)
    assert all(abs(abs(one.error_mm or 0.0) - 0.2) < 1e-6 for one in done.work.pictures)


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        ("crash", "exit code 7: model not found"),
        ("few", "13 lines for 16 frames"),
        ("nan", "frames.jsonl cannot be scored"),
        ("infinite", "frames.jsonl cannot be scored"),
        ("nothing", "frames.jsonl cannot be scored"),
    ],
)
def test_what_a_command_does_wrong_is_its_result(
    one_case: Path, tmp_path: Path, behaviour: str, words: str
) -> None:
    done = work(one_case, tmp_path, small_set.command(behaviour))
    assert done.work.status == FAILED
    assert words in (done.work.why or "")
    assert str(tmp_path) not in (done.work.why or "")


def test_a_command_that_hangs_is_ended_with_what_it_started(one_case: Path, tmp_path: Path) -> None:
    flag = tmp_path / "child"
    detector = parse_detector(small_set.command("hang", flag), 1.5)
    started = time.monotonic()
    (job,) = make_plan(Request(one_case, tmp_path / "out", detector, Settings())).to_do
    done = do_case(job)
    assert time.monotonic() - started < 10.0
    assert done.work.status == FAILED
    assert "ended after 1.5 s" in (done.work.why or "")
    assert _ended(int(flag.read_text()))


def _ended(pid: int) -> bool:
    for _ in range(100):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        # What was ended stays listed until somebody takes notice of it.
        if "Z" in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]:
            return True
        time.sleep(0.05)
    return False


def test_a_command_that_is_not_there(one_case: Path, tmp_path: Path) -> None:
    done = work(one_case, tmp_path, "/no/such/program {dicom} {out}")
    assert (done.work.status, done.work.why) == (
        FAILED,
        "/no/such/program cannot be started: No such file or directory. Correct --detector.",
    )


@pytest.mark.parametrize("detector", [LEAKWATCH, NAIVE, small_set.command("few")])
def test_a_sequence_that_breaks_off_is_nobodys_fault(tmp_path: Path, detector: str) -> None:
    small_set.write_set(tmp_path / "set", "one")
    path = tmp_path / "set" / "one.dcm"
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    done = work(tmp_path / "set", tmp_path / "out", detector)
    assert done.work.status == UNREADABLE
    assert done.work.why


def test_truth_of_another_length_is_told(tmp_path: Path) -> None:
    small_set.write_set(tmp_path / "set", "one")
    path = tmp_path / "set" / "one.truth.json"
    told = json.loads(path.read_text())
    told["frames"] = told["frames"][:14]
    path.write_text(json.dumps(told))
    done = work(tmp_path / "set", tmp_path / "out", LEAKWATCH)
    assert done.work.status == UNREADABLE
    assert "16 frames, but its truth 14" in (done.work.why or "")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("prog", "{out}, and {dicom} or {case}, are required"),
        ("prog {out}", "{out}, and {dicom} or {case}, are required"),
        ("prog {dicom} {out} {folder}", "{folder} is not a placeholder"),
        ("prog 'x {dicom} {out}", "Close the quotes"),
    ],
)
def test_a_detector_that_cannot_be_meant(text: str, words: str) -> None:
    with pytest.raises(BenchError, match=words.replace("{", r"\{").replace("}", r"\}")):
        parse_detector(text)


def test_paths_with_spaces_stay_one_argument(tmp_path: Path) -> None:
    out = tmp_path / "a folder"
    out.mkdir()
    run_command(parse_detector("touch {out}/made {dicom}"), tmp_path / "x y.dcm", tmp_path, out)
    assert (out / "made").is_file()
    assert (tmp_path / "x y.dcm").is_file()
