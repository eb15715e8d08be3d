"""Contrast of cement and steel: physics that can be stated without the code."""

from __future__ import annotations

import numpy as np
import pytest

from leakwatch.config import VolumeSettings
from leakwatch.vision.cement.xray_contrast import (
    Opacifier,
    Tube,
    beam_behind_trunk,
    bore_integral,
    scatter_of,
    share_of,
    steel_integral,
    thickness_curve,
)
from leakwatch.vision.cement.xray_tables import (
    cement_attenuation,
    linear_attenuation,
    mass_attenuation,
)

SETTINGS = VolumeSettings()
BEAM = beam_behind_trunk(80.0, SETTINGS)
TUBE = Tube(3.05, 2.39, 1.05)
SPINE, JOINT = Opacifier("BaSO4", 0.19), Opacifier("BaSO4", 0.068)


@pytest.mark.parametrize(
    ("material", "kev", "cm2_g"),
    [
        # NIST XCOM, by the mixture rule; 45 and 70 keV are between energies of the tables.
        ("water", 60.0, 0.2059),
        ("water", 45.0, 0.2436),
        ("BaSO4", 37.0, 3.58),
        ("BaSO4", 38.0, 16.8),
        ("BaSO4", 70.0, 3.416),
        ("ZrO2", 60.0, 2.82),
        ("pmma", 80.0, 0.1751),
        ("copper", 70.0, 1.064),
    ],
)
def test_attenuation_is_that_of_nist(material: str, kev: float, cm2_g: float) -> None:
    assert mass_attenuation(material, np.array([kev]))[0] == pytest.approx(cm2_g, rel=0.02)


def test_cement_without_opacifier_is_resin_and_all_of_it_is_the_mineral() -> None:
    kev = np.array([50.0, 70.0])
    assert cement_attenuation("BaSO4", 0.0, kev) == pytest.approx(linear_attenuation("pmma", kev))
    assert cement_attenuation("BaSO4", 1.0, kev) == pytest.approx(linear_attenuation("BaSO4", kev))


def test_a_trunk_leaves_the_hard_part_of_the_beam() -> None:
    mean_kev = float(BEAM.kev @ BEAM.weights)
    assert 50.0 < mean_kev < 65.0  # that of 80 kV in air is some 45 keV
    assert BEAM.weights.sum() == pytest.approx(1.0)
    assert BEAM.kev.max() < 80.0


@pytest.mark.parametrize("scatter", [0.0, 0.3, 0.6])
def test_scatter_lowers_contrast_and_thick_cement_most(scatter: float) -> None:
    curve = thickness_curve(BEAM, SPINE, scatter)
    slope = curve.added[1] / curve.thickness_mm[1]
    bare = thickness_curve(BEAM, SPINE, 0.0)
    assert slope == pytest.approx((1.0 - scatter) * bare.added[1] / bare.thickness_mm[1], rel=0.03)
    assert np.all(np.diff(curve.added) > 0.0)
    assert np.all(np.diff(curve.added, 2) < 1e-12)
    if scatter:
        assert curve.added[-1] < -np.log(scatter)


def test_thickness_is_found_again_and_noise_cancels_out() -> None:
    curve = thickness_curve(BEAM, SPINE, 0.4)
    assert curve.thickness(curve.added[::7]) == pytest.approx(curve.thickness_mm[::7])
    noise = np.array([0.01, -0.01])
    assert curve.thickness(noise).sum() == pytest.approx(0.0)


@pytest.mark.parametrize("scatter", [0.1, 0.35, 0.6])
def test_scatter_is_found_from_known_steel(scatter: float) -> None:
    seen_mm = steel_integral(BEAM, TUBE, scatter)
    assert scatter_of(BEAM, TUBE, seen_mm) == pytest.approx(scatter, abs=0.002)


def test_steel_without_scatter_is_its_section_times_its_attenuation() -> None:
    thin = Tube(1.0, 0.98, 1.0)  # so thin that it does not harden the beam
    section_mm2 = np.pi / 4 * (1.0**2 - 0.98**2)
    per_mm = float(linear_attenuation("steel", BEAM.kev) @ BEAM.weights)
    assert steel_integral(BEAM, thin, 0.0) == pytest.approx(section_mm2 * per_mm, rel=0.1)


@pytest.mark.parametrize("opacifier", [SPINE, JOINT])
@pytest.mark.parametrize("scatter", [0.2, 0.5])
def test_cement_is_found_from_a_known_bore(opacifier: Opacifier, scatter: float) -> None:
    seen_mm = bore_integral(BEAM, TUBE, opacifier, scatter)
    assert share_of(BEAM, TUBE, "BaSO4", scatter, seen_mm) == pytest.approx(
        opacifier.share, abs=0.002
    )


def test_which_opacifier_fills_the_bore_matters_little() -> None:
    zirconia = Opacifier("ZrO2", 0.31)
    seen_mm = bore_integral(BEAM, TUBE, zirconia, 0.4)
    alike = Opacifier("BaSO4", share_of(BEAM, TUBE, "BaSO4", 0.4, seen_mm))
    true, taken = (thickness_curve(BEAM, one, 0.4) for one in (zirconia, alike))
    added = true.added[true.thickness_mm == 5.0]
    assert taken.thickness(added)[0] == pytest.approx(5.0, rel=0.05)


def test_impossible_contrasts_give_the_end_of_the_range() -> None:
    assert scatter_of(BEAM, TUBE, 99.0) == pytest.approx(0.0, abs=0.002)
    assert scatter_of(BEAM, TUBE, 0.0) == pytest.approx(0.9, abs=0.002)
    assert share_of(BEAM, TUBE, "BaSO4", 0.4, 99.0) == pytest.approx(0.6, abs=0.002)
