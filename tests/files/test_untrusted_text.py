"""Untrusted text is shown on one line, without control characters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leakwatch.files.untrusted_text import (
    escape_control_characters,
    html_text,
    safe_file_name,
    spreadsheet_cell,
)


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
def test_escape_control_characters(typed: str, shown: str) -> None:
    assert escape_control_characters(typed) == shown


@given(st.text())
def test_any_text_is_one_line_that_can_be_printed(typed: str) -> None:
    shown = escape_control_characters(typed)
    assert len(shown.splitlines()) <= 1
    assert "\x1b" not in shown
    shown.encode()
    assert escape_control_characters(shown) == shown


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("L3 left, second try", "L3-left-second-try"),
        ("case-12", "case-12"),
        ("Wirbelkörper 椎体", "Wirbelkörper-椎体"),
        ("../escape", "escape"),
        ("..", "case"),
        ("/etc/passwd", "etc-passwd"),
        (r"..\..\x", "x"),
        ("a\nb\x1b[2J\0", "a-b-2J"),
        (".hidden", "hidden"),
        ("-rf", "rf"),
        ("name.", "name"),
        ("CON", "_CON"),
        ("nul.txt", "_nul.txt"),
        ("con-text", "con-text"),
        ("a:b*c?", "a-b-c"),
        ("…", "case"),
        ("", "case"),
        ("x" * 400, "x" * 120),
        ("ü" * 100, "ü" * 60),
    ],
)
def test_safe_file_name(typed: str, name: str) -> None:
    assert safe_file_name(typed, "case") == name


@given(st.text())
def test_any_name_is_one_file_that_can_be_made(
    tmp_path_factory: pytest.TempPathFactory, typed: str
) -> None:
    folder = tmp_path_factory.mktemp("made")
    name = safe_file_name(typed, "case")
    (folder / name).mkdir()
    assert [path.name for path in folder.iterdir()] == [name]
    assert safe_file_name(name, "case") == name
    assert escape_control_characters(name) == name


def test_html_text() -> None:
    assert html_text("<b>\n'\"&") == "&lt;b&gt;\\x0a&#x27;&quot;&amp;"


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("L1", "L1"),
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@x", "'@x"),
        ("\t=1", "\\x09=1"),
        ("a\nb", "a\\x0ab"),
        ("M\udcfcller", "M\\udcfcller"),
        (-1.5, -1.5),
        (None, None),
    ],
)
def test_a_cell_is_no_formula_and_on_one_line(value: object, cell: object) -> None:
    assert spreadsheet_cell(value) == cell
