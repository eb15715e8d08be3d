"""The table of `analyze`: a NumPy record array, and a frame of pandas where that is there."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from arrays import HALF_MM_PER_PX, half_size

import leakwatch


@pytest.fixture(scope="module")
def table() -> leakwatch.ResultTable:
    sample = half_size()
    return leakwatch.analyze(
        sample.images[:24],
        fps=7.5,
        mm_per_px=HALF_MM_PER_PX,
        marks=leakwatch.make_marks(sample.marks.posterior_wall_px, anterior="right"),
        bits_stored=12,
    )


def test_it_is_a_record_array_that_keeps_its_notes(table: leakwatch.ResultTable) -> None:
    assert isinstance(table, np.recarray)
    unknown = table[table.level == "UNKNOWN"]
    assert 0 < len(unknown) < len(table)
    assert unknown.notes == table.notes
    assert any(note.startswith("baseline: assumed") for note in table.notes)
    assert table[["time_s", "level"]].dtype.names == ("time_s", "level")
    assert table[20].level == "CLEAR"
    assert table.frame.tolist() == list(range(24))


def test_what_is_not_known_is_no_number(table: leakwatch.ResultTable) -> None:
    assert np.isnan(table.distance_mm[0])
    assert table.reason[0] == "exposure"
    assert table.why[0] == "acquiring the baseline: frame 1 of 3"


def test_pandas_gets_every_column(
    table: leakwatch.ResultTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    pandas = ModuleType("pandas")
    pandas.DataFrame = dict  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "pandas", pandas)
    found: Any = table.to_pandas()
    assert tuple(found) == table.dtype.names
    np.testing.assert_array_equal(found["level"], table.level)


def test_without_pandas_it_is_said_what_to_do(
    table: leakwatch.ResultTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match="pip install pandas") as raised:
        table.to_pandas()
    assert isinstance(raised.value, leakwatch.LeakWatchError)
