"""`leakwatch cases`: the case library."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from leakwatch.cli.case_choice import chosen_case
from leakwatch.cli.console import (
    ENDED_EARLY,
    errors_in_one_paragraph,
    fail,
    plain,
    progress,
    say,
    say_cells,
    say_rules_off,
    say_what_to_doubt,
)
from leakwatch.cli.options import CalibrationOption, CaseOption, NoCaseOption, SettingsOption
from leakwatch.core.plural import counted_noun
from leakwatch.files.private_files import copy_private_tree, make_private_folder
from leakwatch.files.untrusted_text import escape_control_characters, safe_file_name

if TYPE_CHECKING:
    from leakwatch.library.case_library import LibraryCase

cases = typer.Typer(
    name="cases",
    help="The case library: recorded sessions on this machine.",
    no_args_is_help=True,
)

CaseArgument = Annotated[str, typer.Argument(metavar="CASE", help="Number or name of a case.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]

_COLUMNS = (
    "case",
    "name",
    "added",
    "source",
    "view",
    "level",
    "frames",
    "length",
    "worst",
    "first STOP",
    "state",
)


@cases.command("list")
def list_cases(as_json: JsonOption = False) -> None:
    """List all cases."""
    from leakwatch.library.case_library import CaseLibrary

    with errors_in_one_paragraph(), CaseLibrary() as library:
        found = library.cases()
    if as_json:
        _print_json([_as_dict(case) for case in found])
        return
    if not found:
        say("The library is empty. `leakwatch cases add SEQUENCE` adds a case.", err=True)
    _print_table([_row(case) for case in found])


@cases.command()
def show(case: CaseArgument, as_json: JsonOption = False) -> None:
    """Show a case and its events."""
    from leakwatch.case_files.run_records import read_events
    from leakwatch.library.case_library import CaseLibrary
    from leakwatch.sinks.recording.recorder import EVENTS_NAME

    with errors_in_one_paragraph(), CaseLibrary() as library:
        library.cases()  # enters what was recovered meanwhile
        found = library.case(case)
        path = found.folder / EVENTS_NAME
        events = read_events(path) if path.exists() else ()
    if as_json:
        _print_json(_as_dict(found) | {"events": [asdict(event) for event in events]})
        return
    for name, value in zip(_COLUMNS, _row(found), strict=True):
        say(f"{name + ':':<12}{value}")
    say(f"{'folder:':<12}{found.folder}")
    for event in events:
        words = [event.kind, event.level, event.reason, event.text]
        distance = "" if event.distance_mm is None else f" {event.distance_mm:.1f} mm"
        said = " ".join(str(word) for word in words if word is not None)
        say(f"{event.time_s:8.2f} s  frame {event.frame:<5} {said}{distance}")
    if found.state == "recording":
        say(f"It is being recorded, or broke off: leakwatch recover {found.id}", err=True)


@cases.command()
def add(
    sequence: Annotated[Path, typer.Argument(help="DICOM file, folder, or NAME.case.json.")],
    case: CaseOption = None,
    no_case: NoCaseOption = False,
    name: Annotated[
        str | None, typer.Option("--name", help="Of the case; not that of a patient.")
    ] = None,
    settings: SettingsOption = None,
    calibration: CalibrationOption = None,
    mask: Annotated[
        list[str] | None,
        typer.Option("--mask", help="LEFT,TOP,RIGHT,BOTTOM in pixels: blanked; may be repeated."),
    ] = None,
    keep_identity: Annotated[
        bool, typer.Option("--keep-identity", help="Keep text burned into the pictures; logged.")
    ] = False,
) -> None:
    """Measure a sequence and keep it, without the patient's identity."""
    from leakwatch.case_files.settings_file import load_settings
    from leakwatch.library.case_import import add_to_library
    from leakwatch.library.case_library import CaseLibrary
    from leakwatch.runner.stored_run import open_run

    masks = tuple(_rectangle(text) for text in mask or ())
    with errors_in_one_paragraph(), CaseLibrary() as library:
        case = chosen_case(sequence, case, no_case)
        run = open_run(sequence, load_settings(settings), case, calibration)
        try:
            say_what_to_doubt(run)
            say_rules_off(run)
            with progress(run.name, run.acquisition.number_of_frames) as on_frame:
                done = add_to_library(library, run, name, masks, keep_identity, on_frame)
        finally:
            run.source.close()
    if keep_identity:
        say("leakwatch: text in the pictures was kept by choice (--keep-identity)", err=True)
    frames = counted_noun(done.case.frames or 0, "frame")
    say(f"case {done.case.id} ({done.case.name}): {frames}")
    if done.ended_early is not None:
        say(f"leakwatch: the input ended early: {done.ended_early}", err=True)
        raise typer.Exit(ENDED_EARLY)


