"""Cavity left by a balloon (kyphoplasty), which cement fills first and with little resistance.

The balloon has been let down and drawn out before the first frame. The bone that it pressed aside
stays where it was in the picture: a cavity shows only by what fills it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from leakwatch.core.errors import ConfigError
from leakwatch.core.messages import text
from leakwatch.simulator.anatomy.voxel_grid import Points3
from leakwatch.simulator.cement.cement_flow import MM3_PER_ML, BoneResistance
from leakwatch.simulator.scenario.scenario_life import BalloonSection

# Against spongy bone of the same way: in the open, cement is held up by itself only.
_RESISTANCE_SHARE = 1e-3
# Bone that gives way no more pushes a balloon out of shape; by so much, along any way, at most.
_GREATEST_STRETCH = 1.35


def make_cavity(
    resistance: BoneResistance, balloon: BalloonSection, centre_mm: Points3
) -> BoneResistance:
    """Return the resistance with a cavity: an ellipsoid, as far as the body allows.

    Parameters
    ----------
    resistance : Ground
    balloon : BalloonSection
    centre_mm : ndarray
        ``(3,)``.

    Returns
    -------
    Ground
        In the cavity a voxel is all pore. Its volume is the balloon's, to half a voxel.

    Raises
    ------
    ConfigError
        The body has no room for it there.
    """
    grid = resistance.grid
    half_width = np.cbrt(
        balloon.volume_ml * MM3_PER_ML * 3.0 / (4.0 * np.pi * balloon.length_ratio)
    )
    half_mm = half_width * np.array([1.0, balloon.length_ratio, 1.0])
    offsets = zip(grid.open_axes_mm(), centre_mm, half_mm, strict=True)
    away = np.sqrt(sum(((axis - middle) / half) ** 2 for axis, middle, half in offsets))
    away = np.where(np.isfinite(resistance.cost), away, np.inf).ravel()
    count = round(balloon.volume_ml * MM3_PER_ML / grid.voxel_mm3)
    order = np.argsort(away, kind="stable")[:count]
    if away[order[-1]] > _GREATEST_STRETCH:
        raise ConfigError(
            text(
                "a balloon of {volume_ml:g} mL does not fit at {centre_mm} mm in the body. Reduce "
                "it, or change balloon.at.",
                volume_ml=balloon.volume_ml,
                centre_mm=np.round(centre_mm, 1),
            )
        )
    cavity = np.zeros(grid.shape, bool)
    cavity.ravel()[order] = True
    return replace(
        resistance,
        roughness=np.where(cavity, 0.0, resistance.roughness),
        cost=np.where(cavity, _RESISTANCE_SHARE, resistance.cost),
        pore=np.where(cavity, 1.0, resistance.pore),
    )
