"""Pose of the C-arm relative to the patient in each frame, and exposed frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from leakwatch.simulator.anatomy.carm import CArm
from leakwatch.simulator.scenario.scenario import Scenario
from leakwatch.simulator.scenario.scenario_life import (
    PedalSection,
    TableMoveSection,
    ViewTurnSection,
)
from leakwatch.simulator.scene.scene_motion import Track, smooth_step

Flags = npt.NDArray[np.bool_]

# Poses that differ by less are one, so that the way back shows the same pictures as the way there.
_ANGLE_DIGITS, _MM_DIGITS = 4, 4


@dataclass(frozen=True, slots=True)
class Pose:
    """Pose of the C-arm relative to the scenario's view.

    Parameters
    ----------
    angle_deg, tilt_deg : float
        Turned away from it, about the point that it aims at.
    moved_mm : tuple of float
        The table and the patient on it: right, anterior, superior.
    """

    angle_deg: float = 0.0
    tilt_deg: float = 0.0
    moved_mm: tuple[float, float, float] = (0.0, 0.0, 0.0)

    @property
    def is_turned(self) -> bool:
        """Return whether marks of the reference view do not apply."""
        return self.angle_deg != 0.0 or self.tilt_deg != 0.0

    def of(self, carm: CArm) -> CArm:
        """Return the view `carm` from this pose."""
        if self == REFERENCE:
            return carm
        right, anterior, superior = (
            aim - moved for aim, moved in zip(carm.aim_mm, self.moved_mm, strict=True)
        )
        return replace(
            carm,
            angle_deg=carm.angle_deg + self.angle_deg,
            tilt_deg=carm.tilt_deg + self.tilt_deg,
            aim_mm=(right, anterior, superior),
        )


REFERENCE = Pose()


def pose_track(scenario: Scenario, times_s: Track) -> list[Pose]:
    """Return the pose of each frame."""
    angles = np.zeros((len(times_s), 2))
    for turn in scenario.view_turns:
        away = _return_trip(times_s, turn)
        angles += away[:, None] * np.array([turn.angle_deg, turn.tilt_deg])
    moved = np.zeros((len(times_s), 3))
    for move in scenario.table_moves:
        moved += _return_trip(times_s, move)[:, None] * np.array(move.by_mm)
    angles, moved = np.round(angles, _ANGLE_DIGITS) + 0.0, np.round(moved, _MM_DIGITS) + 0.0
    return [
        Pose(float(angle[0]), float(angle[1]), (float(at[0]), float(at[1]), float(at[2])))
        for angle, at in zip(angles, moved, strict=True)
    ]


def _return_trip(times_s: Track, section: ViewTurnSection | TableMoveSection) -> Track:
    """Return a smooth transition from 0 to 1, and back to 0 after a time."""
    since = times_s - section.at_s
    away = smooth_step(since, section.over_s)
    if section.hold_s is not None:
        away = away - smooth_step(since - section.over_s - section.hold_s, section.over_s)
    return away


def is_exposed(times_s: Track, pedal: Sequence[PedalSection]) -> Flags:
    """Return whether the pedal is pressed at each time, ``(n,)``."""
    pressed = np.ones(len(times_s), bool)
    for one in pedal:
        pressed &= (times_s < one.off_s) | (times_s >= one.on_s)
    return pressed


def needs_whole_trunk(scenario: Scenario) -> bool:
    """Return whether poses show more of the patient than the scenario's view."""
    return bool(scenario.view_turns or scenario.table_moves)
