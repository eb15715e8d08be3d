"""The name under which the program is installed: another project owns the short one."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from leakwatch.core.errors import DISTRIBUTION, MissingExtraError, install_command, needs_extra

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
TEXTS = [
    path
    for place in ("leakwatch", "docs", "scripts", "benchmarks", "tests", ".github", ".ci")
    for path in sorted((ROOT / place).rglob("*"))
    if path.suffix in {".py", ".md", ".yml", ".yaml", ".toml", ""} and path.is_file()
] + [*ROOT.glob("*.md"), *ROOT.glob("*.cff"), ROOT / "Makefile", ROOT / "pyproject.toml"]
# What an installer is told to install, with the words between its name and the requirement.
INSTALL = r"(?:(?:pip3?|pipx|uv(?: pip| tool)?) (?:install|run|upgrade)|uvx)(?: +-\S+)* +"
SHORT_NAME = re.compile(rf"{INSTALL}['\"]?leakwatch\b(?!-)|(?<![\w-])leakwatch\[[a-z][a-z,]*\]")
EXTRAS = re.compile(rf"{DISTRIBUTION}\[([a-z,]+)\]")


def test_one_constant_names_the_distribution() -> None:
    assert PROJECT["name"] == DISTRIBUTION


def test_no_text_tells_people_to_install_the_other_project() -> None:
    told = [
        f"{path}: {found[0]}"
        for path in TEXTS
        if path != Path(__file__).resolve()
        for found in SHORT_NAME.finditer(path.read_text("utf-8"))
    ]
    assert told == []


def test_no_text_names_an_extra_that_is_not_there() -> None:
    named = {
        extra
        for path in TEXTS
        for group in EXTRAS.findall(path.read_text("utf-8"))
        for extra in group.split(",")
    }
    assert named - {*PROJECT["optional-dependencies"]} == set()


@pytest.mark.parametrize(
    "text",
    [
        "pip install 'leakwatch[net]'",
        "pip install leakwatch",
        "pipx install leakwatch",
        "uv tool install --quiet leakwatch",
        "uvx leakwatch",
        'pip install -U "leakwatch[gui,net]"',
        "install leakwatch[cluster]",
    ],
)
def test_the_other_name_is_noticed(text: str) -> None:
    assert SHORT_NAME.search(text)


def test_the_own_name_and_the_command_are_left_alone() -> None:
    for text in ("pip install 'leakwatch-fluoro[net]'", "leakwatch analyze", "leakwatch[0]"):
        assert SHORT_NAME.search(text) is None


def test_every_extra_that_the_code_names_is_there() -> None:
    code = "\n".join(path.read_text("utf-8") for path in (ROOT / "leakwatch").rglob("*.py"))
    named = set(re.findall(r"(?:needs_extra|install_command)\(\s*\"(\w+)\"", code))
    named |= set(re.findall(r"missing_extra\(\s*\"[^\"]+\",\s*\"(\w+)\"", code))
    assert named
    assert named <= {*PROJECT["optional-dependencies"]}


def test_a_missing_library_is_an_error_that_says_what_to_install() -> None:
    words = "a curve needs the extra `report`, and nowhere"
    with pytest.raises(MissingExtraError, match=words), needs_extra("report", "a curve"):
        raise ModuleNotFoundError("No module named 'nowhere'", name="nowhere")
    assert install_command("net") == "pip install 'leakwatch-fluoro[net]'"


def test_a_missing_module_of_our_own_is_a_fault() -> None:
    with pytest.raises(ModuleNotFoundError), needs_extra("report", "a curve"):
        raise ModuleNotFoundError("No module named 'leakwatch.gone'", name="leakwatch.gone")
