"""Style of each level: colours, shape and symbol, so that it is readable without colour."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from leakwatch.core.arrays import Point
from leakwatch.core.messages import text
from leakwatch.core.results import Level
from leakwatch.display import palette
from leakwatch.display.palette import StateColours


class Shape(StrEnum):
    """Shape of the banner, as on road signs, so that the level is readable without colour."""

    OCTAGON = "octagon"
    TRIANGLE = "triangle"
    CIRCLE = "circle"
    DIAMOND = "diamond"
    SQUARE = "square"


TRIANGLE_HALF_WIDTH = 1.1  # radii


def shape_corners(shape: Shape, centre: Point, radius: float) -> list[Point]:
    """Return the corners of a shape, about as high as a circle of `radius` around `centre`.

    The tip and the base of the triangle extend further, so that its symbol is at `centre`.
    """
    if shape is Shape.TRIANGLE:
        x, y = centre
        return [
            (x, y - 1.15 * radius),
            (x + TRIANGLE_HALF_WIDTH * radius, y + 0.7 * radius),
            (x - TRIANGLE_HALF_WIDTH * radius, y + 0.7 * radius),
        ]
    sides, first_turn = {
        Shape.OCTAGON: (8, 1 / 16),
        Shape.DIAMOND: (4, 0.0),
        Shape.SQUARE: (4, 1 / 8),
        Shape.CIRCLE: (72, 0.0),
    }[shape]
    turns = [2.0 * math.pi * (first_turn + side / sides) for side in range(sides)]
    return [(centre[0] + radius * math.cos(t), centre[1] + radius * math.sin(t)) for t in turns]


@dataclass(frozen=True, slots=True)
class LevelStyle:
    """Colours, shape and symbol of a level.

    Parameters
    ----------
    colours : StateColours
    shape : Shape
    symbol : str
    rim : str
        Colour of the rim around the image; empty: none.
    """

    colours: StateColours
    shape: Shape
    symbol: str
    rim: str = ""

    @property
    def colour(self) -> str:
        """Ground of the banner."""
        return self.colours.ground

    @property
    def ink(self) -> str:
        """Words on the banner."""
        return self.colours.ink


LEVEL_STYLES: dict[Level, LevelStyle] = {
    Level.CLEAR: LevelStyle(palette.CLEAR, Shape.CIRCLE, "✓"),
    Level.WATCH: LevelStyle(palette.WATCH, Shape.TRIANGLE, "!"),
    Level.STOP: LevelStyle(palette.STOP, Shape.OCTAGON, "✕", rim=palette.STOP_RIM),
    Level.UNKNOWN: LevelStyle(palette.BLIND, Shape.DIAMOND, "?"),
}
# UNKNOWN while some rules work and the others were never set up: shown calmly.
PARTLY_WORD = "PARTLY"
PARTLY_STYLE = LevelStyle(palette.PARTLY, Shape.SQUARE, "◐")
# UNKNOWN because there is no beam, which the operator knows: as calm as the room.
OFF_WORD = "OFF"
OFF_STYLE = LevelStyle(palette.OFF, Shape.CIRCLE, "–")
# An acknowledged STOP is not over: it keeps the octagon and a steady rim, without the flashing of
# one that nobody has acknowledged.
ACKNOWLEDGED_STYLE = LevelStyle(palette.ACKNOWLEDGED, Shape.OCTAGON, "!", rim=palette.STOP_RIM)


# The level is WATCH then, or UNKNOWN in part, but never shown as a plain one.
ACKNOWLEDGED_WORD = text("STOP acknowledged")


def is_acknowledged(level: Level, partly: bool, acknowledged: Collection[object]) -> bool:
    """Return whether a level is that of an acknowledged STOP; `acknowledged` has its reasons."""
    return bool(acknowledged) and (level is Level.WATCH or (partly and level is Level.UNKNOWN))


def level_style(level: Level, partly: bool, acknowledged: bool = False) -> LevelStyle:
    """Return the style of a level; partial coverage and an acknowledged STOP have their own."""
    if acknowledged:
        return ACKNOWLEDGED_STYLE
    return PARTLY_STYLE if partly and level is Level.UNKNOWN else LEVEL_STYLES[level]


def level_word(level: Level, partly: bool, acknowledged: bool = False) -> str:
    """Return the word of a level; partial coverage and an acknowledged STOP have their own."""
    if acknowledged:
        return ACKNOWLEDGED_WORD
    return PARTLY_WORD if partly and level is Level.UNKNOWN else level.value
