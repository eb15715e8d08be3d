"""Scores: truth and lines small enough to be counted by hand."""

from __future__ import annotations

import pytest

from leakwatch.bench.metrics import due_frame, score, score_stop
from leakwatch.case import FrameRecord
from leakwatch.model import Level, Reason, Truth, TruthFrame

DISTANCES_MM = (None, 12.0, 9.0, 7.0, 6.4, 5.5, 4.9, 4.0)


def truth(breach: int | None = 6, leak: int | None = None) -> Truth:
    frames = tuple(
        TruthFrame(0.1 * i, 1.0 * i, -0.5 * i, distance, 0.0, 10.0 * i)
        for i, distance in enumerate(DISTANCES_MM)
    )
    return Truth(4.0, 0.5, "near", breach, leak, frames)


def records(stop_from: int | None, error_mm: float = 0.0, **changes: object) -> list[FrameRecord]:
    lines = []
    for i, distance in enumerate(DISTANCES_MM):
        stopped = stop_from is not None and i >= stop_from
        values = {
            "frame": i,
            "time_s": i / 4.0,
            "level": Level.STOP if stopped else Level.CLEAR,
            "reasons": (Reason.POSTERIOR_MARGIN,) if stopped else (),
            "distance_mm": None if distance is None else distance + error_mm,
            "distance_sigma_mm": None if distance is None else 0.5,
            "area_mm2": 9.0 * i,
            "volume_ml": None,
            "tubular_length_mm": 0.0,
            "shift_px": (1.0 * i, -0.5 * i),
            "quality": {},
            "latency_ms": 0.0,
        }
        lines.append(FrameRecord(**(values | changes)))  # type: ignore[arg-type]
    return lines


@pytest.mark.parametrize(
    ("stop_from", "delay_s", "false", "in_time"),
    [
        (6, 0.0, False, True),
        (7, 0.25, False, True),
        (4, -0.5, False, True),  # truth is within 6.5 mm
        (3, -0.75, True, False),
        (None, None, False, False),
    ],
)
def test_a_stop_is_due_given_late_or_false(
    stop_from: int | None, delay_s: float | None, false: bool, in_time: bool
) -> None:
    one = score_stop(truth(), records(stop_from))
    assert (one.due_frame, one.stop_frame) == (6, stop_from)
    assert (one.delay_s, one.false, one.given_in_time) == (delay_s, false, in_time)


def test_more_than_a_second_late_is_not_in_time() -> None:
    assert not score_stop(truth(breach=2), records(7)).given_in_time
    assert score_stop(truth(breach=3), records(7)).given_in_time


def test_due_is_the_first_of_breach_and_visible_leak() -> None:
    assert due_frame(truth(6, 5)) == 5
    assert due_frame(truth(None, 5)) == 5
    assert due_frame(truth(None, None)) is None


def test_a_stop_where_none_is_due_is_false_unless_truth_is_near() -> None:
    assert score_stop(truth(None), records(2)).false
    assert not score_stop(truth(None), records(5)).false


def test_errors_of_distance_area_and_shift() -> None:
    one = score(truth(), records(6, error_mm=0.3))
    assert one.distance_mean_mm == pytest.approx(0.3)
    assert one.distance_bias_mm == pytest.approx(0.3)
    assert one.sigma_cover == 1.0
    assert one.area_ratio == pytest.approx(0.9)
    assert one.shift_p95_mm == pytest.approx(0.0)
    assert one.unknown_share == 0.0
    far = score(truth(), records(6, error_mm=-0.6))
    assert (far.distance_bias_mm, far.sigma_cover) == (pytest.approx(-0.6), 0.0)


def test_shift_counts_from_the_marks_frame_and_in_mm() -> None:
    one = score(truth(), records(6, shift_px=(3.0, 4.0)), reference_frame=0)
    # Lengths of (3 - i, 4 + i / 2) px; the largest are those of the last frames.
    lengths = sorted(((3 - i) ** 2 + (4 + 0.5 * i) ** 2) ** 0.5 for i in range(8))
    assert one.shift_p95_mm == pytest.approx(0.5 * (lengths[6] + 0.65 * (lengths[7] - lengths[6])))


def test_what_was_never_measured_has_no_score() -> None:
    one = score(truth(), records(None, distance_mm=None, area_mm2=None, shift_px=None))
    assert (one.distance_mean_mm, one.sigma_cover, one.area_ratio, one.shift_p95_mm) == (None,) * 4


def test_missing_lines_are_refused() -> None:
    with pytest.raises(ValueError, match="7 lines for 8 frames"):
        score(truth(), records(6)[:-1])
