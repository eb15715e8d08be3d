"""Projected implants of earlier operations, which move with the spine."""

from __future__ import annotations

import numpy as np

from leakwatch.simulator.anatomy.carm import CArm, Image
from leakwatch.simulator.anatomy.spine import Posed
from leakwatch.simulator.cement.cement_flow import CementFlow
from leakwatch.simulator.cement.cement_images import close_up, paste_close_up, project_cement
from leakwatch.simulator.scenario.scenario import Scenario
from leakwatch.simulator.scene.implants import old_cement, screws_and_rods
from leakwatch.simulator.scene.poses import Pose
from leakwatch.simulator.scene.scene import IMPLANT_STREAM, stream
from leakwatch.simulator.scene.solid_cylinder import add_cylinder
from leakwatch.simulator.xray.views import SceneView


class ImplantLayers:
    """Implants of a scenario from each pose.

    Parameters
    ----------
    scenario : Scenario
    spine : tuple of Posed
        Of the anatomy.
    """

    def __init__(self, scenario: Scenario, spine: tuple[Posed, ...]) -> None:
        screws, old = scenario.screws, scenario.old_cement
        rng = stream(scenario, IMPLANT_STREAM)
        self._metal = [] if screws is None else screws_and_rods(screws, spine)
        self._flows = [] if old is None else old_cement(old, spine, rng)
        self._old_ml = 0.0 if old is None else old.volume_ml
        self._known: dict[Pose, dict[str, Image]] = {}

    def of(self, view: SceneView) -> dict[str, Image]:
        """Return lengths along the rays by material, mm, ``(rows, columns)`` with the margin."""
        if view.pose not in self._known:
            self._known[view.pose] = self._projected(view.carm)
        return self._known[view.pose]

    def _projected(self, carm: CArm) -> dict[str, Image]:
        layers = {}
        if self._metal:
            layers["titanium"] = np.zeros(carm.size_px[::-1])
            for part in self._metal:
                add_cylinder(layers["titanium"], part, carm)
        if self._flows:
            parts = [self._cement_mm(flow, carm) for flow in self._flows]
            layers["old_cement"] = sum(parts, np.zeros(carm.size_px[::-1]))
        return layers

    def _cement_mm(self, flow: CementFlow, carm: CArm) -> Image:
        near = close_up(carm, flow)
        inside = np.ones(flow.grid.shape, bool)
        seen = project_cement(flow, self._old_ml, near, inside)
        return paste_close_up(seen.total, near.margin_px, carm.margin_px, carm.size_px[::-1])
