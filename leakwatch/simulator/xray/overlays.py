"""Layers of a picture beside those of the anatomy: what breathes over the spine, and the pelvis."""

from __future__ import annotations

from dataclasses import dataclass

from leakwatch.simulator.anatomy.carm import Image
from leakwatch.simulator.scenario.scenario import Scenario
from leakwatch.simulator.scene.organ_layer import organ_layer_mm
from leakwatch.simulator.scene.pelvis_layer import pelvis_layer_mm
from leakwatch.simulator.scene.poses import Pose
from leakwatch.simulator.scene.scene import LAYER_STREAM, stream
from leakwatch.simulator.xray.views import SceneView


@dataclass(frozen=True, slots=True)
class Overlay:
    """Lengths along the rays, mm, ``(rows, columns)`` with the margin.

    Parameters
    ----------
    organs_soft : ndarray or None
        Moves with the organs.
    spine_bone : ndarray or None
        Moves with the spine.
    """

    organs_soft: Image | None
    spine_bone: Image | None


class Overlays:
    """Overlay of each pose; none where the view is turned away.

    Parameters
    ----------
    scenario : Scenario
    """

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._known: dict[Pose, Overlay] = {}

    def of(self, view: SceneView) -> Overlay:
        """Return the overlay of a view."""
        if view.pose not in self._known:
            self._known[view.pose] = self._made(view)
        return self._known[view.pose]

    def _made(self, view: SceneView) -> Overlay:
        organs, pelvis = self._scenario.organ_layer, self._scenario.pelvis
        if view.pose.is_turned:
            return Overlay(None, None)
        organ_rng, pelvis_rng = stream(self._scenario, LAYER_STREAM).spawn(2)
        return Overlay(
            None if organs is None else organ_layer_mm(organs, view.carm, organ_rng),
            None if pelvis is None else pelvis_layer_mm(pelvis, view.carm, pelvis_rng),
        )
