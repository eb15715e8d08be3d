"""Attenuation of cement, steel and a trunk by energy.

Mass attenuation coefficients are those of NIST (Hubbell and Seltzer, NISTIR 5632, and XCOM), of
compounds by the mixture rule, between its energies by interpolation of logarithms. Barium's K
edge lies within the spectrum, so its energy is tabulated on both sides.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from leakwatch.core.arrays import Array

_KEV: Final = (20.0, 30.0, 40.0, 50.0, 60.0, 80.0, 100.0, 150.0)
_BARIUM_KEV: Final = (20.0, 30.0, 37.4405, 37.4407, 40.0, 50.0, 60.0, 80.0, 100.0, 150.0)
_CAESIUM_IODIDE_KEV: Final = (
    20.0, 30.0, 33.169, 33.170, 35.984, 35.985, 40.0, 50.0, 60.0, 80.0, 100.0, 150.0,
)  # fmt: skip

# Energies in keV, mass attenuation in cm2/g, density in g/cm3. Steel is the mean of AISI 304 and
# 316, of which tubes of ISO 9626 are made: 4 % more than iron, by nickel and molybdenum.
_TABLES: Final[dict[str, tuple[tuple[float, ...], tuple[float, ...], float]]] = {
    "water": (_KEV, (0.8096, 0.3756, 0.2683, 0.2269, 0.2059, 0.1837, 0.1707, 0.1505), 1.0),
    "bone": (_KEV, (4.001, 1.331, 0.6655, 0.4242, 0.3148, 0.2229, 0.1855, 0.1480), 1.92),
    "pmma": (_KEV, (0.5714, 0.3032, 0.2350, 0.2074, 0.1924, 0.1751, 0.1641, 0.1456), 1.18),
    "BaSO4": (
        _BARIUM_KEV,
        (18.45, 6.222, 3.472, 17.41, 14.66, 8.253, 5.116, 2.413, 1.362, 0.5188),
        4.50,
    ),
    "ZrO2": (_KEV, (53.80, 18.50, 8.499, 4.625, 2.821, 1.318, 0.7553, 0.3159), 5.68),
    "steel": (_KEV, (26.71, 8.503, 3.774, 2.036, 1.253, 0.6190, 0.3866, 0.2043), 8.0),
    "aluminium": (_KEV, (3.441, 1.128, 0.5685, 0.3681, 0.2778, 0.2018, 0.1704, 0.1378), 2.70),
    "copper": (_KEV, (33.79, 10.92, 4.862, 2.613, 1.593, 0.7630, 0.4584, 0.2217), 8.96),
    "caesium iodide": (
        _CAESIUM_IODIDE_KEV,
        (26.86, 9.045, 6.92, 20.8, 16.8, 30.3, 22.97, 12.87, 7.921, 3.677, 2.035, 0.736),
        4.51,
    ),
}
_MM_PER_CM: Final = 10.0


def mass_attenuation(material: str, kev: Array) -> Array:
    """Return mass attenuation, cm2/g.

    Parameters
    ----------
    material : str
        A key of the table.
    kev : ndarray
        Energies from 20 to 150 keV.
    """
    energies, values, _ = _TABLES[material]
    found: Array = np.exp(np.interp(np.log(kev), np.log(energies), np.log(values)))
    return found


def linear_attenuation(material: str, kev: Array) -> Array:
    """Return linear attenuation, 1/mm."""
    found: Array = mass_attenuation(material, kev) * _TABLES[material][2] / _MM_PER_CM
    return found


def cement_attenuation(opacifier: str, share: float, kev: Array) -> Array:
    """Return linear attenuation of set cement, 1/mm.

    Parameters
    ----------
    opacifier : str
        ``BaSO4`` or ``ZrO2``.
    share : float
        Of the opacifier in the mass of the cement; the rest is PMMA.
    kev : ndarray
    """
    filler, resin = _TABLES[opacifier][2], _TABLES["pmma"][2]
    density = 1.0 / (share / filler + (1.0 - share) / resin)
    mass = share * mass_attenuation(opacifier, kev)
    mass = mass + (1.0 - share) * mass_attenuation("pmma", kev)
    found: Array = mass * density / _MM_PER_CM
    return found
