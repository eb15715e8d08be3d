"""Cement in the bore of the cannula: it comes from the hub, and its column can break."""

from __future__ import annotations

import numpy as np

from leakwatch.simulator.anatomy.carm import Image
from leakwatch.simulator.scenario.scenario_cement import BoreSection
from leakwatch.simulator.scene.scene_motion import smooth_step
from leakwatch.simulator.scene.steel_cannula import LENGTH_MM

_MENISCUS_MM = 1.0  # over which a column ends


def bore_share(bore: BoreSection, start_s: float, time_s: float, along_mm: Image) -> Image:
    """Return the share of the bore that cement fills where rays pass it.

    Parameters
    ----------
    bore : BoreSection
    start_s : float
        When cement reaches the tip.
    time_s : float
    along_mm : ndarray
        From the tip; see `steel_cannula.along_mm`.
    """
    missing = np.clip((start_s - time_s) / bore.fills_over_s, 0.0, 1.0)
    end_mm = LENGTH_MM * missing
    share = _beyond(along_mm, end_mm) if missing > 0.0 else np.ones(along_mm.shape)
    for gap in bore.breaks:
        opened = gap.length_mm * float(smooth_step(np.array(time_s - gap.at_s), gap.over_s))
        if opened > 0.0:
            far = _beyond(along_mm, gap.from_tip_mm + opened)
            share = share * (1.0 - _beyond(along_mm, gap.from_tip_mm) * (1.0 - far))
    return share


def _beyond(along_mm: Image, end_mm: float) -> Image:
    """Return 1 on the hub's side of a place along the bore and 0 on the tip's."""
    return np.clip(0.5 + (along_mm - end_mm) / _MENISCUS_MM, 0.0, 1.0)
