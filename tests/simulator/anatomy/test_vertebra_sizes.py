"""The population's sizes, against what was published and not against the detector's table."""

from __future__ import annotations

import numpy as np
import pytest

from leakwatch.simulator.anatomy.analytic_anatomy import build_analytic_anatomy
from leakwatch.simulator.anatomy.anatomy import Anatomy, Label
from leakwatch.simulator.anatomy.carm import CArm
from leakwatch.simulator.anatomy.landmarks import find_landmarks
from leakwatch.simulator.anatomy.patient import Patient
from leakwatch.simulator.anatomy.vertebra_shape import body_distance
from leakwatch.simulator.anatomy.vertebra_sizes import (
    MEAN_SIZES,
    VertebraForm,
    person_sizes,
    population_mean,
)

pytestmark = pytest.mark.slow
PEOPLE = [person_sizes(np.random.default_rng(seed)) for seed in range(400)]
SMALL = CArm(rows=64, columns=64, pitch_mm=1.0)


def share_of(name: str, level: str) -> tuple[float, float]:
    """Mean and standard deviation of a length of the 400, in mm."""
    lengths = np.array([getattr(person[level], name) for person in PEOPLE])
    return float(lengths.mean()), float(lengths.std())


@pytest.mark.parametrize(
    ("name", "mean_mm", "sd_mm"),
    [
        # L5 of 196 CTs (Cook and Baker 2021): means of both sexes, and standard deviations.
        ("depth_mm", 34.0, 3.3),
        ("canal_width_mm", 27.0, 3.1),
        ("pedicle_width_mm", 16.5, 2.3),
    ],
)
def test_persons_differ_as_in_published_cts(name: str, mean_mm: float, sd_mm: float) -> None:
    mean, sd = share_of(name, "L5")
    assert mean == pytest.approx(mean_mm, rel=0.06)
    assert sd == pytest.approx(sd_mm, rel=0.25)


def test_a_person_is_large_or_small_as_a_whole() -> None:
    depths = np.array([[person[level].depth_mm for level in ("T10", "L3")] for person in PEOPLE])
    assert np.corrcoef(depths.T)[0, 1] > 0.8


def test_bodies_taper_as_their_endplates_do() -> None:
    size = population_mean("L3")  # 44.1 mm wide above and 48.0 below, 35.2 and 34.8 deep
    assert size.width_mm * (1 - size.form.width_taper) == pytest.approx(44.1)
    assert size.width_mm * (1 + size.form.width_taper) == pytest.approx(48.0)
    assert size.depth_mm * (1 + size.form.depth_taper) == pytest.approx(34.8)


def test_thoracic_bodies_are_lower_in_front_and_the_last_one_is_higher() -> None:
    loss = {level: np.mean([p[level].form.front_loss for p in PEOPLE]) for level in MEAN_SIZES}
    assert loss["T11"] > 0.08
    assert loss["L5"] < -0.12


def test_the_mean_set_is_one_person_without_taper() -> None:
    assert {size.form for size in MEAN_SIZES.values()} == {VertebraForm()}
    assert MEAN_SIZES["L1"].depth_mm == 32.5


def body_heights(anatomy: Anatomy) -> tuple[float, float]:
    """Heights of the body in the midline, a quarter of its depth from its front and its back."""
    grid = anatomy.grid
    middle = int(np.argmin(np.abs(grid.axis_mm(0))))
    body = anatomy.labels[middle] == Label.BODY
    columns = np.flatnonzero(body.any(axis=1))
    first, last = columns[0], columns[-1]
    at = (first + (last - first) // 8, last - (last - first) // 8)
    back, front = (float(body[index].sum() * grid.spacing_mm[2]) for index in at)
    return front, back


@pytest.mark.parametrize(("level", "sign"), [("T11", -1.0), ("L5", 1.0)])
def test_a_painted_body_has_the_wedging_of_its_level(level: str, sign: float) -> None:
    patient = Patient({name: population_mean(name) for name in MEAN_SIZES})
    steep = Patient(PEOPLE[0])
    front, back = body_heights(build_analytic_anatomy(level, 2, steep, SMALL))
    assert sign * (front - back) > 0.5
    front, back = body_heights(build_analytic_anatomy(level, 2, patient, SMALL))
    assert abs(front - back) < 2.5  # nothing but bumps


def test_landmarks_are_where_a_drawn_person_has_them() -> None:
    for seed in (1, 5):
        sizes = person_sizes(np.random.default_rng(seed))
        landmarks = find_landmarks(build_analytic_anatomy("L3", seed, Patient(sizes), SMALL))
        size = sizes["L3"]
        assert landmarks.size_mm[1] == pytest.approx(size.depth_mm, abs=2.5)
        assert landmarks.size_mm[0] == pytest.approx(size.width_mm, abs=3.0)
        middle = landmarks.wall_mm[len(landmarks.wall_mm) // 2]
        drawn = -size.depth_mm / 2 * (1.0 - size.form.waist) + size.form.back_hollow_mm
        assert middle[1] == pytest.approx(drawn, abs=1.3)


@pytest.mark.parametrize("seed", [3, 14])
def test_the_ends_of_the_wall_lie_on_the_body(seed: int) -> None:
    # An L5 is higher in front: rows of its endplate once bent the ends of the wall forward.
    sizes = person_sizes(np.random.default_rng([seed, 2]))
    wall = find_landmarks(build_analytic_anatomy("L5", seed, Patient(sizes), SMALL)).wall_mm
    at = np.arange(-25.0, 0.0, 0.1)
    for _, anterior, superior in wall:
        axes = (np.zeros((1, 1, 1)), at[None, :, None], np.full((1, 1, 1), superior))
        inside = at[body_distance(axes, sizes["L5"])[0, :, 0] < 0.0]
        if len(inside):
            assert anterior == pytest.approx(inside[0], abs=1.3)
    assert np.ptp(wall[:, 2]) > 0.7 * sizes["L5"].height_mm
