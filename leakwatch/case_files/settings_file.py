"""Settings as a TOML file: reading, with messages that name key, value, range and unit; writing."""

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
from leakwatch.core.messages import join_with, text
from leakwatch.files.bounded_input import parse_toml, read_at_most, shorten

_T = TypeVar("_T", bound=msgspec.Struct)


# Keys of earlier versions: a similar name would point to another setting.
_RENAMED = {
    "ghost_px": "artefact_px",
    "rod_ghost_px": "cannula_artefact_px",
    "thin_ghost": "thin_artefact",
    "unrest_mm": "variation_mm",
    "unrest_factor": "variation_factor",
}


def read_toml(data: bytes, document: type[_T]) -> _T:
    """Read TOML as a tree of sections.

    Parameters
    ----------
    data : bytes
    document : type of msgspec.Struct
        One field per section.

    Raises
    ------
    ValueError
        It is not TOML or too large, or a key is not a setting, is out of range, or contradicts
        another; the message states which, and what is possible.
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
    """Check names of sections and keys; suggest what was probably meant."""
    places: dict[str, list[str]] = {}
    for section, struct in sections.items():
        for field in msgspec.structs.fields(struct):
            places.setdefault(field.name, []).append(section)
    for name, content in found.items():
        if not isinstance(content, dict):
            advice = _meant_key(name, "", places)
            key = shorten(name)
            raise ValueError(text("{key} is not in a section. {advice}", key=key, advice=advice))
        if name not in sections:
            near = difflib.get_close_matches(name, sections, n=1)
            advice = text("Choose one of {sections}.", sections=", ".join(sections))
            if near:
                advice = text("Did you mean [{section}]? {advice}", section=near[0], advice=advice)
            shown = shorten(name)
            raise ValueError(
                text("section [{name}] is unknown. {advice}", name=shown, advice=advice)
            )
        for key in content:
            if name not in places.get(key, ()):
                raise ValueError(
                    text(
                        "[{section}] {key} is unknown. {advice}",
                        section=name,
                        key=shorten(key),
                        advice=_meant_key(key, name, places),
                    )
                )


def _meant_key(key: str, section: str, places: dict[str, list[str]]) -> str:
    """Return advice: the section that a key belongs to, its name now, or a similar name."""
    renamed = _RENAMED.get(key, "")
    if section in places.get(renamed, ()):
        return text("Did you mean {key}?", key=renamed)
    if key in places:
        sections = ", ".join(f"[{one}]" for one in places[key])
        return text("It belongs to {sections}.", sections=sections)
    near = difflib.get_close_matches(key, places, n=1)
    if near:
        meant = places[near[0]]
        if section in meant:
            return text("Did you mean {key}?", key=near[0])
        return text("Did you mean {key} of [{section}]?", key=near[0], section=meant[0])
    return text("docs/reference/settings.md lists the settings. Remove it.")


def _explained(what: str, found: dict[str, Any], sections: dict[str, type[msgspec.Struct]]) -> str:
    """Return msgspec's message with section, value and allowed range."""
    what, _, path = what.partition(" - at `$.")
    section, _, rest = path.removesuffix("`").partition(".")
    key = re.split(r"[.\[]", rest, maxsplit=1)[0]
    if not key:  # a rule for the whole section
        return join_with(" ", (f"[{section}]", what)) if section else what
    declared = {one.name: one.type for one in msgspec.structs.fields(sections[section])}[key]
    value, limits = found[section][key], range_of(declared)
    for index in re.findall(r"\[(\d+)\]", rest):
        value = value[int(index)]
    shown = _shown(value)
    if limits is not None and _is_number(value) and "type" not in what:
        wanted = limits.text(unit_of(key))
        if isinstance(value, float) and "`int`" in what and math.isfinite(value):
            wanted = text("an integer, {range},", range=wanted)
        return text(
            "[{section}] {key} is {value}; {range} can be chosen",
            section=section,
            key=rest,
            value=shown,
            range=wanted,
        )
    return f"[{section}] {rest} is {shown}: {what[:1].lower()}{what[1:].replace('`', '')}"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _shown(value: Any) -> str:
    if _is_number(value):
        return f"{value:g}" if isinstance(value, float) else str(value)
    return shorten(json.dumps(value, default=str, ensure_ascii=False))


def settings_toml(settings: msgspec.Struct) -> str:
    """Return all settings, including defaults, as text that `load_settings` can read.

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
    # TOML has no null: unset values are omitted. Numbers, texts and lists are as in JSON.
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
    """Read settings from a TOML file; None returns the defaults.

    Raises
    ------
    ConfigError
        The file cannot be read, has an unknown key, a value of the wrong type or out of range, or
        settings that contradict each other.
    """
    if path is None:
        return Settings()
    try:
        return read_toml(read_at_most(path), Settings)
    except OSError as error:
        raise ConfigError(
            text(
                "settings {path}: cannot be read: {reason}. Check the path.",
                path=path,
                reason=error.strerror,
            )
        ) from error
    except ValueError as error:
        # Not str(error), which would lose the template of the message.
        fault = error.args[0] if error.args else str(error)
        raise ConfigError(text("settings {path}: {fault}", path=path, fault=fault)) from error
