"""What was measured, as a calibration file: for which frames it holds, and with its sigma."""

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
from leakwatch.files.untrusted_text import escape_control_characters, safe_file_name

CALIBRATION_VARIABLE = "LEAKWATCH_CALIBRATION"
_DIGITS = 8  # significant ones: a polynomial's terms cancel each other


def user_folder() -> Path:
    """LEAKWATCH_CALIBRATION, or a folder of the user's settings."""
    chosen = os.environ.get(CALIBRATION_VARIABLE)
    if chosen:
        return Path(chosen)
    return platformdirs.user_config_path("leakwatch", appauthor=False) / "calibration"


def applies_to(acquisition: Acquisition, view: View | None) -> AppliesTo:
    """The frames that what was measured on one of them holds for: all that its tags tell."""
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
    """The section of a spacing that was measured on an object."""
    return Measured(_rounded(spacing.mm_per_px), _rounded(spacing.mm_per_px_sigma))


def distortion_section(grid: MeasuredGrid) -> DistortionTable:
    """The section of a distortion."""
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


def calibration_of(
    name: str,
    applies: AppliesTo,
    *,
    measured: Measured | None = None,
    geometry: Geometry | None = None,
    distortion: DistortionTable | None = None,
) -> CalibrationFile:
    """All of it."""
    return CalibrationFile(
        "leakwatch.calibration/1", name[:80] or "C-arm", applies, measured, geometry, distortion
    )


def default_path(name: str) -> Path:
    """Where a calibration of this name goes: the user's folder."""
    stem = safe_file_name(name.casefold(), "c-arm")
    return user_folder() / f"{stem}{CALIBRATION_SUFFIX}"


def write_calibration(
    path: Path, calibration: CalibrationFile, comment: str, replace: bool = False
) -> None:
    """Write a calibration file that reads back as it was.

    Parameters
    ----------
    path : Path
        Its folder is made where absent.
    calibration : CalibrationFile
    comment : str
        How it was measured, a line or more.
    replace : bool
        Whether a file that is there is replaced.

    Raises
    ------
    CalibrationError
        There is a file already, it cannot be written, or breaks the schema.
    """
    if path.suffix != CALIBRATION_SUFFIX:
        raise CalibrationError(
            f"{path}: the name of a calibration file ends with {CALIBRATION_SUFFIX}. "
            "Choose such a name."
        )
    if path.exists() and not replace:
        raise CalibrationError(
            f"{path}: is there already. Choose another name, or say that it is to be replaced."
        )
    beside = path.with_name(f".{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.write_text(_toml(calibration, comment), encoding="utf-8")
        load_calibration_file(beside)
        beside.replace(path)
    except OSError as error:
        raise CalibrationError(
            f"{path}: cannot be written: {error.strerror}. Choose another place."
        ) from error
    finally:
        with suppress(OSError):
            beside.unlink()


def _toml(calibration: CalibrationFile, comment: str) -> str:
    """Plain TOML of one level of tables."""
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
