"""`leakwatch cases`: list, show, add, export and delete cases of the case library."""

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
    escape_cell,
    fail,
    print_cells,
    print_inactive_rules,
    print_line,
    print_warnings,
    progress,
    warn,
)
from leakwatch.cli.options import CalibrationOption, CaseOption, NoCaseOption, SettingsOption
from leakwatch.core.messages import counted, text, translate
from leakwatch.display.quantities import wall_distance_text
from leakwatch.files.private_files import copy_private_tree, make_private_folder
from leakwatch.files.untrusted_text import escape_control_characters, safe_file_name

if TYPE_CHECKING:
    from leakwatch.core.results import Event
    from leakwatch.library.case_library import LibraryCase

cases = typer.Typer(
    name="cases",
    help=text("Manage the case library: recorded sessions on this computer."),
    no_args_is_help=True,
)

CaseArgument = Annotated[
    str, typer.Argument(metavar="CASE", help=text("Number or name of a case."))
]
JsonOption = Annotated[bool, typer.Option("--json", help=text("Print JSON."))]

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
        print_line(
            text("The library is empty. Add a case with `leakwatch cases add SEQUENCE`."), err=True
        )
    _print_table([_row(case) for case in found])


@cases.command()
def show(case: CaseArgument, as_json: JsonOption = False) -> None:
    """Show a case and its events."""
    from leakwatch.case_files.planes_file import find_second_plane, worse_text
    from leakwatch.case_files.run_records import read_events
    from leakwatch.library.case_library import CaseLibrary
    from leakwatch.library.session_planes import read_planes
    from leakwatch.sinks.recording.recorder import EVENTS_NAME

    with errors_in_one_paragraph(), CaseLibrary() as library:
        library.cases()  # enters sessions that were recovered meanwhile
        found = library.case(case)
        path = found.folder / EVENTS_NAME
        events = read_events(path) if path.exists() else ()
        planes = read_planes(found.folder) if found.state != "recording" else ()
        second = find_second_plane(found.folder)
        others = () if second is None else read_events(second.folder / EVENTS_NAME)
    if as_json:
        content = _as_dict(found) | {"events": [asdict(event) for event in events]}
        if second is not None:
            content["second_events"] = [asdict(event) for event in others]
        _print_json(content)
        return
    for name, value in zip(_COLUMNS, _row(found), strict=True):
        print_line(f"{name + ':':<12}{value}")
    print_line(f"{'folder:':<12}{found.folder}")
    if len(planes) > 1:
        print_line(
            text("planes:     {worse}", worse=worse_text([plane.summary for plane in planes]))
        )
    _print_events(events)
    if second is not None:
        print_line(text("second plane:"))
        _print_events(others)
    if found.state == "recording":
        print_line(
            text(
                "It is being recorded, or the recording was interrupted: leakwatch recover {id}",
                id=found.id,
            ),
            err=True,
        )


def _print_events(events: Sequence[Event]) -> None:
    for event in events:
        words = [event.kind, event.level, event.reason, event.text]
        distance = ""
        if event.distance_mm is not None:
            shown = wall_distance_text(event.distance_mm, event.distance_sigma_mm)
            distance = f" {translate(shown)}"
        said = " ".join(str(word) for word in words if word is not None)
        print_line(
            text(
                "{time_s:8.2f} s  frame {frame:<5} {level}{distance}",
                time_s=event.time_s,
                frame=event.frame,
                level=said,
                distance=distance,
            )
        )


