"""What the head of a frame says against comparing it with the reference."""

from __future__ import annotations

from dataclasses import replace

import injection
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leakwatch.config import Settings
from leakwatch.core.frame import IntensityRelationship, ProjectionGeometry
from leakwatch.core.results import Reason
from leakwatch.live.view_guard import ViewGuard, check_view, find_difference

SETTINGS = Settings()
GEOMETRY = ProjectionGeometry(
    sid_mm=1000.0,
    sod_mm=700.0,
    imager_pixel_spacing_mm=(0.3, 0.3),
    primary_angle_deg=90.0,
    secondary_angle_deg=0.0,
)
REFERENCE = replace(injection.ACQUISITION, geometry=GEOMETRY, subject="a")
FRAME = replace(next(injection.frames(1)), acquisition=REFERENCE)


def with_geometry(**changes):
    return replace(REFERENCE, geometry=replace(GEOMETRY, **changes))


@pytest.mark.parametrize(
    "same",
    [
        REFERENCE,
        replace(REFERENCE),
        replace(REFERENCE, number_of_frames=7, notes=("x",)),
        with_geometry(primary_angle_deg=91.5),
        with_geometry(sid_mm=1010.0),
    ],
)
def test_what_does_not_matter(same):
    assert find_difference(REFERENCE, same, SETTINGS) is None


@pytest.mark.parametrize(
    ("other", "reason", "text"),
    [
        (replace(REFERENCE, subject="b"), Reason.VIEW, "Another patient: start a new baseline"),
        (replace(REFERENCE, subject=""), Reason.VIEW, "Another patient: start a new baseline"),
        (
            replace(REFERENCE, rows=512),
            Reason.VIEW,
            "Frames of 240 × 512 pixels instead of 240 × 240",
        ),
        (
            replace(
                REFERENCE,
                pixel_format=replace(
                    REFERENCE.pixel_format, relationship=IntensityRelationship.LOG
                ),
            ),
            Reason.EXPOSURE,
            "The pixel format changed",
        ),
        (
            with_geometry(primary_angle_deg=0.0),
            Reason.VIEW,
            "C-arm rotated by 90° from the marked view",
        ),
        (
            with_geometry(secondary_angle_deg=-5.0),
            Reason.VIEW,
            "C-arm rotated by 5° from the marked view",
        ),
        (
            with_geometry(primary_angle_deg=None),
            Reason.VIEW,
            "C-arm angles are no longer known",
        ),
        (
            with_geometry(sid_mm=1100.0),
            Reason.VIEW,
            "Scale changed: source to detector 1000, now 1100",
        ),
        (
            with_geometry(sod_mm=None),
            Reason.VIEW,
            "Scale changed: source to patient 700, now unknown",
        ),
        (
            with_geometry(imager_pixel_spacing_mm=(0.15, 0.15)),
            Reason.VIEW,
            "Scale changed: detector pixel 0.3, now 0.15",
        ),
    ],
)
def test_what_forbids_to_compare(other, reason, text):
    found = find_difference(REFERENCE, other, SETTINGS)
    assert (found.reason, found.text) == (reason, text)
    assert found.is_permanent == (other.subject != "a")


@given(st.floats(-180, 180), st.floats(-10, 10), st.sampled_from([-360.0, 0.0, 360.0]))
def test_angles_are_compared_around_the_circle(angle, turned, round_):
    before = with_geometry(primary_angle_deg=angle)
    after = with_geometry(primary_angle_deg=angle + turned + round_)
    found = find_difference(before, after, SETTINGS)
    if abs(abs(turned) - SETTINGS.motion.view_angle_deg) > 1e-6:
        assert (found is not None) == (abs(turned) > SETTINGS.motion.view_angle_deg)


def at(guard, acquisition, now_s):
    guard, found = check_view(guard, replace(FRAME, acquisition=acquisition), now_s)
    return guard, None if found is None else found.text


def test_another_size_returns_when_it_was_gone_for_a_second():
    other = replace(REFERENCE, rows=512)
    guard, first = at(ViewGuard(SETTINGS), REFERENCE, 0.0)
    assert first is None
    told = []
    for now_s, acquisition in (
        (1.0, other),
        (1.9, REFERENCE),
        (2.1, other),
        (2.5, REFERENCE),
        (3.0, REFERENCE),
        (3.2, REFERENCE),
    ):
        guard, text = at(guard, acquisition, now_s)
        told.append(text)
    assert told == ["Frames of 240 × 512 pixels instead of 240 × 240"] * 5 + [None]


def test_a_turned_view_is_judged_as_soon_as_it_is_back():
    turned = with_geometry(primary_angle_deg=0.0)
    guard, _ = at(ViewGuard(SETTINGS), REFERENCE, 0.0)
    guard, text = at(guard, turned, 1.0)
    assert text == "C-arm rotated by 90° from the marked view"
    assert at(guard, REFERENCE, 1.1)[1] is None


def test_another_patient_is_for_good():
    guard, _ = at(ViewGuard(SETTINGS), REFERENCE, 0.0)
    guard, text = at(guard, replace(REFERENCE, subject="b"), 1.0)
    assert text == "Another patient: start a new baseline"
    guard, text = at(guard, REFERENCE, 100.0)
    assert text == "Another patient: start a new baseline"
