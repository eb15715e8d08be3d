"""Kinds of lines over a frame, and how each is told from the others without its colour."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from leakwatch.core.arrays import PointArray


class LineKind(StrEnum):
    """What a line in the picture stands for."""

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
    """How a kind of line is drawn; `width` and `dash` (on, off) in points of the display."""

    colour: str
    width: float
    dash: tuple[float, float] | None
    legend: str


LINE_STYLES: dict[LineKind, LineStyle] = {
    LineKind.OUTLINE: LineStyle("#C9D3DE", 1.4, (2.0, 4.0), "vertebral body"),
    LineKind.FOUND: LineStyle("#C9D3DE", 1.0, (7.0, 3.0), "body, as found"),
    LineKind.MARGIN: LineStyle("#FFB000", 1.6, (8.0, 5.0), "margin"),
    LineKind.WALL: LineStyle("#FF7AD9", 2.6, None, "posterior wall"),
    # Of cases whose truth is known: on none that a person watches.
    LineKind.TRUTH: LineStyle("#7DFF9B", 1.4, (5.0, 2.0), "true cement"),
    LineKind.CEMENT: LineStyle("#35D6FF", 1.6, None, "cement"),
    LineKind.GROWTH: LineStyle("#B6FF3B", 4.4, None, "new cement"),
    LineKind.CANDIDATE_TUBE: LineStyle("#FFE08A", 1.6, (3.0, 3.0), "possible tube"),
    LineKind.TUBE: LineStyle("#FF4B3E", 4.0, None, "tube fills"),
    LineKind.SHORTEST: LineStyle("#FFFFFF", 2.0, None, "shortest way"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """A polyline in pixels of the frame."""

    kind: LineKind
    points_px: PointArray
    closed: bool = False
