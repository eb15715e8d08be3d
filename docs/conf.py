"""How Sphinx builds the documentation as a site; `make docs` calls it.

Pages are written for two readers: the repository's own view of Markdown, and the site. What only
the site needs is added here, so that no page has directives in it that the other shows as text.
Nothing is loaded from other servers: no fonts, no scripts. tests/docs/test_site.py holds it.
"""

from __future__ import annotations

import posixpath
import re
import sys
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY))

import leakwatch  # noqa: E402

project = "LeakWatch"
copyright = "the LeakWatch authors, Apache-2.0"
release = version = leakwatch.__version__
root_doc = "README"
exclude_patterns = ["_static"]

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
]

myst_heading_anchors = 3

autodoc_default_options = {"members": True, "undoc-members": False}
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
napoleon_google_docstring = False
napoleon_use_rtype = False

html_theme = "furo"
html_title = f"LeakWatch {release}"
html_static_path = ["_static"]
html_js_files = ["versions.js"]
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False

# The order of the pages in the menu, below the page that all begin from. Every page must be in it:
# Sphinx warns of one that is not, which ends the build.
MENU: dict[str, tuple[str, ...]] = {
    "Tutorial": ("tutorials/first-case", "gallery"),
    "How-to": (
        "how-to/install",
        "how-to/analyse-your-own-sequence",
        "how-to/analyse-many-cases",
        "how-to/mark-a-vertebra",
        "how-to/get-millimetres",
        "how-to/get-millilitres",
        "how-to/report-a-fault",
        "how-to/use-from-python",
        "how-to/extend",
        "how-to/watch-live",
        "how-to/run-live",
        "how-to/send-alarms",
        "how-to/start",
        "how-to/use-the-window",
        "how-to/two-planes",
        "how-to/train-people",
        "how-to/keep-cases",
        "how-to/report-a-case",
        "how-to/simulate-a-case",
        "how-to/benchmark-a-detector",
    ),
    "Reference": (
        "reference/api",
        "reference/safety",
        "reference/cli",
        "reference/settings",
        "reference/files",
        "reference/metrics",
        "reference/standard-suite",
        "reference/room-suite",
        "reference/figures",
        "reference/glossary",
    ),
    "Explanation": (
        "explanation/how-it-sees",
        "explanation/measurement-model",
        "explanation/ablation",
        "explanation/limitations",
        "explanation/comparison",
        "explanation/what-is-simulated",
        "explanation/decisions/README",
    ),
}
LINK = re.compile(r"(?<!!)\[(?P<text>[^\]]+)\]\((?P<path>(?:\.\./)+[^)#\s]+)(?:#[^)\s]*)?\)")


def menu(parts: dict[str, tuple[str, ...]]) -> str:
    """Return hidden tables of contents, as MyST writes them."""
    return "".join(
        "\n```{toctree}\n:hidden:\n:caption: " + caption + "\n\n" + "\n".join(pages) + "\n```\n"
        for caption, pages in parts.items()
    )


def outside_link(text: str, path: str, page: str) -> str | None:
    """Return what stands on the site for a link to a file that is no page; None for a page.

    Parameters
    ----------
    text, path : str
        Of the link in Markdown.
    page : str
        Path of the page below docs/, without its ending.
    """
    target = posixpath.normpath(posixpath.join("docs", posixpath.dirname(page), path))
    if target.startswith("docs/"):
        return None
    return f"`{target}`" if text == target else f"{text} (`{target}` in the repository)"


def rewrite_page(app: Any, page: str, source: list[str]) -> None:
    """Add the menu to the first page, and rewrite links that leave docs/ on all of them."""

    def rewritten(link: re.Match[str]) -> str:
        shown = outside_link(link["text"], link["path"], page)
        return link[0] if shown is None else shown

    source[0] = LINK.sub(rewritten, source[0])
    if page == root_doc:
        source[0] += menu(MENU)
    if page == "explanation/decisions/README":
        folder = Path(app.srcdir) / "explanation" / "decisions"
        source[0] += menu({"Decisions": tuple(sorted(p.stem for p in folder.glob("0*.md")))})


def setup(app: Any) -> None:
    """Connect what is above."""
    app.connect("source-read", rewrite_page)