@cases.command()
def export(
    case: CaseArgument,
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Folder; the case becomes a folder in it.")
    ],
) -> None:
    """Copy a case with all its files. No day and no identity of a patient is in them."""
    from leakwatch.library.case_library import CaseLibrary

    with errors_in_one_paragraph(), CaseLibrary() as library:
        found = library.case(case)
    name = safe_file_name(found.name, f"case-{found.id}")
    target = out / name
    if target.exists():
        fail(f"{target} is there already. Choose another --out, or remove it.")
    try:
        make_private_folder(out)
        # As a whole or not at all: a copy that broke off must not pass for a case.
        partial = out / f".{name}.partial"
        shutil.rmtree(partial, ignore_errors=True)
        copy_private_tree(found.folder, partial)
        partial.rename(target)
    except OSError as error:
        fail(f"{target} cannot be written: {error}. Check rights and room.")
    say(f"case {found.id} written to {target}")


@cases.command()
def delete(
    case: CaseArgument,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Delete a case with all its files."""
    from leakwatch.library.case_library import CaseLibrary

    with errors_in_one_paragraph(), CaseLibrary() as library:
        found = library.case(case)
        if not yes:
            frames = counted_noun(found.frames or 0, "frame")
            question = f"Delete case {found.id} ({found.name}) with {frames}?"
            typer.confirm(escape_control_characters(question), abort=True)
        library.delete(found.id)
    say(f"case {found.id} deleted")


def _rectangle(text: str) -> tuple[int, int, int, int]:
    try:
        left, top, right, bottom = (int(part) for part in text.split(","))
    except ValueError:
        fail(f"--mask {text}: give four whole numbers of pixels, LEFT,TOP,RIGHT,BOTTOM.")
    if not 0 <= left < right or not 0 <= top < bottom:
        fail(f"--mask {text}: right must be larger than left, and bottom larger than top.")
    return left, top, right, bottom


def _as_dict(case: LibraryCase) -> dict[str, Any]:
    return asdict(case) | {"folder": str(case.folder)}


def _row(case: LibraryCase) -> tuple[str, ...]:
    added = dt.datetime.fromisoformat(case.added_at).astimezone()
    return (
        str(case.id),
        case.name,
        f"{added:%Y-%m-%d %H:%M}",
        case.source,
        case.view or "",
        case.vertebra or "",
        "" if case.frames is None else str(case.frames),
        "" if case.duration_s is None else f"{case.duration_s:.1f} s",
        case.worst_level or "",
        "" if case.first_stop_s is None else f"{case.first_stop_s:.2f} s",
        case.state,
    )


def _print_json(content: object) -> None:
    import msgspec

    # In ASCII alone: every other character is written as its number, and none acts. What is parsed
    # here was written here.
    typer.echo(json.dumps(json.loads(msgspec.json.encode(content)), indent=1))  # noqa: TID251


def _print_table(rows: Sequence[tuple[str, ...]]) -> None:
    """With frames on a terminal; lines with tabs for programs and pipes."""
    from rich.console import Console
    from rich.table import Table

    console = Console()
    if not console.is_terminal:
        for row in (_COLUMNS, *rows) if rows else ():
            say_cells(row)
        return
    table = Table(*_COLUMNS)
    for row in rows:
        table.add_row(*map(plain, row))
    console.print(table)
