"""Options after the question mark in the specification of a live source."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import parse_qsl

from leakwatch.core.errors import SourceError
from leakwatch.core.messages import text

_YES, _NO = ("yes", "1", "true", "on"), ("no", "0", "false", "off", "")


def options_of(query: str, known: Collection[str], what: str) -> dict[str, str]:
    """Return the options in ``key=value&key=value``.

    Parameters
    ----------
    query : str
        What follows the question mark.
    known : collection of str
        Keys that may be there, each once.
    what : str
        The source, for messages.

    Returns
    -------
    dict of str to str

    Raises
    ------
    SourceError
        A key is not known, or stands there twice.
    """
    options: dict[str, str] = {}
    for key, value in parse_qsl(query, keep_blank_values=True):
        if key not in known:
            raise SourceError(
                text(
                    "{what}: option {key!r} is not known. Known are: {known}.",
                    what=what,
                    key=key,
                    known=", ".join(known),
                )
            )
        if key in options:
            raise SourceError(
                text("{what}: option {key!r} is given twice. Give it once.", what=what, key=key)
            )
        options[key] = value.strip()
    return options


def yes(options: dict[str, str], key: str, what: str) -> bool:
    """Return whether an option is switched on; False if absent.

    Raises
    ------
    SourceError
        Its value is neither yes nor no.
    """
    value = options.get(key, "").lower()
    if value not in _YES + _NO:
        raise SourceError(
            text(
                "{what}: {key} is {value!r}. Write {key}=yes or {key}=no.",
                what=what,
                key=key,
                value=value,
            )
        )
    return value in _YES


def several(options: dict[str, str], key: str) -> tuple[str, ...]:
    """Return the values of an option, separated by commas."""
    return tuple(one.strip() for one in options.get(key, "").split(",") if one.strip())
