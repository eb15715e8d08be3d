"""The options behind the question mark of a live source's specification."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import parse_qsl

from leakwatch.core.errors import SourceError

_YES, _NO = ("yes", "1", "true", "on"), ("no", "0", "false", "off", "")


def options_of(query: str, known: Collection[str], what: str) -> dict[str, str]:
    """Read ``key=value&key=value``.

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
                f"{what}: option {key!r} is not known. Known are: {', '.join(known)}."
            )
        if key in options:
            raise SourceError(f"{what}: option {key!r} is given twice. Give it once.")
        options[key] = value.strip()
    return options


def yes(options: dict[str, str], key: str, what: str) -> bool:
    """Whether an option is switched on; not, where it is absent.

    Raises
    ------
    SourceError
        Its value is neither yes nor no.
    """
    value = options.get(key, "").lower()
    if value not in _YES + _NO:
        raise SourceError(f"{what}: {key} is {value!r}. Write {key}=yes or {key}=no.")
    return value in _YES


def several(options: dict[str, str], key: str) -> tuple[str, ...]:
    """Values of an option that are separated by commas."""
    return tuple(one.strip() for one in options.get(key, "").split(",") if one.strip())
