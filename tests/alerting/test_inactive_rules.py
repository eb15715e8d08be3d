"""What makes a rule not apply is known before the first frame."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import numpy as np
import pytest
from handmade import ACQUISITION, CALIBRATION, MARKS, UNCALIBRATED

from leakwatch.alerting.inactive_rules import find_inactive_rules
from leakwatch.config import Settings
from leakwatch.core.arrays import read_only
from leakwatch.core.frame import View
from leakwatch.core.marks import Marks

SETTINGS = Settings()
OUTLINE = read_only(np.array([[40.0, 20.0], [90.0, 20.0], [90.0, 76.0], [40.0, 76.0]]))
WHOLE = replace(MARKS, body_outline_px=OUTLINE, baseline_frames=(0, 5))


def said(
    marks=WHOLE, calibration=CALIBRATION, acquisition=ACQUISITION, settings=SETTINGS
) -> list[str]:
    return [one.text for one in find_inactive_rules(marks, calibration, acquisition, settings)]


def test_nothing_is_said_where_all_rules_apply():
    assert said() == []


@pytest.mark.parametrize(
    ("marks", "words"),
    [
        (
            replace(WHOLE, posterior_wall_px=None),
            ["posterior wall rule inactive: no posterior wall", "mark FILE"],
        ),
        (
            replace(WHOLE, view=View.AP),
            ["posterior wall rule inactive: the view is ap", "veins and outline"],
        ),
        (replace(WHOLE, view=View.OBLIQUE), ["posterior wall rule inactive: the view is oblique"]),
        (
            replace(WHOLE, view=None),
            ["posterior wall rule inactive: the view is not specified", "lateral"],
        ),
        (replace(WHOLE, baseline_frames=None), ["baseline: assumed: the first 2 s"]),
    ],
)
def test_each_rule_that_is_off_is_named_with_a_way_out(marks, words):
    (text,) = said(marks)
    assert [word for word in words if word not in text] == []


def test_without_any_marks_wall_and_outline_are_off():
    rules = [one.rule for one in find_inactive_rules(Marks(), CALIBRATION, ACQUISITION, SETTINGS)]
    assert rules == ["posterior wall rule", "outline rule", "baseline"]


def test_without_millimetres_the_margin_is_off():
    (text,) = said(calibration=UNCALIBRATED)
    assert text.startswith("5 mm rule inactive: not calibrated (no spacing in the tags)")
    wall_alone = replace(WHOLE, body_outline_px=None)
    assert [one.split(" inactive")[0] for one in said(wall_alone, UNCALIBRATED)] == [
        "5 mm rule",
        "outline rule",
    ]


def test_an_unknown_side_is_said_unless_marks_or_tags_tell_it():
    nobody = replace(WHOLE, anterior=None, body_outline_px=None)
    (text,) = said(nobody)
    assert text.startswith("anterior side: not specified: unknown until")
    assert said(replace(nobody, needle_tip_px=(60.0, 48.0))) == []
    assert said(nobody, acquisition=replace(ACQUISITION, patient_orientation=("P", "F"))) == []
    assert said(nobody, acquisition=replace(ACQUISITION, patient_orientation=("F", "A"))) == []
    assert len(said(nobody, acquisition=replace(ACQUISITION, patient_orientation=("L", "F")))) == 1


def test_before_the_first_frame_only_what_is_known_is_said():
    assert said(replace(WHOLE, anterior=None, body_outline_px=None), None, None) == []
    (text,) = said(replace(WHOLE, posterior_wall_px=None), None, None)
    assert text.startswith("posterior wall rule inactive")


def test_a_sequence_of_too_few_frames_has_no_rules():
    (text,) = said(acquisition=replace(ACQUISITION, number_of_frames=1))
    assert text.startswith("all rules inactive: the sequence has 1 frame,")
    assert said(acquisition=replace(ACQUISITION, number_of_frames=None)) == []


def test_settings_that_turn_a_rule_off_are_named():
    alerting = msgspec.structs.replace(SETTINGS.alerting, predict_s=0.0)
    (text,) = said(settings=msgspec.structs.replace(SETTINGS, alerting=alerting))
    assert text == "prediction inactive: [alerting] predict_s is 0 in the settings"


def test_times_that_contradict_each_other_are_said():
    doubt = "FrameTime says 8 frames/s and AcquisitionTime 1; AcquisitionTime is followed"
    (one,) = find_inactive_rules(
        WHOLE, CALIBRATION, replace(ACQUISITION, time_doubts=(doubt,)), SETTINGS
    )
    assert one.text.startswith(f"frame times: {doubt}; find out which is correct")
    assert not one.off
