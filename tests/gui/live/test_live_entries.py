"""What an operator types into the live window: margin, reason, note; and the list of events."""

from __future__ import annotations

import msgspec
import pytest
from handmade import make_alert, make_snapshot
from injection import FRAME_S, STOPPED
from live_room import SETTINGS, KeptSink, Room
from PySide6.QtCore import QPoint, QRectF, Qt
from PySide6.QtGui import QColor
from test_live_window import FEW, KEY, Heard, level_of, said

from leakwatch.core.results import Event, EventKind, Level
from leakwatch.display import palette
from leakwatch.display.event_list import event_rows
from leakwatch.gui.live.live_window import LiveWindow
from leakwatch.gui.widgets.event_list_view import foot_text
from leakwatch.gui.widgets.text_entry import MOST_LETTERS, TextEntry
from leakwatch.live.event_log import EventLog

pytestmark = pytest.mark.usefixtures("fonts")


@pytest.fixture
def room():
    with Room({"recording": KeptSink()}) as one:
        yield one


@pytest.fixture
def window(qtbot, room):
    made = LiveWindow(room.session, "by hand", speaker=Heard())
    qtbot.addWidget(made, before_close_func=LiveWindow.end)
    made.show()
    made.grab()
    return made


def press(qtbot, window, *keys):
    for one in keys:
        qtbot.keyClick(window, one)


def line(window):
    (found,) = [one for one in window.findChildren(TextEntry) if one.isVisible()]
    return found


def run(room, window, frames):
    """Show each of `frames`."""
    for frame in frames:
        room.feed(frame)
        window.tick()


def wait(room, window, seconds=1.0):
    """Let time pass while the window refreshes: a window that does not is a fault of its own."""
    for _ in range(round(seconds / FRAME_S)):
        room.clock.now_s += FRAME_S
        window.tick()


def events(room, kind):
    """Events of a kind in the recording, once everything is written."""
    room.session.close()
    return [event for event in room.sink("recording").events if event.kind is kind]


def texts(room):
    return [event.text for event in events(room, EventKind.TECHNICAL) if event.text]


def test_a_wider_margin_needs_a_second_enter_and_is_shown(qtbot, room, window):
    room.run(FEW[:8])
    level_of(window)
    assert "Margin: 5 mm" in said(window)
    press(qtbot, window, KEY.Key_L, KEY.Key_9, KEY.Key_Return)
    assert "STOP within 9 mm of the posterior wall, WATCH within 12 mm" in window.prompt.text()
    assert room.session.status.margin_mm == 5.0
    press(qtbot, window, KEY.Key_Return)
    room.until(lambda status: status.margin_mm == 9.0)
    room.run(FEW[8:10])
    assert window.layer is None
    wait(room, window)
    assert "Margin: 9 mm, set by the operator (settings: 5 mm)" in said(window)
    assert texts(room)[0] == "the operator widened the margin from 5 to 9 mm"


def test_another_digit_after_the_first_enter_asks_again(qtbot, room, window):
    room.run(FEW[:8])
    press(qtbot, window, KEY.Key_L, KEY.Key_9, KEY.Key_Return, KEY.Key_Period, KEY.Key_5)
    press(qtbot, window, KEY.Key_Return)
    assert "STOP within 9.5 mm" in window.prompt.text()
    assert window.layer is not None
    press(qtbot, window, KEY.Key_Escape)
    assert room.session.status.margin_mm == 5.0


def test_a_narrower_margin_is_used_only_with_a_reason(qtbot, room, window):
    room.run(FEW[:8])
    press(qtbot, window, KEY.Key_L, KEY.Key_3, KEY.Key_Return, KEY.Key_Return)
    assert "A narrower margin needs a reason." in window.prompt.text()
    assert room.session.status.margin_mm == 5.0
    qtbot.keyClicks(line(window), "wall drawn 2 mm too far anterior")
    qtbot.keyClick(line(window), KEY.Key_Return)
    room.until(lambda status: status.margin_mm == 3.0)
    room.run(FEW[8:9])
    said = "the operator narrowed the margin from 5 to 3 mm: wall drawn 2 mm too far anterior"
    assert texts(room) == [said]
    assert window.layer is None


@pytest.mark.parametrize("typed", ["", "0", "0.5", "25", "99999"])
def test_a_margin_that_is_not_possible_says_what_is(qtbot, room, window, typed):
    room.run(FEW[:8])
    press(qtbot, window, KEY.Key_L)
    qtbot.keyClicks(window, typed)
    press(qtbot, window, KEY.Key_Return)
    assert "mm is not possible. Type 1 to 20 mm." in window.prompt.text()
    assert window.layer is not None


