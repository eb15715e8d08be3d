"""When a STOP is due by the truth of a case, and from when on one is not false.

The bench judges detectors by it, and training people.
"""

from __future__ import annotations

from leakwatch.model import Truth, TruthFrame

# A STOP is false while truth stays clear of both. The rule stops at 5 mm; 1.5 mm more is what
# sigma and an honest error of the wall may ask for. 1 mm of leak is the first that can be seen.
FALSE_ABOVE_MM = 6.5
FALSE_BELOW_LEAK_MM = 1.0


def due_frame(truth: Truth) -> int | None:
    """First frame in which a STOP is due: cement within 5 mm of the wall, or a leak to be seen."""
    due = [at for at in (truth.breach_5mm_frame, truth.leak_visible_frame) if at is not None]
    return min(due, default=None)


def right_from(truth: Truth) -> int | None:
    """First frame from which on a STOP is not false; None: in all of them it is."""
    return next((i for i, frame in enumerate(truth.frames) if _near(frame)), None)


def _near(true: TruthFrame) -> bool:
    near_wall = true.distance_mm is not None and true.distance_mm <= FALSE_ABOVE_MM
    return near_wall or true.leak_length_mm >= FALSE_BELOW_LEAK_MM
