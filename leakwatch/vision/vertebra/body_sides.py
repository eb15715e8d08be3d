"""One side of a vertebral body: all gently bent lines it may be, weighed by what the picture shows.

A side is a line ``y(t)``: `t` runs along it, `y` outwards, both in mm on a patch. Where one is, is
not searched with a threshold but weighed: the posterior over all lines gives its place, and how
sure that is, in one step.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

import numpy as np

from leakwatch.config import VertebraSettings
from leakwatch.core.arrays import Array, BoolImage, PointArray
from leakwatch.vision.vertebra.straightened_patch import Patch

_ALONG_MM = 1.0  # step of the samples along a side: finer than its correlation length


class Direction(Enum):
    """Side of a body; its value is the outward axis (0 forward, 1 up) and sign."""

    UPPER = (1, 1.0)
    LOWER = (1, -1.0)
    FRONT = (0, 1.0)
    BACK = (0, -1.0)

    def placed(self, along: Array, outward: Array) -> PointArray:
        """Convert (t, y) of this side to (forward, up), stacked on a last axis."""
        axis, sign = self.value
        pair = (sign * outward, along) if axis == 0 else (along, sign * outward)
        points: PointArray = np.stack(np.broadcast_arrays(*pair), axis=-1)
        return points

    def coordinates(self, points: PointArray) -> tuple[Array, Array]:
        """Convert (forward, up) to (t, y) of this side."""
        axis, sign = self.value
        return points[..., 1 - axis], sign * points[..., axis]


@dataclass(frozen=True, slots=True)
class Shape:
    """Allowed course of a side.

    Parameters
    ----------
    direction : Direction
    start_mm, end_mm : float
        Part of it that is looked at, along `t`.
    anchor_mm : float
        The `t` at which `offsets_mm` are counted.
    middle_mm, half_mm : float
        It is hollow by its `hollows_mm` at `t` = middle, and by nothing at middle +- half.
    """

    direction: Direction
    start_mm: float
    end_mm: float
    anchor_mm: float
    middle_mm: float
    half_mm: float


@dataclass(frozen=True, slots=True)
class Candidates:
    """All lines that a side may be.

    Parameters
    ----------
    shape : Shape
    offset, slope, hollow : ndarray
        ``(n,)``: mm outwards at the anchor, tangent of its turn, mm inwards at the middle.
    score : ndarray
        ``(n,)``, log likelihood.
    mean_score, exposed : ndarray
        ``(n,)``: mean score along it, and the share of it that is seen.
    """

    shape: Shape
    offset: Array
    slope: Array
    hollow: Array
    score: Array
    mean_score: Array
    exposed: Array

    def outward(self, along: Array) -> Array:
        """Return `y` of each line at these `t`, ``(n, k)``."""
        return _outward(self.shape, self.offset, self.slope, self.hollow, along)


def _outward(shape: Shape, offset: Array, slope: Array, hollow: Array, along: Array) -> Array:
    bend = _bend(shape, along) - _bend(shape, np.array([shape.anchor_mm]))
    run = along - shape.anchor_mm
    outward: Array = offset[:, None] + slope[:, None] * run - hollow[:, None] * bend
    return outward


def _bend(shape: Shape, along: Array) -> Array:
    bend: Array = 1.0 - ((along - shape.middle_mm) / shape.half_mm) ** 2
    return np.maximum(bend, -0.5)


@dataclass(frozen=True, slots=True)
class SideSearch:
    """Search for one side of a body among lines."""

    settings: VertebraSettings

    def candidates(
        self,
        patch: Patch,
        shape: Shape,
        offsets_mm: Array,
        slopes_deg: Array,
        hollows_mm: Array,
        weights: Array | None = None,
    ) -> Candidates:
        """Score all lines of a shape.

        Parameters
        ----------
        patch : Patch
        shape : Shape
        offsets_mm, slopes_deg, hollows_mm : ndarray
            Values that are tried, each with each.
        weights : ndarray or None
            ``(k,)``, how much each piece of `along(shape)` can say.
        """
        parts = np.meshgrid(offsets_mm, np.tan(np.radians(slopes_deg)), hollows_mm, indexing="ij")
        offset, slope, hollow = (part.ravel() for part in parts)
        t = along(shape)
        outward = _outward(shape, offset, slope, hollow, t)
        turn = slope[:, None] + 2 * hollow[:, None] * (t - shape.middle_mm) / shape.half_mm**2
        length = np.hypot(turn, 1.0)
        points = shape.direction.placed(t, outward)
        normals = shape.direction.placed(-turn / length, 1.0 / length)
        drop, line, seen = patch.drop_and_line(points, normals, self.settings.line_depth_mm)
        low, high, share = (
            self.settings.least_score,
            self.settings.greatest_score,
            self.settings.drop_share,
        )
        z = share * np.clip(drop, low, high) + (1.0 - share) * np.clip(line, low / 2, high * 2 / 3)
        z = z * seen
        say = np.ones(len(t)) if weights is None else weights
        score = z @ say * (_ALONG_MM / self.settings.correlation_mm)
        return Candidates(
            shape, offset, slope, hollow, score, z @ say / say.sum(), seen.mean(axis=1)
        )

    def weighed(self, lines: Candidates, log_prior: Array, along_mm: Array) -> Edge:
        """Return the side that is most likely, and how sure its place is.

        The place is the mean over the lines near the best one; its standard deviation is that of
        all lines about it, so that a second edge further away makes it unsure.

        Parameters
        ----------
        lines : Candidates
        log_prior : ndarray
            ``(n,)``.
        along_mm : ndarray
            ``(k,)``, where the side is wanted.
        """
        log_weight = lines.score + log_prior
        best = int(np.argmax(log_weight))
        weight = np.exp(log_weight - log_weight[best])
        middle = np.array([lines.shape.middle_mm])
        away = (lines.outward(middle) - lines.outward(middle)[best])[:, 0]
        near: BoolImage = np.abs(away) <= self.settings.mode_mm
        outward = lines.outward(along_mm)
        inner = np.where(near, weight, 0.0)
        place = inner @ outward / inner.sum()
        variance = weight @ (outward - place) ** 2 / weight.sum()
        sigma: Array = np.sqrt(variance + self.settings.edge_sd_mm**2)
        far = np.where(near, 0.0, weight) @ away**2 / weight.sum()
        return Edge(
            lines.shape.direction,
            along_mm,
            place,
            sigma,
            float(inner @ lines.mean_score / inner.sum()),
            float(lines.exposed[best]),
            _other(away, weight, near),
            far_mm=float(np.sqrt(far)),
        )

    def hint_prior(
        self,
        lines: Candidates,
        hints_mm: PointArray,
        inside_mm: float = 0.0,
        apart_sd_mm: float = 0.0,
    ) -> Array:
        """Return how well each line passes points ``(h, 2)`` that a person set on this side.

        What the person marks lies so far inside of the edge that is seen: `inside_mm` +-
        `apart_sd_mm`.
        """
        t, y = lines.shape.direction.coordinates(hints_mm)
        y = y + inside_mm
        # Lines are stiffer than edges: what remains between the two is left to `pulled`.
        sd = float(np.linalg.norm([self.settings.hint_mm, self.settings.edge_sd_mm, apart_sd_mm]))
        prior: Array = (-0.5 * ((lines.outward(t) - y) / sd) ** 2).sum(axis=1)
        return prior

    def pulled(self, edge: Edge, hints_mm: PointArray, common_sd_mm: float = 0.0) -> Edge:
        """Let a side pass through points that a person set on it.

        Gaussian process regression of what remains (Rasmussen and Williams 2006, eq. 2.23 and
        2.24): a hint moves the side at its place, and less and less away from it; of its doubt the
        part `common_sd_mm` is one for the whole side, and is moved as a whole.
        """
        if len(hints_mm) == 0:
            return edge
        t, y = edge.direction.coordinates(hints_mm)
        own = np.sqrt(np.maximum(edge.sigma_mm**2 - common_sd_mm**2, 0.0))

        def likeness(one: Array, other: Array) -> Array:
            near: Array = np.exp(-0.5 * ((one[:, None] - other) / self.settings.hint_reach_mm) ** 2)
            sd_one, sd_other = (np.interp(at, edge.along_mm, own) for at in (one, other))
            near *= sd_one[:, None] * sd_other
            return near + common_sd_mm**2

        gain = np.linalg.solve(
            likeness(t, t) + self.settings.hint_mm**2 * np.eye(len(t)), likeness(t, edge.along_mm)
        )
        moved = edge.outward_mm + (y - edge.at(t)) @ gain
        explained = (likeness(t, edge.along_mm) * gain).sum(axis=0)
        sigma = np.sqrt(np.maximum(edge.sigma_mm**2 - explained, self.settings.hint_mm**2))
        return replace(edge, outward_mm=moved, sigma_mm=sigma)


def along(shape: Shape) -> Array:
    """Return the `t` of the samples of a side."""
    return np.arange(shape.start_mm, shape.end_mm + 1e-6, _ALONG_MM)


@dataclass(frozen=True, slots=True)
class Edge:
    """A side as found.

    Parameters
    ----------
    direction : Direction
    along_mm, outward_mm, sigma_mm : ndarray
        ``(k,)``: `t`, `y`, and the standard deviation of `y`.
    evidence : float
        Mean score along it.
    exposed : float
        Share of it that is seen.
    other_mm : float or None
        Another edge that is nearly as likely lies so far outwards from this one.
    goes_on : float
        Mean score of its straight prolongation beyond the body.
    far_mm : float
        The part of `sigma_mm` that other edges, further away, make.
    """

    direction: Direction
    along_mm: Array
    outward_mm: Array
    sigma_mm: Array
    evidence: float
    exposed: float
    other_mm: float | None
    goes_on: float = 0.0
    far_mm: float = 0.0

    @property
    def sigma(self) -> float:
        """Return the root mean square of `sigma_mm`."""
        return float(np.sqrt(np.mean(self.sigma_mm**2)))

    def at(self, along_mm: Array | float) -> Array:
        """Return `y` at these `t`, held constant beyond the ends."""
        outward: Array = np.asarray(np.interp(along_mm, self.along_mm, self.outward_mm))
        return outward

    def points(self) -> PointArray:
        """Return the points, ``(k, 2)``, (forward, up), mm."""
        return self.direction.placed(self.along_mm, self.outward_mm)


# Another edge that has at least this share of the weight of the best is worth telling.
_OTHER_SHARE = 0.25


def _other(away: Array, weight: Array, near: BoolImage) -> float | None:
    far = np.where(near, 0.0, weight)
    if far.sum() < _OTHER_SHARE * weight[near].sum():
        return None
    return float(away[int(np.argmax(far))])


def normal_prior(value: Array, mean: float, sd: float) -> Array:
    """Return the log of a normal density, its constant left out."""
    prior: Array = -0.5 * ((value - mean) / sd) ** 2
    return prior


def shape_prior(lines: Candidates, lean_sd_deg: float, hollow_mm: float, sd_mm: float) -> Array:
    """Return how likely a turn and a hollow are."""
    turn = np.degrees(np.arctan(lines.slope))
    return normal_prior(turn, 0.0, lean_sd_deg) + normal_prior(lines.hollow, hollow_mm, sd_mm)
