"""Which rules worked: truth is the table of what each rule needs."""

from __future__ import annotations

from itertools import combinations

import pytest
from handmade import WALL, make_observation

from leakwatch.core.active_rules import SET_UP, Rule, Watch, watch_of, working_rules
from leakwatch.core.results import Reason

ALL = [one for size in range(4) for one in combinations(SET_UP, size)]
HAPPENED = (Reason.MOTION, Reason.STALE, Reason.EXPOSURE, Reason.DECODE, Reason.STAGE_ERROR)


@pytest.mark.parametrize("missing", ALL)
@pytest.mark.parametrize("outlined", [False, True])
def test_each_rule_needs_what_it_needs(missing: tuple[Reason, ...], outlined: bool) -> None:
    seen = make_observation(unavailable=missing, outline_px=WALL if outlined else None)
    rules = set(working_rules(seen))
    assert Rule.TUBE in rules
    assert (Rule.OUTSIDE in rules) == outlined
    assert (Rule.WALL in rules) == (set(missing) <= {Reason.NO_CALIBRATION})
    assert (Rule.MARGIN in rules) == (not missing)
    assert watch_of(seen) is (Watch.PARTLY if missing else Watch.WHOLE)


def test_sides_that_were_found_are_an_outline() -> None:
    assert Rule.OUTSIDE in working_rules(make_observation(found_px=(WALL,)))


@pytest.mark.parametrize("missing", ALL)
@pytest.mark.parametrize("reason", HAPPENED)
def test_what_happens_to_the_picture_is_blindness(
    missing: tuple[Reason, ...], reason: Reason
) -> None:
    seen = make_observation(unavailable=(*missing, reason))
    assert working_rules(seen) == ()
    assert watch_of(seen) is Watch.BLIND


@pytest.mark.parametrize("missing", ALL)
def test_a_frame_that_was_not_compared_is_blind_whatever_it_says(
    missing: tuple[Reason, ...],
) -> None:
    # A C-arm that was turned says `view`, and nothing is watched.
    assert watch_of(make_observation(unavailable=missing, cement=None)) is Watch.BLIND