def test_letters_of_a_note_are_no_keys_of_the_window(qtbot, room, window):
    room.run(FEW[: STOPPED + 1])
    assert level_of(window) is Level.STOP
    press(qtbot, window, KEY.Key_N)
    # Among them A, which would acknowledge, P, which would silence, and Q, twice.
    qtbot.keyClicks(line(window), "APQQ dough  phase")
    room.run(FEW[STOPPED + 1 : STOPPED + 3])
    assert level_of(window) is Level.STOP
    assert room.session.status.audio_paused_until_s is None
    qtbot.keyClick(line(window), KEY.Key_Return)
    room.run(FEW[STOPPED + 3 : STOPPED + 4])
    assert room.session.status.decision.snapshot.alert.latched
    press(qtbot, window, KEY.Key_A)  # the keys are the window's again
    room.until(lambda status: not status.decision.snapshot.alert.latched)
    (note,) = events(room, EventKind.ANNOTATION)
    assert note.text == "APQQ dough phase"


def test_the_button_acknowledges_while_a_note_is_typed(qtbot, room, window):
    room.run(FEW[: STOPPED + 1])
    level_of(window)
    press(qtbot, window, KEY.Key_N)
    qtbot.keyClicks(line(window), "half a word")
    qtbot.mouseClick(window.bar.buttons["A"], Qt.MouseButton.LeftButton)
    room.until(lambda status: not status.decision.snapshot.alert.latched)
    assert line(window).typed == "half a word"


def test_an_empty_note_saves_nothing_and_a_long_one_is_cut(qtbot, room, window):
    room.run(FEW[:8])
    press(qtbot, window, KEY.Key_N)
    qtbot.keyClick(line(window), KEY.Key_Enter)
    assert window.layer is None
    press(qtbot, window, KEY.Key_N)
    qtbot.keyClicks(line(window), "x" * (MOST_LETTERS + 50))
    qtbot.keyClick(line(window), KEY.Key_Return)
    room.run(FEW[8:9])
    (note,) = events(room, EventKind.ANNOTATION)
    assert note.text == "x" * MOST_LETTERS


def test_escape_leaves_a_note_without_saving_it(qtbot, room, window):
    room.run(FEW[:8])
    press(qtbot, window, KEY.Key_N)
    qtbot.keyClicks(line(window), "never mind")
    qtbot.keyClick(line(window), KEY.Key_Escape)
    assert window.layer is None
    room.run(FEW[8:9])
    assert events(room, EventKind.ANNOTATION) == []


def test_the_list_has_what_the_recording_has(qtbot, room, window):
    room.run(FEW[:8])
    room.session.note("dough phase")
    room.session.read_syringe(0.5)
    room.run(FEW[8 : STOPPED + 1])
    level_of(window)
    assert not window.events.pane.is_open  # the image has the room
    press(qtbot, window, KEY.Key_H)
    room.session.acknowledge()
    room.until(lambda status: not status.decision.snapshot.alert.latched)
    room.run(FEW[STOPPED + 1 : STOPPED + 2])
    wait(room, window)
    rows = window.events.pane.view.rows
    assert not [row.text for row in rows if "did not refresh" in row.text]
    titles = [row.title for row in rows]
    assert titles.count("Note") == 2
    assert {"Technical", "WATCH", "STOP", "Acknowledged"} <= set(titles)
    assert [row.text for row in rows if row.title == "Note"] == [
        "dough phase",
        "0.5 mL injected, as read on the syringe",
    ]
    assert all(window.events._picture(row) is not None for row in rows)
    assert window.strip.trend.plot.marks == rows
    window.grab()  # paints every visible row
    press(qtbot, window, KEY.Key_H)
    assert not window.events.pane.is_open
    room.session.close()
    recorded = event_rows(room.sink("recording").events, {0, 1, 2, 3, 4})
    assert not [row.text for row in recorded if "did not refresh" in row.text]
    assert rows == recorded[: len(rows)]


