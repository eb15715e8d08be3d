"""Whether a frame still is of the patient, the view and the machine that marks hold for. Pure.

The pipeline sees what the pixels say. Here is what the source says beside them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from leakwatch.config import Settings
from leakwatch.core.frame import Acquisition, Frame, ProjectionGeometry
from leakwatch.core.geometry import rotation_between_deg, scale_changed
from leakwatch.core.results import Reason


@dataclass(frozen=True, slots=True)
class Difference:
    """Why a frame is not compared with the reference.

    Parameters
    ----------
    reason : Reason
    text : str
        For the person.
    for_good : bool
        Only a person ends it.
    at_once : bool
        It ends with the first frame that does not differ: a C-arm that is turned back may show a
        leak that began meanwhile, and no second sender turns.
    """

    reason: Reason
    text: str
    for_good: bool = False
    at_once: bool = False


@dataclass(frozen=True, slots=True)
class Guard:
    """The reference, and what last differed from it.

    Parameters
    ----------
    settings : Settings
    reference : Acquisition or None
        Of the first frame.
    last : Difference or None
        None where the reference view has been back for long enough.
    at_s : float
        When it was seen last.
    """

    settings: Settings
    reference: Acquisition | None = None
    last: Difference | None = None
    at_s: float = 0.0


def look(guard: Guard, frame: Frame, now_s: float) -> tuple[Guard, Difference | None]:
    """Compare a frame's acquisition with that of the reference.

    Another patient locks: only a new `Guard` ends it. A C-arm that turns back is judged at once;
    any other difference ends when the reference was back for `LiveSettings.return_after_s`.

    Parameters
    ----------
    guard : Guard
    frame : Frame
    now_s : float
        A monotonic clock.
    """
    if guard.reference is None:
        return replace(guard, reference=frame.acquisition), None
    last = guard.last
    if last is not None and last.for_good:
        return guard, last
    found = difference(guard.reference, frame.acquisition, guard.settings)
    if found is not None:
        return replace(guard, last=found, at_s=now_s), found
    settled_s = now_s - guard.at_s
    if last is not None and not last.at_once and settled_s < guard.settings.live.return_after_s:
        return guard, last
    return replace(guard, last=None), None


def difference(reference: Acquisition, now: Acquisition, settings: Settings) -> Difference | None:
    """What forbids to compare frames of `now` with those of `reference`; None where nothing does.

    Parameters
    ----------
    reference, now : Acquisition
    settings : Settings
    """
    if now is reference:
        return None
    if now.subject != reference.subject:
        return Difference(Reason.VIEW, "Another patient: start anew", for_good=True)
    if (now.rows, now.columns) != (reference.rows, reference.columns):
        return Difference(
            Reason.VIEW,
            f"Frames of {now.columns} × {now.rows} pixels instead of "
            f"{reference.columns} × {reference.rows}",
        )
    if now.pixel_format != reference.pixel_format:
        return Difference(Reason.EXPOSURE, "The meaning of the pixels changed")
    turned = _turned(reference.geometry, now.geometry, settings)
    if turned:
        return Difference(Reason.VIEW, turned, at_once=True)
    moved = scale_changed(reference.geometry, now.geometry, settings.live.geometry_share)
    return Difference(Reason.VIEW, f"Scale changed: {moved}") if moved else None


def _turned(reference: ProjectionGeometry, now: ProjectionGeometry, settings: Settings) -> str:
    turned = rotation_between_deg(reference, now)
    if turned <= settings.motion.view_angle_deg:
        return ""
    if math.isinf(turned):
        return "The C-arm's angles are not known any more"
    return f"C-arm turned by {turned:.0f}° from the marked view"
