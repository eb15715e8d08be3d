"""`leakwatch mark`: find a vertebral body and its posterior wall, and write them into a case."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from leakwatch.case_files.settings_file import load_settings
from leakwatch.cli.console import (
    errors_in_one_paragraph,
    fail,
    import_gui,
    print_line,
    print_warnings,
    require_display,
    warn,
)
from leakwatch.cli.options import CalibrationOption, SettingsOption, point_of
from leakwatch.cli.sequences import SeriesOption, one_run, opened_with
from leakwatch.config import Settings
from leakwatch.core.arrays import Point
from leakwatch.core.errors import needs_extra
from leakwatch.core.marks import CaseFile, Side
from leakwatch.core.messages import counted, text

if TYPE_CHECKING:
    from leakwatch.marking.one_click import Prepared
    from leakwatch.runner.stored_run import AnalysisRun
    from leakwatch.vision.vertebra.body_outline import Body


_Sequence = Annotated[
    Path,
    typer.Argument(
        metavar="SEQUENCE",
        help=text(
            "DICOM file, video, image, NAME.case.json, or a folder with single frames or a "
            "whole export."
        ),
    ),
]
_Out = Annotated[
    Path | None,
    typer.Option(
        "--out",
        "-o",
        help=text("NAME.case.json to write; default in a window: beside the sequence."),
    ),
]
_AcceptUnsure = Annotated[
    bool,
    typer.Option("--accept-unsure", help=text("Also write uncertain edges: check them first.")),
]
_TrustTags = Annotated[
    bool,
    typer.Option(
        "--trust-tags",
        help=text("Use the polarity in the header, although the image looks inverted."),
    ),
]


def mark(  # noqa: PLR0913, PLR0917 - an argument for each option
    sequence: _Sequence,
    click: Annotated[
        str | None,
        typer.Option(
            "--click",
            help=text("Centre of the vertebral body: COLUMN,ROW. Without it, a window opens."),
        ),
    ] = None,
    out: _Out = None,
    frame: Annotated[int, typer.Option("--frame", min=0, help=text("Frame to mark."))] = 0,
    point: Annotated[
        list[str] | None,
        typer.Option(
            "--point", help=text("COLUMN,ROW on the edge of the vertebral body; may be repeated.")
        ),
    ] = None,
    anterior: Annotated[
        Side | None,
        typer.Option(
            "--anterior",
            help=text("Anterior side of the image; default: from the header or a cannula."),
        ),
    ] = None,
    vertebra: Annotated[str | None, typer.Option("--vertebra", help=text("L1, T12, ..."))] = None,
    picture: Annotated[
        Path | None, typer.Option("--picture", help=text("Draw the result into this PNG."))
    ] = None,
    series: SeriesOption = None,
    accept_unsure: _AcceptUnsure = False,
    trust_tags: _TrustTags = False,
    settings: SettingsOption = None,
    calibration: CalibrationOption = None,
) -> None:
    """Find a vertebral body and its posterior wall from one click, and write a case.

    For lateral views. Without --click a window opens: click, drag to correct, calibrate, save.
    With --click no display is needed, and each side is printed with its standard deviation. Then
    an uncertain posterior wall is not written, and the exit code is 2: give points on it with
    --point. The same applies if the anterior side is unknown: give it with --anterior. An
    uncertain outline is omitted from the case.
    """
    with errors_in_one_paragraph():
        chosen = _trusting(load_settings(settings), trust_tags)
        asked = one_run(sequence, series)
        sequence = asked.case or (asked.run.path if asked.run is not None else sequence)
        if click is None:
            if point or picture is not None or accept_unsure:
                fail(text("--point, --picture and --accept-unsure need --click. Add it."))
            require_display("`leakwatch mark ... --click COLUMN,ROW --out NAME.case.json`")
            gui = import_gui()
            run = opened_with(asked, chosen, asked.case, calibration)
            print_warnings(run)
            print_line(gui.mark(run, sequence, out, frame, anterior, vertebra))
            return
        at = point_of(click, "--click")
        points = [point_of(each, "--point") for each in point or ()]
        given = _Given(at, points, anterior, vertebra, picture, accept_unsure)
        checked = _checked(out)
        run = opened_with(asked, chosen, asked.case, calibration)
        _mark_at(run, frame, given, checked)


def _trusting(settings: Settings, trust_tags: bool) -> Settings:
    """Return the settings, with trust in the header if the user requests it."""
    trust = trust_tags or settings.polarity.trust_tags
    polarity = msgspec.structs.replace(settings.polarity, trust_tags=trust)
    return msgspec.structs.replace(settings, polarity=polarity)


@dataclass(frozen=True)
class _Given:
    click: Point
    points: list[Point]
    anterior: Side | None
    vertebra: str | None
    picture: Path | None
    accept_unsure: bool


def _mark_at(run: AnalysisRun, frame: int, given: _Given, out: Path) -> None:
    import numpy as np

    from leakwatch.marking.one_click import displayed_image, mark_body, prepare

    if given.picture is not None:
        with needs_extra("report", "--picture"):
            from leakwatch.marking.marks_picture import write_marks_picture
    try:
        print_warnings(run)
        prepared = prepare(run, frame)
    finally:
        run.source.close()
    body = mark_body(
        prepared,
        given.click,
        run,
        anterior=given.anterior,
        level=given.vertebra,
        hints_px=np.array(given.points, np.float64).reshape(-1, 2),
    )
    _print_result(body, prepared)
    if given.picture is not None:
        drawn = displayed_image(prepared)
        write_marks_picture(given.picture, drawn, body, prepared.shift_px, given.click)
        print_line(text("drawn into {picture}", picture=given.picture))
    _write(out, body, prepared, run, given.vertebra, given.accept_unsure)


def _checked(out: Path | None) -> Path:
    from leakwatch.case_files.case_file import CASE_SUFFIX

    if out is None:
        fail(text("--out is missing. Give the NAME.case.json to write."))
    if not out.name.endswith(CASE_SUFFIX):
        fail(
            text(
                "--out {output}: not the name of a case. Choose a name that ends with {suffix}.",
                output=out,
                suffix=CASE_SUFFIX,
            )
        )
    return out


def _print_result(body: Body, prepared: Prepared) -> None:
    frames = prepared.baseline_frames
    side = str(body.anterior) if body.side_known else text("unknown")
    print_line(
        counted(
            "from {count} frame; anterior side: {side}",
            "from {count} frames; anterior side: {side}",
            count=frames,
            side=side,
        )
    )
    unit = "mm" if prepared.picture.calibrated else text("nominal mm")
    for name, part in (
        (text("posterior wall"), body.wall),
        (text("superior endplate"), body.upper),
        (text("inferior endplate"), body.lower),
        (text("anterior wall"), body.front),
    ):
        sigma_mm = part.sigma_mm
        if part.unsure is None:
            print_line(
                text("{name}: one sigma {sigma:.1f} {unit}", name=name, sigma=sigma_mm, unit=unit)
            )
            continue
        print_line(
            text(
                "{name}: one sigma {sigma:.1f} {unit} (uncertain)",
                name=name,
                sigma=sigma_mm,
                unit=unit,
            )
        )
    for doubt in body.unsure:
        warn(text("uncertain: {warning}", warning=doubt))


def _write(
    out: Path, body: Body, prepared: Prepared, run: AnalysisRun, vertebra: str | None, accept: bool
) -> None:
    from leakwatch.marking.one_click import is_outline_reliable, marks_of, write_case

    if not body.side_known:
        fail(
            text(
                "the anterior side is unknown, so {output} is not written: neither the header nor "
                "a cannula shows it, and a wall on the anterior side would never warn. Give "
                "--anterior left or --anterior right.",
                output=out,
            )
        )
    if body.wall.unsure is not None and not accept:
        fail(
            text(
                "the posterior wall is uncertain, so {output} is not written. Give points on it "
                "with --point COLUMN,ROW, or check the --picture and give --accept-unsure.",
                output=out,
            )
        )
    whole = is_outline_reliable(body) or accept
    write_case(out, run.path, CaseFile("", marks_of(body, prepared.frame, vertebra, whole)))
    if whole:
        print_line(text("written to {output}: posterior wall and outline", output=out))
    else:
        print_line(text("written to {output}: posterior wall, no outline", output=out))
    # The case file cannot contain it, and the rule of the posterior margin needs it.
    sigma = f"[alerting] marks_sigma_mm = {body.wall.sigma_mm:.1f}"
    print_line(text("for the settings when this case is analysed: {setting}", setting=sigma))
