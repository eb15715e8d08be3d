"""The log: JSON lines, private, bounded; no disk harms who writes to it."""

from __future__ import annotations

import errno
import json
import logging
import os
import shutil
import stat
import sys
from datetime import datetime
from threading import Event as Flag

import numpy as np
import pytest

from leakwatch.config import LogSettings
from leakwatch.core.errors import SinkError
from leakwatch.diagnostics import log_file
from leakwatch.diagnostics.log_file import FIELDS, LogFile
from leakwatch.diagnostics.log_redaction import Redactor

PATIENCE_S = 20.0
posix = pytest.mark.skipif(sys.platform == "win32", reason="modes and open files of POSIX")


class Kept:
    """A log that a test writes to."""

    def __init__(self, path, settings=None):
        self.path, self.said = path, []
        redact = Redactor((str(path),))
        self.handler = LogFile(path, redact, settings or LogSettings(), self.said.append)
        self.log = logging.Logger("leakwatch.of.a.test", logging.DEBUG)
        self.log.addHandler(self.handler)

    def wait(self):
        """Wait until what was logged is written, or was tried to be."""
        done, queue = Flag(), self.handler._lines
        self.log.info("a mark")
        write = self.handler._write

        def written(lines):
            write(lines)
            done.set()

        self.handler._write = written
        self.log.info("another mark")
        assert done.wait(PATIENCE_S)
        while not queue.empty():
            done.clear()
            assert done.wait(PATIENCE_S)
        self.handler._write = write

    def close(self):
        self.handler.close()
        return lines_of(self.path)


def lines_of(path):
    return [json.loads(line) for line in path.read_text("ascii").splitlines()]


def test_a_line_says_when_who_where_and_what(tmp_path):
    kept = Kept(tmp_path / "log.jsonl")
    before = datetime.now().astimezone()
    kept.log.warning("%d frames", 3, extra={FIELDS: {"frame": 7, "stages_ms": {"look": 0.12345}}})
    (line,) = kept.close()
    when = datetime.fromisoformat(line.pop("time"))
    assert abs((when - before).total_seconds()) < PATIENCE_S
    assert when.utcoffset().total_seconds() == 0.0
    assert line == {
        "level": "warning",
        "thread": "MainThread",
        "where": "of.a.test",
        "what": "3 frames",
        "frame": 7,
        "stages_ms": {"look": 0.1235},
    }


def test_milliseconds_are_written_even_where_there_are_none():
    assert log_file._utc(1.0) == "1970-01-01T00:00:01.000Z"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (np.zeros((3, 3), np.uint16), "<ndarray>"),
        (b"\x01\x02", "<bytes>"),
        (memoryview(b"123"), "<memoryview>"),
        (np.float32(1.25), 1.25),
        (np.int64(7), 7),
        (bytearray(3), "<bytearray>"),
        (float("nan"), None),
        (float("inf"), None),
        ("Grüße\u2028\x1b[2J\n", "Grüße\u2028\x1b[2J\n"),
        (object(), "<object>"),
        ({"a": [1, (2.0, None)]}, {"a": [1, [2.0, None]]}),
        ([[[[[1]]]]], [[["<list>"]]]),
    ],
)
def test_no_array_is_written_and_each_line_is_json(tmp_path, value, written):
    kept = Kept(tmp_path / "log.jsonl")
    kept.log.info("x", extra={FIELDS: {"value": value}})
    kept.log.info("the next")
    first, second = kept.close()
    assert first["value"] == written
    assert second["what"] == "the next"


def test_an_error_has_its_traceback_and_its_cause_without_values(tmp_path):
    kept = Kept(tmp_path / "log.jsonl")
    try:
        try:
            float("Doe^Jane")
        except ValueError as error:
            raise RuntimeError("series 1.2.826.0.1.3680043.8.498.1") from error
    except RuntimeError:
        kept.log.exception("a stage broke")
    text = kept.path.read_text() if kept.close() else ""
    assert "Doe" not in text
    (line,) = lines_of(kept.path)
    assert line["error"] == "RuntimeError: series UID"
    assert line["caused_by"] == "ValueError: could not convert string to float: '...'"
    assert line["traceback"][-1].startswith("test_log_file.py:")
    assert line["traceback"][-1].endswith("without_values")


@posix
def test_it_is_private_in_a_private_folder(tmp_path):
    kept = Kept(tmp_path / "new" / "log.jsonl")
    kept.log.info("x")
    kept.close()
    assert stat.S_IMODE(kept.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.path.parent.stat().st_mode) == 0o700


def test_one_that_is_there_goes_on(tmp_path):
    for what in ("one", "two"):
        kept = Kept(tmp_path / "log.jsonl")
        kept.log.info(what)
        kept.close()
    assert [line["what"] for line in lines_of(kept.path)] == ["one", "two"]


def test_a_line_that_was_cut_off_spoils_no_other(tmp_path):
    kept = Kept(tmp_path / "log.jsonl")
    kept.log.info("one")
    kept.close()
    with kept.path.open("ab") as file:
        file.write(b'{"time":"2026-')
    kept = Kept(tmp_path / "log.jsonl")
    kept.log.info("two")
    kept.handler.close()
    first, cut_off, last = kept.path.read_text("ascii").splitlines()
    assert [json.loads(line)["what"] for line in (first, last)] == ["one", "two"]
    assert cut_off == '{"time":"2026-'


