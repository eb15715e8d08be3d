"""From added attenuation to volume: the factor, and the sources that it can come from. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from leakwatch.config import VolumeSettings
from leakwatch.core.arrays import Array
from leakwatch.core.geometry import Scale
from leakwatch.core.volume import FactorSource
from leakwatch.vision.cannula.cannula_model import Cannula
from leakwatch.vision.cannula.lumen import LumenContent
from leakwatch.vision.cement.xray_contrast import (
    Beam,
    Opacifier,
    ThicknessCurve,
    Tube,
    scatter_of,
    share_of,
    thickness_curve,
)

MM3_PER_ML = 1000.0
# The opacifier that cement in a bore is taken for: which one it is matters little.
_USUAL = "BaSO4"


@dataclass(frozen=True, slots=True)
class VolumeFactor:
    """Factor from added log attenuation to volume.

    Parameters
    ----------
    source : FactorSource
    relative_sigma : float
        Standard deviation of the factor, as a share of it.
    mm_per_log : float
        Thickness of cement for each unit of added log attenuation, mm.
    curve : ThicknessCurve or None
        Replaces `mm_per_log` where it is known how scatter and a harder beam bend the relation.
    """

    source: FactorSource
    relative_sigma: float
    mm_per_log: float
    curve: ThicknessCurve | None = None

    def volume_ml(self, added: Array, pixel_mm2: float) -> float:
        """Return the volume of cement.

        Parameters
        ----------
        added : ndarray
            Log attenuation that each pixel of the cement adds.
        pixel_mm2 : float
        """
        if self.curve is None:
            total_mm = self.mm_per_log * float(added.sum(dtype=np.float64))
        else:
            total_mm = float(self.curve.thickness(added).sum(dtype=np.float64))
        return max(total_mm, 0.0) * pixel_mm2 / MM3_PER_ML


@dataclass(frozen=True, slots=True)
class ScatterSeen:
    """Share of scatter in the signal, near the front end of the cannula and on its outer half."""

    near_front: float
    outside: float


def factor_from_syringe(ml: float, amount_mm2: float, settings: VolumeSettings) -> VolumeFactor:
    """Return the factor by which a measured amount is the volume that a person read.

    Parameters
    ----------
    ml : float
    amount_mm2 : float
        Added log attenuation, integrated over the area.
    settings : VolumeSettings
    """
    sigma = math.hypot(settings.syringe_sigma_ml / ml, settings.form_sigma)
    return VolumeFactor(FactorSource.SYRINGE, sigma, ml * MM3_PER_ML / amount_mm2)


def is_possible(factor: VolumeFactor, settings: VolumeSettings) -> bool:
    """Return whether any cement attenuates so much or so little."""
    return settings.least_per_mm <= 1.0 / factor.mm_per_log <= settings.most_per_mm


def tube_of(gauge: int | None, cannula: Cannula, scale: Scale, settings: VolumeSettings) -> Tube:
    """Return the cannula across its axis: of a known gauge, else as wide as it looks."""
    path_factor = 1.0 / math.cos(math.radians(settings.lean_deg))
    for known, outer_mm, bore_mm in settings.bores:
        if known == gauge:
            return Tube(outer_mm, bore_mm, path_factor)
    outer_mm = max(cannula.width * scale.mm_per_px, 2.5 * settings.wall_mm)
    return Tube(outer_mm, outer_mm - 2.0 * settings.wall_mm, path_factor)


def scatter_seen(
    cannula: Cannula, tube: Tube, beam: Beam, scale: Scale, settings: VolumeSettings
) -> ScatterSeen | None:
    """Return the scatter that a cannula shows: without any, it would stand out more.

    Parameters
    ----------
    cannula : Cannula
        In the baseline.
    tube : Tube
    beam : Beam
    scale : Scale
        Of the working grid.
    settings : VolumeSettings

    Returns
    -------
    ScatterSeen or None
        None if it cannot be an empty tube of steel.
    """
    inner, outer = _halves(cannula)
    across_mm = float(cannula.profile.sum()) * scale.mm_per_px
    shares = [scatter_of(beam, tube, across_mm * contrast) for contrast in (inner, outer)]
    least, most = settings.least_scatter_share, settings.most_scatter_share
    if not all(least <= share <= most for share in shares):
        return None
    return ScatterSeen(*shares)


def factor_from_product(
    opacifier: Opacifier, beam: Beam, scatter: ScatterSeen, settings: VolumeSettings
) -> VolumeFactor:
    """Return the factor of a known product."""
    curve = thickness_curve(beam, opacifier, scatter.near_front)
    return _estimate_from_curve(FactorSource.PRODUCT, settings.product_sigma, curve)


def bore_seen_mm(cannula: Cannula, content: LumenContent, scale: Scale) -> float:
    """Return what fills the bore, as added log attenuation, integrated across it, mm.

    Parameters
    ----------
    cannula : Cannula
    content : LumenContent
        Cement is pushed in from the outside: its outer part is full first.
    scale : Scale
        Of the working grid.

    Returns
    -------
    float
        0 where nothing was added, negative where a stylet is gone.
    """
    return float(content.outer.sum()) * _halves(cannula)[1] * scale.mm_per_px


def factor_from_bore(
    seen_mm: float, tube: Tube, beam: Beam, scatter: ScatterSeen, settings: VolumeSettings
) -> VolumeFactor:
    """Return the factor of the cement that fills a bore.

    Parameters
    ----------
    seen_mm : float
        From `bore_seen_mm`.
    tube, beam, scatter, settings
    """
    share = share_of(beam, tube, _USUAL, scatter.outside, seen_mm)
    curve = thickness_curve(beam, Opacifier(_USUAL, share), scatter.near_front)
    faint = settings.bore_sigma_log * tube.bore_mm / seen_mm
    return _estimate_from_curve(FactorSource.LUMEN, math.hypot(settings.lumen_sigma, faint), curve)


def _estimate_from_curve(source: FactorSource, sigma: float, curve: ThicknessCurve) -> VolumeFactor:
    slope = float(curve.thickness_mm[1] / curve.added[1])
    return VolumeFactor(source, sigma, slope, curve)


def _halves(cannula: Cannula) -> tuple[float, float]:
    """Return the contrast of the half of a cannula near its front end, and of the outer half."""
    contrast = cannula.contrast[: cannula.steps]
    half = max(len(contrast) // 2, 1)
    return float(np.median(contrast[:half])), float(np.median(contrast[half:]))
