"""A few damaged objects through every way in; benchmarks/mutated.py sends ten thousand."""

from __future__ import annotations

from dataclasses import dataclass

import mutated_sessions
import numpy as np
import pytest
from mutants import mutant

from leakwatch.sources.video.video_capture import open_file

pytest.importorskip("pyigtl", reason="the extra `igtl` is not installed")
SEED = 4


@pytest.mark.parametrize(
    ("kind", "count"),
    [("folder", 50), ("scp", 25), ("dicomweb", 25), ("igtl", 12), ("replay", 20), ("video", 20)],
)
def test_damaged_objects_crash_nothing_hang_nothing_and_are_never_clear(kind, count):
    found = mutated_sessions.run(kind, count, SEED)
    assert found.failures == []
    assert found.objects == count
    # Else the damage is too weak to say anything.
    assert found.lost + found.refused > count // 4


@pytest.mark.parametrize(("kind", "number"), [("video", 3316), ("video", 6320), ("replay", 1487)])
def test_what_was_clear_once_although_half_of_it_was_too_dark_or_torn(kind, number):
    found = mutated_sessions.run(kind, 1, 1, first=number)
    assert found.failures == []
    assert found.number == number
    assert found.levels["UNKNOWN"] + found.lost > 2  # the first two learn


def test_a_damaged_video_is_decoded_alike_each_time(tmp_path):
    number = 6690  # a key picture of MPEG-4 whose rest is concealed
    path, _, _ = mutated_sessions._played_file("video", number, tmp_path)
    path.write_bytes(mutant(path.read_bytes(), [1, number], 0))

    def pictures():
        capture = open_file(path)
        found = []
        while (picture := capture.read()) is not None:
            found.append(picture)
        capture.close()
        return np.stack(found)

    first = pictures()
    assert len(first) == 6
    for _ in range(30):
        np.testing.assert_array_equal(pictures(), first)


def test_the_witness_knows_a_picture_that_is_none():
    good = mutated_sessions.CALM
    witness = mutated_sessions.Witness(good, mutated_sessions.Found())
    assert witness.differs(good[3]) == 0.0
    torn = good[3].copy()
    torn[100:, :] = torn[100:, ::-1]
    assert witness.differs(torn) > mutated_sessions.MOST_DIFFERENT


def test_the_witness_knows_what_a_person_marked_after_it_moved():
    """A file that shows the anatomy turned round is marked as it is shown."""
    turned = [np.ascontiguousarray(one[::-1, ::-1]) for one in mutated_sessions.CALM[:2]]
    witness = mutated_sessions.Witness(mutated_sessions.CALM, mutated_sessions.Found(), True)
    moved = np.roll(turned[1], 7, axis=1)
    assert not witness.is_good(Shown(moved))
    witness.pictures.append(turned[0].astype(np.float32))
    witness.known.append(mutated_sessions.logs(turned[0]))
    assert witness.is_good(Shown(moved))


@dataclass
class Shown:
    """What the witness asks of a frame."""

    pixels: np.ndarray
