"""Subtraction shows cement alone, wherever the anatomy moved, and says why where it cannot."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from handmade import ACQUISITION, make_alert, make_observation

from leakwatch.config import Settings
from leakwatch.core.arrays import read_only
from leakwatch.core.frame import Frame, Shutter
from leakwatch.core.results import Level, Reason, Snapshot
from leakwatch.display.references import Reference, ReferenceKind, References
from leakwatch.display.subtraction import BLANK, UNCHANGED, Subtractor, subtraction_grey

SETTINGS = Settings()
ROWS, COLUMNS, ADDED = 160, 200, 0.3
BEAM = replace(ACQUISITION, rows=ROWS, columns=COLUMNS)
# Cement in the frame of the anatomy: columns 80 to 99, rows 60 to 89.
CEMENT = (slice(60, 90), slice(80, 100))


def picture(shift=(0.0, 0.0), cement=False, gain=1.0, index=0, acquisition=BEAM):
    """A frame of ribs and disks that are known between the pixels, so that any shift is exact."""
    row, column = np.mgrid[:ROWS, :COLUMNS].astype(np.float64)
    x, y = column - shift[0], row - shift[1]
    depth = 0.8 * np.sin(x / 9.0) + 0.6 * np.cos(y / 7.0) + 0.3 * np.sin((x + 2.0 * y) / 13.0)
    if cement:
        inside = (x > 79.5) & (x < 99.5) & (y > 59.5) & (y < 89.5)
        depth += ADDED * inside
    rng = np.random.default_rng(index)
    beam = gain * 400.0 * np.exp(-depth) + rng.normal(0.0, 1.0, (ROWS, COLUMNS))
    # The smallest observation that says where the anatomy is.
    seen = replace(make_observation(0), frame=index, time_s=0.125 * index, shift_px=shift)
    if not cement:
        seen = replace(seen, cement=replace(seen.cement, contours_px=(), area_px=0.0))
    stored = read_only(np.clip(beam, 0, 4095).astype(np.uint16))
    frame = Frame(index, 0.125 * index, stored, acquisition)
    return Snapshot(frame, seen, make_alert(), 5.0)


def before(**changes):
    return Reference(ReferenceKind.BEFORE_CEMENT, picture(**changes), "first")


def test_cement_alone_is_left_however_the_anatomy_moved_and_the_beam_brightened():
    made = Subtractor(SETTINGS).subtract(
        before(), picture((7.4, -5.3), cement=True, gain=1.7, index=9), "first"
    )
    assert made.why == ""
    full = SETTINGS.window.subtraction_log
    expected = UNCHANGED - ADDED * UNCHANGED / full
    moved = made.grey[60 - 5 + 3 : 90 - 5 - 3, 80 + 7 + 3 : 100 + 7 - 3]
    assert np.median(moved) == pytest.approx(expected, abs=4)
    # 20 pixels at each side are not in both images.
    rest = made.grey[20:-20, 20:-20].astype(float)
    rest[60 - 20 - 8 : 90 - 20, 80 - 20 : 100 - 20 + 12] = np.nan
    assert np.nanmedian(np.abs(rest - UNCHANGED)) < 4.0
    assert np.nanpercentile(np.abs(rest - UNCHANGED), 99) < 25.0


def test_without_the_shift_the_anatomy_would_not_cancel():
    """What the test above is worth: the same images, taken as not moved."""
    now = picture((7.4, -5.3), cement=True, index=9)
    still = replace(now, observation=replace(now.observation, shift_px=(0.0, 0.0)))
    made = Subtractor(SETTINGS).subtract(before(), still, "first")
    rest = made.grey[20:50, 20:-20].astype(float)
    assert np.percentile(np.abs(rest - UNCHANGED), 90) > 60.0


def test_what_either_shutter_hides_is_blank():
    shutter = replace(BEAM, shutter=Shutter(left=30.0))
    made = Subtractor(SETTINGS).subtract(
        before(acquisition=shutter), picture((10.0, 0.0), cement=True, index=9), "first"
    )
    # The shutter stays with the image that it hides: at columns up to 30 there, 40 here.
    assert (made.grey[30:-30, 12:40] == BLANK).all()
    assert (made.grey[30:-30, 46:150] != BLANK).mean() > 0.99
    now = picture((0.0, 0.0), cement=True, index=9, acquisition=shutter)
    made = Subtractor(SETTINGS).subtract(before(), now, "first")
    assert (made.grey[30:-30, :30] == BLANK).all()


def test_large_frames_are_subtracted_on_a_coarser_grid():
    acquisition = replace(BEAM, rows=1024, columns=1024)
    small = picture()
    large = np.kron(small.frame.pixels[:128, :128], np.ones((8, 8), np.uint16))
    frame = Frame(0, 0.0, read_only(large), acquisition)
    seen = Snapshot(frame, small.observation, make_alert(), 5.0)
    made = Subtractor(SETTINGS).subtract(
        Reference(ReferenceKind.KEPT, seen, 0, 1), replace(seen, latency_ms=1.0), 0
    )
    assert made.grey.shape == (512, 512)
    assert made.grid.binning == 2


@pytest.mark.parametrize(
    ("change", "baseline", "why"),
    [
        (lambda one: one, "second", "new baseline"),
        (lambda one: replace(one, fault="gone"), "first", "no match"),
        (
            lambda one: replace(one, observation=replace(one.observation, shift_px=None)),
            "first",
            "no match",
        ),
        (
            lambda one: replace(
                one,
                observation=replace(one.observation, cement=None, unavailable=(Reason.MOTION,)),
            ),
            "first",
            "no match",
        ),
        (
            lambda one: replace(
                one, frame=replace(one.frame, acquisition=replace(BEAM, subject="another"))
            ),
            "first",
            "another patient",
        ),
        (
            lambda one: replace(
                one, frame=replace(one.frame, acquisition=replace(BEAM, columns=COLUMNS + 8))
            ),
            "first",
            "size",
        ),
    ],
)
def test_it_says_why_there_is_nothing_to_subtract(change, baseline, why):
    made = Subtractor(SETTINGS).subtract(before(), change(picture(index=9)), baseline)
    assert made.grey is None
    assert why in made.why


def test_a_closed_shutter_leaves_nothing():
    closed = replace(BEAM, shutter=Shutter(left=COLUMNS - 2.0))
    made = Subtractor(SETTINGS).subtract(before(), picture(acquisition=closed), "first")
    assert made.grey is None
    assert "exposed" in made.why


def test_more_attenuation_is_darker_and_the_hidden_is_blank():
    change = np.array([[0.0, 0.25, 0.5, 9.0, -9.0, 0.0]], np.float32)
    seen = np.array([[True] * 5 + [False]])
    greys = subtraction_grey(change, seen, 0.5)
    assert greys.tolist() == [[UNCHANGED, UNCHANGED // 2, 0, 0, 255, BLANK]]


def test_the_reference_before_cement_is_older_than_the_thin_front():
    """Cement that is not yet detected is in the last frames before it is."""
    kept = References()
    for index in range(17):
        kept.add(picture(index=index, cement=index >= 16), "first")
    chosen = kept.reference(ReferenceKind.BEFORE_CEMENT).snapshot
    assert 0.5 <= 2.0 - chosen.frame.time_s <= 0.8
    kept.add(picture(index=20), "first")  # cement that is lost for a frame is still there
    assert kept.reference(ReferenceKind.BEFORE_CEMENT).snapshot is chosen
    kept.add(picture(index=21), "second")
    assert kept.reference(ReferenceKind.BEFORE_CEMENT).snapshot.frame.index == 21


def test_a_stop_and_kept_images_are_references_and_go_with_the_patient():
    kept = References()
    assert kept.reference(ReferenceKind.STOP) is None
    stop = replace(picture(index=3, cement=True), alert=make_alert(Level.STOP))
    kept.add(stop, "first")
    kept.add(replace(picture(index=4, cement=True), alert=make_alert(Level.STOP)), "first")
    assert kept.reference(ReferenceKind.STOP).snapshot is stop
    assert kept.keep(stop, "first").number == 1
    assert kept.keep(picture(index=5), "first").number == 2
    assert kept.reference(ReferenceKind.KEPT, 2).title == "Kept image 2: 00:00.6, frame 6"
    other = picture(index=6, acquisition=replace(BEAM, subject="another"))
    kept.add(other, "first")
    assert kept.kept == ()
    assert kept.reference(ReferenceKind.STOP) is None
    assert kept.reference(ReferenceKind.BEFORE_CEMENT).snapshot is other
