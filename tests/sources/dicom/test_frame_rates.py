"""The rate of a run, and which tags contradict each other about it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leakwatch.sources.dicom.frame_rates import (
    DeclaredRate,
    contradictions,
    steps_of,
    usual_interval_s,
)


@pytest.mark.parametrize(
    ("steps_s", "interval_s"),
    [
        ([], 0.0),
        ([0.125], 0.125),
        ([0.1, 10.0], 0.1),  # a pause between three frames
        ([0.12, 0.14, 0.13, 4.0, 0.13, 0.26], 0.13),
        ([0.0, 0.0, 0.0], 0.0),
    ],
)
def test_usual_interval(steps_s: list[float], interval_s: float) -> None:
    assert usual_interval_s(steps_s) == pytest.approx(interval_s)


@given(st.lists(st.floats(-1e6, 1e6), max_size=8))
def test_any_steps_have_a_usual_one(steps_s: list[float]) -> None:
    found = usual_interval_s(steps_s)
    assert min(steps_s, default=0.0) - 1e-6 <= found <= max(steps_s, default=0.0) + 1e-6


def test_steps() -> None:
    assert steps_of([0.0, 0.5, 2.0]) == [0.5, 1.5]
    assert steps_of([0.0]) == []


@pytest.mark.parametrize(
    ("one", "other", "differ"),
    [
        (DeclaredRate("A", 1 / 7.5), DeclaredRate("B", 1 / 8, rounded=True), False),
        (DeclaredRate("A", 1 / 7.5), DeclaredRate("B", 1 / 7, rounded=True), False),
        (DeclaredRate("A", 1 / 7.5), DeclaredRate("B", 1 / 15, rounded=True), True),
        (DeclaredRate("A", 0.0333), DeclaredRate("B", 1 / 30), False),
        (DeclaredRate("A", 1 / 7.5), DeclaredRate("B", 1 / 8), True),
        (DeclaredRate("A", 0.0), DeclaredRate("B", 1 / 8), False),  # a single frame
        (DeclaredRate("A", 1 / 8), DeclaredRate("B", -1.0), False),
    ],
)
def test_contradictions(one: DeclaredRate, other: DeclaredRate, differ: bool) -> None:
    said = contradictions(one, [other])
    assert len(said) == differ
    assert all("A is followed" in text and text.startswith("B says") for text in said)
