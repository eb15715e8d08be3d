"""The reference pages say what the program does: they are written from it, and compared here."""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType

import pytest
from loaded_module import load_module

REPOSITORY = Path(__file__).resolve().parent.parent.parent
STALE = "stale: run `make reference`"


@pytest.fixture(scope="module")
def writer() -> ModuleType:
    """scripts/write_reference.py."""
    return load_module("scripts/write_reference.py")


@pytest.mark.parametrize("page", ["settings", "cli", "metrics", "safety"])
def test_page_is_what_the_program_says(page: str, writer: ModuleType) -> None:
    expected = getattr(writer, f"{page}_text")()
    found = (REPOSITORY / "docs" / "reference" / f"{page}.md").read_text("utf-8")
    assert found == expected, STALE


def test_readme_lists_every_command() -> None:
    from leakwatch.cli import app

    readme = (REPOSITORY / "README.md").read_text("utf-8")
    names = [command.name or command.callback.__name__ for command in app.registered_commands]
    assert [name for name in names if f"`leakwatch {name} " not in readme] == []


def test_readme_quotes_both_suites() -> None:
    readme = (REPOSITORY / "README.md").read_text("utf-8")
    results = readme.partition("## Results")[2].partition("## Commands")[0]
    cells = r"^\| [^|]+ \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$"
    rows = re.findall(cells, results, re.MULTILINE)[1:]
    assert len(rows) == 4
    standard, room = (
        (REPOSITORY / "docs" / "reference" / f"{name}-suite.md").read_text("utf-8")
        for name in ("standard", "room")
    )
    assert [row for row in rows if f"| {row[0]} | {row[1]} |" not in standard] == []
    assert [row for row in rows if f"| {row[2]} |" not in room] == []


def test_readme_is_read_in_a_minute() -> None:
    assert len((REPOSITORY / "README.md").read_text("utf-8").splitlines()) <= 120


def test_readme_says_once_that_it_is_no_medical_device() -> None:
    readme = (REPOSITORY / "README.md").read_text("utf-8")
    assert readme.count("medical device") == 1
    assert "@@" not in readme
