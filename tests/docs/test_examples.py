"""The commands that the documentation shows are run, and must print what it says they print.

In README.md and docs/**/*.md every fenced block of kind ``console`` is an example: lines that begin
with ``$ `` are commands, the others are lines that the command must print (``...`` stands for
anything). The blocks of one file run in order, in one folder, with sample_dicom/ beside them.
A block that cannot run here has ``<!-- not run: REASON -->`` on the line above it.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent.parent
PAGES = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").rglob("*.md"))]
BLOCK = re.compile(
    r"(?:^<!-- not run: (?P<reason>.+?) -->\n+)?^```console\n(?P<body>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Example:
    """One command and the lines that it is said to print."""

    command: str
    printed: tuple[str, ...]


def examples(text: str) -> Iterator[Example]:
    """Every command of the page `text` that can run here, in order."""
    for block in BLOCK.finditer(text):
        if block["reason"]:
            continue
        for part in re.split(r"^\$ ", block["body"], flags=re.MULTILINE)[1:]:
            command, *printed = part.replace("\\\n", " ").splitlines()
            yield Example(
                command, tuple(line for line in printed if line.strip() not in ("", "..."))
            )


def run(example: Example, folder: Path) -> str:
    """Run `example` in `folder` as a person would, and return what it printed."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", example.command],
        cwd=folder,
        env=os.environ | {"PATH": path, "COLUMNS": "100"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, f"$ {example.command}\nexit {done.returncode}\n{done.stdout}"
    return done.stdout


def page_id(page: Path) -> str:
    return str(page.relative_to(REPOSITORY))


@pytest.mark.parametrize(
    "page", [page for page in PAGES if [*examples(page.read_text("utf-8"))]], ids=page_id
)
def test_commands_do_what_the_page_says(page: Path, tmp_path: Path) -> None:
    (tmp_path / "sample_dicom").symlink_to(REPOSITORY / "sample_dicom")
    for example in examples(page.read_text("utf-8")):
        output = run(example, tmp_path)
        missing = [line for line in example.printed if line.strip() not in output]
        assert missing == [], f"$ {example.command}\nprinted:\n{output}"


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?://|#)([^)#\s]+)", page.read_text("utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_a_page_is_read_as_its_author_meant() -> None:
    page = (
        "```console\n$ echo one \\\n  two\none\n...\n$ true\n```\n"
        "<!-- not run: needs a display -->\n```console\n$ false\n```\n"
    )
    assert [*examples(page)] == [Example("echo one    two", ("one",)), Example("true", ())]
