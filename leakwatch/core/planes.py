"""Names of the two planes of a biplane C-arm, and of the folder of the second one."""

from __future__ import annotations

from typing import Final

from leakwatch.core.frame import View
from leakwatch.core.messages import Message, text

# Sub-folder of a recorded session with the second plane, which is a recorded session itself.
SECOND_FOLDER: Final = "plane-b"
LETTERS = ("A", "B")


def plane_name(number: int, view: View | None) -> Message:
    """Return the name of a plane, such as ``A lateral``; without a view ``plane A``.

    Parameters
    ----------
    number : int
        0 for the first plane, 1 for the second.
    view : View or None
        As marked.
    """
    letter = LETTERS[number]
    if view is View.LATERAL:
        return text("{letter} lateral", letter=letter)
    if view is View.AP:
        return text("{letter} AP", letter=letter)
    if view is View.OBLIQUE:
        return text("{letter} oblique", letter=letter)
    return text("plane {letter}", letter=letter)
