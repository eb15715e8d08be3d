"""Leak paths out of a vertebral body, as regions that cement fills.

Kinds after Yeom et al. (doi:10.1302/0301-620X.85B1.13026): along the basivertebral vein into the
epidural space, along a segmental vein, through a cortical defect; besides, through an endplate into
the disc, and back along the track of the cannula.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from scipy.spatial import cKDTree

from leakwatch.simulator.anatomy.landmarks import Landmarks
from leakwatch.simulator.anatomy.voxel_grid import Grid, Points3
from leakwatch.simulator.cement.site import Site

Field = npt.NDArray[np.float64]

_STEP_MM = 0.25  # between samples of a centreline

# A path hangs together where this share of its voxels does; those at its rim do not count.
_WHOLE_SHARE, _CRUMB_SHARE = 0.9, 0.1


class LeakKind(StrEnum):
    """Kind of leak path."""

    BASIVERTEBRAL = "basivertebral"
    ANTERIOR_VEIN = "anterior_vein"
    SEGMENTAL_VEIN = "segmental_vein"
    DISC = "disc"
    CORTICAL_ANTERIOR = "cortical_anterior"
    CORTICAL_POSTERIOR = "cortical_posterior"
    CANNULA_TRACK = "cannula_track"


# What a truth file calls them: its five words are by the place that the cement reaches.
TRUTH_NAME: Final[dict[LeakKind, str]] = {
    LeakKind.BASIVERTEBRAL: "epidural",
    LeakKind.CORTICAL_POSTERIOR: "epidural",
    LeakKind.CANNULA_TRACK: "epidural",
    LeakKind.ANTERIOR_VEIN: "vein_ant",
    LeakKind.SEGMENTAL_VEIN: "vein_ant",
    LeakKind.CORTICAL_ANTERIOR: "vein_ant",
    LeakKind.DISC: "disc",
}


# A vein is open, and its front nearly even; between tissues cement finds its way in lobes.
_IN_VEIN, _BETWEEN_TISSUES = 0.25, 1.3


@dataclass(frozen=True, slots=True)
class LeakPath:
    """A leak path.

    Parameters
    ----------
    kind : LeakKind
    pore : ndarray
        Share of each voxel of the site's grid that belongs to it, 0 to 1.
    centrelines_mm : tuple of ndarray
        ``(n, 3)`` each, outside the body, in steps of a quarter millimetre: along them the length
        of a leak in a tube is counted. Empty for a leak that spreads.
    exit_mm : ndarray
        ``(3,)``, where it leaves the body.
    """

    kind: LeakKind
    pore: Field
    centrelines_mm: tuple[Points3, ...]
    exit_mm: Points3

    @property
    def fingering(self) -> float:
        """Influence of roughness on the cement front."""
        return _IN_VEIN if self.centrelines_mm else _BETWEEN_TISSUES


@dataclass(frozen=True, slots=True)
class PathContext:
    """Anatomy and cannula for the generation of leak paths.

    Parameters
    ----------
    site : Site
    landmarks : Landmarks
    tip_mm, pedicle_mm : ndarray
        ``(3,)``, tip of the cannula, and the pedicle that it goes through.
    """

    site: Site
    landmarks: Landmarks
    tip_mm: Points3
    pedicle_mm: Points3


def make_leak_path(kind: LeakKind, resistance: PathContext, rng: np.random.Generator) -> LeakPath:
    """Generate a leak path from the tip of the cannula.

    Parameters
    ----------
    kind : LeakKind
    resistance : PathGround
    rng : numpy.random.Generator

    Returns
    -------
    LeakPath
    """
    return _trimmed(_LAYERS[kind](resistance, rng), resistance)


def path_along(
    kind: LeakKind, context: PathContext, line_mm: Points3, radius_mm: float
) -> LeakPath:
    """Return a path that runs along a given line from inside the body, as a tube.

    Parameters
    ----------
    kind : LeakKind
    context : PathContext
    line_mm : ndarray
        ``(n, 3)``.
    radius_mm : float
    """
    pore = _tubes(context.site.grid, [(line_mm, radius_mm)])
    beyond = np.flatnonzero(_depth_at(context, line_mm) < 0.0)
    exit_mm = line_mm[beyond[0] if len(beyond) else -1]
    return _trimmed(LeakPath(kind, pore, (line_mm,), exit_mm), context)


def _trimmed(path: LeakPath, resistance: PathContext) -> LeakPath:
    """Return a path whose centrelines begin where they leave the body."""
    outside = [_depth_at(resistance, line) < 0.0 for line in path.centrelines_mm]
    lines = tuple(
        line[int(np.argmax(beyond)) :]
        for line, beyond in zip(path.centrelines_mm, outside, strict=True)
        if beyond.any()
    )
    return replace(path, centrelines_mm=lines)


def _basivertebral(resistance: PathContext, rng: np.random.Generator) -> LeakPath:
    """Generate a path through the basivertebral foramen, then along the posterior wall."""
    marks = resistance.landmarks
    middle = (marks.lower_mm[2] + marks.upper_mm[2]) / 2 + rng.uniform(-1.5, 1.5)
    wall = float(marks.wall_anterior_mm(np.array([middle]))[0])
    foramen = np.array([rng.uniform(-1.5, 1.5), wall, middle])
    inner = _wavy([resistance.tip_mm, foramen + _by(0.0, 7.0, 0.0), foramen], 0.5, rng)
    branches = []
    height = float(marks.size_mm[2])
    for direction in (1.0, -1.0):
        side = rng.choice([-1.0, 1.0])
        lengths = np.array([0.12, 0.28, rng.uniform(0.35, 0.6)]) * height * direction
        points = [foramen]
        for share, length in zip((0.5, 0.9, 1.0), lengths, strict=True):
            at = middle + length
            back = float(marks.wall_anterior_mm(np.array([at]))[0]) - rng.uniform(1.8, 3.4)
            points.append(np.array([side * rng.uniform(4.0, 7.0) * share, back, at]))
        branches.append(_wavy(points, 0.7, rng))
    radii = (1.1, rng.uniform(1.2, 1.7))
    pore = _tubes(resistance.site.grid, [(inner, radii[0]), *((b, radii[1]) for b in branches)])
    arch = resistance.site.bone & (resistance.site.depth_mm < 0.0)
    # A coarse mask can let the arch reach round behind the body. There the vein runs through what
    # the mask calls bone, or it would end at the foramen.
    if _is_whole(np.where(arch, 0.0, pore)):
        pore[arch] = 0.0
    return LeakPath(LeakKind.BASIVERTEBRAL, pore, tuple(branches), foramen)


def _is_whole(pore: Field) -> bool:
    """Return whether a path is connected, except for tiny parts."""
    parts, count = ndimage.label(pore > _CRUMB_SHARE, np.ones((3, 3, 3)))
    sizes = np.bincount(parts.ravel(), minlength=count + 1)[1:]
    return count == 0 or bool(sizes.max() >= _WHOLE_SHARE * sizes.sum())


def _anterior_vein(resistance: PathContext, rng: np.random.Generator) -> LeakPath:
    """Generate a path through the anterior wall, then along the spine."""
    marks = resistance.landmarks
    size = marks.size_mm
    up = rng.choice([-1.0, 1.0])
    height = float(marks.lower_mm[2] + size[2] * (0.5 + up * rng.uniform(0.0, 0.15)))
    exit_mm = _surface(resistance, np.array([rng.uniform(-6.0, 6.0), 0.0, height]), (0.0, 1.0, 0.0))
    path = [
        resistance.tip_mm,
        exit_mm,
        exit_mm + _by(1.0, rng.uniform(4.0, 7.0), up * 1.5),
        exit_mm + _by(rng.uniform(-4.0, 4.0), rng.uniform(7.0, 11.0), up * rng.uniform(8.0, 12.0)),
        exit_mm + _by(rng.uniform(-5.0, 5.0), rng.uniform(8.0, 13.0), up * rng.uniform(19.0, 25.0)),
    ]
    line = _wavy(path, 0.8, rng)
    radius = rng.uniform(0.95, 1.15)
    return LeakPath(
        LeakKind.ANTERIOR_VEIN, _tubes(resistance.site.grid, [(line, radius)]), (line,), exit_mm
    )


def _segmental_vein(resistance: PathContext, rng: np.random.Generator) -> LeakPath:
    """Generate a path from the waist of one side around the body to its anterior side."""
    marks = resistance.landmarks
    middle = float((marks.lower_mm[2] + marks.upper_mm[2]) / 2) + rng.uniform(-1.0, 2.0)
    side = rng.choice([-1.0, 1.0])
    exit_mm = _surface(resistance, np.array([0.0, rng.uniform(2.0, 6.0), middle]), (side, 0.0, 0.0))
    half = marks.size_mm / 2
    front = float(marks.upper_mm[1])
    path = [
        resistance.tip_mm,
        exit_mm,
        exit_mm + _by(side * 3.0, 4.0, 0.5),
        np.array([side * 0.75 * half[0], front - 1.0, middle + 1.5]),
        np.array([side * 0.35 * half[0], front + 6.0, middle + rng.uniform(-2.0, 5.0)]),
        np.array([side * 0.2 * half[0], front + 14.0, middle + rng.uniform(-5.0, 9.0)]),
    ]
    line = _wavy(path, 0.6, rng)
    pore = _tubes(resistance.site.grid, [(line, rng.uniform(0.9, 1.1))])
    return LeakPath(LeakKind.SEGMENTAL_VEIN, pore, (line,), exit_mm)


def _disc(resistance: PathContext, rng: np.random.Generator) -> LeakPath:
    """Generate a path through a fracture of an endplate into the disc."""
    site, marks = resistance.site, resistance.landmarks
    up = rng.choice([-1.0, 1.0])
    over = np.array([rng.uniform(-5.0, 5.0), marks.upper_mm[1] - rng.uniform(9.0, 14.0), 0.0])
    exit_mm = _surface(resistance, over, (0.0, 0.0, up))
    crack = _wavy([resistance.tip_mm, exit_mm, exit_mm + _by(0.0, 0.0, 2.0 * up)], 0.4, rng)
    right, anterior, superior = site.grid.open_axes_mm()
    beyond = up * (superior - exit_mm[2])
    away = np.hypot(right - exit_mm[0], anterior - exit_mm[1])
    # As wide as the body, and no farther back than its wall: the annulus holds there.
    within = (away < 13.0) & (beyond > -3.0) & (beyond < 8.0) & (site.before_wall_mm > 6.5)
    space = within & ~site.bone & (site.depth_mm < 0.0) & (anterior < marks.upper_mm[1] + 1.0)
    pore = np.maximum(space, _tubes(site.grid, [(crack, 1.3)]))
    return LeakPath(LeakKind.DISC, pore, (), exit_mm)


def _cortical(
    kind: LeakKind,
    resistance: PathContext,
    direction: tuple[float, float, float],
    spread_mm: float,
    rng: np.random.Generator,
) -> LeakPath:
    """Generate a path through a defect of the cortex, then flat along its outside."""
    site, marks = resistance.site, resistance.landmarks
    centre = (marks.lower_mm + marks.upper_mm) / 2
    start = np.array([rng.uniform(-5.0, 5.0), centre[1], centre[2] + rng.uniform(-5.0, 5.0)])
    exit_mm = _surface(resistance, start, direction)
    hole = _wavy([resistance.tip_mm, exit_mm, exit_mm + 2.5 * np.array(direction)], 0.4, rng)
    right, anterior, superior = site.grid.open_axes_mm()
    away = np.sqrt(
        (right - exit_mm[0]) ** 2 + (anterior - exit_mm[1]) ** 2 + (superior - exit_mm[2]) ** 2
    )
    outside = (site.depth_mm < 0.0) & (site.depth_mm > -3.5) & (away < spread_mm) & ~site.bone
    pore = np.maximum(outside, _tubes(site.grid, [(hole, 1.5)]))
    return LeakPath(kind, pore, (), exit_mm)


def _cortical_anterior(resistance: PathContext, rng: np.random.Generator) -> LeakPath:
    return _cortical(LeakKind.CORTICAL_ANTERIOR, resistance, (0.0, 1.0, 0.0), 12.0, rng)


def _cortical_posterior(resistance: PathContext, rng: np.random.Generator) -> LeakPath:
    return _cortical(LeakKind.CORTICAL_POSTERIOR, resistance, (0.0, -1.0, 0.0), 9.0, rng)


def _cannula_track(resistance: PathContext, rng: np.random.Generator) -> LeakPath:
    """Generate a path back through the pedicle along the cannula."""
    tip, pedicle = resistance.tip_mm, resistance.pedicle_mm
    beyond = tip + (pedicle - tip) * 1.55
    line = _wavy([tip, pedicle, beyond], 0.15, rng)
    pore = _tubes(resistance.site.grid, [(line, rng.uniform(1.5, 1.9))])
    behind = resistance.landmarks.wall_anterior_mm(line[:, 2])
    exit_mm = line[int(np.argmax(line[:, 1] < behind))]
    return LeakPath(LeakKind.CANNULA_TRACK, pore, (line,), exit_mm)


_LAYERS: Final[dict[LeakKind, Callable[[PathContext, np.random.Generator], LeakPath]]] = {
    LeakKind.BASIVERTEBRAL: _basivertebral,
    LeakKind.ANTERIOR_VEIN: _anterior_vein,
    LeakKind.SEGMENTAL_VEIN: _segmental_vein,
    LeakKind.DISC: _disc,
    LeakKind.CORTICAL_ANTERIOR: _cortical_anterior,
    LeakKind.CORTICAL_POSTERIOR: _cortical_posterior,
    LeakKind.CANNULA_TRACK: _cannula_track,
}


def _by(right_mm: float, anterior_mm: float, superior_mm: float) -> Points3:
    return np.array([right_mm, anterior_mm, superior_mm])


def _surface(
    resistance: PathContext, start_mm: Points3, direction: tuple[float, float, float]
) -> Points3:
    """Return the intersection of a line from inside the body with its surface."""
    steps = np.arange(0.0, 60.0, _STEP_MM)
    line = np.asarray(start_mm) + steps[:, None] * np.array(direction)
    inside = np.flatnonzero(_depth_at(resistance, line) > 0.0)
    surface: Points3 = line[inside[-1] if len(inside) else 0]
    return surface


def _depth_at(resistance: PathContext, points_mm: Points3) -> Field:
    """Return the depth of points below the surface of the body, ``(n,)``."""
    grid = resistance.site.grid
    index = np.clip(np.rint(grid.to_index(points_mm)).astype(int), 0, np.array(grid.shape) - 1)
    depth: Field = resistance.site.depth_mm[tuple(index.T)]
    return depth


def _wavy(points: list[Points3], wave_mm: float, rng: np.random.Generator) -> Points3:
    """Return a smooth, slightly curved line through points, like a vessel; ``(n, 3)``."""
    corners = np.array(points, np.float64)
    for _ in range(3):  # Chaikin's corner cutting, the ends kept
        early = 0.75 * corners[:-1] + 0.25 * corners[1:]
        late = 0.25 * corners[:-1] + 0.75 * corners[1:]
        cut = np.stack([early, late], axis=1).reshape(-1, 3)
        corners = np.vstack([corners[:1], cut, corners[-1:]])
    lengths = np.append(0.0, np.cumsum(np.linalg.norm(np.diff(corners, axis=0), axis=1)))
    at = np.arange(0.0, lengths[-1], _STEP_MM)
    line = np.stack([np.interp(at, lengths, corners[:, axis]) for axis in range(3)], axis=1)
    phases, turns = rng.uniform(0.0, 2 * np.pi, 3), rng.uniform(8.0, 14.0, 3)
    fade = np.minimum(1.0, np.minimum(at, at[-1] - at) / 3.0)[:, None]
    wavy: Points3 = line + wave_mm * fade * np.sin(at[:, None] / turns * 2 * np.pi + phases)
    return wavy


def _tubes(grid: Grid, lines: list[tuple[Points3, float]]) -> Field:
    """Return the share of each voxel within a radius of lines."""
    share = np.zeros(grid.shape)
    edge = max(grid.spacing_mm)
    for line, radius in lines:
        reach = radius + edge
        box = grid.box(line.min(axis=0) - reach, line.max(axis=0) + reach)
        part = grid.part(box)
        if 0 in part.shape:
            continue
        centres = part.to_mm(np.moveaxis(np.indices(part.shape), 0, -1)).reshape(-1, 3)
        distance, _ = cKDTree(line).query(centres, distance_upper_bound=reach)
        within = np.clip(0.5 + (radius - distance) / edge, 0.0, 1.0)
        share[box] = np.maximum(share[box], within.reshape(part.shape))
    return share
