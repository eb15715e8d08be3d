"""Comparison of a frame's patient, view and device with those of the marks. Pure.

The pipeline uses the pixels; this module uses the header.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from leakwatch.config import Settings
from leakwatch.core.frame import Acquisition, Frame, ProjectionGeometry
from leakwatch.core.geometry import rotation_between_deg, scale_changed
from leakwatch.core.messages import text
from leakwatch.core.results import Reason


@dataclass(frozen=True, slots=True)
class Difference:
    """Reason why a frame is not compared with the reference.

    Parameters
    ----------
    reason : Reason
    text : str
        For the operator.
    is_permanent : bool
        Whether only the operator can end it.
    ends_at_once : bool
        Whether it ends with the first frame that does not differ: after a C-arm is rotated back,
        a leak that began meanwhile must be shown without delay.
    """

    reason: Reason
    text: str
    is_permanent: bool = False
    ends_at_once: bool = False


@dataclass(frozen=True, slots=True)
class ViewGuard:
    """Reference, and the last difference from it.

    Parameters
    ----------
    settings : Settings
    reference : Acquisition or None
        Acquisition of the first frame.
    last : Difference or None
        None if the reference view has returned for long enough.
    at_s : float
        Time at which it was last found.
    """

    settings: Settings
    reference: Acquisition | None = None
    last: Difference | None = None
    at_s: float = 0.0


def check_view(guard: ViewGuard, frame: Frame, now_s: float) -> tuple[ViewGuard, Difference | None]:
    """Compare a frame's acquisition with that of the reference.

    Another patient is permanent: only a new `ViewGuard` ends it. After a C-arm rotates back, frames
    are assessed at once; any other difference ends after `LiveSettings.return_after_s`.

    Parameters
    ----------
    guard : ViewGuard
    frame : Frame
    now_s : float
        A monotonic clock.
    """
    if guard.reference is None:
        return replace(guard, reference=frame.acquisition), None
    last = guard.last
    if last is not None and last.is_permanent:
        return guard, last
    found = find_difference(guard.reference, frame.acquisition, guard.settings)
    if found is not None:
        return replace(guard, last=found, at_s=now_s), found
    settled_s = now_s - guard.at_s
    if (
        last is not None
        and not last.ends_at_once
        and settled_s < guard.settings.live.return_after_s
    ):
        return guard, last
    return replace(guard, last=None), None


def find_difference(
    reference: Acquisition, now: Acquisition, settings: Settings
) -> Difference | None:
    """Return why frames of `now` cannot be compared with `reference`; None if they can.

    Parameters
    ----------
    reference, now : Acquisition
    settings : Settings
    """
    if now is reference:
        return None
    if now.subject != reference.subject:
        return Difference(
            Reason.VIEW, text("Another patient: start a new baseline"), is_permanent=True
        )
    if (now.rows, now.columns) != (reference.rows, reference.columns):
        return Difference(
            Reason.VIEW,
            text(
                "Frames of {columns} × {rows} pixels instead of {old_columns} × {old_rows}",
                columns=now.columns,
                rows=now.rows,
                old_columns=reference.columns,
                old_rows=reference.rows,
            ),
        )
    if now.pixel_format != reference.pixel_format:
        return Difference(Reason.EXPOSURE, text("The pixel format changed"))
    turned = _turned(reference.geometry, now.geometry, settings)
    if turned:
        return Difference(Reason.VIEW, turned, ends_at_once=True)
    moved = scale_changed(reference.geometry, now.geometry, settings.live.geometry_share)
    why = text("Scale changed: {change}", change=moved)
    return Difference(Reason.VIEW, why) if moved else None


def _turned(reference: ProjectionGeometry, now: ProjectionGeometry, settings: Settings) -> str:
    turned = rotation_between_deg(reference, now)
    if turned <= settings.motion.view_angle_deg:
        return ""
    if math.isinf(turned):
        return text("C-arm angles are no longer known")
    return text("C-arm rotated by {angle_deg:.0f}° from the marked view", angle_deg=turned)
