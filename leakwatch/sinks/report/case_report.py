"""Contents of the report of a case: the one model from which the page and the PDF are made."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from leakwatch.case_files.key_image_index import KEY_IMAGE_FOLDER
from leakwatch.case_files.run_records import FrameRecord
from leakwatch.case_files.settings_file import settings_toml
from leakwatch.core.messages import counted, text
from leakwatch.core.results import Level
from leakwatch.display.references import key_image_title
from leakwatch.display.trend_samples import BLIND, TrendSample
from leakwatch.sinks.overlay.canvas import draw
from leakwatch.sinks.overlay.layout import RgbImage
from leakwatch.sinks.report.case_facts import Fact, facts, is_acknowledged_line, is_partly
from leakwatch.sinks.report.case_findings import Findings, KeyFrame
from leakwatch.sinks.report.case_words import alert_heading, alert_note, all_events, reported_events
from leakwatch.sinks.trend_page import draw_trend_figure

# Images in a report: all alerts of an ordinary case; more alerts mean many acknowledgements.
MOST_PICTURES = 12

ALERTS, TREND, EVENTS = text("Alerts"), text("Trend"), text("Events")
SETTINGS, NO_ALERT = text("Settings"), text("There was no alert.")
KEY_IMAGES = text("Key images")


@dataclass(frozen=True, slots=True)
class Scene:
    """An image with its heading.

    Parameters
    ----------
    title : str
        Number, time, level and reasons: the words of the banner in the image.
    image : RgbImage
    note : str
        When a STOP was acknowledged, and whether it began earlier; may be empty.
    """

    title: str
    image: RgbImage
    note: str = ""


@dataclass(frozen=True, slots=True)
class CaseReport:
    """Everything that a report says, in the order in which it says it.

    Texts are untrusted: translate and escape them where they are shown.

    Parameters
    ----------
    name : str
        Name of the case.
    facts : tuple of Fact
    scenes : tuple of Scene
    kept : tuple of Scene
        Key images, as they were shown.
    more : str
        What is said of alerts without an image; empty if all have one.
    trend : Figure or None
        None without a frame.
    events : tuple of (str, str)
        Kind and text of each.
    settings : str
        TOML; empty if it is that of the first plane.
    second : CaseReport or None
        Of the second plane, which follows in the same document.
    """

    name: str
    facts: tuple[Fact, ...]
    scenes: tuple[Scene, ...]
    kept: tuple[Scene, ...]
    more: str
    trend: Figure | None
    events: tuple[tuple[str, str], ...]
    settings: str
    second: CaseReport | None = None


def make_case_report(findings: Findings) -> CaseReport:
    """Return the contents of the report of a case."""
    shown = findings.key_frames[:MOST_PICTURES]
    more = len(findings.key_frames) - len(shown)
    return CaseReport(
        findings.name,
        facts(findings),
        tuple(_scene(findings, key_frame) for key_frame in shown),
        key_image_scenes(findings),
        more_alerts_text(more) if more else "",
        trend(findings),
        reported_events(findings),
        settings_toml(findings.settings),
    )


def _scene(findings: Findings, key_frame: KeyFrame) -> Scene:
    pixels = findings.greys.apply(key_frame.snapshot.frame.pixels)
    return Scene(
        alert_heading(key_frame, findings.settings),
        draw(key_frame.shown.overlay(findings.marks, findings.settings), pixels),
        alert_note(key_frame, findings.events),
    )


def key_image_scenes(findings: Findings) -> tuple[Scene, ...]:
    """Return the images that the operator kept, as they were shown; those that are there."""
    if findings.folder is None:
        return ()
    folder = findings.folder / KEY_IMAGE_FOLDER
    scenes = []
    for line in findings.key_images:
        with suppress(OSError), Image.open(folder / f"{line.stem}.png") as image:
            title = key_image_title(line.number, line.time_s, line.frame, line.level)
            scenes.append(Scene(title, np.asarray(image.convert("RGB"))))
    return tuple(scenes)


def more_alerts_text(count: int) -> str:
    """Return the text for alerts without an image."""
    return counted(
        "{count} more alert is in the list of events.",
        "{count} more alerts are in the list of events.",
        count,
    )


def trend(findings: Findings) -> Figure | None:
    """Draw distance, area, volume and level over time, as recorded; None without a frame."""
    calibration = findings.session.calibration
    in_mm = calibration.mm_per_px is not None
    samples = [_sample(line, in_mm) for line in findings.lines]
    if not samples:
        return None
    numbers = {key_frame.events[-1].frame: key_frame.number for key_frame in findings.key_frames}
    return draw_trend_figure(samples, all_events(findings), calibration, findings.settings, numbers)


def _sample(line: FrameRecord, in_mm: bool) -> TrendSample:
    return TrendSample(
        line.time_s,
        line.distance_mm if in_mm else line.quality.get("distance_px"),
        line.distance_sigma_mm,
        line.area_mm2,
        line.volume_ml,
        _amount(line),
        line.level,
        is_partly(line),
        _is_assessed(line),
        line.quality.get("margin_mm"),
        acknowledged=is_acknowledged_line(line),
    )


def _is_assessed(line: FrameRecord) -> bool:
    """Return whether a frame was assessed; lines of older versions have only their level."""
    missing = line.quality.get("unavailable")
    return line.level is not Level.UNKNOWN if missing is None else not BLIND & set(missing)


def _amount(line: FrameRecord) -> float | None:
    """Return the amount of cement; None in lines of older versions."""
    amount: float | None = (line.quality.get("volume") or {}).get("amount_mm2")
    return amount
