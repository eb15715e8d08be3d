"""How a person sees a frame: what is chosen, what is told of it, and what it does to greys."""

from __future__ import annotations

import numpy as np
import pytest
from handmade import make_frame
from hypothesis import given
from hypothesis import strategies as st

from leakwatch.display.grey_mapping import grey_mapping
from leakwatch.display.window_level import (
    LARGEST_WIDTH,
    LEAST_WIDTH,
    PRESETS,
    WHOLE,
    ViewSettings,
    apply_preset,
    drag_window,
    view_notices,
)

MAPPING = grey_mapping([make_frame(0)])
VALUES = np.arange(0, 4096, dtype=np.uint16)


def test_the_usual_look_changes_nothing():
    assert MAPPING.with_view(ViewSettings()) is MAPPING
    assert view_notices(ViewSettings(), 1.0) == ()


def test_window_spreads_greys_from_stored_values_without_steps():
    plain = MAPPING.apply(VALUES).astype(int)
    narrow = MAPPING.with_view(ViewSettings(level=60.0, width=40.0)).apply(VALUES).astype(int)
    assert (narrow[plain <= 39] == 0).all()
    assert (narrow[plain >= 81] == 255).all()
    middle = narrow[(plain > 42) & (plain < 78)]
    assert (np.diff(middle) >= 0).all()
    # Greys of eight bits, stretched, would leave holes of six.
    assert len(set(middle.tolist())) > 2 * len(set(plain[(plain > 42) & (plain < 78)].tolist()))


def test_inverted_is_the_negative():
    greys = MAPPING.apply(VALUES).astype(int)
    negative = MAPPING.with_view(ViewSettings(inverted=True)).apply(VALUES).astype(int)
    assert np.abs(greys + negative - 255).max() <= 1


def test_drag_to_the_right_lowers_contrast_and_down_darkens():
    wider = drag_window(ViewSettings(), 0.5, 0.0)
    assert wider.width == pytest.approx(2.0 * WHOLE)
    darker = MAPPING.with_view(drag_window(ViewSettings(), 0.0, 0.2)).apply(VALUES).astype(int)
    assert (darker <= MAPPING.apply(VALUES)).all()


@given(st.floats(-50, 50), st.floats(-50, 50))
def test_no_drag_leaves_a_picture_that_shows_nothing(right, down):
    view = drag_window(ViewSettings(), right, down)
    assert LEAST_WIDTH <= view.width <= LARGEST_WIDTH
    assert 0.0 <= view.level <= WHOLE


def test_presets_keep_how_it_is_turned_and_every_change_is_said():
    words = ("inverted", "flipped horizontally", "flipped vertically", "window", "zoom 2.0")
    turned = ViewSettings(inverted=True, flipped_horizontally=True, flipped_vertically=True)
    for number in range(1, len(PRESETS)):
        said = " ".join(view_notices(apply_preset(turned, number), 2.0))
        assert [word for word in words if word not in said] == []
    assert apply_preset(turned, 0) == turned
