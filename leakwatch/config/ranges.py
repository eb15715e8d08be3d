"""Which values a setting may have, and what unit they are in.

The ends of a range are what is physically possible, or where a stage would no longer do what the
setting says. Between them a value may be unwise, but it means what it says.
"""

from __future__ import annotations

import typing
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import Meta

# Ends of names, the longer before those that they end with.
_UNITS = (
    ("_mm_per_px", "mm/px"),
    ("_per_mm", "1/mm"),
    ("_mm_s", "mm/s"),
    ("_mm2", "mm²"),
    ("_mm", "mm"),
    ("_px", "px"),
    ("_deg", "degrees"),
    ("_hz", "Hz"),
    ("_s", "s"),
    ("_frames", "frames"),
    ("_bytes", "bytes"),
)


@dataclass(frozen=True, slots=True)
class Range:
    """The values that a number may have, both ends included.

    Parameters
    ----------
    least, most : float
    step : int or None
        It must be a multiple of this.
    """

    least: float
    most: float
    step: int | None = None

    def text(self, unit: str = "") -> str:
        """``1 to 20 mm``."""
        of = "" if self.step is None else f", a multiple of {self.step}"
        return f"{self.least:g} to {self.most:g} {unit}".rstrip() + of


def within(least: float, most: float, step: int | None = None) -> Meta:
    """Declare the range of a setting, to stand beside its type."""
    return Meta(ge=least, le=most, multiple_of=step)


def unit_of(name: str) -> str:
    """The unit that the name of a setting says; empty for shares, counts and factors."""
    return next((unit for end, unit in _UNITS if name.endswith(end)), "")


def range_of(declared: Any) -> Range | None:
    """The range in a declared type, or in that of the items of a tuple; None where it has none."""
    for meta in getattr(declared, "__metadata__", ()):
        if isinstance(meta, Meta) and meta.ge is not None and meta.le is not None:
            return Range(
                meta.ge, meta.le, None if meta.multiple_of is None else int(meta.multiple_of)
            )
    found = (range_of(inner) for inner in typing.get_args(declared))
    return next((one for one in found if one is not None), None)


def ranges(section: type[msgspec.Struct]) -> dict[str, Range]:
    """The range of each number of a section, by name."""
    fields = msgspec.structs.fields(section)
    found = {field.name: range_of(field.type) for field in fields}
    return {name: one for name, one in found.items() if one is not None}
