"""report.html: one file that needs no network, with pictures at the alerts."""

from __future__ import annotations

import base64
from html import escape
from io import BytesIO

from matplotlib.figure import Figure
from PIL import Image

from leakwatch.case_files.settings_file import settings_toml
from leakwatch.display.picture import RESEARCH_NOTICE
from leakwatch.files.untrusted_text import html_text
from leakwatch.sinks.overlay.layout import RgbImage
from leakwatch.sinks.report.case_findings import Findings
from leakwatch.sinks.report.case_report import facts, scenes, told_events, trend

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


def report_page(findings: Findings) -> str:
    """The page of a case, self-contained.

    Parameters
    ----------
    findings : Findings

    Returns
    -------
    str
        HTML.
    """
    title = f"LeakWatch: {findings.name}"
    figure = trend(findings)
    parts = [
        f"<!DOCTYPE html>\n<html lang='en'><head><meta charset='utf-8'><title>{html_text(title)}"
        f"</title><style>{_STYLE}</style></head><body>",
        f"<h1>{html_text(title)}</h1><p class='notice'>{escape(RESEARCH_NOTICE)}</p>",
        _facts_table(findings),
        _alerts(findings),
        "" if figure is None else f"<h2>Trend</h2>{_image(_figure_png(figure), 'Trend')}",
        _events_table(findings),
        f"<h2>Settings</h2><pre>{escape(settings_toml(findings.settings))}</pre>",
        "</body></html>\n",
    ]
    return "\n".join(parts)


def _facts_table(findings: Findings) -> str:
    rows = "".join(
        f"<tr><th>{html_text(fact.name)}</th><td>{html_text(fact.value)}</td></tr>"
        for fact in facts(findings)
    )
    return f"<table>{rows}</table>"


def _alerts(findings: Findings) -> str:
    shown = scenes(findings)
    if not shown:
        return "<h2>Alerts</h2><p>There was no alert.</p>"
    figures = "".join(
        f"<figure><figcaption>{html_text(scene.title)}</figcaption>"
        f"{_image(_png(scene.image), scene.title)}</figure>"
        for scene in shown
    )
    more = len(findings.moments) - len(shown)
    rest = f"<p>{more} more alerts are in the table of events.</p>" if more else ""
    return f"<h2>Alerts</h2>{figures}{rest}"


def _events_table(findings: Findings) -> str:
    rows = "".join(
        f"<tr><td>{html_text(kind)}</td><td>{html_text(words)}</td></tr>"
        for kind, words in told_events(findings)
    )
    return f"<h2>Events</h2><table>{rows}</table>"


def _image(png: bytes, words: str) -> str:
    data = base64.b64encode(png).decode()
    return f"<img alt='{html_text(words)}' src='data:image/png;base64,{data}'>"


def _png(image: RgbImage) -> bytes:
    buffer = BytesIO()
    Image.fromarray(image).save(buffer, "png")
    return buffer.getvalue()


def _figure_png(figure: Figure) -> bytes:
    buffer = BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()
