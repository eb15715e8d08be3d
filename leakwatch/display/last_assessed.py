"""Last assessment in words, with its age. Pure."""

from __future__ import annotations

import math

from leakwatch.core.messages import Message, text
from leakwatch.core.results import Cement, Observation
from leakwatch.display.banner import distance_text, is_behind, longest_tube_mm
from leakwatch.display.quantities import area_text


def last_assessed_text(last: Observation, age_s: float) -> Message:
    """Return what was assessed last, with its age: an old number is never shown without it.

    Parameters
    ----------
    last : Observation
        Of the last frame that was assessed.
    age_s : float
    """
    distance, cement = last.wall_distance, last.cement
    shown = None if distance is None else distance_text(distance)
    if distance is not None and shown is not None:
        found = (
            shown
            if is_behind(distance)
            else text("{distance} from the posterior wall", distance=shown)
        )
    elif cement is None or cement.area_px == 0.0:
        found = text("no cement detected")
    else:
        found = text("{area} of cement, no distance to the wall", area=_area_text(cement))
    length_mm = longest_tube_mm(last)
    if length_mm is not None:
        found = text(
            "{found}; tubular filling, {length_mm:.0f} mm", found=found, length_mm=length_mm
        )
    elif any(tube.confirmed for tube in last.tubes):
        found = text("{found}; tubular filling", found=found)
    return text("{age} ago: {found}", age=age_text(age_s), found=found)


def cement_text(last: Observation) -> str:
    """Return the area of cement and its distance, for a sentence that states their age."""
    cement, distance = last.cement, last.wall_distance
    area = text("cement")
    if cement is not None:
        area = text("{area} of cement", area=_area_text(cement))
    shown = None if distance is None else distance_text(distance)
    if distance is None or shown is None:
        return area
    if is_behind(distance):
        return text("{cement}, {distance}", cement=area, distance=shown)
    return text("{cement}, {distance} from the wall", cement=area, distance=shown)


def _area_text(cement: Cement) -> str:
    return f"{cement.area_px:.0f} px" if cement.area_mm2 is None else area_text(cement.area_mm2)


def age_text(age_s: float) -> str:
    """Return an age in whole seconds, from a minute on in minutes; never less than it is."""
    seconds = math.ceil(age_s)
    return f"{seconds} s" if seconds < 60 else f"{seconds // 60}:{seconds % 60:02d} min"
