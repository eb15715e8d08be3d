"""Pixel spacing at the vertebra from several sources, most reliable first.

Imager Pixel Spacing (0018,1164) applies to the detector plane (PS3.3 10.7.1). The vertebra is
nearer to the X-ray source and appears magnified: used directly, 3.6 mm would read as 5.0 mm. It is
used only together with the distances or the magnification that scale it to the vertebra.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import reduce
from pathlib import Path

from leakwatch.calibration.calibration_file import (
    CALIBRATION_SUFFIX,
    CalibrationFile,
    find_mismatches,
    load_calibration_file,
)
from leakwatch.config import CalibrationSettings
from leakwatch.core.errors import CalibrationError
from leakwatch.core.frame import Acquisition, ProjectionGeometry, View
from leakwatch.core.marks import CaseFile
from leakwatch.core.messages import join_texts, join_with, text
from leakwatch.core.spacing import Calibration, Distortion, SpacingRung

_NO_SPACING = text("no pixel spacing in the header")
_PIXEL_SPACING_RUNGS = {
    "FIDUCIAL": SpacingRung.PIXEL_SPACING_FIDUCIAL,
    "GEOMETRY": SpacingRung.PIXEL_SPACING_GEOMETRY,
}


def resolve_calibration(
    acquisition: Acquisition,
    case: CaseFile,
    calibration_path: Path | None,
    settings: CalibrationSettings | None = None,
) -> Calibration:
    """Return the calibration by the first usable source: case, calibration file, header.

    Parameters
    ----------
    acquisition : Acquisition
    case : CaseFile
        Its `mm_per_px` takes precedence; its view is compared with that of the calibration file.
    calibration_path : Path or None
        A calibration file, or a folder from which the matching one is used.
    settings : CalibrationSettings or None
        None: the defaults.

    Returns
    -------
    Calibration
        If not calibrated, its `source` is the reason.

    Raises
    ------
    CalibrationError
        The calibration file is malformed or does not apply to the frames, or a given value is
        impossible as pixel spacing at a vertebra.
    """
    settings = settings or CalibrationSettings()
    measured, distortion = _from_file(calibration_path, acquisition, case.marks.view, settings)
    given = [*_from_case(case, settings), *measured]
    found = _most_reliable(given, acquisition.geometry, settings)
    return found if distortion is None else _with_distortion(found, *distortion)


def _most_reliable(
    given: Sequence[Calibration], geometry: ProjectionGeometry, settings: CalibrationSettings
) -> Calibration:
    not_square = _find_anisotropy(geometry, settings)
    if not_square:
        return _uncalibrated(not_square)
    tagged, refused = _from_tags(geometry, settings)
    if given:
        return given[0]
    if tagged:
        return _with_conflict(tagged[0], tagged[1:], settings)
    return _uncalibrated(_listed(refused) if refused else _NO_SPACING)


def from_header(geometry: ProjectionGeometry, settings: CalibrationSettings) -> Calibration:
    """Return the calibration by the header alone, to compare measurements with it."""
    return _most_reliable([], geometry, settings)


def _with_distortion(found: Calibration, distortion: Distortion, source: str) -> Calibration:
    """Return a calibration with a distortion, and with its source if that is another one."""
    if found.rung is SpacingRung.CALIBRATION_FILE:
        return replace(found, distortion=distortion)
    both = text("{spacing}, distortion from {source}", spacing=found.source, source=source)
    return replace(found, distortion=distortion, source=both)


def _uncalibrated(reason: str) -> Calibration:
    return Calibration(None, None, SpacingRung.NONE, reason)


def _from_case(case: CaseFile, settings: CalibrationSettings) -> list[Calibration]:
    spacing, sigma = case.mm_per_px, case.mm_per_px_sigma
    if spacing is None:
        return []
    if not _is_plausible(spacing, settings):
        raise CalibrationError(
            text(
                "mm_per_px of the case is {spacing:g}; {bounds}. Give millimetres per pixel at the "
                "vertebra.",
                spacing=spacing,
                bounds=_bounds_text(settings),
            )
        )
    if not sigma:
        # No measurement is without error, so that zero cannot be right.
        sigma = spacing * settings.person_sigma_share
    return [Calibration(spacing, sigma, SpacingRung.CASE, text("case file"))]


def _from_file(
    path: Path | None, acquisition: Acquisition, view: View | None, settings: CalibrationSettings
) -> tuple[list[Calibration], tuple[Distortion, str] | None]:
    """Return the calibration by a file, and its distortion with the name of the file."""
    if path is None:
        return [], None
    if path.is_dir():
        path, file = _find_matching_file(path, acquisition, view, settings)
        unknown: list[str] = []
    else:
        file = load_calibration_file(path)
        unknown = check_applies(file, path, acquisition, view, settings)
    source = text("calibration file {name}", name=path.name)
    if unknown:
        keys = ", ".join(unknown)
        source = text("{source}, not checked: {keys}", source=source, keys=keys)
    found = file.distortion_model
    distortion = None if found is None else (found, source)
    if file.spacing_mm is None:
        return [], distortion
    spacing, sigma = file.spacing_mm
    if not _is_plausible(spacing, settings):
        raise CalibrationError(
            text(
                "{path}: its pixel spacing at the vertebra is {spacing:g} mm/px; {bounds}. Correct "
                "the file.",
                path=path,
                spacing=spacing,
                bounds=_bounds_text(settings),
            )
        )
    return [Calibration(spacing, sigma, SpacingRung.CALIBRATION_FILE, source)], distortion


def check_applies(
    file: CalibrationFile,
    path: Path,
    acquisition: Acquisition,
    view: View | None,
    settings: CalibrationSettings,
) -> list[str]:
    """Refuse a calibration file that does not apply to these frames.

    Returns
    -------
    list of str
        Keys that could not be compared, because the frames do not state them.

    Raises
    ------
    CalibrationError
    """
    contradicting, unknown = find_mismatches(file.applies_to, acquisition, view, settings)
    if contradicting:
        raise CalibrationError(
            text(
                "{path}: does not apply to this sequence: {reasons}. Give the file of this C-arm "
                "and view, or none.",
                path=path,
                reasons="; ".join(contradicting),
            )
        )
    return unknown


def _find_matching_file(
    folder: Path, acquisition: Acquisition, view: View | None, settings: CalibrationSettings
) -> tuple[Path, CalibrationFile]:
    """Return the only matching file in `folder`; since it was not chosen, all keys must match."""
    fitting, refused = [], []
    for path in sorted(folder.glob(f"*{CALIBRATION_SUFFIX}")):
        file = load_calibration_file(path)
        contradicting, unknown = find_mismatches(file.applies_to, acquisition, view, settings)
        against = contradicting + [
            text("the frame does not state {key}", key=key) for key in unknown
        ]
        if against:
            refused.append(join_with(": ", (path.name, join_with(", ", against))))
        else:
            fitting.append((path, file))
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        names = ", ".join(path.name for path, _ in fitting)
        raise CalibrationError(
            text(
                "{folder}: {names} all apply to this sequence. Give one of them.",
                folder=folder,
                names=names,
            )
        )
    reasons = join_texts(refused)
    if not refused:
        reasons = text("it holds no {suffix} file", suffix=CALIBRATION_SUFFIX)
    raise CalibrationError(
        text(
            "{folder}: no calibration file in it applies to this sequence: {reasons}. Give the "
            "file of this C-arm and view, or none.",
            folder=folder,
            reasons=reasons,
        )
    )


def _find_anisotropy(geometry: ProjectionGeometry, settings: CalibrationSettings) -> str:
    """Return why one spacing is not valid for both axes, or an empty string."""
    pairs = (
        ("Pixel Spacing", geometry.pixel_spacing_mm),
        ("Imager Pixel Spacing", geometry.imager_pixel_spacing_mm),
        ("Pixel Aspect Ratio", geometry.pixel_aspect and (geometry.pixel_aspect, 1.0)),
    )
    for name, pair in pairs:
        if not pair or min(pair) <= 0 or not all(map(math.isfinite, pair)):
            continue  # not a spacing; reported by the functions below
        if max(pair) > (1.0 + settings.max_anisotropy) * min(pair):
            return text(
                "pixels are not square ({name} {rows:g} by {columns:g})",
                name=name,
                rows=pair[0],
                columns=pair[1],
            )
    return ""


def _from_tags(
    geometry: ProjectionGeometry, settings: CalibrationSettings
) -> tuple[list[Calibration], list[str]]:
    """Return the calibrations by the header, best first, and why others are unusable."""
    offers: list[Calibration] = []
    refused: list[str] = []
    for offer in (*_by_pixel_spacing(geometry, settings), *_by_magnification(geometry, settings)):
        if isinstance(offer, str):
            refused.append(offer)
        elif offer.mm_per_px is None or not _is_plausible(offer.mm_per_px, settings):
            refused.append(
                text(
                    "{source} is {spacing:g} mm/px: {bounds}",
                    source=offer.source,
                    spacing=offer.mm_per_px,
                    bounds=_bounds_text(settings),
                )
            )
        else:
            offers.append(offer)
    return offers, refused


def _by_pixel_spacing(
    geometry: ProjectionGeometry, settings: CalibrationSettings
) -> list[Calibration | str]:
    """Use Pixel Spacing (0028,0030) if its calibration type states that it was corrected."""
    if geometry.pixel_spacing_mm is None:
        return []
    spacing, kind = _mean(geometry.pixel_spacing_mm), geometry.pixel_spacing_calibration
    rung = _PIXEL_SPACING_RUNGS.get(kind or "")
    if rung is None:
        return [
            text(
                "Pixel Spacing may apply to the detector (calibration type {kind})",
                kind=kind or text("absent"),
            )
        ]
    at_detector = geometry.imager_pixel_spacing_mm
    if at_detector is not None and spacing >= _mean(at_detector) > 0:
        return [
            text("Pixel Spacing is not less than Imager Pixel Spacing: it applies to the detector")
        ]
    if rung is SpacingRung.PIXEL_SPACING_FIDUCIAL:
        share = settings.person_sigma_share
    else:
        share = _depth_uncertainty(geometry, settings)
    return [Calibration(spacing, share * spacing, rung, f"PixelSpacing {kind}")]


def _by_magnification(
    geometry: ProjectionGeometry, settings: CalibrationSettings
) -> list[Calibration | str]:
    """Scale Imager Pixel Spacing to the vertebra by similar triangles (PS3.3 C.8.7.5)."""
    if geometry.imager_pixel_spacing_mm is None:
        return []
    at_detector = _mean(geometry.imager_pixel_spacing_mm)
    ways: list[tuple[str, float]] = []
    if geometry.sid_mm and geometry.sod_mm:
        ways.append(("ImagerPixelSpacing*SOD/SID", geometry.sid_mm / geometry.sod_mm))
    if geometry.magnification is not None:
        ways.append(("ImagerPixelSpacing/magnification factor", geometry.magnification))
    if not ways:
        return [text("Imager Pixel Spacing applies to the detector, and SOD and SID are missing")]
    rung, share = SpacingRung.IMAGER_PIXEL_SPACING_GEOMETRY, _depth_uncertainty(geometry, settings)
    offers: list[Calibration | str] = []
    for source, magnification in ways:
        if 1.0 < magnification <= settings.max_magnification:
            spacing = at_detector / magnification
            offers.append(Calibration(spacing, share * spacing, rung, source))
        else:
            offers.append(
                text(
                    "{source}: a magnification of {magnification:g} is not possible",
                    source=source,
                    magnification=magnification,
                )
            )
    return offers


def _with_conflict(
    best: Calibration, others: Sequence[Calibration], settings: CalibrationSettings
) -> Calibration:
    """Increase the standard deviation of `best` if other values of the header contradict it."""
    assert best.mm_per_px is not None
    assert best.mm_per_px_sigma is not None
    for other in others:
        difference = abs((other.mm_per_px or 0.0) - best.mm_per_px)
        if difference > settings.conflict_share * best.mm_per_px:
            # Which of them is right is unknown: one standard deviation covers half the difference.
            return replace(
                best,
                mm_per_px_sigma=math.hypot(best.mm_per_px_sigma, difference / 2),
                source=text(
                    "{source}, but {other} {spacing:.3f}",
                    source=best.source,
                    other=other.source,
                    spacing=other.mm_per_px,
                ),
            )
    return best


def _depth_uncertainty(geometry: ProjectionGeometry, settings: CalibrationSettings) -> float:
    """Return the relative error from the unknown depth of the vertebra in the beam."""
    return settings.depth_sigma_mm / max(geometry.sod_mm or 0.0, settings.min_sod_mm)


def _mean(pair: tuple[float, float]) -> float:
    return (pair[0] + pair[1]) / 2


def _is_plausible(mm_per_px: float, settings: CalibrationSettings) -> bool:
    return settings.min_mm_per_px <= mm_per_px <= settings.max_mm_per_px


def _bounds_text(settings: CalibrationSettings) -> str:
    return text(
        "possible are {min_mm_per_px:g} to {max_mm_per_px:g}",
        min_mm_per_px=settings.min_mm_per_px,
        max_mm_per_px=settings.max_mm_per_px,
    )


def _listed(reasons: Sequence[str]) -> str:
    return reduce(lambda first, other: text("{first}; {other}", first=first, other=other), reasons)
