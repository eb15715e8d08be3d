"""Sections on how cement looks, in the bone and in the cannula.

Keys here came later: see `Section.ADDED_LATER`.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from leakwatch.simulator.scenario.scenario_sections import Section

_NotNegative = Annotated[float, Meta(ge=0)]
_Positive = Annotated[float, Meta(gt=0)]


class CementLookSection(Section, frozen=True):
    """Cement as trabecular bone lets it in: mottled, in lobes, with a soft rim.

    Parameters
    ----------
    mottling : float
        How unevenly pores take cement, over 1 to 3 mm: standard deviation of the logarithm.
    lobes : float
        How much more easily some regions of 6 mm fill than others, against the finer roughness.
    rim_mm : float
        Thickness of the front in which pores are partly filled.
    attenuation_per_mm : float or None
        By how much a millimetre of cement attenuates more than marrow, behind a trunk: 0.024 to
        0.035 is faint. None: what follows from the barium sulphate.
    """

    mottling: Annotated[float, Meta(ge=0, le=1.2)] = 0.7
    lobes: Annotated[float, Meta(ge=0, le=2)] = 0.8
    rim_mm: Annotated[float, Meta(ge=0.3, le=4)] = 1.6
    attenuation_per_mm: Annotated[float, Meta(ge=0.005, le=1)] | None = None


class BreakSection(Section, frozen=True):
    """Break of the column of cement in the bore: a gap opens and stays.

    Parameters
    ----------
    at_s, over_s : float
    from_tip_mm, length_mm : float
        Where the gap begins, from the tip, and how long it becomes.
    """

    at_s: _NotNegative
    from_tip_mm: _NotNegative
    length_mm: _Positive
    over_s: _Positive = 0.4


class BoreSection(Section, frozen=True):
    """Cement in the bore of the cannula that injects; it goes before `cannula.filled`.

    It comes from the hub and reaches the tip as the injection begins. What is in the bore is drawn
    back with the cannula, but for a thread that stays in its track.

    Parameters
    ----------
    fills_over_s : float
        Time from hub to tip.
    breaks : list of BreakSection
    thread_mm : float
        How long the thread becomes at most before it tears off; 0: there is none. It counts as
        cement in the patient, in volume, distance and length of a leak.
    thread_diameter : float
        Of the thread, as a share of that of the bore.
    """

    fills_over_s: _Positive = 1.5
    breaks: list[BreakSection] = msgspec.field(default_factory=list)
    thread_mm: Annotated[float, Meta(ge=0, le=60)] = 0.0
    thread_diameter: Annotated[float, Meta(ge=0.3, le=1)] = 0.8
