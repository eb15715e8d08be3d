"""What moves: breath with its pause, pushes that stay, and the two layers of a picture."""

from __future__ import annotations

import numpy as np
import pytest

from leakwatch.simulator.anatomy.carm import CArm
from leakwatch.simulator.scene.scene_motion import (
    Breath,
    CannulaMove,
    Jolt,
    OrganRhythm,
    breathing_tracks,
    breathing_wave,
    cannula_track,
    rhythm_wave,
    unrest,
)
from leakwatch.simulator.xray.patient_layers import shift_layer

BREATH = Breath(4.0, (0.0, 0.5, -2.0), (0.0, 1.0, 1.0), (0.0, 2.0, -8.0), 0.2, 0.0)
TIMES = np.arange(0.0, 20.0, 0.05)


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_breath_goes_from_out_to_in_and_rests_when_out() -> None:
    wave = breathing_wave(TIMES, BREATH, rng())
    assert wave.min() == pytest.approx(0.0, abs=1e-3)
    assert wave.max() == pytest.approx(1.0, abs=1e-3)
    again = breathing_wave(TIMES + 4.0, BREATH, rng())
    assert np.abs(np.sort(wave) - np.sort(again)).max() < 0.05
    # 1 - cos^4 averages 1 - 3/8.
    assert wave[: int(16 / 0.05)].mean() == pytest.approx(1.0 - 3.0 / 8.0, abs=0.01)


def test_breaths_are_continuous_however_irregular() -> None:
    uneven = Breath(4.0, (0, 0, 1), (0, 0, 1), (0, 0, 1), 0.0, 0.3)
    wave = breathing_wave(TIMES, uneven, rng(5))
    assert np.abs(np.diff(wave)).max() < 0.15
    peaks = wave[1:-1][(wave[1:-1] > wave[:-2]) & (wave[1:-1] > wave[2:])]
    assert np.ptp(peaks) > 0.05


def test_organs_come_later_and_farther_than_the_spine_and_ribs_go_the_other_way() -> None:
    tracks = breathing_tracks(TIMES, BREATH, [], rng())
    spine, tissue = tracks.spine, tracks.organs
    assert np.corrcoef(spine[:, 2], tracks.wall[:, 2])[0, 1] < -0.99
    assert np.ptp(tissue[:, 2]) / np.ptp(spine[:, 2]) == pytest.approx(4.0, rel=0.15)
    lags = [np.corrcoef(spine[:-10, 2], tissue[n : n - 10 or None, 2])[0, 1] for n in range(10)]
    assert int(np.argmax(lags)) * 0.05 == pytest.approx(0.2, abs=0.06)


def test_organs_can_breathe_by_a_rhythm_that_the_spine_does_not_share() -> None:
    apart = OrganRhythm(5.0, 2, 0.5, 0.0)
    tracks = breathing_tracks(TIMES, BREATH, [], rng(), (apart, rng(2)))
    alone = breathing_tracks(TIMES, BREATH, [], rng())
    assert np.array_equal(tracks.spine, alone.spine)
    assert np.ptp(tracks.organs[:, 2]) == pytest.approx(8.0, rel=0.01)
    # Ribs go with the lung; a period later everything is where it was.
    assert np.corrcoef(tracks.wall[:, 2], tracks.organs[:, 2])[0, 1] < -0.99
    assert tracks.organs[100:] == pytest.approx(tracks.organs[:-100], abs=0.05)
    still = Breath(4.0, (0, 0, 0), (0, 1, 1), (0, 2, -10), 0.2, 0.0)
    assert not breathing_tracks(TIMES, still, [], rng(), (apart, rng(2))).spine.any()


def test_a_breath_has_the_shape_that_is_asked_for() -> None:
    fine = np.arange(0.0, 40.0, 0.01)
    sine, resting = (rhythm_wave(fine, OrganRhythm(4.0, rest, 0.5, 0.0), rng()) for rest in (2, 6))
    assert sine.mean() == pytest.approx(0.5, abs=0.01)  # 1 - cos^2
    assert resting.mean() == pytest.approx(1.0 - 5.0 / 16.0, abs=0.01)  # 1 - cos^6
    quick = rhythm_wave(fine, OrganRhythm(4.0, 4, 0.25, 0.0), rng())
    rising = np.diff(quick) > 0.0
    assert rising.mean() == pytest.approx(0.25, abs=0.01)
    assert np.abs(np.diff(quick)).max() < 0.03


def test_unrest_is_smooth_and_of_deviation_one() -> None:
    motion = unrest(np.arange(0.0, 2000.0, 0.05), rng(3))
    assert motion.std() == pytest.approx(1.0, rel=0.02)
    assert np.abs(np.diff(motion)).max() < 0.3


def test_a_push_stays_and_a_bump_swings_before_it_does() -> None:
    still = Breath(4.0, (0, 0, 0), (0, 0, 0), (0, 0, 0), 0.0, 0.0)
    push = Jolt(5.0, (0.0, 3.0, 4.0), 0.3, 2.0)
    track = breathing_tracks(TIMES, still, [push], rng()).organs
    assert np.abs(track[TIMES < 5.0]).max() == 0.0
    assert track[-1] == pytest.approx([0.0, 3.0, 4.0], abs=1e-6)
    length = np.linalg.norm(track, axis=1)
    assert length.max() > 5.5  # beyond where it comes to rest
    assert np.abs(length[TIMES > 9.0] - 5.0).max() < 0.01


def test_the_spine_trembles_and_tissue_is_pushed_alike() -> None:
    still = Breath(4.0, (0, 0, 0), (0, 0, 0), (0, 0, 0), 0.0, 0.0, 0.06)
    spine = breathing_tracks(TIMES, still, [Jolt(5.0, (0, 1, 0), 0.3, 0.0)], rng()).spine
    assert 0.03 < spine[TIMES < 5.0].std() < 0.1
    assert spine[TIMES > 6.0, 1].mean() == pytest.approx(1.0, abs=0.05)


def test_moves_of_the_cannula_add_up() -> None:
    moves = [CannulaMove(2.0, 1.0, 3.0, 0.0), CannulaMove(6.0, 0.5, -1.0, 5.0)]
    turn, withdraw = cannula_track(TIMES, moves)
    assert (turn[0], withdraw[0]) == (0.0, 0.0)
    assert turn[TIMES > 6.6] == pytest.approx(2.0)
    assert withdraw[TIMES > 6.6] == pytest.approx(5.0)
    assert turn[np.isclose(TIMES, 2.5)] == pytest.approx(1.5)


@pytest.mark.parametrize("shift", [(0.0, 0.0), (3.0, -2.0), (1.37, 0.81), (-4.6, 3.2)])
def test_a_shifted_picture_is_where_it_was_shifted_to(shift: tuple[float, float]) -> None:
    carm = CArm(rows=60, columns=80, margin_px=10)
    column, row = np.meshgrid(np.arange(100) - 10.0, np.arange(80) - 10.0)

    def smooth(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return np.sin(x / 5.0) + np.cos(y / 7.0)

    seen = shift_layer(smooth(column, row), shift, carm)
    expected = smooth(column - shift[0], row - shift[1])[10:70, 10:90]
    assert seen.shape == (60, 80)
    assert np.abs(seen - expected).max() < 2e-3
