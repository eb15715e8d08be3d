"""A C-arm beside strangers on its port: a short form of benchmarks/attacked.py."""

from __future__ import annotations

from pathlib import Path

import pytest
from attacked_sessions import ATTACKS, attacked_room

SECONDS = 1.2
MOST_MB = 600.0

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="resident memory is not told by this system"
)


def test_the_pictures_of_the_c_arm_are_decided_on_beside_any_stranger(record_property):
    with attacked_room() as attacked:
        for name in ATTACKS:
            found = attacked(name, SECONDS)
            record_property(name, f"p99 {found.p99_ms:.0f} ms, still {found.still_ms:.0f} ms")
            assert found.sent > 5
            assert found.refused == 0, (name, found)
            assert found.lost == 0, (name, found)
            # A loaded machine may leave pictures out for newer ones; it counts them.
            assert found.decided + found.dropped == found.sent, (name, found)
            assert found.decided > found.sent // 2, (name, found)
            # What is not analysed takes no time: nothing would be known of the latency.
            assert found.repeated == 0, (name, found)
            assert found.resident_mb < MOST_MB, (name, found)
