"""Lung and bowel that move over the spine, as thickness of soft tissue along the rays.

A layer of the picture: lung above two domes of the diaphragm, or loops of bowel with gas. It takes
tissue away where the trunk of the anatomy has some, and moves as the organs do.
"""

from __future__ import annotations

import numpy as np

from leakwatch.simulator.anatomy.carm import CArm
from leakwatch.simulator.scenario.scenario_room import OrganKind, OrganLayerSection
from leakwatch.simulator.scene.image_layer import Image, places_mm, smooth_noise

# The diaphragm: radius of a dome, how much lower the other one stands, and where along the picture
# the tops are, behind and in front of the spine.
_DOME_RADIUS_MM, _LOWER_DOME_MM, _TOPS_MM = 75.0, (6.0, 16.0), (8.0, 38.0)
# Vessels of the lung: size, and share of the depth that they fill.
_VESSEL_MM, _VESSEL_SHARE = 2.2, 0.10
# Bowel: loops per picture, half axes, spread of their places, folds of the wall.
_LOOPS, _LOOP_MM, _SPREAD_MM, _FOLD_MM = 7, ((6.0, 16.0), (4.0, 9.0)), (38.0, 20.0), 1.2


def organ_layer_mm(section: OrganLayerSection, carm: CArm, rng: np.random.Generator) -> Image:
    """Return the soft tissue that a layer adds, mostly below zero, mm of water.

    Parameters
    ----------
    section : OrganLayerSection
    carm : CArm
        With the margin.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray
        ``(rows, columns)`` with the margin.
    """
    across, above = places_mm(carm, section.edge_mm)
    draw = _diaphragm if section.kind is OrganKind.DIAPHRAGM else _bowel
    return draw(across, above, section.depth_mm, carm.mm_per_px, rng)


def _diaphragm(
    across: Image, above: Image, depth_mm: float, mm_per_px: float, rng: np.random.Generator
) -> Image:
    """Return two domes, each of which shows half of the lung above it."""
    shape = (above.shape[0], across.shape[1])
    lung = np.zeros(shape)
    side = 1.0 if rng.random() < 0.5 else -1.0
    for lower in (0.0, rng.uniform(*_LOWER_DOME_MM)):
        top = side * rng.uniform(*_TOPS_MM)
        below = -(above + lower) - (across - top) ** 2 / (2.0 * _DOME_RADIUS_MM)
        # A ray that passes below the top of a ball of radius R by h runs 2 sqrt(2 R h) inside it.
        chord = 2.0 * np.sqrt(2.0 * _DOME_RADIUS_MM * np.maximum(below, 0.0))
        lung += 0.5 * np.clip(1.0 - chord / depth_mm, 0.0, 1.0)
    vessels = smooth_noise(shape, _VESSEL_MM / mm_per_px, rng)
    vessels = np.clip(np.abs(vessels) - 0.8, 0.0, 1.5)
    layer: Image = -depth_mm * lung * (1.0 - _VESSEL_SHARE * vessels)
    return layer


def _bowel(
    across: Image, above: Image, depth_mm: float, mm_per_px: float, rng: np.random.Generator
) -> Image:
    """Return loops with gas: chords of ellipsoids, with the folds of their walls."""
    shape = (above.shape[0], across.shape[1])
    gas = np.zeros(shape)
    for _ in range(_LOOPS):
        place = np.array(_SPREAD_MM) * rng.standard_normal(2)
        long, short = (rng.uniform(*half) for half in _LOOP_MM)
        tilt = rng.uniform(0.0, np.pi)
        x, y = across - place[0], above - place[1]
        first = (x * np.cos(tilt) + y * np.sin(tilt)) / long
        second = (y * np.cos(tilt) - x * np.sin(tilt)) / short
        inside = np.sqrt(np.clip(1.0 - first**2 - second**2, 0.0, None))
        gas = np.maximum(gas, rng.uniform(0.4, 1.0) * inside)
    folds = smooth_noise(shape, _FOLD_MM / mm_per_px, rng)
    layer: Image = -depth_mm * gas * np.clip(1.0 - 0.25 * np.abs(folds), 0.0, 1.0)
    return layer
