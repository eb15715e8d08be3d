"""Text that is blanked: gone from the pixels, and known as blind to the fold."""

from __future__ import annotations

from dataclasses import replace

import injection
import numpy as np
import pytest

from leakwatch.alerting import rules
from leakwatch.config import Settings
from leakwatch.core.frame import PixelFormat
from leakwatch.core.redaction import clip_rectangle, mask_frame, with_masks
from leakwatch.core.results import Level, Reason
from leakwatch.pipeline import stages
from leakwatch.pipeline.fold import fold

CORNER, BODY, AHEAD = (4, 4, 60, 20), (60, 100, 90, 140), (115, 100, 124, 140)


def levels(masks):
    frames = (mask_frame(frame, masks) for frame in injection.frames())
    vision = stages.initial_state(Settings(), injection.MARKS, injection.CALIBRATION)
    told = list(fold(frames, vision, rules.initial_state(Settings())))
    return [(one.alert.level, one.observation.unavailable) for one in told]


def test_pixels_are_blank_inside_and_untouched_outside():
    frame = next(injection.frames())
    masked = mask_frame(frame, [(-5, 230, 10, 900)])
    assert masked.acquisition.masks_px == ((0, 230, 10, 240),)
    assert not masked.pixels[230:, :10].any()
    assert np.array_equal(masked.pixels[:230], frame.pixels[:230])
    assert np.array_equal(masked.pixels[:, 10:], frame.pixels[:, 10:])
    assert not masked.pixels.flags.writeable
    assert frame.pixels[235, 5] > 0


def test_blank_is_where_no_beam_comes():
    inverted = replace(injection.ACQUISITION, pixel_format=PixelFormat("MONOCHROME1", 12))
    frame = replace(next(injection.frames()), acquisition=inverted)
    assert mask_frame(frame, [CORNER]).pixels[10, 10] == 4095


def test_the_same_masks_change_nothing():
    frame = mask_frame(next(injection.frames()), [CORNER])
    assert mask_frame(frame, [CORNER]) is frame
    assert with_masks(frame.acquisition, [CORNER, (500, 500, 600, 600)]) is frame.acquisition


@pytest.mark.parametrize(
    ("text", "after"), [(True, False), (False, False), (None, None)], ids=["yes", "no", "?"]
)
def test_text_is_gone_with_its_mask(text, after):
    told = replace(injection.ACQUISITION, burned_in_annotation=text)
    assert with_masks(told, [CORNER]).burned_in_annotation is after


def test_a_mask_outside_of_the_picture_is_none():
    assert clip_rectangle((240, 0, 300, 10), 240, 240) is None
    assert clip_rectangle((-9, -9, 0, 5), 240, 240) is None
    assert clip_rectangle((-9, -9, 3, 5), 240, 240) == (0, 0, 3, 5)


def test_text_in_a_corner_costs_nothing():
    assert levels([CORNER]) == levels([])


def test_what_is_masked_is_never_clear():
    over_body = levels([BODY])
    assert {level for level, _ in over_body} <= {Level.UNKNOWN, Level.STOP}
    assert all(Reason.EXPOSURE in unavailable for _, unavailable in over_body)


def test_cement_that_runs_under_a_mask_is_not_followed():
    told = levels([AHEAD])
    # Cement begins in front of the mask and grows towards it: all that follows is hidden.
    assert {level for level, _ in told[injection.FIRST_CEMENT :]} <= {Level.UNKNOWN, Level.STOP}
    assert Reason.EXPOSURE in told[-1][1]


def test_binning_and_shift_never_let_a_mask_be_seen():
    masked = (mask_frame(frame, [CORNER]) for frame in injection.frames(3))
    coarse = Settings()
    vision = stages.initial_state(coarse, injection.MARKS, injection.CALIBRATION)
    for frame in masked:
        vision, _ = stages.step(vision, frame)
    hidden = vision.active_run.masked
    assert hidden[4:20, 4:60].all()
    assert not hidden[24:, :].any()
    assert not vision.active_run.shutter[hidden].any()
    assert not vision.baseline.seen[4:20, 4:60].any()
