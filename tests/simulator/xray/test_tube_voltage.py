"""Steps of the tube voltage: contrast as the spectrum has it, brightness as asked for."""

from __future__ import annotations

import numpy as np
import pytest

from leakwatch.core.errors import ConfigError
from leakwatch.simulator.scenario.scenario import make_scenario
from leakwatch.simulator.scenario.scenario_room import KvStepSection
from leakwatch.simulator.xray.beam import Beam, Image, make_beam, transmission
from leakwatch.simulator.xray.brightness import measured
from leakwatch.simulator.xray.tube_voltage import TubeVoltage

# A field of soft tissue with thin bone on the left, and dense bone on the right.
BONE = np.repeat(np.array([[4.0, 0.0, 25.0]]), 20, axis=1) * np.ones((40, 1))
LENGTHS = {"soft": np.full(BONE.shape, 200.0), "bone": BONE}


def voltage(*steps: KvStepSection) -> TubeVoltage:
    return TubeVoltage(80.0, steps, lambda kvp: make_beam(kvp, 0.1, 3.0, 0.2))


def expose(beam: Beam) -> Image:
    return transmission(beam, LENGTHS)


def contrast(signal: Image) -> tuple[float, float]:
    """Of thin and of dense bone, in log attenuation."""
    thin, none, dense = np.log(signal[20, [5, 30, 50]])
    return none - thin, none - dense


def test_up_by_15_kv_takes_an_eighth_of_the_contrast_of_bone() -> None:
    tube = voltage(KvStepSection(at_s=2.0, kvp=95.0))
    before, after = contrast(tube.signal(1.9, expose)), contrast(tube.signal(2.0, expose))
    assert after[0] / before[0] == pytest.approx(0.88, abs=0.02)
    # The beam hardens in dense bone: its contrast is no multiple of that of thin bone.
    assert before[1] / before[0] < 25.0 / 4.0 - 0.1
    assert tube.kvp == 95.0


@pytest.mark.parametrize("kvp", [88.0, 98.0])
def test_what_the_suite_asks_for_changes_contrast_by_8_to_20_percent(kvp: float) -> None:
    tube = voltage(KvStepSection(at_s=1.0, kvp=kvp))
    before, after = contrast(tube.signal(0.0, expose)), contrast(tube.signal(1.0, expose))
    assert 0.80 < after[0] / before[0] < 0.93


@pytest.mark.parametrize("factor", [1.0, 1.25, 0.8])
def test_the_picture_is_as_much_brighter_as_asked_and_stays_so(factor: float) -> None:
    tube = voltage(KvStepSection(at_s=2.0, kvp=95.0, brightness=factor))
    before = measured(tube.signal(0.0, expose))
    for time_s in (2.0, 2.1, 9.0):
        assert measured(tube.signal(time_s, expose)) / before == pytest.approx(factor)


def test_back_at_the_old_voltage_the_contrast_is_the_old_one() -> None:
    tube = voltage(KvStepSection(at_s=1.0, kvp=95.0), KvStepSection(at_s=3.0, kvp=80.0))
    before = contrast(tube.signal(0.0, expose))
    # Nothing was seen in between: the pedal was up.
    assert contrast(tube.signal(5.0, expose)) == pytest.approx(before)


def test_without_steps_the_signal_is_that_of_the_beam() -> None:
    assert np.array_equal(voltage().signal(3.0, expose), expose(make_beam(80.0, 0.1, 3.0, 0.2)))


def test_steps_out_of_order_are_refused() -> None:
    steps = [{"at_s": 3.0, "kvp": 90.0}, {"at_s": 2.0, "kvp": 80.0}]
    with pytest.raises(ConfigError, match=r"kv_steps\[1\].at_s is 2, not after the 3 .*in order"):
        make_scenario({"name": "odd", "kv_steps": steps}, "odd")
