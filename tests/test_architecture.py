"""The shape of the code: short files, no drawer for everything, no machine's name.

The rest is in pyproject.toml, for `make lint`: which module may import which, how much a function
may do, that each module says what it is for, and which functions are banned where other people's
text goes in or out.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent / "leakwatch"
FILES = sorted(PACKAGE.rglob("*.py"))

# Lines of code: neither blank, nor a comment, nor a docstring.
MAX_FILE_LINES = 300
BINARY = {".mo", ".png", ".pyc", ".ttf", ".webp"}
DRAWERS = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "tools"}


def code_lines(path: Path) -> int:
    """Lines that are neither blank, nor a comment, nor part of a docstring."""
    text = path.read_text(encoding="utf-8")
    lines = {
        number
        for number, line in enumerate(text.splitlines(), start=1)
        if line.strip() and not line.strip().startswith("#")
    }
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            lines -= docstring_lines(node)
    return len(lines)


def docstring_lines(
    node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef,
) -> set[int]:
    """Numbers of the lines that the docstring of `node` takes."""
    if ast.get_docstring(node, clean=False) is None:
        return set()
    first = node.body[0]
    return set(range(first.lineno, (first.end_lineno or first.lineno) + 1))


def test_files_are_short_enough_to_be_read_at_once() -> None:
    lengths = {str(path.relative_to(PACKAGE)): code_lines(path) for path in FILES}
    assert {name: lines for name, lines in lengths.items() if lines > MAX_FILE_LINES} == {}


def test_no_module_is_a_drawer_for_everything() -> None:
    assert [path for path in FILES if path.stem in DRAWERS] == []


def written_by_us() -> list[Path]:
    """Every text file that people read or run, tests aside: those may name places that are not."""
    root = PACKAGE.parent
    named = [root / name for name in ("Makefile", ".ci/run", "pyproject.toml")]
    folders = [
        root / name
        for name in ("leakwatch", "docs", "examples", "scripts", "benchmarks", "calibration")
    ]
    below = [path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file()]
    return [*named, *root.glob("*.md"), *(path for path in below if path.suffix not in BINARY)]


def test_nothing_names_a_machine() -> None:
    place = re.compile(
        r"(?<!\w)(?:/home/|/root/|/work/|/opt/|/tmp/)\S*|(?:index-url|find-links)\S*"
    )
    found = {str(path): place.findall(path.read_text(encoding="utf-8")) for path in written_by_us()}
    assert {name: places for name, places in found.items() if places} == {}
