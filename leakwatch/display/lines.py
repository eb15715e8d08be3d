"""Kinds of lines over a frame, each with a width or dashes that tell it without colour."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from leakwatch.core.arrays import PointArray
from leakwatch.core.messages import text
from leakwatch.display import palette


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


# A solid line is told by its width, each at least half as wide again as the one before: cement, the
# shortest distance, the wall, new cement.
LINE_STYLES: dict[LineKind, LineStyle] = {
    LineKind.OUTLINE: LineStyle(palette.OUTLINE, 1.4, (2.0, 4.0), text("vertebral body")),
    LineKind.FOUND: LineStyle(palette.OUTLINE, 1.0, (7.0, 3.0), text("body, as detected")),
    LineKind.MARGIN: LineStyle(palette.MARGIN, 1.6, (8.0, 5.0), text("margin")),
    LineKind.WALL: LineStyle(palette.WALL, 3.7, None, text("posterior wall")),
    # Only in pictures of cases with known truth.
    LineKind.TRUTH: LineStyle(palette.TRUE_CEMENT, 1.4, (5.0, 2.0), text("true cement")),
    LineKind.CEMENT: LineStyle(palette.CEMENT, 1.6, None, text("cement")),
    LineKind.GROWTH: LineStyle(palette.NEW_CEMENT, 5.6, None, text("new cement")),
    LineKind.CANDIDATE_TUBE: LineStyle(
        palette.POSSIBLE_VEIN, 1.6, (3.0, 3.0), text("possible tubular filling")
    ),
    LineKind.TUBE: LineStyle(palette.VEIN, 4.4, (14.0, 3.0), text("tubular filling")),
    # With a disc at each end.
    LineKind.SHORTEST: LineStyle(palette.SHORTEST, 2.45, None, text("shortest distance")),
}


@dataclass(frozen=True, slots=True)
class Line:
    """Polyline in pixels of the frame."""

    kind: LineKind
    points_px: PointArray
    closed: bool = False
