"""What is found against a case: a contradiction, or only something unusual."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Doubt:
    """A sentence for the person: what was found, and what to do.

    Parameters
    ----------
    text : str
    refused : bool
        It makes the rules meaningless; else it is only unusual.
    """

    text: str
    refused: bool = False
