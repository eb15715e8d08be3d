"""What LeakWatch says of a sample that is blinded, and how it is counted."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import msgspec
import numpy as np
import pytest

from leakwatch.benchmark.blinding.blinded import Outcome, evaluate_case, find_starts
from leakwatch.benchmark.blinding.blinding import BlindingMethod, Kind
from leakwatch.benchmark.blinding.blinding_frozen import as_it_is
from leakwatch.benchmark.blinding.blinding_methods import BLINDING_METHODS
from leakwatch.benchmark.cases.dataset import BenchCase
from leakwatch.benchmark.cases.manifest import find_cases
from leakwatch.config import Settings

BLIND = ("frozen", "frozen-clock", "loop-2s", "blade-right", "body-saturated", "other-patient")
# A sight that is never taken away, called blind: the count must find every frame of it.
NOT_BLIND = BlindingMethod("nothing", Kind.BLIND, "for the test", as_it_is)


@pytest.fixture(scope="module")
def cases(repository: Path) -> dict[str, BenchCase]:
    return {case.name: case for case in find_cases(repository / "sample_dicom").cases}


@pytest.fixture(scope="module")
def outcomes(cases: dict[str, BenchCase]) -> dict[str, Outcome]:
    names = {*BLIND, "8-bit", "hold-2s"}
    methods = [*(method for method in BLINDING_METHODS if method.name in names), NOT_BLIND]
    found = evaluate_case(cases["epidural"], methods, Settings(), cases["contained"])
    return {one.method: one for one in found}


@pytest.mark.parametrize("name", BLIND)
def test_no_frame_is_clear_or_watch_while_blind(name: str, outcomes: dict[str, Outcome]) -> None:
    one = outcomes[name]
    assert one.blind >= 15
    assert one.assessed == ()
    assert not one.stopped_before


@pytest.mark.parametrize("name", ["8-bit", "hold-2s"])
def test_the_stop_that_is_due_is_given(name: str, outcomes: dict[str, Outcome]) -> None:
    one = outcomes[name]
    assert (one.due, one.missed, one.false) == (True, False, False)


def test_what_is_harmless_is_judged(outcomes: dict[str, Outcome]) -> None:
    one = outcomes["8-bit"]
    assert one.blind == 0
    assert one.unknown <= 0.1 * one.frames


def test_frames_that_are_clear_are_counted(
    cases: dict[str, BenchCase], outcomes: dict[str, Outcome]
) -> None:
    """From a second after the start to the STOP."""
    one, truth = outcomes["nothing"], cases["epidural"].truth
    first = one.start + 8  # of 7.5 frames a second
    assert truth.right_from is not None
    assert one.assessed[: truth.right_from - first] == tuple(range(first, truth.right_from))
    assert len(one.assessed) + one.stops == one.blind
    assert one.undetected == one.stops > 0
    assert one.stop_frame is not None
    assert one.stop_frame >= truth.right_from


def test_ways_begin_before_a_stop_is_right(cases: dict[str, BenchCase]) -> None:
    truth = cases["epidural"].truth
    assert truth.right_from is not None
    assert truth.area_mm2 is not None
    early, late = find_starts(cases["epidural"], 10)
    assert 10 < early < late < truth.right_from
    assert truth.area_mm2[late] > 20.0


def test_ways_begin_when_they_are_told(cases: dict[str, BenchCase]) -> None:
    assert find_starts(cases["epidural"], 10, 4.0) == (30, 30)
    assert find_starts(cases["epidural"], 10, 1e4) == (53, 53)


def test_without_an_area_both_begin_alike(cases: dict[str, BenchCase]) -> None:
    case = cases["contained"]
    blank = replace(case, truth=replace(case.truth, area_mm2=None))
    early, late = find_starts(blank, 12)
    assert 12 < early <= late < blank.truth.frames


@pytest.fixture(scope="module")
def script(repository: Path) -> ModuleType:
    path = repository / "benchmarks" / "blinded.py"
    spec = importlib.util.spec_from_file_location("benchmark_blinded", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_script_ends_with_the_figure(
    script: ModuleType,
    repository: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = tmp_path / "deep" / "blinded.json"
    folder = str(repository / "sample_dicom")
    words = ["blinded", folder, "--cases", "1", "--ways", "black", "--json", str(file)]
    monkeypatch.setattr(sys, "argv", words)
    assert script.main() == 0
    said = capsys.readouterr().out
    (one,) = msgspec.json.decode(file.read_bytes(), type=list[Outcome])
    assert said.splitlines()[-1] == (
        f"CLEAR or WATCH without a visible vertebra: 0 of {one.blind} frames; 1 case"
    )
    assert one.method == "black"
    assert one.blind > 0


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--methods", "frozen,blak"], "unknown blinding method 'blak'"),
        (["/no/such/folder"], "no such folder"),
    ],
)
def test_the_script_says_what_is_wrong(
    words: list[str],
    told: str,
    script: ModuleType,
    repository: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(repository)
    monkeypatch.setattr(sys, "argv", ["blinded", *words])
    assert script.main() == 2
    assert told in capsys.readouterr().err


def test_cases_are_spread_over_the_set(script: ModuleType) -> None:
    assert list(script.spread(range(60), 15)) == list(np.arange(0, 60, 4))
    assert list(script.spread(range(2), 5)) == [0, 1]
