"""Decision times: their ratios are of what was timed, and floor and decision are timed in turn."""

from __future__ import annotations

from pathlib import Path

import pytest
from loaded_module import load_module

from leakwatch.benchmark.latency import Latency, measure
from leakwatch.config import Settings

TIMED = Latency(512, (6.0, 8.0, 10.0, 8.0, 16.0), (2.0, 1.0, 2.0, 3.0, 2.0), {"cement": 4.5})


def test_ratios_are_to_the_median() -> None:
    assert (TIMED.floor_ms, TIMED.p50_ms, TIMED.p50, TIMED.largest_share) == (2.0, 8.0, 4.0, 2.0)
    assert TIMED.p99_ms == pytest.approx(15.76)
    assert TIMED.p99 == pytest.approx(15.76 / 2.0)


def test_times_are_printed_for_each_size_and_stage(capsys: pytest.CaptureFixture[str]) -> None:
    larger = Latency(1024, (20.0,), (8.0,), {"cement": 9.0, "vessels": 0.5})
    load_module("benchmarks/figures.py").print_times([TIMED, larger])
    lines = capsys.readouterr().out.splitlines()
    assert "| 512 x 512 | 2.00 | 8.0 | 15.8 | 4.0 | 7.9 | 1.97 | 2.00 |" in lines
    assert "| 1024 x 1024 | 8.00 | 20.0 | 20.0 | 2.5 | 2.5 | 1.00 | 1.00 |" in lines
    assert "| stage | ms at 512 | ms at 1024 |" in lines
    assert "| cement | 4.50 | 9.00 |" in lines
    assert "| vessels | 0.00 | 0.50 |" in lines


def test_each_frame_has_a_floor_and_a_decision(shared: Path) -> None:
    found = measure(shared / "cases" / "anterior-vein.case.json", Settings(), side_px=128)
    assert len(found.times_ms) == len(found.floors_ms) > 100
    assert min(*found.times_ms, *found.floors_ms) > 0.0
    assert {"preprocessing", "registration", "alerting"} <= set(found.stages_ms)
