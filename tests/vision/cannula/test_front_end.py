"""The front end of the cannula: truth is how far the rod was drawn back."""

from __future__ import annotations

import numpy as np
import pytest
from scene import tube
from test_tracking import BONE, found, picture, shown

DEGREES, TIP = 4.0, (150.0, 120.0)
BEFORE = picture(DEGREES, TIP)


def drawn(by_px: float) -> np.ndarray:
    """The same rod, drawn back along its own axis."""
    turn = np.deg2rad(DEGREES)
    return picture(DEGREES, (TIP[0] - by_px * np.cos(turn), TIP[1] - by_px * np.sin(turn)))


@pytest.mark.parametrize("by_px", [8.0, 16.0, 30.0])
def test_along_its_own_axis_it_is_followed(by_px: float) -> None:
    after = drawn(by_px)
    followed = shown(found(BEFORE, TIP), BEFORE, BEFORE, after, after)
    # A millimetre and a half: its end is rounded by blur, and half of the rod is asked for.
    assert followed.state.front.drawn_back == pytest.approx(by_px, abs=3.5)
    assert followed.covers is not None


def test_one_frame_does_not_tell() -> None:
    after = drawn(20.0)
    assert shown(found(BEFORE, TIP), BEFORE, BEFORE, after).state.front.drawn_back == 0.0


def test_it_can_come_back() -> None:
    after = drawn(20.0)
    followed = shown(found(BEFORE, TIP), BEFORE, BEFORE, after, after, BEFORE, BEFORE)
    assert followed.state.front.drawn_back == 0.0


def test_dense_cement_beside_the_rod_does_not_move_it() -> None:
    """The rod then stands out less than what is beside it; it is there all the same."""
    beside = tube([(138.0, 90.0), (138.0, 113.0)], 30.0, 0.5)
    beside += tube([(138.0, 128.0), (138.0, 150.0)], 30.0, 0.5)
    after = BEFORE + beside
    followed = shown(found(BEFORE, TIP), BEFORE, BEFORE, after, after, after)
    assert followed.state.front.drawn_back == 0.0


def test_cement_that_fills_its_track_does_not_bring_it_back() -> None:
    track = drawn(24.0)
    cement = tube([(128.0, 118.5), (150.0, 120.0)], 7.0, 0.34)
    filled = track + cement
    followed = shown(
        found(BEFORE, TIP), BEFORE, BEFORE, track, track, filled, filled, cement=cement > 0.1
    )
    assert followed.state.front.drawn_back == pytest.approx(24.0, abs=2.5)
    # So the track of cement is seen.
    assert followed.added[117:122, 134:146].mean() > 0.2


@pytest.mark.parametrize("share", [0.36, 0.42])
def test_a_rod_that_loses_contrast_all_along_is_not_drawn_back(share: float) -> None:
    """Tube voltage and processing do that, and half of its contrast is not half of the rod."""
    steel = BEFORE - BONE
    # Somewhat more is left farther out, as behind less dense anatomy.
    columns = np.arange(steel.shape[1], dtype=np.float32)
    left = np.interp(columns, [75.0, 150.0], [share + 0.2, share]).astype(np.float32)
    after = BONE + left * steel
    followed = shown(found(BEFORE, TIP), BEFORE, BEFORE, after, after, after)
    assert followed.state.front.drawn_back == 0.0
