"""Checks of a case: sizes of marked walls and bodies, and calibration against the header."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from leakwatch.calibration.spacing_ladder import from_header
from leakwatch.config import Settings
from leakwatch.core.frame import ProjectionGeometry
from leakwatch.core.marks import CaseFile
from leakwatch.core.messages import text
from leakwatch.core.spacing import Calibration
from leakwatch.vision.vertebra.body_size import BODY_SIZES, BodySize


@dataclass(frozen=True, slots=True)
class Inconsistency:
    """An inconsistency as text for the user: what was found, and what to do.

    Parameters
    ----------
    text : str
    is_error : bool
        It makes the rules meaningless; otherwise it is only unusual.
    """

    text: str
    is_error: bool = False


def check_marked_size(
    wall_px: float,
    height_px: float | None,
    depth_px: float | None,
    level: str | None,
    calibration: Calibration,
    settings: Settings,
) -> Iterator[Inconsistency]:
    """Yield sizes that are impossible or unusual for vertebral bodies from T1 to L5.

    Parameters
    ----------
    wall_px : float
        Length of the marked wall.
    height_px, depth_px : float or None
        Of the marked outline.
    level : str or None
        ``L1``, ...; any other name counts as unknown.
    calibration : Calibration
        If not calibrated, sizes are not checked.
    settings : Settings

    Yields
    ------
    Inconsistency
    """
    mm, sigma, limits = calibration.mm_per_px, calibration.mm_per_px_sigma, settings.marks
    if mm is None:
        return
    doubtful = 1.0 + 2.0 * (sigma or 0.0) / mm
    wall_mm = wall_px * mm
    if not limits.least_wall_mm / doubtful <= wall_mm <= limits.max_wall_mm * doubtful:
        yield Inconsistency(
            text(
                "posterior_wall_px is {wall_mm:.0f} mm long; the walls of vertebral bodies are "
                "{least_wall_mm:g} to {max_wall_mm:g} mm. {advice}",
                wall_mm=wall_mm,
                least_wall_mm=limits.least_wall_mm,
                max_wall_mm=limits.max_wall_mm,
                advice=_ADVICE,
            ),
            is_error=True,
        )
    if height_px is None or depth_px is None:
        return
    smallest, largest = _sizes(level, settings)
    spread = limits.unusual_sigmas * settings.vertebra.size_sd
    for size, size_mm, least_mm, most_mm in (
        (text("depth"), depth_px * mm, smallest.depth_mm, largest.depth_mm),
        (text("height"), height_px * mm, 0.0, largest.height_mm),  # fractures reduce the height
    ):
        if (1.0 - spread) * least_mm <= size_mm <= (1.0 + spread) * most_mm:
            continue
        is_error = size_mm * doubtful < limits.least_size * least_mm
        is_error |= size_mm > limits.max_size * doubtful * most_mm
        usual = f"{most_mm:.0f}" if least_mm in (0.0, most_mm) else f"{least_mm:.0f}-{most_mm:.0f}"
        problem = text(
            "the {size} of body_outline_px is {size_mm:.0f} mm; usual for {vertebra} is about "
            "{usual_mm} mm. {advice}",
            size=size,
            size_mm=size_mm,
            vertebra=level if smallest is largest else text("vertebral bodies"),
            usual_mm=usual,
            advice=_ADVICE,
        )
        yield Inconsistency(problem, is_error=is_error)


_ADVICE = text("Correct the marks, vertebra or mm_per_px.")


def _sizes(level: str | None, settings: Settings) -> tuple[BodySize, BodySize]:
    """Return the smallest and largest mean silhouette, which are equal if the level is known."""
    factor = settings.vertebra.size_on_film
    known = BODY_SIZES.get((level or "").strip().upper())
    sizes = sorted(BODY_SIZES.values(), key=lambda one: one.depth_mm) if known is None else [known]
    on_film = [BodySize(factor * one.depth_mm, factor * one.height_mm) for one in sizes]
    return on_film[0], on_film[-1]


def check_marked_spacing(
    case: CaseFile, geometry: ProjectionGeometry, settings: Settings
) -> Iterator[Inconsistency]:
    """Yield a `mm_per_px` of the case that contradicts the header beyond magnification.

    Parameters
    ----------
    case : CaseFile
    geometry : ProjectionGeometry
    settings : Settings

    Yields
    ------
    Inconsistency
    """
    given = case.mm_per_px
    if given is None:
        return
    tagged = from_header(geometry, settings.calibration)
    known = tagged.mm_per_px
    if known is not None:
        share = abs(given - known) / known
        if share > settings.calibration.conflict_share:
            yield Inconsistency(
                text(
                    "mm_per_px is {value:g}, but the header states {header_value:.4g} "
                    "({source}), a difference of {share_percent:.0f} %. Measure it again, or "
                    "omit mm_per_px to use the header.",
                    value=given,
                    header_value=known,
                    source=tagged.source,
                    share_percent=100 * share,
                ),
                is_error=share > settings.marks.max_spacing_share,
            )
        return
    at_detector = geometry.imager_pixel_spacing_mm or geometry.pixel_spacing_mm
    if at_detector is None or min(at_detector) <= 0.0:
        return
    most = (1.0 + settings.marks.detector_share) * at_detector[0]
    least = at_detector[0] / settings.calibration.max_magnification
    if not least <= given <= most:
        yield Inconsistency(
            text(
                "mm_per_px is {value:g}, but the header states a pixel spacing of "
                "{at_detector:.4g} at the detector, so that {minimum:.3g} to {maximum:.3g} are "
                "possible at the vertebra. Measure it again at the vertebra, with the pixels of "
                "this file.",
                value=given,
                at_detector=at_detector[0],
                minimum=least,
                maximum=most,
            ),
            is_error=True,
        )
