"""The cannula: found in the baseline, followed from frame to frame, told from cement."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np

from leakwatch.config import InstrumentSettings
from leakwatch.model import Array, BoolImage, FloatImage, Point, read_only
from leakwatch.vision.baseline import Baseline
from leakwatch.vision.cement import Scale
from leakwatch.vision.wall import Wall


@dataclass(frozen=True, slots=True)
class Cannula:
    """A straight metal rod in the baseline, in reference coordinates on the working grid.

    Parameters
    ----------
    front : Point
        The end inside the patient.
    direction : Point
        Unit vector along the axis, from the front end outwards.
    length : float
        As far as it is seen, working pixels.
    profile : ndarray
        ``(2 half + 1,)`` added attenuation across the axis, its maximum 1, at steps of a pixel.
    contrast : ndarray
        ``(n,)`` added attenuation on the axis, at steps of a pixel from the front end: scatter
        makes it smaller behind dense anatomy.
    width : float
        Full width at half of the profile's maximum, working pixels.
    along, across : ndarray
        Axial and transverse coordinate of every pixel, float32.
    """

    front: Point
    direction: Point
    length: float
    profile: FloatImage
    contrast: FloatImage
    width: float
    along: FloatImage
    across: FloatImage


@dataclass(frozen=True, slots=True)
class InstrumentState:
    """What earlier frames say of the cannula.

    Parameters
    ----------
    cannula : Cannula or None
        None where none was found in the baseline.
    footprint : ndarray of bool or None
        Where it was in the baseline, with a rim.
    offset, slope : float
        Where its axis is now against the baseline: across = offset + slope * along.
    drawn_back : float
        How far its front end went outwards, working pixels.
    zero : (float, float)
        Offset and slope that are measured on the baseline itself, taken off all later ones.
    moved : bool
        It is not where it was.
    hidden : ndarray of bool or None
        Where it hid cement in the last frame.
    """

    cannula: Cannula | None = None
    footprint: BoolImage | None = None
    offset: float = 0.0
    slope: float = 0.0
    drawn_back: float = 0.0
    zero: tuple[float, float] = (0.0, 0.0)
    moved: bool = False
    hidden: BoolImage | None = None


def find(
    baseline: Baseline,
    wall: Wall | None,
    tip: Point | None,
    scale: Scale,
    settings: InstrumentSettings,
) -> InstrumentState:
    """Find the cannula in the baseline: the straightest, longest ridge of a rod's width.

    Parameters
    ----------
    baseline : Baseline
    wall : Wall or None
        The rod is looked for behind it, where nothing else is straight.
    tip : Point or None
        Marked needle tip, working pixels; else the front end is where the ridge ends.
    scale : Scale
    settings : InstrumentSettings
    """
    line = _strongest_line(baseline, wall, scale, settings)
    if line is None:
        return InstrumentState()
    cannula = _measured(baseline, line, tip, scale, settings)
    if cannula is None:
        return InstrumentState()
    rim = scale.px(settings.rim_mm)
    footprint = np.abs(cannula.across) <= cannula.width / 2 + rim
    footprint &= cannula.along >= -2 * rim
    # The profile's own asymmetry: where it is found when it has not moved.
    still = _pose(cannula, baseline.mean, scale, settings) or (0.0, 0.0)
    return InstrumentState(cannula, read_only(footprint), zero=still)


def follow(
    state: InstrumentState,
    baseline: Baseline,
    moved: FloatImage,
    scale: Scale,
    settings: InstrumentSettings,
) -> tuple[InstrumentState, Baseline, BoolImage | None]:
    """Where the cannula is in this frame, and what that does to the baseline.

    Behind the wall no cement lies on the cannula, so the part of it there tells its pose. When
    it has moved, the baseline is made true again: the rod is taken out where it was and put in
    where it is.

    Parameters
    ----------
    state : InstrumentState
    baseline : Baseline
    moved : ndarray
        Frame's log attenuation, reference coordinates.
    scale : Scale
    settings : InstrumentSettings

    Returns
    -------
    InstrumentState, Baseline, ndarray of bool or None
        State; baseline to compare this frame with; where new cement cannot be told, None where
        everywhere.
    """
    cannula = state.cannula
    if cannula is None:
        return state, baseline, None
    pose = _pose(cannula, moved, scale, settings)
    if pose is None:
        offset, slope = state.offset, state.slope
    else:
        offset, slope = pose[0] - state.zero[0], pose[1] - state.zero[1]
    ends = (offset, offset + slope * cannula.length)
    away = max(abs(end) for end in ends)
    if away < scale.px(settings.still_mm):
        return replace(state, offset=offset, slope=slope, moved=False, hidden=None), baseline, None
    axis = cannula.across - (offset + slope * cannula.along)
    rim = scale.px(settings.rim_mm)
    without = baseline.mean - _rod(cannula, cannula.across, 0.0)
    back = _drawn_back(cannula, moved - without, (offset, slope))
    here = np.abs(axis) <= cannula.width / 2 + rim
    here &= cannula.along >= back - 2 * rim
    true_again = Baseline(
        read_only(without + _rod(cannula, axis, back)), baseline.seen, baseline.frames
    )
    hidden = here if state.hidden is None else here | state.hidden
    new = replace(
        state, offset=offset, slope=slope, drawn_back=back, moved=True, hidden=read_only(here)
    )
    return new, true_again, hidden


def _strongest_line(
    baseline: Baseline, wall: Wall | None, scale: Scale, settings: InstrumentSettings
) -> tuple[Point, Point] | None:
    """The longest straight even ridge of a rod's width: (point, unit direction), working pixels.

    The picture is turned step by step; in each the rows are filtered with a bar of the rod's
    width against its sides, and the best unbroken run along a row is taken. A response counts up
    to a limit and its absence against it, so that an even rod outweighs brighter but patchy bone;
    a rod that runs along the wall is none.
    """
    step = max(round(scale.px(settings.search_mm)), 1)
    rows, columns = (side // step for side in baseline.mean.shape)
    whole = baseline.mean[: rows * step, : columns * step]
    small = cv2.resize(whole, (columns, rows), interpolation=cv2.INTER_AREA)
    every = np.s_[: rows * step : step, : columns * step : step]
    allowed = np.ascontiguousarray(baseline.seen[every])
    kernel = _bar(scale.px(settings.width_mm) / step)
    rim = np.ones((len(kernel), len(kernel)), np.uint8)
    inner = cv2.erode(allowed.view(np.uint8), rim, borderValue=0).astype(np.float32)
    if wall is not None and wall.distance is not None:
        inner[wall.distance[every] > 0] = 0
    along_wall = None if wall is None else wall.line[-1] - wall.line[0]
    centre = np.array([(columns - 1) / 2, (rows - 1) / 2])
    size = math.ceil(math.hypot(rows, columns))
    best_sum, best = 0.0, None
    for degrees in range(0, 180, settings.angle_step_deg):
        turn = math.radians(degrees)
        direction = np.array([math.cos(turn), math.sin(turn)])
        if along_wall is not None and _angle_deg(direction, along_wall) < settings.wall_angle_deg:
            continue
        normal = np.array([-direction[1], direction[0]])
        matrix = _strip_matrix(centre - (size - 1) / 2 * (direction + normal), direction)
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        turned = cv2.warpAffine(small, matrix, (size, size), flags=flags)
        weight = cv2.warpAffine(inner, matrix, (size, size), flags=flags)
        response = cv2.filter2D(turned, cv2.CV_32F, kernel)
        even = cv2.min(cv2.max(response, 0.0), settings.min_contrast)
        sums = _best_run(even * weight - settings.min_contrast / 2)
        row = int(np.argmax(sums))
        if sums[row] > best_sum:
            best_sum = float(sums[row])
            best = (centre + (row - (size - 1) / 2) * normal, direction)
    least = settings.min_contrast / 4 * scale.px(settings.min_length_mm) / step
    if best is None or best_sum < least:
        return None
    point, direction = best
    column, row = step * point + (step - 1) / 2
    at = (float(column), float(row))
    return at, (float(direction[0]), float(direction[1]))


def _best_run(values: FloatImage) -> Array:
    """Largest sum of consecutive values in each row (Kadane's algorithm, by running minima)."""
    total = np.cumsum(values, axis=1)
    lowest_before = np.minimum(np.minimum.accumulate(total, axis=1), 0)
    best: Array = (total - lowest_before).max(axis=1)
    return best


def _bar(width: float) -> FloatImage:
    """A column filter: mean over a bar of `width`, less the greater weight of its two sides."""
    inner = max(round(width * 0.5) // 2, 1)
    outer = max(round(width), inner + 2)
    across = np.abs(np.arange(-outer, outer + 1))
    bar = (across <= inner) / (2 * inner + 1.0)
    sides = (across == outer) / 2.0
    kernel: FloatImage = (bar - sides).astype(np.float32)[:, None]
    return kernel


def _angle_deg(one: Array, other: Array) -> float:
    cosine = abs(float(one @ other)) / max(float(np.hypot(*one) * np.hypot(*other)), 1e-12)
    return math.degrees(math.acos(min(cosine, 1.0)))


def _measured(
    baseline: Baseline,
    line: tuple[Point, Point],
    tip: Point | None,
    scale: Scale,
    settings: InstrumentSettings,
) -> Cannula | None:
    """Straighten the line's surroundings and measure a rod there; None where there is none."""
    half = round(scale.px(settings.strip_mm))
    reach = math.ceil(math.hypot(*baseline.mean.shape))
    steps = np.arange(2 * reach + 1) - float(reach)
    point, direction = np.array(line[0]), np.array(line[1])
    for _ in range(settings.refinements):
        normal = np.array([-direction[1], direction[0]])
        corner = point - reach * direction - half * normal
        strip, inside = _strip(baseline, corner, direction, 2 * reach + 1, half)
        contrast, centre = _contrast(strip, inside, scale, settings)
        good = contrast > settings.min_contrast
        if good.sum() < scale.px(settings.min_length_mm):
            return None
        run = _longest_run(good, round(scale.px(settings.max_gap_mm)))
        good[: run[0]] = good[run[1] + 1 :] = False
        slope, offset = np.polyfit(steps[good], centre[good], 1)
        point = point + offset * normal
        direction = direction + slope * normal
        direction /= np.hypot(*direction)
    first, last = steps[run[0]], steps[run[1]]
    # The front end has exposed anatomy beyond it, the other end leaves the picture.
    exposed = np.asarray(inside.all(axis=0))
    if exposed[: run[0]].sum() < exposed[run[1] + 1 :].sum():
        direction, first, last = -direction, -last, -first
    front = point + first * direction
    if tip is not None:
        front = point + float((np.array(tip) - point) @ direction) * direction
    length = float((point + last * direction - front) @ direction)
    if length < scale.px(settings.min_length_mm):
        return None
    return _straightened(baseline, front, direction, length, half, scale, settings)


def _straightened(
    baseline: Baseline,
    front: Array,
    direction: Array,
    length: float,
    half: int,
    scale: Scale,
    settings: InstrumentSettings,
) -> Cannula | None:
    normal = np.array([-direction[1], direction[0]])
    strip, _ = _strip(baseline, front - half * normal, direction, int(length) + 1, half)
    above = _above_sides(strip, scale, settings)
    axial = above.mean(axis=1)
    peak = float(axial.max())
    if peak < settings.min_contrast:
        return None
    profile = np.maximum(axial / peak, 0.0)
    if (profile > 0.5).sum() > scale.px(settings.width_mm):
        return None
    profile[np.abs(np.arange(-half, half + 1)) > scale.px(0.75 * settings.width_mm)] = 0.0
    # Least-squares amplitude of the profile at every step along the axis.
    contrast = (above * profile[:, None]).sum(axis=0) / float((profile**2).sum())
    box = 2 * round(scale.px(settings.contrast_mm) / 2) + 1
    contrast = cv2.blur(contrast.astype(np.float32)[None], (box, 1))[0]
    rows, columns = baseline.mean.shape
    row, column = np.mgrid[:rows, :columns].astype(np.float32)
    across = (column - front[0]) * normal[0] + (row - front[1]) * normal[1]
    along = (column - front[0]) * direction[0] + (row - front[1]) * direction[1]
    return Cannula(
        (float(front[0]), float(front[1])),
        (float(direction[0]), float(direction[1])),
        length,
        read_only(profile.astype(np.float32)),
        read_only(contrast),
        float((profile > 0.5).sum()),
        read_only(along.astype(np.float32)),
        read_only(across.astype(np.float32)),
    )


def _strip(
    baseline: Baseline, corner: Array, direction: Array, length: int, half: int
) -> tuple[FloatImage, BoolImage]:
    """Straightened surroundings of a line: columns run along it, rows across."""
    matrix = _strip_matrix(corner, direction)
    size = (length, 2 * half + 1)
    flags = cv2.WARP_INVERSE_MAP
    strip = cv2.warpAffine(baseline.mean, matrix, size, flags=flags | cv2.INTER_LINEAR)
    inside = cv2.warpAffine(
        baseline.seen.view(np.uint8), matrix, size, flags=flags | cv2.INTER_NEAREST
    )
    return strip, inside.view(np.bool_)


def _strip_matrix(corner: Array, direction: Array) -> FloatImage:
    across = (-direction[1], direction[0])
    return np.array(
        [[direction[0], across[0], corner[0]], [direction[1], across[1], corner[1]]], np.float32
    )


def _above_sides(strip: FloatImage, scale: Scale, settings: InstrumentSettings) -> FloatImage:
    """A strip less the straight line between its two sides, column by column.

    The sides are as near as the widest rod's blur allows: bone behind the rod is not straight.
    """
    across = np.arange(strip.shape[0]) - (strip.shape[0] - 1) / 2
    nearest, farthest = scale.px(0.75 * settings.width_mm), scale.px(1.5 * settings.width_mm)
    beside = (np.abs(across) > nearest) & (np.abs(across) <= farthest)
    below, above_it = beside & (across < 0), beside & (across > 0)
    low, high = strip[below].mean(axis=0), strip[above_it].mean(axis=0)
    at_low, at_high = across[below].mean(), across[above_it].mean()
    share = (across[:, None] - at_low) / (at_high - at_low)
    above: FloatImage = strip - (low + (high - low) * share)
    return above


def _contrast(
    strip: FloatImage, inside: BoolImage, scale: Scale, settings: InstrumentSettings
) -> tuple[FloatImage, FloatImage]:
    """Along a strip: how much more its middle attenuates than both sides, and where."""
    across = np.arange(strip.shape[0]) - (strip.shape[0] - 1) / 2
    middle = np.abs(across) <= scale.px(settings.width_mm)
    box = 2 * round(scale.px(settings.contrast_mm) / 2) + 1
    above = cv2.blur(_above_sides(strip, scale, settings), (box, 1))[middle]
    positive = np.maximum(above, 0)
    centre = (positive * across[middle][:, None]).sum(axis=0) / (positive.sum(axis=0) + 1e-6)
    return np.where(inside.all(axis=0), above.max(axis=0), 0.0), centre


def _longest_run(good: BoolImage, gap: int) -> tuple[int, int]:
    """First and last index of the longest run of True, gaps up to `gap` bridged."""
    at = np.flatnonzero(good)
    breaks = np.flatnonzero(np.diff(at) > gap + 1)
    starts, ends = np.r_[at[0], at[breaks + 1]], np.r_[at[breaks], at[-1]]
    longest = int(np.argmax(ends - starts))
    return int(starts[longest]), int(ends[longest])


def _rod(cannula: Cannula, axis: FloatImage, front: float) -> FloatImage:
    """The attenuation that the rod adds with its axis where `axis` is 0, from `front` outwards."""
    half = (len(cannula.profile) - 1) // 2
    rod = np.zeros_like(axis)
    where = (np.abs(axis) < half) & (cannula.along >= front)
    shape = np.interp(axis[where], np.arange(-half, half + 1), cannula.profile)
    rod[where] = shape * np.interp(
        cannula.along[where], np.arange(len(cannula.contrast)), cannula.contrast
    )
    return rod


def _pose(
    cannula: Cannula, moved: FloatImage, scale: Scale, settings: InstrumentSettings
) -> tuple[float, float] | None:
    """Offset and slope of the axis now, from profiles at stations outside the bolus."""
    half = (len(cannula.profile) - 1) // 2
    direction = np.array(cannula.direction)
    corner = np.array(cannula.front) - half * np.array([-direction[1], direction[0]])
    size = (int(cannula.length) + 1, 2 * half + 1)
    strip = cv2.warpAffine(
        moved,
        _strip_matrix(corner, direction),
        size,
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
    )
    station = round(scale.px(settings.station_mm))
    first = min(scale.px(settings.bolus_mm), cannula.length / 2)
    places, offsets = [], []
    for start in range(int(first), size[0] - station + 1, station):
        mean = strip[:, start : start + station].mean(axis=1)
        found = _profile_offset(mean, cannula.profile, settings)
        if found is not None:
            places.append(start + (station - 1) / 2)
            offsets.append(found)
    if len(places) < settings.min_stations:
        return None
    slope, offset = np.polyfit(places, offsets, 1)
    wrong = np.abs(np.polyval((slope, offset), places) - offsets) > settings.station_px
    return None if wrong.any() else (float(offset), float(slope))


def _profile_offset(mean: Array, profile: FloatImage, settings: InstrumentSettings) -> float | None:
    """Sub-pixel place of the rod's profile in a mean profile; None where it is not there."""
    margin = int((profile > 0).sum() // 2 + 2)
    template = profile[len(profile) // 2 - margin : len(profile) // 2 + margin + 1]
    scores = cv2.matchTemplate(mean.astype(np.float32)[None], template[None], cv2.TM_CCOEFF_NORMED)[
        0
    ]
    best = int(np.argmax(scores))
    if scores[best] < settings.min_score or not 0 < best < len(scores) - 1:
        return None
    before, at, after = (float(value) for value in scores[best - 1 : best + 2])
    bend = before - 2 * at + after
    part = 0.5 * (before - after) / bend if bend < 0 else 0.0
    return best + part - (len(scores) - 1) / 2


def _drawn_back(
    cannula: Cannula,
    added: FloatImage,
    pose: tuple[float, float],
) -> float:
    """How far the front end went outwards: where along the new axis the rod begins.

    `added` is the frame less the baseline without a rod; cement may lie around the front end,
    so that the rod is told by its contrast with both sides.
    """
    half = (len(cannula.profile) - 1) // 2
    offset, slope = pose
    normal = np.array([-cannula.direction[1], cannula.direction[0]])
    direction = np.array(cannula.direction) + slope * normal
    corner = np.array(cannula.front) + (offset - half) * normal
    size = (min(int(cannula.length / 2), len(cannula.contrast)), 2 * half + 1)
    strip = cv2.warpAffine(
        added,
        _strip_matrix(corner, direction / np.hypot(*direction)),
        size,
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
    )
    across = np.abs(np.arange(-half, half + 1))
    core = strip[across <= cannula.width / 4].mean(axis=0)
    beside = (across > cannula.width * 0.75) & (across <= cannula.width * 1.25)
    present = core - strip[beside].mean(axis=0) > 0.5 * cannula.contrast[: size[0]]
    # The front that leaves fewest steps on the wrong side of it.
    absent_before = np.r_[0, np.cumsum(present)]
    present_after = np.r_[0, np.cumsum(~present)]
    wrong = absent_before + (present_after[-1] - present_after)
    return float(np.argmin(wrong))