PLACES = [
    ("/x/leakwatch/.venv/lib/python3.11/site-packages/numpy/core.py", "numpy/core.py"),
    ("/x/site-packages/leakwatch/live/fold.py", "leakwatch/live/fold.py"),
    ("/x/jane/leakwatch/leakwatch/runner/stored_run.py", "leakwatch/runner/stored_run.py"),
    ("/usr/lib/python3.11/json/decoder.py", "decoder.py"),
    ("<string>", "<string>"),
]


@pytest.mark.parametrize(("file", "told"), PLACES)
def test_places_of_code_are_told_without_the_machine(file, told):
    assert log_file._below_packages(file) == told


@pytest.mark.parametrize("name", ["log.jsonl", "log.jsonl.1"])
def test_a_file_of_somebody_else_is_not_written_to(tmp_path, name):
    (tmp_path / name).write_bytes(b"DICM, say")
    with pytest.raises(SinkError, match=r"no log of LeakWatch. Name another file"):
        Kept(tmp_path / "log.jsonl")
    assert (tmp_path / name).read_bytes() == b"DICM, say"


def test_a_folder_in_its_place_is_refused(tmp_path):
    with pytest.raises(SinkError, match="cannot be written"):
        Kept(tmp_path)


def test_two_files_hold_no_more_than_was_asked_for_and_the_newest_lines(tmp_path):
    settings = LogSettings(most_bytes=1 << 16)
    kept = Kept(tmp_path / "log.jsonl", settings)
    for number in range(2000):
        kept.log.info("%s", "x" * 100, extra={FIELDS: {"number": number}})
    newest = kept.close()
    older = lines_of(tmp_path / "log.jsonl.1")
    both = kept.path.stat().st_size + (tmp_path / "log.jsonl.1").stat().st_size
    assert both <= settings.most_bytes
    numbers = [line["number"] for line in (*older, *newest) if "number" in line]
    assert numbers == list(range(numbers[0], 2000))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log.jsonl", "log.jsonl.1"]


@posix
def test_a_folder_that_is_removed_is_said_once_and_taken_up_again(tmp_path):
    folder = tmp_path / "logs"
    kept = Kept(folder / "log.jsonl")
    kept.log.info("before")
    kept.wait()
    shutil.rmtree(folder)
    for _ in range(3):
        kept.log.info("lost")
        kept.wait()
    assert len(kept.said) == 1
    assert "cannot be written: No such file or directory. All else goes on" in kept.said[0]
    folder.mkdir()
    kept.log.info("after")
    lines = kept.close()
    assert lines[0]["lost"] == 9  # with the marks
    assert lines[-1]["what"] == "after"
    assert kept.said[1:] == [f"the log {kept.path} is written again"]


def test_a_full_disk_leaves_whole_lines_and_is_said_once(tmp_path, monkeypatch):
    kept = Kept(tmp_path / "log.jsonl")
    kept.log.info("before")
    kept.wait()
    write, room = os.write, [10]

    def full(file, data):
        if file != kept.handler._pages._file or not room:
            return write(file, data)
        if room[0]:
            room[0] = 0
            return write(file, bytes(data)[:10])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    for _ in range(3):
        kept.log.info("lost")
        kept.wait()
    assert [line["what"] for line in lines_of(kept.path)][:1] == ["before"]
    assert len(kept.said) == 1
    assert "No space left on device" in kept.said[0]
    room.clear()
    kept.log.info("after")
    lines = kept.close()
    assert [line["lost"] for line in lines if "lost" in line] == [9]
    assert lines[-1]["what"] == "after"


def test_a_disk_that_hangs_is_not_waited_for(tmp_path, monkeypatch):
    settings = LogSettings(waiting_lines=10, close_s=0.1)
    kept = Kept(tmp_path / "log.jsonl", settings)
    hangs, let_go = Flag(), Flag()

    def hang(lines):
        hangs.set()
        assert let_go.wait(PATIENCE_S)

    monkeypatch.setattr(kept.handler, "_write", hang)
    kept.log.info("hangs")
    assert hangs.wait(PATIENCE_S)
    for _ in range(30):
        kept.log.info("no room")
    assert kept.handler._lost == 20
    kept.handler.close()
    let_go.set()


def test_a_record_that_cannot_be_told_harms_nobody_and_is_counted(tmp_path, capsys):
    kept = Kept(tmp_path / "log.jsonl")
    kept.log.info("%d", "no number")
    kept.wait()
    lines = kept.close()
    assert lines[0]["lost"] == 1
    assert capsys.readouterr().err == ""


def test_nobody_who_hears_of_it_can_break_it(tmp_path, monkeypatch):
    kept = Kept(tmp_path / "log.jsonl")
    monkeypatch.setattr(kept.handler, "_say", lambda text: 1 / 0)
    monkeypatch.setattr(kept.handler._pages, "write", lambda data: 1 / 0)
    kept.log.info("x")
    kept.wait()
    kept.log.info("y")
    kept.wait()
    kept.handler.close()
    assert not kept.handler._thread.is_alive()
