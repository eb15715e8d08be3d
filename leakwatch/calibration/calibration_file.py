"""Calibration files: TOML, one per C-arm and view. For the keys see calibration/README.md."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from leakwatch.config import CalibrationSettings
from leakwatch.core.distortion import MAX_SLOPE, count_terms, steepest_slope
from leakwatch.core.errors import CalibrationError
from leakwatch.core.frame import Acquisition, View
from leakwatch.core.messages import HeaderText, text
from leakwatch.core.spacing import Distortion
from leakwatch.files.bounded_input import parse_toml, read_at_most, why_unread
from leakwatch.files.strict_input import explain

CALIBRATION_SCHEMA = "leakwatch.calibration/1"
CALIBRATION_SUFFIX = ".toml"

# Lengths on a C-arm: values outside are in another unit than millimetres.
_Distance = Annotated[float, Meta(ge=100.0, le=5000.0)]
_Positive = Annotated[float, Meta(gt=0.0, le=1000.0)]
_Angle = Annotated[float, Meta(ge=-360.0, le=360.0)]
_Text = Annotated[str, Meta(min_length=1, max_length=80)]


class AppliesTo(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Frames to which a calibration applies; None means any.

    Parameters
    ----------
    columns, rows : int
        Size of a frame.
    manufacturer, model : str or None
        Manufacturer (0008,0070) and Manufacturer's Model Name (0008,1090), regardless of case.
    view : View or None
    sid_mm : float or None
        Distance from source to detector.
    primary_angle_deg, secondary_angle_deg : float or None
        Positioner angles.
    imager_pixel_spacing_mm : float or None
        At the detector: distinguishes fields of view (zoom).
    field_of_view_mm : float or None
        First value of Field of View Dimensions (0018,1149): distinguishes fields of view too.
    """

    columns: Annotated[int, Meta(ge=1)]
    rows: Annotated[int, Meta(ge=1)]
    manufacturer: _Text | None = None
    view: View | None = None
    sid_mm: _Distance | None = None
    primary_angle_deg: _Angle | None = None
    secondary_angle_deg: _Angle | None = None
    imager_pixel_spacing_mm: _Positive | None = None
    model: _Text | None = None
    field_of_view_mm: _Positive | None = None


