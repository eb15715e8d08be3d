"""Cannulas in motion: moves, an unsteady hand, and a stylet that is drawn."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from leakwatch.simulator.anatomy.carm import CArm, Image
from leakwatch.simulator.anatomy.voxel_grid import Points3
from leakwatch.simulator.scenario.scenario_sections import CannulaSection
from leakwatch.simulator.scene.scene_motion import (
    CannulaMove,
    Track,
    cannula_track,
    smooth_step,
    unrest,
)
from leakwatch.simulator.scene.steel_cannula import LENGTH_MM, Cannula, chords_mm

# A stylet has this much play in the bore, and its ground tip stands out of the cannula.
_PLAY_MM, _AHEAD_MM = 0.15, 2.0


@dataclass(frozen=True, slots=True)
class Rod:
    """A cannula at its first position, with the pedicle about which a hand can turn it.

    Parameters
    ----------
    cannula : Cannula
    pivot_mm : ndarray
        ``(3,)``.
    """

    cannula: Cannula
    pivot_mm: Points3


@dataclass(frozen=True, slots=True)
class RodPose:
    """Pose of a cannula in one frame.

    Parameters
    ----------
    turn_deg, withdraw_mm : float
    stylet_out_mm : float or None
        How far its stylet is drawn; None: there is none.
    """

    turn_deg: float
    withdraw_mm: float
    stylet_out_mm: float | None


@dataclass(frozen=True, slots=True)
class RodTrack:
    """Motion of a cannula by frame.

    Parameters
    ----------
    turn_deg, withdraw_mm : ndarray
        ``(n,)``.
    stylet_out_mm : ndarray or None
        ``(n,)``; None: there is no stylet.
    """

    turn_deg: Track
    withdraw_mm: Track
    stylet_out_mm: npt.NDArray[np.float64] | None

    def at(self, index: int) -> RodPose:
        """Return the pose in frame `index`."""
        out = None if self.stylet_out_mm is None else float(self.stylet_out_mm[index])
        return RodPose(float(self.turn_deg[index]), float(self.withdraw_mm[index]), out)


def rod_track(section: CannulaSection, times_s: Track, rng: np.random.Generator) -> RodTrack:
    """Return the motion of a cannula; what its hand's unrest is follows from `rng`."""
    moves = [CannulaMove(m.at_s, m.over_s, m.turn_deg, m.withdraw_mm) for m in section.moves]
    turn, withdraw = cannula_track(times_s, moves)
    if section.unrest_deg or section.unrest_mm:
        # Marks are made on the first frame, where the hand is at rest.
        along, about = unrest(times_s, rng), unrest(times_s, rng)
        turn = turn + section.unrest_deg * (about - about[0])
        withdraw = withdraw + section.unrest_mm * (along - along[0])
    out: Track | None = None
    if section.stylet_until_s is not None:
        drawn = smooth_step(times_s - section.stylet_until_s, section.stylet_over_s)
        out = (LENGTH_MM + _AHEAD_MM) * drawn
    return RodTrack(turn, withdraw, out)


def rod_chords_mm(rod: Rod, pose: RodPose, carm: CArm) -> tuple[Image, Image]:
    """Return the length of each ray in steel, with the stylet, and in what is free of the bore."""
    moved = rod.cannula.moved(rod.pivot_mm, pose.turn_deg, pose.withdraw_mm)
    steel, bore = chords_mm(moved, carm)
    if pose.stylet_out_mm is None or pose.stylet_out_mm >= LENGTH_MM:
        return steel, bore
    tip = moved.tip_mm + (pose.stylet_out_mm - _AHEAD_MM) * moved.outward
    stylet = replace(moved, tip_mm=tip, outer_mm=moved.inner_mm - _PLAY_MM, inner_mm=0.0)
    solid, _ = chords_mm(stylet, carm)
    return steel + solid, np.maximum(bore - solid, 0.0)
