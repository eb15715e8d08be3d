"""`--log-file` of the commands: what a field fault is told by, and what it never holds."""

from __future__ import annotations

import json
import logging
import threading

import injection
import pydicom
import pytest
from injection import FRAMES
from pydicom.datadict import tag_for_keyword
from pydicom.dataelem import RawDataElement
from pydicom.tag import Tag
from typer.testing import CliRunner

from leakwatch.alerting import rules
from leakwatch.cli import app
from leakwatch.diagnostics.log_file import LogFile
from leakwatch.pipeline import stages

# As a device writes them; the file names of what it wrote hold them too.
PATIENT = ("Doe^Jane", "PID-4711", "19700131", "Ward Seven")


@pytest.fixture(scope="module")
def dicom(tmp_path_factory):
    """A sequence with the names of a patient in its head, and a case beside it."""
    path = tmp_path_factory.mktemp("dicom") / "cine.dcm"
    injection.write_dicom(path)
    injection.write_case(path.with_name("cine.case.json"), path)
    dataset = pydicom.dcmread(path)
    dataset.PatientName, dataset.PatientID, dataset.PatientBirthDate = PATIENT[:3]
    dataset.StudyDescription = dataset.SeriesDescription = PATIENT[3]
    dataset.save_as(path)
    return path


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def lines_of(path):
    return [json.loads(line) for line in path.read_text("ascii").splitlines()]


def frames_of(lines):
    return [line for line in lines if "stages_ms" in line]


def assert_names_nobody(path, dicom):
    text = path.read_text()
    for word in (*PATIENT, "Doe", "Jane"):
        assert word not in text
    dataset = pydicom.dcmread(dicom, stop_before_pixels=True)
    for keyword in ("SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID"):
        if keyword in dataset:
            assert str(dataset[keyword].value) not in text


@pytest.mark.parametrize("keyword", ["Modality", "Rows", "ShutterShape"])
def test_a_name_in_the_wrong_element_is_not_logged(dicom, tmp_path, keyword):
    """Neither of an error nor of a note; `test_header_values` plants names everywhere."""
    dataset = pydicom.dcmread(dicom)
    tag, value = Tag(tag_for_keyword(keyword)), b"DOE^JANE"
    dataset._dict[tag] = RawDataElement(tag, "LO", len(value), value, 0, False, True)
    file, log = tmp_path / "cine.dcm", tmp_path / "log.jsonl"
    dataset.save_as(file, enforce_file_format=False)
    run("analyze", file, "--out", tmp_path / "out", "--no-video", "--log-file", log)
    assert lines_of(log)
    assert "DOE" not in log.read_text()


def test_each_frame_says_what_was_decided_and_why(dicom, tmp_path):
    log = tmp_path / "log.jsonl"
    done = run("analyze", dicom, "--out", tmp_path / "out", "--no-video", "--log-file", log)
    assert done.exit_code == 0, done.output
    lines = lines_of(log)
    assert lines[0]["what"] == "analyze begins"
    assert {"version", "python", "system", "given"} <= set(lines[0])
    assert (lines[-1]["what"], lines[-1]["exit_code"]) == ("analyze ends", 0)
    frames = frames_of(lines)
    assert [line["frame"] for line in frames] == list(range(FRAMES))
    stops = [line for line in frames if line["decision"] == "STOP"]
    assert stops[0]["rules"] == ["posterior_margin"]
    assert stops[0]["distance_mm"] < 5.0
    assert stops[0]["events"][0]["reason"] == "posterior_margin"
    assert {"preprocessing", "registration", "cement", "alerting"} <= set(stops[0]["stages_ms"])
    assert_names_nobody(log, dicom)


def test_the_results_are_the_same_with_a_log(dicom, tmp_path):
    said = []
    for name, more in (("with", ("--log-file", tmp_path / "log.jsonl")), ("without", ())):
        out = tmp_path / name
        done = run("analyze", dicom, "--out", out, "--no-video", *more)
        lines = [json.loads(line) for line in (out / "frames.jsonl").read_text().splitlines()]
        for line in lines:
            del line["latency_ms"]
        said.append((done.stderr, lines, (out / "events.jsonl").read_bytes()))
    assert said[0] == said[1]


