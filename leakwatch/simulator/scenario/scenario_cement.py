"""Sections on how cement looks, in the bone and in the cannula.

Keys here came later: see `Section.ADDED_LATER`.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from leakwatch.simulator.scenario.scenario_sections import Section

_Share = Annotated[float, Meta(ge=0, le=1)]


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
