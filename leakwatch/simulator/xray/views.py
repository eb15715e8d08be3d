"""Views of the patient from each pose of the C-arm, with a cache of projections."""

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
from leakwatch.simulator.xray.projected_truth import TruthMeasurer, make_truth_measurer

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
    measurer : Judge
        Without the posterior wall where the pose is turned.
    """

    pose: Pose
    carm: CArm
    close_up: CArm
    measurer: TruthMeasurer


class SceneViews:
    """Cache of views and projected layers by pose.

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
        """Return the view of the scene from `pose`."""
        return _kept(self._views, pose, self._made)

    def layers(self, pose: Pose) -> Layers:
        """Return the projected patient from `pose`: expensive, and not needed for truth."""
        return _kept(self._layers, pose, self._projected)

    def _made(self, pose: Pose) -> SceneView:
        scene, carm = self._scene, pose.of(self._carm)
        near = close_up(carm, scene.flow, scene.thread)
        marks = scene.landmarks
        front = (marks.lower_mm + marks.upper_mm) / 2
        measurer = make_truth_measurer(near, marks.wall_mm, front, scene.all_paths)
        if pose.is_turned:
            measurer = replace(measurer, wall_distance_mm=None)
        return SceneView(pose, carm, near, measurer)

    def _projected(self, pose: Pose) -> Layers:
        if self._shares is None:
            self._shares = moving_shares(self._scene.anatomy)
        return project_layers(self._scene.anatomy, pose.of(self._carm), self._shares)


def _kept(known: OrderedDict[Pose, _Seen], pose: Pose, make: Callable[[Pose], _Seen]) -> _Seen:
    """Return the cached or new result of `make` for a pose; drop the least recently used."""
    seen = known.get(pose)
    if seen is None:
        seen = known[pose] = make(pose)
        if len(known) > _KEPT_POSES:
            known.popitem(last=False)
    known.move_to_end(pose)
    return seen
