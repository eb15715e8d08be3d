"""Settings as they are kept with a recording."""

from __future__ import annotations

import msgspec

from leakwatch.case_files.settings_file import settings_toml
from leakwatch.config import Settings

# Sections with addresses of other devices: they change no result, and cases are passed on.
_OF_THE_ROOM = ("alarm_outputs", "alarm_openigtlink", "alarm_mqtt", "alarm_http", "alarm_serial")


def recorded_settings(settings: Settings) -> bytes:
    """Return all settings as TOML, except for those of receivers of the alarm.

    Parameters
    ----------
    settings : Settings
    """
    plain = Settings()
    kept = {name: getattr(plain, name) for name in _OF_THE_ROOM}
    return settings_toml(msgspec.structs.replace(settings, **kept)).encode()
