"""The beam against Beer and Lambert, published tables, and what hardening must do."""

from __future__ import annotations

import numpy as np
import pytest

from leakwatch.simulator.anatomy.tissue import CORTEX, LUNG, ORGAN, WATER
from leakwatch.simulator.xray.beam import (
    Beam,
    cement_attenuation,
    decompose,
    linear_attenuation,
    make_beam,
    transmission,
)


def lengths(**given_mm: float) -> dict[str, np.ndarray]:
    return {name: np.full((2, 3), mm) for name, mm in given_mm.items()}


def seen(beam: Beam, **given_mm: float) -> float:
    """Log attenuation."""
    return float(-np.log(transmission(beam, lengths(**given_mm))[0, 0]))


def test_one_energy_through_a_box_is_beer_lambert() -> None:
    kev = np.array([60.0])
    steel = linear_attenuation("steel", kev)
    beam = Beam(kev, np.ones(1), {"soft": linear_attenuation("water", kev), "steel": steel})
    # 100 mm of water and 1 mm of steel at 60 keV: 0.02059/mm and 1.301 cm2/g x 8.0 g/cm3.
    assert seen(beam, soft=100.0, steel=1.0) == pytest.approx(100 * 0.02059 + 0.1301 * 8.0)


def test_nothing_in_the_beam_lets_everything_through() -> None:
    assert transmission(make_beam(80, 0.1, 3, 0.1), lengths(soft=0.0)) == pytest.approx(1.0)


def test_a_mixed_beam_hardens() -> None:
    beam = make_beam(80, 0.0, 3.0, 0.1)
    thin, thick = (seen(beam, soft=mm) / mm for mm in (1.0, 250.0))
    # Never below the attenuation at the highest energy of the spectrum.
    assert float(linear_attenuation("water", np.array([80.0]))[0]) < thick < thin


def test_more_voltage_goes_through_more_easily() -> None:
    through = [seen(make_beam(kvp, 0.1, 3, 0.1), soft=200.0) for kvp in (60, 80, 110)]
    assert through[0] > through[1] > through[2]


def test_cement_mixes_by_mass_and_volume() -> None:
    kev = np.array([60.0])
    # Pure PMMA: 0.1924 cm2/g at 1.18 g/cm3. With 30 % of barium sulphate (5.116 cm2/g, 4.5 g/cm3)
    # the density is 1/(0.7/1.18 + 0.3/4.5) = 1.515 g/cm3.
    assert cement_attenuation(0.0, kev)[0] == pytest.approx(0.1924 * 1.18 / 10)
    mixed = (0.7 * 0.1924 + 0.3 * 5.116) / (0.7 / 1.18 + 0.3 / 4.5) / 10
    assert cement_attenuation(0.3, kev)[0] == pytest.approx(mixed, rel=1e-4)


@pytest.mark.parametrize(("share", "per_mm"), [(0.10, 0.0872), (0.30, 0.2530), (0.45, 0.4254)])
def test_cement_of_every_kind_at_60_kev(share: float, per_mm: float) -> None:
    # By hand: 10 % is 0.6848 cm2/g at 1.274 g/cm3, 30 % 1.669 at 1.515, 45 % 2.408 at 1.767.
    assert cement_attenuation(share, np.array([60.0]))[0] == pytest.approx(per_mm, rel=2e-3)


@pytest.mark.parametrize("kvp", [60.0, 80.0, 110.0])
def test_a_bolus_is_darker_with_each_share_of_barium(kvp: float) -> None:
    water = np.array([[180.0]])
    through = []
    for share in (0.10, 0.20, 0.30, 0.45):
        beam = make_beam(kvp, 0.1, 3.0, share)
        bare, filled = (
            transmission(beam, {"soft": water, "cement": np.array([[length]])})[0, 0]
            for length in (0.0, 10.0)
        )
        through.append(filled / bare)
        # No energy of the beam takes out more than 40 keV, just above barium's edge, nor less
        # than the greatest one.
        ends = np.array([40.0, kvp - 5.0])
        most, least = cement_attenuation(share, ends) - linear_attenuation("water", ends)
        assert least < -np.log(through[-1]) / 10.0 < most
    assert through == sorted(through, reverse=True)


def test_barium_takes_up_more_just_above_its_edge() -> None:
    below, above = cement_attenuation(0.3, np.array([35.0, 40.0]))
    assert above > 2.5 * below


def test_tissue_splits_into_its_basis_and_back() -> None:
    values = np.array([0.0, LUNG, WATER, ORGAN, 0.03, CORTEX, 0.08], np.float32)
    soft, bone = decompose(values)
    assert soft * WATER + bone * CORTEX == pytest.approx(values, abs=1e-6)
    assert bone[:4] == pytest.approx(0.0, abs=1e-6)
    assert soft[5] == pytest.approx(0.0, abs=1e-5)
    assert bone[5] == pytest.approx(1.0, abs=1e-5)
    assert soft.min() >= 0.0


def test_the_spectrum_is_one_and_stays_below_the_voltage() -> None:
    beam = make_beam(70, 0.2, 2.5, 0.1)
    assert beam.weights.sum() == pytest.approx(1.0)
    assert beam.kev.max() < 70.0
    assert (beam.weights > 0.0).all()
