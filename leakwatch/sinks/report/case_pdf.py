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
from leakwatch.core.messages import translate
from leakwatch.display.picture import RESEARCH_NOTICE
from leakwatch.files.untrusted_text import escape_control_characters
from leakwatch.sinks.overlay.layout import RgbImage
from leakwatch.sinks.report.case_report import (
    ALERTS,
    EVENTS,
    NO_ALERT,
    SETTINGS,
    TREND,
    CaseReport,
    Scene,
)

PDF_NAME = "report.pdf"

A4_INCHES = (8.27, 11.69)
# Layout as shares of the page: margins, first line, foot.
_LEFT, _WIDTH, _TOP, _FOOT = 0.08, 0.84, 0.955, 0.028
# Lowest line above the foot; the trend cannot be read if it is lower than this.
_LOWEST, _TREND_HEIGHT = 0.06, 0.3
# Images of alerts on a page; each has a title above it.
_SCENES_OF_PAGE, _SCENE_HEIGHT = 2, 0.45
# Pages in small print.
_LINES_OF_PAGE, _EVENT_COLUMNS = 78, 104
_SETTINGS_COLUMNS, _SETTINGS_WIDTH = 3, 40
_NAME_LETTERS = 60  # longest name of a case in the foot

_INK, _QUIET, _NOTICE = "#1b1f23", "#5b6570", "#b00020"


def make_report_pdf(report: CaseReport) -> bytes:
    """Return the report of a case as PDF.

    Parameters
    ----------
    report : CaseReport

    Returns
    -------
    bytes
    """
    buffer = BytesIO()
    # No date: that of the report is likely that of the procedure.
    metadata = {
        "Title": f"LeakWatch: {escape_control_characters(report.name)}",
        "CreationDate": None,
    }
    with PdfPages(buffer, metadata=metadata) as file:
        for page in report_pages(report):
            file.savefig(page)
    return buffer.getvalue()


def report_pages(report: CaseReport) -> list[Figure]:
    """Return the pages of a report."""
    reports = [report] if report.second is None else [report, report.second]
    named = [(one.name, page) for one in reports for page in _pages(one)]
    for number, (name, page) in enumerate(named, start=1):
        _add_foot(page, escape_control_characters(name), number, len(named))
    return [page for _, page in named]


def _pages(report: CaseReport) -> Iterator[Figure]:
    yield from _first_pages(report)
    yield from _scene_pages(report)
    events = [f"{_shown(kind):<13} {_shown(event)}" for kind, event in report.events]
    yield from _text_pages(EVENTS, events, 1, _EVENT_COLUMNS)
    if report.settings:
        settings = report.settings.splitlines()
        yield from _text_pages(SETTINGS, settings, _SETTINGS_COLUMNS, _SETTINGS_WIDTH)


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


def _first_pages(report: CaseReport) -> Iterator[Figure]:
    """Yield the facts with the trend below them, on as many pages as they need."""
    page, top = _titled_page(report.name)
    for fact in report.facts:
        value = "\n".join(textwrap.wrap(_shown(fact.value), 68)) or "-"
        height = 0.0185 + 0.0145 * value.count("\n")
        if top - height < _LOWEST:
            yield page
            page, top = _titled_page(report.name)
        _write(page, _LEFT, top, fact.name, fontsize=9, weight="bold", va="top", color=_INK)
        page.text(_LEFT + 0.27, top, value, parse_math=False, fontsize=9, va="top", color=_INK)
        top -= height
    if report.trend is None:
        yield page
        return
    if top - _LOWEST < _TREND_HEIGHT:
        yield page
        page, top = _titled_page(report.name)
    _write(page, _LEFT, top, TREND, fontsize=10, weight="bold", va="top", color=_INK)
    top -= 0.02
    image = BytesIO()
    report.trend.savefig(image, format="png", dpi=150)
    with Image.open(image) as opened:
        _add_image(page, opened, (_LEFT, _LOWEST, _WIDTH, top - _LOWEST), "N")
    yield page


def _titled_page(name: str) -> tuple[Figure, float]:
    """Return a page with name and notice, and the height of its first free line."""
    page = Figure(figsize=A4_INCHES)
    title = "\n".join(textwrap.wrap(f"LeakWatch: {escape_control_characters(name)}", 52))
    _write(page, _LEFT, _TOP, title, fontsize=16, weight="bold", va="top", color=_INK)
    top = _TOP - 0.028 * (1 + title.count("\n"))
    _write(page, _LEFT, top, RESEARCH_NOTICE, fontsize=9, color=_NOTICE, va="top")
    return page, top - 0.032


def _scene_pages(report: CaseReport) -> Iterator[Figure]:
    if not report.scenes:
        yield from _text_pages(ALERTS, [_shown(NO_ALERT)], 1, _EVENT_COLUMNS)
    yield from _image_pages(report.scenes, report.more)
    yield from _image_pages(report.kept, "")


def _image_pages(shown: tuple[Scene, ...], more: str) -> Iterator[Figure]:
    for first in range(0, len(shown), _SCENES_OF_PAGE):
        page = Figure(figsize=A4_INCHES)
        for place, scene in enumerate(shown[first : first + _SCENES_OF_PAGE]):
            _add_scene(page, scene, _TOP - place * (_SCENE_HEIGHT + 0.01))
        if first + _SCENES_OF_PAGE >= len(shown):
            _write(page, _LEFT, _FOOT + 0.015, more, fontsize=9, color=_INK)
        yield page


def _add_scene(page: Figure, scene: Scene, top: float) -> None:
    title = "\n".join(textwrap.wrap(_shown(scene.title), 84))
    page.text(_LEFT, top, title, parse_math=False, fontsize=10, weight="bold", va="top", color=_INK)
    above = 0.02 * (1 + title.count("\n"))
    if scene.note:
        _write(page, _LEFT, top - above, scene.note, fontsize=9, va="top", color=_INK)
        above += 0.018
    height = _SCENE_HEIGHT - above - 0.01
    _add_image(page, scene.image, (_LEFT, top - above - height, _WIDTH, height), "NW")


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
