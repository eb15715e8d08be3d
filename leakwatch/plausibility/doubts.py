"""Doubts about a case: sizes of marked walls and bodies, and millimetres against tags."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from leakwatch.calibration.spacing_ladder import of_tags
from leakwatch.config import Settings
from leakwatch.core.frame import ProjectionGeometry
from leakwatch.core.marks import CaseFile
from leakwatch.core.spacing import Calibration
from leakwatch.vision.vertebra.body_size import BODY_SIZES, BodySize


@dataclass(frozen=True, slots=True)
class Doubt:
    """A sentence for the person: what was found, and what to do.

    Parameters
    ----------
    text : str
    refused : bool
        It makes the rules meaningless; else it is only unusual.
    """

    text: str
    refused: bool = False


def doubts_of_size(
    wall_px: float,
    height_px: float | None,
    depth_px: float | None,
    level: str | None,
    calibration: Calibration,
    settings: Settings,
) -> Iterator[Doubt]:
    """Find sizes that no vertebral body from T1 to L5 has, and such as few have.

    Parameters
    ----------
    wall_px : float
        Length of the marked wall.
    height_px, depth_px : float or None
        Of the marked outline.
    level : str or None
        ``L1``, ...; another name counts as unknown.
    calibration : Calibration
        Without millimetres nothing is known of sizes.
    settings : Settings

    Yields
    ------
    Doubt
    """
    mm, sigma, limits = calibration.mm_per_px, calibration.mm_per_px_sigma, settings.marks
    if mm is None:
        return
    doubtful = 1.0 + 2.0 * (sigma or 0.0) / mm
    wall_mm = wall_px * mm
    if not limits.least_wall_mm / doubtful <= wall_mm <= limits.max_wall_mm * doubtful:
        yield Doubt(
            f"posterior_wall_px is {wall_mm:.0f} mm long; the walls of vertebral bodies are "
            f"{limits.least_wall_mm:g} to {limits.max_wall_mm:g} mm. {_ADVICE}",
            refused=True,
        )
    if height_px is None or depth_px is None:
        return
    smallest, largest = _sizes(level, settings)
    spread = limits.unusual_sigmas * settings.vertebra.size_sd
    for what, size_mm, least_mm, most_mm in (
        ("deep", depth_px * mm, smallest.depth_mm, largest.depth_mm),
        ("high", height_px * mm, 0.0, largest.height_mm),  # fractures make bodies low
    ):
        inside = (1.0 - spread) * least_mm <= size_mm <= (1.0 + spread) * most_mm
        if not inside:
            of = f"a {level} is" if smallest is largest else "bodies are"
            span = (
                f"{most_mm:.0f}"
                if least_mm in (0.0, most_mm)
                else f"{least_mm:.0f} to {most_mm:.0f}"
            )
            refused = size_mm * doubtful < limits.least_size * least_mm
            refused |= size_mm > limits.max_size * doubtful * most_mm
            yield Doubt(
                f"the body in body_outline_px is {size_mm:.0f} mm {what}; {of} about {span} mm "
                f"{what}. {_ADVICE}",
                refused=refused,
            )


_ADVICE = "Correct the marks, vertebra or mm_per_px."


def _sizes(level: str | None, settings: Settings) -> tuple[BodySize, BodySize]:
    """Smallest and largest mean silhouette; the same where the level is known."""
    factor = settings.vertebra.size_on_film
    known = BODY_SIZES.get((level or "").strip().upper())
    sizes = sorted(BODY_SIZES.values(), key=lambda one: one.depth_mm) if known is None else [known]
    on_film = [BodySize(factor * one.depth_mm, factor * one.height_mm) for one in sizes]
    return on_film[0], on_film[-1]


def doubts_of_spacing(
    case: CaseFile, geometry: ProjectionGeometry, settings: Settings
) -> Iterator[Doubt]:
    """Find where `mm_per_px` of the case contradicts the tags by more than magnification explains.

    Parameters
    ----------
    case : CaseFile
    geometry : ProjectionGeometry
    settings : Settings

    Yields
    ------
    Doubt
    """
    given = case.mm_per_px
    if given is None:
        return
    tagged = of_tags(geometry, settings.calibration)
    known = tagged.mm_per_px
    if known is not None:
        share = abs(given - known) / known
        if share > settings.calibration.conflict_share:
            yield Doubt(
                f"mm_per_px is {given:g}, but the tags give {known:.4g} ({tagged.source}), which "
                f"differs by {100 * share:.0f} %. Measure it again, or leave mm_per_px out to use "
                "the tags.",
                refused=share > settings.marks.max_spacing_share,
            )
        return
    at_detector = geometry.imager_pixel_spacing_mm or geometry.pixel_spacing_mm
    if at_detector is None or min(at_detector) <= 0.0:
        return
    most = (1.0 + settings.marks.detector_share) * at_detector[0]
    least = at_detector[0] / settings.calibration.max_magnification
    if not least <= given <= most:
        yield Doubt(
            f"mm_per_px is {given:g}, but the tags give a spacing of {at_detector[0]:.4g} at the "
            f"detector, so that {least:.3g} to {most:.3g} are possible at the vertebra. Measure it "
            "again: calibration at the vertebra, for pixels of this file.",
            refused=True,
        )
