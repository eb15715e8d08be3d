"""Scores: truth and lines small enough to be counted by hand."""

from __future__ import annotations

import msgspec
import pytest

from leakwatch.benchmark.cases.case_truth import CaseTruth, case_truth
from leakwatch.benchmark.metrics.metrics import classify_stop, score, score_stop
from leakwatch.case_files.run_records import FrameRecord
from leakwatch.case_files.truth_file import due_frame
from leakwatch.core.results import Level, Reason
from leakwatch.core.truth import Truth, TruthFrame

DISTANCES_MM = (None, 12.0, 9.0, 7.0, 6.4, 5.5, 4.9, 4.0)


def truth_file(breach: int | None = 6, leak: int | None = None) -> Truth:
    frames = tuple(
        TruthFrame(0.1 * i, 1.0 * i, -0.5 * i, distance, 0.0, 10.0 * i)
        for i, distance in enumerate(DISTANCES_MM)
    )
    return Truth(4.0, 0.5, "near", breach, leak, frames)


def truth(breach: int | None = 6, leak: int | None = None) -> CaseTruth:
    return case_truth(truth_file(breach, leak))


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
    assert due_frame(truth_file(6, 5)) == 5
    assert due_frame(truth_file(None, 5)) == 5
    assert due_frame(truth_file(None, None)) is None


def test_a_stop_where_none_is_due_is_false_unless_truth_is_near() -> None:
    assert score_stop(truth(None), records(2)).false
    assert not score_stop(truth(None), records(5)).false


def test_errors_of_distance_area_and_shift() -> None:
    one = score(truth(), records(6, error_mm=0.3))
    assert one.distance_mae_mm == pytest.approx(0.3)
    assert one.distance_bias_mm == pytest.approx(0.3)
    assert one.within_1_sigma == 1.0
    assert one.area_ratio == pytest.approx(0.9)
    assert one.shift_p95_mm == pytest.approx(0.0)
    assert one.unknown_share == 0.0
    far = score(truth(), records(6, error_mm=-0.6))
    assert (far.distance_bias_mm, far.within_1_sigma) == (pytest.approx(-0.6), 0.0)


def test_shift_counts_from_the_marks_frame_and_in_mm() -> None:
    one = score(truth(), records(6, shift_px=(3.0, 4.0)), reference_frame=0)
    # Lengths of (3 - i, 4 + i / 2) px; the largest are those of the last frames.
    lengths = sorted(((3 - i) ** 2 + (4 + 0.5 * i) ** 2) ** 0.5 for i in range(8))
    assert one.shift_p95_mm == pytest.approx(0.5 * (lengths[6] + 0.65 * (lengths[7] - lengths[6])))


def test_what_was_never_measured_has_no_score() -> None:
    one = score(truth(), records(None, distance_mm=None, area_mm2=None, shift_px=None))
    assert (one.distance_mae_mm, one.within_1_sigma) == (None, None)
    assert (one.area_ratio, one.shift_p95_mm) == (None, None)


def test_missing_lines_are_refused() -> None:
    with pytest.raises(ValueError, match="7 lines for 8 frames"):
        score(truth(), records(6)[:-1])
    with pytest.raises(ValueError, match="line 1 is of frame 9, not of 0"):
        score(truth(), [*records(6, frame=9)[:1], *records(6)[1:]])


def test_delay_in_frames_and_in_ml() -> None:
    late = score_stop(truth(breach=4), records(7))
    assert (late.delay_frames, late.delay_s, late.delay_ml) == (3, 0.75, pytest.approx(0.3))
    never = score_stop(truth(breach=4), records(None))
    assert (never.delay_frames, never.delay_ml) == (None, None)


@pytest.mark.parametrize(
    ("stop", "at_risk_frames"),
    [(None, 4), (6, 4), (2, 2)],  # from frame 4 on, within 6.5 mm, a STOP is right
)
def test_time_at_risk_ends_with_the_stop_or_when_it_is_right(
    stop: int | None, at_risk_frames: int
) -> None:
    assert classify_stop(truth(), stop).at_risk_s == at_risk_frames / 4.0


def test_spread_coverage_and_what_was_seen() -> None:
    # Errors of 0.3 mm with sigma 0.5; in the last frame 0.8 mm; in one frame no distance.
    lines = records(6, error_mm=0.3)
    lines[-1] = records(6, error_mm=0.8)[-1]
    lines[2] = records(6, distance_mm=None, distance_sigma_mm=None)[2]
    one = score(truth(), lines)
    # Six errors: 0.3 five times, then 0.8; the 95th percentile is at position 4.75 of 0 to 5.
    assert one.distance_p95_mm == pytest.approx(0.3 + 0.75 * 0.5)
    assert one.within_1_sigma == pytest.approx(5 / 6)
    assert one.within_2_sigma == 1.0
    assert one.distance_seen_share == pytest.approx(6 / 7)


def test_a_sigma_that_is_not_told_covers_nothing_and_is_not_counted() -> None:
    one = score(truth(), records(6, error_mm=0.3, distance_sigma_mm=None))
    assert (one.within_1_sigma, one.within_2_sigma) == (None, None)
    assert one.distance_mae_mm == pytest.approx(0.3)


def test_volume_against_what_was_injected_from_a_fifth_on() -> None:
    lines = records(6, volume_ml=0.5)
    one = score(truth(), lines)
    # Injected: 0, 0.1, ... 0.7; a fifth of it is 0.14, so that frames 2 to 7 count.
    ratios = sorted(0.5 / (0.1 * i) for i in range(2, 8))
    assert one.volume_ratio == pytest.approx((ratios[2] + ratios[3]) / 2)
    errors = sorted(abs(ratio - 1) for ratio in ratios)
    assert one.volume_error == pytest.approx((errors[2] + errors[3]) / 2)


def test_a_wrong_guess_of_the_opacity_is_told_from_a_wrong_growth() -> None:
    true = truth().injected_ml
    assert true is not None
    lines = records(6)
    twice = [msgspec.structs.replace(one, volume_ml=2.0 * true[one.frame]) for one in lines]
    one = score(truth(), twice)
    assert (one.volume_ratio, one.volume_error) == pytest.approx((2.0, 1.0))
    assert one.volume_form_error == pytest.approx(0.0, abs=1e-12)
    # The same volume all the time: six ratios, as in the test before, about their own median.
    still = score(truth(), records(6, volume_ml=0.5))
    ratios = sorted(0.5 / (0.1 * i) for i in range(2, 8))
    middle = (ratios[2] + ratios[3]) / 2
    errors = sorted(abs(ratio / middle - 1) for ratio in ratios)
    assert still.volume_form_error == pytest.approx((errors[2] + errors[3]) / 2)
    assert score(truth(), records(6, volume_ml=0.0)).volume_form_error is None


def test_latency_is_unknown_where_no_line_tells_it() -> None:
    assert score(truth(), records(6)).latency_p50_ms is None
    one = score(truth(), records(6, latency_ms=7.0))
    assert (one.latency_p50_ms, one.latency_p99_ms) == (7.0, 7.0)


def test_labels_alone_are_enough_to_judge_a_stop() -> None:
    labels = CaseTruth("epidural", 4.0, 8, due_frame=5, right_from=1)
    one = score(labels, records(6))
    assert (one.stop.delay_s, one.stop.delay_ml, one.stop.false) == (0.25, None, False)
    assert (one.distance_mae_mm, one.area_error, one.volume_error) == (None, None, None)
    assert (one.shift_p95_mm, one.distance_seen_share) == (None, None)
