"""No text of a window escapes the catalogue, and an alarm is shown in the user's language."""

from __future__ import annotations

import re
from pathlib import Path

import injection
import pytest
from hand import Hand
from handmade import MARKS, make_alert, make_observation
from injection import STOPPED
from live_room import KeptSink, Room
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget
from shown_texts import escaped_words, shown_texts

from leakwatch.case_files.settings_file import load_settings
from leakwatch.config import Settings
from leakwatch.core.messages import LANGUAGE_VARIABLE, PSEUDO_LANGUAGE
from leakwatch.core.results import Level, Reason
from leakwatch.display.banner import level_banner
from leakwatch.gui.app import mark_window
from leakwatch.gui.home.home_choice import SimulatorLink
from leakwatch.gui.home.home_window import HomeWindow
from leakwatch.gui.live.live_window import LiveWindow
from leakwatch.gui.marking.picture_tools import live_tools
from leakwatch.gui.replay.replay_view import Replay
from leakwatch.gui.replay.replay_window import ReplayWindow
from leakwatch.gui.training.session_keeper import SessionStore
from leakwatch.gui.training.training_window import TrainingWindow
from leakwatch.gui.widgets.banner_view import BannerView
from leakwatch.runner.stored_run import open_run
from leakwatch.training.training_case import TrainingItem, open_training_case
from leakwatch.training.training_records import TrainingRecords

pytestmark = pytest.mark.usefixtures("fonts")

KEY = Qt.Key
PATIENCE_MS = 20_000
# Names of cases, people and products, which are not translated.
GIVEN = {"PMMA", "by hand", "epidural", "anna", "told", "a test", "Calm breath"}
CATALOGUE_TEST = Path(__file__).parent.parent / "core" / "test_messages.py"


def in_the_catalogue(package: str) -> bool:
    listed = re.search(r"IN_THE_CATALOGUE.*?\)", CATALOGUE_TEST.read_text("utf-8"), re.DOTALL)
    assert listed is not None
    return f'"{package}"' in listed.group()


@pytest.fixture
def marked(monkeypatch):
    monkeypatch.setenv(LANGUAGE_VARIABLE, PSEUDO_LANGUAGE)


def check(window: QWidget) -> None:
    texts = shown_texts(window)
    assert len(texts) >= 5
    escaped = {one: escaped_words(one, GIVEN) for one in texts}
    assert {one: words for one, words in escaped.items() if words} == {}


def test_what_is_not_marked_is_found() -> None:
    assert escaped_words("⟦STOP: ⟦cement in a vein⟧⟧ 3 mm", set()) == []
    assert escaped_words("STOP ⟦acknowledged⟧ by anna", {"anna"}) == []
    assert escaped_words("<b>⟦Frame⟧</b> lost: <i>⟦two⟧</i>", set()) == ["lost"]


