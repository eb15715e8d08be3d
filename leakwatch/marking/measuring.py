"""Measuring an object of known size in a window: what it is, its size, its two points. No Qt."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from leakwatch.calibrating.known_size import (
    GAUGES_MM,
    KnownObject,
    ObjectToMeasure,
    outer_diameter_mm,
)
from leakwatch.calibrating.measure import Measurement, measure
from leakwatch.calibrating.still_image import StillImage
from leakwatch.config import CalibrationSettings
from leakwatch.core.arrays import Point
from leakwatch.core.errors import CalibrationError
from leakwatch.core.spacing import Calibration, Distortion

KINDS = tuple(KnownObject)
# To begin with: the gauge that most take; a length, a ruler and a sphere of a usual size, mm.
_FIRST_SIZE = {
    KnownObject.CANNULA_WIDTH: 11.0,
    KnownObject.CANNULA_LENGTH: 100.0,
    KnownObject.RULER: 50.0,
    KnownObject.SPHERE: 25.0,
}
_SIZES_MM = (0.5, 500.0)
_ASKS = {
    KnownObject.CANNULA_WIDTH: "Click both edges of the cannula, near its tip",
    KnownObject.CANNULA_LENGTH: "Click both ends of the cannula",
    KnownObject.RULER: "Click two marks of the ruler",
    KnownObject.SPHERE: "Click the middle of the sphere",
}
_EDGES = (KnownObject.CANNULA_WIDTH, KnownObject.SPHERE)


@dataclass(frozen=True, slots=True)
class Measuring:
    """What a person said of an object.

    Parameters
    ----------
    kind : KnownObject
    size : float
        The gauge of a cannula that is measured across, else millimetres.
    points_px : tuple of Point
        Two at most.
    by_hand : bool
        No edges are looked for.
    """

    kind: KnownObject = KnownObject.CANNULA_WIDTH
    size: float = _FIRST_SIZE[KnownObject.CANNULA_WIDTH]
    points_px: tuple[Point, ...] = ()
    by_hand: bool = False

    @property
    def with_edges(self) -> bool:
        """Whether edges are looked for near the points."""
        return self.kind in _EDGES and not self.by_hand

    @property
    def wanted(self) -> int:
        """How many points are needed."""
        return 1 if self.kind is KnownObject.SPHERE and not self.by_hand else 2


def next_kind(now: Measuring, step: int = 1) -> Measuring:
    """Another kind of object, with its usual size."""
    kind = KINDS[(KINDS.index(now.kind) + step) % len(KINDS)]
    return Measuring(kind, _FIRST_SIZE[kind])


def resized(now: Measuring, step: float) -> Measuring:
    """Another size: a gauge more or less, whatever the step; else millimetres."""
    if now.kind is KnownObject.CANNULA_WIDTH:
        known = list(GAUGES_MM)
        at = known.index(int(now.size)) + (1 if step > 0 else -1)
        return replace(now, size=float(known[min(max(at, 0), len(known) - 1)]))
    low, high = _SIZES_MM
    return replace(now, size=round(min(max(now.size + step, low), high), 1))


def with_point(now: Measuring, at: Point) -> Measuring:
    """A point more; where all are there, it begins again."""
    kept = now.points_px if len(now.points_px) < now.wanted else ()
    return replace(now, points_px=(*kept, at))


def with_point_moved(now: Measuring, index: int, to: Point) -> Measuring:
    """Move a point."""
    points = (*now.points_px[:index], to, *now.points_px[index + 1 :])
    return replace(now, points_px=points)


def size_mm(now: Measuring) -> float:
    """The size in millimetres."""
    across = now.kind is KnownObject.CANNULA_WIDTH
    return outer_diameter_mm(int(now.size)) if across else now.size


def result(
    now: Measuring,
    picture: StillImage,
    distortion: Distortion | None,
    settings: CalibrationSettings,
) -> Measurement | str:
    """The spacing; or what is missing, in words for the person."""
    if len(now.points_px) < now.wanted:
        missing = now.wanted - len(now.points_px)
        again = "" if missing == now.wanted else ": the other one"
        return f"{_ASKS[now.kind]}{again}"
    try:
        asked = ObjectToMeasure(now.kind, size_mm(now), distortion=distortion)
        return measure(picture, asked, np.array(now.points_px), now.with_edges, settings)
    except CalibrationError as error:
        return f"{str(error)[:1].upper()}{str(error)[1:]}"


def describe(now: Measuring) -> str:
    """What is measured, and its size."""
    across = now.kind is KnownObject.CANNULA_WIDTH
    size = f"{now.size:g}G, {size_mm(now):g} mm" if across else f"{now.size:g} mm"
    edges = "" if now.kind not in _EDGES else ", by hand" if now.by_hand else ", edges are found"
    return f"{now.kind.value}: {size}{edges}"


def compared(found: Measurement, known: Calibration, settings: CalibrationSettings) -> str:
    """The result beside the millimetres that were known before."""
    spacing = found.spacing
    share = spacing.mm_per_px_sigma / spacing.mm_per_px
    told = f"{spacing.mm_per_px:.4f} mm per pixel ± {share:.1%}"
    if known.mm_per_px is None:
        return told
    off = spacing.mm_per_px / known.mm_per_px - 1.0
    doubt = "  ⚠ they contradict each other" if abs(off) > settings.conflict_share else ""
    return f"{told}; {off:+.1%} against {known.source}{doubt}"
