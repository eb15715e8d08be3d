"""Which runs a person means by the paths of a command: files, folders of an export, several."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leakwatch.case_files.case_file import CASE_SUFFIX, dicom_path, load_case
from leakwatch.cli.case_choice import chosen_case
from leakwatch.cli.console import say, say_rules_off, say_what_to_doubt
from leakwatch.core.errors import LeakWatchError, SourceError
from leakwatch.files.untrusted_text import safe_file_name

if TYPE_CHECKING:
    from leakwatch.config import Settings
    from leakwatch.runner.stored_run import Run
    from leakwatch.sources.stored_runs import StoredRun

ALL_RUNS = "all"
# Names of result folders are cut here: a path of an export in one name stays readable.
_LONGEST_NAME = 80

SequencesArgument = Annotated[
    list[Path],
    typer.Argument(
        metavar="SEQUENCE",
        help="DICOM file, video, picture, NAME.case.json, or a folder: of single frames, or of a "
        "whole export. Several: one folder of results each.",
        show_default=False,
    ),
]
SeriesOption = Annotated[
    str | None,
    typer.Option(
        "--series",
        help="Which run of a folder that holds several: its number or Series Instance UID, or "
        "`all`. Without it they are listed.",
    ),
]


@dataclass(frozen=True, slots=True)
class Asked:
    """A run that a person asked for.

    Parameters
    ----------
    name : str
        For its folder of results; no other of the same command has it.
    run : StoredRun or None
        None: it cannot be read, and `why` says why.
    case : Path or None
        The case that named it.
    why : str
    not_read : int
        Images beside it in the same folder that cannot be read.
    """

    name: str
    run: StoredRun | None
    case: Path | None = None
    why: str = ""
    not_read: int = 0


def asked_runs(paths: Sequence[Path], series: str | None) -> list[Asked]:
    """Find the runs that are meant by `paths` and ``--series``.

    Parameters
    ----------
    paths : sequence of Path
    series : str or None

    Returns
    -------
    list of Asked
        Of several paths, those that cannot be read too.

    Raises
    ------
    SourceError, CaseError
        The only path cannot be read; or one holds several runs, and nobody said which.
    """
    found: list[Asked] = []
    for path in paths:
        try:
            found += _of_path(path, series, len(paths) > 1)
        except LeakWatchError as error:
            if len(paths) == 1:
                raise
            found.append(Asked(_name_of((path.name,)), None, None, str(error)))
    return _named_apart(found)


def one_run(path: Path, series: str | None) -> Asked:
    """Find the one run that is meant by a path.

    Raises
    ------
    SourceError, CaseError
        There is none, or there are several.
    """
    if series == ALL_RUNS:
        raise SourceError(f"--series {ALL_RUNS}: one run is marked at a time. Give its number.")
    found = _of_path(path, series, False)
    if len(found) > 1:
        raise SourceError(
            f"{path}: --series {series} has {len(found)} runs. Give the number of one of them."
        )
    return found[0]


def opened(
    asked: Asked, settings: Settings, case: Path | None, no_case: bool, calibration: Path | None
) -> Run:
    """Open a run with the case that is given, that named it, or that lies beside it.

    Tells on stderr what is to be doubted, and which rules are off.
    """
    assert asked.run is not None
    chosen = asked.case if case is None else case
    chosen = chosen_case(asked.run.path, chosen, no_case)
    run = opened_with(asked, settings, chosen, calibration)
    say_what_to_doubt(run)
    say_rules_off(run)
    return run


def opened_with(
    asked: Asked, settings: Settings, case: Path | None, calibration: Path | None
) -> Run:
    """Open a run with this case, and no other."""
    from leakwatch.runner.stored_run import open_run

    assert asked.run is not None
    found = asked.run
    opener = partial(found.opened, settings.live_video) if found.files else None
    return open_run(found.path, settings, case, calibration, opener)


def _of_path(path: Path, series: str | None, several: bool) -> list[Asked]:
    from leakwatch.sources.stored_runs import find_runs, without_directory

    case, below = None, without_directory(path)
    if path.name.endswith(CASE_SUFFIX) and path.is_file():
        case, below = path, dicom_path(path, load_case(path))
    found = find_runs(below)
    whole = series == ALL_RUNS
    for _, why in found.refused:
        if not whole:  # else told in its turn
            say(f"leakwatch: not read: {why}", err=True)
    runs = _chosen(below, found.runs, series)
    broken = [
        Asked(_name_of(file.relative_to(below).parts), None, None, why)
        for file, why in found.refused
        if whole
    ]
    if len(runs) == 1 and not (whole and len(found.runs) > 1):
        name = path.name.removesuffix(CASE_SUFFIX) if case is not None else _stem(below)
        not_read = len(found.refused) if series is None else 0
        return [Asked(plain_name(name), runs[0], case, not_read=not_read), *broken]
    before = [_stem(below)] if several else []
    return [
        *(Asked(_name_of((*before, *_below(run, below))), run, case) for run in runs),
        *broken,
    ]


def _chosen(path: Path, runs: Sequence[StoredRun], series: str | None) -> Sequence[StoredRun]:
    if series == ALL_RUNS or (series is None and len(runs) == 1):
        return runs
    if series is None:
        _list(path, runs)
        raise SourceError(
            f"{path}: holds {len(runs)} runs. Choose one with --series NUMBER, or all of them with "
            f"--series {ALL_RUNS}."
        )
    if series.isdecimal() and 1 <= int(series) <= len(runs):
        return [runs[int(series) - 1]]
    of_series = [run for run in runs if run.series and run.series == series]
    if of_series:
        return of_series
    _list(path, runs)
    raise SourceError(
        f"{path}: there is no run --series {series}. Give the number of one that is listed."
    )


def _list(path: Path, runs: Sequence[StoredRun]) -> None:
    for number, run in enumerate(runs, 1):
        where = "/".join(_below(run, path)) or path.name
        uid = f", series {run.series}" if run.series else ""
        line = f"{number}  {where}: {run.told or 'a file'}{uid}"
        # Whoever named the files of a disk may have meant to write on this terminal.
        shown = "".join(one if one.isprintable() else ascii(one)[1:-1] for one in line)
        say(f"  {shown}", err=True)


def _below(run: StoredRun, path: Path) -> tuple[str, ...]:
    """Names of the folders, and of the file, that lead from `path` to a run."""
    first = run.files[0] if run.files else run.path
    try:
        return first.relative_to(path).parts
    except ValueError:
        return (first.name,)


def _stem(path: Path) -> str:
    name = path.resolve().name
    return name if path.is_dir() else _without_suffix(name)


def _without_suffix(name: str) -> str:
    """A name without ``.dcm`` or the like; a UID as a name ends with a number, which stays."""
    return re.sub(r"(?<=.)\.[A-Za-z]\w{0,4}$", "", name)


def _name_of(parts: Sequence[str]) -> str:
    return plain_name(_without_suffix("-".join(parts)))


def plain_name(name: str) -> str:
    """Return a name that is a folder's on every system, and leads to no other place."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", name).strip("._")
    return safe_file_name(plain[:_LONGEST_NAME], "run")


def _named_apart(asked: Iterable[Asked]) -> list[Asked]:
    """The same, a name that was there before with a number behind it."""
    taken: set[str] = set()
    apart = []
    for one in asked:
        name, number = one.name, 1
        while name.lower() in taken:  # some file systems do not tell A from a
            number += 1
            name = f"{one.name}-{number}"
        taken.add(name.lower())
        apart.append(replace(one, name=name))
    return apart