@pytest.mark.usefixtures("marked")
def test_no_text_of_the_start_window_escapes(qtbot, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("LEAKWATCH_LIBRARY", str(tmp_path / "l"))
    monkeypatch.setenv("LEAKWATCH_ROOM", str(tmp_path / "r"))
    link = SimulatorLink(lambda: (("epidural", "a test"),), lambda *given: tmp_path)
    window = HomeWindow(Settings(), link)
    qtbot.addWidget(window)
    window.show()
    for show in (window.open_room, window.open_simulate, window.open_cases, window.back):
        show()
        window.toggle_help()
        check(window)


@pytest.mark.usefixtures("marked")
def test_no_text_of_the_replay_window_escapes(qtbot, track, settings) -> None:
    window = ReplayWindow(Replay(track, MARKS, settings, 40), "by hand")
    qtbot.addWidget(window)
    window.toggle_help()
    for index in (0, 20, 39):
        window.replay.playback.seek(index)
        window.tick()
        check(window)
    window.acknowledge()
    window.say(window.transport.help.toolTip())
    qtbot.keyClick(window, KEY.Key_I)
    window.tick()
    check(window)


@pytest.mark.xfail(not in_the_catalogue("live"), reason="the session's texts are no messages yet")
@pytest.mark.usefixtures("marked")
def test_no_text_of_the_live_window_escapes(qtbot) -> None:
    frames = list(injection.frames())
    with Room({"recording": KeptSink()}) as room:
        window = LiveWindow(room.session, "by hand", live_tools(room.session))
        qtbot.addWidget(window, before_close_func=LiveWindow.end)
        window.toggle_help()
        window.tick()
        check(window)
        room.run(frames[: STOPPED + 1])
        window.tick()
        assert window.banner.banner.level is Level.STOP
        check(window)
        for one in (KEY.Key_A, KEY.Key_B, KEY.Key_B, KEY.Key_R, KEY.Key_T, KEY.Key_X, KEY.Key_P):
            qtbot.keyClick(window, one)
            check(window)
        room.clock.now_s += 12.0
        window.tick()
        check(window)


@pytest.mark.usefixtures("marked")
def test_no_text_of_the_marking_window_escapes(qtbot, repository, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("LEAKWATCH_CALIBRATION", str(tmp_path / "mine"))
    sequence = repository / "sample_dicom" / "epidural.dcm"
    run = open_run(sequence, load_settings(None))
    run.source.close()
    window = mark_window(run, sequence, tmp_path / "epidural.case.json", 0)
    qtbot.addWidget(window)
    window.show()
    window.start()
    window.toggle_help()
    check(window)
    qtbot.waitUntil(lambda: not window.case.waiting, timeout=PATIENCE_MS)
    hand = Hand(qtbot, window)
    window.toggle_help()
    for step in (
        lambda: hand.click((2.0, 2.0)),
        lambda: hand.keys(KEY.Key_N),
        lambda: hand.click((178.0, 184.0)),
        lambda: hand.keys(KEY.Key_W, KEY.Key_S),
        lambda: hand.keys(KEY.Key_Return, KEY.Key_S),
        lambda: hand.keys(KEY.Key_C, KEY.Key_Return),
        lambda: hand.keys(KEY.Key_Tab, KEY.Key_Space, KEY.Key_Space),
    ):
        step()
        window.tick()
        check(window)
    window.close()
    window.close()


@pytest.mark.usefixtures("marked")
def test_no_text_of_the_training_window_escapes(qtbot, tmp_path) -> None:
    injection.write_dicom(tmp_path / "cine.dcm")
    path = tmp_path / "told.case.json"
    injection.write_case(path, tmp_path / "cine.dcm")
    item = TrainingItem("told", "Calm breath", lambda _: open_training_case(path, Settings()))
    with TrainingRecords(tmp_path / "library") as records:
        window = TrainingWindow((item, item), SessionStore(records), "anna")
        qtbot.addWidget(window)
        window.show()
        window.prepare(0)
        check(window)
        qtbot.waitUntil(lambda: window.prepared is not None, timeout=PATIENCE_MS)
        window.tick()
        check(window)
        window.begin_attempt()
        window.say_stop()
        check(window)
        window.break_off()
        window.tick()
        check(window)
        window.open_curve()
        window.toggle_help()
        check(window)
        window.open_replay()
        check(window)
        for show in (window.open_choice, window.open_class, window.open_ct):
            show()
            check(window)
        window.close()


AT_THE_WALL = {
    "de": "Zement 4.5 ± 0.4 mm vor der Hinterwand (Grenze 5 mm)",
    "es": "Cemento a 4.5 ± 0.4 mm de la pared (margen 5 mm)",
}


@pytest.mark.parametrize("language", sorted(AT_THE_WALL))
def test_a_stop_at_the_wall_is_shown_in_the_users_language(qtbot, monkeypatch, language) -> None:
    monkeypatch.setenv(LANGUAGE_VARIABLE, language)
    alert = make_alert(Level.STOP, Reason.POSTERIOR_MARGIN)
    banner = level_banner(alert, make_observation(20), Settings())
    # Files keep English.
    assert banner.reasons == ("Cement 4.5 ± 0.4 mm from the wall (margin 5 mm)",)
    view = BannerView()
    qtbot.addWidget(view)
    view.resize(1280, 120)
    view.show_banner(banner)
    texts = shown_texts(view)
    assert AT_THE_WALL[language] in texts
    assert f"STOP: {AT_THE_WALL[language]}" in texts
    assert "STOP" in texts
    view.stop_flashing()
