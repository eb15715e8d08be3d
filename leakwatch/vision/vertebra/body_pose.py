"""From a click in a vertebral body: how it lies, how high it is, and where its back is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from leakwatch.config import VertebraSettings
from leakwatch.core.arrays import Array, PointArray
from leakwatch.vision.vertebra.body_sides import (
    Candidates,
    Direction,
    Edge,
    Shape,
    SideSearch,
    along,
    normal_prior,
    shape_prior,
)
from leakwatch.vision.vertebra.body_size import expected_size
from leakwatch.vision.vertebra.pedicles import pedicle_contrast
from leakwatch.vision.vertebra.posterior_line import PosteriorLine
from leakwatch.vision.vertebra.straightened_patch import Axes, Patch, SpinePicture, make_patch
from leakwatch.vision.vertebra.wall_concavity import Midline, find_midline

# Values that are tried. Half a millimetre and three degrees: a third of what an edge is wide, and
# over its length.
_STEP_MM, _STEP_DEG = 0.5, 3.0
_ENDPLATE_MM = (5.0, 24.0)  # from the click: of a crushed body, and of the highest one
_TURN_DEG = 36.0  # of a spine in the picture, at most
_SURE_MM = 10.0  # so far to either side of a click there is still body
_LEAN_DEG = 12.0
_FRONT_SHARES, _BACK_SHARES = (0.25, 0.85), (0.25, 0.75)  # of the depth, from the click
# Behind the wall lies the canal: an edge so far behind another one is that of an arch. Nearer ones
# are the two contours of an oblique view.
_APART_MM = 9.0
_FRONT_HOLLOWS_MM, _BACK_HOLLOWS_MM = (0.5, 2.0), (0.0,)  # the line of all backs is straight
_FRONT_SAYS = 0.7  # gas, vessels and ribs lie in front


@dataclass(frozen=True, slots=True)
class Pose:
    """Position and orientation of a body.

    Parameters
    ----------
    axes : Axes
        In the middle between its endplates, turned with it; along the depth at the click.
    height_mm : float
    back : Edge
        The posterior edge as it is seen.
    midline : Midline
        Where the wall in the midline lies against it.
    evidence : float
        Log likelihood and prior of all four sides, to compare poses with.
    pedicle : float or None
        What tells the posterior side, see `pedicles`.
    """

    axes: Axes
    height_mm: float
    back: Edge
    midline: Midline
    evidence: float
    pedicle: float | None


@dataclass(frozen=True)
class PoseFinder:
    """Search for the pose of a body: its endplates, then its walls."""

    settings: VertebraSettings

    @cached_property
    def search(self) -> SideSearch:
        """Search for one side of a body, with the same settings."""
        return SideSearch(self.settings)

    @cached_property
    def line(self) -> PosteriorLine:
        """Line of the neighbouring posterior walls."""
        return PosteriorLine(self.settings)

    def find(
        self, picture: SpinePicture, axes: Axes, level: str | None, hints_px: PointArray
    ) -> Pose:
        """Find the pose of the body at the origin of `axes`.

        Endplates first, both together: each is looked for over the width that surely is body, and
        the pair must be as far apart as bodies are high, about equally far from the click, and
        nearly parallel. Across them then anterior and posterior wall, both together in the same
        way.

        Parameters
        ----------
        picture : SpinePicture
        axes : Axes
            At the click, along the picture.
        level : str or None
        hints_px : ndarray
            ``(h, 2)``, points on the edge of the body that a person set.
        """
        turned, height_mm, evidence = self._between_endplates(picture, axes, level, hints_px)
        patch = make_patch(picture, turned, self.settings)
        back, more = self._between_walls(patch, height_mm, level, hints_px)
        midline = find_midline(patch, back, height_mm / 2, self.settings)
        pedicle = pedicle_contrast(patch, back, height_mm / 2, self.settings)
        return Pose(turned, height_mm, back, midline, evidence + more, pedicle)

    def _between_endplates(
        self, picture: SpinePicture, axes: Axes, level: str | None, hints_px: PointArray
    ) -> tuple[Axes, float, float]:
        settings = self.settings
        patch = make_patch(picture, axes, settings)
        offsets = np.arange(_ENDPLATE_MM[0], _ENDPLATE_MM[1] + 1e-6, _STEP_MM)
        turns = np.arange(-_TURN_DEG, _TURN_DEG + 1e-6, _STEP_DEG)
        size, spread = expected_size(level, settings)
        nearest = sides_of_hints(axes.to_mm(hints_px), size.depth_mm, size.height_mm)
        line = self.line.tilts(patch, _back_mm(size.depth_mm), size.depth_mm / 2)
        scores = []
        for direction in (Direction.UPPER, Direction.LOWER):
            # Both turn the same way in the picture: outwards is down for the lower one.
            sign = direction.value[1]
            shape = Shape(direction, -_SURE_MM, _SURE_MM, 0.0, 0.0, 1.4 * _SURE_MM)
            lines = self.search.candidates(
                patch, shape, offsets, sign * turns, np.array([settings.hollow_mm])
            )
            inside_mm = settings.cortex_mm
            score = lines.score + self.search.hint_prior(lines, nearest[direction], inside_mm)
            scores.append(score.reshape(len(offsets), len(turns)))
        upper, lower = scores
        sum_mm = offsets[:, None] + offsets
        height = normal_prior(sum_mm, size.height_mm, spread * size.height_mm)
        centred = normal_prior((offsets[:, None] - offsets) / 2, 0.0, settings.centre_sd_mm)
        wedge = normal_prior(turns[:, None] - turns, 0.0, settings.wedge_sd_deg)
        turn = (turns[:, None] + turns) / 2
        told = np.interp(turn, *line)
        tilt = normal_prior(turn, 0.0, settings.tilt_sd_deg) + told
        joint = upper[:, :, None, None] + lower + (height + centred)[:, None, :, None]
        joint = joint + (wedge + tilt)[:, None, :]
        best = np.unravel_index(int(np.argmax(joint)), joint.shape)
        angle = np.radians((turns[best[1]] + turns[best[3]]) / 2)
        up_mm, down_mm = offsets[best[0]], offsets[best[2]]
        forward = np.cos(angle) * axes.forward + np.sin(angle) * axes.up
        up = np.cos(angle) * axes.up - np.sin(angle) * axes.forward
        middle = axes.origin_px + up * (np.cos(angle) * (up_mm - down_mm) / 2) / axes.mm_per_px
        turned = replace(axes, origin_px=middle, forward=forward, up=up)
        # The walls say themselves how clearly they are seen.
        evidence = float(joint[best] - told[best[1], best[3]])
        return turned, float((up_mm + down_mm) * np.cos(angle)), evidence

    def _between_walls(
        self, patch: Patch, height_mm: float, level: str | None, hints_px: PointArray
    ) -> tuple[Edge, float]:
        settings = self.settings
        depth_mm = self.expected_depth_mm(height_mm, level)
        low, high = _FRONT_SHARES
        ahead = np.arange(low * depth_mm, high * depth_mm, _STEP_MM)
        behind = np.arange(*_back_mm(depth_mm), _STEP_MM)
        leans = np.arange(-_LEAN_DEG, _LEAN_DEG + 1e-6, _STEP_DEG)
        half = height_mm / 2
        span = 0.92 * half
        nearest = sides_of_hints(patch.axes.to_mm(hints_px), depth_mm, height_mm)
        found: list[tuple[Candidates, Array]] = []
        for direction, offsets, hollows in (
            (Direction.FRONT, ahead, _FRONT_HOLLOWS_MM),
            (Direction.BACK, behind, _BACK_HOLLOWS_MM),
        ):
            end = span if direction is Direction.FRONT else half + settings.line_beyond_mm
            shape = Shape(direction, -end, end, 0.0, 0.0, half)
            says = np.full(len(along(shape)), _FRONT_SAYS if direction is Direction.FRONT else 1.0)
            hollow, marked = settings.hollow_mm, (0.0, 0.0)
            if direction is Direction.BACK:
                hollow, marked = 0.0, (settings.back_hollow_mm, settings.back_hollow_sd_mm)
            lines = self.search.candidates(patch, shape, offsets, leans, np.array(hollows), says)
            prior = shape_prior(lines, settings.lean_sd_deg, hollow, settings.hollow_sd_mm)
            prior = prior + self.search.hint_prior(lines, nearest[direction], *marked)
            found.append((lines, prior))
        (front, front_prior), (back, back_prior) = found
        seen_front = _sum_by_offset(front.score + front_prior, len(ahead))
        seen_back = _sum_by_offset(back.score + back_prior, len(behind))
        joint = seen_front[:, None] + seen_back - _sum_before(seen_back)
        joint = joint + normal_prior(
            ahead[:, None] + behind, depth_mm, settings.depth_sd * depth_mm
        )
        joint = joint + normal_prior((ahead[:, None] - behind) / 2, 0.0, settings.centre_sd_mm)
        # What the front says of the back, through depth and middle.
        message = np.logaddexp.reduce(joint, axis=0) - seen_back
        side = self.search.weighed(
            back,
            back_prior + np.repeat(message, len(back.offset) // len(behind)),
            np.linspace(-half, half, 15),
        )
        return self.line.in_line(patch, side, half, nearest[Direction.BACK]), float(joint.max())

    def expected_depth_mm(self, height_mm: float, level: str | None) -> float:
        """Return the depth of a body of this height; of a crushed one, that of its level."""
        size, _ = expected_size(level, self.settings)
        by_height = height_mm * size.depth_mm / size.height_mm
        return 0.5 * (by_height + size.depth_mm)


def _back_mm(depth_mm: float) -> tuple[float, float]:
    return _BACK_SHARES[0] * depth_mm, _BACK_SHARES[1] * depth_mm


def _sum_before(log_likelihood: Array) -> Array:
    """Return what speaks against each place: an edge before it, where there would be body.

    Arches and spinous processes, behind the wall, make the stronger edges.
    """
    apart = round(_APART_MM / _STEP_MM)
    best = np.maximum(np.maximum.accumulate(log_likelihood), 0.0)
    return np.concatenate([np.zeros(apart), best])[: len(log_likelihood)]


def _sum_by_offset(log_weight: Array, offsets: int) -> Array:
    folded: Array = np.logaddexp.reduce(log_weight.reshape(offsets, -1), axis=1)
    return folded


def sides_of_hints(
    hints_mm: PointArray, depth_mm: float, height_mm: float
) -> dict[Direction, PointArray]:
    """Give each point that a person set to the side that it lies most towards."""
    forward, up = hints_mm[:, 0] / depth_mm, hints_mm[:, 1] / height_mm
    across = np.abs(forward) >= np.abs(up)
    chosen = {
        Direction.FRONT: across & (forward > 0),
        Direction.BACK: across & (forward <= 0),
        Direction.UPPER: ~across & (up > 0),
        Direction.LOWER: ~across & (up <= 0),
    }
    return {direction: hints_mm[mask] for direction, mask in chosen.items()}
