"""The patient seen from each pose of the C-arm; what was projected last is kept."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from leakwatch.simulator.anatomy.anatomy import Shares, moving_shares
from leakwatch.simulator.anatomy.carm import CArm
from leakwatch.simulator.cement.cement_images import close_up
from leakwatch.simulator.scene.poses import Pose
from leakwatch.simulator.scene.scene import Scene
from leakwatch.simulator.xray.patient_layers import Layers, project_layers
from leakwatch.simulator.xray.projected_truth import Judge, make_judge

# A C-arm that turns back shows what it showed on its way: so many poses are kept, some 10 MB each.
_KEPT_POSES = 24

_Seen = TypeVar("_Seen")


@dataclass(frozen=True, slots=True)
class SceneView:
    """A scene from one pose.

    Parameters
    ----------
    pose : Pose
    carm : CArm
        With the margin.
    close_up : CArm
        Of the pictures of cement.
    judge : Judge
        Without the posterior wall where the pose is turned.
    """

    pose: Pose
    carm: CArm
    close_up: CArm
    judge: Judge


class SceneViews:
    """Makes the view of each pose, and the pictures of the patient, when first asked for.

    Parameters
    ----------
    scene : Scene
    carm : CArm
        The scenario's own view, with a margin that holds all movement.
    """

    def __init__(self, scene: Scene, carm: CArm) -> None:
        self._scene, self._carm = scene, carm
        self._shares: Shares | None = None
        self._views: OrderedDict[Pose, SceneView] = OrderedDict()
        self._layers: OrderedDict[Pose, Layers] = OrderedDict()

    def at(self, pose: Pose) -> SceneView:
        """The scene from `pose`."""
        return _kept(self._views, pose, self._made)

    def layers(self, pose: Pose) -> Layers:
        """The patient without cement from `pose`: the dear part, which truth does not need."""
        return _kept(self._layers, pose, self._projected)

    def _made(self, pose: Pose) -> SceneView:
        scene, carm = self._scene, pose.of(self._carm)
        near = close_up(carm, scene.flow)
        marks = scene.landmarks
        front = (marks.lower_mm + marks.upper_mm) / 2
        judge = make_judge(near, marks.wall_mm, front, scene.paths)
        if pose.is_turned:
            judge = replace(judge, wall_distance_mm=None)
        return SceneView(pose, carm, near, judge)

    def _projected(self, pose: Pose) -> Layers:
        if self._shares is None:
            self._shares = moving_shares(self._scene.anatomy)
        return project_layers(self._scene.anatomy, pose.of(self._carm), self._shares)


def _kept(known: OrderedDict[Pose, _Seen], pose: Pose, make: Callable[[Pose], _Seen]) -> _Seen:
    """What `make` gives for a pose, or gave; those that were not asked for longest are dropped."""
    seen = known.get(pose)
    if seen is None:
        seen = known[pose] = make(pose)
        if len(known) > _KEPT_POSES:
            known.popitem(last=False)
    known.move_to_end(pose)
    return seen
