"""Sizes of vertebrae by level: the simulator's own, and none of the detector's.

`MEAN_SIZES` is one person, the same in every scenario that does not ask for another.
`person_sizes` draws a person of the population that is treated.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

import numpy as np


class SizeSet(StrEnum):
    """Source of a scenario's sizes."""

    MEAN = "mean"
    POPULATION = "population"


@dataclass(frozen=True, slots=True)
class VertebraForm:
    """Deviation of a vertebra from a straight cylinder.

    Parameters
    ----------
    waist : float
        Share of width and depth that is missing at mid-height.
    back_hollow_mm, endplate_hollow_mm : float
        Depth of the hollow of the posterior wall, across, and of each endplate.
    endplate_rim : float
        Share of the radius within which an endplate is hollow; beyond, its ring is flat.
    squareness : float
        Exponent of the superellipse of the cross section.
    width_taper, depth_taper : float
        By what share the lower endplate is larger, and the upper one smaller, than their mean.
    front_loss : float
        By what share the front of a healthy body is lower than its back; negative: higher.
    pedicle_angle_deg : float
        By how much a pedicle converges towards the body.
    pedicle_rise : float
        Height of the pedicle above the centre of the body, as a share of the body's height.
    """

    waist: float = 0.09
    back_hollow_mm: float = 1.4
    endplate_hollow_mm: float = 1.8
    endplate_rim: float = 1.0
    squareness: float = 2.7
    width_taper: float = 0.0
    depth_taper: float = 0.0
    front_loss: float = 0.0
    pedicle_angle_deg: float = 0.0
    pedicle_rise: float = 0.22


@dataclass(frozen=True, slots=True)
class VertebraSize:
    """Sizes in mm.

    Parameters
    ----------
    width_mm, depth_mm, height_mm : float
        Of the body.
    disc_mm : float
        Height of the disc above it.
    canal_width_mm, canal_depth_mm : float
    pedicle_width_mm, pedicle_height_mm : float
    form : VertebraForm
    """

    width_mm: float
    depth_mm: float
    height_mm: float
    disc_mm: float
    canal_width_mm: float
    canal_depth_mm: float
    pedicle_width_mm: float
    pedicle_height_mm: float
    form: VertebraForm = VertebraForm()


Sizes = Mapping[str, VertebraSize]

# Means of cadaver spines, rounded: Panjabi et al., doi:10.1097/00007632-199108000-00006 (thoracic)
# and doi:10.1097/00007632-199203000-00009 (lumbar); discs are rounded from several series.
MEAN_SIZES: Final[dict[str, VertebraSize]] = {
    "T7": VertebraSize(28.0, 24.5, 18.0, 4.0, 16.5, 16.0, 5.0, 11.5),
    "T8": VertebraSize(29.5, 25.5, 18.7, 4.0, 16.5, 16.0, 5.0, 12.0),
    "T9": VertebraSize(31.0, 26.5, 19.3, 4.5, 16.5, 16.0, 5.5, 13.0),
    "T10": VertebraSize(33.0, 27.5, 20.2, 5.0, 16.5, 16.0, 6.0, 14.0),
    "T11": VertebraSize(36.0, 28.5, 21.3, 5.5, 17.5, 16.5, 7.5, 16.0),
    "T12": VertebraSize(39.0, 30.5, 22.7, 6.0, 20.0, 17.5, 7.5, 16.0),
    "L1": VertebraSize(41.5, 32.5, 24.5, 7.5, 22.5, 18.5, 8.0, 15.5),
    "L2": VertebraSize(43.5, 33.5, 25.5, 9.0, 22.5, 18.0, 8.3, 15.0),
    "L3": VertebraSize(45.5, 34.0, 26.0, 10.0, 23.5, 17.5, 10.0, 14.5),
    "L4": VertebraSize(48.0, 34.5, 26.0, 11.0, 24.5, 18.0, 13.0, 15.0),
    "L5": VertebraSize(49.5, 34.0, 26.0, 11.0, 26.0, 18.5, 17.0, 17.0),
}

# The endplates of the same spines, upper and lower, and the height behind, to half a millimetre or
# less: width above and below, depth above and below, height.
_ENDPLATES_MM: Final = {
    "T7": (27.8, 29.1, 27.4, 28.5, 18.2),
    "T8": (29.5, 30.5, 27.9, 29.4, 18.7),
    "T9": (30.6, 33.0, 29.3, 31.0, 19.3),
    "T10": (31.9, 35.4, 30.5, 31.6, 20.2),
    "T11": (34.9, 39.1, 31.9, 31.8, 21.3),
    "T12": (39.0, 42.1, 32.8, 33.4, 22.7),
    "L1": (41.2, 43.3, 34.1, 35.3, 23.8),
    "L2": (42.6, 45.5, 34.6, 34.9, 24.3),
    "L3": (44.1, 48.0, 35.2, 34.8, 23.8),
    "L4": (46.6, 49.5, 35.5, 33.9, 24.1),
    "L5": (47.3, 49.4, 34.7, 33.2, 22.9),
}
# By how much bodies taper to the front, degrees: means of 120 women and 120 men, four to one as
# patients are (doi:10.1007/s00586-009-1256-6, table 1; T7 and T8 as T9).
_WEDGING_DEG: Final = {
    "T7": 3.2, "T8": 3.2, "T9": 3.2, "T10": 2.8, "T11": 4.8, "T12": 3.8,
    "L1": 2.9, "L2": 1.1, "L3": -0.6, "L4": -2.6, "L5": -7.2,
}  # fmt: skip
# Convergence of the pedicles: Zindrick et al., doi:10.1097/00007632-198703000-00012.
_PEDICLE_DEG: Final = {
    "T7": 9.0, "T8": 8.0, "T9": 8.0, "T10": 5.0, "T11": 1.0, "T12": -4.0,
    "L1": 10.9, "L2": 12.0, "L3": 14.4, "L4": 17.7, "L5": 29.8,
}  # fmt: skip

