"""Around a posterior wall: both endplates and the anterior wall of its body."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from leakwatch.config import VertebraSettings
from leakwatch.core.arrays import Point, PointArray
from leakwatch.vision.vertebra.body_pose import PoseFinder, sides_of_hints
from leakwatch.vision.vertebra.body_sides import (
    Direction,
    Edge,
    Shape,
    SideSearch,
    normal_prior,
    shape_prior,
)
from leakwatch.vision.vertebra.straightened_patch import Axes, Patch, SpinePicture, make_patch

# Values that are tried around a wall that is known: half a millimetre, two degrees.
_STEP_MM, _STEP_DEG = 0.5, 2.0
_CORNERS_MM = (-2.0, 8.0)  # of the endplate, beyond the end of the wall
_TURN_DEG = 12.0  # between wall and endplate, off the right angle
_DEPTH_SHARES = (0.85, 1.95)  # of the height
_ENDPLATE_HOLLOWS_MM, _FRONT_HOLLOWS_MM = (-0.5, 0.5, 1.5, 2.5), (0.0, 1.0, 2.0, 3.0)
_RIM_SHARE = 0.08  # rounded corners at both ends of the front are left out, of the height
_SEEN_SHARE = 0.8  # of the depth, from the back: so far an endplate is surely there
# An endplate is drawn on along the line through these places, as shares of the depth, and looked at
# so far behind the body.
_STRAIGHT_SHARES, _BEHIND_MM = (0.05, 0.75), (4.0, 16.0)
_POINTS = 15  # of each side of an outline: every 2 mm
_TIP_MM = 2.0  # of a marked needle tip, one sigma


@dataclass(frozen=True, slots=True)
class Around:
    """Sides in front of a wall, from corner to corner.

    The endplates along their cortical lines, which people mark; the front along its edge.
    """

    upper: Edge
    lower: Edge
    front: Edge


def axes_of_wall(wall_px: PointArray, upright: Axes) -> Axes:
    """Turn axes so that `up` runs along a wall, and move them to its middle."""
    along = wall_px[-1] - wall_px[0]
    up = along / max(float(np.hypot(*along)), 1e-9)
    if up @ upright.up < 0:
        up = -up
    forward = np.array([-up[1], up[0]])
    if forward @ upright.forward < 0:
        forward = -forward
    middle = (wall_px[0] + wall_px[-1]) / 2
    return replace(upright, origin_px=middle, forward=forward, up=up)


@dataclass(frozen=True)
class SideFinder:
    """Search for endplates and anterior wall of the body of a posterior wall."""

    settings: VertebraSettings

    @cached_property
    def poses(self) -> PoseFinder:
        """Search for the pose of a body, with the same settings."""
        return PoseFinder(self.settings)

    @cached_property
    def search(self) -> SideSearch:
        """Search for one side of a body, with the same settings."""
        return SideSearch(self.settings)

    def find(
        self,
        picture: SpinePicture,
        axes: Axes,
        wall_px: PointArray,
        corner_mm: float,
        hints_px: PointArray,
        needle_tip_px: Point | None,
        level: str | None,
    ) -> Around:
        """Find endplates and front of the body behind whose middle `axes` lie.

        Parameters
        ----------
        picture : SpinePicture
        axes : Axes
            From `axes_of_wall`.
        wall_px : ndarray
            ``(n, 2)``.
        corner_mm : float
            How far beyond the ends of the wall the endplates are expected.
        hints_px : ndarray
            ``(h, 2)``, points on endplates and front; those behind the wall's middle are left out.
        needle_tip_px : Point or None
        level : str or None
        """
        half_mm = float(np.ptp(axes.to_mm(wall_px)[:, 1])) / 2
        height_mm = 2 * (half_mm + corner_mm)
        depth_mm = self.poses.expected_depth_mm(height_mm, level)
        # The body lies in front of the wall: the patch is centred on it.
        centred = replace(axes, origin_px=axes.to_px(np.array([depth_mm / 2, 0.0])))
        patch = make_patch(picture, centred, self.settings)
        hints = sides_of_hints(centred.to_mm(hints_px), depth_mm, height_mm)
        upper, lower = (
            self._endplate(patch, side, half_mm, corner_mm, depth_mm, hints[side])
            for side in (Direction.UPPER, Direction.LOWER)
        )
        tip = None if needle_tip_px is None else centred.to_mm(np.array([needle_tip_px]))[0]
        tip_mm = None if tip is None else float(tip[0])
        front = self._front(patch, upper, lower, depth_mm, hints[Direction.FRONT], tip_mm)
        return _from_corner_to_corner(upper, lower, front, depth_mm)

    def _endplate(
        self,
        patch: Patch,
        direction: Direction,
        half_mm: float,
        corner_mm: float,
        depth_mm: float,
        hints_mm: PointArray,
    ) -> Edge:
        settings = self.settings
        back, middle = -depth_mm / 2, 0.0
        end = back + _SEEN_SHARE * depth_mm
        shape = Shape(direction, back + 1.0, end, back, middle, depth_mm / 2)
        corners = np.arange(_CORNERS_MM[0], _CORNERS_MM[1] + 1e-6, _STEP_MM)
        turns = np.arange(-_TURN_DEG, _TURN_DEG + 1e-6, _STEP_DEG)
        lines = self.search.candidates(
            patch, shape, half_mm + corners, turns, np.array(_ENDPLATE_HOLLOWS_MM)
        )
        prior = shape_prior(lines, settings.wedge_sd_deg, settings.hollow_mm, settings.hollow_sd_mm)
        prior = prior + normal_prior(lines.offset - half_mm, corner_mm, settings.corner_sd_mm)
        prior = prior + self.search.hint_prior(lines, hints_mm, settings.cortex_mm)
        # As far forward as the deepest body reaches: the front cuts it off.
        t = np.linspace(back, 1.2 * depth_mm, 4 * _POINTS)
        edge = self.search.weighed(lines, prior, t)
        edge = replace(edge, goes_on=self._goes_on(patch, edge, depth_mm))
        line = replace(edge, outward_mm=edge.outward_mm - settings.cortex_mm)
        return self.search.pulled(line, hints_mm)

    def _goes_on(self, patch: Patch, edge: Edge, depth_mm: float) -> float:
        """Return the mean score of an endplate drawn on straight behind the body."""
        back = -depth_mm / 2
        ends = back + depth_mm * np.array(_STRAIGHT_SHARES)
        at_back, ahead = edge.at(ends)
        turn = np.degrees(np.arctan((ahead - at_back) / (ends[1] - ends[0])))
        near, far = (back - reach for reach in _BEHIND_MM)
        shape = Shape(edge.direction, far, near, back, 0.0, depth_mm)
        offsets = at_back + np.arange(-2, 3) * _STEP_MM
        turns = turn + np.arange(-3, 4) * _STEP_DEG
        lines = self.search.candidates(patch, shape, offsets, turns, np.zeros(1))
        return float(lines.mean_score.max())

    def _front(
        self,
        patch: Patch,
        upper: Edge,
        lower: Edge,
        depth_mm: float,
        hints_mm: PointArray,
        tip_mm: float | None,
    ) -> Edge:
        settings = self.settings
        rim_mm, _ = self.proud_mm()
        top = float(upper.at(depth_mm / 2)) + rim_mm
        bottom = -float(lower.at(depth_mm / 2)) - rim_mm
        height_mm, middle = max(top - bottom, 1.0), (top + bottom) / 2
        rim = _RIM_SHARE * height_mm
        shape = Shape(Direction.FRONT, bottom + rim, top - rim, middle, middle, height_mm / 2)
        low, high = (share * height_mm - depth_mm / 2 for share in _DEPTH_SHARES)
        lines = self.search.candidates(
            patch,
            shape,
            np.arange(low, high, _STEP_MM),
            np.arange(-_TURN_DEG, _TURN_DEG + 1e-6, _STEP_DEG),
            np.array(_FRONT_HOLLOWS_MM),
        )
        prior = shape_prior(lines, settings.lean_sd_deg, settings.hollow_mm, settings.hollow_sd_mm)
        prior = prior + normal_prior(lines.offset, depth_mm / 2, settings.depth_sd * depth_mm)
        prior = prior + self.search.hint_prior(lines, hints_mm)
        if tip_mm is not None:
            prior = prior + normal_prior(np.minimum(lines.offset - tip_mm, 0.0), 0.0, _TIP_MM)
        t = np.linspace(bottom, top, _POINTS)
        return self.search.pulled(self.search.weighed(lines, prior, t), hints_mm)

    def proud_mm(self) -> tuple[float, float]:
        """Return how far the silhouette lies outside of the drawn endplates, and of the front."""
        return self.settings.cortex_mm + self.settings.rim_mm, self.settings.rim_mm


def _from_corner_to_corner(upper: Edge, lower: Edge, front: Edge, depth_mm: float) -> Around:
    """Cut the sides off where they meet, and put them into the axes of the wall."""
    ends = []
    for endplate, sign in ((upper, 1.0), (lower, -1.0)):
        forward = depth_mm / 2
        for _ in range(3):  # they are nearly square to each other: that settles it
            forward = float(front.at(sign * float(endplate.at(forward))))
        t = np.linspace(-depth_mm / 2, forward, _POINTS)
        cut = replace(
            endplate,
            along_mm=t + depth_mm / 2,
            outward_mm=endplate.at(t),
            sigma_mm=np.interp(t, endplate.along_mm, endplate.sigma_mm),
        )
        ends.append(cut)
    t = np.linspace(-float(ends[1].outward_mm[-1]), float(ends[0].outward_mm[-1]), _POINTS)
    front = replace(
        front,
        along_mm=t,
        outward_mm=front.at(t) + depth_mm / 2,
        sigma_mm=np.interp(t, front.along_mm, front.sigma_mm),
    )
    return Around(ends[0], ends[1], front)
