"""The first part of a body of several, however the body is cut."""

from __future__ import annotations

import numpy as np
import pytest

from leakwatch.sources.dicomweb.multipart import Part

CONTENT = b"DICM\r\n--b\n--\r\n-" + np.random.default_rng(1).bytes(40) + b"\r\n--other\r\n"
HEAD = b"Content-Type: application/dicom\r\nContent-Length: 9\r\n"
BODIES = {
    "as it should be": b"--bnd\r\n" + HEAD + b"\r\n" + CONTENT + b"\r\n--bnd--\r\n",
    "no head": b"--bnd\r\n\r\n" + CONTENT + b"\r\n--bnd--",
    "something before": b"Hello\r\n--bnd\r\n" + HEAD + b"\r\n" + CONTENT + b"\r\n--bnd--",
    "an empty line before": b"\r\n--bnd\r\n" + HEAD + b"\r\n" + CONTENT + b"\r\n--bnd--",
    "blanks behind the mark": b"--bnd \t\r\n" + HEAD + b"\r\n" + CONTENT + b"\r\n--bnd--",
    "no last mark": b"--bnd\r\n" + HEAD + b"\r\n" + CONTENT + b"\r\n--bnd\r\n",
    "two parts": b"--bnd\r\n\r\n" + CONTENT + b"\r\n--bnd\r\n\r\nmore\r\n--bnd--",
    "lines that end by line feeds": b"--bnd\nA: b\n\n" + CONTENT + b"\n--bnd--\n",
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_wherever_it_is_cut_the_content_is_the_same(body):
    for size in range(1, len(body) + 1):
        pieces = [body[at : at + size] for at in range(0, len(body), size)]
        assert b"".join(Part(pieces, b"bnd")) == CONTENT


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "without a first one"),
        (b"--other\r\n\r\nx\r\n--other--", "without a first one"),
        (b"--bnd\r\n" + HEAD, "without a first one"),
        (b"x" * 100_000, "without a first one"),
        (b"--bnd\r\n\r\n" + CONTENT, "its first part does not end"),
        (b"--bnd\r\n\r\n" + CONTENT + b"\r\n--bn", "its first part does not end"),
    ],
)
def test_a_body_without_a_whole_part_is_none(body, said):
    with pytest.raises(ValueError, match=said):
        list(Part([body[:9], body[9:]], b"bnd"))


def test_a_boundary_of_signs_is_taken_by_its_letters():
    body = b"--=(x)+?=\r\n\r\ncontent\r\n--=(x)+?=--"
    assert b"".join(Part([body], b"=(x)+?=")) == b"content"


def test_what_follows_the_part_is_not_read_for_ever():
    taken = []

    def pieces():
        yield b"--bnd\r\n\r\ncontent\r\n--bnd--"
        while True:
            taken.append(1)
            yield bytes(10_000)

    assert b"".join(Part(pieces(), b"bnd")) == b"content"
    assert len(taken) < 10
