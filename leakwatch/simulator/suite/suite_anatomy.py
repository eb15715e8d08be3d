"""A suite over another CT than its own: any CT with masks of its vertebrae becomes a benchmark."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from leakwatch.core.errors import ConfigError
from leakwatch.simulator.scenario.scenario_sections import AnatomySection
from leakwatch.simulator.suite.suite_file import SuiteCase


@dataclass(frozen=True, slots=True)
class OtherAnatomy:
    """What takes the place of the anatomy of every case.

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
    """What the command line says; None where it says nothing.

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
            "a suite over a CT of your own needs --ct, --vertebrae and --level; for several "
            "vertebrae, --level L1,L2,L3. Give all three."
        )
    given = [path for path in (ct, vertebrae, body) if path is not None]
    absent = [str(path) for path in given if not path.exists()]
    if absent:
        raise ConfigError(f"{absent[0]}: there is no such file. Check the path.")
    folders = sorted({str(path.resolve().parent) for path in given})
    if len(folders) > 1:
        raise ConfigError(
            f"the CT and its masks lie in different folders: {', '.join(folders)}. Put them into "
            "one, so that the cases can name them by their names alone."
        )
    folder = ct.resolve().parent
    names = [path.resolve().name for path in given]
    return OtherAnatomy(folder, names[0], names[1], names[2] if body is not None else None, levels)


def laid_over(cases: Sequence[SuiteCase], other: OtherAnatomy | None) -> tuple[SuiteCase, ...]:
    """The same cases over another anatomy: all else that was drawn and dealt stays.

    Parameters
    ----------
    cases : sequence of SuiteCase
    other : OtherAnatomy or None
        None: their own.
    """
    if other is None:
        return tuple(cases)
    return tuple(
        _over(case, other, other.levels[number % len(other.levels)])
        for number, case in enumerate(cases)
    )


def _over(case: SuiteCase, other: OtherAnatomy, level: str) -> SuiteCase:
    who = AnatomySection(level=level, ct=other.ct, vertebrae=other.vertebrae, body=other.body)
    return replace(case, scenario=msgspec.structs.replace(case.scenario, anatomy=who))
