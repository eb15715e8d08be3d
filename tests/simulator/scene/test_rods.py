"""Cannulas in motion: a stylet in the bore and drawn, and the hand that holds them."""

from __future__ import annotations

import numpy as np
import pytest

from leakwatch.simulator.anatomy.carm import CArm
from leakwatch.simulator.scenario.scenario_sections import CannulaMoveSection, CannulaSection
from leakwatch.simulator.scene.rods import Rod, RodPose, rod_chords_mm, rod_track
from leakwatch.simulator.scene.steel_cannula import DIAMETERS_MM, LENGTH_MM, Cannula

CARM = CArm(rows=120, columns=160, pitch_mm=0.5)
# Its tip in the middle, backwards out of the picture, across the beam.
TUBE = Cannula(np.zeros(3), np.array([0.0, -1.0, 0.0]), *DIAMETERS_MM[8])
ROD = Rod(TUBE, np.array([0.0, -20.0, 0.0]))
TIMES = np.arange(0.0, 600.0, 0.1)


def on_axis(image: np.ndarray, anterior_mm: float) -> float:
    column, row = np.rint(CARM.project_points(np.array([[0.0, anterior_mm, 0.0]]))[0]).astype(int)
    return float(image[row, column])


def test_a_stylet_makes_the_bore_solid_and_drawn_it_is_gone() -> None:
    outer, inner = DIAMETERS_MM[8]
    hollow, bore = rod_chords_mm(ROD, RodPose(0.0, 0.0, None), CARM)
    solid, free = rod_chords_mm(ROD, RodPose(0.0, 0.0, 0.0), CARM)
    drawn, free_again = rod_chords_mm(ROD, RodPose(0.0, 0.0, LENGTH_MM + 2.0), CARM)
    assert on_axis(hollow, -10.0) == pytest.approx(outer - inner, abs=0.1)
    assert on_axis(bore, -10.0) == pytest.approx(inner, abs=0.1)
    assert on_axis(solid, -10.0) == pytest.approx(outer, abs=0.2)
    assert on_axis(free, -10.0) < 0.2
    assert np.array_equal(drawn, hollow)
    assert np.array_equal(free_again, bore)


def test_on_its_way_out_it_ends_where_it_was_drawn_to() -> None:
    hollow, _ = rod_chords_mm(ROD, RodPose(0.0, 0.0, None), CARM)
    half, _ = rod_chords_mm(ROD, RodPose(0.0, 0.0, 15.0), CARM)
    added = half - hollow
    assert on_axis(added, -10.0) == pytest.approx(0.0, abs=0.05)
    assert on_axis(added, -20.0) > 3.0


def test_its_ground_tip_stands_out_of_the_cannula() -> None:
    solid, _ = rod_chords_mm(ROD, RodPose(0.0, 0.0, 0.0), CARM)
    assert on_axis(solid, 1.0) > 2.0
    assert on_axis(solid, 4.0) == 0.0


def test_a_stylet_stays_until_it_is_drawn() -> None:
    section = CannulaSection(stylet_until_s=2.0, stylet_over_s=1.0)
    out = rod_track(section, TIMES, np.random.default_rng(1)).stylet_out_mm
    assert out is not None
    assert not out[TIMES <= 2.0].any()
    assert (out[TIMES >= 3.0] >= LENGTH_MM).all()
    assert (np.diff(out) >= 0.0).all()
    assert rod_track(CannulaSection(), TIMES, np.random.default_rng(1)).stylet_out_mm is None


def test_an_unsteady_hand_moves_it_as_far_as_asked_and_not_in_the_first_frame() -> None:
    section = CannulaSection(unrest_mm=0.5, unrest_deg=0.3)
    track = rod_track(section, TIMES, np.random.default_rng(2))
    assert track.withdraw_mm.std() == pytest.approx(0.5, rel=0.1)
    assert track.turn_deg.std() == pytest.approx(0.3, rel=0.1)
    assert track.withdraw_mm[0] == track.turn_deg[0] == 0.0
    # A hand, and no jumps: a tenth of a second is short.
    assert np.abs(np.diff(track.withdraw_mm)).max() < 0.4


def test_a_negative_withdrawal_pushes_it_on() -> None:
    move = CannulaMoveSection(at_s=1.0, withdraw_mm=-3.0)
    pose = rod_track(CannulaSection(moves=[move]), TIMES, np.random.default_rng(1)).at(-1)
    steel, _ = rod_chords_mm(ROD, pose, CARM)
    assert on_axis(steel, 2.0) > 0.5
    assert on_axis(steel, 4.0) == 0.0
