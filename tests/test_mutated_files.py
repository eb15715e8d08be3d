"""A few hundred objects damaged by their structure; benchmarks/mutated.py sends ten thousand."""

from __future__ import annotations

import mutated_files
import mutated_sessions
import numpy as np
import pytest
from mutated_sessions import Found
from object_mutants import KINDS, kind_of, object_mutant

SEED = 5


@pytest.mark.parametrize(
    ("way", "count"),
    [("file", 54), ("stored-folder", 36), ("session", 36), ("case", 90), ("deidentify", 54)],
)
def test_damaged_files_are_a_sentence_or_a_picture(way, count):
    found = mutated_files.run(way, count, SEED)
    assert found.failures == []
    assert found.objects == count
    assert found.levels.total() > 0
    # Else the damage is too weak to say anything.
    assert found.lost + found.refused > count // 4


@pytest.mark.parametrize("way", ["folder", "scp"])
def test_objects_damaged_by_structure_come_over_a_live_way_in(way):
    found = mutated_sessions.run(way, 25, SEED, by_structure=True)
    assert found.failures == []
    assert found.objects == 25
    assert found.lost > 6


def test_what_was_clear_once_although_its_rows_were_a_pixel_too_short():
    found = mutated_files.run("file", 1, 3, first=41)
    assert found.failures == []
    assert found.refused == 1


def test_each_kind_changes_something_and_the_same_seed_gives_the_same(tmp_path):
    objects = mutated_files.Objects(tmp_path, SEED)
    changed = dict.fromkeys((kind.__name__ for kind in KINDS), 0)
    for number in range(6 * len(KINDS)):
        whole = objects.whole[mutated_files.syntax_of(number)]
        damaged = object_mutant(whole, whole, number, SEED)
        assert damaged == object_mutant(whole, whole, number, SEED)
        changed[kind_of(number)] += damaged != whole
    assert len(changed) == 19
    assert min(changed.values()) >= 3


def test_a_copy_that_differs_or_names_somebody_is_a_failure(tmp_path, monkeypatch):
    one = mutated_files.deidentified(tmp_path, SEED)
    whole = mutated_files.Objects(tmp_path, SEED).whole[mutated_files.SYNTAXES[0]]

    def not_clean(path, out):
        out.mkdir()
        content = bytearray(path.read_bytes())
        content[-1000:] = np.full(1000, 1, np.uint8).tobytes()
        (out / "a.dcm").write_bytes(content)
        return mutated_files.CopyResult(1, (), 0, 0)

    monkeypatch.setattr(mutated_files, "copy_deidentified", not_clean)
    monkeypatch.setattr(mutated_files.Objects, "damaged", lambda *_: whole)
    found = Found()
    one(0, found)
    assert len(found.failures) == 2
