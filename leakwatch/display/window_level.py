"""Window and level, inversion and flips of the image. Pure.

They change what is shown, and nothing that is measured. They stay as chosen: nothing here adapts
to the frames.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from leakwatch.core.messages import text

# Greys of the mapping of a sequence, in which black is 0 and white 255; see `grey_mapping`.
MIDDLE, WHOLE = 127.5, 255.0
# Narrower shows nothing but noise, wider nothing but grey.
LEAST_WIDTH, LARGEST_WIDTH = 16.0, 1020.0
# A drag across the whole image changes the width fourfold, and the level by the whole range.
WIDTH_PER_DRAG = math.log(4.0)
# One key press is an eighth of that.
KEY_STEP = 0.125


@dataclass(frozen=True, slots=True)
class ViewSettings:
    """Window, level and orientation that the operator chose.

    Parameters
    ----------
    level, width : float
        Middle and width of the window that is shown, in greys.
    inverted : bool
        Cement is bright.
    flipped_horizontally, flipped_vertically : bool
        Left and right, or top and bottom, are exchanged; marks and numbers move with the image.
    """

    level: float = MIDDLE
    width: float = WHOLE
    inverted: bool = False
    flipped_horizontally: bool = False
    flipped_vertically: bool = False


# Name and window of each preset, by its key.
PRESETS: tuple[tuple[str, float, float], ...] = (
    (text("full range"), MIDDLE, WHOLE),
    (text("bone"), MIDDLE, 150.0),
    (text("faint cement"), 85.0, 150.0),
    (text("dense cement"), 40.0, 110.0),
)


def apply_preset(view: ViewSettings, number: int) -> ViewSettings:
    """Return `view` with the window of a preset; `number` counts from 0."""
    _, level, width = PRESETS[number]
    return replace(view, level=level, width=width)


def drag_window(view: ViewSettings, right: float, down: float) -> ViewSettings:
    """Return the view after a drag.

    Parameters
    ----------
    view : ViewSettings
        At the start of the drag.
    right, down : float
        Distance as shares of the image's size. To the right: wider, less contrast. Down: higher
        level, darker.
    """
    width = view.width * math.exp(WIDTH_PER_DRAG * right)
    level = view.level + WHOLE * down
    return replace(
        view,
        width=min(max(width, LEAST_WIDTH), LARGEST_WIDTH),
        level=min(max(level, 0.0), WHOLE),
    )


def view_notices(view: ViewSettings, zoom: float) -> tuple[str, ...]:
    """Return notices about changes of the view, for users who did not make them.

    Parameters
    ----------
    view : ViewSettings
    zoom : float
        1.0 shows the whole frame.
    """
    notices: list[str] = []
    if view.inverted:
        notices.append(text("inverted"))
    if view.flipped_horizontally:
        notices.append(text("flipped horizontally ⇋"))
    if view.flipped_vertically:
        notices.append(text("flipped vertically ⇅"))
    if (view.level, view.width) != (MIDDLE, WHOLE):
        notices.append(
            text("window {width:.0f} level {level:.0f}", width=view.width, level=view.level)
        )
    if zoom > 1.0:
        notices.append(text("zoom {zoom:.1f} ×", zoom=zoom))
    return tuple(notices)
