"""What is drawn for a snapshot, without anything that draws."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from handmade import (
    MARKS,
    UNCALIBRATED,
    WALL,
    make_alert,
    make_observation,
    make_snapshot,
    make_tube,
)

from leakwatch.config import Settings
from leakwatch.core.frame import TimeSource, View
from leakwatch.core.marks import Marks, Side
from leakwatch.core.results import Cement, Level, Quality, Reason, WallDistance
from leakwatch.display.banner import REASON_WORDS
from leakwatch.display.level_styles import LEVEL_STYLES
from leakwatch.display.lines import LINE_STYLES, LineKind
from leakwatch.display.picture import (
    RESEARCH_NOTICE,
    body_side,
    make_overlay,
    margin_line,
    offset_polyline,
)

SETTINGS = Settings()


def facts_of(snapshot, marks=MARKS):
    shown = make_overlay(snapshot, marks, SETTINGS)
    return {fact.name: fact for fact in (*shown.facts, *shown.run_facts)}


def kinds_of(shown):
    return [line.kind for line in shown.lines]


def test_every_level_reason_and_line_kind_can_be_shown():
    assert set(LEVEL_STYLES) == set(Level)
    assert set(REASON_WORDS) == set(Reason)
    assert set(LINE_STYLES) == set(LineKind)
    looks = {(style.width, style.dash, style.colour) for style in LINE_STYLES.values()}
    assert len(looks) == len(LineKind)


def test_predicted_breach_is_said_in_seconds():
    alert = make_alert(Level.WATCH, Reason.PREDICTED_BREACH, time_to_margin_s=3.4)
    shown = make_overlay(make_snapshot(5, alert), MARKS, SETTINGS)
    assert shown.banner.reasons == ("Cement front reaches 5 mm from the wall in about 3 s",)
    assert not shown.banner.flashing
    fact = next(fact for fact in shown.facts if fact.name == "Predicted at 5 mm in")
    assert fact.value == "about 3 s"
    assert shown.labels[0].text == "8.2 ± 0.4 mm\n5 mm in about 3 s"


def test_behind_the_wall_never_reads_as_a_distance_in_front():
    behind = WallDistance(-4.0, -1.0, 0.4, (92.0, 48.0), (88.0, 48.0))
    alert = make_alert(Level.STOP, Reason.POSTERIOR_MARGIN)
    shown = make_overlay(
        make_snapshot(0, alert, make_observation(wall_distance=behind)), MARKS, SETTINGS
    )
    assert shown.banner.reasons == ("Cement 1.0 ± 0.4 mm behind the wall",)
    assert shown.labels[0].text == "1.0 ± 0.4 mm\nbehind the wall"


@pytest.mark.parametrize("flipped", [False, True])
@pytest.mark.parametrize(
    "marks",
    [
        Marks(view=View.LATERAL, anterior=Side.LEFT),
        Marks(view=View.LATERAL, needle_tip_px=(50.0, 48.0)),
        Marks(view=View.LATERAL),
    ],
    ids=["anterior", "needle", "cement"],
)
def test_margin_lies_towards_the_body_however_the_wall_was_drawn(marks, flipped):
    wall = WALL[::-1] if flipped else WALL
    margin = margin_line(make_observation(wall_px=wall), marks, 5.0)
    distances = np.hypot(*(margin - wall).T)
    assert np.allclose(distances, 5.0 / 0.25)
    assert (margin[:, 0] < wall[:, 0]).all()


def test_margin_from_cement_that_is_behind_the_wall():
    behind = WallDistance(-6.0, -1.5, 0.4, (94.0, 48.0), (88.0, 48.0))
    observation = make_observation(wall_distance=behind)
    assert body_side(observation, Marks()) == body_side(make_observation(), Marks()) != 0.0


def test_outline_tells_the_side_too():
    outline = np.array([[20.0, 20.0], [80.0, 20.0], [80.0, 76.0], [20.0, 76.0]])
    observation = make_observation(outline_px=outline, wall_distance=None)
    assert body_side(observation, Marks()) == body_side(make_observation(), MARKS)


@pytest.mark.parametrize(
    "changes",
    [{"wall_px": None}, {"calibration": UNCALIBRATED}],
    ids=["no wall", "no millimetres"],
)
def test_no_margin_band_without_wall_or_millimetres(changes):
    shown = make_overlay(make_snapshot(0, observation=make_observation(**changes)), MARKS, SETTINGS)
    assert shown.band_px is None
    assert LineKind.MARGIN not in kinds_of(shown)


def test_no_margin_band_where_no_side_is_known():
    observation = make_observation(wall_distance=None)
    assert margin_line(observation, Marks(), 5.0) is None


def test_offset_keeps_its_distance_from_a_straight_line():
    line = np.array([[0.0, 0.0], [0.0, 10.0], [0.0, 20.0]])
    assert np.allclose(offset_polyline(line, 2.0), line - np.array([2.0, 0.0]))
    assert not offset_polyline(line, 2.0).flags.writeable


def test_band_is_a_polygon_between_wall_and_margin():
    shown = make_overlay(make_snapshot(), MARKS, SETTINGS)
    assert np.array_equal(shown.band_px[: len(WALL)], WALL)
    margin = next(line for line in shown.lines if line.kind is LineKind.MARGIN)
    assert np.array_equal(shown.band_px[len(WALL) :], margin.points_px[::-1])


def test_lines_and_labels_of_a_full_observation():
    outline = np.array([[20.0, 20.0], [80.0, 20.0], [80.0, 76.0]])
    tubes = (make_tube(confirmed=True), make_tube(confirmed=False))
    shown = make_overlay(
        make_snapshot(
            0,
            observation=make_observation(outline_px=outline, tubes=tubes, found_px=(outline[:2],)),
        ),
        MARKS,
        SETTINGS,
        make_observation(0, cement=Cement((), 0.0, 0.0, 0.0)),
    )
    assert set(kinds_of(shown)) == set(LineKind) - {LineKind.TRUTH}
    assert [label.text for label in shown.labels] == ["9.5 ± 0.4 mm", "tubular 8 mm"]


def test_no_millimetre_anywhere_without_calibration():
    distance = WallDistance(38.0, None, None, (50.0, 48.0), (88.0, 48.0))
    cement = Cement((), 150.0, None, None)
    tube = dataclasses.replace(make_tube(), length_mm=None, width_mm=None)
    observation = make_observation(
        wall_distance=distance, cement=cement, tubes=(tube,), calibration=UNCALIBRATED
    )
    alert = make_alert(Level.STOP, Reason.TUBULAR_FILLING)
    shown = make_overlay(make_snapshot(0, alert, observation), MARKS, SETTINGS)
    texts = [label.text for label in shown.labels] + list(shown.banner.reasons)
    texts += [fact.value for fact in shown.facts]
    assert not [text for text in texts if any(f"{digit} mm" in text for digit in "0123456789")]
    assert [label.text for label in shown.labels] == ["not calibrated", "tubular"]
    fact = facts_of(make_snapshot(0, alert, observation))["Not calibrated"]
    assert (fact.value, fact.warn) == ("no spacing in the tags", True)


def test_source_of_the_spacing_is_beside_the_millimetres():
    fact = facts_of(make_snapshot())["Spacing"]
    assert fact.value == "0.250 ± 0.005 mm/px (ImagerPixelSpacing*SOD/SID)"
    assert not fact.warn


def test_assumed_frame_times_are_flagged():
    snapshot = make_snapshot(3)
    acquisition = dataclasses.replace(
        snapshot.frame.acquisition, time_source=TimeSource.ASSUMED, number_of_frames=None
    )
    facts = facts_of(make_snapshot(3, acquisition=acquisition))
    assert (facts["Time"].value, facts["Time"].warn) == ("0.38 s (assumed 15/s)", True)
    assert facts["Frame"].value == "3"
    assert not facts_of(snapshot)["Time"].warn


def test_doubts_are_flagged():
    quality = Quality(baseline_frames=6, baseline_assumed=True, attenuation_scale_known=False)
    facts = facts_of(make_snapshot(0, observation=make_observation(quality=quality)))
    assert facts["Baseline"].warn
    unseen = facts_of(make_snapshot(0, observation=make_observation(cement=None)))
    assert unseen["Cement"].warn


def test_of_a_frame_that_is_only_shown_again_nothing_is_measured():
    snapshot = dataclasses.replace(make_snapshot(3), fault="cut off")
    assert list(facts_of(snapshot)) == ["Frame", "Time", "Spacing"]


def test_legend_names_the_lines_that_are_there_and_the_margin():
    legend = dict(make_overlay(make_snapshot(), MARKS, SETTINGS).legend)
    assert legend[LineKind.MARGIN] == "5 mm from the wall"
    assert LineKind.TUBE not in legend
    bare = make_observation(wall_px=None, wall_distance=None, cement=None)
    assert make_overlay(make_snapshot(0, observation=bare), MARKS, SETTINGS).legend == ()


def test_research_notice_is_always_there():
    assert make_overlay(make_snapshot(), MARKS, SETTINGS).notice == RESEARCH_NOTICE
    assert "not a medical device" in RESEARCH_NOTICE
