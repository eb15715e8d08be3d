"""`leakwatch calibrate`: measure a C-arm, and write a calibration file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leakwatch.case_files.settings_file import load_settings
from leakwatch.cli.calibrate_options import (
    ByHandOption,
    Destination,
    FileArgument,
    FrameOption,
    NameOption,
    OutOption,
    PointsOption,
    ReplaceOption,
    SharedOptions,
    TiltOption,
    ViewOption,
    measures_an_object,
)
from leakwatch.cli.console import errors_in_one_paragraph, fail, print_line, warn
from leakwatch.cli.options import SettingsOption, point_of
from leakwatch.config import Settings
from leakwatch.core.arrays import Point
from leakwatch.core.frame import View
from leakwatch.core.messages import counted, text

if TYPE_CHECKING:
    from leakwatch.calibrating.grid_fit import MeasuredGrid
    from leakwatch.calibrating.known_size import KnownObject, MeasuredSpacing
    from leakwatch.calibrating.still_image import StillImage
    from leakwatch.calibration.calibration_file import CalibrationFile, Geometry, Measured

calibrate = typer.Typer(
    name="calibrate",
    help=text("Measure a C-arm, and write a calibration file for --calibration of other commands."),
    no_args_is_help=True,
)


@dataclass(frozen=True)
class _Asked:
    sequence: Path
    what: KnownObject
    size_mm: float
    tilt_deg: float


@calibrate.command()
def grid(  # noqa: PLR0913, PLR0917 - an argument for each option
    sequence: FileArgument,
    pitch: Annotated[
        float,
        typer.Option(
            "--pitch", min=0.1, max=200.0, help=text("Distance between wires or beads, mm.")
        ),
    ],
    at_vertebra: Annotated[
        bool,
        typer.Option("--at-vertebra", help=text("The plate was at the position of the vertebra.")),
    ] = False,
    sid: Annotated[
        float | None,
        typer.Option(
            "--sid", min=100.0, help=text("Source to detector, mm; default: from the header.")
        ),
    ] = None,
    sod: Annotated[
        float | None,
        typer.Option(
            "--sod", min=100.0, help=text("Source to vertebra, mm; default: from the header.")
        ),
    ] = None,
    against_tags: Annotated[
        bool, typer.Option("--against-tags", help=text("The pixel spacing in the header is wrong."))
    ] = False,
    frame: FrameOption = None,
    out: OutOption = None,
    name: NameOption = None,
    view: ViewOption = None,
    replace: ReplaceOption = False,
    settings: SettingsOption = None,
) -> None:
    """Measure the distortion of an image intensifier with a plate of wires or beads.

    The plate must be flat on the detector, with nothing else in the beam, and cover the whole
    image. The distortion depends on the angles of the C-arm: measure in the view that is used. The
    pixel spacing at the detector is measured as well.
    """
    from leakwatch.calibrating import result_file
    from leakwatch.calibrating.still_image import still_image

    with errors_in_one_paragraph():
        chosen = load_settings(settings)
        picture = still_image(sequence, chosen, frame)
        found = _grid_of(picture, pitch, at_vertebra or against_tags, chosen)
        measured, geometry = _spacing_of_grid(found, picture, at_vertebra, (sid, sod), chosen)
        made = result_file.make_calibration_file(
            name or _machine(picture, view),
            result_file.make_applies_to(picture.acquisition, view),
            measured=measured,
            geometry=geometry,
            distortion=result_file.distortion_section(found),
        )
        comment = f"Measured with a grid of {pitch:g} mm by `leakwatch calibrate grid`."
        _write(Destination(out, name, view, replace), made, comment)


def _grid_of(
    picture: StillImage, pitch_mm: float, without_tags: bool, settings: Settings
) -> MeasuredGrid:
    from leakwatch.calibrating.grid_crossings import find_crossings
    from leakwatch.calibrating.grid_fit import check_spacing, measure_grid

    crossings = find_crossings(picture.attenuation, picture.exposed)
    found = measure_grid(crossings, picture.exposed, pitch_mm, settings.calibration)
    print_line(
        text(
            "{crossings} crossings; 95 % of them within {residual_p95_px:.2f} pixels of "
            "the fit; distortion up to {max_shift_px:.1f} pixels",
            crossings=found.crossings,
            residual_p95_px=found.residual_p95_px,
            max_shift_px=found.max_displacement_px,
        )
    )
    if not without_tags:
        tagged = picture.acquisition.geometry.imager_pixel_spacing_mm
        check_spacing(found.mm_per_px, tagged, settings.calibration)
    return found


def _spacing_of_grid(
    found: MeasuredGrid,
    picture: StillImage,
    at_vertebra: bool,
    distances_mm: tuple[float | None, float | None],
    settings: Settings,
) -> tuple[Measured | None, Geometry | None]:
    from leakwatch.calibration.calibration_file import Geometry, Measured

    tags, limits = picture.acquisition.geometry, settings.calibration
    sid_mm, sod_mm = distances_mm[0] or tags.sid_mm, distances_mm[1] or tags.sod_mm
    print_line(
        text("{mm_per_px:.4f} mm per pixel in the plane of the grid", mm_per_px=found.mm_per_px)
    )
    if at_vertebra:
        _warn_about_header(found.mm_per_px, picture, settings)
        share = limits.object_depth_mm / max(sod_mm or 0.0, limits.min_sod_mm)
        sigma = (found.mm_per_px_sigma**2 + (share * found.mm_per_px) ** 2) ** 0.5
        return Measured(round(found.mm_per_px, 6), round(sigma, 6)), None
    if sid_mm and sod_mm and sod_mm < sid_mm:
        at_detector = round(found.mm_per_px, 6)
        return None, Geometry(at_detector, sid_mm, sod_mm, limits.depth_sigma_mm)
    warn(
        text(
            "the distances of source, vertebra and detector are unknown, so the file has "
            "the distortion only, and the pixel spacing must come from the case or the "
            "header. Give --sid and --sod, or measure an object at the vertebra."
        )
    )
    return None, None


@calibrate.command()
@measures_an_object
def cannula(
    sequence: FileArgument,
    point: PointsOption,
    gauge: Annotated[
        int | None,
        typer.Option("--gauge", help=text("Gauge of the cannula: points on its two edges.")),
    ] = None,
    diameter: Annotated[
        float | None,
        typer.Option("--diameter", min=0.1, help=text("Outer diameter, mm, instead of the gauge.")),
    ] = None,
    length: Annotated[
        float | None,
        typer.Option("--length", min=1.0, help=text("Length, mm: points on its two ends.")),
    ] = None,
    tilt: TiltOption = 0.0,
    by_hand: ByHandOption = False,
    *,
    shared: SharedOptions,
) -> None:
    """Measure a cannula of known gauge across its shaft, or of known length from end to end.

    Across: set the points near the tip, which is closest to the centre of the vertebral body. The
    edges are then located to a fraction of a pixel. Along: a cannula tilted out of the image plane
    appears shorter; give its --tilt if known.
    """
    from leakwatch.calibrating.known_size import KnownObject, outer_diameter_mm

    with errors_in_one_paragraph():
        given = [one for one in (gauge, diameter, length) if one is not None]
        if len(given) != 1:
            fail(
                text(
                    "{sizes} sizes are given. Give one of --gauge, --diameter and --length.",
                    sizes=len(given),
                )
            )
        if length is not None:
            what, size_mm = KnownObject.CANNULA_LENGTH, length
        else:
            what = KnownObject.CANNULA_WIDTH
            size_mm = outer_diameter_mm(gauge) if gauge is not None else diameter or 0.0
        with_edges = what is KnownObject.CANNULA_WIDTH and not by_hand
        _measure(_Asked(sequence, what, size_mm, tilt), _points(point, 2), with_edges, shared)


@calibrate.command()
@measures_an_object
def ruler(
    sequence: FileArgument,
    point: PointsOption,
    length: Annotated[
        float, typer.Option("--length", min=1.0, help=text("Distance between the points, mm."))
    ],
    tilt: TiltOption = 0.0,
    *,
    shared: SharedOptions,
) -> None:
    """Measure between two marks of a ruler beside the vertebra, at the same depth."""
    from leakwatch.calibrating.known_size import KnownObject

    with errors_in_one_paragraph():
        asked = _Asked(sequence, KnownObject.RULER, length, tilt)
        _measure(asked, _points(point, 2), False, shared)


@calibrate.command()
@measures_an_object
def sphere(
    sequence: FileArgument,
    point: PointsOption,
    diameter: Annotated[
        float, typer.Option("--diameter", min=1.0, help=text("Diameter of the sphere, mm."))
    ],
    shared: SharedOptions,
) -> None:
    """Measure a metal sphere beside the vertebra, at the same depth.

    Give one point inside it, and its rim is detected; or two points on opposite sides of its rim.
    """
    from leakwatch.calibrating.known_size import KnownObject

    with errors_in_one_paragraph():
        asked = _Asked(sequence, KnownObject.SPHERE, diameter, 0.0)
        places = _points(point, 1 if len(point) == 1 else 2)
        _measure(asked, places, len(places) == 1, shared)


def _points(texts: list[str], wanted: int) -> list[Point]:
    if len(texts) != wanted:
        fail(
            counted(
                "{count} point is given, and {needed} are required: --point COLUMN,ROW for one "
                "end, and again for the other.",
                "{count} points are given, and {needed} are required: --point COLUMN,ROW for one "
                "end, and again for the other.",
                count=len(texts),
                needed=wanted,
            )
        )
    return [point_of(text, "--point") for text in texts]


def _measure(asked: _Asked, points: list[Point], with_edges: bool, shared: SharedOptions) -> None:
    import numpy as np

    from leakwatch.calibrating import result_file
    from leakwatch.calibrating.known_size import ObjectToMeasure
    from leakwatch.calibrating.measure import measure
    from leakwatch.calibrating.still_image import still_image
    from leakwatch.calibration.calibration_file import load_calibration_file
    from leakwatch.calibration.spacing_ladder import check_applies

    settings = load_settings(shared.settings)
    picture = still_image(asked.sequence, settings, shared.frame or 0)
    table = bend = None
    if shared.distortion is not None:
        of_grid = load_calibration_file(shared.distortion)
        check_applies(
            of_grid, shared.distortion, picture.acquisition, shared.view, settings.calibration
        )
        table, bend = of_grid.distortion, of_grid.distortion_model
    wanted = ObjectToMeasure(asked.what, asked.size_mm, asked.tilt_deg, shared.depth_sigma, bend)
    found = measure(picture, wanted, np.array(points), with_edges, settings.calibration)
    if found.found:
        ends = "; ".join(f"{column:.1f},{row:.1f}" for column, row in found.ends_px)
        print_line(text("edges found at {positions}", positions=ends))
    _print_result(found.spacing)
    _warn_about_header(found.spacing.mm_per_px, picture, settings)
    made = result_file.make_calibration_file(
        shared.name or _machine(picture, shared.view),
        result_file.make_applies_to(picture.acquisition, shared.view),
        measured=result_file.measured_section(found.spacing),
        distortion=table,
    )
    comment = f"Measured by `leakwatch calibrate`: {asked.what.value}, {asked.size_mm:g} mm."
    _write(shared, made, comment)


def _print_result(spacing: MeasuredSpacing) -> None:
    print_line(
        text(
            "{size_mm:g} mm over {size_px:.1f} pixels: {mm_per_px:.4f} +- "
            "{mm_per_px_sigma:.4f} mm per pixel at the vertebra",
            size_mm=spacing.size_mm,
            size_px=spacing.size_px,
            mm_per_px=spacing.mm_per_px,
            mm_per_px_sigma=spacing.mm_per_px_sigma,
        )
    )
    parts = ", ".join(f"{name} {share:.1%}" for name, share in spacing.parts.items())
    print_line(text("of the standard deviation: {parts}", parts=parts))


def _warn_about_header(mm_per_px: float, picture: StillImage, settings: Settings) -> None:
    """Warn if the header contradicts the measurement: one of them is wrong."""
    from leakwatch.calibration.spacing_ladder import from_header

    tagged = from_header(picture.acquisition.geometry, settings.calibration)
    if tagged.mm_per_px is None:
        return
    off = mm_per_px / tagged.mm_per_px - 1.0
    if abs(off) > settings.calibration.conflict_share:
        warn(
            text(
                "this differs by {deviation:+.0%} from {mm_per_px:.4f} in the header "
                "({source}). One of them is wrong: check the size and the points. This file "
                "uses the measured value.",
                deviation=off,
                mm_per_px=tagged.mm_per_px,
                source=tagged.source,
            )
        )


def _machine(picture: StillImage, view: View | None) -> str:
    run = picture.acquisition
    words = [run.manufacturer, run.model_name, "" if view is None else view.value]
    return " ".join(word for word in words if word) or "C-arm"


def _write(place: Destination, made: CalibrationFile, comment: str) -> None:
    from leakwatch.calibrating.result_file import default_path, write_calibration

    path = place.out or default_path(made.name)
    write_calibration(path, made, comment, place.replace)
    print_line(text("written to {path}; use it with --calibration {path}", path=path))
