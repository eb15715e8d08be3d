"""report.html: one file that needs no network, with images of the alerts."""

from __future__ import annotations

import base64
import os
from html import escape
from io import BytesIO

from matplotlib.figure import Figure
from PIL import Image

from leakwatch.core.messages import LANGUAGE_VARIABLE, language_of, translate
from leakwatch.display.picture import RESEARCH_NOTICE
from leakwatch.files.untrusted_text import html_text
from leakwatch.sinks.overlay.layout import RgbImage
from leakwatch.sinks.report.case_report import (
    ALERTS,
    EVENTS,
    KEY_IMAGES,
    NO_ALERT,
    SETTINGS,
    TREND,
    CaseReport,
    Scene,
)

PAGE_NAME = "report.html"

_STYLE = """
body { font: 16px/1.45 system-ui, sans-serif; color: #1b1f23; background: #fff;
       max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h1, h2 { line-height: 1.2; } h2 { margin-top: 2.2rem; }
table { border-collapse: collapse; } td, th { text-align: left; vertical-align: top;
       padding: .2rem 1rem .2rem 0; border-bottom: 1px solid #ddd; }
figure { margin: 1.2rem 0; } img { max-width: 100%; height: auto; }
figcaption { font-weight: 600; margin-bottom: .3rem; }
.notice { border-left: 4px solid #b00020; padding-left: .7rem; }
pre { font-size: 13px; overflow-x: auto; background: #f5f6f7; padding: .8rem; }
@media print { figure { break-inside: avoid; } }
"""


def make_report_page(report: CaseReport) -> str:
    """Return the report of a case as a self-contained page.

    Parameters
    ----------
    report : CaseReport

    Returns
    -------
    str
        HTML.
    """
    title = f"LeakWatch: {report.name}"
    language = language_of(os.environ.get(LANGUAGE_VARIABLE))
    parts = [
        f"<!DOCTYPE html>\n<html lang='{language}'><head><meta charset='utf-8'>"
        f"<title>{html_text(title)}</title><style>{_STYLE}</style></head><body>",
        *_contents(report),
        *(() if report.second is None else _contents(report.second)),
        "</body></html>\n",
    ]
    return "\n".join(parts)


def _contents(report: CaseReport) -> tuple[str, ...]:
    """Return the contents of the report of one plane."""
    title = f"LeakWatch: {report.name}"
    return (
        f"<h1>{html_text(title)}</h1><p class='notice'>{_shown(RESEARCH_NOTICE)}</p>",
        _facts_table(report),
        _alerts(report),
        f"{_heading(KEY_IMAGES)}{_figures(report.kept)}" if report.kept else "",
        "" if report.trend is None else _heading(TREND) + _image(_figure_png(report.trend), TREND),
        _events_table(report),
        f"{_heading(SETTINGS)}<pre>{escape(report.settings)}</pre>" if report.settings else "",
    )


def _facts_table(report: CaseReport) -> str:
    rows = "".join(
        f"<tr><th>{_shown(fact.name)}</th><td>{_shown(fact.value)}</td></tr>"
        for fact in report.facts
    )
    return f"<table>{rows}</table>"


def _alerts(report: CaseReport) -> str:
    if not report.scenes:
        return f"{_heading(ALERTS)}<p>{_shown(NO_ALERT)}</p>"
    return f"{_heading(ALERTS)}{_figures(report.scenes)}{_note(report.more)}"


def _figures(scenes: tuple[Scene, ...]) -> str:
    return "".join(
        f"<figure><figcaption>{_shown(scene.title)}</figcaption>"
        f"{_note(scene.note)}{_image(_png(scene.image), scene.title)}</figure>"
        for scene in scenes
    )


def _note(note: str) -> str:
    return f"<p>{_shown(note)}</p>" if note else ""


def _events_table(report: CaseReport) -> str:
    rows = "".join(
        f"<tr><td>{_shown(kind)}</td><td>{_shown(event)}</td></tr>" for kind, event in report.events
    )
    return f"{_heading(EVENTS)}<table>{rows}</table>"


def _heading(title: str) -> str:
    return f"<h2>{_shown(title)}</h2>"


def _shown(message: str) -> str:
    return html_text(translate(message))


def _image(png: bytes, description: str) -> str:
    data = base64.b64encode(png).decode()
    return f"<img alt='{_shown(description)}' src='data:image/png;base64,{data}'>"


def _png(image: RgbImage) -> bytes:
    buffer = BytesIO()
    Image.fromarray(image).save(buffer, "png")
    return buffer.getvalue()


def _figure_png(figure: Figure) -> bytes:
    buffer = BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()
