"""A person's marks, laid over the reference anatomy, and what follows from them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import reduce

import numpy as np

from leakwatch.config import CementSettings, VertebraSettings
from leakwatch.core.arrays import BoolImage, FloatImage, Point, PointArray, read_only
from leakwatch.core.geometry import Scale, WorkingGrid, polyline_length, signed_distance
from leakwatch.core.marks import Marks, Side
from leakwatch.vision.background.baseline import seen_in_reference
from leakwatch.vision.image_processing.patches import near
from leakwatch.vision.vertebra.body_outline import BodyFinder
from leakwatch.vision.vertebra.endplates import SideFinder
from leakwatch.vision.vertebra.outside_body import judged_outline
from leakwatch.vision.vertebra.posterior_wall import (
    Wall,
    in_front,
    inside_point,
    origin_of_cement,
    outside_distance,
    place_wall,
)
from leakwatch.vision.vertebra.straightened_patch import SpinePicture


@dataclass(frozen=True, slots=True)
class PlacedMarks:
    """Marks in reference coordinates on the working grid.

    Parameters
    ----------
    shift : Point
        Where the anatomy was in the marks' reference frame, working pixels.
    wall : Wall or None
    beside_wall : ndarray of bool or None
        The wall with its margin.
    outline : ndarray or None
        ``(n, 2)``.
    outside : ndarray or None
        How far each pixel lies outside the outline, working pixels.
    tip : Point or None
    origin : ndarray of bool or None
        Where the first cement may appear.
    body : ndarray of bool or None
        The vertebral body: as outlined, or else a part of it that the wall implies.
    size : (int, int)
        Rows and columns of the working grid.
    watched : ndarray of bool
        What must be seen before anything is CLEAR: the body, and the wall with its margin.
    searched : bool
        Whether the body was looked for in front of a wall that is marked alone.
    found : tuple of ndarray
        Its sides that are sure, ``(n, 2)`` each.
    """

    shift: Point
    wall: Wall | None
    beside_wall: BoolImage | None
    outline: PointArray | None
    outside: FloatImage | None
    tip: Point | None
    origin: BoolImage | None
    body: BoolImage | None
    size: tuple[int, int]
    watched: BoolImage
    searched: bool = False
    found: tuple[PointArray, ...] = ()


@dataclass(frozen=True, slots=True)
class MarkPlacer:
    """Placement of marks over the reference anatomy, at the scale of a run."""

    scale: Scale
    settings: CementSettings  # for where cement may appear

    def place(
        self,
        marks: Marks,
        patient_orientation: tuple[str, str] | None,
        grid: WorkingGrid,
        shift: Point,
        margin: float,
    ) -> PlacedMarks:
        """Lay the marks over the reference anatomy.

        Parameters
        ----------
        marks : Marks
        patient_orientation : tuple of str or None
            From the tags.
        grid : WorkingGrid
        shift : Point
            Of the anatomy in the marks' reference frame, working pixels.
        margin : float
            To either side of the wall, working pixels.
        """
        size = (grid.rows, grid.columns)
        line = _back(marks.posterior_wall_px, grid, shift)
        outline = _back(marks.body_outline_px, grid, shift)
        wall = outside = tip = None
        if line is not None:
            inside = inside_point(marks, patient_orientation, grid)
            if inside is not None:
                inside = (inside[0] - shift[0], inside[1] - shift[1])
            wall = place_wall(line, inside, *size)
        if outline is not None:
            outside = read_only(outside_distance(outline, *size))
        if marks.needle_tip_px is not None:
            column, row = grid.to_working(np.array(marks.needle_tip_px)) - np.array(shift)
            tip = (float(column), float(row))
        beside = None if wall is None else read_only(_find_beside_wall(wall, margin, size))
        nothing = read_only(np.zeros(size, np.bool_))
        placed = PlacedMarks(shift, wall, beside, outline, outside, tip, None, None, size, nothing)
        return self._with_regions(placed)

    def with_side_of_cannula(self, placed: PlacedMarks, front: Point, back: Point) -> PlacedMarks:
        """Let a cannula that crosses the wall tell the side of the body, where nothing else did.

        It comes from behind, through a pedicle, and its front end is in the body.

        Parameters
        ----------
        placed : PlacedMarks
        front, back : Point
            Ends of the cannula, working pixels.
        """
        wall = placed.wall
        if wall is None or wall.inside is not None:
            return placed
        ahead, behind = signed_distance(np.array([front, back]), wall.line, front)
        if min(ahead, -behind) < self.scale.px(self.settings.gap_mm):
            return placed
        return self._with_inside(placed, front)

    def with_side_of_cement(self, placed: PlacedMarks, mask: BoolImage) -> PlacedMarks:
        """Let the first cement tell on which side the body is, where nothing else did.

        Injection starts at the tip, and the tip is in the body.
        """
        if placed.wall is None or placed.wall.inside is not None or not mask.any():
            return placed
        row, column = np.argwhere(mask).mean(axis=0)
        return self._with_inside(placed, (float(column), float(row)))

    def _with_inside(self, placed: PlacedMarks, inside: Point) -> PlacedMarks:
        assert placed.wall is not None
        wall = place_wall(placed.wall.line, inside, *placed.size)
        return self._with_regions(replace(placed, wall=wall))

    def _with_regions(self, placed: PlacedMarks) -> PlacedMarks:
        """Return where the first cement may appear, and where the body surely is."""
        wall, size = placed.wall, placed.size
        reaches = (self.scale.px(self.settings.origin_mm), self.scale.px(self.settings.body_mm))
        origin = origin_of_cement(wall, placed.outline, placed.tip, *reaches, *size)
        body = None
        if placed.outside is not None:
            body = placed.outside == 0
        elif wall is not None:
            height = float(np.hypot(*(wall.line[-1] - wall.line[0])))
            deep = self.settings.depth_share * height
            body = in_front(wall, deep, *size, self.settings.beyond_share * height)
        placed = replace(placed, origin=None if origin is None else read_only(origin))
        return _with_body(placed, body)


def _with_body(placed: PlacedMarks, body: BoolImage | None) -> PlacedMarks:
    """Return the marks with the body as it is known now, and with what is watched."""
    parts = [part for part in (placed.beside_wall, body) if part is not None]
    watched = reduce(np.bitwise_or, parts) if parts else placed.watched
    return replace(
        placed, body=None if body is None else read_only(body), watched=read_only(watched)
    )


def with_found_outline(
    placed: PlacedMarks,
    picture: SpinePicture,
    level: str | None,
    tolerance_mm: float,
    cement: CementSettings,
    vertebra: VertebraSettings,
) -> PlacedMarks:
    """Find the body in front of the wall if only the wall is marked, and what is outside of it.

    Only beyond sides that were surely found: see `outside_body`.

    Parameters
    ----------
    placed : PlacedMarks
    picture : SpinePicture
        Without cement.
    level : str or None
        Which vertebra it is.
    tolerance_mm : float
        Cement counts as outside of an outline beyond this.
    cement : CementSettings
    vertebra : VertebraSettings
    """
    placed = replace(placed, searched=True)
    wall = placed.wall
    if wall is None or wall.inside is None or placed.outline is not None or not picture.calibrated:
        return placed
    length_mm = polyline_length(picture.grid.to_frame(wall.line)) * picture.mm_per_px
    if length_mm > 2.0 * vertebra.reach_mm:
        # No body is so high, nor would it fit into what is searched: the scale is wrong, or the
        # mark. The search would take as much longer as it is higher.
        return placed
    anterior = Side.RIGHT if wall.inside[0] > wall.line[:, 0].mean() else Side.LEFT
    tip = None
    if placed.tip is not None:
        column, row = picture.grid.to_frame(np.array(placed.tip))
        tip = (float(column), float(row))
    body = BodyFinder(vertebra).from_wall(
        picture,
        picture.grid.to_frame(wall.line),
        anterior,
        needle_tip_px=tip,
        level=level,
    )
    line = judged_outline(
        body,
        picture.mm_per_px,
        cement.found_sigmas,
        (vertebra.rough_mm, vertebra.waist_rough_mm),
        tolerance_mm,
        cement.unjudged_mm,
        SideFinder(vertebra).proud_mm(),
    )
    outside = read_only(outside_distance(picture.grid.to_working(line), *placed.size))
    sides = (body.upper, body.lower, body.front)
    whole = all(side.unsure is None for side in sides)
    doubt_mm = (cement.tube_sigmas - cement.found_sigmas) * max(side.sigma_mm for side in sides)
    reach = (tolerance_mm + doubt_mm) / (picture.mm_per_px * picture.grid.binning)
    inside = read_only(outside <= reach) if whole else placed.body
    sure = (side.line_px for side in sides if side.unsure is None)
    found = tuple(read_only(picture.grid.to_working(line)) for line in sure)
    return _with_body(replace(placed, outside=outside, found=found), inside)


def exposed_share(placed: PlacedMarks, seen: BoolImage) -> float:
    """Return how much of the wall lies in the exposed field; 1.0 where no wall is marked.

    Parameters
    ----------
    placed : PlacedMarks
    seen : ndarray of bool
        Exposed field in reference coordinates on the working grid.
    """
    if placed.wall is None:
        return 1.0
    columns, rows = placed.wall.samples.T
    inside = (columns >= 0) & (columns < seen.shape[1]) & (rows >= 0) & (rows < seen.shape[0])
    return float(np.count_nonzero(seen[rows[inside], columns[inside]])) / len(rows)


def seen_share(area: BoolImage, seen: BoolImage) -> float:
    """Return how much of an area is seen; 1.0 of an empty one.

    Parameters
    ----------
    area, seen : ndarray of bool
        Reference coordinates on the working grid.
    """
    pixels = int(np.count_nonzero(area))
    return 1.0 if pixels == 0 else int(np.count_nonzero(area & seen)) / pixels


def hides(
    masked: BoolImage | None,
    shift: Point,
    placed: PlacedMarks | None,
    cement: BoolImage | None,
) -> bool:
    """Return whether masks hide a part of the body, of the wall's margin, or where cement goes on.

    Parameters
    ----------
    masked : ndarray of bool or None
        What masks hide, on the working grid in the frame; None without any.
    shift : Point
        Where the anatomy went, working pixels; all that follows is in reference coordinates.
    placed : PlacedMarks or None
    cement : ndarray of bool or None
        As far as it is seen.
    """
    if masked is None:
        return False
    masked = seen_in_reference(masked, shift)
    if cement is not None and bool((near(cement, 1.0) & masked).any()):
        return True
    return placed is not None and bool((placed.watched & masked).any())


def _find_beside_wall(wall: Wall, margin: float, size: tuple[int, int]) -> BoolImage:
    area = np.zeros(size, np.bool_)
    columns, rows = wall.samples.T
    inside = (columns >= 0) & (columns < size[1]) & (rows >= 0) & (rows < size[0])
    area[rows[inside], columns[inside]] = True
    return near(area, margin)


def _back(points_px: PointArray | None, grid: WorkingGrid, shift: Point) -> PointArray | None:
    if points_px is None:
        return None
    back: PointArray = grid.to_working(points_px) - np.array(shift)
    return read_only(back)
