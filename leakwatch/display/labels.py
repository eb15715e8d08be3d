"""Placement of labels, so that they hide neither what they name nor each other. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from leakwatch.core.arrays import Point, PointArray
from leakwatch.core.frame import Acquisition
from leakwatch.core.messages import join_with, text
from leakwatch.core.results import Observation, Tube
from leakwatch.display.banner import is_behind, number_text
from leakwatch.display.fitted_view import FrameRect, box_of
from leakwatch.display.lines import LineKind

# Gap between the drawn lines and the middle of a label, and between the middles of two labels, as
# shares of the frame's rows: a label is 0.055 high in the window.
AWAY, APART = 0.06, 0.07
# A second line makes a label higher by this on each side of its middle, as the same share.
SECOND_LINE = 0.02
# Half the width of "tubular 16 mm", as a share of the frame's columns.
HALF_TUBE_LABEL = 0.17
# In a window: gap between the lines and a label, as a share of the visible rows.
LABEL_GAP = 0.015
# Places along the upper and the lower edge of a view that are tried, if lines fill it.
EDGE_PLACES = 17


@dataclass(frozen=True, slots=True)
class Label:
    """Text that belongs to a position in the frame.

    Parameters
    ----------
    text : str
    at_px : Point
        What it names.
    text_px : Point
        Middle of the text: beside what it names.
    kind : LineKind
        Determines the colour.
    """

    text: str
    at_px: Point
    text_px: Point
    kind: LineKind


def place_labels(
    observation: Observation, acquisition: Acquisition, below: str = "", below_tubes: str = ""
) -> tuple[Label, ...]:
    """Label the shortest distance above or below all lines, and tubular filling beside them.

    Parameters
    ----------
    observation : Observation
    acquisition : Acquisition
        Provides the size of the frame.
    below : str
        Second line of the distance: when the front will be at the margin, or the age.
    below_tubes : str
        Second line of each tubular filling.

    Returns
    -------
    tuple of Label
    """
    found = _found(observation)
    labels: list[Label] = []
    distance = observation.wall_distance
    if distance is not None:
        column, row = (np.add(distance.at_px, distance.wall_px) / 2.0).tolist()
        rows = acquisition.rows
        shown = number_text(distance) or text("not calibrated")
        behind = text("behind the wall") if is_behind(distance) else ""
        more = SECOND_LINE * (bool(below) + bool(behind))
        text_px = (column, _row_outside(found, row, rows, more))
        label_text = join_with("\n", filter(None, [shown, behind, below]))
        labels.append(Label(label_text, (column, row), text_px, LineKind.SHORTEST))
    taken = [label.text_px[1] for label in labels]
    for tube in observation.tubes:
        # A recorded one has a length and no path: there is no place to name it at.
        if tube.confirmed and len(tube.path_px) > 0:
            label = _tube_label(tube, found, acquisition, taken)
            label_text = join_with("\n", filter(None, [label.text, below_tubes]))
            labels.append(replace(label, text=label_text))
            taken.append(labels[-1].text_px[1])
    return tuple(labels)


def _found(observation: Observation) -> PointArray:
    """Return every point that a label must not hide, ``(n, 2)``."""
    lines = [observation.wall_px, observation.outline_px, *observation.found_px]
    if observation.cement is not None:
        lines += observation.cement.contours_px
    lines += [tube.path_px for tube in observation.tubes]
    if observation.wall_distance is not None:
        lines.append(np.array([observation.wall_distance.at_px, observation.wall_distance.wall_px]))
    return np.vstack([np.empty((0, 2)), *(line for line in lines if line is not None)])


def _row_outside(found: PointArray, row: float, rows: int, more: float) -> float:
    """Return a row above or below `found`: the nearer with enough space, else the one with more."""
    away = (AWAY + more) * rows
    above, below = float(found[:, 1].min()) - away, float(found[:, 1].max()) + away
    room_above, room_below = above - away / 2.0, rows - away / 2.0 - below
    if min(room_above, room_below) >= 0.0:
        return above if row - above < below - row else below
    best = above if room_above > room_below else below
    return min(max(best, away / 2.0), rows - away / 2.0)


def _tube_label(
    tube: Tube, found: PointArray, acquisition: Acquisition, taken: list[float]
) -> Label:
    column, row = (float(value) for value in tube.path_px[-1])
    half = HALF_TUBE_LABEL * acquisition.columns
    away = AWAY * acquisition.rows / 2.0
    left, right = float(found[:, 0].min()), float(found[:, 0].max())
    text_column = left - away - half if column - left < right - column else right + away + half
    text_column = min(max(text_column, half), acquisition.columns - half)
    text_row = _free_row(row, taken, acquisition.rows)
    name = text("tubular")
    if tube.length_mm is not None:
        name = text("tubular {length_mm:.0f} mm", length_mm=tube.length_mm)
    return Label(name, (column, row), (text_column, text_row), LineKind.TUBE)


def _free_row(row: float, taken: list[float], rows: int) -> float:
    """Return the row nearest to `row` that is in the frame and not beside a row of `taken`."""
    apart, lowest = APART * rows, (1.0 - APART / 2.0) * rows
    beside = [other + side * apart for other in taken for side in (-1.0, 1.0)]
    wanted = sorted([row, *beside], key=lambda candidate: abs(candidate - row))
    clipped = [min(max(candidate, apart / 2.0), lowest) for candidate in wanted]
    free = [one for one in clipped if all(abs(one - other) >= 0.999 * apart for other in taken)]
    return free[0] if free else clipped[0]


def labels_in_view(
    labels: Sequence[Label],
    sizes_px: Sequence[Point],
    lines: PointArray,
    view: FrameRect,
    messages: Sequence[FrameRect] = (),
) -> tuple[FrameRect, ...]:
    """Return where each label goes in the visible part of the frame.

    The distance goes above or below all lines, tubular filling beside its end; all stay in view.

    Parameters
    ----------
    labels : sequence of Label
    sizes_px : sequence of (float, float)
        Width and height of each, pixels of the frame at the present zoom.
    lines : ndarray
        ``(n, 2)``, points on all lines that a label should not hide; see `points_along`.
    view : FrameRect
        The visible part.
    messages : sequence of FrameRect
        Parts that something else covers.
    """
    box = box_of([lines])
    placed: list[FrameRect] = []
    for label, size in zip(labels, sizes_px, strict=True):
        wanted = _wanted_places(label, size, box, view)
        inside = [_into(view, place, size) for place in wanted]
        taken = (*messages, *placed)
        free = [one for one in inside if not any(one.overlaps(other) for other in taken)]
        named = [one for one in free if not _contains(one, label.at_px)]
        placed.append(_hiding_least(named or free or inside, lines))
    return tuple(placed)


def points_along(lines: Sequence[PointArray], step_px: float) -> PointArray:
    """Return points on lines at most `step_px` apart, ``(n, 2)``."""
    pieces = [np.empty((0, 2))]
    for line in lines:
        if len(line) < 2:
            pieces.append(line)
            continue
        along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
        at = np.linspace(0.0, along[-1], max(int(along[-1] / step_px) + 2, 2))
        pieces.append(np.column_stack([np.interp(at, along, line[:, axis]) for axis in (0, 1)]))
    return np.vstack(pieces)


def _wanted_places(
    label: Label, size: Point, box: FrameRect | None, view: FrameRect
) -> list[Point]:
    """Return centres for a label, the best first."""
    if box is None:
        return [label.text_px]
    column, row = label.at_px
    gap = LABEL_GAP * view.height
    above, below = box.top - gap - size[1] / 2.0, box.bottom + gap + size[1] / 2.0
    outside = [(column, one) for one in sorted((above, below), key=lambda one: abs(one - row))]
    aside, along = gap + size[0] / 2.0, gap + size[1] / 2.0
    sides = (-aside, aside) if column < box.centre[0] else (aside, -aside)
    away = [(x * far, y * along) for far in (1.0, 1.3, 1.7) for y in range(-4, 5) for x in sides]
    away.sort(key=lambda one: np.hypot(*one))
    near = [(column + x, row + y) for x, y in away]
    # At an edge of the view, the nearest free place first, if lines fill the view.
    columns = np.linspace(view.left, view.right, EDGE_PLACES).tolist()
    edges = [(one, at) for at in (view.top, view.bottom) for one in (column, *columns)]
    edges.sort(key=lambda one: math.dist(one, label.at_px))
    if label.kind is LineKind.SHORTEST:
        return [*outside, *edges, *near]
    return [*near, *outside, *edges]


def _hiding_least(places: Sequence[FrameRect], lines: PointArray) -> FrameRect:
    """Return the first place that hides nothing, else the first of those that hide least."""
    best, least = places[0], len(lines) + 1
    for one in places:
        hidden = _hidden_points(one, lines)
        if hidden < least:
            best, least = one, hidden
        if not hidden:
            break
    return best


def _hidden_points(place: FrameRect, lines: PointArray) -> int:
    """Return how many points of lines a label would hide there."""
    columns, rows = lines[:, 0], lines[:, 1]
    across = (place.left <= columns) & (columns <= place.right)
    return int((across & (place.top <= rows) & (rows <= place.bottom)).sum())


def _contains(place: FrameRect, at_px: Point) -> bool:
    column, row = at_px
    return place.left <= column <= place.right and place.top <= row <= place.bottom


def _into(view: FrameRect, centre: Point, size: Point) -> FrameRect:
    """Return a rectangle around `centre`, moved into `view`."""
    left = min(max(centre[0] - size[0] / 2.0, view.left), max(view.right - size[0], view.left))
    top = min(max(centre[1] - size[1] / 2.0, view.top), max(view.bottom - size[1], view.top))
    return FrameRect(left, top, *size)
