"""`leakwatch calibrate`: measure a C-arm, and write a calibration file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import wraps
from inspect import Parameter, Signature, signature
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from leakwatch.case_files.settings_file import load_settings
from leakwatch.cli.console import errors_in_one_paragraph, fail, say
from leakwatch.cli.options import SettingsOption, point_of
from leakwatch.config import Settings
from leakwatch.core.arrays import Point
from leakwatch.core.frame import View

if TYPE_CHECKING:
    from leakwatch.calibrating.grid_fit import MeasuredGrid
    from leakwatch.calibrating.known_size import KnownObject, MeasuredSpacing
    from leakwatch.calibrating.still_image import StillImage
    from leakwatch.calibration.calibration_file import CalibrationFile, Geometry, Measured

calibrate = typer.Typer(
    name="calibrate",
    help="Measure a C-arm, and write a calibration file for --calibration of the other commands.",
    no_args_is_help=True,
)

_File = Annotated[Path, typer.Argument(help="DICOM file, or a folder of single frames.")]
_Frame = Annotated[int | None, typer.Option("--frame", min=0, help="Frame to measure on.")]
_Out = Annotated[
    Path | None, typer.Option("--out", "-o", help="FILE.toml to write; else in the user's folder.")
]
_Name = Annotated[str | None, typer.Option("--name", help="Of C-arm and view, for people.")]
_ViewOption = Annotated[
    View | None, typer.Option("--view", help="View that it holds for; else any.")
]
_Replace = Annotated[bool, typer.Option("--replace", help="Replace a file that is there.")]
_Points = Annotated[
    list[str],
    typer.Option("--point", help="COLUMN,ROW of one end or edge, and again for the other."),
]
_Bend = Annotated[
    Path | None,
    typer.Option("--distortion", help="Calibration file with the distortion of this C-arm."),
]
_Depth = Annotated[
    float | None,
    typer.Option("--depth-sigma", min=0.0, help="Depth against the vertebra, one sigma, mm."),
]
_Tilt = Annotated[
    float, typer.Option("--tilt", min=-60.0, max=60.0, help="Degrees out of the picture's plane.")
]
_ByHand = Annotated[
    bool, typer.Option("--by-hand", help="Take the points as they are: look for no edge.")
]


@dataclass(frozen=True)
class _Place:
    """Where a calibration file goes."""

    out: _Out = None
    name: _Name = None
    view: _ViewOption = None
    replace: _Replace = False


@dataclass(frozen=True)
class _Shared(_Place):
    """Options of every command that measures an object."""

    depth_sigma: _Depth = None
    distortion: _Bend = None
    frame: _Frame = None
    settings: SettingsOption = None


@dataclass(frozen=True)
class _Asked:
    sequence: Path
    what: KnownObject
    size_mm: float
    tilt_deg: float


def _measures_an_object(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of `_Shared`, each as a parameter of its own, as typer wants."""
    types = get_type_hints(_Shared, include_extras=True)
    names = [field.name for field in fields(_Shared)]

    @wraps(command)
    def with_shared(**given: Any) -> None:
        shared = {name: given.pop(name) for name in names}
        command(**given, shared=_Shared(**shared))

    known = signature(command, eval_str=True).parameters
    own = [one for name, one in known.items() if name != "shared"]
    more = [
        Parameter(field.name, Parameter.KEYWORD_ONLY, default=field.default,
                  annotation=types[field.name])
        for field in fields(_Shared)
    ]  # fmt: skip
    with_shared.__signature__ = Signature([*own, *more])  # type: ignore[attr-defined]
    with_shared.__annotations__ = {one.name: one.annotation for one in [*own, *more]}
    return with_shared


