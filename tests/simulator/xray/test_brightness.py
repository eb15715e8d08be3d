"""Brightness control: its time constant, its dead band, its steps; what it does not see."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from leakwatch.simulator.xray.brightness import (
    BrightnessControl,
    Jump,
    measured,
    nearest_exposure,
    next_exposure,
    output_factors,
)

PLAIN = BrightnessControl(True, 1.0, 0.0, 0.0, 0.0, [])


def settle(control: BrightnessControl, frames: int, dt_s: float = 0.1) -> list[float]:
    """Exposure over time where the picture was half as bright as wanted."""
    wished, answer = 1.0, []
    for _ in range(frames):
        given = nearest_exposure(control, wished, 1.0)
        wished = next_exposure(control, wished, 0.5 * given, 1.0, dt_s)
        answer.append(nearest_exposure(control, wished, 1.0))
    return answer


def test_it_reaches_what_is_wanted_with_its_time_constant() -> None:
    answer = settle(PLAIN, 100)
    assert answer[-1] == pytest.approx(2.0, rel=1e-3)
    # After one time constant 1 - 1/e of the way is done, in the log of exposure.
    assert np.log(answer[9]) / np.log(2.0) == pytest.approx(1.0 - np.exp(-1.0), rel=1e-6)


@pytest.mark.parametrize("gain", [0.25, 0.8, 1.0])
def test_a_gain_below_1_leaves_its_share_of_a_deviation(gain: float) -> None:
    answer = settle(replace(PLAIN, gain=gain), 200)
    assert np.log(answer[-1]) / np.log(2.0) == pytest.approx(gain, rel=1e-6)
    # It is as quick to come to rest, whatever it comes to.
    assert np.log(answer[9]) / np.log(answer[-1]) == pytest.approx(1.0 - np.exp(-1.0), rel=1e-6)
    # The exposure of the first picture is what it holds on to.
    assert next_exposure(replace(PLAIN, gain=gain), 3.0, 1.0, 1.0, 0.1, 3.0) == pytest.approx(3.0)


def test_small_deviations_are_let_be() -> None:
    control = replace(PLAIN, dead_band=0.05)
    assert next_exposure(control, 1.0, 0.97, 1.0, 0.1) == 1.0
    assert next_exposure(control, 1.0, 0.90, 1.0, 0.1) > 1.0


def test_steps_are_whole() -> None:
    answer = settle(replace(PLAIN, step=0.05), 40)
    logs = np.log(answer) / 0.05
    assert np.abs(logs - np.rint(logs)).max() < 1e-9
    assert np.log(answer[-1]) == pytest.approx(np.log(2.0), abs=0.05)


@pytest.mark.parametrize("step", [0.0, 0.05])
def test_it_takes_as_long_at_any_pulse_rate(step: float) -> None:
    control = replace(PLAIN, step=step)
    logs = {
        fps: np.log(settle(control, round(1.0 * fps), 1.0 / fps)[-1]) for fps in (3.75, 7.5, 30.0)
    }
    # 1 s is one time constant; a step is what it may be off, besides a pulse.
    way = (1.0 - np.exp(-1.0)) * np.log(2.0)
    assert list(logs.values()) == pytest.approx([way] * 3, abs=step + 0.03)
    late = [np.log(settle(control, round(8.0 * fps), 1.0 / fps)[-1]) for fps in (3.75, 30.0)]
    assert late == pytest.approx([np.log(2.0)] * 2, abs=step + 1e-3)


def test_switched_off_it_does_nothing() -> None:
    assert settle(replace(PLAIN, enabled=False), 5) == [1.0] * 5


def test_only_the_middle_is_measured() -> None:
    image = np.zeros((100, 100))
    image[40:60, 40:60] = 1.0
    image[:10] = 1e6
    assert 0.0 < measured(image) < 1.0


def test_jumps_and_drift_are_unseen_factors() -> None:
    times = np.arange(0.0, 60.0, 0.1)
    still = output_factors(replace(PLAIN, jumps=[Jump(30.0, 1.3)]), times, np.random.default_rng(0))
    assert set(np.round(still, 9)) == {1.0, 1.3}
    assert still[299] == 1.0
    assert still[301] == pytest.approx(1.3)
    wandering = [
        np.log(output_factors(replace(PLAIN, drift_per_s=0.02), times, np.random.default_rng(n)))[
            -1
        ]
        for n in range(200)
    ]
    # A random walk: its spread grows with the root of the time.
    assert np.std(wandering) == pytest.approx(0.02 * np.sqrt(60.0), rel=0.2)
