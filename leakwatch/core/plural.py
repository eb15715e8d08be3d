"""Numbers of things in words for a person: "1 frame", "2 frames"."""

from __future__ import annotations


def counted_noun(count: int, noun: str, several: str | None = None) -> str:
    """Return `count` with its noun.

    Parameters
    ----------
    count : int
    noun : str
        For one of them.
    several : str or None
        For more or none; None: `noun` with an s.
    """
    return f"{count} {noun if count == 1 else several or f'{noun}s'}"
