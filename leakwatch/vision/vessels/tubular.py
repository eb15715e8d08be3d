"""Cement that fills a tube: long thin protrusions of the mask, how long, how wide, how fast."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from leakwatch.config import TubularSettings
from leakwatch.core.arrays import Array, BoolImage, PointArray, read_only
from leakwatch.core.geometry import Scale
from leakwatch.core.recent_values import keep_last
from leakwatch.vision.image_processing.medians import medians
from leakwatch.vision.image_processing.patches import Window, around
from leakwatch.vision.vessels.cheapest_way import Steps, cheapest_way_to_farthest, steps_between


@dataclass(frozen=True, slots=True)
class Protrusion:
    """A part of the mask too thin to be bolus, in reference coordinates on the working grid.

    Parameters
    ----------
    path : ndarray
        ``(n, 2)`` from where it leaves the bolus to its far end.
    length, width : float
        Working pixels.
    straightness : float
        End-to-end distance over length, 0 to 1.
    evenness : float
        Median over greatest half width along the path, 0 to 1: near 1 in a vessel.
    beside_bolus : bool
        There is a bolus: else this may be all of a young one.
    """

    path: PointArray
    length: float
    width: float
    straightness: float
    evenness: float
    beside_bolus: bool


@dataclass(frozen=True, slots=True)
class TubularState:
    """Tubular protrusions of earlier frames.

    Parameters
    ----------
    lengths : tuple of (float, float)
        (time_s, longest protrusion in mm) of the last moments, oldest first.
    hits : int
        Frames running in which a protrusion was a tube.
    """

    lengths: tuple[tuple[float, float], ...] = ()
    hits: int = 0


@dataclass(frozen=True, slots=True)
class TubeDetector:
    """Detection of cement that fills a tube, with its settings, at the scale of a run."""

    scale: Scale
    settings: TubularSettings

    def find_protrusions(
        self, mask: BoolImage, box: Window | None = None, body: BoolImage | None = None
    ) -> tuple[Protrusion, ...]:
        """Find the parts of the mask that an opening with a disc takes away, longest first.

        Parameters
        ----------
        mask : ndarray of bool
            Cement.
        box : (slice, slice) or None
            Rows and columns of the mask; None: they are looked for.
        body : ndarray of bool or None
            The vertebral body: what hangs on no bolus comes from there.
        """
        if not mask.any():
            return ()
        rows, columns = around(mask, 0) if box is None else box
        top, left = rows.start, columns.start
        # Every other pixel: half a millimetre is fine enough for the length of a tube.
        half = mask[rows, columns][::2, ::2]
        crop = np.zeros((half.shape[0] + 4, half.shape[1] + 4), np.bool_)
        crop[2:-2, 2:-2] = half
        scale = Scale(2 * self.scale.mm_per_px)
        thin, bolus = _find_thin_parts(crop, scale.px(self.settings.max_width_mm) / 2)
        _, labels, stats, _ = cv2.connectedComponentsWithStats(thin.view(np.uint8), connectivity=8)
        least = scale.px(self.settings.min_length_mm)
        # A vein of that length does not curl up in a box whose diagonal is so much shorter.
        long = np.hypot(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT]) >= 0.8 * least
        long &= stats[:, cv2.CC_STAT_AREA] >= least
        found = []
        for label in np.flatnonzero(long[1:]) + 1:
            protrusion, hangs = _measure_part(labels, int(label), stats[label], bolus)
            path = 2 * (protrusion.path - 2) + np.array([left, top], np.float64)
            if not hangs and not ends_within(path[::-1], body):
                path = path[::-1] if ends_within(path, body) else path
            found.append(
                Protrusion(
                    read_only(path),
                    2 * protrusion.length,
                    2 * protrusion.width,
                    protrusion.straightness,
                    protrusion.evenness,
                    bool(bolus.any()),
                )
            )
        return tuple(sorted(found, key=lambda one: -one.length))

    def is_tube(self, protrusion: Protrusion, body: BoolImage | None) -> bool:
        """Return whether a protrusion has the shape of a filled vessel.

        Parameters
        ----------
        protrusion : Protrusion
        body : ndarray of bool or None
            The vertebral body; None: nobody knows where it is.
        """
        within = ends_within(protrusion.path, body)
        if within and not protrusion.beside_bolus:
            return False  # all of a young bolus is thin
        # Bone lets cement grow fingers: within the body only what is long and even is a vessel.
        finger = within or not protrusion.beside_bolus
        if not protrusion.beside_bolus:
            least_mm = self.settings.alone_length_mm
        else:
            least_mm = self.settings.sure_length_mm if within else self.settings.min_length_mm
        even = not finger or protrusion.evenness >= self.settings.min_evenness
        return (
            even
            and protrusion.length >= self.scale.px(least_mm)
            and protrusion.width <= self.scale.px(self.settings.max_width_mm)
            and protrusion.length >= self.settings.min_aspect * protrusion.width
        )

    def confirm(
        self, state: TubularState, longest_mm: float, tube: bool, time_s: float
    ) -> tuple[TubularState, bool]:
        """Decide whether the longest protrusion is a vein by now.

        A vein of 2 mm fills at some 16 mm/s; a branch through trabecular bone creeps at less than
        1 mm/s. So a tube that grew fast counts at once, one that crept only when it is very long.

        Parameters
        ----------
        state : TubularState
        longest_mm : float
            Length of the longest protrusion, 0.0 where there is none.
        tube : bool
            Whether it has a tube's shape.
        time_s : float

        Returns
        -------
        TubularState, bool
        """
        recent = keep_last(state.lengths, time_s, self.settings.speed_window_s)
        # Against the shortest of the window, so that a fast start is remembered for its length.
        # After a pause against the last one before it: what was long then did not grow from
        # nothing.
        recent = recent or state.lengths[-1:]
        before = min((length for _, length in recent), default=0.0)
        fast = longest_mm - before >= self.settings.min_growth_mm
        long = longest_mm >= self.settings.sure_length_mm
        hits = state.hits + 1 if tube and (fast or long or state.hits > 0) else 0
        lengths = (*recent, (time_s, longest_mm))
        return TubularState(lengths, hits), hits >= self.settings.confirm_frames


def ends_within(path: PointArray, body: BoolImage | None) -> bool:
    """Return whether a path ends in the vertebral body; False where the body is unknown."""
    if body is None:
        return False
    column, row = np.clip(path[-1].astype(np.intp), 0, (body.shape[1] - 1, body.shape[0] - 1))
    return bool(body[row, column])


def _find_thin_parts(crop: BoolImage, radius: float) -> tuple[BoolImage, BoolImage]:
    """Return what an opening with a disc takes away of a mask, and what it leaves."""
    depth = cv2.distanceTransform(crop.view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5)
    core = depth > radius
    if not core.any():
        return crop, np.zeros_like(crop)
    outside_core = (~core).view(np.uint8)
    from_core = cv2.distanceTransform(outside_core, cv2.DIST_L2, cv2.DIST_MASK_5)
    # A pixel more than the radius: the opening's rounded corners are no protrusions.
    bolus = crop & (from_core <= radius + 1.5)
    return crop & ~bolus, bolus


def _measure_part(
    labels: Array,
    label: int,
    box: Array,
    bolus: BoolImage,
) -> tuple[Protrusion, bool]:
    """Measure one thin part, and whether it hangs on a bolus."""
    left, top, wide, high = (int(value) for value in box[:4])
    window = np.s_[max(top - 1, 0) : top + high + 1, max(left - 1, 0) : left + wide + 1]
    part = labels[window] == label
    root = part & cv2.dilate(bolus[window].view(np.uint8), np.ones((3, 3), np.uint8)).view(np.bool_)
    framed = cv2.copyMakeBorder(part.view(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    at = np.flatnonzero(framed)
    way = at[_trace_longest_path(framed, at, np.flatnonzero(root[part]))]
    rows, columns = np.divmod(way, framed.shape[1])
    path = np.stack([columns, rows], axis=1) - 1.0
    steps = path[1:] - path[:-1]
    length = float(np.hypot(steps[:, 0], steps[:, 1]).sum()) + 1.0
    depth = cv2.distanceTransform(framed, cv2.DIST_L2, cv2.DIST_MASK_5)
    half_widths = depth.ravel()[way]
    evenness = float(medians(half_widths) / half_widths.max())
    width = float(part.sum()) / max(length, 1.0)
    ends = float(np.hypot(*(path[-1] - path[0])))
    corner = np.array([max(left - 1, 0), max(top - 1, 0)], np.float64)
    straightness = min(ends / max(length, 1e-9), 1.0)
    hangs = bool(root.any())
    return Protrusion(path + corner, length, width, straightness, evenness, True), hangs


# Neighbours of a pixel, (row, column), and how far they are.
_NEIGHBOURS = np.array([(-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1)])
_STEPS = np.hypot(*_NEIGHBOURS.T)


def _trace_longest_path(framed: Array, at: Array, root: Array) -> Array:
    """Return which pixels are on the path from the root of a part to its farthest pixel.

    A part without a root hangs on no bolus: from one of its ends to the other.

    Parameters
    ----------
    framed : ndarray of uint8
        The part, with an empty border.
    at : ndarray of int
        Flat places of its pixels there.
    root : ndarray of int
        Which of them are its root.
    """
    steps = _steps_between(framed, at)
    starts = root.tolist() or cheapest_way_to_farthest(steps, [0])[-1:]
    return np.array(cheapest_way_to_farthest(steps, starts))


def _steps_between(framed: Array, at: Array) -> Steps:
    """Return the steps between the pixels of a part, and what each of them costs."""
    index = np.full(framed.size, -1, np.int32)
    index[at] = np.arange(at.size, dtype=np.int32)
    neighbours = index[at[:, None] + _NEIGHBOURS @ (framed.shape[1], 1)]
    depth = cv2.distanceTransform(framed, cv2.DIST_L2, cv2.DIST_MASK_3).ravel()[at]
    # Paths along the middle: near the rim a step costs up to twice as much.
    cost = 1.0 + 1.0 / np.maximum(depth, np.float64(1.0))
    steps = 0.5 * _STEPS * (cost[:, None] + cost[neighbours])
    return steps_between(neighbours, np.where(neighbours >= 0, steps, np.inf))