def break_cement(monkeypatch, frames):
    """Let the stage of cement break at some frames, with words that a header may have held."""
    whole = stages._detect_cement

    def broken(state, frame, moved, seen):
        if frame.index in frames:
            stages.begin_stage("cement")
            raise ValueError("could not convert string to float: 'Doe^Jane'")
        return whole(state, frame, moved, seen)

    monkeypatch.setattr(stages, "_detect_cement", broken)


def test_each_failed_stage_has_its_traceback_and_stderr_says_where(dicom, tmp_path, monkeypatch):
    break_cement(monkeypatch, (8, 9))
    log = tmp_path / "log.jsonl"
    done = run("analyze", dicom, "--out", tmp_path / "out", "--no-video", "--log-file", log)
    assert done.exit_code == 0
    faults = [line for line in lines_of(log) if "traceback" in line]
    assert [(line["frame"], line["stage"]) for line in faults] == [(8, "cement"), (9, "cement")]
    for line in faults:
        assert line["error"] == "ValueError: could not convert string to float: '...'"
        assert line["traceback"][-1].endswith("broken")
        assert line["traceback"][0].startswith("leakwatch/pipeline/fold.py:")
    assert_names_nobody(log, dicom)
    assert "Traceback" not in done.stderr
    assert done.stderr.count("the traceback is in") == 1


def test_without_a_log_a_fault_has_its_traceback_on_stderr_once(monkeypatch, caplog, capsys):
    """As people expect of a program that is watched in a terminal, and not at every frame."""
    from leakwatch.cli import console

    formatter = console._OneLine()
    log = logging.getLogger("leakwatch.runner.stored_run")
    said = []
    for text in ("first", "second"):
        try:
            raise ZeroDivisionError(text)
        except ZeroDivisionError as error:
            record = log.makeRecord(
                log.name, logging.ERROR, "", 0, "frame is not analysed", (), _info(error)
            )
        said.append(formatter.format(record))
    assert said[0].splitlines()[:2] == [
        "frame is not analysed",
        "Traceback (most recent call last):",
    ]
    assert said[1] == "frame is not analysed"


def _info(error):
    return (type(error), error, error.__traceback__)


def test_a_rule_that_breaks_is_named(dicom, tmp_path, monkeypatch):
    whole = rules.decide

    def decide(state, observation):
        if observation.frame == 8 and not observation.unavailable:
            raise IndexError("oh")
        return whole(state, observation)

    monkeypatch.setattr(rules, "decide", decide)
    log = tmp_path / "log.jsonl"
    run("analyze", dicom, "--out", tmp_path / "out", "--no-video", "--log-file", log)
    faults = [line for line in lines_of(log) if "traceback" in line]
    assert {(line["frame"], line["stage"]) for line in faults} == {(8, "alerting")}


def test_what_a_person_is_told_and_how_it_ended_is_in_it(tmp_path):
    log = tmp_path / "log.jsonl"
    done = run("analyze", tmp_path / "absent.dcm", "--out", tmp_path / "out", "--log-file", log)
    assert done.exit_code == 2
    lines = lines_of(log)
    assert any(
        "absent.dcm" in line["what"] for line in lines if line["where"] == "cli.console"
    ) or (any("absent.dcm" in line["what"] for line in lines))
    assert lines[-1]["exit_code"] == 2


def test_a_program_that_breaks_leaves_its_traceback(dicom, tmp_path, monkeypatch):
    monkeypatch.setattr("leakwatch.runner.analysis.analyse", lambda *given, **named: 1 / 0)
    log = tmp_path / "log.jsonl"
    done = run("analyze", dicom, "--out", tmp_path / "out", "--log-file", log)
    assert isinstance(done.exception, ZeroDivisionError)
    *_, broke, ends = lines_of(log)
    assert broke["error"] == "ZeroDivisionError: division by zero"
    assert ends["exit_code"] == 1


def test_a_thread_that_breaks_leaves_its_traceback(dicom, tmp_path, monkeypatch):
    def analyse(*given, **named):
        thread = threading.Thread(target=lambda: 1 / 0, name="a thread")
        monkeypatch.setattr(threading, "excepthook", threading.excepthook)
        thread.start()
        thread.join()
        raise KeyboardInterrupt

    monkeypatch.setattr(threading, "excepthook", lambda given: None)
    monkeypatch.setattr("leakwatch.runner.analysis.analyse", analyse)
    log = tmp_path / "log.jsonl"
    assert run("analyze", dicom, "--out", tmp_path, "--log-file", log).exit_code == 130
    (fault,) = [line for line in lines_of(log) if "traceback" in line]
    assert (fault["thread"], fault["error"]) == ("a thread", "ZeroDivisionError: division by zero")
    assert lines_of(log)[-1]["exit_code"] == 130


