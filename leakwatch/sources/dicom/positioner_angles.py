"""Position of the C-arm at each frame of one object."""

from __future__ import annotations

from dataclasses import replace

from pydicom.dataset import Dataset

from leakwatch.core.frame import Acquisition
from leakwatch.core.messages import text
from leakwatch.sources.dicom.element_values import number, numbers


class TurningCarm:
    """Acquisition of each frame, with its angles if the C-arm rotates.

    Positioner Primary and Secondary Angle Increment (0018,1520 and 0018,1521) are read as angles
    against those of the first frame (PS3.3 C.8.7.5). Frames at the same angles get the same object.

    Parameters
    ----------
    dataset : Dataset
    first : Acquisition
        Of the first frame.
    count : int
        Stated number of frames: increments of another number are ignored.
    """

    def __init__(self, dataset: Dataset, first: Acquisition, count: int) -> None:
        self._first = first
        self._primary = _increments(dataset, "Primary", count)
        self._secondary = _increments(dataset, "Secondary", count)
        self._known = {(0.0, 0.0): first}

    def at(self, index: int) -> Acquisition:
        """Return the acquisition of frame `index`."""
        turned = (_at(self._primary, index), _at(self._secondary, index))
        if turned not in self._known:
            geometry = self._first.geometry
            angles = replace(
                geometry,
                primary_angle_deg=_turned(geometry.primary_angle_deg, turned[0]),
                secondary_angle_deg=_turned(geometry.secondary_angle_deg, turned[1]),
            )
            self._known[turned] = replace(self._first, geometry=angles)
        return self._known[turned]


def angles_note(dataset: Dataset, count: int) -> str:
    """Return why angle increments cannot be followed, for the person; empty where they can.

    Parameters
    ----------
    dataset : Dataset
        Of the first frame.
    count : int
        Number of frames as promised.
    """
    for which in ("Primary", "Secondary"):
        found = numbers(dataset, f"Positioner{which}AngleIncrement")
        if found is None or len(set(found)) == 1 or count == 1:
            continue
        element = f"Positioner {which} Angle"
        if len(found) != count:
            return text(
                "The C-arm rotated by unknown angles: {element} Increment has {found} values for "
                "{count} frames.",
                element=element,
                found=len(found),
                count=count,
            )
        if number(dataset, f"Positioner{which}Angle") is None:
            return text(
                "The C-arm rotated by unknown angles: {element} is not stated, only its "
                "increments.",
                element=element,
            )
    return ""


def _increments(dataset: Dataset, which: str, count: int) -> tuple[float, ...]:
    """Return angle increments; empty if there are none."""
    found = numbers(dataset, f"Positioner{which}AngleIncrement")
    return found if found is not None and len(found) == count else ()


def _at(increments: tuple[float, ...], index: int) -> float:
    return increments[index] - increments[0] if increments else 0.0


def _turned(angle_deg: float | None, by_deg: float) -> float | None:
    """Return an angle plus its increment; None if the angle is unknown."""
    return None if angle_deg is None else angle_deg + by_deg
