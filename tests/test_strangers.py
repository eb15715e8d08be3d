"""What strangers typed is shown on one line, and moves no cursor."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leakwatch.strangers import printable


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("L3 Müller-Ärzte 椎体 🦴", "L3 Müller-Ärzte 椎体 🦴"),
        (r"C:\cases\new", r"C:\cases\new"),
        ("", ""),
        ("a\nb", r"a\x0ab"),
        ("a\r\tb\0", r"a\x0d\x09b\x00"),
        ("\x1b[2J\x1b]52;c;aGk=\x07", r"\x1b[2J\x1b]52;c;aGk=\x07"),
        ("\x9b31m", r"\x9b31m"),  # the same as ESC [ in one character
        ("a\u2028b\u2029\x85", r"a\u2028b\u2029\x85"),
        ("exe\u202egpj.dcm", r"exe\u202egpj.dcm"),  # turns the letters that follow around
        ("a\u200bb\ufeff", r"a\u200bb\ufeff"),
        ("\udcff", r"\udcff"),  # a byte of a path that is no UTF-8
        ("\U000e0041", r"\U000e0041"),
    ],
)
def test_printable(typed: str, shown: str) -> None:
    assert printable(typed) == shown


@given(st.text())
def test_any_text_is_one_line_that_can_be_printed(typed: str) -> None:
    shown = printable(typed)
    assert len(shown.splitlines()) <= 1
    assert "\x1b" not in shown
    shown.encode()
    assert printable(shown) == shown
