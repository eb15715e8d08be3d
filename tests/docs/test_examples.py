"""The commands that the documentation shows are run, and must print what it says they print.

In README.md and docs/**/*.md every fenced block of kind ``console`` is an example: lines that begin
with ``$ `` are commands, the others are lines that the command must print (``...`` stands for
anything). The blocks of one file run in order, in one folder, with sample_dicom/ beside them.
Numbers may differ as processors round: by a fiftieth, or by one in the last digit that is shown.
In tutorials nothing is left out: all that a command prints is shown, line by line.
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


# A number by itself: digits within a name are no number.
NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?![\w.]*\w)")


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


def is_printed(line: str, output: str) -> bool:
    """Whether a line is in an output, with numbers that are as near as they are exact."""
    words = [re.escape(words) for words in NUMBER.split(line.strip())]
    shown = NUMBER.findall(line)
    pattern = re.compile(f"({NUMBER.pattern})".join(words))
    return any(all(map(is_near, shown, found.groups())) for found in pattern.finditer(output))


def is_near(shown: str, found: str) -> bool:
    """Whether a number is the one that is shown, but for rounding."""
    last_digit = 10.0 ** -len(shown.partition(".")[2])
    allowed = max(0.02 * abs(float(shown)), 1.001 * last_digit) if "." in shown else 1.0
    return abs(float(found) - float(shown)) <= allowed


def page_id(page: Path) -> str:
    return str(page.relative_to(REPOSITORY))


@pytest.mark.parametrize(
    "page", [page for page in PAGES if [*examples(page.read_text("utf-8"))]], ids=page_id
)
def test_commands_do_what_the_page_says(page: Path, tmp_path: Path) -> None:
    (tmp_path / "sample_dicom").symlink_to(REPOSITORY / "sample_dicom")
    for example in examples(page.read_text("utf-8")):
        output = run(example, tmp_path)
        if page.parent.name == "tutorials" and example.printed:
            said = [line.strip() for line in output.splitlines() if line.strip()]
            assert len(said) == len(example.printed), f"$ {example.command}\nprinted:\n{output}"
            off = [
                pair for pair in zip(example.printed, said, strict=True) if not is_printed(*pair)
            ]
            assert off == [], f"$ {example.command}\nshown and printed: {off}"
        missing = [line for line in example.printed if not is_printed(line, output)]
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


def test_numbers_may_differ_by_rounding_and_words_may_not() -> None:
    printed = "54 frames; first STOP at 4.93 s, frame 37: near\n"
    assert is_printed("first STOP at 4.93 s, frame 37: near", printed)
    assert is_printed("first STOP at 4.94 s, frame 38: near", printed)
    assert is_printed("54 frames", printed)
    assert not is_printed("first STOP at 5.33 s, frame 37: near", printed)
    assert not is_printed("first STOP at 4.93 s, frame 39: near", printed)
    assert not is_printed("first STOP at 4.93 s, frame 37: far", printed)
    assert not is_printed("frames.jsonl, 2 more", "frames.jsonl, 4 more")