@cases.command()
def add(
    sequence: Annotated[Path, typer.Argument(help=text("DICOM file, folder, or NAME.case.json."))],
    case: CaseOption = None,
    no_case: NoCaseOption = False,
    name: Annotated[
        str | None, typer.Option("--name", help=text("Name of the case; not that of a patient."))
    ] = None,
    settings: SettingsOption = None,
    calibration: CalibrationOption = None,
    mask: Annotated[
        list[str] | None,
        typer.Option(
            "--mask",
            help=text("Region to blank, in pixels: LEFT,TOP,RIGHT,BOTTOM; may be repeated."),
        ),
    ] = None,
    keep_identity: Annotated[
        bool,
        typer.Option("--keep-identity", help=text("Keep burned-in annotation; this is logged.")),
    ] = False,
) -> None:
    """Measure a sequence and add it to the library, without patient identity."""
    from leakwatch.case_files.settings_file import load_settings
    from leakwatch.library.case_import import add_to_library
    from leakwatch.library.case_library import CaseLibrary
    from leakwatch.runner.stored_run import open_run

    masks = tuple(_rectangle(one) for one in mask or ())
    with errors_in_one_paragraph(), CaseLibrary() as library:
        case = chosen_case(sequence, case, no_case)
        run = open_run(sequence, load_settings(settings), case, calibration)
        try:
            print_warnings(run)
            print_inactive_rules(run)
            with progress(run.name, run.acquisition.number_of_frames) as on_frame:
                done = add_to_library(library, run, name, masks, keep_identity, on_frame)
        finally:
            run.source.close()
    if keep_identity:
        warn(text("burned-in annotation was kept as requested (--keep-identity)"))
    print_line(
        counted(
            "case {id} ({name}): {count} frame",
            "case {id} ({name}): {count} frames",
            count=done.case.frames or 0,
            id=done.case.id,
            name=done.case.name,
        )
    )
    if done.ended_early is not None:
        warn(text("the input ended early: {ended_early}", ended_early=done.ended_early))
        raise typer.Exit(ENDED_EARLY)


@cases.command()
def export(
    case: CaseArgument,
    out: Annotated[
        Path,
        typer.Option("--out", "-o", help=text("Folder in which a folder for the case is created.")),
    ],
) -> None:
    """Copy a case with all its files. They contain no dates and no patient identity."""
    from leakwatch.library.case_library import CaseLibrary

    with errors_in_one_paragraph(), CaseLibrary() as library:
        found = library.case(case)
    name = safe_file_name(found.name, f"case-{found.id}")
    target = out / name
    if target.exists():
        fail(text("{target} already exists. Choose another --out, or remove it.", target=target))
    try:
        make_private_folder(out)
        # All or nothing: an interrupted copy must not look like a case.
        partial = out / f".{name}.partial"
        shutil.rmtree(partial, ignore_errors=True)
        copy_private_tree(found.folder, partial)
        partial.rename(target)
    except OSError as error:
        fail(
            text(
                "{target} cannot be written: {error}. Check permissions and free disk space.",
                target=target,
                error=str(error),
            )
        )
    print_line(text("case {id} written to {target}", id=found.id, target=target))


@cases.command()
def delete(
    case: CaseArgument,
    yes: Annotated[bool, typer.Option("--yes", help=text("Do not ask for confirmation."))] = False,
) -> None:
    """Delete a case with all its files."""
    from leakwatch.library.case_library import CaseLibrary

    with errors_in_one_paragraph(), CaseLibrary() as library:
        found = library.case(case)
        if not yes:
            question = counted(
                "Delete case {id} ({name}) with {count} frame?",
                "Delete case {id} ({name}) with {count} frames?",
                count=found.frames or 0,
                id=found.id,
                name=found.name,
            )
            typer.confirm(escape_control_characters(translate(question)), abort=True)
        library.delete(found.id)
    print_line(text("case {id} deleted", id=found.id))


def _rectangle(given: str) -> tuple[int, int, int, int]:
    try:
        left, top, right, bottom = (int(part) for part in given.split(","))
    except ValueError:
        fail(
            text(
                "--mask {value}: not a region. Give four integers, LEFT,TOP,RIGHT,BOTTOM.",
                value=given,
            )
        )
    if not 0 <= left < right or not 0 <= top < bottom:
        fail(
            text(
                "--mask {value}: not a region. RIGHT must exceed LEFT, and BOTTOM must exceed TOP.",
                value=given,
            )
        )
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

    # ASCII only: other characters are escaped. The parsed text was encoded here.
    typer.echo(json.dumps(json.loads(msgspec.json.encode(content)), indent=1))  # noqa: TID251


def _print_table(rows: Sequence[tuple[str, ...]]) -> None:
    """Print a table with borders on a terminal, and tab-separated lines elsewhere."""
    from rich.console import Console
    from rich.table import Table

    console = Console()
    if not console.is_terminal:
        for row in (_COLUMNS, *rows) if rows else ():
            print_cells(row)
        return
    table = Table(*_COLUMNS)
    for row in rows:
        table.add_row(*map(escape_cell, row))
    console.print(table)
