"""Settings of the volume of cement: products, cannula, and the model of their contrast."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from leakwatch.config.ranges import within
from leakwatch.core.volume import GAUGES, Gauge

Product = tuple[
    Annotated[str, Meta(min_length=1, max_length=64)],
    Literal["BaSO4", "ZrO2"],
    Annotated[float, within(0.01, 0.6)],
]
# Gauge, outer diameter and bore, mm.
Bore = tuple[Gauge, Annotated[float, within(1.0, 6.0)], Annotated[float, within(0.5, 5.5)]]


class VolumeSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Volume of cement from its attenuation.

    Parameters
    ----------
    products : tuple of (str, str, float)
        Cements: name, opacifier (``BaSO4`` or ``ZrO2``), and its share in the mass of the mixed
        cement. Leaflets give the share in the powder, as the names here do; with the liquid it
        is less. 30 % BaSO4 in the powder are 11 % barium in the mixed cement (van Hooy-Corstjens
        et al., J Biomed Mater Res A 2007), which are 19 % BaSO4; the others are computed for 20 g
        of powder with 9.4 g of liquid (10 % of 40 g with 18.8 g).
    product : str
        The cement in use, if a case names none; empty: not known.
    gauge : int
        Gauge of the cannula in use, if a case gives none: 8, 10, 11 or 13; 0: not known.
    bores : tuple of (int, float, float)
        Cannulas: gauge, outer diameter and bore, mm, of tubes with walls as in ISO 9626. A
        manufacturer's data are better.
    lean_deg : float
        Angle of a cannula to the image plane in a lateral view, degrees: pedicles converge by 10
        (upper lumbar) to 25 (L5).
    aluminium_mm, copper_mm : float
        Filter of the tube, mm: IEC 60601-1-3 requires 2.5 mm Al, and C-arms add copper.
    soft_tissue_mm, bone_mm : float
        Trunk in the beam of a lateral view, mm; it decides how hard the beam is behind it.
    caesium_iodide_g_cm2 : float
        Scintillator of the detector, g/cm2: 0.5 mm of needles.
    wall_mm : float
        Wall of a cannula of unknown gauge, mm: 0.31 of 13G to 0.38 of 8G. Its width is measured.
    least_scatter_share, most_scatter_share : float
        A cannula that shows less or more scatter than this share of the signal is no empty tube of
        steel: behind a grid and a trunk, scatter is 0.2 to 1.5 of the primary beam.
    syringe_sigma_ml : float
        Standard deviation of a reading of the syringe, mL: its scale, and what fills the cannula.
    form_sigma : float
        Relative standard deviation that one factor leaves from frame to frame.
    product_sigma : float
        Relative standard deviation of the volume with a known product and the scatter that a
        cannula shows: filter, trunk, mixture, and wall of the cannula.
    lumen_sigma : float
        The same from cement in the bore that stands out well.
    bore_sigma_log : float
        Standard deviation of the log attenuation in the bore: breath and lag, which do not average
        out. Faint cement has a larger share of it.
    most_lumen_sigma : float
        Cement in the bore that is so faint gives no factor.
    lumen_s : float
        How long cement must have been seen in the bore, s: shorter, its contrast is noise.
    lumen_until_s : float
        How long its contrast is averaged, s.
    least_per_mm, most_per_mm : float
        Log attenuation per mm of cement that is possible, 1/mm: a reading of the syringe that
        implies less or more is a mistake.
    reading_within_s : float
        A reading of the syringe waits so long for a frame in which cement is measured, s: at
        0.05 mL/s this is a tenth of a millilitre.
    growth_s : float
        Time over which growth is measured, s.
    cut_share : float
        Share of the cement's edge at the end of what the image shows from which it is cut off.
    dark_share : float
        Share of cement as dark as the image can be from which its attenuation is not known.
    """

    products: tuple[Product, ...] = (
        ("BaSO4 30 %", "BaSO4", 0.19),
        ("BaSO4 10 %", "BaSO4", 0.068),
        ("ZrO2 45 %", "ZrO2", 0.31),
        ("ZrO2 15 %", "ZrO2", 0.10),
    )
    product: str = ""
    gauge: Annotated[int, within(0, 13)] = 0
    bores: tuple[Bore, ...] = (
        (8, 4.19, 3.43),
        (10, 3.40, 2.69),
        (11, 3.05, 2.39),
        (13, 2.41, 1.80),
    )
    lean_deg: Annotated[float, within(0.0, 45.0)] = 18.0
    aluminium_mm: Annotated[float, within(0.0, 20.0)] = 3.0
    copper_mm: Annotated[float, within(0.0, 2.0)] = 0.1
    soft_tissue_mm: Annotated[float, within(50.0, 600.0)] = 280.0
    bone_mm: Annotated[float, within(0.0, 150.0)] = 40.0
    caesium_iodide_g_cm2: Annotated[float, within(0.02, 0.6)] = 0.18
    wall_mm: Annotated[float, within(0.1, 1.0)] = 0.33
    least_scatter_share: Annotated[float, within(0.0, 0.9)] = 0.05
    most_scatter_share: Annotated[float, within(0.0, 0.9)] = 0.75
    syringe_sigma_ml: Annotated[float, within(0.0, 2.0)] = 0.1
    form_sigma: Annotated[float, within(0.0, 0.5)] = 0.03
    product_sigma: Annotated[float, within(0.0, 1.0)] = 0.12
    lumen_sigma: Annotated[float, within(0.0, 1.0)] = 0.15
    bore_sigma_log: Annotated[float, within(0.0, 0.1)] = 0.012
    most_lumen_sigma: Annotated[float, within(0.05, 1.0)] = 0.3
    lumen_s: Annotated[float, within(0.0, 30.0)] = 1.0
    lumen_until_s: Annotated[float, within(0.1, 60.0)] = 5.0
    least_per_mm: Annotated[float, within(0.001, 0.1)] = 0.005
    most_per_mm: Annotated[float, within(0.02, 1.0)] = 0.25
    reading_within_s: Annotated[float, within(0.1, 30.0)] = 2.0
    growth_s: Annotated[float, within(1.0, 120.0)] = 10.0
    cut_share: Annotated[float, within(0.001, 0.5)] = 0.02
    dark_share: Annotated[float, within(0.001, 0.5)] = 0.02

    def __post_init__(self) -> None:
        """Refuse an unknown product, a bore wider than its tube, and repeated names."""
        names = [name for name, _, _ in self.products]
        if len(set(names)) < len(names):
            raise ValueError("two products have the same name")
        if self.product and self.product not in names:
            raise ValueError(f"unknown product {self.product!r}; choose one of {', '.join(names)}")
        if self.gauge not in (0, *GAUGES):
            raise ValueError(f"gauge is 0 or one of {', '.join(map(str, GAUGES))}")
        gauges = [gauge for gauge, _, _ in self.bores]
        if sorted(gauges) != sorted(GAUGES):
            raise ValueError(f"bores needs one row each for gauge {', '.join(map(str, GAUGES))}")
        for gauge, outer_mm, bore_mm in self.bores:
            if bore_mm >= outer_mm:
                raise ValueError(f"gauge {gauge}: a bore of {bore_mm:g} mm in {outer_mm:g} mm")
