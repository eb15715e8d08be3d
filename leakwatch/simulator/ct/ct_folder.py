"""Search for the CTs that a scenario names by file name only."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import msgspec

from leakwatch.core.errors import ConfigError
from leakwatch.core.messages import text
from leakwatch.simulator.scenario.scenario import Scenario

CT_FOLDER_VARIABLE = "LEAKWATCH_CT"
_BESIDE = Path("shared") / "ct"  # beside the checkout that the current folder is in


def named_files(scenario: Scenario) -> tuple[str, ...]:
    """Return the files of CT, vertebrae and bodies of a scenario; none for analytic anatomy."""
    who = scenario.anatomy
    return tuple(name for name in (who.ct, who.vertebrae, who.body) if name is not None)


def find_ct_folder(wanted: Iterable[str], given: Path | None = None) -> Path:
    """Return the folder with the CTs: `given`, else $LEAKWATCH_CT, else ../shared/ct.

    Parameters
    ----------
    wanted : iterable of str
        File names; all must be there.
    given : Path or None

    Raises
    ------
    ConfigError
        There is no such folder, or it lacks a file.
    """
    names = sorted(set(wanted))
    folder, tried = _candidate(given)
    if folder is None:
        raise ConfigError(
            text(
                "CTs are needed ({names}), but no folder with them was found: --ct-folder is not "
                "given, {ct_folder_variable} is not set, and ../{folder} does not exist. Give "
                "--ct-folder DIR with these files.",
                names=", ".join(names),
                ct_folder_variable=CT_FOLDER_VARIABLE,
                folder=_BESIDE,
            )
        )
    missing = [name for name in names if not (folder / name).exists()]
    if missing:
        there = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
        raise ConfigError(
            text(
                "{folder} ({option}): lacks {names}; found there: "
                "{found_files}. Put the files there, or give another --ct-folder.",
                folder=folder,
                option=tried,
                names=", ".join(missing),
                found_files=", ".join(there) or "nothing",
            )
        )
    return folder


def _candidate(given: Path | None) -> tuple[Path | None, str]:
    if given is not None:
        return given, "--ct-folder"
    named = os.environ.get(CT_FOLDER_VARIABLE)
    if named:
        return Path(named), CT_FOLDER_VARIABLE
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder.parent / _BESIDE).is_dir():
            return folder.parent / _BESIDE, "beside the checkout"
    return None, ""


def with_ct_folder(scenario: Scenario, folder: Path | None) -> Scenario:
    """Return the scenario with its files in `folder`."""
    if folder is None:
        return scenario
    who = scenario.anatomy
    files = {
        key: None if name is None else str(folder / name)
        for key, name in (("ct", who.ct), ("vertebrae", who.vertebrae), ("body", who.body))
    }
    return msgspec.structs.replace(scenario, anatomy=msgspec.structs.replace(who, **files))


def by_name(scenario: Scenario) -> Scenario:
    """Return the scenario with file names only, the same on every machine."""
    who = scenario.anatomy
    files = {
        key: None if name is None else Path(name).name
        for key, name in (("ct", who.ct), ("vertebrae", who.vertebrae), ("body", who.body))
    }
    return msgspec.structs.replace(scenario, anatomy=msgspec.structs.replace(who, **files))
