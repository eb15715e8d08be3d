"""Tubes: truth is what was drawn."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from leakwatch.config import TubularSettings
from leakwatch.core.geometry import Scale
from leakwatch.vision.vessels import tubular

SETTINGS = TubularSettings()
SCALE = Scale(0.25)  # mm per pixel
TUBES = tubular.TubeDetector(SCALE, SETTINGS)


def drawn(
    bolus_mm: float, tube_mm: float, width_mm: float, degrees: float = 0.0, bend: float = 0.0
) -> np.ndarray:
    """A ball with a tube that leaves it at its right side."""
    mask = np.zeros((300, 400), np.uint8)
    radius = bolus_mm / SCALE.mm_per_px
    centre = np.array([150.0, 150.0])
    if bolus_mm:
        cv2.circle(mask, (150, 150), round(radius), 1, cv2.FILLED)
    turn = np.deg2rad(degrees)
    along = np.array([np.cos(turn), np.sin(turn)])
    across = np.array([-along[1], along[0]])
    share = np.linspace(0, 1, 60)[:, None]
    length = tube_mm / SCALE.mm_per_px
    path = centre + (radius + share * length) * along + bend * length * share**2 * across
    if tube_mm:
        points = np.round(path * 8).astype(np.int32)
        cv2.polylines(mask, [points], False, 1, round(width_mm / SCALE.mm_per_px), shift=3)
    return mask.astype(bool)


def tubes(mask: np.ndarray) -> list[tubular.Protrusion]:
    """Protrusions with a tube's shape."""
    found = TUBES.find_protrusions(mask)
    return [one for one in found if TUBES.is_tube(one, None)]


@pytest.mark.parametrize("degrees", [0, 33, 90, 215])
@pytest.mark.parametrize("width_mm", [1.5, 2.0, 3.0])
def test_a_vein_beside_a_bolus_is_measured(degrees: float, width_mm: float) -> None:
    (vein,) = tubes(drawn(8.0, 15.0, width_mm, degrees))
    assert vein.length * SCALE.mm_per_px == pytest.approx(15.0, abs=2.0)
    assert vein.width * SCALE.mm_per_px == pytest.approx(width_mm, abs=0.7)
    far = vein.path[-1] - np.array([150.0, 150.0])
    assert np.hypot(*far) * SCALE.mm_per_px == pytest.approx(23.0, abs=1.5)


def test_a_bent_vein_is_measured_along_its_bend() -> None:
    (vein,) = tubes(drawn(8.0, 16.0, 2.0, bend=0.5))
    assert vein.length * SCALE.mm_per_px == pytest.approx(18.4, abs=2.5)
    assert vein.straightness < 0.99


@pytest.mark.parametrize(
    "mask",
    [
        drawn(8.0, 0.0, 0.0),
        drawn(8.0, 3.5, 2.0),
        drawn(8.0, 10.0, 7.0),
        drawn(3.0, 0.0, 0.0),
        np.zeros((300, 400), bool),
    ],
    ids=["ball", "short branch", "broad lobe", "small ball", "nothing"],
)
def test_what_is_no_vein(mask: np.ndarray) -> None:
    assert tubes(mask) == []


def test_a_ragged_bolus_has_no_tube() -> None:
    rng = np.random.default_rng(2)
    rough = cv2.GaussianBlur(rng.normal(size=(300, 400)).astype(np.float32), (0, 0), 6.0)
    rows, columns = np.mgrid[:300, :400]
    radius = np.hypot(rows - 150, columns - 200) * SCALE.mm_per_px
    mask = radius + 1.2 * rough / rough.std() < 9.0
    assert tubes(mask) == []


def judged(lengths_mm: list[float], fps: float = 7.5) -> list[bool]:
    state, told = tubular.TubularState(), []
    for index, length in enumerate(lengths_mm):
        shaped = length >= SETTINGS.min_length_mm
        state, confirmed = TUBES.confirm(state, length, shaped, index / fps)
        told.append(confirmed)
    return told


def test_a_tube_that_shoots_out_is_a_vein_and_stays_one() -> None:
    assert judged([0.0, 0.0, 2.0, 4.5, 7.0, 9.0] + [9.0] * 30) == [False] * 4 + [True] * 32


def test_a_branch_that_creeps_is_none_until_it_is_very_long() -> None:
    lengths = [0.1 * index for index in range(150)]
    told = judged(lengths)
    first = told.index(True)
    assert lengths[first] == pytest.approx(SETTINGS.sure_length_mm, abs=0.1)


@pytest.mark.parametrize("fps", [3.75, 7.5, 15.0, 30.0])
def test_speed_is_in_seconds_and_not_in_frames(fps: float) -> None:
    slow = [2.0 * index / fps for index in range(round(5.5 * fps))]
    fast = [16.0 * index / fps for index in range(round(2 * fps))]
    assert not any(judged(slow, fps))
    assert any(judged(fast, fps))


def test_a_finger_within_the_body_is_no_vein_unless_long_and_even() -> None:
    body = np.ones((300, 400), bool)

    def is_tube(mask: np.ndarray) -> bool:
        longest = TUBES.find_protrusions(mask)[0]
        return TUBES.is_tube(longest, body)

    assert not is_tube(drawn(8.0, 9.0, 2.5))
    assert is_tube(drawn(8.0, 15.0, 2.5))
    assert not is_tube(drawn(0.0, 20.0, 2.5))  # all of a young bolus is thin
    assert TUBES.is_tube(TUBES.find_protrusions(drawn(8.0, 9.0, 2.5))[0], ~body)


@pytest.mark.parametrize("body_on_the_left", [True, False])
def test_a_vein_without_a_bolus_runs_out_of_the_body(body_on_the_left: bool) -> None:
    body = np.zeros((300, 400), bool)
    body[:, :170] = body_on_the_left
    body[:, 220:] = not body_on_the_left
    (vein,) = TUBES.find_protrusions(drawn(0.0, 22.0, 2.5), body=body)
    assert tubular.ends_within(vein.path[::-1], body)
    assert not tubular.ends_within(vein.path, body)
    assert TUBES.is_tube(vein, body)


def test_an_uneven_string_of_lumps_is_no_vein() -> None:
    lumps = drawn(0.0, 20.0, 1.2)
    for column in (165, 200, 224):
        lumps |= np.hypot(*np.mgrid[-150:150, -column : 400 - column]) < 8
    (string,) = TUBES.find_protrusions(lumps)
    (even,) = TUBES.find_protrusions(drawn(0.0, 20.0, 2.5))
    assert string.evenness < SETTINGS.min_evenness < even.evenness


@pytest.mark.parametrize(("grown_mm", "vein"), [(0.3, False), (3.5, True)])
def test_after_a_pause_a_branch_is_measured_against_itself(grown_mm: float, vein: bool) -> None:
    state, length, time_s = tubular.TubularState(), 0.0, 0.0
    for _ in range(80):
        length, time_s = length + 0.1, time_s + 1 / 7.5
        state, confirmed = TUBES.confirm(state, length, length >= 6.0, time_s)
        assert not confirmed
    _, confirmed = TUBES.confirm(state, length + grown_mm, True, time_s + 300.0)
    assert confirmed == vein
