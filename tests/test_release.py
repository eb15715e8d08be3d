"""What a release says of itself in several places, and the files that a stranger looks for."""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from pathlib import Path

import pytest
import yaml

from leakwatch import __version__

ROOT = Path(__file__).resolve().parent.parent
# Of CFF 1.2.0: what a file must have, and what else it may have.
CFF_MUST = {"cff-version", "message", "title", "authors"}
CFF_MAY = {
    "abstract", "commit", "contact", "date-released", "doi", "identifiers", "keywords", "license",
    "license-url", "preferred-citation", "references", "repository", "repository-artifact",
    "repository-code", "type", "url", "version",
}  # fmt: skip
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))


def releases() -> list[tuple[str, str]]:
    """Number and day of every release in the changelog, newest first."""
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    return re.findall(r"^## \[(\d+\.\d+\.\d+)\] - (\d{4}-\d{2}-\d{2})$", text, re.MULTILINE)


def test_the_citation_is_one() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert set(citation) >= CFF_MUST
    assert set(citation) <= CFF_MUST | CFF_MAY
    assert citation["cff-version"] == "1.2.0"
    assert citation["type"] == "software"
    assert citation["license"] == PROJECT["license"]
    assert [author["name"] for author in citation["authors"]] == [
        author["name"] for author in PROJECT["authors"]
    ]
    assert all(isinstance(word, str) for word in citation["keywords"])


def test_version_changelog_and_citation_agree() -> None:
    number, day = releases()[0]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert (number, number) == (__version__, str(citation["version"]))
    assert dt.date.fromisoformat(day) == citation["date-released"]


def test_the_changelog_keeps_its_form() -> None:
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    headings = re.findall(r"^## .*$", text, re.MULTILINE)
    assert headings[0] == "## [Unreleased]"
    assert len(headings) == 1 + len(releases())
    days = [day for _, day in releases()]
    assert days == sorted(days, reverse=True)
    kinds = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
    assert set(re.findall(r"^### (.*)$", text, re.MULTILINE)) <= kinds


@pytest.mark.parametrize("form", FORMS, ids=lambda path: path.name)
def test_a_form_for_issues_is_one(form: Path) -> None:
    fields = yaml.safe_load(form.read_text("utf-8"))
    if form.name == "config.yml":
        assert fields == {"blank_issues_enabled": False}
        return
    assert {"name", "description", "body"} <= set(fields)
    ids = [field["id"] for field in fields["body"] if field["type"] != "markdown"]
    assert len(ids) == len(set(ids)) > 0
    assert {field["type"] for field in fields["body"]} <= {
        "markdown", "textarea", "input", "dropdown", "checkboxes",
    }  # fmt: skip


def test_a_stranger_finds_what_projects_have() -> None:
    for name in (
        "LICENSE",
        "SECURITY.md",
        "CODE_OF_CONDUCT.md",
        ".github/PULL_REQUEST_TEMPLATE.md",
    ):
        assert (ROOT / name).stat().st_size > 0
    assert (ROOT / "leakwatch" / "py.typed").is_file()
    assert FORMS
