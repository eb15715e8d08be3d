"""report.pdf: the contents of the page, on A4."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import Any

from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.figure import Figure
from PIL import Image

from leakwatch import __version__
from leakwatch.case_files.settings_file import settings_toml
from leakwatch.core.messages import text, translate
from leakwatch.display.picture import RESEARCH_NOTICE
from leakwatch.files.untrusted_text import escape_control_characters
from leakwatch.sinks.overlay.layout import RgbImage
from leakwatch.sinks.report.case_findings import Findings
from leakwatch.sinks.report.case_report import (
    Scene,
    facts,
    key_image_scenes,
    more_alerts_text,
    reported_events,
    scenes,
    trend,
)

PDF_NAME = "report.pdf"

A4_INCHES = (8.27, 11.69)
# Layout as shares of the page: margins, first line, foot.
_LEFT, _WIDTH, _TOP, _FOOT = 0.08, 0.84, 0.955, 0.028
# Images of alerts on a page; each has a title above it.
_SCENES_OF_PAGE, _SCENE_HEIGHT = 2, 0.45
# Pages in small print.
_LINES_OF_PAGE, _EVENT_COLUMNS = 78, 104
_SETTINGS_COLUMNS, _SETTINGS_WIDTH = 3, 40
_NAME_LETTERS = 60  # longest name of a case in the foot

_INK, _QUIET, _NOTICE = "#1b1f23", "#5b6570", "#b00020"


def make_report_pdf(findings: Findings) -> bytes:
    """Return the report of a case as PDF.

    Parameters
    ----------
    findings : Findings

    Returns
    -------
    bytes
    """
    buffer = BytesIO()
    # No date: that of the report is likely that of the procedure.
    metadata = {
        "Title": f"LeakWatch: {escape_control_characters(findings.name)}",
        "CreationDate": None,
    }
    pages = list(_pages(findings))
    with PdfPages(buffer, metadata=metadata) as file:
        for number, page in enumerate(pages, start=1):
            _add_foot(page, escape_control_characters(findings.name), number, len(pages))
            file.savefig(page)
    return buffer.getvalue()


def _pages(findings: Findings) -> Iterator[Figure]:
    yield _first_page(findings)
    yield from _scene_pages(scenes(findings), len(findings.key_frames))
    yield from _scene_pages(key_image_scenes(findings), 0)
    events = [f"{kind:<13} {_shown(event)}" for kind, event in reported_events(findings)]
    yield from _text_pages(text("Events"), events, 1, _EVENT_COLUMNS)
    settings = settings_toml(findings.settings).splitlines()
    yield from _text_pages(text("Settings"), settings, _SETTINGS_COLUMNS, _SETTINGS_WIDTH)


def _add_foot(page: Figure, name: str, number: int, pages: int) -> None:
    """Add the name of the case, page number and notice, for sheets that get separated."""
    title = f"LeakWatch {__version__}: {_short(name)}"
    _write(page, _LEFT, _FOOT, title, fontsize=7.5, color=_QUIET)
    _write(
        page, _LEFT + _WIDTH, _FOOT, f"{number} / {pages}", fontsize=7.5, color=_QUIET, ha="right"
    )
    _write(page, _LEFT, _FOOT - 0.012, RESEARCH_NOTICE, fontsize=7.5, color=_NOTICE)


def _write(page: Figure, x: float, y: float, message: str, **style: Any) -> None:
    """Write a translated text literally: a dollar sign does not begin a formula."""
    page.text(x, y, translate(message), parse_math=False, **style)


def _shown(message: str) -> str:
    return escape_control_characters(translate(message))


def _short(name: str) -> str:
    return name if len(name) <= _NAME_LETTERS else f"{name[: _NAME_LETTERS - 1]}…"


def _first_page(findings: Findings) -> Figure:
    page = Figure(figsize=A4_INCHES)
    title = "\n".join(textwrap.wrap(f"LeakWatch: {escape_control_characters(findings.name)}", 52))
    _write(page, _LEFT, _TOP, title, fontsize=16, weight="bold", va="top", color=_INK)
    top = _TOP - 0.028 * (1 + title.count("\n"))
    _write(page, _LEFT, top, RESEARCH_NOTICE, fontsize=9, color=_NOTICE, va="top")
    top -= 0.032
    for fact in facts(findings):
        value = "\n".join(textwrap.wrap(_shown(fact.value), 68)) or "-"
        _write(page, _LEFT, top, fact.name, fontsize=9, weight="bold", va="top", color=_INK)
        _write(page, _LEFT + 0.27, top, value, fontsize=9, va="top", color=_INK)
        top -= 0.0185 + 0.0145 * value.count("\n")
    figure = trend(findings)
    if figure is not None:
        image = BytesIO()
        figure.savefig(image, format="png", dpi=150)
        with Image.open(image) as opened:
            _add_image(page, opened, (_LEFT, 0.05, _WIDTH, top - 0.06), "N")
    return page


def _scene_pages(shown: Sequence[Scene], alerts: int) -> Iterator[Figure]:
    for first in range(0, len(shown), _SCENES_OF_PAGE):
        page = Figure(figsize=A4_INCHES)
        for place, scene in enumerate(shown[first : first + _SCENES_OF_PAGE]):
            top = _TOP - place * (_SCENE_HEIGHT + 0.01)
            title = "\n".join(textwrap.wrap(_shown(scene.title), 84))
            _write(page, _LEFT, top, title, fontsize=10, weight="bold", va="top", color=_INK)
            above = 0.02 * (1 + title.count("\n"))
            height = _SCENE_HEIGHT - above - 0.01
            _add_image(page, scene.image, (_LEFT, top - above - height, _WIDTH, height), "NW")
        if first + _SCENES_OF_PAGE >= len(shown) < alerts:
            more = more_alerts_text(alerts - len(shown))
            _write(page, _LEFT, _FOOT + 0.015, more, fontsize=9, color=_INK)
        yield page


def _add_image(
    page: Figure,
    image: RgbImage | Image.Image,
    place: tuple[float, float, float, float],
    anchor: str,
) -> None:
    axes = page.add_axes(place, anchor=anchor)
    axes.axis("off")
    axes.imshow(image, interpolation="none")


def _text_pages(title: str, lines: Sequence[str], columns: int, width: int) -> Iterator[Figure]:
    """Yield pages of small print in columns; long lines continue indented."""
    wrapped = [
        part
        for line in lines
        for part in textwrap.wrap(line, width, subsequent_indent="    ") or [""]
    ]
    on_page = columns * _LINES_OF_PAGE
    for first in range(0, max(len(wrapped), 1), on_page):
        page = Figure(figsize=A4_INCHES)
        _write(page, _LEFT, _TOP, title, fontsize=14, weight="bold", va="top", color=_INK)
        for column in range(columns):
            begin = first + column * _LINES_OF_PAGE
            rows = "\n".join(wrapped[begin : min(begin + _LINES_OF_PAGE, first + on_page)])
            at = _LEFT + column * _WIDTH / columns
            _write(page, at, 0.925, rows, fontsize=7, family="monospace", va="top")
        yield page
