"""Calibration files: TOML, one for a C-arm and view. What the keys mean: calibration/README.md."""

from __future__ import annotations

import math
import tomllib
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from leakwatch.config import CalibrationSettings
from leakwatch.errors import CalibrationError
from leakwatch.model import Acquisition, View
from leakwatch.strict_input import explain

CALIBRATION_SCHEMA = "leakwatch.calibration/1"
CALIBRATION_SUFFIX = ".toml"

# Lengths on a C-arm: what lies outside was written in another unit than millimetres.
_Distance = Annotated[float, Meta(ge=100.0, le=5000.0)]
_Positive = Annotated[float, Meta(gt=0.0, le=1000.0)]
_Angle = Annotated[float, Meta(ge=-360.0, le=360.0)]
_Text = Annotated[str, Meta(min_length=1, max_length=80)]


class AppliesTo(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The frames that a calibration holds for; what is None is not asked for.

    Parameters
    ----------
    columns, rows : int
        Size of a frame.
    manufacturer : str or None
        As Manufacturer (0008,0070) says, upper or lower case alike.
    view : View or None
    sid_mm : float or None
        Distance from source to detector.
    primary_angle_deg, secondary_angle_deg : float or None
        Positioner angles.
    imager_pixel_spacing_mm : float or None
        At the detector: tells one field of view (zoom) from another.
    """

    columns: Annotated[int, Meta(ge=1)]
    rows: Annotated[int, Meta(ge=1)]
    manufacturer: _Text | None = None
    view: View | None = None
    sid_mm: _Distance | None = None
    primary_angle_deg: _Angle | None = None
    secondary_angle_deg: _Angle | None = None
    imager_pixel_spacing_mm: _Positive | None = None


class Measured(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Spacing that was measured on an object of known size at the vertebra's place."""

    mm_per_px: _Positive
    mm_per_px_sigma: _Positive


class Geometry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Spacing by similar triangles: at the detector, times SOD over SID."""

    imager_pixel_spacing_mm: _Positive
    sid_mm: _Distance
    sod_mm: _Distance
    sod_sigma_mm: _Positive


class CalibrationFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A read and validated calibration file; of `measured` and `geometry` it has one.

    Parameters
    ----------
    schema : str
    name : str
        Shown beside every millimetre.
    applies_to : AppliesTo
    measured : Measured or None
    geometry : Geometry or None
    """

    schema: Literal["leakwatch.calibration/1"]
    name: _Text
    applies_to: AppliesTo
    measured: Measured | None = None
    geometry: Geometry | None = None

    @property
    def spacing_mm(self) -> tuple[float, float]:
        """Millimetres per pixel at the vertebra, and their standard deviation."""
        if self.measured is not None:
            return self.measured.mm_per_px, self.measured.mm_per_px_sigma
        assert self.geometry is not None  # load_calibration_file made sure
        spacing = self.geometry.imager_pixel_spacing_mm * self.geometry.sod_mm
        spacing /= self.geometry.sid_mm
        return spacing, spacing * self.geometry.sod_sigma_mm / self.geometry.sod_mm


_HINTS = {
    "schema": f'Write schema = "{CALIBRATION_SCHEMA}".',
    "name": "Give the C-arm and view a short name.",
    "applies_to": "Say which frames it holds for: at least columns and rows.",
    "measured": "Give mm_per_px and mm_per_px_sigma, in millimetres per pixel at the vertebra.",
    "geometry": "Give imager_pixel_spacing_mm, sid_mm, sod_mm and sod_sigma_mm, in millimetres.",
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
        The file cannot be read, or breaks the schema.
    """
    try:
        found = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
        file = msgspec.convert(found, CalibrationFile)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise CalibrationError(f"{path}: cannot be read: {reason}. Check the path.") from error
    except msgspec.ValidationError as error:
        reason = explain(error, found, CalibrationFile, _HINTS)
        raise CalibrationError(f"{path}: {reason}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CalibrationError(f"{path}: is not TOML: {error}. Correct the file.") from error
    if (file.measured is None) == (file.geometry is None):
        both = "both [measured] and [geometry]" if file.measured else "neither"
        raise CalibrationError(
            f"{path}: has {both}. Give one of them: [measured] for an object of known size, "
            "[geometry] for distances."
        )
    if file.geometry is not None and file.geometry.sod_mm >= file.geometry.sid_mm:
        raise CalibrationError(
            f"{path}: sod_mm {file.geometry.sod_mm:g} is not below sid_mm "
            f"{file.geometry.sid_mm:g}. The patient lies between source and detector."
        )
    return file


def misfits(
    applies_to: AppliesTo,
    acquisition: Acquisition,
    view: View | None,
    settings: CalibrationSettings,
) -> tuple[list[str], list[str]]:
    """Compare what a calibration asks for with what a frame says of itself.

    Parameters
    ----------
    applies_to : AppliesTo
    acquisition : Acquisition
    view : View or None
        As a person marked it.
    settings : CalibrationSettings

    Returns
    -------
    tuple of list of str
        What contradicts, as ``sid_mm is 1000, the frame has 1200``; and the keys that could not
        be compared, because the frame does not say.
    """
    contradicting, unknown = [], []
    exact: tuple[tuple[str, object, object], ...] = (
        ("columns", applies_to.columns, acquisition.columns),
        ("rows", applies_to.rows, acquisition.rows),
        ("manufacturer", _name(applies_to.manufacturer), _name(acquisition.manufacturer)),
        ("view", applies_to.view, view),
    )
    for key, wanted, found in exact:
        if wanted is not None and found is None:
            unknown.append(key)
        elif wanted is not None and wanted != found:
            contradicting.append(f"{key} is {wanted}, the frame has {found}")
    for key, wanted_number, tag in _numbers(applies_to, acquisition):
        if wanted_number is not None and tag is None:
            unknown.append(key)
        elif wanted_number is not None and tag is not None:
            if key.endswith("_deg"):
                far = abs(math.remainder(wanted_number - tag, 360.0)) > settings.fit_angle_deg
            else:
                far = abs(wanted_number - tag) > settings.fit_share * wanted_number
            if far:
                contradicting.append(f"{key} is {wanted_number:g}, the frame has {tag:g}")
    return contradicting, unknown


def _numbers(
    applies_to: AppliesTo, acquisition: Acquisition
) -> tuple[tuple[str, float | None, float | None], ...]:
    """Key, wanted and found."""
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
    )


def _name(manufacturer: str | None) -> str | None:
    return " ".join((manufacturer or "").split()).casefold() or None
