"""Who goes when one more comes: told by hand."""

from __future__ import annotations

import pytest

from leakwatch.sources.storage_scp.connection_limits import Place, Places, Rate


def filled(*known: bool, data_s: tuple[float, ...] = ()) -> tuple[Places, list[Place]]:
    places = Places(len(known), 1.0)
    those = [Place(f"S{index}", is_known, float(index)) for index, is_known in enumerate(known)]
    for place, at_s in zip(those, data_s, strict=False):
        place.data_s = at_s
    assert [places.enter(one) for one in those] == [(True, None)] * len(those)
    return places, those


def test_the_one_that_was_silent_longest_goes():
    places, those = filled(False, False, False, data_s=(9.0, 2.0, 8.0))
    new = Place("N", False, 10.0)
    assert places.enter(new) == (True, those[1])
    assert places.taken == (those[0], those[2], new)


def test_one_that_never_sent_anything_goes_before_one_that_did():
    places, those = filled(False, False, False, data_s=(2.0,))
    assert places.enter(Place("N", False, 10.0)) == (True, those[1])


@pytest.mark.parametrize("known", [False, True])
def test_one_at_work_goes_only_for_one_that_is_known(known):
    places, those = filled(False, False, data_s=(9.5, 9.6))
    new = Place("N", known, 10.0)
    assert places.enter(new) == ((True, those[0]) if known else (False, None))


def test_one_that_is_known_never_goes_for_a_stranger():
    places, those = filled(True, True, data_s=(1.0, 2.0))
    assert places.enter(Place("N", False, 100.0)) == (False, None)
    assert places.enter(Place("N", True, 100.0)) == (True, those[0])


def test_strangers_go_before_one_that_is_known():
    places, those = filled(True, False, data_s=(1.0, 9.9))
    assert places.enter(Place("N", True, 10.0)) == (True, those[1])


def test_who_left_makes_room():
    places, those = filled(True, True)
    places.leave(those[0])
    places.leave(those[0])
    assert places.enter(Place("N", False, 10.0)) == (True, None)


def test_a_rate_holds_in_any_second():
    rate = Rate(2)
    moments_s = (0.0, 0.6, 0.9, 1.0, 1.1, 1.59, 1.6, 1.7)
    found = [rate.is_one_too_many(at_s) for at_s in moments_s]
    assert found == [False, False, True, False, True, True, False, True]
