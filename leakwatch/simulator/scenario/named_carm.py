"""A C-arm by the name of its calibration file: geometry that a scenario need not repeat.

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
from leakwatch.simulator.scenario.positioner import turned_off

KEY = "calibration"
_FOLDER = "calibration"
# Numbers that went through text and back are the same number.
_SAME = 1e-6


def with_named_carm(
    found: Mapping[str, Any], name: str, defaults: Mapping[str, Any]
) -> dict[str, Any]:
    """What a scenario says, with the geometry of the C-arm that it names.

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
    told = _told(load_calibration_file(path), dict(defaults) | section, path)
    for key, value in told.items():
        if key in section and not _same(section[key], value):
            raise ConfigError(
                f"scenario {name}: carm.{key} is {section[key]}, and the C-arm of {path} has "
                f"{_shown(value)}. Leave carm.{key} out, or name another C-arm."
            )
    return dict(found) | {"carm": section | told}


def find_calibration(name_or_path: str, beside: Path) -> Path:
    """The calibration file of a name, or at a path.

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
        f"there is no C-arm {name_or_path!r}. Known from calibration/ are: "
        f"{', '.join(known) or 'none'}. Else give a path that ends with {CALIBRATION_SUFFIX}."
    )


def _told(file: CalibrationFile, section: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """Keys of a scenario's C-arm that the calibration file settles."""
    applies = file.applies_to
    told: dict[str, Any] = {"rows": applies.rows, "columns": applies.columns}
    told |= _distances(file, section, path)
    if applies.manufacturer is not None:
        told["manufacturer"] = applies.manufacturer
    view = View(applies.view or section["view"])
    if view is View.OBLIQUE:
        raise ConfigError(f"{path}: view is oblique. A scenario needs a lateral or ap C-arm.")
    told["view"] = view.value
    primary, secondary = applies.primary_angle_deg, applies.secondary_angle_deg
    off = turned_off(view, primary, secondary, Side(section["anterior"]))
    told |= {"anterior": off.anterior.value} if primary is not None else {}
    told |= {"angle_deg": off.angle_deg} if primary is not None else {}
    told |= {"tilt_deg": off.tilt_deg} if secondary is not None else {}
    return told


def _distances(file: CalibrationFile, section: Mapping[str, Any], path: Path) -> dict[str, float]:
    """Lengths; of a measured spacing one of pitch and SOD follows, the other is asked for."""
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
            f"{path}: has a distortion and no spacing. A C-arm needs [measured] or [geometry]."
        )
    spacing_mm, _ = file.spacing_mm
    pitch_mm = applies.imager_pixel_spacing_mm
    sod_mm = float(section["sod_mm"]) if pitch_mm is None else spacing_mm * sid_mm / pitch_mm
    if sod_mm >= sid_mm:
        raise ConfigError(
            f"{path}: with sid_mm {sid_mm:g} the vertebra lies at {sod_mm:.0f} mm, behind the "
            "detector. Correct mm_per_px, sid_mm or imager_pixel_spacing_mm."
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
