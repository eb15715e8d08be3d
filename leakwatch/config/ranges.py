"""Ranges and units of settings.

The ends of a range are physically possible values, or those beyond which a stage would not work as
the setting states. Values between them may be inappropriate, but have their stated meaning.
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
    """Possible values of a number, including both ends.

    Parameters
    ----------
    least, most : float
    step : int or None
        The number must be a multiple of this.
    """

    least: float
    most: float
    step: int | None = None

    def text(self, unit: str = "") -> str:
        """Return a text such as ``1 to 20 mm``."""
        of = "" if self.step is None else f", a multiple of {self.step}"
        return f"{self.least:g} to {self.most:g} {unit}".rstrip() + of


def within(least: float, most: float, step: int | None = None) -> Meta:
    """Declare the range of a setting beside its type."""
    return Meta(ge=least, le=most, multiple_of=step)


def unit_of(name: str) -> str:
    """Return the unit in the name of a setting; empty for shares, counts and factors."""
    return next((unit for end, unit in _UNITS if name.endswith(end)), "")


def range_of(declared: Any) -> Range | None:
    """Return the range in a declared type, or in that of a tuple's items; None without one."""
    for meta in getattr(declared, "__metadata__", ()):
        if isinstance(meta, Meta) and meta.ge is not None and meta.le is not None:
            return Range(
                meta.ge, meta.le, None if meta.multiple_of is None else int(meta.multiple_of)
            )
    found = (range_of(inner) for inner in typing.get_args(declared))
    return next((one for one in found if one is not None), None)


def ranges(section: type[msgspec.Struct]) -> dict[str, Range]:
    """Return the range of each number of a section, by name."""
    fields = msgspec.structs.fields(section)
    found = {field.name: range_of(field.type) for field in fields}
    return {name: one for name, one in found.items() if one is not None}
