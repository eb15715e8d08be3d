"""Messages for invalid files written by a user: the key, what was found, what to do."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Mapping
from typing import Any

import msgspec

from leakwatch.core.messages import text
from leakwatch.files.bounded_input import shorten

_LONGEST_WHAT = 300  # characters of the violated rule


def explain(
    error: msgspec.ValidationError,
    found: Any,
    document: type[msgspec.Struct],
    hints: Mapping[str, str],
) -> str:
    """Return msgspec's message in words for the user who wrote the file.

    Parameters
    ----------
    error : msgspec.ValidationError
    found : object
        The complete content, decoded without a type.
    document : type of msgspec.Struct
        The expected type.
    hints : mapping of str to str
        What to do, for each top-level key.

    Returns
    -------
    str
        ``key view: expected ..., found "side". Write lateral, ap or oblique.``
    """
    what, _, path = str(error).partition(" - at `$")
    path = path.removesuffix("`").removeprefix(".")
    unknown = re.fullmatch(r"Object contains unknown field `(.*)`", what)
    if unknown:
        return _unknown_key(unknown[1], path, document)
    missing = re.fullmatch(r"Object missing required field `(.*)`", what)
    if missing:
        hint = "" if path else hints.get(missing[1], "")
        return text(
            "key {key} is missing{within}. {advice}",
            key=missing[1],
            within=_within(path),
            advice=hint or text("Add it."),
        )
    return _wrong_value(what, path, found, hints)


def _unknown_key(key: str, path: str, document: type[msgspec.Struct]) -> str:
    known = [] if path else [field.encode_name for field in msgspec.structs.fields(document)]
    near = difflib.get_close_matches(shorten(key), known, n=1)
    advice = text("Did you mean {key}?", key=near[0]) if near else text("Remove it.")
    if not known:
        return text(
            "key {key} is not known{within}. {advice}",
            key=shorten(key),
            within=_within(path),
            advice=advice,
        )
    return text(
        "key {key} is not known. {advice} Known keys: {known}.",
        key=shorten(key),
        advice=advice,
        known=", ".join(known),
    )


def _wrong_value(what: str, path: str, found: Any, hints: Mapping[str, str]) -> str:
    key = re.split(r"[.\[]", path, maxsplit=1)[0]
    value = _at(found, path)
    hint = hints.get(key, text("Correct it."))
    if value is None and path:
        hint = text("Leave the key out if its value is unknown. {hint}", hint=hint)
    what = shorten(what, _LONGEST_WHAT)
    return text(
        "{key}: {what}; found {found}. {hint}",
        key=text("key {path}", path=path) if path else text("the file"),
        what=f"{what[:1].lower()}{what[1:].replace('`', '')}",
        found=shorten(json.dumps(value, default=str)),
        hint=hint,
    )


def _at(found: Any, path: str) -> Any:
    """Return the value at a path such as ``frames[3].ml``, or the last one that can be reached."""
    for name, index in re.findall(r"([^.\[\]]+)(?![^\[]*\])|\[(\d+)\]", path):
        try:
            found = found[int(index)] if index else found[name]
        except (KeyError, IndexError, TypeError):
            break
    return found


def _within(path: str) -> str:
    return text(" in {path}", path=shorten(path)) if path else ""
