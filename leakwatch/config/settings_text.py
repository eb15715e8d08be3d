"""Settings as a TOML file: what a session was recorded with."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec


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
