"""Positioner angles (PS3.3 C.8.7.5.1.2): where the detector stands about the patient.

Primary: 0 in front of the patient, +90 at the left side (LAO), -90 at the right (RAO). Secondary:
positive towards the head. A view's own `angle_deg` and `tilt_deg` turn the other way: see `CArm`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from leakwatch.core.errors import ConfigError
from leakwatch.core.frame import View
from leakwatch.core.marks import Side

# The beam runs from behind to the front, or to the side where the detector stands.
_TRUE_AP_DEG: Final = 0.0
_TRUE_LATERAL_DEG: Final = {Side.RIGHT: -90.0, Side.LEFT: 90.0}
# As far as a scenario may turn off a true view.
_MOST_ANGLE_DEG, _MOST_TILT_DEG = 40.0, 30.0


@dataclass(frozen=True, slots=True)
class TurnedOff:
    """A view as `CArm` says it: from which side, and how far off the true view."""

    anterior: Side
    angle_deg: float
    tilt_deg: float


def positioner_angles_deg(
    view: View, anterior: Side, angle_deg: float, tilt_deg: float
) -> tuple[float, float]:
    """Primary and secondary angle of a view.

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


def turned_off(
    view: View, primary_deg: float | None, secondary_deg: float | None, anterior: Side
) -> TurnedOff:
    """The view at positioner angles.

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
    if abs(angle) > _MOST_ANGLE_DEG or abs(tilt) > _MOST_TILT_DEG:
        raise ConfigError(
            f"positioner angles {primary:g} and {-tilt:g} are no {view.value} view: that is within "
            f"{_MOST_ANGLE_DEG:g} and {_MOST_TILT_DEG:g} degrees of {true_deg:g} and 0. Correct "
            "primary_angle_deg, secondary_angle_deg or view."
        )
    return TurnedOff(anterior, angle, tilt)


def _true_deg(view: View, anterior: Side) -> float:
    return _TRUE_AP_DEG if view is View.AP else _TRUE_LATERAL_DEG[anterior]