class Measured(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Pixel spacing measured on an object of known size at the position of the vertebra."""

    mm_per_px: _Positive
    mm_per_px_sigma: _Positive


class Geometry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Pixel spacing by similar triangles: at the detector, times SOD over SID."""

    imager_pixel_spacing_mm: _Positive
    sid_mm: _Distance
    sod_mm: _Distance
    sod_sigma_mm: _Positive


class DistortionTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Distortion by an image intensifier, see `spacing.Distortion`.

    Parameters
    ----------
    degree : int
    reach_px, sigma_px : float
    residual_p95_px : float
        95th percentile of the distance of grid crossings from the polynomial's positions.
    crossings : int
        Number of grid crossings found.
    column_px, row_px : list of float
    """

    degree: Annotated[int, Meta(ge=1, le=9)]
    reach_px: Annotated[float, Meta(gt=0.0, le=10000.0)]
    sigma_px: Annotated[float, Meta(ge=0.0, le=10.0)]
    residual_p95_px: Annotated[float, Meta(ge=0.0, le=10.0)]
    crossings: Annotated[int, Meta(ge=1)]
    column_px: list[float]
    row_px: list[float]


class CalibrationFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A validated calibration file, with at most one of `measured` and `geometry`.

    Parameters
    ----------
    schema : str
    name : str
        Shown beside every distance.
    applies_to : AppliesTo
    measured : Measured or None
    geometry : Geometry or None
    distortion : DistortionTable or None
        Without `measured` or `geometry`, the pixel spacing comes from the header.
    """

    schema: Literal["leakwatch.calibration/1"]
    name: _Text
    applies_to: AppliesTo
    measured: Measured | None = None
    geometry: Geometry | None = None
    distortion: DistortionTable | None = None

    @property
    def spacing_mm(self) -> tuple[float, float] | None:
        """Pixel spacing at the vertebra and its standard deviation; None if there is none."""
        if self.measured is not None:
            return self.measured.mm_per_px, self.measured.mm_per_px_sigma
        if self.geometry is None:
            return None
        spacing = self.geometry.imager_pixel_spacing_mm * self.geometry.sod_mm
        spacing /= self.geometry.sid_mm
        return spacing, spacing * self.geometry.sod_sigma_mm / self.geometry.sod_mm

    @property
    def distortion_model(self) -> Distortion | None:
        """Distortion; None if the file has none."""
        table = self.distortion
        if table is None:
            return None
        size = self.applies_to.rows, self.applies_to.columns
        column, row = tuple(table.column_px), tuple(table.row_px)
        return Distortion(*size, table.degree, column, row, table.reach_px, table.sigma_px)


_HINTS = {
    "schema": text('Write schema = "{schema}".', schema=CALIBRATION_SCHEMA),
    "name": text("Give the C-arm and view a short name."),
    "applies_to": text("State the frames to which it applies: at least columns and rows."),
    "measured": text(
        "Give mm_per_px and mm_per_px_sigma, in millimetres per pixel at the vertebra."
    ),
    "geometry": text(
        "Give imager_pixel_spacing_mm, sid_mm, sod_mm and sod_sigma_mm, in millimetres."
    ),
    "distortion": text(
        "Copy the complete section from the file written by `leakwatch calibrate grid`."
    ),
}


def load_calibration_file(path: Path) -> CalibrationFile:
    """Read and validate a calibration file.

    Parameters
    ----------
    path : Path

    Returns
    -------
    CalibrationFile

    Raises
    ------
    CalibrationError
        The file cannot be read, or violates the schema.
    """
    try:
        found = parse_toml(read_at_most(path), finite=False)
        file = msgspec.convert(found, CalibrationFile)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise CalibrationError(
            text("{path}: cannot be read: {reason}. Check the path.", path=path, reason=reason)
        ) from error
    except msgspec.ValidationError as error:
        reason = explain(error, found, CalibrationFile, _HINTS)
        raise CalibrationError(text("{path}: {reason}", path=path, reason=reason)) from error
    except ValueError as error:
        raise CalibrationError(
            text("{path}: {why}. Correct the file.", path=path, why=why_unread(error, "TOML"))
        ) from error
    _check_sections(file, path)
    return file


def _check_sections(file: CalibrationFile, path: Path) -> None:
    if file.measured is not None and file.geometry is not None:
        raise CalibrationError(
            text(
                "{path}: has both [measured] and [geometry]. Keep one of them: [measured] for an "
                "object of known size, [geometry] for distances.",
                path=path,
            )
        )
    if file.measured is None and file.geometry is None and file.distortion is None:
        raise CalibrationError(
            text(
                "{path}: has neither [measured] nor [geometry], and no [distortion]. Add one of "
                "them: [measured] for an object of known size, [geometry] for distances.",
                path=path,
            )
        )
    if file.geometry is not None and file.geometry.sod_mm >= file.geometry.sid_mm:
        raise CalibrationError(
            text(
                "{path}: sod_mm {sod_mm:g} is not less than sid_mm {sid_mm:g}. The patient is "
                "between source and detector: correct one of them.",
                path=path,
                sod_mm=file.geometry.sod_mm,
                sid_mm=file.geometry.sid_mm,
            )
        )
    if file.distortion is not None:
        _check_distortion(file, path)


def _check_distortion(file: CalibrationFile, path: Path) -> None:
    """Refuse a distortion that no image intensifier has."""
    table, distortion_model = file.distortion, file.distortion_model
    assert table is not None
    assert distortion_model is not None
    wanted = count_terms(table.degree)
    for key, numbers in (("column_px", table.column_px), ("row_px", table.row_px)):
        if len(numbers) != wanted:
            raise CalibrationError(
                text(
                    "{path}: distortion.{key} has {found} numbers; a polynomial of degree "
                    "{degree} has {wanted}. {hint}",
                    path=path,
                    key=key,
                    found=len(numbers),
                    degree=table.degree,
                    wanted=wanted,
                    hint=_HINTS["distortion"],
                )
            )
        if not all(map(math.isfinite, numbers)):
            raise CalibrationError(
                text(
                    "{path}: distortion.{key} has a value that is not a number. {hint}",
                    path=path,
                    key=key,
                    hint=_HINTS["distortion"],
                )
            )
    slope = steepest_slope(distortion_model)
    if not slope <= MAX_SLOPE:
        raise CalibrationError(
            text(
                "{path}: its distortion moves adjacent pixels by {slope:.2f} pixels relative to "
                "each other; {max_slope:g} is the most of any image intensifier. Measure the "
                "grid again.",
                path=path,
                slope=slope,
                max_slope=MAX_SLOPE,
            )
        )


def find_mismatches(
    applies_to: AppliesTo,
    acquisition: Acquisition,
    view: View | None,
    settings: CalibrationSettings,
) -> tuple[list[str], list[str]]:
    """Compare the requirements of a calibration with a frame.

    Parameters
    ----------
    applies_to : AppliesTo
    acquisition : Acquisition
    view : View or None
        As marked by the user.
    settings : CalibrationSettings

    Returns
    -------
    tuple of list of str
        Contradictions, such as ``sid_mm is 1000, the frame has 1200``; and the keys that could not
        be compared, because the frame does not state them.
    """
    contradicting: list[str] = []
    unknown: list[str] = []
    exact: tuple[tuple[str, object, object], ...] = (
        ("columns", applies_to.columns, acquisition.columns),
        ("rows", applies_to.rows, acquisition.rows),
        ("manufacturer", _name(applies_to.manufacturer), _name(acquisition.manufacturer)),
        ("model", _name(applies_to.model), _name(acquisition.model_name)),
        ("view", applies_to.view, view),
    )
    for key, wanted, found in exact:
        if wanted is not None and found is None:
            unknown.append(key)
        elif wanted is not None and wanted != found:
            stated = HeaderText(found) if isinstance(found, str) else found
            contradicting.append(
                text(
                    "{key} is {wanted}, the frame has {found}", key=key, wanted=wanted, found=stated
                )
            )
    for key, wanted_number, tag in _numbers(applies_to, acquisition):
        if wanted_number is not None and tag is None:
            unknown.append(key)
        elif wanted_number is not None and tag is not None:
            if key.endswith("_deg"):
                far = abs(math.remainder(wanted_number - tag, 360.0)) > settings.fit_angle_deg
            else:
                far = abs(wanted_number - tag) > settings.fit_share * wanted_number
            if far:
                contradicting.append(
                    text(
                        "{key} is {wanted:g}, the frame has {found:g}",
                        key=key,
                        wanted=wanted_number,
                        found=tag,
                    )
                )
    return contradicting, unknown


def _numbers(
    applies_to: AppliesTo, acquisition: Acquisition
) -> tuple[tuple[str, float | None, float | None], ...]:
    """Return key, wanted and found value of each number."""
    geometry = acquisition.geometry
    spacing = geometry.imager_pixel_spacing_mm
    return (
        ("sid_mm", applies_to.sid_mm, geometry.sid_mm),
        ("primary_angle_deg", applies_to.primary_angle_deg, geometry.primary_angle_deg),
        ("secondary_angle_deg", applies_to.secondary_angle_deg, geometry.secondary_angle_deg),
        (
            "imager_pixel_spacing_mm",
            applies_to.imager_pixel_spacing_mm,
            None if spacing is None else spacing[0],
        ),
        ("field_of_view_mm", applies_to.field_of_view_mm, geometry.field_of_view_mm),
    )


def _name(manufacturer: str | None) -> str | None:
    return " ".join((manufacturer or "").split()).casefold() or None
