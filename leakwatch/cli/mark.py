"""`leakwatch mark`."""

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
    require_display,
    say,
    say_what_to_doubt,
)
from leakwatch.cli.options import CalibrationOption, SettingsOption, point_of
from leakwatch.cli.sequences import SeriesOption, one_run, opened_with
from leakwatch.config import Settings
from leakwatch.core.arrays import Point
from leakwatch.core.errors import needs_extra
from leakwatch.core.marks import CaseFile, Side
from leakwatch.core.plural import counted_noun

if TYPE_CHECKING:
    from leakwatch.marking.one_click import Prepared
    from leakwatch.runner.stored_run import Run
    from leakwatch.vision.vertebra.body_outline import Body


_Sequence = Annotated[
    Path,
    typer.Argument(
        metavar="SEQUENCE",
        help="DICOM file, video, picture, NAME.case.json, or a folder: of single frames, or of a "
        "whole export.",
    ),
]
_Out = Annotated[
    Path | None,
    typer.Option("--out", "-o", help="NAME.case.json to write; in a window: default beside it."),
]
_AcceptUnsure = Annotated[
    bool, typer.Option("--accept-unsure", help="Write what is unsure too: look at it first.")
]
_TrustTags = Annotated[
    bool,
    typer.Option(
        "--trust-tags", help="Bone is as the tags say, though the picture seems inverted."
    ),
]


def mark(  # noqa: PLR0913, PLR0917 - an argument for each option
    sequence: _Sequence,
    click: Annotated[
        str | None,
        typer.Option("--click", help="Middle of the body: COLUMN,ROW. Without it: a window."),
    ] = None,
    out: _Out = None,
    frame: Annotated[int, typer.Option("--frame", min=0, help="Frame that is marked.")] = 0,
    point: Annotated[
        list[str] | None,
        typer.Option("--point", help="COLUMN,ROW on the edge of the body; may be given again."),
    ] = None,
    anterior: Annotated[
        Side | None,
        typer.Option("--anterior", help="Side of the picture; else tags or a cannula must tell."),
    ] = None,
    vertebra: Annotated[str | None, typer.Option("--vertebra", help="L1, T12, ...")] = None,
    picture: Annotated[
        Path | None, typer.Option("--picture", help="Draw what was found into this PNG.")
    ] = None,
    series: SeriesOption = None,
    accept_unsure: _AcceptUnsure = False,
    trust_tags: _TrustTags = False,
    settings: SettingsOption = None,
    calibration: CalibrationOption = None,
) -> None:
    """Find a vertebral body and its posterior wall from one click, and write a case.

    For lateral views. Without --click a window opens: click, drag what is not right, calibrate,
    save. With it, no display is needed: each side is printed with its standard deviation. A
    posterior wall that is unsure is not written then, and the exit code is 2: give points on it
    with --point. Nor is one where nothing tells which side is anterior: say it with --anterior. An
    outline that is unsure is left out of the case.
    """
    with errors_in_one_paragraph():
        chosen = _trusting(load_settings(settings), trust_tags)
        asked = one_run(sequence, series)
        sequence = asked.case or (asked.run.path if asked.run is not None else sequence)
        if click is None:
            if point or picture is not None or accept_unsure:
                fail("--point, --picture and --accept-unsure go with --click.")
            require_display("`leakwatch mark ... --click COLUMN,ROW --out NAME.case.json`")
            gui = import_gui()
            run = opened_with(asked, chosen, asked.case, calibration)
            say_what_to_doubt(run)
            say(gui.mark(run, sequence, out, frame, anterior, vertebra))
            return
        at = point_of(click, "--click")
        points = [point_of(each, "--point") for each in point or ()]
        given = _Given(at, points, anterior, vertebra, picture, accept_unsure)
        checked = _checked(out)
        run = opened_with(asked, chosen, asked.case, calibration)
        _mark_at(run, frame, given, checked)


def _trusting(settings: Settings, trust_tags: bool) -> Settings:
    """Return the settings, with the tags trusted where a person says so."""
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


def _mark_at(run: Run, frame: int, given: _Given, out: Path) -> None:
    import numpy as np

    from leakwatch.marking.one_click import displayed_image, mark_body, prepare

    if given.picture is not None:
        with needs_extra("report", "--picture"):
            from leakwatch.marking.marks_picture import write_marks_picture
    try:
        say_what_to_doubt(run)
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
    _say(body, prepared)
    if given.picture is not None:
        drawn = displayed_image(prepared)
        write_marks_picture(given.picture, drawn, body, prepared.shift_px, given.click)
        say(f"drawn into {given.picture}")
    _write(out, body, prepared, run, given.vertebra, given.accept_unsure)


def _checked(out: Path | None) -> Path:
    from leakwatch.case_files.case_file import CASE_SUFFIX

    if out is None:
        fail("--out is missing. Name the NAME.case.json to write.")
    if not out.name.endswith(CASE_SUFFIX):
        fail(f"--out {out}: the name of a case ends with {CASE_SUFFIX}. Choose such a name.")
    return out


def _say(body: Body, prepared: Prepared) -> None:
    frames = prepared.baseline_frames
    side = body.anterior if body.side_known else "not known"
    say(f"from {counted_noun(frames, 'frame')}; anterior is {side}")
    unit = "mm" if prepared.picture.calibrated else "nominal mm"
    for name, part in (
        ("posterior wall", body.wall),
        ("upper endplate", body.upper),
        ("lower endplate", body.lower),
        ("anterior wall", body.front),
    ):
        sure = "" if part.unsure is None else " (unsure)"
        say(f"{name}: one sigma {part.sigma_mm:.1f} {unit}{sure}")
    for doubt in body.unsure:
        say(f"leakwatch: unsure: {doubt}", err=True)


def _write(
    out: Path, body: Body, prepared: Prepared, run: Run, vertebra: str | None, accept: bool
) -> None:
    from leakwatch.marking.one_click import is_outline_reliable, marks_of, write_case

    if not body.side_known:
        fail(
            f"which side is anterior is not known, so {out} is not written: neither the tags nor a "
            "cannula tell it, and a wall on the front of the body never warns. Say --anterior left "
            "or --anterior right."
        )
    if body.wall.unsure is not None and not accept:
        fail(
            f"the posterior wall is unsure, so {out} is not written. Set points on it with "
            "--point COLUMN,ROW, or look at the --picture and say --accept-unsure."
        )
    whole = is_outline_reliable(body) or accept
    write_case(out, run.path, CaseFile("", marks_of(body, prepared.frame, vertebra, whole)))
    say(f"written to {out}: posterior wall{' and outline' if whole else ', no outline'}")
    # The case has no place for it, and the rule of the posterior margin must know it.
    sigma = f"[alerting] marks_sigma_mm = {body.wall.sigma_mm:.1f}"
    say(f"for the settings of what judges this case: {sigma}")
