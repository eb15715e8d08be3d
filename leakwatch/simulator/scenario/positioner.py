"""Positioner angles (PS3.3 C.8.7.5.1.2): position of the detector around the patient.

Primary: 0 in front of the patient, +90 at the left side (LAO), -90 at the right (RAO). Secondary:
positive towards the head. A view's own `angle_deg` and `tilt_deg` turn the other way: see `CArm`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from leakwatch.core.errors import ConfigError
from leakwatch.core.frame import View
from leakwatch.core.marks import Side
from leakwatch.core.messages import text

# The beam runs from behind to the front, or to the side where the detector stands.
_TRUE_AP_DEG: Final = 0.0
_TRUE_LATERAL_DEG: Final = {Side.RIGHT: -90.0, Side.LEFT: 90.0}
# As far as a scenario may turn off a true view.
_MAX_ANGLE_DEG, _MAX_TILT_DEG = 40.0, 30.0


@dataclass(frozen=True, slots=True)
class ViewAngles:
    """A view as in `CArm`: its side, and its deviation from the true view."""

    anterior: Side
    angle_deg: float
    tilt_deg: float


def positioner_angles_deg(
    view: View, anterior: Side, angle_deg: float, tilt_deg: float
) -> tuple[float, float]:
    """Return the primary and secondary angle of a view.

    Parameters
    ----------
    view : View
        Lateral or AP.
    anterior : Side
    angle_deg, tilt_deg : float
        As in `CArm`.
    """
    # Without the zero, -0 would be written.
    return _true_deg(view, anterior) - angle_deg + 0.0, 0.0 - tilt_deg


def to_view_angles(
    view: View, primary_deg: float | None, secondary_deg: float | None, anterior: Side
) -> ViewAngles:
    """Return the view at positioner angles.

    Parameters
    ----------
    view : View
        Lateral or AP.
    primary_deg, secondary_deg : float or None
        None: the true view.
    anterior : Side
        Where the angle does not tell the side of a lateral view.

    Raises
    ------
    ConfigError
        The angles are far from what the view is called.
    """
    if primary_deg is not None and view is View.LATERAL:
        anterior = Side.RIGHT if primary_deg % 360.0 > 180.0 else Side.LEFT
    true_deg = _true_deg(view, anterior)
    primary = true_deg if primary_deg is None else primary_deg
    angle = (true_deg - primary + 180.0) % 360.0 - 180.0
    tilt = 0.0 - (secondary_deg or 0.0)
    if abs(angle) > _MAX_ANGLE_DEG or abs(tilt) > _MAX_TILT_DEG:
        raise ConfigError(
            text(
                "positioner angles {primary:g} and {secondary:g} do not match view {view}, which "
                "is within {max_angle_deg:g} and {max_tilt_deg:g} degrees of {true_deg:g} and 0. "
                "Correct primary_angle_deg, secondary_angle_deg or view.",
                primary=primary,
                secondary=-tilt,
                view=view.value,
                max_angle_deg=_MAX_ANGLE_DEG,
                max_tilt_deg=_MAX_TILT_DEG,
                true_deg=true_deg,
            )
        )
    return ViewAngles(anterior, angle, tilt)


def _true_deg(view: View, anterior: Side) -> float:
    return _TRUE_AP_DEG if view is View.AP else _TRUE_LATERAL_DEG[anterior]
