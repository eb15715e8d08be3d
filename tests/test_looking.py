"""What blinds the monitor for a while must not blind it for good, and no clock may hide it."""

from __future__ import annotations

from dataclasses import replace

import injection
import numpy as np
import pytest

from leakwatch import pipeline
from leakwatch.config import LivenessSettings, Settings
from leakwatch.model import FloatImage, Reason
from leakwatch.vision import liveness

SIZE, FRAME_S, NOISE = 96, 0.125, 0.02
SETTINGS = LivenessSettings()
SEEN = np.ones((SIZE, SIZE), np.bool_)


def _pictures(count: int, noise: float, seed: int) -> list[FloatImage]:
    rng = np.random.default_rng(seed)
    row = np.linspace(0.0, 6.0, SIZE)
    anatomy = 0.3 * np.sin(row)[:, None] * np.cos(row)
    return [
        (anatomy + rng.normal(0.0, noise, anatomy.shape)).astype(np.float32) for _ in range(count)
    ]


def _looked_at(pictures: list[FloatImage]) -> list[liveness.Liveness]:
    tiles = liveness.tiles_over(None, 0.0, (SIZE, SIZE), SETTINGS)
    state = liveness.LivenessState(tiles)
    found = []
    for index, picture in enumerate(pictures):
        state, seen = liveness.look(state, picture, SEEN, index * FRAME_S, SETTINGS)
        found.append(seen)
    return found


def test_live_pictures_after_snow_are_new_again_within_a_second() -> None:
    live, snow = _pictures(24, NOISE, 1), _pictures(10, 50.0 * NOISE, 2)

    found = _looked_at(live[:12] + snow + live[12:])

    assert all(seen.is_new for seen in found[22 + 8 :])


def test_smoother_pictures_are_new_again_within_a_second() -> None:
    found = _looked_at(_pictures(12, NOISE, 1) + _pictures(20, 0.2 * NOISE, 2))

    assert all(seen.is_new for seen in found[12 + 8 :])


def test_a_picture_held_after_snow_is_not_new() -> None:
    live, snow = _pictures(13, NOISE, 1), _pictures(10, 50.0 * NOISE, 2)

    found = _looked_at(live[:12] + snow + 20 * live[12:])

    assert not any(seen.is_new for seen in found[-20:])


def test_a_held_picture_with_a_little_other_noise_is_not_learnt_as_new() -> None:
    live, other = _pictures(12, NOISE, 1), _pictures(30, 0.2 * NOISE, 2)
    mean = np.mean(live, axis=0, dtype=np.float32)
    held = [live[-1] + (one - mean) * np.float32(0.5) for one in other]

    found = _looked_at(live + held)

    assert not any(seen.is_new for seen in found[12 + 8 :])


@pytest.mark.parametrize("step_s", [0.0, -0.5 * FRAME_S])
def test_a_held_picture_is_stale_while_the_clock_stands_or_goes_back(step_s: float) -> None:
    state = pipeline.initial_state(Settings(), injection.MARKS, injection.CALIBRATION)
    live = list(injection.frames(10))
    for frame in live:
        state, seen = pipeline.step(state, frame)
        assert Reason.STALE not in seen.unavailable
    for again in range(1, 12):
        held = replace(live[-1], index=9 + again, time_s=live[-1].time_s + step_s * again)
        state, seen = pipeline.step(state, held)
        assert Reason.STALE in seen.unavailable
