"""Which rules worked: truth is the table of what each rule needs."""

from __future__ import annotations

from itertools import combinations

import pytest
from handmade import WALL, make_observation

from leakwatch.core.active_rules import SET_UP, Coverage, Rule, coverage_of, find_active_rules
from leakwatch.core.results import Reason

ALL = [one for size in range(4) for one in combinations(SET_UP, size)]
HAPPENED = (Reason.MOTION, Reason.STALE, Reason.EXPOSURE, Reason.DECODE, Reason.STAGE_ERROR)


@pytest.mark.parametrize("missing", ALL)
@pytest.mark.parametrize("outlined", [False, True])
def test_each_rule_needs_what_it_needs(missing: tuple[Reason, ...], outlined: bool) -> None:
    seen = make_observation(unavailable=missing, outline_px=WALL if outlined else None)
    rules = set(find_active_rules(seen))
    assert Rule.TUBE in rules
    assert (Rule.OUTSIDE in rules) == outlined
    assert (Rule.WALL in rules) == (set(missing) <= {Reason.NO_CALIBRATION})
    assert (Rule.MARGIN in rules) == (not missing)
    assert coverage_of(seen) is (Coverage.PARTLY if missing else Coverage.FULL)


def test_sides_that_were_found_are_an_outline() -> None:
    assert Rule.OUTSIDE in find_active_rules(make_observation(found_px=(WALL,)))


@pytest.mark.parametrize("missing", ALL)
@pytest.mark.parametrize("reason", HAPPENED)
def test_what_happens_to_the_picture_is_blindness(
    missing: tuple[Reason, ...], reason: Reason
) -> None:
    seen = make_observation(unavailable=(*missing, reason))
    assert find_active_rules(seen) == ()
    assert coverage_of(seen) is Coverage.NONE


@pytest.mark.parametrize("missing", ALL)
def test_a_frame_that_was_not_compared_is_blind_whatever_it_says(
    missing: tuple[Reason, ...],
) -> None:
    # A C-arm that was turned says `view`, and nothing is watched.
    assert coverage_of(make_observation(unavailable=missing, cement=None)) is Coverage.NONE
