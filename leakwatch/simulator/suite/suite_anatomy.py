"""Suites with another anatomy: any CT with masks of its vertebrae."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from leakwatch.core.errors import ConfigError
from leakwatch.core.messages import text
from leakwatch.simulator.scenario.scenario_anatomy import AnatomySection
from leakwatch.simulator.suite.suite_file import SuiteCase


@dataclass(frozen=True, slots=True)
class OtherAnatomy:
    """Anatomy that replaces that of every case.

    Parameters
    ----------
    folder : Path
        Where all files lie.
    ct, vertebrae : str
        Their names in it.
    body : str or None
    levels : tuple of str
        Dealt out in turn.
    """

    folder: Path
    ct: str
    vertebrae: str
    body: str | None
    levels: tuple[str, ...]


def other_anatomy(
    ct: Path | None, vertebrae: Path | None, body: Path | None, level: str | None
) -> OtherAnatomy | None:
    """Return the anatomy of the command line; None if there is none.

    Parameters
    ----------
    ct, vertebrae, body : Path or None
        As for a single scenario.
    level : str or None
        One, or several with commas between them.

    Raises
    ------
    ConfigError
        Something is missing or not there, or the files do not lie in one folder.
    """
    if ct is None and vertebrae is None and body is None and level is None:
        return None
    levels = tuple(part.strip() for part in (level or "").split(",") if part.strip())
    if ct is None or vertebrae is None or not levels:
        raise ConfigError(
            text(
                "a suite with your own CT needs --ct, --vertebrae and --level; for several "
                "vertebrae, --level L1,L2,L3. Give all three."
            )
        )
    given = [path for path in (ct, vertebrae, body) if path is not None]
    absent = [str(path) for path in given if not path.exists()]
    if absent:
        raise ConfigError(text("{path}: no such file. Check the path.", path=absent[0]))
    folders = sorted({str(path.resolve().parent) for path in given})
    if len(folders) > 1:
        raise ConfigError(
            text(
                "the CT and its masks are in different folders: {names}. Put them into one "
                "folder, so that the cases can refer to them by file name.",
                names=", ".join(folders),
            )
        )
    folder = ct.resolve().parent
    names = [path.resolve().name for path in given]
    return OtherAnatomy(folder, names[0], names[1], names[2] if body is not None else None, levels)


def replace_anatomy(
    cases: Sequence[SuiteCase], other: OtherAnatomy | None
) -> tuple[SuiteCase, ...]:
    """Return the cases with another anatomy, and all other values unchanged.

    Parameters
    ----------
    cases : sequence of SuiteCase
    other : OtherAnatomy or None
        None: their own.
    """
    if other is None:
        return tuple(cases)
    return tuple(
        _replace_in_case(case, other, other.levels[number % len(other.levels)])
        for number, case in enumerate(cases)
    )


def _replace_in_case(case: SuiteCase, other: OtherAnatomy, level: str) -> SuiteCase:
    who = AnatomySection(level=level, ct=other.ct, vertebrae=other.vertebrae, body=other.body)
    return replace(case, scenario=msgspec.structs.replace(case.scenario, anatomy=who))