def test_a_live_session_tells_of_its_source(dicom, tmp_path):
    log = tmp_path / "log.jsonl"
    spec = f"replay:{dicom}?speed=8"
    done = run("run", spec, "--no-window", "--out", tmp_path / "out", "--log-file", log)
    assert done.exit_code == 0, done.output
    lines = lines_of(log)
    links = [line for line in lines if line.get("stage") == "source"]
    assert links[0]["what"].startswith("source connected")
    frames = frames_of(lines)
    dropped = sum(line["dropped"] for line in lines if "dropped" in line)
    decided = [line for line in frames if line.get("fault") is None]
    assert len(decided) + dropped == FRAMES
    assert all(line["thread"] == "fold" and line["age_ms"] >= 0.0 for line in frames)
    assert_names_nobody(log, dicom)


def test_names_that_a_device_gave_its_files_are_left_out(dicom, tmp_path):
    """Two series in one folder, which cannot be read as one sequence."""
    folder = tmp_path / "export"
    folder.mkdir()
    for name in ("DOE_JANE_1", "DOE_JANE_2.dcm"):
        dataset = pydicom.dcmread(dicom)
        dataset.PhotometricInterpretation = "DOE JANE"
        dataset.save_as(folder / name)
    log = tmp_path / "log.jsonl"
    run("analyze", folder, "--out", tmp_path / "out", "--no-video", "--log-file", log)
    assert "DOE" not in log.read_text()
    assert_names_nobody(log, dicom)
    assert any(str(folder) in line["what"] for line in lines_of(log))


def test_nothing_of_it_stays_behind(dicom, tmp_path):
    package = logging.getLogger("leakwatch")
    before = (list(package.handlers), package.level, threading.excepthook)
    threads = set(threading.enumerate())
    run("analyze", dicom, "--out", tmp_path, "--no-video", "--log-file", tmp_path / "log.jsonl")
    assert (list(package.handlers), package.level, threading.excepthook) == before
    assert not any(isinstance(one, LogFile) for one in package.handlers)
    # A log of an earlier test may still be writing its last lines.
    new = set(threading.enumerate()) - threads
    assert not [one for one in new if one.name == "log"]


def test_a_log_that_cannot_be_written_is_refused_before_anything_runs(dicom, tmp_path):
    (tmp_path / "file").write_text("x")
    log = tmp_path / "file" / "log.jsonl"
    done = run("analyze", dicom, "--out", tmp_path / "out", "--log-file", log)
    assert done.exit_code == 2
    assert "Choose another --log-file" in done.stderr
    assert not (tmp_path / "out").exists()


def test_the_size_is_a_setting(dicom, tmp_path):
    settings = tmp_path / "settings.toml"
    settings.write_text("[log]\nmost_bytes = 1\n")
    log = tmp_path / "log.jsonl"
    done = run("analyze", dicom, "-o", tmp_path, "--settings", settings, "--log-file", log)
    assert done.exit_code == 2
    assert "[log] most_bytes is 1; 65536 to" in done.stderr


@pytest.mark.parametrize("command", ["replay", "train"])
def test_windows_keep_a_log_too(command, dicom, tmp_path):
    log = tmp_path / "log.jsonl"
    more = {
        "replay": ("--record", tmp_path / "x.png"),
        "train": ("--no-window", "--stop-at-s", "1.5"),
    }
    done = run(command, dicom, *more[command], "--log-file", log)
    assert done.exit_code == 0, done.output
    lines = lines_of(log)
    assert lines[0]["what"] == f"{command} begins"
    assert len(frames_of(lines)) == FRAMES
    assert_names_nobody(log, dicom)


def test_the_trainee_is_not_named(dicom, tmp_path, monkeypatch):
    monkeypatch.setenv("LEAKWATCH_LIBRARY", str(tmp_path / "library"))
    log = tmp_path / "log.jsonl"
    more = ("--no-window", "--stop-at-s", "1.5", "--trainee", "Dr. Mary Major")
    assert run("train", dicom, *more, "--log-file", log).exit_code == 0
    assert "Major" not in log.read_text()
