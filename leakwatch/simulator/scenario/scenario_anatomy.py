"""Section of a scenario that describes the patient.

Keys that came later: see `Section.ADDED_LATER`.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import msgspec
from msgspec import Meta

from leakwatch.simulator.anatomy.vertebra_sizes import SizeSet
from leakwatch.simulator.scenario.scenario_sections import Section

_Positive = Annotated[float, Meta(gt=0)]
_Loss = Annotated[float, Meta(ge=0, le=0.5)]
_Neighbours = Annotated[list[Literal[-3, -2, -1, 1, 2, 3]], Meta(min_length=1)]
_Levels = Annotated[int, Meta(ge=-3, le=3)]


class FractureSection(Section, frozen=True):
    """A collapsed vertebral body, with the bone below its endplates pressed together.

    Parameters
    ----------
    levels_above : int
        How many levels it lies above the target; 0 is the target, negative is below.
    wedge : float
        Share of the height that the front has lost.
    biconcave : float
        Share of the height that the middle has lost.
    """

    levels_above: _Levels = 0
    wedge: _Loss = 0.0
    biconcave: _Loss = 0.0


class AnatomySection(Section, frozen=True):
    """Simulated patient.

    All but the level and the files is for analytic anatomy only.

    Parameters
    ----------
    level : str
        Target vertebra, ``L1``.
    bone_density : float
        Of spongy bone; 1 for osteoporosis.
    wedge : float
        Share of the front's height that the target has lost.
    ct, vertebrae : str or None
        Relative to the scenario: CT (NIfTI in Hounsfield units, or the folder of a DICOM series),
        and vertebra labels (NIfTI, or a DICOM segmentation). Given on the command line they go
        before these.
    body : str or None
        Labels of vertebral bodies, where there are any; else the body is cut out by shape.
    sizes : SizeSet
        ``mean``: the same person in each scenario; ``population``: a person drawn by the seed.
    fractures : list of FractureSection
        One for each vertebra at most.
    trabecular_hu : float or None
        Of trabecular bone, Hounsfield units: 20 to 60 in severe osteoporosis, 200 and more in the
        young. It goes before `bone_density`.
    cortex_factor : float
        Thickness of the cortex against the usual one.
    """

    ADDED_LATER: ClassVar = frozenset({"sizes", "fractures", "trabecular_hu", "cortex_factor"})

    level: str = "L1"
    bone_density: _Positive = 1.0
    wedge: _Loss = 0.0
    ct: str | None = None
    vertebrae: str | None = None
    body: str | None = None
    sizes: SizeSet = SizeSet.MEAN
    fractures: list[FractureSection] = msgspec.field(default_factory=list)
    trabecular_hu: Annotated[float, Meta(ge=-50, le=400)] | None = None
    cortex_factor: Annotated[float, Meta(ge=0.4, le=2.5)] = 1.0


class ScrewsSection(Section, frozen=True):
    """Pedicle screws of titanium on both sides, with rods from level to level.

    Parameters
    ----------
    levels : list of int
        How many levels above the target each pair lies; negative: below. Between two levels runs a
        rod on each side, also past the target.
    diameter_mm, rod_mm : float
        Of the screws' thread, and of the rods.
    """

    levels: _Neighbours
    diameter_mm: Annotated[float, Meta(ge=4, le=9)] = 6.0
    rod_mm: Annotated[float, Meta(ge=3, le=7)] = 5.5


class OldCementSection(Section, frozen=True):
    """Cement of an earlier operation in neighbours of the target. It is no part of the truth.

    Parameters
    ----------
    levels : list of int
        How many levels above the target each lies; negative: below.
    volume_ml : float
        In each.
    barium_sulphate_share : float
        Of its mass.
    """

    levels: _Neighbours
    volume_ml: Annotated[float, Meta(gt=0, le=8)] = 3.0
    barium_sulphate_share: Annotated[float, Meta(ge=0.05, le=0.45)] = 0.3
