"""The patient seen from each pose of the C-arm; what was projected last is kept."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace

from leakwatch.phantom.anatomy import Shares, moving_shares
from leakwatch.phantom.carm import CArm
from leakwatch.phantom.cement_images import close_up
from leakwatch.phantom.layers import Layers, project_layers
from leakwatch.phantom.poses import Pose
from leakwatch.phantom.scene import Scene
from leakwatch.phantom.truth import Judge, make_judge

# A C-arm that turns back shows what it showed on its way: so many poses are kept, some 10 MB each.
_KEPT_POSES = 24


@dataclass(frozen=True, slots=True)
class SceneView:
    """A scene from one pose.

    Parameters
    ----------
    pose : Pose
    carm : CArm
        With the margin.
    layers : Layers
    close_up : CArm
        Of the pictures of cement.
    judge : Judge
        Without the posterior wall where the pose is turned.
    """

    pose: Pose
    carm: CArm
    layers: Layers
    close_up: CArm
    judge: Judge


class SceneViews:
    """Makes the view of each pose when it is first asked for.

    Parameters
    ----------
    scene : Scene
    carm : CArm
        The scenario's own view, with a margin that holds all movement.
    """

    def __init__(self, scene: Scene, carm: CArm) -> None:
        self._scene, self._carm = scene, carm
        self._shares: Shares = moving_shares(scene.anatomy)
        self._views: OrderedDict[Pose, SceneView] = OrderedDict()

    def at(self, pose: Pose) -> SceneView:
        """The scene from `pose`."""
        view = self._views.get(pose)
        if view is None:
            view = self._made(pose)
            self._views[pose] = view
            if len(self._views) > _KEPT_POSES:
                self._views.popitem(last=False)
        self._views.move_to_end(pose)
        return view

    def _made(self, pose: Pose) -> SceneView:
        scene, carm = self._scene, pose.of(self._carm)
        near = close_up(carm, scene.flow)
        marks = scene.landmarks
        front = (marks.lower_mm + marks.upper_mm) / 2
        judge = make_judge(near, marks.wall_mm, front, scene.paths)
        if pose.is_turned:
            judge = replace(judge, wall_distance_mm=None)
        return SceneView(pose, carm, project_layers(scene.anatomy, carm, self._shares), near, judge)
