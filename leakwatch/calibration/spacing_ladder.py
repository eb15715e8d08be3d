"""Millimetres at the vertebra for one pixel: the ladder of sources, best first.

Imager Pixel Spacing (0018,1164) lies at the detector (PS3.3 10.7.1). The vertebra is nearer to the
source and looks larger than it is: taken raw it makes 3.6 mm read 5.0. It counts only together
with the distances, or the magnification, that bring it to the vertebra.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from leakwatch.calibration.calibration_file import (
    CALIBRATION_SUFFIX,
    CalibrationFile,
    load_calibration_file,
    misfits,
)
from leakwatch.config import CalibrationSettings
from leakwatch.core.errors import CalibrationError
from leakwatch.core.frame import Acquisition, ProjectionGeometry, View
from leakwatch.core.marks import CaseFile
from leakwatch.core.spacing import Calibration, Distortion, SpacingRung

_NO_SPACING = "no spacing in the tags"
_PIXEL_SPACING_RUNGS = {
    "FIDUCIAL": SpacingRung.PIXEL_SPACING_FIDUCIAL,
    "GEOMETRY": SpacingRung.PIXEL_SPACING_GEOMETRY,
}


def resolve(
    acquisition: Acquisition,
    case: CaseFile,
    calibration_path: Path | None,
    settings: CalibrationSettings | None = None,
) -> Calibration:
    """Find the spacing at the vertebra: the first that serves of case, calibration file and tags.

    Parameters
    ----------
    acquisition : Acquisition
    case : CaseFile
        Its `mm_per_px` goes before everything; its view is compared with the calibration file's.
    calibration_path : Path or None
        A calibration file, or a folder from which the one that fits is taken.
    settings : CalibrationSettings or None
        None: the defaults.

    Returns
    -------
    Calibration
        Without millimetres, and with the reason as its `source`, where nothing serves.

    Raises
    ------
    CalibrationError
        The calibration file is malformed or made for other frames, or what a person gave cannot
        be a spacing at a vertebra.
    """
    settings = settings or CalibrationSettings()
    measured, bend = _from_file(calibration_path, acquisition, case.marks.view, settings)
    given = [*_from_case(case, settings), *measured]
    found = _best(given, acquisition.geometry, settings)
    return found if bend is None else _with_bend(found, *bend)


def _best(
    given: Sequence[Calibration], geometry: ProjectionGeometry, settings: CalibrationSettings
) -> Calibration:
    not_square = _not_square(geometry, settings)
    if not_square:
        return _nothing(not_square)
    tagged, refused = _from_tags(geometry, settings)
    if given:
        return given[0]
    if tagged:
        return _with_doubt(tagged[0], tagged[1:], settings)
    return _nothing("; ".join(refused) or _NO_SPACING)


def of_tags(geometry: ProjectionGeometry, settings: CalibrationSettings) -> Calibration:
    """What the tags alone say, to hold against what is measured."""
    return _best([], geometry, settings)


def _with_bend(found: Calibration, bend: Distortion, source: str) -> Calibration:
    """Add a distortion, and say where it is from where the millimetres do not say so."""
    if found.rung is SpacingRung.CALIBRATION_FILE:
        return replace(found, distortion=bend)
    return replace(found, distortion=bend, source=f"{found.source}, distortion from {source}")


def _nothing(reason: str) -> Calibration:
    return Calibration(None, None, SpacingRung.NONE, reason)


def _from_case(case: CaseFile, settings: CalibrationSettings) -> list[Calibration]:
    spacing, sigma = case.mm_per_px, case.mm_per_px_sigma
    if spacing is None:
        return []
    if not _plausible(spacing, settings):
        raise CalibrationError(
            f"the case's mm_per_px is {spacing:g}; {_bounds(settings)}. "
            "Give millimetres per pixel at the vertebra."
        )
    if not sigma:
        # Zero would say that the picture was measured without any error, which nobody can.
        sigma = spacing * settings.person_sigma_share
    return [Calibration(spacing, sigma, SpacingRung.CASE, "case file")]


def _from_file(
    path: Path | None, acquisition: Acquisition, view: View | None, settings: CalibrationSettings
) -> tuple[list[Calibration], tuple[Distortion, str] | None]:
    """Millimetres of a calibration file, and its distortion with the name of the file."""
    if path is None:
        return [], None
    if path.is_dir():
        path, file = _fitting(path, acquisition, view, settings)
        unknown: list[str] = []
    else:
        file = load_calibration_file(path)
        unknown = check_applies(file, path, acquisition, view, settings)
    source = f"calibration file {path.name}"
    if unknown:
        source += f", not checked: {', '.join(unknown)}"
    bend = None if file.bend is None else (file.bend, source)
    if file.spacing_mm is None:
        return [], bend
    spacing, sigma = file.spacing_mm
    if not _plausible(spacing, settings):
        raise CalibrationError(
            f"{path}: its spacing at the vertebra is {spacing:g} mm/px; {_bounds(settings)}. "
            "Correct the file."
        )
    return [Calibration(spacing, sigma, SpacingRung.CALIBRATION_FILE, source)], bend


def check_applies(
    file: CalibrationFile,
    path: Path,
    acquisition: Acquisition,
    view: View | None,
    settings: CalibrationSettings,
) -> list[str]:
    """Refuse a calibration file that is made for other frames.

    Returns
    -------
    list of str
        What could not be compared, because the frames do not say it.

    Raises
    ------
    CalibrationError
    """
    contradicting, unknown = misfits(file.applies_to, acquisition, view, settings)
    if contradicting:
        raise CalibrationError(
            f"{path}: does not fit this sequence: {'; '.join(contradicting)}. "
            "Give the file of this C-arm and view, or none."
        )
    return unknown


def _fitting(
    folder: Path, acquisition: Acquisition, view: View | None, settings: CalibrationSettings
) -> tuple[Path, CalibrationFile]:
    """The one file in `folder` that surely fits. Nobody chose it, so nothing may stay unchecked."""
    fitting, refused = [], []
    for path in sorted(folder.glob(f"*{CALIBRATION_SUFFIX}")):
        file = load_calibration_file(path)
        contradicting, unknown = misfits(file.applies_to, acquisition, view, settings)
        against = contradicting + [f"the frame does not say its {key}" for key in unknown]
        if against:
            refused.append(f"{path.name}: {', '.join(against)}")
        else:
            fitting.append((path, file))
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        names = ", ".join(path.name for path, _ in fitting)
        raise CalibrationError(f"{folder}: {names} all fit this sequence. Give one of them.")
    reasons = "; ".join(refused) or f"it holds no {CALIBRATION_SUFFIX} file"
    raise CalibrationError(
        f"{folder}: no calibration file in it fits this sequence: {reasons}. "
        "Give the file of this C-arm and view, or none."
    )


def _not_square(geometry: ProjectionGeometry, settings: CalibrationSettings) -> str:
    """Why one number cannot serve both axes, or an empty string."""
    pairs = (
        ("Pixel Spacing", geometry.pixel_spacing_mm),
        ("Imager Pixel Spacing", geometry.imager_pixel_spacing_mm),
        ("Pixel Aspect Ratio", geometry.pixel_aspect and (geometry.pixel_aspect, 1.0)),
    )
    for name, pair in pairs:
        if not pair or min(pair) <= 0 or not all(map(math.isfinite, pair)):
            continue  # no spacing at all; told where it is asked for one
        if max(pair) > (1.0 + settings.max_anisotropy) * min(pair):
            return f"pixels are not square ({name} {pair[0]:g} by {pair[1]:g})"
    return ""


def _from_tags(
    geometry: ProjectionGeometry, settings: CalibrationSettings
) -> tuple[list[Calibration], list[str]]:
    """All that the tags offer, best first, and why others of them do not serve."""
    offers: list[Calibration] = []
    refused: list[str] = []
    for offer in (*_by_pixel_spacing(geometry, settings), *_by_magnification(geometry, settings)):
        if isinstance(offer, str):
            refused.append(offer)
        elif offer.mm_per_px is None or not _plausible(offer.mm_per_px, settings):
            refused.append(f"{offer.source} is {offer.mm_per_px:g} mm/px: {_bounds(settings)}")
        else:
            offers.append(offer)
    return offers, refused


def _by_pixel_spacing(
    geometry: ProjectionGeometry, settings: CalibrationSettings
) -> list[Calibration | str]:
    """Pixel Spacing (0028,0030), where its calibration type says that it was corrected."""
    if geometry.pixel_spacing_mm is None:
        return []
    spacing, kind = _mean(geometry.pixel_spacing_mm), geometry.pixel_spacing_calibration
    rung = _PIXEL_SPACING_RUNGS.get(kind or "")
    if rung is None:
        return [f"Pixel Spacing may lie at the detector (calibration type {kind or 'absent'})"]
    at_detector = geometry.imager_pixel_spacing_mm
    if at_detector is not None and spacing >= _mean(at_detector) > 0:
        return ["Pixel Spacing is not below Imager Pixel Spacing: it lies at the detector"]
    if rung is SpacingRung.PIXEL_SPACING_FIDUCIAL:
        share = settings.person_sigma_share
    else:
        share = _depth_share(geometry, settings)
    return [Calibration(spacing, share * spacing, rung, f"PixelSpacing {kind}")]


def _by_magnification(
    geometry: ProjectionGeometry, settings: CalibrationSettings
) -> list[Calibration | str]:
    """Imager Pixel Spacing, brought to the vertebra by similar triangles (PS3.3 C.8.7.5)."""
    if geometry.imager_pixel_spacing_mm is None:
        return []
    at_detector = _mean(geometry.imager_pixel_spacing_mm)
    ways: list[tuple[str, float]] = []
    if geometry.sid_mm and geometry.sod_mm:
        ways.append(("ImagerPixelSpacing*SOD/SID", geometry.sid_mm / geometry.sod_mm))
    if geometry.magnification is not None:
        ways.append(("ImagerPixelSpacing/magnification factor", geometry.magnification))
    if not ways:
        return ["Imager Pixel Spacing lies at the detector, and no SOD and SID go with it"]
    rung, share = SpacingRung.IMAGER_PIXEL_SPACING_GEOMETRY, _depth_share(geometry, settings)
    offers: list[Calibration | str] = []
    for source, magnification in ways:
        if 1.0 < magnification <= settings.max_magnification:
            spacing = at_detector / magnification
            offers.append(Calibration(spacing, share * spacing, rung, source))
        else:
            offers.append(f"{source}: a magnification of {magnification:g} is not possible")
    return offers


def _with_doubt(
    best: Calibration, others: Sequence[Calibration], settings: CalibrationSettings
) -> Calibration:
    """Widen the error of `best` where other tags contradict it, and say so."""
    assert best.mm_per_px is not None
    assert best.mm_per_px_sigma is not None
    for other in others:
        difference = abs((other.mm_per_px or 0.0) - best.mm_per_px)
        if difference > settings.conflict_share * best.mm_per_px:
            # Which of them is right is not known: one standard deviation reaches half way.
            return replace(
                best,
                mm_per_px_sigma=math.hypot(best.mm_per_px_sigma, difference / 2),
                source=f"{best.source}, against {other.source} {other.mm_per_px:.3f}",
            )
    return best


def _depth_share(geometry: ProjectionGeometry, settings: CalibrationSettings) -> float:
    """Relative error of a spacing that holds at the beam's centre, not at the vertebra itself."""
    return settings.depth_sigma_mm / max(geometry.sod_mm or 0.0, settings.min_sod_mm)


def _mean(pair: tuple[float, float]) -> float:
    return (pair[0] + pair[1]) / 2


def _plausible(mm_per_px: float, settings: CalibrationSettings) -> bool:
    return settings.min_mm_per_px <= mm_per_px <= settings.max_mm_per_px


def _bounds(settings: CalibrationSettings) -> str:
    return f"possible are {settings.min_mm_per_px:g} to {settings.max_mm_per_px:g}"
