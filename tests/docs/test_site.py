"""The documentation as a site: no warning while it is built, all pages in it, no other server."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from loaded_module import load_module

import leakwatch

REPOSITORY = Path(__file__).resolve().parent.parent.parent
DOCS = REPOSITORY / "docs"
# What a browser fetches by itself, as links to be clicked are not.
FETCHED = re.compile(
    r"<(?:script|img|iframe|source|video|link)\b[^>]*\b(?:src|href)=[\"'](?:https?:)?//[^\"']+"
    r"|@import\s+[\"']?(?:url\()?[\"']?(?:https?:)?//[^\"')]+"
    r"|url\([\"']?(?:https?:)?//[^\"')]+"
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as `make docs` builds it."""
    out = tmp_path_factory.mktemp("site")
    script = REPOSITORY / "scripts" / "build_docs.py"
    done = subprocess.run(
        [sys.executable, str(script), "--out", str(out)],
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return out


@pytest.fixture
def version(site: Path) -> Path:
    return site / leakwatch.__version__


def test_every_page_is_there(version: Path) -> None:
    pages = [path.relative_to(DOCS).with_suffix(".html") for path in DOCS.rglob("*.md")]
    assert [page for page in pages if not (version / page).exists()] == []


def test_nothing_is_fetched_from_another_server(version: Path) -> None:
    files = [path for ending in ("html", "css") for path in version.rglob(f"*.{ending}")]
    assert [hit for path in files for hit in FETCHED.findall(path.read_text("utf-8"))] == []


def test_what_is_fetched_is_told_from_what_is_linked() -> None:
    assert FETCHED.search('<script src="https://unpkg.com/x.js">')
    assert FETCHED.search('<link rel="stylesheet" href="//fonts.example/css">')
    assert FETCHED.search("@import url(https://fonts.example/css)")
    assert not FETCHED.search('<a href="https://weasis.org">')


def test_it_can_be_searched(version: Path) -> None:
    index = (version / "searchindex.js").read_text("utf-8")
    assert "vertebroplasti" in index  # the stem of a word of the first page
    assert (version / "search.html").exists()


def test_api_page_has_what_the_package_exports(version: Path) -> None:
    page = (version / "reference" / "api.html").read_text("utf-8")
    exported = [name for name in getattr(leakwatch, "__all__", ()) if not name.startswith("_")]
    assert [name for name in exported if f'id="leakwatch.{name}"' not in page] == []


def test_versions_lie_side_by_side_and_the_newest_comes_first(site: Path, tmp_path: Path) -> None:
    for version in ("0.9.0", "0.10.0", "0.2.1"):
        (tmp_path / version).mkdir()
        (tmp_path / version / "README.html").write_text("", "utf-8")
    load_module("scripts/build_docs.py").write_versions(tmp_path)
    listed = json.loads((tmp_path / "versions.json").read_text("utf-8"))
    assert listed == ["0.10.0", "0.9.0", "0.2.1"]
    assert "0.10.0/README.html" in (tmp_path / "index.html").read_text("utf-8")
    assert json.loads((site / "versions.json").read_text("utf-8")) == [leakwatch.__version__]


@pytest.mark.parametrize(
    ("page", "path", "shown"),
    [
        ("how-to/get", "../../calibration/README.md", "here (`calibration/README.md` in the repo"),
        ("how-to/get", "../reference/cli.md", None),
        ("README", "../CONTRIBUTING.md", "here (`CONTRIBUTING.md` in the repository)"),
        ("explanation/decisions/0001", "../how-it-sees.md", None),
    ],
)
def test_links_that_leave_the_pages_are_text(page: str, path: str, shown: str | None) -> None:
    found = load_module("docs/conf.py").outside_link("here", path, page)
    assert found is None if shown is None else (found or "").startswith(shown)
