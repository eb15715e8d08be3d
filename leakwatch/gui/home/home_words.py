"""Texts of the start window. No Qt."""

from __future__ import annotations

import datetime as dt

from leakwatch.case_files.library_database import library_folder
from leakwatch.config import Settings
from leakwatch.core.messages import counted, join_with, text, translate
from leakwatch.library.case_library import CaseLibrary, LibraryCase


def room_words(settings: Settings) -> tuple[str, ...]:
    """Return the settings of the room in a few words each."""
    source = settings.room.source
    return (
        text("Source: {source}", source=source) if source else text("No source of live images"),
        text("STOP at {limit_mm:g} mm", limit_mm=settings.alerting.margin_mm),
        settings.window.product,
        text("Sound {percent:.0f} %", percent=100.0 * settings.sound.volume),
        text("Data: {folder}", folder=library_folder()),
    )


def case_rows() -> list[tuple[str, str]]:
    """Return folder and description of each case of the library, newest first.

    Raises
    ------
    LibraryError
        It cannot be read.
    """
    with CaseLibrary() as library:
        cases = [one for one in library.cases() if one.state != "recording"]
    return [(str(one.folder), _row(one)) for one in reversed(cases)]


def _row(case: LibraryCase) -> str:
    added = dt.datetime.fromisoformat(case.added_at).astimezone()
    parts: list[str] = [f"{added:%Y-%m-%d %H:%M}"]
    if case.vertebra:
        parts.append(case.vertebra)
    if case.duration_s is not None:
        parts.append(text("{duration_s:.0f} s", duration_s=case.duration_s))
    if case.stops:
        parts.append(counted("{count} STOP", "{count} STOPs", count=case.stops))
    elif case.stops is not None:
        parts.append(text("no STOP"))
    about = translate(join_with(", ", parts))
    return f"{case.id}  {case.name}\n{about}"
