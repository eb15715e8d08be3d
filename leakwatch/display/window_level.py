"""How a person wants to see a frame: window and level, inverted, mirrored. Pure.

It changes greys and places on the screen, and nothing that is measured. It stays as it was chosen:
nothing here follows the frames.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

# Greys of the run's own mapping, in which black is 0 and white 255; see `grey_mapping`.
MIDDLE, WHOLE = 127.5, 255.0
# Narrower shows nothing but noise, wider nothing but grey.
LEAST_WIDTH, LARGEST_WIDTH = 16.0, 1020.0
# A drag across the whole picture changes the width fourfold, and the level by the whole range.
WIDTH_PER_DRAG = math.log(4.0)
# One key press is an eighth of that.
KEY_STEP = 0.125


@dataclass(frozen=True, slots=True)
class Look:
    """What a person chose.

    Parameters
    ----------
    level, width : float
        Middle and width of the window that is shown, in greys.
    inverted : bool
        Cement is bright.
    mirrored, upside_down : bool
        Left and right, or top and bottom, change places; marks and numbers go along.
    """

    level: float = MIDDLE
    width: float = WHOLE
    inverted: bool = False
    mirrored: bool = False
    upside_down: bool = False


# Name and window of each preset, by its key.
PRESETS: tuple[tuple[str, float, float], ...] = (
    ("whole range", MIDDLE, WHOLE),
    ("bone: more contrast", MIDDLE, 150.0),
    ("faint cement: the dark half", 85.0, 150.0),
    ("inside cement: the darkest", 40.0, 110.0),
)


def preset(look: Look, number: int) -> Look:
    """The window of a preset, the rest as it was; `number` counts from 0."""
    _, level, width = PRESETS[number]
    return replace(look, level=level, width=width)


def dragged(look: Look, right: float, down: float) -> Look:
    """The window after a drag.

    Parameters
    ----------
    look : Look
        Where the drag began.
    right, down : float
        How far, as shares of the picture's size. To the right: wider, less contrast. Down: higher
        level, darker.
    """
    width = look.width * math.exp(WIDTH_PER_DRAG * right)
    level = look.level + WHOLE * down
    return replace(
        look,
        width=min(max(width, LEAST_WIDTH), LARGEST_WIDTH),
        level=min(max(level, 0.0), WHOLE),
    )


def signs(look: Look, zoom: float) -> tuple[str, ...]:
    """What a person must know who did not choose this look: in words, over the picture.

    Parameters
    ----------
    look : Look
    zoom : float
        1.0 shows the whole frame.
    """
    said = []
    if look.inverted:
        said.append("inverted")
    if look.mirrored:
        said.append("mirrored ⇋")
    if look.upside_down:
        said.append("upside down ⇅")
    if (look.level, look.width) != (MIDDLE, WHOLE):
        said.append(f"window {look.width:.0f} level {look.level:.0f}")
    if zoom > 1.0:
        said.append(f"zoom {zoom:.1f} ×")
    return tuple(said)
