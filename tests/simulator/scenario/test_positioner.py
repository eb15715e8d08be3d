"""Positioner angles against where the detector stands."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leakwatch.core.errors import ConfigError
from leakwatch.core.frame import View
from leakwatch.core.marks import Side
from leakwatch.simulator.anatomy.carm import CArm
from leakwatch.simulator.scenario.positioner import positioner_angles_deg, to_view_angles

VIEWS = st.sampled_from([View.AP, View.LATERAL])
SIDES = st.sampled_from([Side.LEFT, Side.RIGHT])


@given(VIEWS, SIDES, st.floats(-40, 40), st.floats(-30, 30))
def test_angles_are_those_of_the_detector(
    view: View, anterior: Side, angle: float, tilt: float
) -> None:
    carm = CArm(view=view, anterior=anterior, angle_deg=angle, tilt_deg=tilt)
    primary, secondary = positioner_angles_deg(view, anterior, angle, tilt)
    right, front, up = carm.source_mm + carm.sid_mm * carm.axes()[2] - np.array(carm.aim_mm)
    # From the front towards the patient's left, and towards the head (PS3.3 C.8.7.5.1.2).
    assert primary == pytest.approx(np.degrees(np.arctan2(-right, front)), abs=1e-6)
    assert secondary == pytest.approx(np.degrees(np.arctan2(up, np.hypot(right, front))), abs=1e-6)


@given(VIEWS, SIDES, st.floats(-40, 40), st.floats(-30, 30), st.sampled_from([-360, 0, 360]))
def test_there_and_back(
    view: View, anterior: Side, angle: float, tilt: float, turns: float
) -> None:
    primary, secondary = positioner_angles_deg(view, anterior, angle, tilt)
    back = to_view_angles(view, primary + turns, secondary, Side.RIGHT)
    assert back.angle_deg == pytest.approx(angle, abs=1e-9)
    assert back.tilt_deg == pytest.approx(tilt, abs=1e-9)
    if view is View.LATERAL:
        assert back.anterior is anterior


@pytest.mark.parametrize(
    ("view", "primary", "secondary"),
    [(View.AP, -90.0, 0.0), (View.LATERAL, 0.0, 0.0), (View.AP, 180.0, 0.0), (View.AP, 0.0, 35.0)],
)
def test_what_is_no_such_view_is_told(view: View, primary: float, secondary: float) -> None:
    with pytest.raises(
        ConfigError, match=rf"do not match view {view.value}, which is within 40 and 30"
    ):
        to_view_angles(view, primary, secondary, Side.RIGHT)


def test_what_is_not_told_is_the_true_view() -> None:
    for side in Side:
        found = to_view_angles(View.LATERAL, None, None, side)
        assert (found.anterior, found.angle_deg, found.tilt_deg) == (side, 0.0, 0.0)
