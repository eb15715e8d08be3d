"""`leakwatch mark`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leakwatch.cli.console import errors_in_one_paragraph, fail, say_what_to_doubt
from leakwatch.cli.options import CalibrationOption, SettingsOption, point_of
from leakwatch.config import load_settings
from leakwatch.errors import CaseError
from leakwatch.model import Side

if TYPE_CHECKING:
    from leakwatch.marking import Prepared
    from leakwatch.session import Run
    from leakwatch.vision.vertebra import Body


def mark(  # noqa: PLR0913, PLR0917 - an argument for each option
    sequence: Annotated[Path, typer.Argument(help="DICOM file, or a folder of single frames.")],
    click: Annotated[str, typer.Option("--click", help="Middle of the body: COLUMN,ROW.")],
    out: Annotated[Path, typer.Option("--out", help="NAME.case.json to write.")],
    frame: Annotated[int, typer.Option("--frame", min=0, help="Frame that was clicked.")] = 0,
    point: Annotated[
        list[str] | None,
        typer.Option("--point", help="COLUMN,ROW on the edge of the body; may be given again."),
    ] = None,
    anterior: Annotated[
        Side | None, typer.Option("--anterior", help="Side of the picture; else it is looked for.")
    ] = None,
    vertebra: Annotated[str | None, typer.Option("--vertebra", help="L1, T12, ...")] = None,
    picture: Annotated[
        Path | None, typer.Option("--picture", help="Draw what was found into this PNG.")
    ] = None,
    accept_unsure: Annotated[
        bool, typer.Option("--accept-unsure", help="Write what is unsure too: look at it first.")
    ] = False,
    settings: SettingsOption = None,
    calibration: CalibrationOption = None,
) -> None:
    """Find a vertebral body and its posterior wall from one click, and write a case.

    For lateral views. Prints each side with its standard deviation. A posterior wall that is
    unsure is not written, and the exit code is 2: give points on it with --point. An outline that
    is unsure is left out of the case.
    """
    # Imported here, so that --help and --version answer at once.
    import numpy as np

    from leakwatch.marking import mark_body, prepare, shown_picture
    from leakwatch.session import open_run
    from leakwatch.sinks.marks_picture import write_marks_picture

    with errors_in_one_paragraph():
        at = point_of(click, "--click")
        points = [point_of(each, "--point") for each in point or ()]
        _check_out(out)
        run = open_run(sequence, load_settings(settings), None, calibration)
        try:
            say_what_to_doubt(run)
            prepared = prepare(run, frame)
        finally:
            run.source.close()
        hints = np.array(points, np.float64).reshape(-1, 2)
        body = mark_body(prepared, at, run, anterior=anterior, level=vertebra, hints_px=hints)
        _say(body, prepared)
        if picture is not None:
            write_marks_picture(picture, shown_picture(prepared), body, prepared.shift_px, at)
            typer.echo(f"drawn into {picture}")
        _write(out, body, prepared, run, vertebra, accept_unsure)


def _check_out(out: Path) -> None:
    from leakwatch.case import CASE_SUFFIX

    if not out.name.endswith(CASE_SUFFIX):
        fail(f"--out {out}: the name of a case ends with {CASE_SUFFIX}. Choose such a name.")


def _say(body: Body, prepared: Prepared) -> None:
    frames = prepared.baseline_frames
    typer.echo(f"from {frames} frame{'s' if frames != 1 else ''}; anterior is {body.anterior}")
    unit = "mm" if prepared.picture.calibrated else "nominal mm"
    for name, part in (
        ("posterior wall", body.wall),
        ("upper endplate", body.upper),
        ("lower endplate", body.lower),
        ("anterior wall", body.front),
    ):
        sure = "" if part.unsure is None else " (unsure)"
        typer.echo(f"{name}: one sigma {part.sigma_mm:.1f} {unit}{sure}")
    for doubt in body.unsure:
        typer.echo(f"leakwatch: unsure: {doubt}", err=True)


def _write(
    out: Path, body: Body, prepared: Prepared, run: Run, vertebra: str | None, accept: bool
) -> None:
    from leakwatch.case import encode_case
    from leakwatch.marking import case_of, outline_is_sure

    if body.wall.unsure is not None and not accept:
        fail(
            f"the posterior wall is unsure, so {out} is not written. Set points on it with "
            "--point COLUMN,ROW, or look at the --picture and say --accept-unsure."
        )
    whole = outline_is_sure(body) or accept
    dicom = os.path.relpath(run.path.resolve(), out.resolve().parent)
    data = encode_case(case_of(body, prepared.frame, Path(dicom).as_posix(), vertebra, whole))
    try:
        out.write_bytes(data)
    except OSError as error:
        raise CaseError(f"{out}: cannot be written: {error.strerror}") from error
    typer.echo(f"written to {out}: posterior wall{' and outline' if whole else ', no outline'}")
    # The case has no place for it, and the rule of the posterior margin must know it.
    sigma = f"[alerting] marks_sigma_mm = {body.wall.sigma_mm:.1f}"
    typer.echo(f"for the settings of what judges this case: {sigma}")
