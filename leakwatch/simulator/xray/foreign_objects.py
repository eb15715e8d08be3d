"""Hands and forceps at the edge of the field, as lengths along the rays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from leakwatch.simulator.scenario.scenario_room import ForeignObjectSection, ObjectKind
from leakwatch.simulator.scene.scene_motion import Track, smooth_step, unrest

Image = npt.NDArray[np.float64]

# Fingers: places beside each other and how much shorter than the longest, mm; radii of finger and
# bone, thickness of its cortex; where its joints are, from the tip.
_FINGERS_MM = ((-17.0, 9.0), (0.0, 0.0), (17.0, 5.0))
_FINGER_MM, _PHALANX_MM, _CORTEX_MM, _JOINTS_MM = 8.0, 3.6, 1.1, (24.0, 48.0)
_JOINT_GAP_MM, _TIP_MM, _MARROW_SHARE = 1.5, 4.0, 0.25
# Forceps: half opening at the tips, where the arms cross, and their radius at both ends.
_OPENING_MM, _JOINT_MM, _ARM_MM = 1.5, 55.0, (0.9, 2.2)
_FAR_MM = 200.0  # beyond any picture


@dataclass(frozen=True, slots=True)
class ForeignLengths:
    """Lengths along the rays, mm, ``(rows, columns)``."""

    soft: Image
    bone: Image
    steel: Image


class ForeignObjects:
    """Objects that come into the field from outside.

    Parameters
    ----------
    sections : sequence of ForeignObjectSection
    times_s : ndarray
        ``(n,)``, of the frames.
    rows, columns : int
    mm_per_px : float
        At the vertebra.
    rng : numpy.random.Generator
    """

    def __init__(
        self,
        sections: Sequence[ForeignObjectSection],
        times_s: Track,
        rows: int,
        columns: int,
        mm_per_px: float,
        rng: np.random.Generator,
    ) -> None:
        self._size, self._mm_per_px = (rows, columns), mm_per_px
        self._tracks = [(section, _place_mm(section, times_s, rng)) for section in sections]

    def at(self, index: int) -> ForeignLengths | None:
        """Return what is in the field in frame `index`; None where there is nothing."""
        found: ForeignLengths | None = None
        for section, track in self._tracks:
            reach, aside = (float(value) for value in track[index])
            if reach <= 0.0:
                continue
            inward, across = self._axes_mm(section, reach, aside)
            draw = _hand if section.kind is ObjectKind.HAND else _forceps
            one = draw(inward, across)
            found = one if found is None else _both(found, one)
        return found

    def _axes_mm(
        self, section: ForeignObjectSection, reach_mm: float, aside_mm: float
    ) -> tuple[Image, Image]:
        """Return how far each pixel lies behind the object's tip, and beside its axis."""
        rows, columns = self._size
        column, row = np.meshgrid(np.arange(columns, dtype=float), np.arange(rows, dtype=float))
        from_side = {
            "left": (column, row - section.along * rows),
            "right": (columns - 1 - column, row - section.along * rows),
            "top": (row, column - section.along * columns),
            "bottom": (rows - 1 - row, column - section.along * columns),
        }
        depth, beside = (part * self._mm_per_px for part in from_side[section.edge])
        angle = np.radians(section.slant_deg)
        behind, beside = reach_mm - depth, beside - aside_mm
        return (
            behind * np.cos(angle) + beside * np.sin(angle),
            beside * np.cos(angle) - behind * np.sin(angle),
        )


def _place_mm(section: ForeignObjectSection, times_s: Track, rng: np.random.Generator) -> Track:
    """Return how far the object reaches into the field, and how far aside, ``(n, 2)``."""
    there = smooth_step(times_s - section.from_s, section.over_s)
    if section.from_s == 0.0:
        there = np.ones(len(times_s))  # it is there from the first frame on
    if section.to_s is not None:
        there = there - smooth_step(times_s - section.to_s, section.over_s)
    moves = section.unrest_mm * np.stack([unrest(times_s, rng), unrest(times_s, rng)], axis=1)
    # As it leaves, all of it goes: the hand's unrest does not keep it in the field.
    reach = there * (section.reach_mm + moves[:, 0]) - (1.0 - there) * section.unrest_mm
    return np.stack([reach, moves[:, 1]], axis=1)


def _hand(inward: Image, across: Image) -> ForeignLengths:
    """Return fingers with their phalanges; `inward` counts from the longest tip outwards."""
    soft, bone = np.zeros(inward.shape), np.zeros(inward.shape)
    for aside, shorter in _FINGERS_MM:
        behind, beside = inward - shorter, across - aside
        flesh = _capsule(behind, beside, _FINGER_MM, _FINGER_MM, _FAR_MM)
        phalanx = np.zeros(inward.shape)
        for start, end in zip((_TIP_MM, *_JOINTS_MM), (*_JOINTS_MM, _FAR_MM), strict=True):
            first, last = start + _JOINT_GAP_MM + _PHALANX_MM, end - _JOINT_GAP_MM - _PHALANX_MM
            whole = _capsule(behind, beside, _PHALANX_MM, first, last)
            marrow = _capsule(behind, beside, _PHALANX_MM - _CORTEX_MM, first, last)
            phalanx += whole - (1.0 - _MARROW_SHARE) * marrow
        soft, bone = np.maximum(soft, flesh - phalanx), np.maximum(bone, phalanx)
    return ForeignLengths(soft, bone, np.zeros(inward.shape))


def _forceps(inward: Image, across: Image) -> ForeignLengths:
    """Return two arms of steel that cross at a joint, thicker away from the tips."""
    steel = np.zeros(inward.shape)
    share = np.clip(inward / _JOINT_MM, 0.0, 1.0)
    radius = _ARM_MM[0] + (_ARM_MM[1] - _ARM_MM[0]) * share
    for side in (-1.0, 1.0):
        axis = side * _OPENING_MM * (1.0 - inward / _JOINT_MM)
        chord = 2.0 * np.sqrt(np.clip(radius**2 - (across - axis) ** 2, 0.0, None))
        steel += chord * np.clip(inward + 0.5, 0.0, 1.0)
    nothing = np.zeros(inward.shape)
    return ForeignLengths(nothing, nothing, steel)


def _capsule(behind: Image, beside: Image, radius: float, start: float, end: float) -> Image:
    """Return chords of a capsule whose axis runs from `start` to `end` behind the tip."""
    off = behind - np.clip(behind, start, max(start, end))
    chords: Image = 2.0 * np.sqrt(np.clip(radius**2 - off**2 - beside**2, 0.0, None))
    return chords


def _both(first: ForeignLengths, second: ForeignLengths) -> ForeignLengths:
    return ForeignLengths(
        first.soft + second.soft, first.bone + second.bone, first.steel + second.steel
    )
