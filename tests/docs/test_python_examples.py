"""The Python that the documentation shows is run: fenced blocks of a page, in order.

A block that cannot run here has ``<!-- not run: REASON -->`` on the line above it.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import leakwatch

REPOSITORY = Path(__file__).resolve().parent.parent.parent
BLOCK = re.compile(
    r"(?:^<!-- not run: (?P<reason>.+?) -->\n+)?^```python\n(?P<body>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


def blocks(page: Path) -> list[str]:
    """The blocks of a page that can run."""
    text = page.read_text("utf-8")
    return [block["body"] for block in BLOCK.finditer(text) if not block["reason"]]


@pytest.mark.timeout(300)  # it is a person's session, and takes seconds where nothing else runs
def test_the_page_about_python_does_what_it_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("sample_dicom").symlink_to(REPOSITORY / "sample_dicom")
    with leakwatch.open_sequence("sample_dicom/epidural.dcm") as sequence:
        np.save("injection.npy", sequence.images())
    page = REPOSITORY / "docs" / "how-to" / "use-from-python.md"
    names: dict[str, Any] = {"__name__": "page"}
    for number, block in enumerate(blocks(page)):
        exec(compile(block, f"{page.name}, block {number}", "exec"), names)
    said = capsys.readouterr().out
    assert "'STOP', 'posterior_margin" in said
    assert "baseline: assumed" in said
    assert "epidural done" in said
    assert names["result"].level == "STOP"


def test_what_may_be_declared_is_what_the_example_declares() -> None:
    page = (REPOSITORY / "docs" / "how-to" / "extend.md").read_text("utf-8")
    example = REPOSITORY / "examples" / "leakwatch-example" / "pyproject.toml"
    shown = re.search(r"^```toml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert shown is not None
    assert shown[1] in example.read_text("utf-8")


def test_readme_shows_the_first_example_of_that_page() -> None:
    page = REPOSITORY / "docs" / "how-to" / "use-from-python.md"
    assert blocks(REPOSITORY / "README.md") == blocks(page)[:1]