@calibrate.command()
def grid(  # noqa: PLR0913, PLR0917 - an argument for each option
    sequence: _File,
    pitch: Annotated[
        float, typer.Option("--pitch", min=0.1, max=200.0, help="Between wires or beads, mm.")
    ],
    at_vertebra: Annotated[
        bool, typer.Option("--at-vertebra", help="The plate lay where the vertebra lies.")
    ] = False,
    sid: Annotated[
        float | None, typer.Option("--sid", min=100.0, help="Source to detector, mm; else by tag.")
    ] = None,
    sod: Annotated[
        float | None, typer.Option("--sod", min=100.0, help="Source to vertebra, mm; else by tag.")
    ] = None,
    against_tags: Annotated[
        bool, typer.Option("--against-tags", help="The size of a pixel by tag is wrong.")
    ] = False,
    frame: _Frame = None,
    out: _Out = None,
    name: _Name = None,
    view: _ViewOption = None,
    replace: _Replace = False,
    settings: SettingsOption = None,
) -> None:
    """Measure the distortion of an image intensifier with a plate of wires or beads.

    The plate lies flat on the detector, with nothing else in the beam, and covers all of the
    picture. The distortion depends on the angles of the C-arm: measure in the view that is used.
    The size of a pixel at the detector comes from it too.
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
        _write(_Place(out, name, view, replace), made, comment)


def _grid_of(
    picture: StillImage, pitch_mm: float, without_tags: bool, settings: Settings
) -> MeasuredGrid:
    from leakwatch.calibrating.grid_crossings import find_crossings
    from leakwatch.calibrating.grid_fit import check_spacing, measure_grid

    crossings = find_crossings(picture.attenuation, picture.exposed)
    found = measure_grid(crossings, picture.exposed, pitch_mm, settings.calibration)
    say(
        f"{found.crossings} crossings; 95 % of them within {found.residual_p95_px:.2f} pixels "
        f"of the fit; the picture is bent by up to {found.max_displacement_px:.1f} pixels"
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
    say(f"{found.mm_per_px:.4f} mm per pixel in the plane of the grid")
    if at_vertebra:
        _say_against_tags(found.mm_per_px, picture, settings)
        share = limits.object_depth_mm / max(sod_mm or 0.0, limits.min_sod_mm)
        sigma = (found.mm_per_px_sigma**2 + (share * found.mm_per_px) ** 2) ** 0.5
        return Measured(round(found.mm_per_px, 6), round(sigma, 6)), None
    if sid_mm and sod_mm and sod_mm < sid_mm:
        at_detector = round(found.mm_per_px, 6)
        return None, Geometry(at_detector, sid_mm, sod_mm, limits.depth_sigma_mm)
    say(
        "leakwatch: the distances of source, vertebra and detector are not known, so the file has "
        "the distortion only: millimetres have to come from the case or the tags. "
        "Give --sid and --sod, or measure an object at the vertebra.",
        err=True,
    )
    return None, None


@calibrate.command()
@_measures_an_object
def cannula(
    sequence: _File,
    point: _Points,
    gauge: Annotated[
        int | None, typer.Option("--gauge", help="Of the cannula: points on its two edges.")
    ] = None,
    diameter: Annotated[
        float | None, typer.Option("--diameter", min=0.1, help="Outer diameter, mm, instead.")
    ] = None,
    length: Annotated[
        float | None, typer.Option("--length", min=1.0, help="mm: points on its two ends.")
    ] = None,
    tilt: _Tilt = 0.0,
    by_hand: _ByHand = False,
    *,
    shared: _Shared,
) -> None:
    """Measure a cannula of known gauge, across it, or of known length, from end to end.

    Across: near its tip, which lies nearest to the middle of the body. Its edges are then found to
    a fraction of a pixel. Along: a cannula that leans out of the picture looks shorter; give its
    --tilt where you know it.
    """
    from leakwatch.calibrating.known_size import KnownObject, outer_diameter_mm

    with errors_in_one_paragraph():
        given = [one for one in (gauge, diameter, length) if one is not None]
        if len(given) != 1:
            fail(f"{len(given)} sizes are given. Give one of --gauge, --diameter and --length.")
        if length is not None:
            what, size_mm = KnownObject.CANNULA_LENGTH, length
        else:
            what = KnownObject.CANNULA_WIDTH
            size_mm = outer_diameter_mm(gauge) if gauge is not None else diameter or 0.0
        with_edges = what is KnownObject.CANNULA_WIDTH and not by_hand
        _measure(_Asked(sequence, what, size_mm, tilt), _points(point, 2), with_edges, shared)


@calibrate.command()
@_measures_an_object
def ruler(
    sequence: _File,
    point: _Points,
    length: Annotated[float, typer.Option("--length", min=1.0, help="Between the points, mm.")],
    tilt: _Tilt = 0.0,
    *,
    shared: _Shared,
) -> None:
    """Measure between two marks of a ruler that lies beside the vertebra, at its depth."""
    from leakwatch.calibrating.known_size import KnownObject

    with errors_in_one_paragraph():
        asked = _Asked(sequence, KnownObject.RULER, length, tilt)
        _measure(asked, _points(point, 2), False, shared)


@calibrate.command()
@_measures_an_object
def sphere(
    sequence: _File,
    point: _Points,
    diameter: Annotated[float, typer.Option("--diameter", min=1.0, help="Of the sphere, mm.")],
    shared: _Shared,
) -> None:
    """Measure a metal sphere that lies beside the vertebra, at its depth.

    One point inside it, and its rim is found; or two points on opposite sides of its rim.
    """
    from leakwatch.calibrating.known_size import KnownObject

    with errors_in_one_paragraph():
        asked = _Asked(sequence, KnownObject.SPHERE, diameter, 0.0)
        places = _points(point, 1 if len(point) == 1 else 2)
        _measure(asked, places, len(places) == 1, shared)


def _points(texts: list[str], wanted: int) -> list[Point]:
    if len(texts) != wanted:
        fail(
            f"{len(texts)} point{'s are' if len(texts) != 1 else ' is'} given, and {wanted} are "
            "needed: --point COLUMN,ROW for one end, and again for the other."
        )
    return [point_of(text, "--point") for text in texts]


def _measure(asked: _Asked, points: list[Point], with_edges: bool, shared: _Shared) -> None:
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
        ends = " and ".join(f"{column:.1f},{row:.1f}" for column, row in found.ends_px)
        say(f"edges found at {ends}")
    _say(found.spacing)
    _say_against_tags(found.spacing.mm_per_px, picture, settings)
    made = result_file.make_calibration_file(
        shared.name or _machine(picture, shared.view),
        result_file.make_applies_to(picture.acquisition, shared.view),
        measured=result_file.measured_section(found.spacing),
        distortion=table,
    )
    comment = f"Measured by `leakwatch calibrate`: {asked.what.value}, {asked.size_mm:g} mm."
    _write(shared, made, comment)


def _say(spacing: MeasuredSpacing) -> None:
    say(
        f"{spacing.size_mm:g} mm over {spacing.size_px:.1f} pixels: {spacing.mm_per_px:.4f} +- "
        f"{spacing.mm_per_px_sigma:.4f} mm per pixel at the vertebra"
    )
    parts = ", ".join(f"{name} {share:.1%}" for name, share in spacing.parts.items())
    say(f"of the standard deviation: {parts}")


def _say_against_tags(mm_per_px: float, picture: StillImage, settings: Settings) -> None:
    """Say so where the tags contradict what was measured: a size that was mistyped, or the tags."""
    from leakwatch.calibration.spacing_ladder import from_header

    tagged = from_header(picture.acquisition.geometry, settings.calibration)
    if tagged.mm_per_px is None:
        return
    off = mm_per_px / tagged.mm_per_px - 1.0
    if abs(off) > settings.calibration.conflict_share:
        say(
            f"leakwatch: that is {off:+.0%} against the {tagged.mm_per_px:.4f} of the tags "
            f"({tagged.source}). One of them is wrong: check the size, and what was measured. With "
            "this file what was measured is taken.",
            err=True,
        )


def _machine(picture: StillImage, view: View | None) -> str:
    run = picture.acquisition
    words = [run.manufacturer, run.model_name, "" if view is None else view.value]
    return " ".join(word for word in words if word) or "C-arm"


def _write(place: _Place, made: CalibrationFile, comment: str) -> None:
    from leakwatch.calibrating.result_file import default_path, write_calibration

    path = place.out or default_path(made.name)
    write_calibration(path, made, comment, place.replace)
    say(f"written to {path}; use it with --calibration {path}")
