"""Implants from earlier operations: pedicle screws with rods, and old cement."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from leakwatch.core.errors import ConfigError
from leakwatch.core.messages import text
from leakwatch.simulator.anatomy.fracture import unbroken_axes
from leakwatch.simulator.anatomy.spine import Posed
from leakwatch.simulator.anatomy.vertebra_shape import body_distance, pedicle_centre_mm
from leakwatch.simulator.anatomy.vertebra_sizes import VertebraSize
from leakwatch.simulator.anatomy.voxel_grid import Grid, Points3
from leakwatch.simulator.cement.cement_flow import CementFlow, flow_cement
from leakwatch.simulator.cement.site import Site, make_bone_resistance, make_uneven
from leakwatch.simulator.scenario.scenario_anatomy import OldCementSection, ScrewsSection
from leakwatch.simulator.scene.solid_cylinder import SolidCylinder

# A pedicle screw: so far into the body, as a share of its depth, and out of the pedicle behind it.
_REACH_SHARE, _BEHIND_MM = 0.8, 14.0
_LEAST_ANGLE_DEG = 5.0  # surgeons let screws converge where pedicles hardly do
_CORE_SHARE, _PITCH_MM, _THREAD_MM = 0.78, 2.75, 0.8  # of the thread
_HEAD_MM, _HEAD_RADIUS_MM = 14.0, 6.0  # polyaxial, and solid enough
_ROD_BEYOND_MM = 5.0

_SPACING_MM = (0.5, 0.5, 0.5)
_AROUND_MM = np.array([32.0, 28.0, 22.0])
_OLD_NEAREST_MM = 4.0  # to the posterior wall: that operation went well
_OLD_FINGERING = (1.2, 0.7)
_OLD_MOTTLING, _OLD_LOBES, _OLD_RIM_MM = 0.6, 0.8, 1.2


def vertebra_at(spine: Sequence[Posed], levels_above: int, key: str) -> Posed:
    """Return a neighbour of the target.

    Raises
    ------
    ConfigError
        There is none, or the anatomy comes from a CT, which has its own.
    """
    for vertebra in spine:
        if vertebra.levels_above == levels_above:
            return vertebra
    raise ConfigError(
        text(
            "{key} names the vertebra {levels_above} levels above the target, but the simulated "
            "spine has none there: it is analytic anatomy only, about 100 mm up and down. Choose "
            "another level.",
            key=key,
            levels_above=levels_above,
        )
    )


def screws_and_rods(section: ScrewsSection, spine: Sequence[Posed]) -> list[SolidCylinder]:
    """Return the parts of a fixation, both sides.

    Raises
    ------
    ConfigError
        The spine has no such level.
    """
    levels = sorted(set(section.levels), reverse=True)
    vertebrae = [vertebra_at(spine, level, "screws.levels") for level in levels]
    parts = []
    for side in (1.0, -1.0):
        heads = []
        for vertebra in vertebrae:
            tip, entry = _screw_axis_mm(vertebra, side)
            parts += _screw(tip, entry, section.diameter_mm / 2)
            outward = (entry - tip) / np.linalg.norm(entry - tip)
            heads.append(entry + outward * _HEAD_MM / 2)
        for upper, lower in pairwise(heads):
            beyond = _ROD_BEYOND_MM * (upper - lower) / np.linalg.norm(upper - lower)
            parts.append(SolidCylinder(lower - beyond, upper + beyond, section.rod_mm / 2))
    return parts


def _screw_axis_mm(vertebra: Posed, side: float) -> tuple[Points3, Points3]:
    """Return tip and entry of a screw through a pedicle, in patient coordinates."""
    size = vertebra.size
    across, back, up = pedicle_centre_mm(size)
    slope = np.tan(np.radians(max(size.form.pedicle_angle_deg, _LEAST_ANGLE_DEG)))
    front = (_REACH_SHARE - 0.5) * size.depth_mm
    tip = (side * max(across - slope * (front - back), 2.0), front, up)
    entry = (side * (across + slope * _BEHIND_MM), back - _BEHIND_MM, up)
    placed = vertebra.to_patient_mm(np.array([tip, entry]))
    return placed[0], placed[1]


def _screw(tip: Points3, entry: Points3, radius_mm: float) -> list[SolidCylinder]:
    outward = (entry - tip) / np.linalg.norm(entry - tip)
    parts = [SolidCylinder(entry, entry + _HEAD_MM * outward, _HEAD_RADIUS_MM)]
    for at in np.arange(0.0, float(np.linalg.norm(entry - tip)) - _PITCH_MM, _PITCH_MM):
        # End to end, so that nothing counts twice: a turn of the thread, then the core alone.
        start, middle, end = (tip + (at + s) * outward for s in (0.0, _THREAD_MM, _PITCH_MM))
        parts.append(SolidCylinder(start, middle, radius_mm))
        parts.append(SolidCylinder(middle, end, _CORE_SHARE * radius_mm))
    return parts


def old_cement(
    section: OldCementSection, spine: Sequence[Posed], rng: np.random.Generator
) -> list[CementFlow]:
    """Return cement that has long been in neighbours of the target, one flow for each level.

    Raises
    ------
    ConfigError
        The spine has no such level, or its body no room for so much.
    """
    flows = []
    for level, source in zip(section.levels, rng.spawn(len(section.levels)), strict=True):
        vertebra = vertebra_at(spine, level, "old_cement.levels")
        flows.append(_filled_body(vertebra, section.volume_ml, source))
    return flows


def _filled_body(vertebra: Posed, volume_ml: float, rng: np.random.Generator) -> CementFlow:
    centre = np.array([0.0, *vertebra.centre_mm])
    grid = Grid.covering(centre - _AROUND_MM, centre + _AROUND_MM, _SPACING_MM)
    whole = grid.box(np.full(3, -1e6), np.full(3, 1e6))
    axes = vertebra.axes(grid, whole)
    size = vertebra.size
    depth = -body_distance(unbroken_axes(axes, size, vertebra.fracture), size)
    before = np.broadcast_to(axes[1] + size.depth_mm / 2, grid.shape)
    nowhere = np.zeros(grid.shape, bool)
    site = Site(grid, depth, before, nowhere, nowhere)
    bone = make_bone_resistance(site, _OLD_NEAREST_MM, 0.0, rng)
    bone = make_uneven(bone, _OLD_MOTTLING, _OLD_LOBES, rng)
    tip = np.rint(grid.to_index(vertebra.to_patient_mm(_tip_mm(size, rng)))).astype(int)[0]
    return flow_cement(
        bone,
        (int(tip[0]), int(tip[1]), int(tip[2])),
        [],
        volume_ml,
        _OLD_FINGERING,
        None,
        _OLD_RIM_MM,
    )


def _tip_mm(size: VertebraSize, rng: np.random.Generator) -> Points3:
    """Return where that cement came from: beside the midline, in the front half."""
    across = rng.uniform(-0.2, 0.2) * size.width_mm
    return np.array([[across, rng.uniform(0.0, 0.2) * size.depth_mm, 0.0]])