# Four of five patients are women, whose L5 is 7 % less deep than the mean of both sexes; spines of
# cadavers lie between (Cook and Baker, Int J Spine Surg 2021, 15:1072, 196 CTs).
_PERSON_MEAN = 0.98
# Standard deviations between persons as shares: what all lengths of a person share, and what each
# has of its own. Together 9 % of depth, 7 % of height, 11 % of the canal and 14 % of pedicles, as
# in those CTs (35.7 +- 3.5, 26.3 +- 1.9, 28.2 +- 3.1, 16.1 +- 2.3 mm at L5); discs after ageing.
_PERSON_SD = 0.06
_OWN_SD: Final = {
    "width_mm": 0.05,
    "depth_mm": 0.06,
    "height_mm": 0.04,
    "disc_mm": 0.18,
    "canal_width_mm": 0.09,
    "canal_depth_mm": 0.09,
    "pedicle_width_mm": 0.13,
    "pedicle_height_mm": 0.10,
}
_LEVEL_SD = 0.02  # of one vertebra against what its neighbours let expect
_GREATEST_SD = 2.2  # no person lies farther off, in any respect
# Of the form, a person's mean and standard deviation, and the least and greatest that is drawn.
# Concavity of walls and endplates: from a flat back to one that is hollow by a tenth of its depth.
_FORM_SPREAD: Final = {
    "waist": (0.09, 0.03, 0.03, 0.16),
    "back_hollow_mm": (1.4, 0.7, 0.0, 3.2),
    "endplate_hollow_mm": (1.8, 0.6, 0.5, 3.2),
    "endplate_rim": (0.78, 0.03, 0.72, 0.84),
    "squareness": (2.6, 0.25, 2.1, 3.2),
    "pedicle_rise": (0.22, 0.025, 0.16, 0.28),
}
_WEDGING_SD_DEG, _PEDICLE_SD_DEG = 2.0, 3.0


def person_sizes(rng: np.random.Generator) -> dict[str, VertebraSize]:
    """Draw the sizes of a person.

    Parameters
    ----------
    rng : numpy.random.Generator

    Returns
    -------
    dict of str to VertebraSize
        By level, ``T7`` to ``L5``.
    """
    person = _PERSON_MEAN * np.exp(_PERSON_SD * _normal(rng))
    own = {name: person * float(np.exp(sd * _normal(rng))) for name, sd in _OWN_SD.items()}
    form = {
        name: float(np.clip(mean + sd * _normal(rng), least, greatest))
        for name, (mean, sd, least, greatest) in _FORM_SPREAD.items()
    }
    wedging, pedicle = _WEDGING_SD_DEG * _normal(rng), _PEDICLE_SD_DEG * _normal(rng)
    sizes = {}
    for level in MEAN_SIZES:
        size = _scaled(population_mean(level), own, rng)
        form["front_loss"] = _front_loss(size, _WEDGING_DEG[level] + wedging)
        form["pedicle_angle_deg"] = _PEDICLE_DEG[level] + pedicle
        sizes[level] = replace(size, form=replace(size.form, **form))
    return sizes


def population_mean(level: str) -> VertebraSize:
    """Return the mean sizes of cadaver spines at a level, with the taper of its body."""
    width_above, width_below, depth_above, depth_below, height = _ENDPLATES_MM[level]
    width, depth = (width_above + width_below) / 2, (depth_above + depth_below) / 2
    form = VertebraForm(
        width_taper=(width_below - width_above) / (2 * width),
        depth_taper=(depth_below - depth_above) / (2 * depth),
    )
    mean = MEAN_SIZES[level]
    return replace(mean, width_mm=width, depth_mm=depth, height_mm=height, form=form)


def _scaled(size: VertebraSize, shares: dict[str, float], rng: np.random.Generator) -> VertebraSize:
    lengths = {
        name: float(getattr(size, name) * share * np.exp(_LEVEL_SD * _normal(rng)))
        for name, share in shares.items()
    }
    return replace(size, **lengths)  # type: ignore[arg-type]


def _front_loss(size: VertebraSize, wedging_deg: float) -> float:
    return float(size.depth_mm * np.tan(np.radians(wedging_deg)) / size.height_mm)


def _normal(rng: np.random.Generator) -> float:
    return float(np.clip(rng.standard_normal(), -_GREATEST_SD, _GREATEST_SD))
