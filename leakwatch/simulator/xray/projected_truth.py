"""Truth: the position of projected cement in each frame, before detector physics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from leakwatch.core.arrays import PointArray
from leakwatch.core.frame import View
from leakwatch.core.geometry import signed_distance
from leakwatch.core.truth import Truth, TruthFrame
from leakwatch.simulator.anatomy.carm import CArm
from leakwatch.simulator.anatomy.voxel_grid import Points3
from leakwatch.simulator.cement.cement_images import CementImages
from leakwatch.simulator.cement.leak_paths import TRUTH_NAME, LeakKind, LeakPath

Image = npt.NDArray[np.float64]

# Cement that a ray meets for less than this does not count as projected: no one could see it.
MIN_THICKNESS_MM: Final = 0.5
BREACH_MM: Final = 5.0  # the margin of the safety practice
VISIBLE_LEAK_MM: Final = 4.0  # of the contract
_NEAR: Final = "near"


@dataclass(frozen=True, slots=True)
class TruthMeasurer:
    """Quantities common to all frames, in the image without motion.

    Parameters
    ----------
    mm_per_px : float
        At the vertebra.
    wall_distance_mm : ndarray or None
        ``(rows, columns)``, signed distance to the posterior wall; positive in front of it. None
        where the view does not show the wall from the side.
    centrelines_px : tuple of tuple of ndarray
        By leak, then by branch: ``(n, 2)`` points in the picture, a step of the centreline apart.
    exits_px : tuple of ndarray
        By leak, ``(2,)``.
    margin_px : int
        Of the pictures of cement around the picture proper.
    """

    mm_per_px: float
    wall_distance_mm: Image | None
    centrelines_px: tuple[tuple[PointArray, ...], ...]
    exits_px: tuple[PointArray, ...]
    margin_px: int


def make_truth_measurer(
    carm: CArm, wall_mm: Points3, inside_mm: Points3, paths: tuple[LeakPath, ...]
) -> TruthMeasurer:
    """Prepare the measurement of truth.

    Parameters
    ----------
    carm : CArm
        Of the pictures of cement, with their margin.
    wall_mm : ndarray
        ``(n, 3)``, the true wall.
    inside_mm : ndarray
        ``(3,)``, a point in front of it.
    paths : tuple of LeakPath
    """
    lateral = carm.view is View.LATERAL
    distance = _wall_distance_mm(carm, wall_mm, inside_mm) if lateral else None
    lines = tuple(
        tuple(carm.project_points(line) for line in path.centrelines_mm) for path in paths
    )
    exits = tuple(carm.project_points(path.exit_mm[None])[0] for path in paths)
    return TruthMeasurer(carm.mm_per_px, distance, lines, exits, carm.margin_px)


def _wall_distance_mm(carm: CArm, wall_mm: Points3, inside_mm: Points3) -> Image:
    columns, rows = carm.size_px
    column, row = np.meshgrid(np.arange(columns), np.arange(rows))
    points = np.stack([column.ravel(), row.ravel()], axis=1).astype(np.float64) - carm.margin_px
    inside = carm.project_points(inside_mm[None])[0]
    wall_px = carm.project_points(wall_mm)
    distance = signed_distance(points, wall_px, (float(inside[0]), float(inside[1])))
    return distance.reshape(rows, columns) * carm.mm_per_px


def distance_and_area(measurer: TruthMeasurer, cement_mm: Image) -> tuple[float | None, float]:
    """Return the shortest signed distance of cement to the wall, mm, and its area, mm2."""
    mask = cement_mm >= MIN_THICKNESS_MM
    area = float(mask.sum()) * measurer.mm_per_px**2
    if measurer.wall_distance_mm is None or not mask.any():
        return None, area
    return float(measurer.wall_distance_mm[mask].min()), area


def leak_length_mm(measurer: TruthMeasurer, cement: CementImages) -> float:
    """Return the visible length of the leaks outside the body.

    In veins and tracks, the projected length along them; where cement spreads (disc, cortical
    defect), how far it reaches from its exit. Seen is what is thick enough and does not lie over
    or under cement that is still in the body.

    Parameters
    ----------
    measurer : Judge
    cement : CementImages
    """
    total = 0.0
    hidden = cement.body >= MIN_THICKNESS_MM
    leaks = zip(cement.outside, measurer.centrelines_px, measurer.exits_px, strict=True)
    for outside, lines, exit_px in leaks:
        seen = (outside >= MIN_THICKNESS_MM) & ~hidden
        if lines:
            total += sum(_seen_along(line, seen, measurer) for line in lines)
        elif seen.any():
            rows, columns = np.nonzero(seen)
            offset = np.stack([columns, rows], axis=1) - measurer.margin_px - exit_px
            total += float(np.hypot(*offset.T).max()) * measurer.mm_per_px
    return total


def _seen_along(line_px: PointArray, seen: npt.NDArray[np.bool_], measurer: TruthMeasurer) -> float:
    """Return the projected length, mm, of visible segments of a centreline."""
    index = np.rint(line_px).astype(int) + measurer.margin_px
    within = np.all((index >= 0) & (index < np.array(seen.shape[::-1])), axis=1)
    clipped = np.clip(index, 0, np.array(seen.shape[::-1]) - 1)
    visible = seen[clipped[:, 1], clipped[:, 0]] & within
    lengths = np.hypot(*np.diff(line_px, axis=0).T)
    return float(lengths[visible[1:] & visible[:-1]].sum()) * measurer.mm_per_px


def summary(fps: float, mm_per_px: float, leak: str, frames: tuple[TruthFrame, ...]) -> Truth:
    """Return the complete truth, with the first frames of breach and of visible leak."""
    breach = _first([f.distance_mm is not None and f.distance_mm <= BREACH_MM for f in frames])
    visible = _first([f.leak_length_mm >= VISIBLE_LEAK_MM for f in frames])
    if leak == "none" and breach is not None:
        leak = _NEAR
    return Truth(fps, mm_per_px, leak, breach, visible, frames)


def _first(flags: list[bool]) -> int | None:
    return flags.index(True) if any(flags) else None


def leak_name(paths: tuple[LeakPath, ...], left_thread: bool = False) -> str:
    """Return the leak of a truth file: the first that opens; ``none`` without one.

    Parameters
    ----------
    paths : tuple of LeakPath
    left_thread : bool
        Whether a thread that the cannula left behind can be seen outside the body.
    """
    if paths:
        return TRUTH_NAME[paths[0].kind]
    return TRUTH_NAME[LeakKind.CANNULA_TRACK] if left_thread else "none"
