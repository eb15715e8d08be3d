"""Pelvis over the lower spine in a lateral view, as thickness of bone along the rays.

Two iliac wings, which the beam passes nearly face on, each a sheet of spongy bone between two
cortices with a thick rim along its crest. They are fastened to the spine and move with it.
"""

from __future__ import annotations

import numpy as np

from leakwatch.simulator.anatomy.carm import CArm
from leakwatch.simulator.scenario.scenario_room import PelvisSection
from leakwatch.simulator.scene.image_layer import Image, places_mm, smooth_noise

# The crest: radius of its arch, where its top lies in front of the spine's centre, how much the two
# wings differ across and along the spine (they lie at other distances from the source).
_ARCH_MM, _TOP_MM, _APART_MM = 80.0, (-12.0, 14.0), ((-7.0, 7.0), (2.0, 9.0))
# The rim of the crest, and how uneven the wings are, over what length.
_RIM_MM, _RIM_SHARE, _UNEVEN_MM, _UNEVEN_SHARE = 5.0, 0.8, (9.0, 1.8), (0.15, 0.08)


def pelvis_layer_mm(section: PelvisSection, carm: CArm, rng: np.random.Generator) -> Image:
    """Return the bone that the pelvis adds, mm of cortical bone.

    Parameters
    ----------
    section : PelvisSection
    carm : CArm
        With the margin.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray
        ``(rows, columns)`` with the margin.
    """
    across, above = places_mm(carm, section.crest_mm)
    top, bone = rng.uniform(*_TOP_MM), np.zeros(carm.size_px[::-1])
    for wing in range(2):
        aside, lower = (wing * rng.uniform(*apart) for apart in _APART_MM)
        off = across - top - aside
        depth = -(above + lower) - off**2 / (2.0 * _ARCH_MM)
        # The edge of a rounded rim: a chord that grows with the root of the depth below it.
        inside = np.sqrt(np.clip(depth / _RIM_MM, 0.0, 1.0))
        rim = np.exp(-((depth / _RIM_MM - 1.0) ** 2))
        bone += 0.5 * section.bone_mm * inside * (1.0 + _RIM_SHARE * rim) * _uneven(carm, rng)
    return bone


def _uneven(carm: CArm, rng: np.random.Generator) -> Image:
    factor: Image = np.ones(carm.size_px[::-1])
    for length, share in zip(_UNEVEN_MM, _UNEVEN_SHARE, strict=True):
        factor += share * smooth_noise(carm.size_px[::-1], length / carm.mm_per_px / 2.0, rng)
    return np.maximum(factor, 0.0)