def test_a_chosen_event_is_told_in_full(qtbot, room, window):
    words = "a note that is much too long for the narrow list beside the image"
    room.run(FEW[:4])
    room.session.note(words)
    room.run(FEW[4:6])
    press(qtbot, window, KEY.Key_H)
    wait(room, window)
    rows = window.events.pane.view.rows
    press(qtbot, window, *[KEY.Key_PageUp] * len(rows))
    assert window.events.pane.view.current is rows[0]
    while window.events.pane.view.current.text != words:
        press(qtbot, window, KEY.Key_PageDown)
    assert words in window.prompt.text()
    other = window.events.pane.view.model.index(0)
    view = window.events.pane.view.list
    qtbot.mouseClick(
        view.viewport(), Qt.MouseButton.LeftButton, pos=view.visualRect(other).center()
    )
    assert "Technical" in window.prompt.text()


def test_keys_go_through_the_events_while_the_list_is_hidden(qtbot, room, window):
    room.run(FEW[:4])
    room.session.note("first")
    room.session.note("second")
    room.run(FEW[4:7])
    wait(room, window)
    assert not window.events.pane.is_open
    told = []
    for _ in range(2):
        press(qtbot, window, KEY.Key_PageDown)
        told.append(window.prompt.text())
    assert len(set(told)) == 2


def test_the_trend_shows_the_last_minute_or_the_whole_session(qtbot, room, window):
    run(room, window, FEW)
    wait(room, window)
    plot = window.strip.trend.plot
    assert (plot.whole, plot.span_s) == (False, 60.0)
    press(qtbot, window, KEY.Key_W)
    wait(room, window)
    plot = window.strip.trend.plot
    assert plot.whole
    assert plot.start_s == pytest.approx(0.0, abs=1e-6)
    assert plot.span_s < 10.0


def test_the_pointer_reads_the_trend(qtbot, room, window):
    run(room, window, FEW)
    press(qtbot, window, KEY.Key_W)
    wait(room, window)
    view, plot = window.strip.trend, window.strip.trend.plot
    inner = view._inner()
    last = plot.distance[-1]
    x = inner.left() + plot.x(float(last.times_s[-1])) * inner.width()
    qtbot.mouseMove(view, QPoint(int(x), round(inner.center().y())))  # left of the gap until now
    near = [f"{value:.1f}".replace("-", "−") for value in last.values[-3:]]
    assert any(value in view.pointed for value in near), view.pointed
    assert "mm²" in view.pointed
    view.leaveEvent(None)
    assert view.pointed == ""


def test_a_list_that_lost_its_beginning_says_so(qtbot, window):
    few = msgspec.structs.replace(SETTINGS.window, list_events=10, list_pictures=2)
    log = EventLog(msgspec.structs.replace(SETTINGS, window=few))
    for index in range(15):
        note = Event(index, 0.1 * index, EventKind.ANNOTATION, text=f"note {index}")
        log.add(make_snapshot(index, make_alert(events=(note,))))
    assert [row.text for row in log.view.rows] == [f"note {index}" for index in range(5, 15)]
    assert [frame for frame, _ in log.view.thumbnails] == [13, 14]
    assert (log.view.dropped_events, log.view.dropped_thumbnails) == (5, 13)
    foot = foot_text(5, 13)
    assert foot == "5 earlier events are only in the recording. 13 earlier images are not kept."
    window.events.pane.toggle()
    window.events.pane.show_rows(log.view.rows, foot)
    assert window.events.pane.view.foot.text() == foot


def test_nothing_in_the_window_is_brighter_than_a_stop(qtbot, room, window):
    """A white field would glare in a dark room."""
    room.run(FEW[:3])
    window.tick()
    qtbot.keyClick(window, KEY.Key_N)
    field = window.findChild(TextEntry)
    drawn = field.grab().toImage()
    middle = drawn.pixelColor(drawn.width() // 2, drawn.height() // 2)
    assert middle.lightness() < QColor(palette.STOP.ground).lightness() // 2


def test_labels_keep_away_from_a_line_that_is_typed(qtbot, room, window, monkeypatch):
    room.run(FEW[:3])
    window.tick()
    kept = []
    monkeypatch.setattr(window.image, "keep_free", kept.append)
    qtbot.keyClick(window, KEY.Key_N)
    field = window.findChild(TextEntry)
    inside = QRectF(
        window.image.widget.mapFrom(window, field.pos()).x() + 5.0,
        window.image.widget.mapFrom(window, field.pos()).y() + 5.0,
        field.width() - 10.0,
        field.height() - 10.0,
    )
    assert any(one.contains(inside) for one in kept[-1])
    kept.clear()
    qtbot.keyClick(field, KEY.Key_Escape)
    assert not any(one.contains(inside) for one in kept[-1])
