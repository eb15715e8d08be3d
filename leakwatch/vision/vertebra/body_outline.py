"""Outline of a vertebral body and its posterior wall, from one click or from a marked wall."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from leakwatch.config import VertebraSettings
from leakwatch.core.arrays import Array, Point, PointArray, read_only
from leakwatch.core.marks import Side
from leakwatch.vision.vertebra.anterior_side import AnteriorSide
from leakwatch.vision.vertebra.body_pose import Pose, PoseFinder, sides_of_hints
from leakwatch.vision.vertebra.body_sides import Direction, Edge, SideSearch
from leakwatch.vision.vertebra.body_size import BodySize, expected_size, impossible_size
from leakwatch.vision.vertebra.endplates import Around, SideFinder, axes_of_wall
from leakwatch.vision.vertebra.straightened_patch import Axes, SpinePicture

_WALL_POINTS = 9
# Scales that are tried without a calibration, against the nominal one.
_SCALES = (0.7, 0.8, 0.9, 1.0, 1.1, 1.25, 1.4)
NO_SIDE = "which side is anterior is not known: say left or right"
NO_MILLIMETRES = (
    "there are no millimetres, so its size cannot be checked; set points on it and nowhere else"
)


@dataclass(frozen=True, slots=True)
class Part:
    """One side of a body as found.

    Parameters
    ----------
    line_px : ndarray
        ``(n, 2)``, frame pixels in reference coordinates, read-only.
    sigma_mm : float
        Standard deviation of its place across itself. Without a calibration, of nominal mm.
    evidence : float
        How clearly an edge is seen along it: 0 nothing, 1 fair, 3 as clear as it can be.
    unsure : str or None
        Why it must not be relied on.
    other_px : ndarray or None
        ``(n, 2)``, where a second edge runs beside it that is nearly as likely: in an oblique view
        the near and the far contour of one side. Only where the side is unsure.
    sigmas_mm : ndarray or None
        ``(n,)``, read-only, `sigma_mm` at each point: the ends are less sure than the middle.
    """

    line_px: PointArray
    sigma_mm: float
    evidence: float
    unsure: str | None
    other_px: PointArray | None = None
    sigmas_mm: Array | None = None


@dataclass(frozen=True, slots=True)
class Body:
    """A vertebral body as found in the cement-free picture; reference coordinates.

    Parameters
    ----------
    outline_px : ndarray
        ``(n, 2)``, polygon, frame pixels, read-only.
    posterior_wall_px : ndarray
        ``(m, 2)``, from the lower corner to the upper one.
    anterior : Side
        Side of the picture.
    wall, upper, lower, front : Part
        `wall` is the posterior wall in the midline; of a marked wall, as it was marked.
    unsure : tuple of str
        All that is unsure, in words for a person; empty where nothing is.
    side_known : bool
        Whether `anterior` was told, by a person or clearly by the picture. Else it is only the
        likelier side: nothing may be made of it.
    """

    outline_px: PointArray
    posterior_wall_px: PointArray
    anterior: Side
    wall: Part
    upper: Part
    lower: Part
    front: Part
    unsure: tuple[str, ...]
    side_known: bool = True


_NO_HINTS: PointArray = np.empty((0, 2))


@dataclass(frozen=True)
class BodyFinder:
    """Search for the outline of a body, from a click or from its wall."""

    settings: VertebraSettings

    @cached_property
    def search(self) -> SideSearch:
        """Search for one side of a body, with the same settings."""
        return SideSearch(self.settings)

    @cached_property
    def poses(self) -> PoseFinder:
        """Search for the pose of a body, with the same settings."""
        return PoseFinder(self.settings)

    @cached_property
    def sides(self) -> SideFinder:
        """Search for the other sides of the body."""
        return SideFinder(self.settings)

    @cached_property
    def anterior(self) -> AnteriorSide:
        """Decision on the anterior side of the body."""
        return AnteriorSide(self.settings)

    def find(
        self,
        picture: SpinePicture,
        click_px: Point,
        *,
        anterior: Side | None = None,
        level: str | None = None,
        hints_px: PointArray = _NO_HINTS,
        head_up: bool = True,
    ) -> Body:
        """Find the body that a person clicked in; lateral view.

        Deterministic: the same picture and click give the same body.

        Parameters
        ----------
        picture : SpinePicture
        click_px : Point
            Near the middle of the body, frame pixels in reference coordinates.
        anterior : Side or None
            None: told by the picture, see `anterior_side`; where that is not sure, so is the wall.
        level : str or None
            ``L1``, ...: its size is expected.
        hints_px : ndarray
            ``(h, 2)``, points that a person set on endplates, on the front, or on the posterior
            wall in the midline: the outline passes there.
        head_up : bool
            Whether the head is at the top of the picture.
        """
        scales = (1.0,) if picture.calibrated else _SCALES
        scaled = [replace(picture, mm_per_px=picture.mm_per_px * scale) for scale in scales]
        poses: dict[Side, Pose] = {}
        for side in (Side.LEFT, Side.RIGHT) if anterior is None else (anterior,):
            tried = [
                self.poses.find(one, _axes_at(one, click_px, side, head_up), level, hints_px)
                for one in scaled
            ]
            poses[side] = max(tried, key=lambda one: one.evidence)
        side, side_known = (
            self.anterior.decide(picture, poses, level) if anterior is None else (anterior, True)
        )
        pose = poses[side]
        notes: list[str] = []
        picture = replace(picture, mm_per_px=pose.axes.mm_per_px)
        if not picture.calibrated:
            notes.append("there are no millimetres: sizes are guessed from those of other bodies")
        body = self._from_pose(picture, pose, side, level, hints_px, tuple(notes))
        # Behind arches that are taken for a body, the foramina of the true ones show the other
        # side.
        is_seen = anterior is not None or self._is_seen(body)
        return body if side_known and is_seen else _without_side(body)

    def from_wall(
        self,
        picture: SpinePicture,
        wall_px: PointArray,
        anterior: Side,
        *,
        needle_tip_px: Point | None = None,
        level: str | None = None,
        hints_px: PointArray = _NO_HINTS,
    ) -> Body:
        """Find the rest of a body whose posterior wall a person marked; lateral view.

        Deterministic, and done once a run.

        Parameters
        ----------
        picture : SpinePicture
        wall_px : ndarray
            ``(n >= 2, 2)``, frame pixels in reference coordinates; it may end some way before the
            corners.
        anterior : Side
        needle_tip_px : Point or None
            It lies in the body.
        level : str or None
        hints_px : ndarray
            ``(h, 2)``, points that a person set on endplates or front.
        """
        forward = np.array([1.0 if anterior is Side.RIGHT else -1.0, 0.0])
        upright = Axes(wall_px.mean(axis=0), forward, np.array([0.0, -1.0]), picture.mm_per_px)
        if not picture.calibrated:
            upright = replace(upright, mm_per_px=self._nominal_mm(wall_px, level))
        axes = axes_of_wall(wall_px, upright)
        sides = self.sides.find(
            replace(picture, mm_per_px=axes.mm_per_px),
            axes,
            wall_px,
            self.settings.corner_mm,
            hints_px,
            needle_tip_px,
            level,
        )
        notes = () if picture.calibrated else ("there are no millimetres: sizes are guessed",)
        wall = Part(read_only(wall_px.copy()), 0.0, 0.0, None)
        return self._assembled(axes, sides, wall, anterior, notes)

    def _from_pose(
        self,
        picture: SpinePicture,
        pose: Pose,
        anterior: Side,
        level: str | None,
        hints_px: PointArray,
        notes: tuple[str, ...],
    ) -> Body:
        back = self._in_midline(pose)
        hints_mm = pose.axes.to_mm(hints_px)
        depth_mm = self.poses.expected_depth_mm(pose.height_mm, level)
        on_wall = sides_of_hints(hints_mm, depth_mm, pose.height_mm)[Direction.BACK]
        back = self.search.pulled(back, on_wall, pose.midline.sd_mm)
        wall_px = pose.axes.to_px(back.points())
        axes = axes_of_wall(wall_px, pose.axes)
        sides = self.sides.find(picture, axes, wall_px, 0.0, hints_px, None, level)
        # The wall ends where the silhouette does, outside of the lines of the endplates; where they
        # are unsure, it reaches as far as they may.
        rim_mm, _ = self.sides.proud_mm()
        low, high = (
            float(end.at(0.0)) + rim_mm + (0.0 if self._endplate_doubt(end) is None else end.sigma)
            for end in (sides.lower, sides.upper)
        )
        points = axes.to_mm(wall_px)
        t = np.linspace(-low, high, _WALL_POINTS)
        forward = np.interp(t, points[:, 1], points[:, 0])
        wall_px = axes.to_px(np.stack([forward, t], axis=1))
        doubt = self._doubt(back, self.settings.wall_limit_mm, self.settings.line_evidence)
        if doubt is None and len(on_wall) == 0 and self._is_alone(sides):
            doubt = "no other side of a body is seen near it; set points on it"
        if doubt is None and not picture.calibrated and not 0 < len(on_wall) == len(hints_px):
            # Of a scale that is wrong by a third two bodies and their disc look like one, and a
            # point that was set on the wall is given to an endplate.
            doubt = NO_MILLIMETRES
        impossible = None
        if picture.calibrated:
            limit = self.settings.impossible_sigmas
            impossible = impossible_size(self._size_of(sides), level, limit, self.settings)
            if doubt is None and len(on_wall) == 0:
                size, limit = self._sure_size_of(sides), self.settings.impossible_wall_sigmas
                doubt = impossible_size(size, level, limit, self.settings)
        other = None
        if doubt is not None and back.other_mm is not None:
            aside = axes.to_mm(wall_px) - (back.other_mm, 0.0)
            other = read_only(axes.to_px(aside))
        wall = Part(read_only(wall_px), back.sigma, back.evidence, doubt, other)
        body = self._assembled(axes, sides, wall, anterior, notes)
        return body if impossible is None else _with_doubtful_outline(body, impossible)

    def _in_midline(self, pose: Pose) -> Edge:
        """Return the wall in the midline from the line at the back of a body.

        The midline is placed across the line anew. So of the line's own doubt there remains that
        about other lines, further away, and how it leans; and the wall bends about any line.
        """
        back, midline = pose.back, pose.midline
        leans = back.sigma_mm**2 - back.sigma_mm.min() ** 2
        anew = midline.sd_mm**2 + back.far_mm**2 + self.settings.edge_sd_mm**2
        return replace(
            back, outward_mm=back.outward_mm - midline.ahead_mm, sigma_mm=np.sqrt(leans + anew)
        )

    def _nominal_mm(self, wall_px: PointArray, level: str | None) -> float:
        """Return the millimetres per pixel, if the wall is as high as walls are."""
        size, _ = expected_size(level, self.settings)
        return size.height_mm / max(float(np.hypot(*(wall_px[-1] - wall_px[0]))), 1.0)

    def _assembled(
        self, axes: Axes, around: Around, wall: Part, anterior: Side, notes: tuple[str, ...]
    ) -> Body:
        endplate = self.settings.endplate_limit_mm, self.settings.endplate_evidence
        anterior_wall = self.settings.front_limit_mm, self.settings.wall_evidence
        upper, lower, front = (
            Part(
                read_only(axes.to_px(edge.points())),
                edge.sigma,
                edge.evidence,
                self._doubt(edge, *limits),
                _other_px(axes, edge, self._doubt(edge, *limits)),
                read_only(edge.sigma_mm.copy()),
            )
            for edge, limits in (
                (around.upper, endplate),
                (around.lower, endplate),
                (around.front, anterior_wall),
            )
        )
        named = (
            ("posterior wall", wall),
            ("upper endplate", upper),
            ("lower endplate", lower),
            ("anterior wall", front),
        )
        doubts = [f"{name}: {part.unsure}" for name, part in named if part.unsure is not None]
        outline = self._outline(axes, wall.line_px, around)
        return Body(
            read_only(outline),
            wall.line_px,
            anterior,
            wall,
            upper,
            lower,
            front,
            (*notes, *doubts),
        )

    def _outline(self, axes: Axes, wall_px: PointArray, around: Around) -> PointArray:
        """Return the polygon: along the upper endplate, down the front, back, and up the wall."""
        wall = axes.to_mm(wall_px)
        wall = wall[np.argsort(wall[:, 1])]
        t = np.linspace(-float(around.lower.at(0.0)), float(around.upper.at(0.0)), _WALL_POINTS)
        # The silhouette's back: the rims beside the midline.
        forward = np.interp(t, wall[:, 1], wall[:, 0]) - self.settings.back_hollow_mm
        back = np.stack([forward, t], axis=1)
        front, lower = around.front.points()[::-1], around.lower.points()[::-1]
        return axes.to_px(np.concatenate([around.upper.points(), front, lower, back]))

    def _size_of(self, around: Around) -> BodySize:
        """Return depth and height of the silhouette that was found, across its middle."""
        endplate_mm, front_mm = self.sides.proud_mm()
        depth_mm = float(np.median(around.front.outward_mm)) + front_mm
        height_mm = float(np.median(around.upper.outward_mm) + np.median(around.lower.outward_mm))
        height_mm += 2 * endplate_mm
        return BodySize(depth_mm, height_mm)

    def _sure_size_of(self, around: Around) -> BodySize:
        """Return the same, without what is measured to a side that is unsure."""
        size = self._size_of(around)
        doubts = (self._endplate_doubt(end) for end in (around.upper, around.lower))
        front = self._doubt(around.front, self.settings.front_limit_mm, self.settings.wall_evidence)
        return BodySize(
            math.nan if front is not None else size.depth_mm,
            math.nan if any(doubt is not None for doubt in doubts) else size.height_mm,
        )

    def _is_alone(self, around: Around) -> bool:
        """Return whether neither an endplate nor the front is seen: then the line is no wall."""
        if around.front.evidence >= self.settings.beside_evidence:
            return False
        ends = (around.upper, around.lower)
        return all(self._endplate_doubt(end) is not None for end in ends)

    def _is_seen(self, body: Body) -> bool:
        """Return whether an endplate or the front is seen, of a body of usual size."""
        if body.front.evidence >= self.settings.beside_evidence:
            return True
        return any(end.unsure is None for end in (body.upper, body.lower))

    def _endplate_doubt(self, edge: Edge) -> str | None:
        return self._doubt(edge, self.settings.endplate_limit_mm, self.settings.endplate_evidence)

    def _doubt(self, edge: Edge, limit_mm: float, least_evidence: float) -> str | None:
        """Return why an edge must not be relied on; None where it may."""
        if edge.exposed < self.settings.least_exposed:
            return f"only {edge.exposed:.0%} of it lies in the exposed field; set points on it"
        if edge.evidence < least_evidence:
            return "no edge is seen there; set points on it"
        if edge.goes_on > self.settings.goes_on:
            return (
                "the line goes on behind the body (is it the cannula?); set points on the endplate"
            )
        if edge.sigma <= limit_mm:
            return None
        if edge.other_mm is not None:
            return (
                f"there are two edges {abs(edge.other_mm):.0f} mm apart (is the view oblique?); "
                "set a point on the right one"
            )
        return f"its place is only known to {edge.sigma:.1f} mm; set points on it"


def _without_side(body: Body) -> Body:
    """Return the same body where its front is unknown: its wall may be its front."""
    unsure = tuple(doubt for doubt in body.unsure if not doubt.startswith("posterior wall"))
    wall = replace(body.wall, unsure=NO_SIDE)
    return replace(body, wall=wall, unsure=(NO_SIDE, *unsure), side_known=False)


def _axes_at(picture: SpinePicture, click_px: Point, anterior: Side, head_up: bool) -> Axes:
    forward = np.array([1.0 if anterior is Side.RIGHT else -1.0, 0.0])
    up = np.array([0.0, -1.0 if head_up else 1.0])
    return Axes(np.array(click_px, np.float64), forward, up, picture.mm_per_px)


def _with_doubtful_outline(body: Body, why: str) -> Body:
    """Return a body none of whose sides may be relied on: no vertebra has its outline."""
    sides = [
        replace(side, unsure=side.unsure or why) for side in (body.upper, body.lower, body.front)
    ]
    upper, lower, front = sides
    return replace(
        body, upper=upper, lower=lower, front=front, unsure=(f"outline: {why}", *body.unsure)
    )


def _other_px(axes: Axes, edge: Edge, doubt: str | None) -> PointArray | None:
    """Return the second edge beside one that is unsure, in parallel to it."""
    if doubt is None or edge.other_mm is None:
        return None
    return read_only(axes.to_px(replace(edge, outward_mm=edge.outward_mm + edge.other_mm).points()))
