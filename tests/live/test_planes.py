"""Two planes as one: never calmer than either, whatever they are."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leakwatch.core.results import Level
from leakwatch.display.banner import Banner, off_banner
from leakwatch.display.level_styles import (
    ACKNOWLEDGED_STYLE,
    LEVEL_STYLES,
    OFF_STYLE,
    PARTLY_STYLE,
    PARTLY_WORD,
)
from leakwatch.live.planes import Plane, Role, combine, combined
from leakwatch.live.status import Alarm, DisplayedStatus, DisplayState

# Written here, not taken from the code: how urgent each is.
URGENCY = {Level.CLEAR: 0, Level.WATCH: 1, Level.UNKNOWN: 2, Level.STOP: 3}
SOUND = {Alarm.NONE: 0, Alarm.LOW: 1, Alarm.MEDIUM: 2, Alarm.HIGH: 3}
LEVELS = st.sampled_from(list(Level))


def banner(level, partly=False, flashing=None, reasons=("why",)):
    word = PARTLY_WORD if partly else level.value
    style = PARTLY_STYLE if partly else LEVEL_STYLES[level]
    reasons = () if level is Level.CLEAR else reasons
    stops = level is Level.STOP if flashing is None else flashing
    return Banner(level, word, style, reasons, flashing=stops, partly=partly)


def plane(level, name="A", state=DisplayState.LIVE, alarm=Alarm.NONE, **other):
    partly = other.pop("partly", False)
    now = DisplayedStatus(state, banner(level, partly), (), alarm, 0.1)
    return Plane(name, now, **other)


@st.composite
def planes(draw):
    """Any plane that a session can show: an image that is not live is never CLEAR or WATCH."""
    state = draw(st.sampled_from(list(DisplayState)))
    live = state is DisplayState.LIVE
    level = draw(LEVELS if live else st.sampled_from([Level.UNKNOWN, Level.STOP]))
    partly = live and level is Level.UNKNOWN and draw(st.booleans())
    alarm = Alarm.HIGH if level is Level.STOP else draw(st.sampled_from(list(Alarm)[:3]))
    paused = draw(st.booleans())
    # An acknowledged STOP is at least WATCH in its own plane.
    acknowledged = level is not Level.CLEAR and draw(st.booleans())
    complete = partly and draw(st.booleans())
    made = plane(level, "x", state, alarm, partly=partly, watches_all_but_wall=complete)
    return replace(made, paused=paused, acknowledged=acknowledged)


@given(st.lists(LEVELS, min_size=1, max_size=4))
def test_the_common_level_is_that_of_a_plane_and_calmer_than_none(levels):
    found = combine(*levels)
    assert found in levels
    assert all(URGENCY[found] >= URGENCY[one] for one in levels)


@given(LEVELS, LEVELS, LEVELS)
def test_the_order_of_planes_does_not_matter(one, other, third):
    assert combine(one, other) is combine(other, one)
    assert combine(combine(one, other), third) is combine(one, combine(other, third))
    assert combine(one, one) is one


def test_without_a_plane_nothing_is_known():
    assert combine() is Level.UNKNOWN


@given(planes(), planes())
def test_a_stop_in_any_plane_is_a_stop_that_sounds(one, other):
    found = combined((one, other))
    if Level.STOP in (one.now.level, other.now.level):
        assert (found.level, found.alarm) == (Level.STOP, Alarm.HIGH)
        assert found.banner.flashing


@given(planes(), planes())
def test_clear_needs_a_clear_plane_and_no_unknown_one_that_nobody_paused(one, other):
    found = combined((one, other))
    if found.level is Level.CLEAR:
        assert all(
            plane.paused or plane.now.level is Level.CLEAR or plane.completes
            for plane in (one, other)
        )
        assert Level.CLEAR in (one.now.level, other.now.level)
        assert not any(plane.acknowledged for plane in (one, other) if plane.paused)


@given(planes(), planes())
def test_it_is_calmer_than_no_plane_that_is_on(one, other):
    found = combined((one, other))
    for plane in (one, other):
        if plane.role is Role.ON or plane.now.level in (Level.STOP, Level.WATCH):
            partly = plane.now.banner.partly
            # WATCH displaces PARTLY, which is no blindness.
            least = Level.WATCH if partly and found.level is Level.WATCH else plane.now.level
            if plane.completes and found.level is Level.CLEAR:
                least = Level.CLEAR  # the other one watches the wall
            assert URGENCY[found.level] >= URGENCY[least]
            assert not (found.banner.partly and plane.now.level is Level.UNKNOWN and not partly)
            assert SOUND[found.alarm] >= SOUND[plane.now.alarm]


@given(planes(), planes())
def test_the_planes_are_exchangeable(one, other):
    there, back = combined((one, other)), combined((other, one))
    assert (there.level, there.banner.partly, there.alarm) == (
        back.level,
        back.banner.partly,
        back.alarm,
    )


@given(planes(), planes())
def test_every_plane_that_is_not_clear_is_named(one, other):
    one, other = replace(one, name="first"), replace(other, name="second")
    found = combined((one, other))
    told = " ".join((*found.banner.reasons, *found.banner.warnings))
    for plane in (one, other):
        if plane.now.level is not Level.CLEAR:
            assert plane.name in told


@given(planes(), planes())
def test_if_no_plane_is_on_nothing_is_clear(one, other):
    if one.role is not Role.ON and other.role is not Role.ON:
        unknown = Level.UNKNOWN in (one.now.level, other.now.level)
        assert not (unknown and combined((one, other)).level is Level.CLEAR)


def test_a_plane_that_is_off_leaves_partly_and_no_sound():
    off = plane(Level.UNKNOWN, "B AP", DisplayState.OFF)
    found = combined((plane(Level.CLEAR, "A lateral"), off))
    assert (found.banner.word, found.level) == (PARTLY_WORD, Level.UNKNOWN)
    assert found.banner.reasons == ("B AP: fluoroscopy off, not monitored",)
    assert found.banner.warnings == ("A lateral: CLEAR",)
    assert found.alarm is Alarm.NONE


@pytest.mark.parametrize("level", [Level.WATCH, Level.STOP])
def test_a_plane_that_is_off_does_not_hide_what_the_other_sees(level):
    off = plane(Level.UNKNOWN, "B AP", DisplayState.OFF)
    found = combined((off, plane(level, "A lateral")))
    assert (found.level, found.worse) == (level, 1)
    assert found.banner.reasons == ("A lateral: why",)
    assert found.banner.warnings == ("B AP: fluoroscopy off, not monitored",)


@pytest.mark.parametrize("state", [DisplayState.SILENT, DisplayState.FROZEN, DisplayState.WAITING])
def test_a_plane_that_may_be_off_or_broken_is_unknown(state):
    found = combined((plane(Level.CLEAR), plane(Level.UNKNOWN, "B", state)))
    assert (found.level, found.banner.partly) == (Level.UNKNOWN, False)


def test_off_is_no_word_for_both_planes_while_one_is_on():
    held = plane(Level.UNKNOWN, "B AP", DisplayState.FROZEN)
    held = replace(held, now=replace(held.now, banner=off_banner("held")))
    found = combined((plane(Level.CLEAR, "A lateral"), held))
    assert (found.banner.word, found.banner.reasons) == ("UNKNOWN", ("B AP: held",))
    off = replace(held, now=replace(held.now, state=DisplayState.OFF))
    assert combined((off, off)).banner.word == "OFF"


def calm(name, state, **other):
    shown = plane(Level.UNKNOWN, name, state, **other)
    return replace(shown, now=replace(shown.now, banner=off_banner("why")))


CALM = [DisplayState.WAITING, DisplayState.OFF, DisplayState.FROZEN, DisplayState.ENDED]


@pytest.mark.parametrize("second", CALM)
@pytest.mark.parametrize("first", CALM)
def test_two_planes_that_are_calm_are_calm_together(first, second):
    found = combined((calm("A lateral", first), calm("B AP", second)))
    told = (*found.banner.reasons, *found.banner.warnings)
    assert (found.banner.word, found.banner.style, found.alarm) == ("OFF", OFF_STYLE, Alarm.NONE)
    assert any("A lateral" in one for one in told)
    assert any("B AP" in one for one in told)


@pytest.mark.parametrize("state", CALM)
def test_a_plane_that_waits_beside_a_paused_one_is_calm(state):
    paused = calm("B AP", DisplayState.WAITING, paused=True)
    found = combined((calm("A lateral", state), paused))
    assert found.banner.word == "OFF"


@pytest.mark.parametrize("paused", [False, True])
@pytest.mark.parametrize("state", CALM)
def test_a_calm_plane_never_calms_one_that_may_be_broken(state, paused):
    # If no plane is on, that a person paused it excuses nothing.
    lost = plane(Level.UNKNOWN, "B AP", DisplayState.LOST, Alarm.MEDIUM, paused=paused)
    for planes in ((calm("A lateral", state), lost), (lost, calm("A lateral", state))):
        found = combined(planes)
        excused = paused and state is not DisplayState.OFF
        assert found.banner.word == ("OFF" if excused else "UNKNOWN")


@pytest.mark.parametrize("state", [one for one in DisplayState if one is not DisplayState.LIVE])
def test_a_paused_plane_is_excused_for_what_it_cannot_see(state):
    paused = plane(Level.UNKNOWN, "B AP", state, Alarm.MEDIUM, paused=True)
    found = combined((plane(Level.CLEAR, "A lateral"), paused))
    assert (found.level, found.alarm) == (Level.CLEAR, Alarm.NONE)
    assert found.banner.warnings == ("B AP is paused: not monitored",)


@pytest.mark.parametrize("level", [Level.WATCH, Level.STOP])
def test_a_paused_plane_is_not_excused_for_what_it_sees(level):
    paused = plane(level, "B AP", alarm=Alarm.LOW, paused=True)
    found = combined((plane(Level.CLEAR, "A lateral"), paused))
    assert (found.level, found.banner.reasons) == (level, ("B AP: why",))
    assert found.alarm is Alarm.LOW


@pytest.mark.parametrize("paused", [True, False])
def test_an_acknowledged_stop_is_not_over_while_its_plane_is_off(paused):
    off = plane(Level.UNKNOWN, "B AP", DisplayState.OFF, paused=paused, acknowledged=True)
    found = combined((plane(Level.CLEAR, "A lateral"), off))
    assert (found.level, found.banner.style) == (Level.WATCH, ACKNOWLEDGED_STYLE)


def test_pausing_both_planes_excuses_none():
    both = [plane(Level.UNKNOWN, name, DisplayState.LOST, paused=True) for name in "AB"]
    assert combined(both).level is Level.UNKNOWN


def test_two_stops_name_both_planes():
    found = combined((plane(Level.STOP, "A lateral"), plane(Level.STOP, "B AP")))
    assert found.banner.reasons == ("A lateral: why", "B AP: why")


def test_each_plane_has_its_most_urgent_reason_among_the_first_that_are_shown():
    two = [
        replace(one, now=replace(one.now, banner=banner(Level.STOP, reasons=("1", "2", "3"))))
        for one in (plane(Level.STOP, "A"), plane(Level.STOP, "B"))
    ]
    assert combined(two).banner.reasons == ("A: 1", "B: 1", "A: 2", "B: 2", "A: 3", "B: 3")


def test_blindness_displaces_watch_and_keeps_it_beside_it():
    blind = plane(Level.UNKNOWN, "B AP", DisplayState.LOST, Alarm.MEDIUM)
    found = combined((plane(Level.WATCH, "A lateral"), blind))
    assert (found.level, found.banner.reasons) == (Level.UNKNOWN, ("B AP: why",))
    assert found.banner.warnings == ("A lateral: WATCH – why",)
    assert found.alarm is Alarm.MEDIUM


def test_an_ap_plane_that_lacks_only_the_wall_is_clear_beside_a_clear_lateral():
    lateral = plane(Level.CLEAR, "A lateral")
    ap = plane(Level.UNKNOWN, "B AP", partly=True, watches_all_but_wall=True)
    found = combined((lateral, ap))
    assert (found.level, found.alarm) == (Level.CLEAR, Alarm.NONE)
    assert found.banner.warnings == ("B AP: veins and outline watched, no wall in this view",)
    # Earned by both in this very moment: nothing else makes it CLEAR.
    for first, second in (
        (lateral, replace(ap, watches_all_but_wall=False)),
        (lateral, replace(ap, acknowledged=True)),
        (replace(lateral, paused=True), ap),
        (plane(Level.CLEAR, "A", DisplayState.OFF), ap),
        (plane(Level.UNKNOWN, "A", partly=True), ap),
        (ap, replace(ap, name="A")),
        (plane(Level.WATCH, "A"), ap),
        (plane(Level.STOP, "A"), ap),
        (lateral, replace(ap, now=replace(ap.now, state=DisplayState.OFF))),
    ):
        assert combined((first, second)).level is not Level.CLEAR, (first, second)
