"""Sequences that the paths of a command refer to: files, folders of an export, several."""

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
from leakwatch.cli.console import print_inactive_rules, print_line, print_warnings, warn
from leakwatch.core.errors import LeakWatchError, SourceError
from leakwatch.core.messages import text, translate
from leakwatch.files.untrusted_text import safe_file_name

if TYPE_CHECKING:
    from leakwatch.config import Settings
    from leakwatch.runner.stored_run import AnalysisRun
    from leakwatch.sources.stored_runs import StoredRun

ALL_RUNS = "all"
# Maximum length of the name of a result folder, made of a path in an export.
_LONGEST_NAME = 80

SequencesArgument = Annotated[
    list[Path],
    typer.Argument(
        metavar="SEQUENCE",
        help=text(
            "DICOM file, video, image, NAME.case.json, or a folder with single frames or a "
            "whole export. Several sequences get a folder of results each."
        ),
        show_default=False,
    ),
]
SeriesOption = Annotated[
    str | None,
    typer.Option(
        "--series",
        help=text(
            "Sequence in a folder with several: its number or Series Instance UID, or "
            "`all`. Without it they are listed."
        ),
    ),
]


@dataclass(frozen=True, slots=True)
class Asked:
    """A sequence that the user requested.

    Parameters
    ----------
    name : str
        For its folder of results; unique within the command.
    run : StoredRun or None
        None: it cannot be read; `why` is the reason.
    case : Path or None
        The case that refers to it.
    why : str
    not_read : int
        Number of images in the same folder that cannot be read.
    """

    name: str
    run: StoredRun | None
    case: Path | None = None
    why: str = ""
    not_read: int = 0


def asked_runs(paths: Sequence[Path], series: str | None) -> list[Asked]:
    """Return the sequences that `paths` and ``--series`` refer to.

    Parameters
    ----------
    paths : sequence of Path
    series : str or None

    Returns
    -------
    list of Asked
        With several paths, including those that cannot be read.

    Raises
    ------
    SourceError, CaseError
        The only path cannot be read, or a path has several sequences and none is selected.
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
    """Return the single sequence that a path refers to.

    Raises
    ------
    SourceError, CaseError
        There is none, or there are several.
    """
    if series == ALL_RUNS:
        raise SourceError(
            text(
                "--series {all_word}: only one sequence can be marked at a time. Give its number.",
                all_word=ALL_RUNS,
            )
        )
    found = _of_path(path, series, False)
    if len(found) > 1:
        raise SourceError(
            text(
                "{path}: --series {series} has {found} sequences. Give the number of one of them.",
                path=path,
                series=series,
                found=len(found),
            )
        )
    return found[0]


def opened(
    asked: Asked, settings: Settings, case: Path | None, no_case: bool, calibration: Path | None
) -> AnalysisRun:
    """Open a sequence with the case that is given, that refers to it, or that is beside it.

    Prints warnings and inactive rules on stderr.
    """
    assert asked.run is not None
    chosen = asked.case if case is None else case
    chosen = chosen_case(asked.run.path, chosen, no_case)
    run = opened_with(asked, settings, chosen, calibration)
    print_warnings(run)
    print_inactive_rules(run)
    return run


def opened_with(
    asked: Asked, settings: Settings, case: Path | None, calibration: Path | None
) -> AnalysisRun:
    """Open a sequence with this case only."""
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
        if not whole:  # otherwise reported in its turn
            warn(text("not read: {why}", why=why))
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
            text(
                "{path}: has {runs} sequences. Choose one with --series NUMBER, or all with "
                "--series {all_word}.",
                path=path,
                runs=len(runs),
                all_word=ALL_RUNS,
            )
        )
    if series.isdecimal() and 1 <= int(series) <= len(runs):
        return [runs[int(series) - 1]]
    of_series = [run for run in runs if run.series and run.series == series]
    if of_series:
        return of_series
    _list(path, runs)
    raise SourceError(
        text(
            "{path}: --series {series} does not exist. Give the number of a listed sequence.",
            path=path,
            series=series,
        )
    )


def _list(path: Path, runs: Sequence[StoredRun]) -> None:
    for number, run in enumerate(runs, 1):
        where = "/".join(_below(run, path)) or path.name
        what = translate(run.told or text("a file"))
        if run.series:
            what = translate(text("{sequence}, series {uid}", sequence=what, uid=run.series))
        line = f"{number}  {where}: {what}"
        # File names may contain control sequences for this terminal.
        shown = "".join(one if one.isprintable() else ascii(one)[1:-1] for one in line)
        print_line(f"  {shown}", err=True)


def _below(run: StoredRun, path: Path) -> tuple[str, ...]:
    """Return the folders and the file between `path` and a sequence."""
    first = run.files[0] if run.files else run.path
    try:
        return first.relative_to(path).parts
    except ValueError:
        return (first.name,)


def _stem(path: Path) -> str:
    name = path.resolve().name
    return name if path.is_dir() else _without_suffix(name)


def _without_suffix(name: str) -> str:
    """Return a name without suffix; the last number of a UID is not a suffix."""
    return re.sub(r"(?<=.)\.[A-Za-z]\w{0,4}$", "", name)


def _name_of(parts: Sequence[str]) -> str:
    return plain_name(_without_suffix("-".join(parts)))


def plain_name(name: str) -> str:
    """Return a name that is valid for a folder on every system."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", name).strip("._")
    return safe_file_name(plain[:_LONGEST_NAME], "run")


def _named_apart(asked: Iterable[Asked]) -> list[Asked]:
    """Return the sequences with a number appended to repeated names."""
    taken: set[str] = set()
    apart = []
    for one in asked:
        name, number = one.name, 1
        while name.lower() in taken:  # some file systems ignore case
            number += 1
            name = f"{one.name}-{number}"
        taken.add(name.lower())
        apart.append(replace(one, name=name))
    return apart
