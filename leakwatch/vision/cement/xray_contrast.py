"""Contrast of cement and steel in measured log attenuation, from physics alone. Pure.

The beam is Kramers' bremsstrahlung behind a filter and a trunk, weighted by the energy that a
detector of caesium iodide absorbs. Scatter is a share `s` of the signal beside the object, which
the object does not change: an object that lets through the share `T` of the primary beam adds
``-ln((1 - s) T + s)``. Scatter differs between rooms and patients and is in no tag; a cannula of
known steel shows how much it reduces contrast.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from leakwatch.config import VolumeSettings
from leakwatch.core.arrays import Array, read_only
from leakwatch.vision.cement.xray_tables import (
    cement_attenuation,
    linear_attenuation,
    mass_attenuation,
)

# Lines across a tube: half of it, since it is symmetric.
_LINES = 40
_MOST_MM, _CURVE_POINTS = 80.0, 321
# What is possible; halved until a thousandth of it is left.
_SCATTER, _SHARES, _HALVINGS = (0.0, 0.9), (0.01, 0.6), 10


@dataclass(frozen=True, slots=True)
class Beam:
    """Energies, and the share of the signal that each gives behind a trunk."""

    kev: Array
    weights: Array


@dataclass(frozen=True, slots=True)
class Opacifier:
    """Radiopacifier of a cement.

    Parameters
    ----------
    kind : str
        ``BaSO4`` or ``ZrO2``.
    share : float
        Of the mass of the mixed cement.
    """

    kind: str
    share: float


@dataclass(frozen=True, slots=True)
class Tube:
    """A cannula across its axis.

    Parameters
    ----------
    outer_mm, bore_mm : float
        Diameters.
    path_factor : float
        By which its section in the beam is longer than across the axis, since it leans.
    """

    outer_mm: float
    bore_mm: float
    path_factor: float


@dataclass(frozen=True, slots=True)
class ThicknessCurve:
    """Thickness of cement by the log attenuation that it adds.

    Parameters
    ----------
    added, thickness_mm : ndarray
        Ascending, from 0. Noise below 0 is mirrored, so that it cancels out.
    """

    added: Array
    thickness_mm: Array

    def thickness(self, added: Array) -> Array:
        """Return the thickness of cement, mm, for added log attenuation."""
        found: Array = np.sign(added) * np.interp(np.abs(added), self.added, self.thickness_mm)
        return found


@lru_cache(maxsize=16)
def beam_behind_trunk(kvp: float, settings: VolumeSettings) -> Beam:
    """Return the beam that a detector sees behind the filter and a trunk.

    Parameters
    ----------
    kvp : float
        Peak voltage, kV.
    settings : VolumeSettings
    """
    kev = np.arange(20.5, max(kvp, 22.0), 1.0)
    behind = sum(
        linear_attenuation(material, kev) * thickness_mm
        for material, thickness_mm in (
            ("aluminium", settings.aluminium_mm),
            ("copper", settings.copper_mm),
            ("water", settings.soft_tissue_mm),
            ("bone", settings.bone_mm),
        )
    )
    quanta = np.maximum(kvp / kev - 1.0, 0.0) * np.exp(-behind)
    caesium = mass_attenuation("caesium iodide", kev) * settings.caesium_iodide_g_cm2
    signal = quanta * kev * (1.0 - np.exp(-caesium))
    return Beam(read_only(kev), read_only(signal / signal.sum()))


def thickness_curve(beam: Beam, opacifier: Opacifier, scatter: float) -> ThicknessCurve:
    """Return the thickness of a cement by the log attenuation that it adds.

    Parameters
    ----------
    beam : Beam
    opacifier : Opacifier
    scatter : float
        Share of the signal beside the cement.
    """
    thickness_mm = np.linspace(0.0, _MOST_MM, _CURVE_POINTS)
    let_through = _let_through(beam, _added_per_mm(beam, opacifier), thickness_mm)
    return ThicknessCurve(
        read_only(-np.log((1.0 - scatter) * let_through + scatter)), read_only(thickness_mm)
    )


def steel_integral(beam: Beam, tube: Tube, scatter: float) -> float:
    """Return what an empty cannula adds to the log attenuation, integrated across it, mm."""
    lines_mm, steel_mm, _ = _sections(tube)
    let_through = _let_through(beam, linear_attenuation("steel", beam.kev), steel_mm)
    return _across(-np.log((1.0 - scatter) * let_through + scatter), lines_mm)


def scatter_of(beam: Beam, tube: Tube, integral_mm: float) -> float:
    """Return the share of scatter at which a cannula adds what was measured; 0 to 0.9.

    Parameters
    ----------
    beam : Beam
    tube : Tube
    integral_mm : float
        As `steel_integral` returns it.
    """
    return _solve(lambda scatter: steel_integral(beam, tube, scatter), integral_mm, _SCATTER)


def bore_integral(beam: Beam, tube: Tube, opacifier: Opacifier, scatter: float) -> float:
    """Return what cement in the bore adds to an empty cannula, integrated across it, mm.

    The bore held fluid before, which attenuates like water.
    """
    lines_mm, steel_mm, bore_mm = _sections(tube)
    behind = np.exp(-np.outer(steel_mm, linear_attenuation("steel", beam.kev))) * beam.weights
    filled = np.exp(-np.outer(bore_mm, _added_per_mm(beam, opacifier)))
    empty = (1.0 - scatter) * behind.sum(axis=1) + scatter
    full = (1.0 - scatter) * (behind * filled).sum(axis=1) + scatter
    return _across(np.log(empty / full), lines_mm)


def share_of(beam: Beam, tube: Tube, kind: str, scatter: float, integral_mm: float) -> float:
    """Return the share of opacifier at which cement in the bore adds what was measured.

    Parameters
    ----------
    beam : Beam
    tube : Tube
    kind : str
        Opacifier. Which one matters little: cement that looks alike in the bore does so in bone.
    scatter : float
    integral_mm : float
        As `bore_integral` returns it.

    Returns
    -------
    float
        At the end of the range of possible shares if it is beyond.
    """
    return _solve(
        lambda share: bore_integral(beam, tube, Opacifier(kind, share), scatter),
        integral_mm,
        _SHARES,
    )


def _added_per_mm(beam: Beam, opacifier: Opacifier) -> Array:
    """Return what cement attenuates more than the marrow or fluid that it displaces, 1/mm."""
    cement = cement_attenuation(opacifier.kind, opacifier.share, beam.kev)
    added: Array = cement - linear_attenuation("water", beam.kev)
    return added


def _let_through(beam: Beam, per_mm: Array, thickness_mm: Array) -> Array:
    share: Array = np.exp(-np.outer(thickness_mm, per_mm)) @ beam.weights
    return share


def _sections(tube: Tube) -> tuple[Array, Array, Array]:
    """Return lines across half of a tube, and the length of each in steel and in the bore, mm."""
    lines_mm = np.linspace(0.0, tube.outer_mm / 2.0, _LINES + 1)
    outer, bore = (
        2.0 * np.sqrt(np.maximum((diameter / 2.0) ** 2 - lines_mm**2, 0.0))
        for diameter in (tube.outer_mm, tube.bore_mm)
    )
    return lines_mm, tube.path_factor * (outer - bore), tube.path_factor * bore


def _across(values: Array, lines_mm: Array) -> float:
    return 2.0 * float(np.trapezoid(values, lines_mm))


def _solve(model: Callable[[float], float], wanted: float, ends: tuple[float, float]) -> float:
    """Return where a monotonic model has a value, between `ends`, or the nearer end."""
    low, high = ends
    rises = model(high) > model(low)
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        if (model(middle) < wanted) == rises:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)
