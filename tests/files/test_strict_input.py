"""Messages about a file written by a user: which key, what was found, what to do."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
import pytest
from msgspec import Meta

from leakwatch.files.strict_input import explain


class Inner(msgspec.Struct, forbid_unknown_fields=True):
    width_mm: Annotated[float, Meta(gt=0)]


class Document(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    parts: list[Inner] = []
    pairs: list[tuple[int, int]] = []


HINTS = {"name": "Give a name.", "parts": "Give widths in millimetres."}


def message(found: Any) -> str:
    """What `explain` says of `found`."""
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.convert(found, Document)
    return explain(caught.value, found, Document, HINTS)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ({}, "key name is missing. Give a name."),
        (
            {"name": "a", "part": []},
            "key part is not known. Did you mean parts? Known keys: name, parts, pairs.",
        ),
        (
            {"name": "a", "zzz": []},
            "key zzz is not known. Remove it. Known keys: name, parts, pairs.",
        ),
        ({"name": 3}, "key name: expected str, got int; found 3. Give a name."),
        (
            {"name": None},
            "key name: expected str, got null; found null. "
            "Leave the key out if its value is unknown. Give a name.",
        ),
        (
            {"name": "a", "parts": [{"width_mm": 1.0}, {"width_mm": -1.0}]},
            "key parts[1].width_mm: expected float > 0.0; found -1.0. Give widths in millimetres.",
        ),
        ({"name": "a", "parts": [{}]}, "key width_mm is missing in parts[0]. Add it."),
        (
            {"name": "a", "parts": [{"width_mm": 1.0, "b": 2}]},
            "key b is not known in parts[0]. Remove it.",
        ),
        (
            {"name": "a", "pairs": [[1, 2], [3, 0.5]]},
            "key pairs[1][1]: expected int, got float; found 0.5. Correct it.",
        ),
        ([1], "the file: expected object, got array; found [1]. Correct it."),
    ],
)
def test_message(found: Any, expected: str) -> None:
    assert message(found) == expected


def test_long_values_are_cut() -> None:
    said = message({"name": list(range(1000))})
    assert said.endswith("... Give a name.")
    assert len(said) < 130


def test_values_that_json_does_not_know_are_shown() -> None:
    assert "found" in message({"name": {1, 2}})
