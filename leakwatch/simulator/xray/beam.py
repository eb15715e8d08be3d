"""X-ray beam: spectrum, attenuation by materials, and signal at the detector.

Polyenergetic Beer-Lambert law. The anatomy is known as attenuation at one energy; it is taken for
a mixture of soft tissue and cortical bone, the two basis materials of Alvarez and Macovski
(doi:10.1088/0031-9155/21/5/002). The spectrum is Kramers' bremsstrahlung behind a filter, without
the lines of tungsten; the detector weighs each quantum by the energy that caesium iodide takes
up. No scatter here: see `xray_detector`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from leakwatch.simulator.anatomy.tissue import CORTEX, ORGAN, WATER
from leakwatch.simulator.anatomy.voxel_grid import Volume

Image = npt.NDArray[np.float64]
Vector = npt.NDArray[np.float64]

REFERENCE_KEV: Final = 60.0

# Energies in keV, and mass attenuation in cm2/g: NIST (Hubbell and Seltzer, NISTIR 5632), compounds
# by the mixture rule; bone after ICRU report 44. Barium's K edge lies at 37.4 keV.
_KEV: Final = np.arange(20.0, 125.0, 5.0)
_MASS_ATTENUATION: Final[dict[str, list[float]]] = {
    "water": [
        0.8098, 0.5082, 0.3756, 0.3075, 0.2683, 0.2436, 0.2269, 0.2149, 0.2059, 0.1987, 0.1929,
        0.1879, 0.1837, 0.1799, 0.1766, 0.1735, 0.1707, 0.1681, 0.1657, 0.1635, 0.1614,
    ],
    "cortical_bone": [
        4.001, 2.158, 1.331, 0.9061, 0.6655, 0.5189, 0.4242, 0.3601, 0.3148, 0.2818, 0.2570,
        0.2379, 0.2229, 0.2108, 0.2008, 0.1925, 0.1855, 0.1795, 0.1743, 0.1697, 0.1656,
    ],
    "pmma": [
        0.5714, 0.3857, 0.3032, 0.2602, 0.2350, 0.2187, 0.2074, 0.1990, 0.1924, 0.1870, 0.1825,
        0.1786, 0.1751, 0.1720, 0.1692, 0.1665, 0.1641, 0.1618, 0.1596, 0.1576, 0.1557,
    ],
    "barium_sulphate": [
        18.44, 10.11, 6.222, 4.139, 14.66, 10.83, 8.252, 6.432, 5.116, 4.147, 3.416, 2.854, 2.414,
        2.063, 1.781, 1.551, 1.362, 1.205, 1.074, 0.9627, 0.8683,
    ],
    "steel": [
        25.02, 14.66, 8.787, 5.695, 3.917, 2.825, 2.116, 1.637, 1.301, 1.059, 0.8791, 0.7432,
        0.6385, 0.5562, 0.4908, 0.4379, 0.3948, 0.3591, 0.3294, 0.3043, 0.2830,
    ],
    "caesium_iodide": [
        26.86, 14.71, 9.047, 18.46, 22.97, 16.94, 12.87, 9.997, 7.921, 6.396, 5.248, 4.367, 3.677,
        3.129, 2.688, 2.330, 2.035, 1.791, 1.587, 1.415, 1.269,
    ],
    "aluminium": [
        3.442, 1.836, 1.128, 0.7696, 0.5684, 0.4466, 0.3682, 0.3151, 0.2778, 0.2506, 0.2301,
        0.2143, 0.2018, 0.1917, 0.1833, 0.1764, 0.1704, 0.1653, 0.1608, 0.1569, 0.1533,
    ],
    "titanium": [
        15.85, 8.375, 4.972, 3.223, 2.214, 1.612, 1.213, 0.954, 0.7661, 0.6417, 0.5446, 0.4674,
        0.4052, 0.3637, 0.3284, 0.2982, 0.2721, 0.2562, 0.2419, 0.2290, 0.2172,
    ],
    "copper": [
        33.80, 18.20, 10.91, 7.074, 4.861, 3.498, 2.613, 2.013, 1.593, 1.289, 1.064, 0.8941,
        0.7630, 0.6602, 0.5783, 0.5123, 0.4585, 0.4140, 0.3770, 0.3459, 0.3195,
    ],
}  # fmt: skip
_DENSITY: Final = {
    "cortical_bone": 1.92,
    "steel": 8.0,
    "aluminium": 2.70,
    "copper": 8.96,
    "titanium": 4.51,
}
_PMMA_DENSITY, _BARIUM_SULPHATE_DENSITY = 1.18, 4.50
_CAESIUM_IODIDE_G_CM2: Final = 0.18  # of a panel for fluoroscopy, about 0.5 mm of needles
_MM_PER_CM: Final = 10.0
_TRUNK_MM: Final = 250.0  # of water, which hardens the beam as a trunk does
_LEAST_KEV: Final = 25.0  # below, nothing comes through a trunk

MATERIALS: Final = ("soft", "bone", "cement", "steel", "titanium", "old_cement")


@dataclass(frozen=True, slots=True)
class Beam:
    """Spectrum at the detector and attenuation of the materials at its energies.

    Parameters
    ----------
    kev : ndarray
        ``(n,)``.
    weights : ndarray
        ``(n,)``, signal that each energy gives with nothing in the beam; they sum to 1.
    attenuation : dict of str to ndarray
        By material of `MATERIALS`, ``(n,)``, 1/mm. `cement` is what a filled pore has more than
        the marrow that it held, taken as water. `old_cement` is there on request only, see
        `with_old_cement`.
    """

    kev: Vector
    weights: Vector
    attenuation: dict[str, Vector]


def make_beam(
    kvp: float, copper_mm: float, aluminium_mm: float, barium_sulphate_share: float
) -> Beam:
    """Return spectrum and attenuation for a tube voltage, a filter and a cement.

    Parameters
    ----------
    kvp : float
        Peak voltage, 40 to 120 kV.
    copper_mm, aluminium_mm : float
        Filter.
    barium_sulphate_share : float
        Mass of barium sulphate in the mass of the cement.

    Returns
    -------
    Beam
    """
    kev = np.append(_KEV[(_KEV >= _LEAST_KEV) & (kvp - 1.0 > _KEV)], []).astype(np.float64)
    quanta = kvp / kev - 1.0  # Kramers
    for metal, thickness_mm in (("copper", copper_mm), ("aluminium", aluminium_mm)):
        quanta = quanta * np.exp(-linear_attenuation(metal, kev) * thickness_mm)
    taken_up = 1.0 - np.exp(-_mass_attenuation("caesium_iodide", kev) * _CAESIUM_IODIDE_G_CM2)
    signal = quanta * kev * taken_up
    cement = cement_attenuation(barium_sulphate_share, kev)
    return Beam(
        kev,
        signal / signal.sum(),
        {
            "soft": linear_attenuation("water", kev),
            "bone": linear_attenuation("cortical_bone", kev),
            "cement": cement - linear_attenuation("water", kev),
            "steel": linear_attenuation("steel", kev),
            # In bone, as cement: what it has more than the marrow in its place.
            "titanium": linear_attenuation("titanium", kev) - linear_attenuation("water", kev),
        },
    )


def with_old_cement(beam: Beam, barium_sulphate_share: float) -> Beam:
    """Return a beam that knows the cement of an earlier operation."""
    old = cement_attenuation(barium_sulphate_share, beam.kev) - beam.attenuation["soft"]
    return replace(beam, attenuation={**beam.attenuation, "old_cement": old})


def with_cement_of(beam: Beam, attenuation_per_mm: float, told_at: Beam) -> Beam:
    """Return a beam for a cement that attenuates by so much more than marrow, behind a trunk.

    Its energy dependence stays that of the barium sulphate.

    Parameters
    ----------
    beam : Beam
    attenuation_per_mm : float
        Of a thin layer, without scatter.
    told_at : Beam
        That the number is for; `beam` may have another tube voltage.
    """
    behind = told_at.weights * np.exp(-told_at.attenuation["soft"] * _TRUNK_MM)
    found = float(behind @ told_at.attenuation["cement"] / behind.sum())
    cement = beam.attenuation["cement"] * (attenuation_per_mm / found)
    return replace(beam, attenuation={**beam.attenuation, "cement": cement})


def linear_attenuation(material: str, kev: Vector) -> Vector:
    """Return the linear attenuation of a material of the table, 1/mm."""
    return _mass_attenuation(material, kev) * _DENSITY.get(material, 1.0) / _MM_PER_CM


def cement_attenuation(barium_sulphate_share: float, kev: Vector) -> Vector:
    """Return the linear attenuation of cement, 1/mm, with additive volumes."""
    share = barium_sulphate_share
    density = 1.0 / (share / _BARIUM_SULPHATE_DENSITY + (1.0 - share) / _PMMA_DENSITY)
    mass = share * _mass_attenuation("barium_sulphate", kev)
    mass = mass + (1.0 - share) * _mass_attenuation("pmma", kev)
    attenuation: Vector = mass * density / _MM_PER_CM
    return attenuation


def _mass_attenuation(material: str, kev: Vector) -> Vector:
    """Look up the table's energies without interpolation, because of barium's absorption edge."""
    nearest = np.searchsorted(_KEV, kev - 1e-9)
    return np.array(_MASS_ATTENUATION[material])[np.clip(nearest, 0, len(_KEV) - 1)]


def decompose(attenuation: Volume) -> tuple[Volume, Volume]:
    """Split attenuation at `REFERENCE_KEV` into soft tissue, as water, and cortical bone.

    Parameters
    ----------
    attenuation : ndarray
        1/mm.

    Returns
    -------
    soft, bone : ndarray
        Share of each; as lengths along a ray: mm of water and mm of cortical bone.
    """
    mixed = (attenuation - np.float32(ORGAN)) / np.float32(CORTEX - ORGAN)
    # What is denser than cortical bone (chalk, an old implant) is more bone, not less
    # water than none.
    bone = np.maximum(np.minimum(mixed, attenuation / np.float32(CORTEX)), np.float32(0.0))
    soft = (attenuation - np.float32(CORTEX) * bone) / np.float32(WATER)
    return np.maximum(soft, np.float32(0.0)), bone


def transmission(beam: Beam, lengths_mm: dict[str, Image]) -> Image:
    """Return the transmitted share of the signal, without scatter.

    Parameters
    ----------
    beam : Beam
    lengths_mm : dict of str to ndarray
        By material, ``(rows, columns)``.

    Returns
    -------
    ndarray
        ``(rows, columns)``, 0 to 1.
    """
    first = next(iter(lengths_mm.values()))
    total: Image = np.zeros(first.shape)
    for index, weight in enumerate(beam.weights):
        exponent = np.zeros(first.shape)
        for material, length in lengths_mm.items():
            exponent -= beam.attenuation[material][index] * length
        total += weight * np.exp(exponent, out=exponent)
    return total
