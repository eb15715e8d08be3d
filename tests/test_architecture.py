"""The shape of the code: short files, short functions, no drawer for everything.

Which module may import which is checked by import-linter (`make lint`, contracts in
pyproject.toml).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "leakwatch"
FILES = sorted(PACKAGE.rglob("*.py"))

# Lines of code: neither blank, nor a comment, nor a docstring.
MAX_FILE_LINES = 300
# Docstring aside.
MAX_FUNCTION_LINES, LONG_FUNCTION_LINES, MAX_LONG_SHARE = 50, 30, 0.02
MAX_MEDIAN_FUNCTION_LINES = 12
BINARY = {".png", ".pyc", ".ttf"}
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


def functions() -> Iterator[tuple[str, int]]:
    """Name and length of every function of the package, its docstring not counted."""
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                name = f"{path.relative_to(PACKAGE.parent)}:{node.lineno} {node.name}"
                yield name, length - len(docstring_lines(node))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_file_is_short_enough_to_be_read_at_once(path: Path) -> None:
    assert code_lines(path) <= MAX_FILE_LINES


def test_functions_are_short() -> None:
    lengths = dict(functions())
    assert {name: n for name, n in lengths.items() if n > MAX_FUNCTION_LINES} == {}
    long = {name: n for name, n in lengths.items() if n > LONG_FUNCTION_LINES}
    assert len(long) <= MAX_LONG_SHARE * len(lengths), long
    assert sorted(lengths.values())[len(lengths) // 2] <= MAX_MEDIAN_FUNCTION_LINES


def test_no_module_is_a_drawer_for_everything() -> None:
    assert [path for path in FILES if path.stem in DRAWERS] == []


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        str(path.relative_to(PACKAGE))
        for path in FILES
        if path.stat().st_size and not ast.get_docstring(ast.parse(path.read_text("utf-8")))
    ]
    assert silent == []


def written_by_us() -> list[Path]:
    """Every text file that people read or run, tests aside: those may name places that are not."""
    root = PACKAGE.parent
    named = [root / name for name in ("Makefile", ".ci/run", "pyproject.toml")]
    folders = [
        root / name for name in ("leakwatch", "docs", "scripts", "benchmarks", "calibration")
    ]
    below = [path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file()]
    return [*named, *root.glob("*.md"), *(path for path in below if path.suffix not in BINARY)]


@pytest.mark.parametrize("path", written_by_us(), ids=lambda path: path.name)
def test_nothing_names_a_machine(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    found = re.findall(r"(?:/home/|/root/|/work/|/opt/|/tmp/|index-url|find-links)\S*", text)
    assert found == []


# Where it is escaped; JSON in ASCII and a table of escaped cells; the program's own version.
ECHOES = {"console.py": 2, "cases.py": 2, "program.py": 1}


@pytest.mark.parametrize("path", sorted((PACKAGE / "cli").glob("*.py")), ids=lambda path: path.name)
def test_what_a_command_says_is_escaped(path: Path) -> None:
    """Names and paths are other people's text: `console.say` and `say_cells` make it harmless."""
    calls = re.findall(r"\btyper\.echo\(|\bprint\(", path.read_text(encoding="utf-8"))
    assert len(calls) == ECHOES.get(path.name, 0)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_text_of_strangers_is_parsed_within_bounds(path: Path) -> None:
    """`bounded_input` reads and parses TOML and JSON; what the program itself wrote is its own."""
    if path.name == "bounded_input.py":
        return
    parsed = re.findall(r"\btomllib\.|\bjson\.loads?\(", path.read_text(encoding="utf-8"))
    assert len(parsed) == (1 if path == PACKAGE / "cli" / "cases.py" else 0)
