"""Kinds of lines over a frame, each with a width or dashes that tell it without colour."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from leakwatch.core.arrays import PointArray
from leakwatch.core.messages import text


class LineKind(StrEnum):
    """Meaning of a line over the image."""

    CEMENT = "cement"
    GROWTH = "growth"
    WALL = "wall"
    MARGIN = "margin"
    SHORTEST = "shortest"
    TUBE = "tube"
    CANDIDATE_TUBE = "candidate_tube"
    OUTLINE = "outline"
    FOUND = "found"
    TRUTH = "truth"


@dataclass(frozen=True, slots=True)
class LineStyle:
    """Style of a kind of line; `width` and `dash` (on, off) in points of the display."""

    colour: str
    width: float
    dash: tuple[float, float] | None
    legend: str


LINE_STYLES: dict[LineKind, LineStyle] = {
    LineKind.OUTLINE: LineStyle("#C9D3DE", 1.4, (2.0, 4.0), text("vertebral body")),
    LineKind.FOUND: LineStyle("#C9D3DE", 1.0, (7.0, 3.0), text("body, as detected")),
    LineKind.MARGIN: LineStyle("#FFB000", 1.6, (8.0, 5.0), text("margin")),
    LineKind.WALL: LineStyle("#FF7AD9", 2.6, None, text("posterior wall")),
    # Only in pictures of cases with known truth.
    LineKind.TRUTH: LineStyle("#7DFF9B", 1.4, (5.0, 2.0), text("true cement")),
    LineKind.CEMENT: LineStyle("#35D6FF", 1.6, None, text("cement")),
    LineKind.GROWTH: LineStyle("#B6FF3B", 4.4, None, text("new cement")),
    LineKind.CANDIDATE_TUBE: LineStyle(
        "#FFE08A", 1.6, (3.0, 3.0), text("possible tubular filling")
    ),
    LineKind.TUBE: LineStyle("#FF4B3E", 4.0, None, text("tubular filling")),
    LineKind.SHORTEST: LineStyle("#FFFFFF", 2.0, None, text("shortest distance")),
}


@dataclass(frozen=True, slots=True)
class Line:
    """Polyline in pixels of the frame."""

    kind: LineKind
    points_px: PointArray
    closed: bool = False
