"""Measure the distance of the posterior wall in a CT's mask from the edge of bone in the CT.

The truth of simulated views of a CT comes from its masks. The edge of bone is where the density,
averaged across the midline, reaches half way from the canal to the cortex along the depth, at each
height of the wall, independently of the detector. Requires CTs in LEAKWATCH_SHARED
(default: ../shared).
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from leakwatch.core.arrays import Array
from leakwatch.simulator.anatomy.anatomy import Anatomy
from leakwatch.simulator.anatomy.landmarks import find_landmarks
from leakwatch.simulator.anatomy.tissue import WATER
from leakwatch.simulator.ct.ct_anatomy import build_ct_anatomy

REPOSITORY = Path(__file__).resolve().parent.parent
HALF_SLAB_MM = 3.0  # as the mask's wall is found
BEHIND_MM, AHEAD_MM = 7.0, 5.0  # of the mask's wall: canal and cortex lie there
FINE_MM = 0.1
HEIGHTS = 25


@dataclass(frozen=True)
class Scanned:
    """A CT with its masks, and its complete vertebrae."""

    ct: str
    vertebrae: str
    body: str
    levels: tuple[str, ...]


SCANNED = (
    Scanned("l3_1p5mm_ct", "l3_1p5mm_vertebrae", "l3_1p5mm_subregions", ("L3",)),
    Scanned(
        "lumbar_3mm_example_ct",
        "lumbar_3mm_totalseg",
        "lumbar_3mm_totalseg_vertebrae_body",
        ("T12", "L1", "L2", "L3", "L4", "L5"),
    ),
)


def main() -> int:
    """Print a table; exit code 2 without CTs."""
    folder = Path(os.environ.get("LEAKWATCH_SHARED", REPOSITORY.parent / "shared")) / "ct"
    if not folder.is_dir():
        print(f"no CTs in {folder}", file=sys.stderr)
        return 2
    print("| CT | level | mask in front of the edge, mm | over the heights, sd mm | HU |")
    print("| --- | --- | --- | --- | --- |")
    ahead = []
    for scanned in SCANNED:
        for level in scanned.levels:
            paths = [folder / f"{n}.nii.gz" for n in (scanned.ct, scanned.vertebrae, scanned.body)]
            anatomy = build_ct_anatomy(paths[0], paths[1], level, paths[2])
            off, low, high = off_the_edge(anatomy)
            ahead.append(float(np.median(off)))
            print(
                f"| {scanned.ct[:6]} | {level} | {np.median(off):+.2f} | {off.std():.2f} | "
                f"{low:.0f} to {high:.0f} |"
            )
    print(f"mean {np.mean(ahead):+.2f} mm, sd {np.std(ahead):.2f} mm")
    return 0


def off_the_edge(anatomy: Anatomy) -> tuple[Array, float, float]:
    """Return how far the mask's wall is anterior, ``(n,)``, mm; HU of canal and cortex."""
    grid, wall = anatomy.grid, find_landmarks(anatomy).wall_mm
    across, depth, up = (grid.axis_mm(axis) for axis in range(3))
    slab = anatomy.attenuation[np.abs(across) <= HALF_SLAB_MM].mean(axis=0)
    density = 1000.0 * (slab / WATER - 1.0)
    off, lows, highs = [], [], []
    for height in np.linspace(wall[0, 2], wall[-1, 2], HEIGHTS):
        mask = float(np.interp(height, wall[:, 2], wall[:, 1]))
        at = np.arange(mask - BEHIND_MM, mask + AHEAD_MM, FINE_MM)
        seen = np.interp(at, depth, density[:, int(np.argmin(np.abs(up - height)))])
        canal = int(np.argmin(np.where(at < mask, seen, np.inf)))
        low, high = float(seen[canal]), float(seen[canal:].max())
        edge = at[canal + int(np.argmax(seen[canal:] >= (low + high) / 2))]
        off.append(mask - edge)
        lows.append(low)
        highs.append(high)
    return np.array(off), float(np.median(lows)), float(np.median(highs))


if __name__ == "__main__":
    sys.exit(main())
