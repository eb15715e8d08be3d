"""Settings from TOML, and a message that names key, value, range and unit where they are wrong."""

from __future__ import annotations

import difflib
import json
import math
import re
from typing import Any, TypeVar

import msgspec

from leakwatch.bounded_input import parse_toml, shortened
from leakwatch.config.contradictions import contradiction
from leakwatch.config.ranges import range_of, unit_of

_T = TypeVar("_T", bound=msgspec.Struct)


def read_toml(data: bytes, document: type[_T]) -> _T:
    """Read TOML as a tree of sections.

    Parameters
    ----------
    data : bytes
    document : type of msgspec.Struct
        A section a field.

    Raises
    ------
    ValueError
        It is no TOML or beyond all bounds, or something in it is no setting, out of its range, or
        contradicts another one; the message says what, and what is possible.
    """
    found = parse_toml(data, finite=False)
    sections = {field.name: field.type for field in msgspec.structs.fields(document)}
    _check_names(found, sections)
    try:
        settings = msgspec.convert(found, document)
    except msgspec.ValidationError as error:
        raise ValueError(_explained(str(error), found, sections)) from error
    wrong = contradiction(settings)
    if wrong:
        raise ValueError(wrong)
    return settings


def _check_names(found: dict[str, Any], sections: dict[str, type[msgspec.Struct]]) -> None:
    """Refuse a section or a key that there is not, with what was probably meant."""
    places: dict[str, list[str]] = {}
    for section, struct in sections.items():
        for field in msgspec.structs.fields(struct):
            places.setdefault(field.name, []).append(section)
    for name, content in found.items():
        if not isinstance(content, dict):
            raise ValueError(
                f"{shortened(name)} stands in no section. {_meant_key(name, '', places)}"
            )
        if name not in sections:
            near = difflib.get_close_matches(name, sections, n=1)
            meant = f"Did you mean [{near[0]}]? " if near else ""
            known = f"Known sections: {', '.join(sections)}."
            raise ValueError(f"section [{shortened(name)}] is not known. {meant}{known}")
        for key in content:
            if name not in places.get(key, ()):
                meant = _meant_key(key, name, places)
                raise ValueError(f"[{name}] {shortened(key)} is not known. {meant}")


def _meant_key(key: str, section: str, places: dict[str, list[str]]) -> str:
    """The way out: the section that it belongs to, or a name that is spelt alike."""
    if key in places:
        return f"It belongs to {' or '.join(f'[{one}]' for one in places[key])}."
    near = difflib.get_close_matches(key, places, n=1)
    if near:
        meant = places[near[0]]
        return f"Did you mean {near[0]}{'' if section in meant else f' of [{meant[0]}]'}?"
    return "docs/reference/settings.md lists the settings. Remove it."


def _explained(what: str, found: dict[str, Any], sections: dict[str, type[msgspec.Struct]]) -> str:
    """Turn msgspec's message into one with the section, the value, and what can be chosen."""
    what, _, path = what.partition(" - at `$.")
    section, _, rest = path.removesuffix("`").partition(".")
    key = re.split(r"[.\[]", rest, maxsplit=1)[0]
    if not key:  # a rule of the section as a whole
        return f"[{section}] {what}" if section else what
    declared = {one.name: one.type for one in msgspec.structs.fields(sections[section])}[key]
    value, limits = found[section][key], range_of(declared)
    for index in re.findall(r"\[(\d+)\]", rest):
        value = value[int(index)]
    shown = _shown(value)
    if limits is not None and _is_number(value) and "type" not in what:
        wanted = limits.text(unit_of(key))
        if isinstance(value, float) and "`int`" in what and math.isfinite(value):
            wanted = f"a whole number, {wanted},"
        return f"[{section}] {rest} is {shown}; {wanted} can be chosen"
    return f"[{section}] {rest} is {shown}: {what[:1].lower()}{what[1:].replace('`', '')}"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _shown(value: Any) -> str:
    if _is_number(value):
        return f"{value:g}" if isinstance(value, float) else str(value)
    return shortened(json.dumps(value, default=str, ensure_ascii=False))
