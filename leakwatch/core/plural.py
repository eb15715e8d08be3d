"""Counted nouns in English: "1 frame", "2 frames"."""

from __future__ import annotations


def counted_noun(count: int, noun: str, several: str | None = None) -> str:
    """Return `count` with its noun.

    Parameters
    ----------
    count : int
    noun : str
        Singular.
    several : str or None
        Plural; None: `noun` with an s.
    """
    return f"{count} {noun if count == 1 else several or f'{noun}s'}"
