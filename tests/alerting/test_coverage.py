"""What the end of a run says of what was watched: truth is how the frames were made."""

from __future__ import annotations

import pytest
from handmade import WALL, make_observation
from hypothesis import given
from hypothesis import strategies as st

from leakwatch.alerting.coverage import (
    EMPTY_SUMMARY,
    RunSummary,
    add_frame,
    add_written_frame,
    is_short,
    no_stop_text,
    summary_lines,
)
from leakwatch.config import Settings
from leakwatch.core.active_rules import Rule
from leakwatch.core.results import Observation, Quality, Reason

SETTINGS = Settings()
WHOLE = make_observation(outline_px=WALL)
LEARNING = make_observation(
    cement=None,
    unavailable=(Reason.EXPOSURE,),
    quality=Quality(registration_score=1.0, baseline_frames=1),
)


def blind(*reasons: Reason) -> Observation:
    return make_observation(unavailable=reasons, cement=None)


def tally_of(*frames: Observation) -> RunSummary:
    tally = EMPTY_SUMMARY
    for one in frames:
        tally = add_frame(tally, one, SETTINGS)
    return tally


def test_a_run_that_was_watched_says_nothing_more() -> None:
    tally = tally_of(*[LEARNING] * 2, *[WHOLE] * 18, *[blind(Reason.MOTION)] * 2)
    assert (tally.frames, tally.acquiring, tally.later, tally.not_assessed) == (22, 2, 20, 2)
    assert summary_lines(tally, SETTINGS) == ()
    assert no_stop_text(()) == "no STOP"
    assert summary_lines(EMPTY_SUMMARY, SETTINGS) == ()


def test_more_than_a_tenth_is_said_with_the_largest_cause_first() -> None:
    frames = [WHOLE] * 10 + [blind(Reason.MOTION)] * 2 + [blind(Reason.EXPOSURE)] * 5
    (line,) = summary_lines(tally_of(*frames), SETTINGS)
    assert line.startswith("NOT ASSESSED: 7 of 17 frames: 5 the exposure changed")
    assert line.index("exposure") < line.index("motion")
    assert "Open the collimator" in line


def test_a_rule_that_was_off_is_said_with_its_frames_its_cause_and_what_to_do() -> None:
    frames = [make_observation(unavailable=(Reason.NO_CALIBRATION,), outline_px=WALL)] * 30
    (line,) = summary_lines(tally_of(*[LEARNING] * 2, *frames), SETTINGS)
    assert line.startswith("NOT MONITORED: the margin of 5 mm, in 30 of 30 frames: not calibrated.")
    assert "mm_per_px" in line
    assert "no STOP from what was monitored" in no_stop_text((line,))


def test_causes_come_by_their_size() -> None:
    no_wall = make_observation(unavailable=(Reason.NO_WALL,), outline_px=WALL)
    tally = tally_of(*[blind(Reason.MOTION)] * 20, *[no_wall] * 30, *[make_observation()] * 10)
    lines = summary_lines(tally, SETTINGS)
    assert [one.split(":")[0] for one in lines] == [
        "NOT MONITORED",
        "NOT ASSESSED",
        "NOT MONITORED",
    ]
    assert "the margin of 5 mm and the posterior wall, in 30 of 60" in lines[0]
    assert "cement outside the body, in 10 of 60" in lines[2]


def test_what_happened_is_counted_before_what_was_not_set_up() -> None:
    tally = tally_of(blind(Reason.VIEW, Reason.EXPOSURE), blind(Reason.VIEW))
    assert dict(tally.not_assessed_by_reason) == {Reason.EXPOSURE: 1, Reason.VIEW: 1}


def test_a_run_that_ends_while_it_learns_was_not_watched() -> None:
    (line,) = summary_lines(tally_of(LEARNING, LEARNING), SETTINGS)
    assert "all of 2 frames" in line


reasons = st.lists(st.sampled_from([*Reason][4:]), unique=True).map(tuple)
frames = st.tuples(st.lists(st.sampled_from(list(Rule)), unique=True), reasons, st.booleans())


@given(st.lists(frames, max_size=40))
def test_every_frame_is_counted_once_and_silence_means_watched(
    run: list[tuple[list[Rule], tuple[Reason, ...], bool]],
) -> None:
    tally = EMPTY_SUMMARY
    for working, missing, learning in run:
        tally = add_written_frame(tally, working, missing, learning)
    watched = [one for one in run if one[0]]
    assert tally.frames == len(run)
    assert tally.acquiring + tally.not_assessed + len(watched) == len(run)
    if run and not is_short(tally, SETTINGS):
        assert all(set(working) == set(Rule) for working, _, _ in watched)
        assert tally.not_assessed <= 0.1 * tally.later
    assert bool(summary_lines(tally, SETTINGS)) == is_short(tally, SETTINGS)


@pytest.mark.parametrize("reason", [*Reason][4:])
def test_every_reason_has_a_cause_and_something_to_do(reason: Reason) -> None:
    (line,) = summary_lines(tally_of(*[blind(reason)] * 3), SETTINGS)
    assert "3 of 3" in line
    assert line.count(".") >= 1
