"""Settings of the room in which a computer stands."""

from __future__ import annotations

import msgspec


class RoomSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Contents of the start window, and its language.

    Parameters
    ----------
    source : str
        Source of "Watch live", as after `leakwatch run`; empty: none is chosen.
    language : str
        ``en``, ``de`` or ``es``; empty: that of LEAKWATCH_LANGUAGE.
    folder : str
        Of the case library; empty: that of LEAKWATCH_LIBRARY, or the user's data folder.
    """

    source: str = ""
    language: str = ""
    folder: str = ""
