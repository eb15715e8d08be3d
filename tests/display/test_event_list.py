"""The list of what happened: truth is events.jsonl of a session, written by hand."""

from __future__ import annotations

from leakwatch.core.results import Event, EventKind, Level, Reason
from leakwatch.display.event_list import Urgency, event_rows, next_row, previous_row

ALERT, TECHNICAL = EventKind.ALERT, EventKind.TECHNICAL
SESSION = (
    Event(0, 0.0, TECHNICAL, Level.UNKNOWN, Reason.EXPOSURE),
    Event(2, 0.27, ALERT, Level.CLEAR),
    Event(22, 2.9, TECHNICAL, text="the operator widened the margin from 5 to 7 mm"),
    Event(23, 3.1, ALERT, Level.WATCH, Reason.POSTERIOR_MARGIN, 8.87, 0.57, (159.5, 188.3)),
    Event(26, 3.6, EventKind.ANNOTATION, text="cement is {doughy}"),
    Event(26, 3.6, EventKind.ANNOTATION, text="0.5 mL injected, as read on the syringe"),
    Event(30, 30.1, EventKind.AUDIO_PAUSED, text="60 s"),
    Event(38, 31.1, ALERT, Level.STOP, Reason.POSTERIOR_MARGIN, -2.33, 0.52, (111.2, 182.2)),
    Event(38, 31.1, ALERT, Level.STOP, Reason.TUBULAR_FILLING, -2.33, 0.52, (99.0, 180.0)),
    Event(38, 31.1, TECHNICAL, Level.STOP, Reason.VIEW),
    Event(44, 31.9, EventKind.ACKNOWLEDGE, Level.WATCH, text="cleared"),
    Event(44, 31.9, ALERT, Level.WATCH, Reason.POSTERIOR_MARGIN, -2.4, 0.5),
    Event(44, 31.9, ALERT, Level.WATCH, Reason.TUBULAR_FILLING, -2.4, 0.5),
    Event(50, 33.0, TECHNICAL, Level.UNKNOWN, Reason.DECODE, text="the file ended"),
)


def test_every_alarm_action_and_note_is_a_row_and_reasons_of_a_moment_share_one():
    rows = event_rows(SESSION)
    assert [(row.frame, row.title, row.urgency) for row in rows] == [
        (0, "Technical", Urgency.TECHNICAL),
        (22, "Technical", Urgency.TECHNICAL),
        (23, "WATCH", Urgency.WATCH),
        (26, "Note", Urgency.NOTE),
        (26, "Note", Urgency.NOTE),
        (30, "Pause", Urgency.PAUSED),
        (38, "STOP", Urgency.STOP),
        (38, "Technical", Urgency.TECHNICAL),
        (44, "Acknowledged", Urgency.ACKNOWLEDGED),
        (50, "Technical", Urgency.TECHNICAL),
    ]
    stop = rows[6]
    assert stop.text == "Cement near the posterior wall; Tubular filling: probable venous leak"
    assert (stop.value, stop.at_px) == ("2.3 ± 0.5 mm behind the wall", (111.2, 182.2))
    assert rows[2].value == "8.9 ± 0.6 mm"
    assert rows[3].text == "cement is {doughy}"
    assert (rows[8].value, rows[8].text) == ("2.4 ± 0.5 mm behind the wall", stop.text)
    assert rows[5].text == "Sound: 60 s"
    assert rows[9].text == "the file ended"


def test_frames_of_the_baseline_are_not_said_to_have_another_exposure():
    assert event_rows(SESSION)[0].text.startswith("Exposure changed")
    assert event_rows(SESSION, {0})[0].text == "Acquiring the baseline"


def test_next_and_previous_go_from_frame_to_frame_and_end():
    rows = event_rows(SESSION)
    visited, frame = [], -1
    while (row := next_row(rows, frame)) is not None:
        frame = row.frame
        visited.append(frame)
    assert visited == [0, 22, 23, 26, 30, 38, 44, 50]
    back = []
    while (row := previous_row(rows, frame)) is not None:
        frame = row.frame
        back.append(frame)
    assert back == visited[-2::-1]


def test_a_session_without_events_has_an_empty_list():
    assert event_rows(()) == ()
    assert next_row((), 0) is previous_row((), 9) is None
