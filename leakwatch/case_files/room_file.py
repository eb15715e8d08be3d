"""Settings file of a room: its location, and changes of its values that keep its comments."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import platformdirs

from leakwatch.case_files.settings_file import load_settings, read_toml
from leakwatch.config import Settings
from leakwatch.core.errors import ConfigError, needs_extra
from leakwatch.core.messages import text
from leakwatch.files.bounded_input import read_at_most
from leakwatch.files.private_files import make_private_folder, replace_private_file

ROOM_VARIABLE = "LEAKWATCH_ROOM"
ROOM_NAME = "room.toml"

# Section and key, and its value.
Changes = Mapping[tuple[str, str], object]


def room_path() -> Path:
    """Return the file in LEAKWATCH_ROOM, or one in the user's configuration folder."""
    chosen = os.environ.get(ROOM_VARIABLE)
    folder = platformdirs.user_config_path("leakwatch", appauthor=False)
    return Path(chosen) if chosen else folder / ROOM_NAME


def load_room() -> tuple[Path | None, Settings]:
    """Return the settings of the room with their file, which is None where there is none yet.

    Raises
    ------
    ConfigError
        The file cannot be read, or is wrong.
    """
    path = room_path()
    if not path.is_file():
        return None, Settings()
    return path, load_settings(path)


def changed_toml(before: str, changes: Changes) -> str:
    """Return a settings file with some values changed, and all else as it was.

    Parameters
    ----------
    before : str
        Empty for a new file.
    changes : mapping of (str, str) to value

    Raises
    ------
    MissingExtraError
        There is no tomlkit.
    ValueError
        `before` is not TOML, or a changed value is refused; the message states why.
    """
    with needs_extra("gui", text("the settings of the room")):
        import tomlkit
        from tomlkit.items import Table

    document = tomlkit.parse(before)
    for (section, key), value in changes.items():
        if section not in document:
            if document.as_string().strip():
                document.add(tomlkit.nl())
            document.add(section, tomlkit.table())
        table = document[section]
        assert isinstance(table, Table)
        if key not in table or table[key] != value:
            table[key] = value
    changed: str = tomlkit.dumps(document)
    read_toml(changed.encode(), Settings)
    return changed


def write_room(changes: Changes) -> Path:
    """Change values in the settings file of the room; create it if absent.

    Raises
    ------
    ConfigError
        A value is refused, or the file cannot be read or written.
    """
    path = room_path()
    try:
        before = read_at_most(path).decode() if path.is_file() else ""
        changed = changed_toml(before, changes)
        make_private_folder(path.parent)
        replace_private_file(path, changed.encode())
    except ValueError as error:
        fault = error.args[0] if error.args else str(error)
        raise ConfigError(text("settings {path}: {fault}", path=path, fault=fault)) from error
    except OSError as error:
        raise ConfigError(
            text(
                "settings {path}: cannot be written: {reason}. Check permissions and disk space.",
                path=path,
                reason=error.strerror,
            )
        ) from error
    return path
