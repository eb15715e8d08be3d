"""Measurement of an object of known size in a window: kind, size and points. No Qt."""

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
from leakwatch.core.messages import Message, sentence, text
from leakwatch.core.spacing import Calibration, Distortion
from leakwatch.display.quantities import spacing_text

KINDS = tuple(KnownObject)
# Initial sizes: the most common gauge; usual lengths of the others, mm.
_FIRST_SIZE = {
    KnownObject.CANNULA_WIDTH: 11.0,
    KnownObject.CANNULA_LENGTH: 100.0,
    KnownObject.RULER: 50.0,
    KnownObject.SPHERE: 25.0,
}
_SIZES_MM = (0.5, 500.0)
_ASKS = {
    KnownObject.CANNULA_WIDTH: text("Click both edges of the cannula, near its tip"),
    KnownObject.CANNULA_LENGTH: text("Click both ends of the cannula"),
    KnownObject.RULER: text("Click two marks of the ruler"),
    KnownObject.SPHERE: text("Click the centre of the sphere"),
}
_NAMES = {
    KnownObject.CANNULA_WIDTH: text("cannula, across"),
    KnownObject.CANNULA_LENGTH: text("cannula, along"),
    KnownObject.RULER: text("ruler"),
    KnownObject.SPHERE: text("sphere"),
}
_EDGES = (KnownObject.CANNULA_WIDTH, KnownObject.SPHERE)


@dataclass(frozen=True, slots=True)
class Measuring:
    """Input of the user for an object.

    Parameters
    ----------
    kind : KnownObject
    size : float
        Gauge of a cannula measured across, else millimetres.
    points_px : tuple of Point
        Two at most.
    by_hand : bool
        Whether the points are used without a search for edges.
    """

    kind: KnownObject = KnownObject.CANNULA_WIDTH
    size: float = _FIRST_SIZE[KnownObject.CANNULA_WIDTH]
    points_px: tuple[Point, ...] = ()
    by_hand: bool = False

    @property
    def with_edges(self) -> bool:
        """Return whether edges are searched for near the points."""
        return self.kind in _EDGES and not self.by_hand

    @property
    def wanted(self) -> int:
        """Number of points that are needed."""
        return 1 if self.kind is KnownObject.SPHERE and not self.by_hand else 2


def select_next_kind(now: Measuring, step: int = 1) -> Measuring:
    """Return another kind of object, with its usual size."""
    kind = KINDS[(KINDS.index(now.kind) + step) % len(KINDS)]
    return Measuring(kind, _FIRST_SIZE[kind])


def resize(now: Measuring, step: float) -> Measuring:
    """Return another size: the next gauge, whatever the step, else millimetres."""
    if now.kind is KnownObject.CANNULA_WIDTH:
        known = list(GAUGES_MM)
        at = known.index(int(now.size)) + (1 if step > 0 else -1)
        return replace(now, size=float(known[min(max(at, 0), len(known) - 1)]))
    low, high = _SIZES_MM
    return replace(now, size=round(min(max(now.size + step, low), high), 1))


def with_point(now: Measuring, at: Point) -> Measuring:
    """Return the input with another point; if complete, with this one alone."""
    kept = now.points_px if len(now.points_px) < now.wanted else ()
    return replace(now, points_px=(*kept, at))


def with_point_moved(now: Measuring, index: int, to: Point) -> Measuring:
    """Return the input with a point moved."""
    points = (*now.points_px[:index], to, *now.points_px[index + 1 :])
    return replace(now, points_px=points)


def size_mm(now: Measuring) -> float:
    """Return the size in millimetres."""
    across = now.kind is KnownObject.CANNULA_WIDTH
    return outer_diameter_mm(int(now.size)) if across else now.size


def result(
    now: Measuring,
    picture: StillImage,
    distortion: Distortion | None,
    settings: CalibrationSettings,
) -> Measurement | str:
    """Return the spacing, or a message about what is missing."""
    if len(now.points_px) < now.wanted:
        if not now.points_px:
            return _ASKS[now.kind]
        return text("{request}: the other one", request=_ASKS[now.kind])
    try:
        asked = ObjectToMeasure(now.kind, size_mm(now), distortion=distortion)
        return measure(picture, asked, np.array(now.points_px), now.with_edges, settings)
    except CalibrationError as error:
        return sentence(str(error))


def describe(now: Measuring) -> Message:
    """Return the kind of the object and its size."""
    across = now.kind is KnownObject.CANNULA_WIDTH
    size = f"{now.size:g}G, {size_mm(now):g} mm" if across else f"{now.size:g} mm"
    named = text("{object}: {size}", object=_NAMES[now.kind], size=size)
    if now.kind not in _EDGES:
        return named
    if now.by_hand:
        return text("{object}, by hand", object=named)
    return text("{object}, with edge detection", object=named)


def compare(found: Measurement, known: Calibration, settings: CalibrationSettings) -> Message:
    """Return the result, compared with the previous calibration."""
    spacing = found.spacing
    shown = spacing_text(spacing.mm_per_px, spacing.mm_per_px_sigma)
    value = text("{spacing} mm per pixel", spacing=shown)
    if known.mm_per_px is None:
        return value
    off = spacing.mm_per_px / known.mm_per_px - 1.0
    both = text(
        "{value}: {deviation:+.0%} against {source}",
        value=value,
        deviation=off,
        source=known.source,
    )
    if abs(off) > settings.conflict_share:
        return text("{values}  ⚠ they contradict each other", values=both)
    return both
