"""Whether millimetres that a person gave agree with the tags."""

from __future__ import annotations

from collections.abc import Iterator

from leakwatch.calibration import of_tags
from leakwatch.config import Settings
from leakwatch.model import CaseFile, ProjectionGeometry
from leakwatch.verdict import Doubt


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
