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
    beam_behind_trunk,
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


@dataclass(frozen=True, slots=True)
class VolumeFactorEstimator:
    """Estimation of the factor from its sources, with its settings, at the scale of a run."""

    scale: Scale
    settings: VolumeSettings

    def from_syringe(self, ml: float, amount_mm2: float) -> VolumeFactor:
        """Return the factor by which a measured amount is the volume that a person read.

        Parameters
        ----------
        ml : float
        amount_mm2 : float
            Added log attenuation, integrated over the area.
        """
        sigma = math.hypot(self.settings.syringe_sigma_ml / ml, self.settings.form_sigma)
        return VolumeFactor(FactorSource.SYRINGE, sigma, ml * MM3_PER_ML / amount_mm2)

    def is_possible(self, factor: VolumeFactor) -> bool:
        """Return whether any cement attenuates so much or so little."""
        return self.settings.least_per_mm <= 1.0 / factor.mm_per_log <= self.settings.most_per_mm

    def beam_of(self, kvp: float) -> Beam:
        """Return the beam that the detector sees behind a trunk, at a peak voltage in kV."""
        return beam_behind_trunk(kvp, self.settings)

    def tube_of(self, gauge: int | None, cannula: Cannula) -> Tube:
        """Return the cannula across its axis: of a known gauge, else as wide as it looks."""
        path_factor = 1.0 / math.cos(math.radians(self.settings.lean_deg))
        for known, outer_mm, bore_mm in self.settings.bores:
            if known == gauge:
                return Tube(outer_mm, bore_mm, path_factor)
        wall_mm = self.settings.wall_mm
        outer_mm = max(cannula.width * self.scale.mm_per_px, 2.5 * wall_mm)
        return Tube(outer_mm, outer_mm - 2.0 * wall_mm, path_factor)

    def scatter_seen(self, cannula: Cannula, tube: Tube, beam: Beam) -> ScatterSeen | None:
        """Return the scatter that a cannula shows: without any, it would stand out more.

        Parameters
        ----------
        cannula : Cannula
            In the baseline.
        tube : Tube
        beam : Beam

        Returns
        -------
        ScatterSeen or None
            None if it cannot be an empty tube of steel.
        """
        inner, outer = _halves(cannula)
        across_mm = float(cannula.profile.sum()) * self.scale.mm_per_px
        shares = [scatter_of(beam, tube, across_mm * contrast) for contrast in (inner, outer)]
        least, most = self.settings.least_scatter_share, self.settings.most_scatter_share
        if not all(least <= share <= most for share in shares):
            return None
        return ScatterSeen(*shares)

    def from_product(self, opacifier: Opacifier, beam: Beam, scatter: ScatterSeen) -> VolumeFactor:
        """Return the factor of a known product."""
        curve = thickness_curve(beam, opacifier, scatter.near_front)
        return _estimate_from_curve(FactorSource.PRODUCT, self.settings.product_sigma, curve)

    def bore_seen_mm(self, cannula: Cannula, content: LumenContent) -> float:
        """Return what fills the bore, as added log attenuation, integrated across it, mm.

        Parameters
        ----------
        cannula : Cannula
        content : LumenContent
            Cement is pushed in from the outside: its outer part is full first.

        Returns
        -------
        float
            0 where nothing was added, negative where a stylet is gone.
        """
        return float(content.outer.sum()) * _halves(cannula)[1] * self.scale.mm_per_px

    def from_bore(
        self, seen_mm: float, tube: Tube, beam: Beam, scatter: ScatterSeen
    ) -> VolumeFactor:
        """Return the factor of the cement that fills a bore.

        Parameters
        ----------
        seen_mm : float
            From `bore_seen_mm`.
        tube, beam, scatter
        """
        share = share_of(beam, tube, _USUAL, scatter.outside, seen_mm)
        curve = thickness_curve(beam, Opacifier(_USUAL, share), scatter.near_front)
        faint = self.settings.bore_sigma_log * tube.bore_mm / seen_mm
        sigma = math.hypot(self.settings.lumen_sigma, faint)
        return _estimate_from_curve(FactorSource.LUMEN, sigma, curve)


def _estimate_from_curve(source: FactorSource, sigma: float, curve: ThicknessCurve) -> VolumeFactor:
    slope = float(curve.thickness_mm[1] / curve.added[1])
    return VolumeFactor(source, sigma, slope, curve)


def _halves(cannula: Cannula) -> tuple[float, float]:
    """Return the contrast of the half of a cannula near its front end, and of the outer half."""
    contrast = cannula.contrast[: cannula.steps]
    half = max(len(contrast) // 2, 1)
    return float(np.median(contrast[:half])), float(np.median(contrast[half:]))
