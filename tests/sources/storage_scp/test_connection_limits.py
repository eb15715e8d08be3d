"""Who goes when one more comes: told by hand."""

from __future__ import annotations

import pytest

from leakwatch.sources.storage_scp.connection_limits import (
    ConnectionSlot,
    ConnectionSlots,
    HeldConnections,
    Rate,
)


def filled(
    *known: bool, data_s: tuple[float, ...] = ()
) -> tuple[ConnectionSlots, list[ConnectionSlot]]:
    slots = ConnectionSlots(len(known), 1.0)
    those = [
        ConnectionSlot(f"S{index}", is_known, float(index)) for index, is_known in enumerate(known)
    ]
    for slot, at_s in zip(those, data_s, strict=False):
        slot.data_s = at_s
    assert [slots.enter(one) for one in those] == [(True, None)] * len(those)
    return slots, those


def test_the_one_that_was_silent_longest_goes():
    slots, those = filled(False, False, False, data_s=(9.0, 2.0, 8.0))
    new = ConnectionSlot("N", False, 10.0)
    assert slots.enter(new) == (True, those[1])
    assert slots.taken == (those[0], those[2], new)


def test_one_that_never_sent_anything_goes_before_one_that_did():
    slots, those = filled(False, False, False, data_s=(2.0,))
    assert slots.enter(ConnectionSlot("N", False, 10.0)) == (True, those[1])


@pytest.mark.parametrize("known", [False, True])
def test_one_at_work_goes_only_for_one_that_is_known(known):
    slots, those = filled(False, False, data_s=(9.5, 9.6))
    new = ConnectionSlot("N", known, 10.0)
    assert slots.enter(new) == ((True, those[0]) if known else (False, None))


def test_one_that_is_known_never_goes_for_a_stranger():
    slots, those = filled(True, True, data_s=(1.0, 2.0))
    assert slots.enter(ConnectionSlot("N", False, 100.0)) == (False, None)
    assert slots.enter(ConnectionSlot("N", True, 100.0)) == (True, those[0])


def test_strangers_go_before_one_that_is_known():
    slots, those = filled(True, False, data_s=(1.0, 9.9))
    assert slots.enter(ConnectionSlot("N", True, 10.0)) == (True, those[1])


def test_who_left_makes_room():
    slots, those = filled(True, True)
    slots.leave(those[0])
    slots.leave(those[0])
    assert slots.enter(ConnectionSlot("N", False, 10.0)) == (True, None)


def test_a_rate_holds_in_any_second():
    rate = Rate(2)
    moments_s = (0.0, 0.6, 0.9, 1.0, 1.1, 1.59, 1.6, 1.7)
    found = [rate.exceeds(at_s) for at_s in moments_s]
    assert found == [False, False, True, False, True, True, False, True]


class Ending:
    """A connection that notes its end."""

    def __init__(self, ended, number):
        self.ended, self.number = ended, number

    def close(self):
        self.ended.append(self.number)


def test_a_refused_connection_ends_late_so_that_its_peer_comes_back_late():
    ended = []
    held = HeldConnections(3, hold_s=0.5)
    for number in range(3):
        held.hold(Ending(ended, number), 10.0 + 0.1 * number)
    held.release(10.49)
    assert ended == []
    held.release(10.65)
    assert ended == [0, 1]
    held.close()
    assert ended == [0, 1, 2]


def test_a_flood_of_refused_connections_does_not_fill_the_table_of_open_files():
    ended = []
    held = HeldConnections(3, hold_s=0.5)
    for number in range(10):
        held.hold(Ending(ended, number), 10.0)
    assert ended == list(range(7))
