"""Volume of cement: what a person says of it, and the result with its source."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, get_args

# A first drop is smaller than what a scale of 0.1 mL tells apart; a syringe holds no more.
LEAST_ML, MOST_ML = 0.1, 20.0
# Of a volume: a tenth of a syringe's scale.
ML_DIGITS = 2
# A reading for each bolus, and many more: a longer list is no procedure.
MOST_READINGS = 200
# Cannulas of vertebroplasty and kyphoplasty.
Gauge = Literal[8, 10, 11, 13]
GAUGES: tuple[Gauge, ...] = get_args(Gauge)


class FactorSource(StrEnum):
    """Source of the factor from added attenuation to volume, most reliable first."""

    SYRINGE = "syringe"
    PRODUCT = "product"
    LUMEN = "lumen"


@dataclass(frozen=True, slots=True)
class SyringeReading:
    """Cement that was injected when a frame came, as a person read it on the syringe.

    Parameters
    ----------
    frame : int
        The first frame that comes after the reading.
    ml : float
        Into the body since the baseline: without what fills the cannula.
    """

    frame: int
    ml: float


def possible_reading(frame: int, ml: float) -> SyringeReading | None:
    """Return a reading; None if a syringe cannot have given so much or so little."""
    return SyringeReading(frame, round(ml, ML_DIGITS)) if LEAST_ML <= ml <= MOST_ML else None


@dataclass(frozen=True, slots=True)
class CementInputs:
    """Cement and cannula as the user states them.

    Parameters
    ----------
    product : str or None
        One of ``[volume] products`` in the settings; None: that of the settings.
    gauge : int or None
        One of `GAUGES`; None: that of the settings.
    syringe : tuple of SyringeReading
        In the order of their frames.
    """

    product: str | None = None
    gauge: Gauge | None = None
    syringe: tuple[SyringeReading, ...] = ()


NO_INPUTS = CementInputs()


@dataclass(frozen=True, slots=True)
class CementVolume:
    """Volume of the detected cement in a frame, or why it is unknown, and growth.

    Parameters
    ----------
    ml, sigma_ml : float or None
        Both None if unknown.
    source : FactorSource or None
        Source of the factor; None if there is none.
    why : str
        Why `ml` is unknown, as text for the operator; empty if it is known.
    amount_mm2 : float or None
        Added log attenuation, integrated over the area: proportional to the volume by a factor
        that is unknown by itself. None if not calibrated.
    growth : float or None
        By which share `amount_mm2` grew within `growth_s`; None if that time ago there was no
        cement, or nothing was measured.
    growth_s : float
        Time over which `growth` is measured, s; 0.0 if it is not.
    refused : str
        Why the last reading of the syringe was not used; empty if it was, or if there is none.
    """

    ml: float | None = None
    sigma_ml: float | None = None
    source: FactorSource | None = None
    why: str = ""
    amount_mm2: float | None = None
    growth: float | None = None
    growth_s: float = 0.0
    refused: str = ""


NOT_MEASURED = CementVolume()
