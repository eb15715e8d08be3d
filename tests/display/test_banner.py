"""The banner: what is said to whoever looks up for a second, from two metres."""

from __future__ import annotations

import numpy as np
import pytest
from handmade import WALL, make_alert, make_observation, make_tube

from leakwatch.config import Settings
from leakwatch.core.results import Cement, Level, Quality, Reason, WallDistance
from leakwatch.display.banner import (
    REASON_WORDS,
    RESOLVED_BY,
    distance_text,
    level_banner,
    off_banner,
    seconds_text,
    stale_banner,
)
from leakwatch.display.last_assessed import last_assessed_text
from leakwatch.display.level_styles import LEVEL_STYLES, Shape, shape_corners

SETTINGS = Settings()


@pytest.mark.parametrize("attribute", ["colour", "shape", "symbol"])
def test_levels_differ_in_more_than_colour(attribute):
    assert len({getattr(style, attribute) for style in LEVEL_STYLES.values()}) == len(Level)


def test_stop_says_its_reasons_in_order_with_numbers():
    alert = make_alert(Level.STOP, Reason.POSTERIOR_MARGIN, Reason.TUBULAR_FILLING)
    observation = make_observation(20, tubes=(make_tube(),))
    banner = level_banner(alert, observation, SETTINGS)
    assert (banner.word, banner.style.shape, banner.flashing) == ("STOP", Shape.OCTAGON, True)
    assert banner.reasons == (
        "Cement 4.5 ± 0.4 mm from the wall (margin 5 mm)",
        "Probable venous leak, 8 mm long",
    )


def test_reason_without_its_number_is_still_said():
    alert = make_alert(Level.STOP, Reason.POSTERIOR_MARGIN, Reason.TUBULAR_FILLING)
    banner = level_banner(alert, make_observation(wall_distance=None), SETTINGS)
    assert banner.reasons == (
        REASON_WORDS[Reason.POSTERIOR_MARGIN],
        REASON_WORDS[Reason.TUBULAR_FILLING],
    )


def test_an_acknowledged_stop_is_a_state_of_its_own_with_the_distance_now():
    reasons = (Reason.POSTERIOR_MARGIN,)
    alert = make_alert(Level.WATCH, *reasons, acknowledged=reasons)
    banner = level_banner(alert, make_observation(20), SETTINGS, "02:55")
    assert (banner.level, banner.word, banner.acknowledged) == (Level.WATCH, "STOP", True)
    assert banner.reasons == ("acknowledged 02:55, now 4.5 ± 0.4 mm",)
    watch = level_banner(make_alert(Level.WATCH, *reasons), make_observation(20), SETTINGS)
    assert banner.style not in LEVEL_STYLES.values()
    assert (banner.style.rim, watch.style.rim) == (LEVEL_STYLES[Level.STOP].rim, "")
    assert (banner.flashing, watch.acknowledged) == (False, False)


def test_an_acknowledged_stop_without_a_distance_says_what_it_was():
    reasons = (Reason.TUBULAR_FILLING,)
    alert = make_alert(Level.WATCH, *reasons, acknowledged=reasons)
    seen = make_observation(wall_distance=None, tubes=(make_tube(),))
    assert level_banner(alert, seen, SETTINGS).reasons == (
        "acknowledged: Probable venous leak, 8 mm long",
    )


@pytest.mark.parametrize("level", [Level.UNKNOWN, Level.STOP])
def test_an_acknowledged_stop_is_said_beside_what_is_more_urgent(level):
    acknowledged = (Reason.POSTERIOR_MARGIN,)
    reason = Reason.MOTION if level is Level.UNKNOWN else Reason.TUBULAR_FILLING
    alert = make_alert(level, reason, acknowledged=acknowledged)
    banner = level_banner(alert, make_observation(wall_distance=None), SETTINGS)
    assert (banner.word, banner.acknowledged) == (level.value, False)
    assert banner.warnings[-1] == "STOP acknowledged: Cement near the posterior wall"


LAST = [
    ({}, 11.2, "12 s ago: 9.5 ± 0.4 mm from the posterior wall"),
    (
        {"wall_distance": WallDistance(-8.0, -2.0, 0.4, (1.0, 1.0), (1.0, 1.0))},
        0.6,
        "1 s ago: 2.0 ± 0.4 mm behind the wall",
    ),
    ({"wall_distance": None}, 59.5, "1:00 min ago: 9 mm² of cement, no distance to the wall"),
    (
        {"wall_distance": None, "cement": Cement((), 0.0, 0.0, 0.0)},
        151.0,
        "2:31 min ago: no cement detected",
    ),
    (
        {"wall_distance": None, "tubes": (make_tube(),)},
        3.0,
        "3 s ago: 9 mm² of cement, no distance to the wall; tubular filling, 8 mm",
    ),
]


@pytest.mark.parametrize(("changes", "age_s", "words"), LAST)
def test_what_was_judged_last_is_said_with_its_age(changes, age_s, words):
    assert last_assessed_text(make_observation(**changes), age_s) == words


