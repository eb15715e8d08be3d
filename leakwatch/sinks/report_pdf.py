"""report.pdf: the same as the page, on A4."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from io import BytesIO

from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.figure import Figure

from leakwatch.config.settings_text import settings_toml
from leakwatch.present import RESEARCH_NOTICE
from leakwatch.sinks.case_findings import Findings
from leakwatch.sinks.case_report import Scene, event_words, facts, scenes, trend

PDF_NAME = "report.pdf"

A4_INCHES = (8.27, 11.69)
# Of a page of text in small print, and where its first line stands, as shares of the page.
_LINES_OF_PAGE, _COLUMNS_OF_PAGE, _TOP, _LEFT = 70, 96, 0.95, 0.08


def report_pdf(findings: Findings) -> bytes:
    """The report of a case as PDF.

    Parameters
    ----------
    findings : Findings

    Returns
    -------
    bytes
    """
    buffer = BytesIO()
    # No day: a report is of the day of the procedure.
    metadata = {"Title": f"LeakWatch: {findings.name}", "CreationDate": None}
    with PdfPages(buffer, metadata=metadata) as pages:
        for figure in _pages(findings):
            pages.savefig(figure)
    return buffer.getvalue()


def _pages(findings: Findings) -> Iterator[Figure]:
    yield _first_page(findings)
    for scene in scenes(findings):
        yield _scene_page(scene)
    yield from _text_pages("Events", [event_words((event,)) for event in findings.events])
    yield from _text_pages("Settings", settings_toml(findings.settings).splitlines())


def _first_page(findings: Findings) -> Figure:
    page = Figure(figsize=A4_INCHES)
    page.text(_LEFT, _TOP, f"LeakWatch: {findings.name}", fontsize=16, weight="bold", va="top")
    page.text(_LEFT, 0.92, RESEARCH_NOTICE, fontsize=9, color="#b00020", va="top")
    rows = [
        [fact.name, "\n".join(textwrap.wrap(fact.value, 62)) or "-"] for fact in facts(findings)
    ]
    axes = page.add_axes((_LEFT, 0.5, 1.0 - 2.0 * _LEFT, 0.4))
    axes.axis("off")
    top = 1.0
    for name, value in rows:
        axes.text(0.0, top, name, fontsize=9, weight="bold", va="top")
        axes.text(0.34, top, value, fontsize=9, va="top")
        top -= 0.055 * (1 + value.count("\n"))
    figure = trend(findings)
    if figure is not None:
        image = BytesIO()
        figure.savefig(image, format="png", dpi=150)
        image.seek(0)
        _add_image(page, image, (_LEFT, 0.03, 1.0 - 2.0 * _LEFT, 0.44))
    return page


def _scene_page(scene: Scene) -> Figure:
    page = Figure(figsize=A4_INCHES)
    words = "\n".join(textwrap.wrap(scene.title, 80))
    page.text(_LEFT, _TOP, words, fontsize=11, weight="bold", va="top")
    axes = page.add_axes((_LEFT, 0.3, 1.0 - 2.0 * _LEFT, 0.58))
    axes.axis("off")
    axes.imshow(scene.image, interpolation="none")
    return page


def _add_image(page: Figure, image: BytesIO, place: tuple[float, float, float, float]) -> None:
    from PIL import Image

    axes = page.add_axes(place)
    axes.axis("off")
    with Image.open(image) as opened:
        axes.imshow(opened, interpolation="none")


def _text_pages(title: str, lines: list[str]) -> Iterator[Figure]:
    wrapped = [part for line in lines for part in textwrap.wrap(line, _COLUMNS_OF_PAGE) or [""]]
    for first in range(0, max(len(wrapped), 1), _LINES_OF_PAGE):
        page = Figure(figsize=A4_INCHES)
        page.text(_LEFT, _TOP, title, fontsize=14, weight="bold", va="top")
        text = "\n".join(wrapped[first : first + _LINES_OF_PAGE])
        page.text(_LEFT, 0.92, text, fontsize=7.5, family="monospace", va="top", parse_math=False)
        yield page
