"""Collapsed bodies: heights that are lost, and bone that is pressed together or thin."""

from __future__ import annotations

import tomllib

import numpy as np
import pytest
from small import small_scenario

from leakwatch.core.errors import ConfigError
from leakwatch.simulator.anatomy.analytic_anatomy import build_analytic_anatomy
from leakwatch.simulator.anatomy.anatomy import Anatomy, Label
from leakwatch.simulator.anatomy.carm import CArm
from leakwatch.simulator.anatomy.fracture import Fracture
from leakwatch.simulator.anatomy.landmarks import find_landmarks
from leakwatch.simulator.anatomy.patient import Patient
from leakwatch.simulator.anatomy.tissue import CORTEX, WATER, from_hounsfield
from leakwatch.simulator.scenario.scenario import Scenario, make_scenario
from leakwatch.simulator.sequence.request import anatomy_of, patient_of

pytestmark = pytest.mark.slow
CARM = CArm(rows=96, columns=96, pitch_mm=1.0)


def height_mm(anatomy: Anatomy, right_mm: float, anterior_mm: float) -> float:
    grid = anatomy.grid
    i, j, _ = np.rint(grid.to_index(np.array([right_mm, anterior_mm, 0.0]))).astype(int)
    return float((anatomy.labels[i, j] == Label.BODY).sum() * grid.spacing_mm[2])


def test_a_biconcave_body_is_low_in_the_middle_and_keeps_its_wall() -> None:
    whole = build_analytic_anatomy("L2", 4, Patient(), CARM)
    fish = build_analytic_anatomy("L2", 4, Patient(fractures={0: Fracture(0.0, 0.4)}), CARM)
    lost = height_mm(whole, 0.0, 0.0) - height_mm(fish, 0.0, 0.0)
    assert lost == pytest.approx(0.4 * 25.5, abs=2.0)
    before, after = find_landmarks(whole).wall_mm, find_landmarks(fish).wall_mm
    assert np.ptp(after[:, 2]) == pytest.approx(np.ptp(before[:, 2]), abs=2.0)
    assert after[:, 1] == pytest.approx(before[:, 1], abs=0.8)


def test_a_neighbour_can_be_broken_and_the_target_whole() -> None:
    whole = build_analytic_anatomy("L2", 4, Patient(), CARM)
    other = build_analytic_anatomy("L2", 4, Patient(fractures={1: Fracture(0.4, 0.3)}), CARM)
    assert ((whole.labels == Label.BODY) == (other.labels == Label.BODY)).all()
    bone = Label.OTHER_VERTEBRA
    assert (other.labels == bone).sum() < 0.95 * (whole.labels == bone).sum()


def test_weak_bone_has_the_hounsfield_units_that_are_asked_for() -> None:
    for units in (30.0, 220.0):
        anatomy = build_analytic_anatomy("L2", 4, Patient(trabecular=from_hounsfield(units)), CARM)
        body = anatomy.attenuation[anatomy.labels == Label.BODY]
        found = 1000.0 * (np.median(body) / WATER - 1.0)
        assert found == pytest.approx(units, abs=25.0)


def test_a_thin_cortex_is_thinner() -> None:
    shares = []
    for factor in (0.5, 1.0, 2.0):
        anatomy = build_analytic_anatomy("L2", 4, Patient(shell_factor=factor), CARM)
        body = anatomy.attenuation[anatomy.labels == Label.BODY]
        shares.append((body > 0.6 * CORTEX).mean())
    assert shares[0] < shares[1] < shares[2]


def test_bone_below_a_sunken_endplate_is_denser() -> None:
    broken = Patient(fractures={0: Fracture(wedge=0.4)})
    loose = Patient(fractures={0: Fracture(wedge=0.4, impacted=False)})
    one, other = (build_analytic_anatomy("L2", 4, who, CARM) for who in (broken, loose))
    body = (one.labels == Label.BODY) & (other.labels == Label.BODY)
    more = np.where(body, one.attenuation - other.attenuation, 0.0)
    densest = np.unravel_index(int(np.argmax(more)), more.shape)
    assert 1000.0 * more.max() / WATER == pytest.approx(120.0, abs=60.0)
    assert one.grid.to_mm(np.array(densest))[1] > 5.0  # in front


def scenario_with(anatomy: str) -> Scenario:
    return make_scenario(tomllib.loads(f'name = "a"\n[anatomy]\n{anatomy}'), "a")


def test_what_a_scenario_says_reaches_the_patient() -> None:
    told = """sizes = "population"
trabecular_hu = 40.0
cortex_factor = 0.7
fractures = [{ wedge = 0.3 }, { levels_above = -1, biconcave = 0.2 }]"""
    patient = patient_of(scenario_with(told))
    assert patient.fractures == {0: Fracture(0.3, 0.0), -1: Fracture(0.0, 0.2)}
    assert patient.trabecular == pytest.approx(1.04 * WATER)
    assert patient.shell_factor == 0.7
    assert patient.sizes != Patient().sizes
    assert patient_of(small_scenario()) == Patient()


def test_two_fractures_of_one_vertebra_are_refused() -> None:
    told = "wedge = 0.2\nfractures = [{ biconcave = 0.2 }]"
    with pytest.raises(ConfigError, match="two fractures"):
        patient_of(scenario_with(told))


def test_a_ct_has_its_own_bones() -> None:
    told = 'ct = "a.nii.gz"\nvertebrae = "b.nii.gz"\ncortex_factor = 0.7'
    with pytest.raises(ConfigError, match="cortex_factor describes analytic anatomy"):
        anatomy_of(scenario_with(told))