def test_latched_stop_tells_what_this_frame_alone_would_be():
    alert = make_alert(Level.STOP, Reason.TUBULAR_FILLING, current_level=Level.CLEAR)
    banner = level_banner(alert, make_observation(), SETTINGS)
    assert banner.word == "STOP"
    assert banner.warnings == ("Latched; current frame: CLEAR",)


def test_latched_stop_tells_that_it_cannot_see_now():
    alert = make_alert(Level.STOP, Reason.TUBULAR_FILLING, current_level=Level.UNKNOWN)
    banner = level_banner(alert, make_observation(unavailable=(Reason.MOTION,)), SETTINGS)
    assert banner.warnings[0] == "Latched; current frame: UNKNOWN"
    assert banner.warnings[1] == "⚠ Too much motion"


def test_stale_is_unknown_and_says_for_how_long():
    banner = stale_banner(1.26)
    assert (banner.level, banner.word) == (Level.UNKNOWN, "UNKNOWN")
    assert banner.reasons == ("No new frame for 1.3 s",)


@pytest.mark.parametrize(
    ("distance_mm", "sigma_mm", "text"),
    [
        (6.24, 0.4, "6.2 ± 0.4 mm"),
        (6.24, None, "6.2 mm"),
        (-1.2, 0.4, "1.2 ± 0.4 mm behind the wall"),
        (None, None, None),
    ],
)
def test_distance_text(distance_mm, sigma_mm, text):
    assert distance_text(WallDistance(1.0, distance_mm, sigma_mm, (0, 0), (1, 0))) == text


@pytest.mark.parametrize("shape", list(Shape))
def test_shapes_surround_their_symbol(shape):
    corners = np.array(shape_corners(shape, (100.0, 50.0), 20.0))
    reach = np.hypot(*(corners - [100.0, 50.0]).T)
    assert corners.min(axis=0)[0] < 90.0 < 110.0 < corners.max(axis=0)[0]
    assert (reach > 15.0).all()
    assert (reach < 30.0).all()


def at_distance(distance_mm, sigma_mm=0.4):
    return make_observation(
        wall_distance=WallDistance(1.0, distance_mm, sigma_mm, (50.0, 48.0), (88.0, 48.0))
    )


@pytest.mark.parametrize(
    ("distance_mm", "said"),
    [
        (8.1, "Cement 8.1 ± 0.4 mm from the wall"),
        (5.5, "Cement 5.5 ± 0.4 mm from the wall"),
        (5.3, "Cement 5.3 ± 0.4 mm from the wall: may be within 5 mm"),
        (4.9, "Cement 4.9 ± 0.4 mm from the wall (margin 5 mm)"),
        (-0.6, "Cement 0.6 ± 0.4 mm behind the wall"),
    ],
)
def test_margin_is_named_where_it_is_the_reason(distance_mm, said):
    alert = make_alert(Level.WATCH, Reason.POSTERIOR_MARGIN)
    assert level_banner(alert, at_distance(distance_mm), SETTINGS).reasons == (said,)


@pytest.mark.parametrize(
    ("distance_px", "said"),
    [
        (-28.4, "Cement 28 px behind the wall"),
        (1.5, "Cement at the wall"),
        (12.0, "Cement 12 px from the wall"),
    ],
)
def test_without_millimetres_the_side_of_the_wall_is_said(distance_px, said):
    alert = make_alert(Level.STOP, Reason.POSTERIOR_MARGIN)
    wall = WallDistance(distance_px, None, None, (50.0, 48.0), (88.0, 48.0), 2.0)
    banner = level_banner(alert, make_observation(wall_distance=wall), SETTINGS)
    assert banner.reasons == (said,)


def test_what_cannot_be_judged_is_no_reason_to_stop():
    reasons = (Reason.TUBULAR_FILLING, Reason.VIEW, Reason.NO_WALL)
    observation = make_observation(unavailable=(Reason.VIEW, Reason.NO_WALL))
    banner = level_banner(make_alert(Level.STOP, *reasons), observation, SETTINGS)
    assert banner.reasons == (REASON_WORDS[Reason.TUBULAR_FILLING],)
    assert banner.warnings == (
        "⚠ View not known to be lateral",
        "⚠ Posterior wall not marked",
    )


def test_unknown_says_all_its_reasons():
    observation = make_observation(unavailable=(Reason.VIEW, Reason.NO_WALL), cement=None)
    alert = make_alert(Level.UNKNOWN, Reason.VIEW, Reason.NO_WALL)
    banner = level_banner(alert, observation, SETTINGS)
    assert banner.reasons == (REASON_WORDS[Reason.VIEW], REASON_WORDS[Reason.NO_WALL])
    assert banner.warnings == ()


BLIND = [
    (Reason.NO_WALL, "Posterior wall not marked: M"),
    (Reason.NO_CALIBRATION, "Not calibrated, no millimetres: C"),
    (Reason.VIEW, "View not known to be lateral: M"),
    (Reason.MOTION, "Too much motion: hold still, or B"),
    (Reason.EXPOSURE, "Exposure changed, or vertebra covered: uncover it, or B"),
    (Reason.STALE, "No new frame: press the pedal"),
    (Reason.DECODE, "The next frame is damaged: check the source"),
    (Reason.STAGE_ERROR, "Analysis of this frame failed: new baseline, B"),
]


