"""Anterior side of the image, decided from the pedicles of several bodies together.

One body may lie under ribs, gas or the pelvis; its neighbours show the same side.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from leakwatch.config import VertebraSettings
from leakwatch.core.arrays import PointArray
from leakwatch.core.marks import Side
from leakwatch.vision.vertebra.body_pose import Pose, PoseFinder
from leakwatch.vision.vertebra.straightened_patch import SpinePicture

_NEIGHBOURS = 2  # on either side: what a field of 15 cm shows
_DISC_SHARE = 0.35  # of the height of a body
_NO_HINTS: PointArray = np.empty((0, 2))


@dataclass(frozen=True)
class AnteriorSide:
    """Decision on which side is anterior, from pedicles and foramina."""

    settings: VertebraSettings

    @cached_property
    def poses(self) -> PoseFinder:
        """Search for the pose of a body, with the same settings."""
        return PoseFinder(self.settings)

    def decide(
        self, picture: SpinePicture, poses: dict[Side, Pose], level: str | None
    ) -> tuple[Side, bool]:
        """Return the anterior side that is more likely, and whether it is sure.

        Each side is taken for the anterior one in turn: behind the bodies of the right one pedicles
        and foramina take turns, behind those of the other there is nothing that does.

        Parameters
        ----------
        picture : SpinePicture
            Of the scale of `poses`, not of its own.
        poses : dict of Side to Pose
            Of the clicked body, by the side that was taken for the anterior one.
        level : str or None
        """
        seen = {side: self._pedicles(picture, pose, level) for side, pose in poses.items()}
        sums = {side: sum(one or 0.0 for one in each) for side, each in seen.items()}
        best = max(sums, key=lambda side: sums[side])
        other = min(sums, key=lambda side: sums[side])
        count = sum(one is not None for one in seen[best])
        by_chance = self.settings.pedicle_sd * math.sqrt(count) * self.settings.side_sigmas
        lead = sums[best] - sums[other]
        if count == 0 or lead == 0.0:
            return max(poses, key=lambda side: poses[side].evidence), False
        return best, sums[best] >= by_chance and lead >= math.sqrt(2) * by_chance

    def _pedicles(self, picture: SpinePicture, pose: Pose, level: str | None) -> list[float | None]:
        """Return what is seen behind a body and its neighbours."""
        found = [pose]
        for way in (1.0, -1.0):
            one = pose
            for _ in range(_NEIGHBOURS):
                one = self._neighbour(picture, one, way, level)
                found.append(one)
        return [one.pedicle for one in found]

    def _neighbour(self, picture: SpinePicture, pose: Pose, way: float, level: str | None) -> Pose:
        """Return the next body upwards (1) or downwards (-1), clicked where it must be."""
        depth_mm = self.poses.expected_depth_mm(pose.height_mm, level)
        middle_mm = depth_mm / 2 - float(pose.back.at(0.0))
        up_mm = way * (1.0 + _DISC_SHARE) * pose.height_mm
        at = pose.axes.to_px(np.array([[middle_mm, up_mm]]))[0]
        scaled = replace(picture, mm_per_px=pose.axes.mm_per_px)
        return self.poses.find(scaled, replace(pose.axes, origin_px=at), None, _NO_HINTS)
