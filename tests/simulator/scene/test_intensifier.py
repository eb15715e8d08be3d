"""Distortion and its inverse; a picture that is distorted like its marks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leakwatch.simulator.scene.intensifier import Distortion


@given(
    st.floats(0.0, 0.1),
    st.floats(-6.0, 6.0),
    st.tuples(st.floats(0.0, 299.0), st.floats(0.0, 199.0)),
)
def test_origin_undoes_shown(pincushion: float, turn: float, point: tuple[float, float]) -> None:
    distortion = Distortion(pincushion, turn, 200, 300)
    there = distortion.distort(np.array([point]))
    assert distortion.undistort(there)[0] == pytest.approx(point, abs=1e-3)


def test_a_corner_moves_by_its_share() -> None:
    corner, centre = np.array([[299.0, 199.0]]), np.array([149.5, 99.5])
    out = Distortion(0.04, 0.0, 200, 300).distort(corner)
    assert out[0] - centre == pytest.approx(1.04 * (corner[0] - centre))
    turned = Distortion(0.0, 3.0, 200, 300).distort(corner)[0] - centre
    assert np.hypot(*turned) == pytest.approx(np.hypot(*centre))
    angle = np.degrees(np.arctan2(turned[1], turned[0]) - np.arctan2(99.5, 149.5))
    assert angle == pytest.approx(3.0)


def test_the_middle_stays_and_none_is_none() -> None:
    middle = np.array([[149.5, 99.5]])
    assert Distortion(0.1, 5.0, 200, 300).distort(middle) == pytest.approx(middle)
    none = Distortion(0.0, 0.0, 200, 300)
    image = np.random.default_rng(0).random((200, 300))
    assert none.is_identity
    assert none.picture(image) is image


def test_a_dot_is_shown_where_its_mark_is() -> None:
    distortion = Distortion(0.06, 2.0, 200, 300)
    column, row = np.meshgrid(np.arange(300), np.arange(200))
    place = np.array([[240.0, 60.0]])
    dot = np.exp(-((column - 240.0) ** 2 + (row - 60.0) ** 2) / 18.0)
    seen = distortion.picture(dot)
    weight = seen.clip(0.01) - 0.01
    centre = [(weight * axis).sum() / weight.sum() for axis in (column, row)]
    assert centre == pytest.approx(distortion.distort(place)[0], abs=0.1)
    assert np.hypot(*(centre - place[0])) > 2.0
