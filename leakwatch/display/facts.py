"""A named value at the side of a picture: what every strip, page and video shows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fact:
    """A named value for the side strip.

    Parameters
    ----------
    name, value : str
    warn : bool
        A person should doubt numbers that rest on this.
    large : bool
        To be read from two metres.
    """

    name: str
    value: str
    warn: bool = False
    large: bool = False
