"""What a log repeats of a text names no patient and no place that nobody typed."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from leakwatch.core.errors import SourceError
from leakwatch.core.messages import HeaderText, counted, join_with, text
from leakwatch.diagnostics.log_redaction import Redactor

HOME = Path("/home/jane")
TYPED = ("/data/in", "rel/in", "/home/jane/x.dcm", "scp://0.0.0.0:104", "/data/in/log.jsonl")
REDACT = Redactor(TYPED, HOME)

LEFT_OUT = [
    # in a folder that was typed, what a device wrote
    ("/data/in/Doe John.dcm: cannot be read", "/data/in/....dcm: cannot be read"),
    ("/data/in/Doe/IMG 1: bad", "/data/in/...: bad"),
    ("rel/in/Doe_1/IMG 1.dcm: bad", "rel/in/....dcm: bad"),
    ("/data/in Doe/x.dcm: bad", "....dcm: bad"),
    ("/data/in, to be created in /data/Doe: no", "/data/in, to be created in ...: no"),
    # anywhere else
    ("/home/jane/Doe/x.dcm: is bad", "....dcm: is bad"),
    ("C:\\Users\\Doe\\a b.dcm: no", "....dcm: no"),
    ("\\\\server\\share\\Doe\\x.dcm", "....dcm"),
    ("[Errno 28] No space: '/mnt/x/Doe'", "[Errno 28] No space: '...'"),
    ("exceeded with url: /root/Doe (Caused by", "exceeded with url: ..."),
    # of a header
    ("could not convert string to float: 'Doe^John'", "could not convert string to float: '...'"),
    (
        'invalid literal for int() with base 10: "O\'Hara"',
        "invalid literal for int() with base 10: '...'",
    ),
    ("bad value b'Doe\\'s'", "bad value '...'"),
    ("Series 1.2.826.0.1.3680043.8.498.123 is", "Series UID is"),
    ("of 2.25.329800735698586629295641978511506172918", "of UID"),
    ("1.3.12.2.1107.5.2:", "UID:"),
    ("http://me:secret@host/root", "http://...@host/root"),
]


@pytest.mark.parametrize(("said", "left"), LEFT_OUT)
def test_what_may_name_a_patient_is_left_out(said, left):
    assert REDACT(said) == left


KEPT = [
    "/data/in, to be created in /data/in: writable",
    "/data/in is there",
    "/data/in: the folder is gone; waiting until it is back",
    "/data/in/log.jsonl",
    "the clock of the source changed by +2.00 s in 0.07 s; the time of arrival is used",
    "15 frames/s and/or mm/px at 3/4",
    "1.2.840.10008.1.2.4.70 from 10.0.0.7",
    "OpenCV 4.11.0.86",
    "photometric interpretation 'MONOCHROME1'",
    "scp://0.0.0.0:104 listens",
    "0.12345678901234567890",
    "3 frames dropped: newer ones were available",
]


@pytest.mark.parametrize("said", KEPT)
def test_what_tells_of_the_fault_is_kept(said):
    assert REDACT(said) == said


def test_names_of_files_in_a_folder_that_was_typed_are_left_out(tmp_path):
    (tmp_path / "Doe 7").mkdir()
    for name in ("DOE_JANE_1", "doe2.dcm", "IM 3.dcm", "00003", "frames of Doe"):
        (tmp_path / "Doe 7" / name).write_text("x")
    redact = Redactor([str(tmp_path)], HOME, [tmp_path])
    said = f"{tmp_path}: DOE_JANE_1 and doe2.dcm are not frames of one run, nor IM 3.dcm."
    assert redact(said) == f"{tmp_path}: ... and ....dcm are not frames of one run, nor ....dcm."
    assert redact("frames dropped: 3") == "frames dropped: 3"


NAMED = [
    (text("Rows states {found}; valid are 1 to 9", found=HeaderText("DOE^JANE")),
     "Rows states ...; valid are 1 to 9"),
    (text("{path}: {why}. Export it", path=Path("/data/in"), why=text("{a!a}", a=HeaderText("D"))),
     "/data/in: '...'. Export it"),
    (text("({kinds})", kinds=join_with(", ", [HeaderText("doe").upper(), "CIRCULAR"])),
     "(..., CIRCULAR)"),
    (text("not read: {error}", error=SourceError(text("of {x}", x=HeaderText("DOE 1")))),
     "not read: of ..."),
    (counted("{count} of {x}", "{count} of {x}s", count=2, x=HeaderText("DOE")), "2 of ...s"),
    (text("{path}: it is {x}", path="in", x=HeaderText("DOE")).removeprefix("in: "), "it is ..."),
    (text("{x}, a number of a patient", x=HeaderText("47110815")), "..., a number of a patient"),
    (HeaderText("DOE"), "..."),
]  # fmt: skip


@pytest.mark.parametrize(("message", "left"), NAMED)
def test_values_of_a_header_are_left_out(message, left):
    assert REDACT(message) == left


@pytest.mark.parametrize("value", ["12", "-1", "0.25", "MONOCHROME1", "RGB"])
def test_values_that_name_nobody_are_kept(value):
    assert REDACT(text("Bits Stored states {x}.", x=HeaderText(value))) == (
        f"Bits Stored states {value}."
    )


def test_a_message_that_crossed_to_another_process_is_still_marked():
    message = text("Rows states {found}", found=HeaderText("DOE"))
    assert REDACT(pickle.loads(pickle.dumps(message))) == "Rows states ..."


def test_the_home_of_the_user_is_not_told():
    assert REDACT("/home/jane/x.dcm: is bad") == "~/x.dcm: is bad"


def test_what_the_interpreter_says_of_code_is_kept():
    said = "'NoneType' object has no attribute 'shape'"
    assert REDACT.of_code(said) == said
    assert REDACT.of_code("cannot import from /srv/Doe/x.py") == "cannot import from ....py"


@pytest.mark.parametrize("typed", [(), ("",), ("/",), (".",)])
def test_nothing_or_a_root_that_was_typed_lets_nothing_through(typed):
    assert Redactor(typed, HOME)("/data/Doe/x.dcm: bad") == "....dcm: bad"
