"""Scenarios: every built-in one is whole; what is misspelt or impossible is told."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small import small_scenario

from leakwatch.core.errors import ConfigError
from leakwatch.simulator.cement.leak_paths import LeakKind
from leakwatch.simulator.scenario.scenario import Scenario, built_in_scenarios, load_scenario
from leakwatch.simulator.scenario.scenario_sections import InjectionSection
from leakwatch.simulator.scene.scene import frame_times_s, injected_ml, time_of_ml
from leakwatch.simulator.sequence.request import requested_scenario

BUILT_IN = built_in_scenarios()


@pytest.mark.parametrize("scenario", BUILT_IN, ids=lambda scenario: scenario.name)
def test_a_built_in_scenario_is_whole(scenario: Scenario) -> None:
    assert load_scenario(scenario.name) == scenario
    assert scenario.title
    assert scenario.injection.start_s < scenario.sequence.duration_s
    assert injected_ml(scenario.injection, scenario.sequence.duration_s) > 1.0
    assert all(leak.opens_ml < scenario.injection.volume_ml for leak in scenario.leaks)


def test_together_they_show_every_leak_and_each_its_own_seed() -> None:
    assert {leak.path for scenario in BUILT_IN for leak in scenario.leaks} == set(LeakKind)
    seeds = [scenario.seed for scenario in BUILT_IN]
    assert len(set(seeds)) == len(seeds)


def write(folder: Path, text: str) -> str:
    path = folder / "mine.toml"
    path.write_text(text)
    return str(path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('name = "a"\nsede = 3', r"key sede is not known. Did you mean seed\?"),
        ('name = "a"\n[carm]\nrow = 3', "key row is not known in carm"),
        ('name = "a"\n[carm]\nrows = 3', "carm.rows"),
        ('name = "a"\n[carm]\nview = "oblique"', "Write lateral or ap"),
        ('name = "../a"', "key name"),
        ('name = "a"\n[[leaks]]\npath = "up"\nopens_ml = 1', "leaks"),
        ("name = ", "is not TOML"),
        ("title = 'no name'", "key name is missing"),
    ],
)
def test_a_wrong_scenario_is_told(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=said):
        load_scenario(write(tmp_path, text))


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"unknown scenario 'epidurl'. Built in are: anterior-vein"
    ):
        load_scenario("epidurl")
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        load_scenario(str(tmp_path / "none.toml"))


def test_what_a_simulation_left_can_be_used_again(tmp_path: Path) -> None:
    scenario = small_scenario(seed=99)
    path = tmp_path / "small.scenario.json"
    path.write_bytes(msgspec.json.encode(scenario))
    assert load_scenario(str(path)) == scenario


def test_the_command_line_goes_before_the_scenario(tmp_path: Path) -> None:
    own = write(tmp_path, 'name = "a"\nseed = 1\nanatomy = { ct = "x.nii", vertebrae = "y.nii" }')
    read = requested_scenario(own, seed=5, level="L4", ct=Path("z.nii"))
    assert (read.seed, read.anatomy.level) == (5, "L4")
    assert read.anatomy.ct == "z.nii"
    assert read.anatomy.vertebrae == str(tmp_path / "y.nii")


def test_a_ct_needs_its_vertebrae() -> None:
    with pytest.raises(ConfigError, match="give both --ct and --vertebrae"):
        requested_scenario("epidural", ct=Path("ct.nii.gz"))
    with pytest.raises(ConfigError, match="--body belongs to a CT"):
        requested_scenario("epidural", body=Path("b.nii.gz"))


def test_boluses_and_pauses() -> None:
    scenario = small_scenario(
        injection={
            "start_s": 1.0,
            "volume_ml": 0.7,
            "rate_ml_s": 0.2,
            "bolus_ml": 0.3,
            "pause_s": 2,
        }
    )
    given = [injected_ml(scenario.injection, t) for t in (0.5, 1.0, 2.0, 2.5, 4.0, 4.5, 5.5, 30.0)]
    assert given == pytest.approx([0.0, 0.0, 0.2, 0.3, 0.3, 0.3, 0.5, 0.7])


@given(
    volume_ml=st.floats(0.01, 3.0),
    rate_ml_s=st.floats(0.05, 1.0),
    bolus_ml=st.floats(0.1, 1.0),
    pause_s=st.floats(0.1, 5.0),
)
def test_the_time_of_a_volume_is_when_it_has_been_injected(
    volume_ml: float, rate_ml_s: float, bolus_ml: float, pause_s: float
) -> None:
    injection = InjectionSection(
        start_s=2.0, volume_ml=9.0, rate_ml_s=rate_ml_s, bolus_ml=bolus_ml, pause_s=pause_s
    )
    at_s = 2.0 + time_of_ml(injection, volume_ml)
    assert injected_ml(injection, at_s) == pytest.approx(volume_ml, abs=1e-6)
    assert injected_ml(injection, at_s - 0.01) < volume_ml


def test_frames_begin_at_zero_and_keep_their_pace() -> None:
    times = frame_times_s(small_scenario(sequence={"fps": 3.75, "duration_s": 8.0}))
    assert len(times) == 30
    assert times[0] == 0.0
    assert times[4] == pytest.approx(4 / 3.75)
