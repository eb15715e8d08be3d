"""Calibration files from measurements, with the frames to which they apply."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import msgspec
import platformdirs

from leakwatch.calibrating.grid_fit import MeasuredGrid
from leakwatch.calibrating.known_size import MeasuredSpacing
from leakwatch.calibration.calibration_file import (
    CALIBRATION_SUFFIX,
    AppliesTo,
    CalibrationFile,
    DistortionTable,
    Geometry,
    Measured,
    load_calibration_file,
)
from leakwatch.core.errors import CalibrationError
from leakwatch.core.frame import Acquisition, View
from leakwatch.core.messages import text
from leakwatch.files.untrusted_text import escape_control_characters, safe_file_name

CALIBRATION_VARIABLE = "LEAKWATCH_CALIBRATION"
_DIGITS = 8  # significant digits: terms of a polynomial cancel each other


def user_folder() -> Path:
    """Return the folder LEAKWATCH_CALIBRATION, or one in the user's configuration folder."""
    chosen = os.environ.get(CALIBRATION_VARIABLE)
    if chosen:
        return Path(chosen)
    return platformdirs.user_config_path("leakwatch", appauthor=False) / "calibration"


def make_applies_to(acquisition: Acquisition, view: View | None) -> AppliesTo:
    """Return the frames to which a measurement applies: those with the same header values."""
    geometry = acquisition.geometry
    spacing = geometry.imager_pixel_spacing_mm
    return AppliesTo(
        columns=acquisition.columns,
        rows=acquisition.rows,
        manufacturer=acquisition.manufacturer[:80] or None,
        model=acquisition.model_name[:80] or None,
        view=view,
        sid_mm=geometry.sid_mm,
        primary_angle_deg=geometry.primary_angle_deg,
        secondary_angle_deg=geometry.secondary_angle_deg,
        imager_pixel_spacing_mm=None if spacing is None else spacing[0],
        field_of_view_mm=geometry.field_of_view_mm,
    )


def measured_section(spacing: MeasuredSpacing) -> Measured:
    """Return the section of a pixel spacing measured on an object."""
    return Measured(_rounded(spacing.mm_per_px), _rounded(spacing.mm_per_px_sigma))


def distortion_section(grid: MeasuredGrid) -> DistortionTable:
    """Return the section of a distortion."""
    bend = grid.distortion
    return DistortionTable(
        degree=bend.degree,
        reach_px=_rounded(bend.reach_px),
        sigma_px=_rounded(bend.sigma_px),
        residual_p95_px=_rounded(grid.residual_p95_px),
        crossings=grid.crossings,
        column_px=[_rounded(one) for one in bend.column_px],
        row_px=[_rounded(one) for one in bend.row_px],
    )


def make_calibration_file(
    name: str,
    applies: AppliesTo,
    *,
    measured: Measured | None = None,
    geometry: Geometry | None = None,
    distortion: DistortionTable | None = None,
) -> CalibrationFile:
    """Return a calibration file with its sections."""
    return CalibrationFile(
        "leakwatch.calibration/1", name[:80] or "C-arm", applies, measured, geometry, distortion
    )


def default_path(name: str) -> Path:
    """Return the path of a calibration with this name in the user's folder."""
    stem = safe_file_name(name.casefold(), "c-arm")
    return user_folder() / f"{stem}{CALIBRATION_SUFFIX}"


def write_calibration(
    path: Path, calibration: CalibrationFile, comment: str, replace: bool = False
) -> None:
    """Write a calibration file, and check that it reads back.

    Parameters
    ----------
    path : Path
        Its folder is created if absent.
    calibration : CalibrationFile
    comment : str
        How it was measured, one or more lines.
    replace : bool
        Whether an existing file is replaced.

    Raises
    ------
    CalibrationError
        The file exists, cannot be written, or violates the schema.
    """
    if path.suffix != CALIBRATION_SUFFIX:
        raise CalibrationError(
            text(
                "{path}: not a name of a calibration file. Choose one that ends with {suffix}.",
                path=path,
                suffix=CALIBRATION_SUFFIX,
            )
        )
    if path.exists() and not replace:
        raise CalibrationError(
            text(
                "{path}: the file exists. Choose another name, or allow to replace it.",
                path=path,
            )
        )
    beside = path.with_name(f".{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.write_text(_toml(calibration, comment), encoding="utf-8")
        load_calibration_file(beside)
        beside.replace(path)
    except OSError as error:
        raise CalibrationError(
            text(
                "{path}: cannot be written: {reason}. Choose another folder.",
                path=path,
                reason=error.strerror,
            )
        ) from error
    finally:
        with suppress(OSError):
            beside.unlink()


def _toml(calibration: CalibrationFile, comment: str) -> str:
    """Return TOML with one level of tables."""
    lines = [f"# {escape_control_characters(line)}" for line in comment.splitlines()]
    tables = []
    for key, value in msgspec.to_builtins(calibration).items():
        if isinstance(value, dict):
            tables.append(f"\n[{key}]")
            tables += [f"{k} = {_value(v)}" for k, v in value.items() if v is not None]
        elif value is not None:
            lines.append(f"{key} = {_value(value)}")
    return "\n".join([*lines, *tables]) + "\n"


def _value(value: object) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_value(one) for one in value)}]"
    # Texts and numbers are written alike in JSON and TOML; but TOML has no bare DEL.
    return msgspec.json.encode(value).decode().replace("\x7f", "\\u007f")


def _rounded(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")