@pytest.mark.parametrize(("reason", "said"), BLIND)
def test_each_unknown_names_what_resolves_it(reason, said):
    blind = make_observation(unavailable=(reason,), cement=None)
    banner = level_banner(make_alert(Level.UNKNOWN, reason), blind, SETTINGS)
    assert banner.reasons_with_keys == (said,)


def test_what_resolves_it_is_known_of_every_unknown_and_of_nothing_else():
    assert set(RESOLVED_BY) == {reason for reason, _ in BLIND}
    alert = make_alert(Level.STOP, Reason.POSTERIOR_MARGIN)
    assert level_banner(alert, make_observation(20), SETTINGS).keys == ()


def test_off_is_calm_and_still_unknown():
    banner = off_banner("Fluoroscopy off")
    assert (banner.level, banner.word, banner.flashing) == (Level.UNKNOWN, "OFF", False)
    assert banner.style not in LEVEL_STYLES.values()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"unavailable": (Reason.VIEW, Reason.NO_WALL), "outline_px": WALL},
            "Veins and outline only: no posterior wall in this view",
        ),
        ({"unavailable": (Reason.VIEW,)}, "Veins only: no posterior wall in this view"),
        (
            {"unavailable": (Reason.NO_WALL,), "wall_px": None},
            "Veins only: no posterior wall is marked",
        ),
        (
            {"unavailable": (Reason.NO_CALIBRATION,), "outline_px": WALL},
            "Veins, outline and the wall itself only: not calibrated, so no margin of 5 mm",
        ),
    ],
)
def test_what_was_never_set_up_is_said_calmly_with_what_is_watched(changes, said):
    observation = make_observation(**changes)
    banner = level_banner(
        make_alert(Level.UNKNOWN, *observation.unavailable), observation, SETTINGS
    )
    assert (banner.level, banner.reasons, banner.warnings) == (Level.UNKNOWN, (said,), ())
    blind = LEVEL_STYLES[Level.UNKNOWN]
    assert banner.partly
    key = ("C",) if Reason.NO_CALIBRATION in changes["unavailable"] else ("M",)
    # Where the outline of another view was marked, there is no wall that could be.
    assert banner.keys == (() if "in this view" in said and "outline" in said else key)
    assert banner.word != Level.UNKNOWN.value
    assert banner.style.shape not in {style.shape for style in LEVEL_STYLES.values()}
    assert (banner.style.colour, banner.style.symbol) != (blind.colour, blind.symbol)


@pytest.mark.parametrize(
    "reason", [Reason.MOTION, Reason.STALE, Reason.EXPOSURE, Reason.DECODE, Reason.STAGE_ERROR]
)
def test_blindness_is_never_said_calmly(reason):
    observation = make_observation(unavailable=(reason, Reason.NO_WALL))
    banner = level_banner(make_alert(Level.UNKNOWN, reason, Reason.NO_WALL), observation, SETTINGS)
    assert not banner.partly
    assert banner.style == LEVEL_STYLES[Level.UNKNOWN]
    assert banner.reasons[0] == REASON_WORDS[reason]


def test_before_there_is_a_baseline_nobody_is_told_that_the_exposure_changed():
    alert = make_alert(Level.UNKNOWN, Reason.EXPOSURE)
    learning = make_observation(quality=Quality(registration_score=1.0, baseline_frames=1))
    changed = make_observation(quality=Quality(registration_score=1.0, baseline_frames=8))
    dark = make_observation(quality=Quality())
    words = [level_banner(alert, seen, SETTINGS).reasons for seen in (learning, changed, dark)]
    assert words[0] == ("Acquiring the baseline: frame 1",)
    assert words[1] == words[2] == (REASON_WORDS[Reason.EXPOSURE],)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.0, "less than 1 s"), (0.99, "less than 1 s"), (3.4, "about 3 s")]
)
def test_prediction_is_never_more_exact_than_it_is(seconds, text):
    assert seconds_text(seconds) == text


def test_an_acknowledged_stop_is_said_where_single_rules_are_not_set_up():
    """As in an AP view: PARTLY alone would look as if nothing had been seen."""
    seen = make_observation(4, unavailable=(Reason.VIEW,), wall_distance=None)
    alert = make_alert(Level.UNKNOWN, Reason.VIEW, acknowledged=(Reason.TUBULAR_FILLING,))
    shown = level_banner(alert, seen, Settings(), "02:55")
    assert (shown.word, shown.acknowledged, shown.flashing) == ("STOP", True, False)
    assert shown.reasons[0].startswith("acknowledged 02:55: Tubular filling")
    assert shown.reasons[-1].startswith("Veins only: ")
    assert (shown.level, shown.partly) == (Level.UNKNOWN, True)
    assert len(shown.keys) in (0, len(shown.reasons))
