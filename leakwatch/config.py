"""Settings: one frozen tree, read from TOML. Every constant has a unit, a reason and a place here."""

from __future__ import annotations

import tomllib
from pathlib import Path

import msgspec

from leakwatch.errors import ConfigError


class AlertingSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The rules of alerting.

    Parameters
    ----------
    margin_mm : float
        STOP when cement may be this near the posterior wall (IPSIS: about 5 mm).
    watch_mm : float
        WATCH when it is this near.
    """

    margin_mm: float = 5.0
    watch_mm: float = 8.0


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole tree; a section a module."""

    alerting: AlertingSettings = AlertingSettings()


def load_settings(path: Path | None) -> Settings:
    """Read settings from a TOML file; None gives the defaults.

    Raises
    ------
    ConfigError
        The file cannot be read, has an unknown key, or a value of the wrong type.
    """
    if path is None:
        return Settings()
    try:
        with path.open("rb") as file:
            return msgspec.convert(tomllib.load(file), Settings)
    except OSError as error:
        raise ConfigError(f"settings {path}: cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ConfigError(f"settings {path}: {error}") from error
