"""C-arms named by their calibration files, which provide the geometry of a scenario.

``carm.calibration`` is a path (relative to the scenario's folder) or the name of a file in a folder
``calibration/``: of the working directory, or of the checkout that the program runs from.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from leakwatch.calibration.calibration_file import (
    CALIBRATION_SUFFIX,
    CalibrationFile,
    load_calibration_file,
)
from leakwatch.core.errors import ConfigError
from leakwatch.core.frame import View
from leakwatch.core.marks import Side
from leakwatch.core.messages import text
from leakwatch.simulator.scenario.positioner import to_view_angles

KEY = "calibration"
_FOLDER = "calibration"
# Numbers that went through text and back are the same number.
_SAME = 1e-6


def resolve_named_carm(
    found: Mapping[str, Any], name: str, defaults: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the content of a scenario, with the geometry of the named C-arm.

    Parameters
    ----------
    found : mapping
        A scenario as a parser gave it.
    name : str
        The scenario, for messages; where it is a path, calibration files lie beside it.
    defaults : mapping
        What the keys of ``carm`` are where nobody gives them.

    Returns
    -------
    dict
        With all keys of the C-arm given, and without ``carm.calibration``.

    Raises
    ------
    ConfigError
        There is no such file, it lacks what a C-arm needs, or the scenario contradicts it.
    CalibrationError
        The calibration file breaks its schema.
    """
    section = dict(found["carm"])
    path = find_calibration(str(section.pop(KEY)), Path(name).parent)
    told = _declared_keys(load_calibration_file(path), dict(defaults) | section, path)
    for key, value in told.items():
        if key in section and not _same(section[key], value):
            raise ConfigError(
                text(
                    "scenario {name}: carm.{key} is {stated}, but the C-arm of {path} has {value}. "
                    "Omit carm.{key}, or name another C-arm.",
                    name=name,
                    key=key,
                    stated=section[key],
                    path=path,
                    value=_shown(value),
                )
            )
    return dict(found) | {"carm": section | told}


def find_calibration(name_or_path: str, beside: Path) -> Path:
    """Return the calibration file with a name, or at a path.

    Raises
    ------
    ConfigError
        There is none.
    """
    if name_or_path.endswith(CALIBRATION_SUFFIX):
        return beside / name_or_path
    folders = [Path.cwd() / _FOLDER, Path(__file__).resolve().parents[3] / _FOLDER]
    for folder in folders:
        path = folder / f"{name_or_path}{CALIBRATION_SUFFIX}"
        if path.is_file():
            return path
    known = sorted({path.stem for folder in folders for path in folder.glob("*.toml")})
    raise ConfigError(
        text(
            "unknown C-arm {name_or_path!r}. Choose from calibration/: {known}. Or give a path "
            "that ends with {calibration_suffix}.",
            name_or_path=name_or_path,
            known=", ".join(known) or "none",
            calibration_suffix=CALIBRATION_SUFFIX,
        )
    )


def _declared_keys(file: CalibrationFile, section: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """Return the keys of a scenario's C-arm defined by the calibration file."""
    applies = file.applies_to
    told: dict[str, Any] = {"rows": applies.rows, "columns": applies.columns}
    told |= _resolve_distances(file, section, path)
    if applies.manufacturer is not None:
        told["manufacturer"] = applies.manufacturer
    view = View(applies.view or section["view"])
    if view is View.OBLIQUE:
        raise ConfigError(
            text("{path}: view is oblique. A scenario needs a lateral or ap C-arm.", path=path)
        )
    told["view"] = view.value
    primary, secondary = applies.primary_angle_deg, applies.secondary_angle_deg
    off = to_view_angles(view, primary, secondary, Side(section["anterior"]))
    told |= {"anterior": off.anterior.value} if primary is not None else {}
    told |= {"angle_deg": off.angle_deg} if primary is not None else {}
    told |= {"tilt_deg": off.tilt_deg} if secondary is not None else {}
    return told


def _resolve_distances(
    file: CalibrationFile, section: Mapping[str, Any], path: Path
) -> dict[str, float]:
    """Return distances; for a measured spacing, SOD or pitch follows from the other one."""
    geometry, applies = file.geometry, file.applies_to
    if geometry is not None:
        return {
            "sid_mm": geometry.sid_mm,
            "sod_mm": geometry.sod_mm,
            "pitch_mm": geometry.imager_pixel_spacing_mm,
        }
    sid_mm = applies.sid_mm or float(section["sid_mm"])
    if file.spacing_mm is None:
        raise ConfigError(
            text(
                "{path}: has a distortion but no pixel spacing. A C-arm needs [measured] or "
                "[geometry].",
                path=path,
            )
        )
    spacing_mm, _ = file.spacing_mm
    pitch_mm = applies.imager_pixel_spacing_mm
    sod_mm = float(section["sod_mm"]) if pitch_mm is None else spacing_mm * sid_mm / pitch_mm
    if sod_mm >= sid_mm:
        raise ConfigError(
            text(
                "{path}: with sid_mm {sid_mm:g} the vertebra lies at {sod_mm:.0f} mm, behind the "
                "detector. Correct mm_per_px, sid_mm or imager_pixel_spacing_mm.",
                path=path,
                sid_mm=sid_mm,
                sod_mm=sod_mm,
            )
        )
    return {
        "sid_mm": sid_mm,
        "sod_mm": sod_mm,
        "pitch_mm": spacing_mm * sid_mm / sod_mm,
    }


def _same(given: Any, told: Any) -> bool:
    if isinstance(given, int | float) and isinstance(told, int | float):
        return abs(given - told) <= _SAME * max(1.0, abs(told))
    return bool(given == told)


def _shown(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
