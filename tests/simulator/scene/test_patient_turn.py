"""A turn in the plane of the picture: points and pixels go to the same place."""

from __future__ import annotations

import numpy as np
import pytest

from leakwatch.simulator.scenario.scenario_room import PatientTurnSection
from leakwatch.simulator.scene.patient_turn import (
    border_px,
    turn_track,
    turned_picture,
    turned_points,
)

ROWS, COLUMNS = 80, 100


def blob(at: np.ndarray, border: int) -> np.ndarray:
    """A smooth spot at a place of the picture, in a picture with a border."""
    column, row = np.meshgrid(
        np.arange(COLUMNS + 2 * border) - border, np.arange(ROWS + 2 * border) - border
    )
    return np.exp(-((column - at[0]) ** 2 + (row - at[1]) ** 2) / (2 * 3.0**2))


@pytest.mark.parametrize("turn_deg", [4.0, -7.5])
def test_what_is_at_a_point_is_found_at_the_turned_point(turn_deg: float) -> None:
    border = border_px(np.array([turn_deg]), ROWS, COLUMNS)
    at = np.array([[84.0, 15.0]])
    seen = turned_picture(blob(at[0], border), turn_deg, border)
    assert seen.shape == (ROWS, COLUMNS)
    row, column = (np.array(part) for part in np.nonzero(seen > 0.3))
    weight = seen[row, column]
    found = (column @ weight / weight.sum(), row @ weight / weight.sum())
    assert found == pytest.approx(turned_points(at, turn_deg, ROWS, COLUMNS)[0], abs=0.05)


def test_a_positive_turn_is_clockwise_as_seen() -> None:
    right_of_the_middle = np.array([[90.0, (ROWS - 1) / 2]])
    assert turned_points(right_of_the_middle, 5.0, ROWS, COLUMNS)[0, 1] > (ROWS - 1) / 2


def test_the_middle_stays_and_lengths_too() -> None:
    middle = np.array([[(COLUMNS - 1) / 2, (ROWS - 1) / 2], [10.0, 20.0]])
    turned = turned_points(middle, 9.0, ROWS, COLUMNS)
    assert turned[0] == pytest.approx(middle[0])
    assert np.hypot(*(turned[1] - turned[0])) == pytest.approx(np.hypot(*(middle[1] - middle[0])))


def test_the_border_holds_all_that_a_turn_brings_in() -> None:
    border = border_px(np.array([0.0, -6.0]), ROWS, COLUMNS)
    corners = np.array([[c, r] for c in (0.0, COLUMNS - 1.0) for r in (0.0, ROWS - 1.0)])
    for turn_deg in (6.0, -6.0):
        sources = turned_points(corners, turn_deg, ROWS, COLUMNS)
        assert sources.min() > -border
        assert (sources.max(axis=0) < np.array([COLUMNS, ROWS]) - 1 + border).all()
    assert border_px(np.zeros(3), ROWS, COLUMNS) == 0


def test_turns_add_up_and_a_swing_dies() -> None:
    times = np.arange(0.0, 12.0, 0.01)
    turns = [
        PatientTurnSection(at_s=2.0, by_deg=3.0, over_s=0.5, swing_deg=1.0),
        PatientTurnSection(at_s=6.0, by_deg=-1.0),
    ]
    track = turn_track(times, turns)
    assert not track[times < 2.0].any()
    assert 3.2 < track.max() < 4.0
    assert track[np.searchsorted(times, 5.9)] == pytest.approx(3.0, abs=0.01)
    assert track[-1] == pytest.approx(2.0, abs=1e-3)
