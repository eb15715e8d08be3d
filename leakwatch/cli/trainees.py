"""`leakwatch trainees`: show, draw, export and delete the results of training."""

from __future__ import annotations

import datetime as dt
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leakwatch.cli.console import errors_in_one_paragraph, fail, print_cells, print_line
from leakwatch.core.messages import counted, text, translate
from leakwatch.files.private_files import write_private_file
from leakwatch.files.untrusted_text import escape_control_characters

if TYPE_CHECKING:
    from leakwatch.training.training_records import TrainingSession

trainees = typer.Typer(
    name="trainees",
    help=text("Manage results of training, stored in the case library on this computer."),
    no_args_is_help=True,
)

_SHOWN = (
    "session",
    "begun",
    "case",
    "outcome",
    "reaction",
    "past the stop point",
    "false STOPs",
    "due by",
)

TraineeArgument = Annotated[str, typer.Argument(metavar="TRAINEE", help=text("Name or pseudonym."))]
OutOption = Annotated[
    Path, typer.Option("--out", "-o", help=text("File to write; an existing one is replaced."))
]


@trainees.command("list")
def list_trainees() -> None:
    """List all trainees with the number of their sessions."""
    from leakwatch.training.training_records import TrainingRecords, is_scored

    with errors_in_one_paragraph(), TrainingRecords() as records:
        sessions = records.sessions()
    if not sessions:
        print_line(
            text("There are no results yet. Start with `leakwatch train built-in`."), err=True
        )
        return
    print_cells(("trainee", "sessions", "scored", "last"))
    for name in sorted({session.trainee for session in sessions}):
        own = [session for session in sessions if session.trainee == name]
        scored = sum(is_scored(session) for session in own)
        print_cells((name, str(len(own)), str(scored), _local(own[-1])))


@trainees.command()
def show(trainee: TraineeArgument) -> None:
    """Show the sessions of a trainee."""
    from leakwatch.training.training_records import TrainingRecords, is_scored_by_leakwatch

    with errors_in_one_paragraph(), TrainingRecords() as records:
        sessions = records.sessions(trainee)
    print_cells(_SHOWN)
    for one in sessions:
        past = "" if one.past_ml is None else f"{one.past_ml:.2f} mL"
        if one.past_ml is not None and is_scored_by_leakwatch(one):
            past = translate(text("about {volume_ml:.1f} mL", volume_ml=one.past_ml))
        cells = (
            str(one.id),
            _local(one),
            one.case_name,
            one.outcome + (f" ({one.why})" if one.why else ""),
            "" if one.reaction_s is None else f"{one.reaction_s:.2f} s",
            past,
            "" if one.false_stops is None else str(one.false_stops),
            one.due_by or "",
        )
        print_cells(cells)


@trainees.command()
def curve(trainee: TraineeArgument, out: OutOption) -> None:
    """Plot reaction time, cement past the stop point and false STOPs of all sessions as a PNG."""
    from leakwatch.training.learning_curve import curve_figure
    from leakwatch.training.training_records import TrainingRecords

    picture = BytesIO()
    with errors_in_one_paragraph(), TrainingRecords() as records:
        sessions = records.sessions(trainee)
        curve_figure(sessions).savefig(picture, format="png")
    try:
        write_private_file(out, picture.getvalue())
    except OSError as error:
        fail(
            text(
                "{output} cannot be written: {reason}. Check permissions and free disk space.",
                output=out,
                reason=error.strerror,
            )
        )
    print_line(
        counted(
            "{count} session drawn into {output}",
            "{count} sessions drawn into {output}",
            count=len(sessions),
            output=out,
        )
    )


@trainees.command()
def export(
    out: OutOption,
    trainee: Annotated[
        str | None, typer.Option("--trainee", help=text("Name of one trainee; default: all."))
    ] = None,
) -> None:
    """Write sessions as CSV, one per line, including aborted ones and those not scored."""
    from leakwatch.training.training_records import TrainingRecords, sessions_csv

    with errors_in_one_paragraph(), TrainingRecords() as records:
        sessions = records.sessions(trainee)
    try:
        write_private_file(out, sessions_csv(sessions).encode())
    except OSError as error:
        fail(
            text(
                "{output} cannot be written: {reason}. Check permissions and free disk space.",
                output=out,
                reason=error.strerror,
            )
        )
    print_line(
        counted(
            "{count} session written to {output}",
            "{count} sessions written to {output}",
            count=len(sessions),
            output=out,
        )
    )


@trainees.command(name="import")
def import_sessions(
    table: Annotated[Path, typer.Argument(help=text("CSV that `export` or the window wrote."))],
) -> None:
    """Add the sessions of a CSV, as from another computer; known ones are not added again."""
    from leakwatch.files.bounded_input import read_at_most
    from leakwatch.training.session_import import parse_sessions
    from leakwatch.training.training_records import TrainingRecords

    with errors_in_one_paragraph(), TrainingRecords() as records:
        sessions = parse_sessions(read_at_most(table))
        count = records.add(sessions)
    print_line(
        counted(
            "{count} session added, {known} known already",
            "{count} sessions added, {known} known already",
            count=count,
            known=len(sessions) - count,
        )
    )


@trainees.command()
def delete(
    trainee: TraineeArgument,
    yes: Annotated[bool, typer.Option("--yes", help=text("Do not ask for confirmation."))] = False,
) -> None:
    """Delete all sessions of a trainee."""
    from leakwatch.training.training_records import TrainingRecords

    with errors_in_one_paragraph(), TrainingRecords() as records:
        count = counted("{count} session", "{count} sessions", len(records.sessions(trainee)))
        if not yes:
            question = text("Delete {sessions} of {trainee}?", sessions=count, trainee=trainee)
            typer.confirm(escape_control_characters(translate(question)), abort=True)
        records.delete(trainee)
    print_line(text("{sessions} of {trainee} deleted", sessions=count, trainee=trainee))


def _local(session: TrainingSession) -> str:
    begun = dt.datetime.fromisoformat(session.begun_at).astimezone()
    return f"{begun:%Y-%m-%d %H:%M}"
