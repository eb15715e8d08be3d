"""Measuring an object in a window, without one."""

from __future__ import annotations

import numpy as np
import pytest
from handmade import CALIBRATION
from metal import picture, tube_mm

from leakwatch.calibrating.known_size import KnownObject
from leakwatch.config import CalibrationSettings
from leakwatch.marking import measuring
from leakwatch.marking.measuring import KINDS, Measuring

LIMITS = CalibrationSettings()


@pytest.fixture(scope="module")
def cannula():
    """11G at 0.25 mm per pixel, straight across the middle."""
    return picture(tube_mm(np.array([130.0, 110.0]), 0.0, 12.2, 0.0, 0.25))


def test_two_clicks_near_the_edges_give_the_spacing(cannula):
    now = Measuring()
    assert measuring.result(now, cannula, None, LIMITS).startswith("Click both edges")
    now = measuring.with_point(now, (130.0, 102.6))
    assert measuring.result(now, cannula, None, LIMITS).endswith("the other one")
    now = measuring.with_point(now, (131.0, 117.2))
    found = measuring.result(now, cannula, None, LIMITS)
    assert found.found
    assert found.spacing.mm_per_px == pytest.approx(0.25, rel=0.03)
    assert "against ImagerPixelSpacing" in measuring.compare(found, CALIBRATION, LIMITS)


def test_by_hand_the_points_are_taken_as_they_are(cannula):
    now = Measuring(by_hand=True, points_px=((130.0, 100.0), (130.0, 112.2)))
    found = measuring.result(now, cannula, None, LIMITS)
    assert not found.found
    assert found.spacing.mm_per_px == pytest.approx(0.25)


def test_what_contradicts_the_tags_is_told(cannula):
    now = Measuring(by_hand=True, points_px=((130.0, 100.0), (130.0, 115.0)))
    found = measuring.result(now, cannula, None, LIMITS)
    assert "contradict" in measuring.compare(found, CALIBRATION, LIMITS)


def test_a_point_more_than_wanted_begins_again():
    now = measuring.with_point(measuring.with_point(Measuring(), (1.0, 1.0)), (1.0, 9.0))
    assert measuring.with_point(now, (5.0, 5.0)).points_px == ((5.0, 5.0),)
    assert measuring.with_point_moved(now, 1, (2.0, 8.0)).points_px == ((1.0, 1.0), (2.0, 8.0))


def test_kinds_go_round_and_sizes_stay_what_can_be():
    now, seen = Measuring(), []
    for _ in KINDS:
        seen.append(now.kind)
        now = measuring.select_next_kind(now)
    assert (seen, now) == (list(KINDS), Measuring())
    for _ in range(30):
        now = measuring.resize(now, 1.0)
    assert measuring.size_mm(now) == 1.65
    ruler = Measuring(KnownObject.RULER, 50.0)
    assert measuring.size_mm(measuring.resize(ruler, -0.1)) == 49.9
    assert measuring.size_mm(measuring.resize(ruler, -400.0)) == 0.5
    assert measuring.describe(Measuring()) == "cannula, across: 11G, 3.05 mm, with edge detection"


def test_what_is_wrong_is_told_in_words(cannula):
    far = Measuring(points_px=((30.0, 20.0), (30.0, 32.0)))
    assert "No cannula with clear edges" in measuring.result(far, cannula, None, LIMITS)
    assert Measuring(KnownObject.SPHERE, 25.0).wanted == 1
    assert Measuring(KnownObject.SPHERE, 25.0, by_hand=True).wanted == 2
