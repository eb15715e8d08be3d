"""What is said of every frame of the golden cases is what it was: see README.md beside this."""

from __future__ import annotations

from pathlib import Path

import pytest
from golden_cases import NAMES, SHARED, GoldenCases, shared_snapshots
from golden_lines import RUNS, TOLERANCES, differences, golden_line, read_lines

SHOWN = 12  # differences of a case: the first tell where it began


@pytest.fixture(scope="module")
def golden(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> GoldenCases:
    return GoldenCases(repository, tmp_path_factory.mktemp("golden"))


def _check(name: str, found: list[dict[str, object]]) -> None:
    told = list(differences(name, read_lines(name), found))
    more = len(told) - SHOWN
    said = told[:SHOWN] + ([f"and {more} more"] if more > 0 else [])
    assert not told, "\n".join(["this case reads otherwise than it did:", *said])


@pytest.mark.parametrize("name", NAMES)
def test_a_case_reads_as_it_did(name: str, golden: GoldenCases) -> None:
    _check(name, [golden_line(one) for one in golden.snapshots(name)])


@pytest.mark.parametrize("name", SHARED)
def test_a_shared_case_reads_as_it_did(name: str, shared: Path) -> None:
    _check(f"shared-{name}", [golden_line(one) for one in shared_snapshots(shared, name)])


def test_every_stored_run_is_compared() -> None:
    stored = {path.stem for path in RUNS.glob("*.jsonl")}
    assert stored == {*NAMES, *(f"shared-{name}" for name in SHARED)}


def test_the_cases_reach_what_can_be_told() -> None:
    """Each level, and every reason that pictures alone can raise, is in some stored line."""
    lines = [line for name in NAMES for line in read_lines(name)]
    assert {line["level"] for line in lines} == {"CLEAR", "WATCH", "STOP", "UNKNOWN"}
    reasons = {reason for line in lines for reason in line.get("reasons", [])}
    assert {"posterior_margin", "tubular_filling", "outside_body", "predicted_breach"} <= reasons
    assert {"no_wall", "view", "exposure", "stale", "no_calibration"} <= reasons
    assert set().union(*lines) == set(TOLERANCES)


@pytest.mark.parametrize(
    ("field", "changed"),
    [("level", "CLEAR"), ("distance_mm", 9.0), ("front_px", [1.0, 2.0]), ("reasons", None)],
)
def test_a_difference_names_case_frame_field_and_tolerance(field: str, changed: object) -> None:
    lines = read_lines("basivertebral-vein")
    at = next(i for i, line in enumerate(lines) if line["level"] == "STOP")
    other = [dict(line) for line in lines]
    if changed is None:
        del other[at][field]
    else:
        other[at][field] = changed
    (told,) = differences("some-case", lines, other)
    where = f"some-case, frame {lines[at]['frame']}, {field}: "
    assert told.startswith(f"{where}wanted {lines[at][field]}, found {changed}, tolerance ")


def test_a_line_too_few_and_one_too_many_are_told() -> None:
    lines = read_lines("basivertebral-vein")
    assert list(differences("a", lines, lines[:-1])) == [f"a, line {len(lines) - 1}: no line"]
    (told,) = differences("a", lines[:-1], lines)
    assert told == f"a, line {len(lines) - 1}: one line too many"


def test_what_is_within_its_tolerance_passes() -> None:
    wanted = {"frame": 3, "distance_mm": 4.0, "front_px": [20.0, 30.0]}
    near = {"frame": 3, "distance_mm": 4.05, "front_px": [20.4, 29.6]}
    assert list(differences("a", [wanted], [near])) == []
    assert len(list(differences("a", [wanted], [near | {"distance_mm": 4.06}]))) == 1
