"""Settings as a TOML file: read with messages that name key, value, range and unit; written."""

from __future__ import annotations

import difflib
import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from leakwatch.config import Settings
from leakwatch.config.contradictions import find_contradiction
from leakwatch.config.ranges import range_of, unit_of
from leakwatch.core.errors import ConfigError
from leakwatch.files.bounded_input import parse_toml, read_at_most, shorten

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
    wrong = find_contradiction(settings)
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
                f"{shorten(name)} stands in no section. {_meant_key(name, '', places)}"
            )
        if name not in sections:
            near = difflib.get_close_matches(name, sections, n=1)
            meant = f"Did you mean [{near[0]}]? " if near else ""
            known = f"Known sections: {', '.join(sections)}."
            raise ValueError(f"section [{shorten(name)}] is not known. {meant}{known}")
        for key in content:
            if name not in places.get(key, ()):
                meant = _meant_key(key, name, places)
                raise ValueError(f"[{name}] {shorten(key)} is not known. {meant}")


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
    return shorten(json.dumps(value, default=str, ensure_ascii=False))


def settings_toml(settings: msgspec.Struct) -> str:
    """All settings, defaults too, as text that `load_settings` reads back to the same.

    Parameters
    ----------
    settings : Settings

    Returns
    -------
    str
    """
    return "\n".join(_sections(settings, ""))


def _sections(section: msgspec.Struct, name: str) -> Iterator[str]:
    values = {field.name: getattr(section, field.name) for field in msgspec.structs.fields(section)}
    inner = {key: value for key, value in values.items() if isinstance(value, msgspec.Struct)}
    # TOML has no null: what is not set is left out. Numbers, texts and lists are as in JSON.
    lines = [
        f"{key} = {msgspec.json.encode(value).decode()}"
        for key, value in values.items()
        if key not in inner and value is not None
    ]
    if lines:
        yield "\n".join([f"[{name}]"] * bool(name) + lines) + "\n"
    for key, value in inner.items():
        yield from _sections(value, f"{name}.{key}".lstrip("."))


def load_settings(path: Path | None) -> Settings:
    """Read settings from a TOML file; None gives the defaults.

    Raises
    ------
    ConfigError
        The file cannot be read, has an unknown key, a value of the wrong type or out of its range,
        or settings that contradict each other.
    """
    if path is None:
        return Settings()
    try:
        return read_toml(read_at_most(path), Settings)
    except OSError as error:
        raise ConfigError(f"settings {path}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise ConfigError(f"settings {path}: {error}") from error
