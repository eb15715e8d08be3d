"""What a report shows of every outcome, and the table of the standard suite."""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree as ET

import pytest

from leakwatch.benchmark.report import plots
from leakwatch.benchmark.report.estimates import by_leak, summary, threshold_curve
from leakwatch.benchmark.report.report_file import (
    CaseRow,
    DistanceBin,
    Report,
    ThresholdStops,
    encode_report,
    load_report,
)
from leakwatch.benchmark.report.report_page import outcome_text, page
from leakwatch.benchmark.work.case_work import DONE, FAILED, UNREADABLE
from leakwatch.core.errors import BenchError

HOSTILE = "<script>alert(1)</script>&\"'"


def due(name: str, delay_s: float | None, dose: float, **values: object) -> CaseRow:
    known: dict[str, object] = {
        "leak": "epidural",
        "leak_path": "basivertebral",
        "frames": 90,
        "due": True,
        "due_frame": 40,
        "stop_frame": None if delay_s is None else 40 + round(10 * delay_s),
        "delay_s": delay_s,
        "in_time": delay_s is not None and delay_s <= 1.0,
        "at_risk_s": 4.0,
        "dose": dose,
        "distance_mae_mm": 0.4,
        "thresholds": (
            ThresholdStops(0.5, (), False, 0),
            ThresholdStops(1.0, (41,), True, 0),
            ThresholdStops(2.0, (7, 41), True, 1),
        ),
    }
    return CaseRow(name, DONE, **(known | values))  # type: ignore[arg-type]


ROWS = (
    due("given", 0.2, 3000.0),
    due("late", 1.4, 3000.0),
    due("missed", None, 12000.0),
    due("false", -3.0, 12000.0, false=True, in_time=False),
    CaseRow("quiet", DONE, leak="none", frames=90, at_risk_s=9.0),
    CaseRow("crashed", FAILED, HOSTILE, leak="disc", frames=90, due=True, due_frame=3),
    CaseRow(HOSTILE, UNREADABLE, "no such sequence"),
)


def report(rows: Sequence[CaseRow] = ROWS, detector: str = "leakwatch") -> Report:
    return Report(
        version="9.9",
        program="abc" * 20,
        detector=detector,
        wall_only=False,
        settings={},
        dose_unit="uGy",
        summary=summary(rows),
        by_leak=by_leak(rows),
        thresholds=threshold_curve(rows),
        distances=(
            DistanceBin(-3.0, 4, 1, -0.1, 0.2, 0.4),
            DistanceBin(5.0, 80, 3, -0.3, 0.1, 0.5),
        ),
        cases=tuple(rows),
    )


def texts(svg: str | None) -> list[str]:
    """All words of a drawing, which must be well formed."""
    assert svg is not None
    root = ET.fromstring(svg)
    return [one.text or "" for one in root.iter("{http://www.w3.org/2000/svg}text")]


def test_the_curve_names_each_threshold() -> None:
    found = texts(plots.response_curve(report()))
    assert {"0.5", "1", "2", "STOP sensitivity", "false STOPs per injection"} <= set(found)


def test_delays_show_what_had_none() -> None:
    by_kind = texts(plots.delay_by_leak(report()))
    assert {"epidural: basivertebral", "disc", "given", "missed", "no correct STOP"} <= set(by_kind)
    by_dose = texts(plots.delay_by_dose(report()))
    assert {"3000", "12000", "median", "dose, uGy"} <= set(by_dose)


def test_few_frames_are_marked_as_such() -> None:
    assert "fewer than 10 frames" in texts(plots.distance_error(report()))


def test_curves_without_anything_to_show_are_left_out() -> None:
    empty = report([CaseRow("one", UNREADABLE, "why")])
    assert plots.response_curve(empty) is None
    assert plots.delay_by_leak(empty) is None
    assert plots.delay_by_dose(report([due("one", 0.1, 5.0)])) is None


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("given", "in time"),
        ("late", "late"),
        ("missed", "missed"),
        ("false", "false STOP"),
        ("quiet", "quiet"),
        ("crashed", "failed"),
    ],
)
def test_every_case_has_one_outcome(name: str, word: str) -> None:
    (row,) = [row for row in ROWS if row.name == name]
    assert outcome_text(row) == word


def test_names_and_messages_cannot_become_markup(tmp_path: Path) -> None:
    text = page(report(), tmp_path)
    assert "<script" not in text
    assert "2 cases were not scored" in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text


def test_the_file_holds_the_whole_report(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_bytes(encode_report(report()))
    assert load_report(path) == report()
    told = json.loads(path.read_text())
    assert told["cases"][2]["name"] == "missed"
    path.write_text(json.dumps(told | {"extra": 1}))
    with pytest.raises(BenchError, match="extra"):
        load_report(path)
    path.write_text("{")
    with pytest.raises(BenchError, match="is not JSON"):
        load_report(path)


@pytest.fixture(scope="module")
def suite(repository: Path) -> ModuleType:
    """benchmarks/standard_suite.py."""
    path = repository / "benchmarks" / "standard_suite.py"
    spec = importlib.util.spec_from_file_location("standard_suite", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_the_table_of_the_standard_suite(suite: ModuleType) -> None:
    naive = report([due(row.name, None, 3000.0) for row in ROWS[:4]], "naive")
    ours = report(ROWS[:5])
    text = suite.page(ours, report([*naive.cases, ROWS[4]], "naive"))
    lines = {cells(line)[0]: cells(line) for line in text.splitlines() if line.startswith("|")}
    # One in time of four; the exact interval of none in four.
    assert lines["STOP sensitivity"][1].startswith("0 (0 to 0.60)")
    assert re.fullmatch(r"0\.25 \(.+ to .+\)", lines["STOP sensitivity"][2])
    assert lines["epidural: basivertebral"][1] == "4"
    assert [name for name in ("late", "missed", "false", "quiet") if name in lines] == [
        "late",
        "missed",
        "false",
    ]
    assert "The cement is simulated" in text
    assert "LeakWatch 9.9" in text


def test_two_sets_that_differ_are_not_put_side_by_side(suite: ModuleType) -> None:
    with pytest.raises(BenchError, match="not of the same cases"):
        suite.page(report(ROWS[:5]), report(ROWS[:4], "naive"))
