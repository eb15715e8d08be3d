"""Differences between patients: sizes of vertebrae, fractures, and density of bone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from leakwatch.simulator.anatomy.fracture import UNBROKEN, Fracture
from leakwatch.simulator.anatomy.tissue import MARROW
from leakwatch.simulator.anatomy.vertebra_sizes import MEAN_SIZES, Sizes


@dataclass(frozen=True, slots=True)
class Patient:
    """A patient's spine.

    Parameters
    ----------
    sizes : mapping of str to VertebraSize
        By level.
    fractures : mapping of int to Fracture
        By how many levels a vertebra lies above the target.
    trabecular : float
        Mean attenuation of trabecular bone at `beam.REFERENCE_KEV`, 1/mm.
    shell_factor : float
        Thickness of the cortex against that of `analytic_anatomy`.
    """

    sizes: Sizes = field(default_factory=lambda: MEAN_SIZES)
    fractures: Mapping[int, Fracture] = field(default_factory=dict)
    trabecular: float = MARROW
    shell_factor: float = 1.0

    @property
    def is_individual(self) -> bool:
        """Return whether the spine differs from the one that all earlier sequences have."""
        broken = any(fracture.impacted for fracture in self.fractures.values())
        return broken or self.sizes != MEAN_SIZES

    def fracture_of(self, levels_above: int) -> Fracture:
        """Return the fracture of a vertebra."""
        return self.fractures.get(levels_above, UNBROKEN)
