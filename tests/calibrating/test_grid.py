"""Grids whose distortion is known by the simulator's own formula: from the picture to the fit."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leakwatch.calibrating.grid_crossings import Crossings, find_crossings
from leakwatch.calibrating.grid_fit import measure_grid
from leakwatch.calibrating.still_image import still_image
from leakwatch.config import CalibrationSettings, Settings
from leakwatch.core.distortion import undistort_px
from leakwatch.core.errors import CalibrationError
from leakwatch.simulator.scene.intensifier import Distortion as Formula
from leakwatch.simulator.sequence.dicom_writer import encode_dicom
from leakwatch.simulator.sequence.grid_plate import GridPlate, PlateKind, render_plate
from leakwatch.simulator.sequence.request import requested_scenario

LIMITS = CalibrationSettings()
ROWS, COLUMNS, PITCH_MM = 448, 448, 0.34


def scenario_of(**carm):
    asked = requested_scenario("intensifier", None, None, None, None, None, None)
    return replace_section(asked, carm)


def replace_section(scenario, carm):
    return msgspec.structs.replace(scenario, carm=msgspec.structs.replace(scenario.carm, **carm))


def picture_of(tmp_path, scenario, plate):
    path = tmp_path / "grid.dcm"
    path.write_bytes(encode_dicom(render_plate(scenario, plate)))
    return still_image(path, Settings())


def worst_px(found, formula):
    """How far the fit is from the formula at most, over all that the grid covered."""
    column, row = np.meshgrid(np.linspace(0, COLUMNS - 1, 40), np.linspace(0, ROWS - 1, 40))
    places = np.stack([column.ravel(), row.ravel()], axis=1)
    middle = np.array([(COLUMNS - 1) / 2, (ROWS - 1) / 2])
    places = places[np.hypot(*(places - middle).T) < found.distortion.reach_px]
    off = undistort_px(found.distortion, places) - formula.undistort(places)
    return float(np.hypot(*off.T).max())


@pytest.mark.parametrize(
    ("kind", "pincushion", "s_deg", "turned_deg", "metal_mm"),
    [
        (PlateKind.WIRES, 0.05, 1.5, 2.0, 1.0),
        (PlateKind.WIRES, 0.02, -2.0, -11.0, 0.6),
        (PlateKind.BEADS, 0.06, 2.0, 30.0, 2.0),
        (PlateKind.BEADS, 0.0, 0.0, 0.0, 1.0),
    ],
)
def test_a_photographed_grid_gives_the_distortion(
    tmp_path, kind, pincushion, s_deg, turned_deg, metal_mm
):
    scenario = scenario_of(pincushion=pincushion, s_distortion_deg=s_deg)
    plate = GridPlate(kind=kind, turned_deg=turned_deg, metal_mm=metal_mm)
    picture = picture_of(tmp_path, scenario, plate)
    crossings = find_crossings(picture.attenuation, picture.exposed)
    found = measure_grid(crossings, picture.exposed, plate.pitch_mm, LIMITS)
    assert found.crossings > 110
    assert found.residual_p95_px <= 0.3
    assert worst_px(found, Formula(pincushion, s_deg, ROWS, COLUMNS)) <= 0.3
    assert found.mm_per_px == pytest.approx(PITCH_MM, rel=0.003)
    # Where crossings are is known apart from any fit.
    true = Formula(pincushion, s_deg, ROWS, COLUMNS).distort(
        plate.crossings_mm(90.0) / PITCH_MM + np.array([(COLUMNS - 1) / 2, (ROWS - 1) / 2])
    )
    off = np.min(np.hypot(*(true[:, None] - crossings.shown_px[None]).transpose(2, 0, 1)), axis=0)
    assert np.percentile(off, 95) <= 0.3


def test_wires_that_are_many_pixels_wide_are_found_as_well(tmp_path):
    """1024 pixels of 0.154 mm: at the finest width noise moved the tops by a third of a pixel."""
    scenario = requested_scenario("large", None, None, None, None, None, None)
    picture = picture_of(tmp_path, scenario, GridPlate())
    crossings = find_crossings(picture.attenuation, picture.exposed)
    found = measure_grid(crossings, picture.exposed, GridPlate().pitch_mm, LIMITS)
    assert found.crossings > 190
    assert found.residual_p95_px <= 0.2
    assert found.mm_per_px == pytest.approx(scenario.carm.pitch_mm, rel=0.001)


def crossings_of(pincushion, s_deg, turned_deg, rng, noise_px=0.1, missing=0.0):
    plate = GridPlate(turned_deg=turned_deg)
    steps = np.stack(np.meshgrid(np.arange(-6, 7), np.arange(-6, 7)), axis=-1).reshape(-1, 2)
    turn = np.radians(turned_deg)
    there = (
        steps
        * plate.pitch_mm
        @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    )
    middle = np.array([(COLUMNS - 1) / 2, (ROWS - 1) / 2])
    shown = Formula(pincushion, s_deg, ROWS, COLUMNS).distort(there / PITCH_MM + middle)
    inside = np.all((shown > 0) & (shown < COLUMNS - 1), axis=1) & (rng.random(169) >= missing)
    noisy = shown[inside] + rng.normal(0.0, noise_px, (inside.sum(), 2))
    return Crossings(noisy, steps[inside].astype(float))


@settings(max_examples=15, deadline=None)
@given(
    st.floats(0.0, 0.06),
    st.floats(-3.0, 3.0),
    st.floats(-40.0, 40.0),
    st.integers(0, 2**16),
)
def test_any_distortion_is_fitted_whatever_is_missing(pincushion, s_deg, turned_deg, seed):
    rng = np.random.default_rng(seed)
    found = measure_grid(
        crossings_of(pincushion, s_deg, turned_deg, rng, missing=0.1),
        np.ones((ROWS, COLUMNS), bool),
        10.0,
        replace_limits(grid_min_cover=0.2),
    )
    off = undistort_px(found.distortion, found.shown_px)
    off = off - Formula(pincushion, s_deg, ROWS, COLUMNS).undistort(found.shown_px)
    # Noise is in where they are shown, too.
    assert np.percentile(np.hypot(*off.T), 95) < 0.35
    assert found.mm_per_px == pytest.approx(PITCH_MM, rel=0.004)
    assert found.distortion.sigma_px == pytest.approx(0.1, abs=0.04)


def replace_limits(**changes):
    return msgspec.structs.replace(LIMITS, **changes)


def test_a_crossing_that_is_none_is_left_out():
    rng = np.random.default_rng(3)
    crossings = crossings_of(0.04, 1.0, 0.0, rng)
    shown = crossings.shown_px.copy()
    shown[[20, 70]] += (6.0, -4.0)
    exposed = np.ones((ROWS, COLUMNS), bool)
    found = measure_grid(replace(crossings, shown_px=shown), exposed, 10.0, LIMITS)
    assert len(shown) - 5 <= found.crossings <= len(shown) - 2
    assert found.residual_p95_px < 0.4


def shaken(crossings):
    return np.random.default_rng(1).normal(0.0, 1.0, crossings.shown_px.shape)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda c: replace(c, shown_px=c.shown_px[:20], index=c.index[:20]), "20 crossings"),
        (lambda c: replace(c, shown_px=c.shown_px * (1.0, 0.97)), "longer in one direction"),
        (lambda c: replace(c, shown_px=c.shown_px + shaken(c)), "95 % of the crossings are within"),
        (
            lambda c: Crossings(c.shown_px[c.index[:, 0] < 0], c.index[c.index[:, 0] < 0]),
            "covers",
        ),
    ],
)  # fmt: skip
def test_what_is_no_measurement_is_refused(change, words):
    crossings = change(crossings_of(0.04, 1.0, 5.0, np.random.default_rng(3)))
    with pytest.raises(CalibrationError, match=words):
        measure_grid(crossings, np.ones((ROWS, COLUMNS), bool), 10.0, LIMITS)


def test_a_picture_without_a_grid_is_refused(repository):
    picture = still_image(repository / "sample_dicom" / "epidural.dcm", Settings(), 0)
    with pytest.raises(CalibrationError):
        measure_grid(
            find_crossings(picture.attenuation, picture.exposed), picture.exposed, 10.0, LIMITS
        )
