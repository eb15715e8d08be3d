"""The commands as a person calls them: exit codes, files, and what is said when it goes wrong."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import threading
from io import FileIO
from itertools import pairwise

import av
import cv2
import injection
import pytest
from injection import COLUMNS, FRAMES, ROWS
from typer.testing import CliRunner

from leakwatch import __version__
from leakwatch.case_files.run_records import read_events, read_frames
from leakwatch.cli import app
from leakwatch.core.results import Level
from leakwatch.sinks.overlay.overlay_video import OverlayVideo
from leakwatch.sinks.recording import line_file

FILES = {"frames.jsonl", "events.jsonl", "trend.png", "overlay.mp4"}


@pytest.fixture(scope="module")
def dicom(tmp_path_factory):
    """An XA multi-frame file without any spacing."""
    path = tmp_path_factory.mktemp("dicom") / "cine.dcm"
    injection.write_dicom(path)
    return path


@pytest.fixture(scope="module")
def case(dicom):
    path = dicom.with_name("cine.case.json")
    injection.write_case(path, dicom)
    return path


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def assert_refused(result, *words):
    """Exit 2, one paragraph on stderr that says what is wrong, no traceback."""
    assert result.exit_code == 2, result.output
    assert isinstance(result.exception, SystemExit)
    assert result.stderr.startswith("leakwatch: ")
    assert result.stderr.count("\n") == 1
    for word in words:
        assert word in result.stderr


def lines(folder):
    """Lines of frames.jsonl without the time that they took."""
    records = [json.loads(line) for line in (folder / "frames.jsonl").read_text().splitlines()]
    for record in records:
        del record["latency_ms"]
    return records


@pytest.fixture(scope="module")
def analyzed(dicom, case, tmp_path_factory):
    """A folder with all that `analyze` writes of the case, and what it said; only to be read."""
    out = tmp_path_factory.mktemp("analyzed") / "new" / "out"
    result = run("analyze", dicom, "--case", case, "--out", out)
    assert result.exit_code == 0, result.output
    return out, result


def test_analyze_writes_every_frame_and_all_files(analyzed):
    out, result = analyzed
    assert {path.name for path in out.iterdir()} == FILES
    frames = read_frames(out / "frames.jsonl")
    assert [frame.frame for frame in frames] == list(range(FRAMES))
    assert [frame.time_s for frame in frames] == [0.125 * index for index in range(FRAMES)]
    assert f"{FRAMES} frames" in result.stdout
    assert result.stderr == ""


def test_strict_is_exit_code_4_where_a_rule_was_off(dicom, case, tmp_path):
    off = run("analyze", dicom, "--no-case", "--out", tmp_path, "--no-video", "--strict")
    assert off.exit_code == 4, off.output
    last = off.stdout.splitlines()[-2:]
    assert all(line.startswith("NOT MONITORED: ") for line in last)
    assert "the margin of 5 mm and the posterior wall" in last[0]
    assert f"in {FRAMES - 2} of {FRAMES - 2} frames" in last[0]
    assert run("analyze", dicom, "--no-case", "--out", tmp_path, "--no-video").exit_code == 0
    assert run("analyze", tmp_path / "none.dcm", "--out", tmp_path, "--strict").exit_code == 2


def test_no_stop_is_said_of_what_was_watched_only(dicom, tmp_path):
    settings = tmp_path / "deaf.toml"
    settings.write_text(
        "[tubular]\nalone_length_mm = 100.0\nmin_length_mm = 25.0\nsure_length_mm = 60.0\n"
    )
    deaf = ("--no-case", "--settings", settings)
    result = run("analyze", dicom, "--out", tmp_path, "--no-video", *deaf)
    assert result.exit_code == 0, result.output
    assert "no STOP from what was monitored; see the last lines" in result.stdout


def test_events_tell_the_changes_of_level(analyzed):
    out, _ = analyzed
    frames = read_frames(out / "frames.jsonl")
    events = read_events(out / "events.jsonl")
    changes = [
        (after.frame, after.level)
        for before, after in pairwise(frames)
        if after.level is not before.level
    ]
    assert changes
    told = {(event.frame, event.level) for event in events}
    assert set(changes) <= told
    assert frames[-1].level is Level.STOP


@pytest.mark.parametrize("old", ["overlay.mp4", ".overlay.mp4.part", "trend.png"])
def test_nothing_of_an_earlier_run_is_left_beside_new_lines(dicom, tmp_path, monkeypatch, old):
    def broken(self, snapshot):
        raise RuntimeError("no picture")

    monkeypatch.setattr(OverlayVideo, "append", broken)
    monkeypatch.setattr("leakwatch.sinks.trend_page.Trend.append", broken)
    (tmp_path / old).write_bytes(b"old")
    run("analyze", dicom, "--out", tmp_path, "--video")
    assert not (tmp_path / old).exists()
    (tmp_path / "overlay.mp4").write_bytes(b"old")
    assert run("analyze", dicom, "--out", tmp_path, "--no-video").exit_code == 0
    assert not (tmp_path / "overlay.mp4").exists()


def test_running_twice_gives_the_same_bytes_with_a_video_and_without(
    dicom, case, analyzed, tmp_path
):
    result = run("analyze", dicom, "--case", case, "--out", tmp_path, "--no-video")
    assert result.exit_code == 0
    assert {path.name for path in tmp_path.iterdir()} == FILES - {"overlay.mp4"}
    before, _ = analyzed
    assert lines(tmp_path) == lines(before)
    first, second = ((folder / "events.jsonl").read_bytes() for folder in (before, tmp_path))
    assert first == second


def test_other_files_in_the_folder_are_left_alone(dicom, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "frames.jsonl").write_text("old\n" * 1000)
    assert run("analyze", dicom, "--out", tmp_path, "--no-video").exit_code == 0
    assert (tmp_path / "notes.txt").read_text() == "mine"
    assert len(read_frames(tmp_path / "frames.jsonl")) == FRAMES


def test_without_spacing_there_is_no_millimetre_anywhere(dicom, tmp_path):
    result = run("analyze", dicom, "--no-case", "--out", tmp_path, "--no-video")
    assert result.exit_code == 0
    assert "not calibrated" in result.stderr
    for frame in read_frames(tmp_path / "frames.jsonl"):
        assert (frame.distance_mm, frame.area_mm2, frame.volume_ml) == (None, None, None)


@pytest.fixture
def cut(dicom, tmp_path):
    """The same file, its last five and a half frames missing."""
    path = tmp_path / "cut.dcm"
    path.write_bytes(dicom.read_bytes()[: -int(5.5 * ROWS * COLUMNS * 2)])
    return path


def test_input_that_ends_early_exits_3_and_is_written(analyzed, case, cut, tmp_path):
    (whole, _), part = analyzed, tmp_path / "part"
    result = run("analyze", cut, "--case", case, "--out", part)
    assert result.exit_code == 3, result.output
    assert "ended early" in result.stderr
    assert {path.name for path in part.iterdir()} == FILES
    # Causal: what was read is judged as if the rest had not been cut off.
    assert lines(part) == lines(whole)[:10]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["absent.dcm"], ["absent.dcm"]),
        (["text.dcm"], ["text.dcm"]),
        (["cine.dcm", "--case", "absent.json"], ["absent.json"]),
        (["cine.dcm", "--case", "text.dcm"], ["text.dcm"]),
        (["cine.dcm", "--settings", "bad.toml"], ["bad.toml", "margin"]),
        (["cine.dcm", "--calibration", "absent.toml"], ["absent.toml"]),
    ],
)
def test_bad_input_is_refused_in_one_paragraph(dicom, tmp_path, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cine.dcm").symlink_to(dicom)
    (tmp_path / "text.dcm").write_text("this is no DICOM file")
    (tmp_path / "bad.toml").write_text("[alerting]\nmargin = 3.0\n")
    result = run("analyze", *arguments, "--out", "out")
    assert_refused(result, *words)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "arguments", [[], ["analyze"], ["analyze", "a.dcm"], ["analyse", "a.dcm"], ["--nonsense"]]
)
def test_bad_arguments_exit_2(arguments):
    assert run(*arguments).exit_code == 2


def test_out_that_is_a_file_is_refused(dicom, case, tmp_path):
    (tmp_path / "out").write_text("mine")
    result = run("analyze", dicom, "--case", case, "--out", tmp_path / "out")
    assert_refused(result, "cannot be made")
    assert (tmp_path / "out").read_text() == "mine"


def test_full_disk_for_the_frames_is_fatal(dicom, tmp_path, monkeypatch):
    class FullDisk(FileIO):
        def write(self, data):
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(line_file, "FileIO", FullDisk)
    result = run("analyze", dicom, "--out", tmp_path, "--no-video")
    assert result.exit_code == 2
    assert "No space left on device. Free disk space" in result.stderr
    assert "Traceback" not in result.output


def test_a_link_in_the_place_of_the_frames_is_not_written_through(dicom, tmp_path):
    mine = tmp_path / "mine"
    mine.write_text("kept")
    (tmp_path / "frames.jsonl").symlink_to(mine)
    result = run("analyze", dicom, "--out", tmp_path, "--no-video")
    assert result.exit_code == 2
    assert "it is a symbolic link. Check the path" in result.stderr
    assert mine.read_text() == "kept"


def test_failing_video_is_a_warning_and_nothing_else_is_lost(dicom, tmp_path, monkeypatch):
    def broken(self, snapshot):
        raise RuntimeError("the encoder broke")

    monkeypatch.setattr(OverlayVideo, "append", broken)
    result = run("analyze", dicom, "--out", tmp_path)
    assert result.exit_code == 0
    assert "degraded: OverlayVideo failed: RuntimeError: the encoder broke" in result.stderr
    assert "overlay.mp4" not in result.stdout
    assert len(read_frames(tmp_path / "frames.jsonl")) == FRAMES
    assert (tmp_path / "trend.png").exists()


def test_interrupted_run_keeps_what_was_written(dicom, tmp_path, monkeypatch):
    def interrupt(self, snapshot):
        raise KeyboardInterrupt

    monkeypatch.setattr("leakwatch.sinks.workers.sink_worker.SinkWorker.append", interrupt)
    result = run("analyze", dicom, "--out", tmp_path, "--no-video")
    assert result.exit_code == 130
    assert "interrupted" in result.stderr
    assert len(read_frames(tmp_path / "frames.jsonl")) == 1


def test_interrupted_run_has_its_pictures_and_says_how_many_frames_are_whole(
    dicom, tmp_path, monkeypatch
):
    from leakwatch.sinks.recording.recorder import Recorder

    whole_append, threads = Recorder.append, cv2.getNumThreads()

    def append(self, snapshot):
        assert cv2.getNumThreads() == 1
        whole_append(self, snapshot)
        if snapshot.frame.index == 9:
            raise KeyboardInterrupt

    monkeypatch.setattr(Recorder, "append", append)
    monkeypatch.setattr("leakwatch.runner.analysis.FINISH_WITHIN_S", 30.0)
    result = run("analyze", dicom, "--out", tmp_path, "--csv")
    assert result.exit_code == 130
    assert "interrupted: 10 frames are complete" in result.stderr
    assert len(read_frames(tmp_path / "frames.jsonl")) == 10
    assert {path.name for path in tmp_path.iterdir()} == FILES | {"frames.csv"}
    assert cv2.getNumThreads() == threads  # on one while the frames are analysed, then as before
    with av.open(str(tmp_path / "overlay.mp4")) as video:
        assert 1 <= sum(1 for _ in video.decode(video=0)) <= 10


def test_interrupted_run_waits_for_no_picture_that_hangs(dicom, tmp_path, monkeypatch):
    hanging = threading.Event()
    monkeypatch.setattr(OverlayVideo, "close", lambda self: hanging.wait(60.0))
    monkeypatch.setattr("leakwatch.runner.analysis.FINISH_WITHIN_S", 0.1)

    def interrupt(self, snapshot):
        raise KeyboardInterrupt

    monkeypatch.setattr("leakwatch.sinks.recording.recorder.Recorder.append", interrupt)
    result = run("analyze", dicom, "--out", tmp_path)
    hanging.set()
    assert result.exit_code == 130
    assert "OverlayVideo was not finished" in result.stderr
    assert "overlay.mp4" not in result.stdout


def test_csv_is_written_where_it_is_asked_for(dicom, tmp_path):
    assert run("analyze", dicom, "--out", tmp_path, "--no-video", "--csv").exit_code == 0
    rows = (tmp_path / "frames.csv").read_text().splitlines()
    assert len(rows) == FRAMES + 1
    assert run("analyze", dicom, "--out", tmp_path, "--no-video").exit_code == 0
    assert not (tmp_path / "frames.csv").exists()


def test_broken_stage_is_unknown_and_the_run_goes_on(dicom, tmp_path, monkeypatch):
    from leakwatch.pipeline import stages

    whole_step = stages.step

    def step(state, frame):
        if frame.index == 3:
            raise ZeroDivisionError("oh")
        return whole_step(state, frame)

    monkeypatch.setattr(stages, "step", step)
    assert run("analyze", dicom, "--out", tmp_path, "--no-video").exit_code == 0
    frames = read_frames(tmp_path / "frames.jsonl")
    assert (frames[3].level, frames[3].reasons) == (Level.UNKNOWN, ("stage_error",))
    assert len(frames) == FRAMES


def test_version_and_help():
    assert run("--version").stdout == f"leakwatch {__version__}\n"
    said = " ".join(run("--help").stdout.split())
    assert "not a medical device" in said
    assert {"analyze", "replay"} <= set(said.split())


def test_installed_command_exits_as_the_function_does(tmp_path):
    program = [sys.executable, "-c", "from leakwatch.cli import main; main()"]
    result = subprocess.run(
        [*program, "analyze", "absent.dcm", "--out", "out"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 2
    assert result.stderr.startswith("leakwatch: ")
    assert result.stdout == ""


def test_replay_records_a_frame_without_a_display(case, tmp_path):
    result = run("replay", case, "--record", tmp_path / "a.png", "--frame", 4)
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("frame 4 at 0.50 s")
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


def test_replay_of_a_dicom_file_with_a_case(dicom, case, tmp_path):
    result = run("replay", dicom, "--case", case, "--record", tmp_path / "a.png")
    assert result.exit_code == 0, result.output
    assert (tmp_path / "a.png").exists()


def test_replay_of_a_frame_that_is_not_there(case, tmp_path):
    result = run("replay", case, "--record", tmp_path / "a.png", "--frame", 99)
    assert_refused(result, f"frames 0 to {FRAMES - 1}, not 99")


def test_replay_of_one_frame_needs_a_file(case):
    assert_refused(run("replay", case, "--frame", 4), "--record")


def test_replay_without_a_display_says_what_to_do_instead(case, monkeypatch):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    assert_refused(run("replay", case), "no display", "--record")


def test_replay_without_the_gui_extra_says_how_to_get_it(case, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "leakwatch.gui.app", None)
    monkeypatch.delattr("leakwatch.gui.app", raising=False)
    result = run("replay", case, "--record", tmp_path / "a.png")
    assert_refused(result, "pip install 'leakwatch-fluoro[gui]'")


def test_a_case_over_real_anatomy(shared, tmp_path):
    """The others are held against their truth in tests/pipeline/test_stages.py."""
    path = shared / "cases" / "epidural-basivertebral.dcm"
    case = path.with_name("epidural-basivertebral.case.json")
    result = run("analyze", path, "--case", case, "--out", tmp_path, "--no-video")
    assert result.exit_code == 0, result.output
    stops = [f.time_s for f in read_frames(tmp_path / "frames.jsonl") if f.level is Level.STOP]
    assert 7.0 <= stops[0] <= 9.0


def test_nothing_is_imported_before_it_is_needed():
    program = "import sys, leakwatch.cli; print([m for m in sys.modules if m in %r])"
    heavy = ("PySide6", "pyqtgraph", "cv2", "matplotlib", "pydicom")
    result = subprocess.run(
        [sys.executable, "-c", program % (heavy,)],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ,
    )
    assert result.stdout.strip() == "[]"


def beside(folder, name="cine", **changes):
    """A sequence with its case beside it, as `leakwatch mark` leaves them."""
    path = folder / f"{name}.dcm"
    injection.write_dicom(path)
    case = folder / f"{name}.case.json"
    injection.write_case(case, path)
    case.write_text(json.dumps(json.loads(case.read_text()) | changes))
    return path


@pytest.mark.parametrize("command", ["analyze", "run", "replay"])
def test_the_case_beside_a_sequence_is_used_and_said(tmp_path, command):
    path = beside(tmp_path)
    arguments = {
        "analyze": ["analyze", path, "--out", tmp_path / "out", "--no-video"],
        "run": ["run", f"replay:{path}?speed=8", "--no-window", "--no-record"],
        "replay": ["replay", path, "--record", tmp_path / "a.png"],
    }[command]
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    assert "cine.case.json is beside the sequence and is used" in result.stderr
    assert "posterior wall rule inactive" not in result.stderr
    result = run(*arguments, "--no-case")
    assert result.exit_code == 0, result.output
    assert "lies beside" not in result.stderr
    assert "posterior wall rule inactive: no posterior wall is marked; mark one with" in (
        result.stderr
    )


@pytest.mark.parametrize("command", ["analyze", "run", "replay"])
@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"posterior_wall_px": [[90, 150], [120, 148], [150, 150]]}, "are they exchanged?"),
        ({"needle_tip_px": [200, 120]}, "posterior of posterior_wall_px"),
        ({"posterior_wall_px": [[150, 20], [150, 30]]}, "2 mm long"),
        ({"dicom": "other.dcm"}, "is the case of other.dcm"),
    ],
)
def test_a_case_that_contradicts_itself_is_refused_everywhere(tmp_path, command, changes, word):
    beside(tmp_path, "other")
    path = beside(tmp_path, **changes)
    case = ["--case", tmp_path / "cine.case.json"]
    arguments = {
        "analyze": ["analyze", path, *case, "--out", tmp_path / "out"],
        "run": ["run", f"replay:{path}?speed=8", *case, "--no-window", "--no-record"],
        "replay": ["replay", path, *case, "--record", tmp_path / "a.png"],
    }[command]
    assert_refused(run(*arguments), "cine.case.json", word)
    assert not (tmp_path / "out").exists()


def test_a_case_that_is_given_and_left_out_is_refused(tmp_path):
    path = beside(tmp_path)
    arguments = ["--case", tmp_path / "cine.case.json", "--no-case", "--out", tmp_path / "out"]
    assert_refused(run("analyze", path, *arguments), "contradict each other")


def test_rules_that_are_off_are_said_before_the_first_frame(tmp_path):
    path = beside(tmp_path)
    case = tmp_path / "cine.case.json"
    known = json.loads(case.read_text())
    del known["mm_per_px"], known["mm_per_px_sigma"]
    case.write_text(json.dumps(known | {"posterior_wall_px": [[150, 90], [150, 150]]}))
    result = run("analyze", path, "--out", tmp_path / "out", "--no-video")
    assert result.exit_code == 0, result.output
    said = result.stderr.splitlines()
    assert any(line.startswith("leakwatch: 5 mm rule inactive: not calibrated (") for line in said)
    assert any(line.startswith("leakwatch: outline rule inactive: ") for line in said)


@pytest.mark.parametrize(
    ("library", "name", "extra"),
    [("matplotlib", "trend.png", "report"), ("av", "overlay.mp4", "video")],
)
def test_what_draws_a_picture_may_be_absent(dicom, tmp_path, monkeypatch, library, name, extra):
    (tmp_path / name).write_bytes(b"of an earlier run")
    for loaded in [one for one in sys.modules if one.partition(".")[0] == library]:
        monkeypatch.delitem(sys.modules, loaded)
    monkeypatch.delitem(sys.modules, "leakwatch.sinks.overlay.encoder", raising=False)
    monkeypatch.setitem(sys.modules, library, None)
    result = run("analyze", dicom, "--out", tmp_path)
    assert result.exit_code == 0, result.output
    assert f"left out: {name} needs the extra `{extra}`" in result.stderr
    assert f"pip install 'leakwatch-fluoro[{extra}]'" in result.stderr
    assert not (tmp_path / name).exists()
    assert len(read_frames(tmp_path / "frames.jsonl")) == FRAMES
