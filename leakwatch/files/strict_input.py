"""What is wrong in a file that a person wrote: the key, what was found, what to do."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Mapping
from typing import Any

import msgspec

from leakwatch.files.bounded_input import shortened

_LONGEST_WHAT = 300  # characters of a rule that was broken


def explain(
    error: msgspec.ValidationError,
    found: Any,
    document: type[msgspec.Struct],
    hints: Mapping[str, str],
) -> str:
    """Turn msgspec's message into one for the person who wrote the file.

    Parameters
    ----------
    error : msgspec.ValidationError
    found : object
        The whole content, decoded without a type.
    document : type of msgspec.Struct
        What it should have been.
    hints : mapping of str to str
        What to do, by top-level key.

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
        return f"key {missing[1]} is missing{_within(path)}. {hint or 'Add it.'}"
    return _wrong_value(what, path, found, hints)


def _unknown_key(key: str, path: str, document: type[msgspec.Struct]) -> str:
    known = [] if path else [field.encode_name for field in msgspec.structs.fields(document)]
    near = difflib.get_close_matches(shortened(key), known, n=1)
    advice = f"Did you mean {near[0]}?" if near else "Remove it."
    listing = f" Known keys: {', '.join(known)}." if known else ""
    return f"key {shortened(key)} is not known{_within(path)}. {advice}{listing}"


def _wrong_value(what: str, path: str, found: Any, hints: Mapping[str, str]) -> str:
    key = re.split(r"[.\[]", path, maxsplit=1)[0]
    value = _at(found, path)
    shown = json.dumps(value, default=str)
    shown = shortened(shown)
    hint = hints.get(key, "Correct it.")
    if value is None and path:
        hint = f"Leave the key out where its value is not known. {hint}"
    name = f"key {path}" if path else "the file"
    what = shortened(what, _LONGEST_WHAT)
    return f"{name}: {what[:1].lower()}{what[1:].replace('`', '')}; found {shown}. {hint}"


def _at(found: Any, path: str) -> Any:
    """Follow a path such as ``frames[3].ml``; what is reached where it cannot be followed."""
    for name, index in re.findall(r"([^.\[\]]+)(?![^\[]*\])|\[(\d+)\]", path):
        try:
            found = found[int(index)] if index else found[name]
        except (KeyError, IndexError, TypeError):
            break
    return found


def _within(path: str) -> str:
    return f" in {shortened(path)}" if path else ""
