"""Linear attenuation of tissues at `beam.REFERENCE_KEV`, 1/mm.

Mass attenuation after NIST (Hubbell and Seltzer, NISTIR 5632) at 60 keV times the density of
ICRU report 44. Water 0.2059 cm2/g at 1.000 g/cm3.
"""

from __future__ import annotations

from typing import Final

WATER: Final = 0.02059
FAT: Final = 0.01875  # 0.1974 cm2/g, 0.95 g/cm3
ORGAN: Final = 0.02150  # 0.2048 cm2/g, 1.05 g/cm3; muscle, liver, blood
DISC: Final = 0.02220  # cartilage: 0.2022 cm2/g, 1.10 g/cm3
LUNG: Final = 0.00533  # 0.2053 cm2/g, inflated 0.26 g/cm3
CORTEX: Final = 0.06044  # 0.3148 cm2/g, 1.92 g/cm3
# Spongy bone of an osteoporotic vertebra, about 90 Hounsfield units (L1, opportunistic CT series).
MARROW: Final = 0.02245
GAS: Final = 0.0


def from_hounsfield(units: float) -> float:
    """Return the attenuation of Hounsfield units, 1/mm."""
    return WATER * (1.0 + units / 1000.0)
