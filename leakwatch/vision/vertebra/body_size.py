"""Usual sizes of vertebral bodies."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from leakwatch.config import VertebraSettings


@dataclass(frozen=True, slots=True)
class BodySize:
    """Mean depth (front to back) and height of a body, mm."""

    depth_mm: float
    height_mm: float


# Means of cadaver spines, rounded: Panjabi et al., doi:10.1097/00007632-199108000-00006 (thoracic)
# and doi:10.1097/00007632-199203000-00009 (lumbar).
BODY_SIZES: Final[dict[str, BodySize]] = {
    "T7": BodySize(24.5, 18.0),
    "T8": BodySize(25.5, 18.7),
    "T9": BodySize(26.5, 19.3),
    "T10": BodySize(27.5, 20.2),
    "T11": BodySize(28.5, 21.3),
    "T12": BodySize(30.5, 22.7),
    "L1": BodySize(32.5, 24.5),
    "L2": BodySize(33.5, 25.5),
    "L3": BodySize(34.0, 26.0),
    "L4": BodySize(34.5, 26.0),
    "L5": BodySize(34.0, 26.0),
}

# Where nobody says which vertebra it is: most that are treated lie about the thoracolumbar
# junction, T12 to L2.
_UNKNOWN = BodySize(32.2, 24.2)


def expected_size(level: str | None, settings: VertebraSettings) -> tuple[BodySize, float]:
    """Return the expected size of a silhouette, and its standard deviation as a share.

    Parameters
    ----------
    level : str or None
        ``L1``, ``T12``, ...; another name counts as unknown.
    settings : VertebraSettings
    """
    known = BODY_SIZES.get((level or "").strip().upper())
    size = _UNKNOWN if known is None else known
    factor = settings.size_on_film
    spread = settings.unknown_level_sd if known is None else settings.size_sd
    return BodySize(factor * size.depth_mm, factor * size.height_mm), spread


def impossible_size(
    found: BodySize, level: str | None, sigmas: float, settings: VertebraSettings
) -> str | None:
    """Return why no vertebra has this size; None where one may.

    A body may be crushed, but none is much higher or deeper than its level's, or so much shallower.

    Parameters
    ----------
    found : BodySize
        Silhouette, as it was found; nan is what is not known.
    level : str or None
        Another name than a level's counts as unknown: then any level may be meant.
    sigmas : float
        How far off a body may be.
    settings : VertebraSettings
    """
    known = BODY_SIZES.get((level or "").strip().upper())
    levels = BODY_SIZES.values() if known is None else (known,)
    factor = settings.size_on_film
    apart = min(
        _apart(found, BodySize(factor * one.depth_mm, factor * one.height_mm), settings)
        for one in levels
    )
    if apart <= sigmas:
        return None
    deep, high = (
        "?" if math.isnan(one) else f"{one:.0f}" for one in (found.depth_mm, found.height_mm)
    )
    whose = "any vertebra" if known is None else f"a {(level or '').strip().upper()}"
    return (
        f"a body {deep} mm deep and {high} mm high is not of the size of {whose}; set points on it"
    )


def _apart(found: BodySize, mean: BodySize, settings: VertebraSettings) -> float:
    """Return the standard deviations between two sizes, over both dimensions; nan is left out."""
    higher = max(_log_ratio(found.height_mm, mean.height_mm), 0.0)
    deeper = _log_ratio(found.depth_mm, mean.depth_mm)
    return math.hypot(deeper, higher) / settings.person_size_sd


def _log_ratio(found_mm: float, mean_mm: float) -> float:
    return 0.0 if math.isnan(found_mm) else math.log(max(found_mm, 1.0) / mean_mm)
