"""The built-in cases for training: what they are, and that each is made once."""

from __future__ import annotations

import re

import pytest
from small import small_scenario

from leakwatch.case_files.case_file import load_case
from leakwatch.case_files.truth_file import load_truth, truth_path
from leakwatch.core.errors import ConfigError
from leakwatch.simulator.suite import suite_case
from leakwatch.simulator.suite import training_cases as module
from leakwatch.simulator.suite.suite_file import SuiteCase
from leakwatch.simulator.suite.training_cases import (
    find_kept_case,
    frames_of,
    make_training_case,
    training_cases,
)


@pytest.fixture
def small(simulation, monkeypatch):
    """A case that is filmed already: what stands around the filming is tested here."""

    def filmed(scenario, anatomy, on_frame):
        for _ in simulation.frames:
            on_frame()
        return simulation

    monkeypatch.setattr(module, "anatomy_of", lambda scenario: None)
    monkeypatch.setattr(module, "simulate", filmed)
    monkeypatch.setattr(module, "unexpected_outcome", lambda case, truth: None)
    return SuiteCase(simulation.scenario, "small", "leak")


def test_there_are_ten_and_some_are_quiet():
    cases = training_cases()
    assert [case.scenario.name for case in cases] == [f"training-{n:02d}" for n in range(1, 11)]
    quiet = [case for case in cases if case.expect == "contained"]
    assert len(quiet) == 3
    assert {case.expect for case in cases} == {"contained", "near", "leak"}
    ways = {leak.path for case in cases for leak in case.scenario.leaks}
    assert len(ways) >= 5
    assert all(case.scenario.anatomy.ct is None for case in cases)
    assert all(frames_of(case) == 150 for case in cases)


def test_the_later_ones_have_less_contrast_less_dose_and_more_breath():
    first, last = training_cases()[0].scenario, training_cases()[-1].scenario
    assert first.injection.barium_sulphate_share > last.injection.barium_sulphate_share
    assert first.detector.quanta_per_mm2 > 6 * last.detector.quanta_per_mm2
    assert abs(last.motion.spine_mm[2]) > 10 * abs(first.motion.spine_mm[2])


def test_what_is_read_before_tells_nothing_of_what_will_happen():
    telling = re.compile(
        r"leak|vein|disc|epidural|contained|near|wall|stop|cortical", re.IGNORECASE
    )
    for case in training_cases():
        assert case.scenario.title
        assert not telling.search(case.scenario.title), case.scenario.title
        assert not telling.search(case.scenario.name)


def test_a_case_is_made_once_with_its_truth_and_kept(small, tmp_path):
    seen = []
    assert find_kept_case(small, tmp_path) is None
    path = make_training_case(small, tmp_path, lambda: seen.append(1))
    assert len(seen) == frames_of(small)
    assert load_case(path).marks.posterior_wall_px is not None
    assert load_truth(truth_path(path)).leak == "epidural"
    again = make_training_case(small, tmp_path, lambda: pytest.fail("it was made again"))
    assert again == path == find_kept_case(small, tmp_path)

    other = SuiteCase(small_scenario(seed=8), "small", "leak")
    assert find_kept_case(other, tmp_path) is None
    # Files of one that is of another scenario are not taken, and go when the new one is there.
    moved = make_training_case(other, tmp_path)
    assert moved != path
    assert [entry.name for entry in tmp_path.iterdir()] == [moved.parent.name]


def test_what_is_stopped_in_the_middle_leaves_nothing(small, tmp_path):
    def enough():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_training_case(small, tmp_path, enough)
    assert list(tmp_path.iterdir()) == []


def test_a_case_that_is_not_what_it_is_for_is_refused(small, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "unexpected_outcome", suite_case.unexpected_outcome)
    wrong = SuiteCase(small.scenario, "small", "contained")
    with pytest.raises(ConfigError, match="small cannot be used for training: it must be cont"):
        make_training_case(wrong, tmp_path)
    assert list(tmp_path.iterdir()) == []
