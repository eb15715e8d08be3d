"""The start window, by mouse and keys: each task, recent cases, dropped files, settings."""

from __future__ import annotations

import pytest
from key_table import assert_accessible, assert_focus_order, assert_key_table
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QStyle, QStyleOptionButton

from leakwatch.case_files.room_file import load_room, room_path
from leakwatch.config import RoomSettings, Settings
from leakwatch.core.errors import SourceError
from leakwatch.gui.home import home_app
from leakwatch.gui.home.home_choice import Choice, HomeTask, SimulatorLink
from leakwatch.gui.home.home_window import HomeWindow
from leakwatch.gui.home.recent_cases import MOST_RECENT, RecentCases
from leakwatch.gui.training import training_app
from leakwatch.gui.training.training_window import TrainingWindow

pytestmark = pytest.mark.usefixtures("fonts")
KEY, LEFT = Qt.Key, Qt.MouseButton.LeftButton
SCENARIOS = (("epidural", "Leak into the canal"), ("contained", "No leak"))


@pytest.fixture(autouse=True)
def own_folders(tmp_path, monkeypatch):
    monkeypatch.setenv("LEAKWATCH_LIBRARY", str(tmp_path / "library"))
    monkeypatch.setenv("LEAKWATCH_ROOM", str(tmp_path / "room.toml"))


@pytest.fixture
def make(qtbot):
    def opened(settings=None, simulate=None, message=""):
        link = SimulatorLink(lambda: SCENARIOS, simulate or (lambda *given: given[1]))
        window = HomeWindow(settings or Settings(), link, message)
        qtbot.addWidget(window)
        window.show()
        return window

    return opened


@pytest.mark.parametrize("open_page", ["tasks", "room", "cases", "simulate"])
def test_every_page_has_keys_names_and_a_focus_order(make, open_page):
    window = make()
    if open_page != "tasks":
        getattr(window, f"open_{open_page}")()
    assert window.page is getattr(window, open_page)
    assert_key_table(window)
    assert_accessible(window)
    assert_focus_order(window)


def test_button_and_key_do_the_same(qtbot, make):
    for press in (
        lambda window: qtbot.keyClick(window, KEY.Key_T),
        lambda window: qtbot.mouseClick(window.tasks.buttons["T"], LEFT),
    ):
        window = make()
        press(window)
        assert window.choice == Choice(HomeTask.TRAIN)
        assert not window.isVisible()


def test_live_starts_with_the_source_of_the_room_and_asks_for_a_missing_one(qtbot, make):
    window = make(Settings(room=RoomSettings(source="video:0")))
    qtbot.keyClick(window, KEY.Key_L)
    assert window.choice == Choice(HomeTask.WATCH, "video:0")
    other = make()
    qtbot.keyClick(other, KEY.Key_L)
    assert other.choice is None
    assert other.page is other.room
    assert "Fill in the source" in other.room.state.text()


@pytest.mark.parametrize(
    ("pressed", "task"),
    [(KEY.Key_O, HomeTask.OPEN), (KEY.Key_R, HomeTask.REPLAY), (KEY.Key_M, HomeTask.MARK)],
)
def test_file_is_chosen_in_a_dialog(qtbot, make, tmp_path, pressed, task):
    path = tmp_path / "cine.dcm"
    path.touch()
    window = make()
    qtbot.keyClick(window, pressed)
    dialog = window.findChild(QFileDialog)
    dialog.selectFile(str(path))
    dialog.accept()
    assert window.choice == Choice(task, str(path))


def test_dropped_file_is_opened(make, tmp_path):
    window = make()
    content = QMimeData()
    content.setUrls([QUrl.fromLocalFile(str(tmp_path / "cine.dcm"))])
    none = Qt.KeyboardModifier.NoModifier
    drop = QDropEvent(QPointF(9, 9), Qt.DropAction.CopyAction, content, LEFT, none)
    window.dropEvent(drop)
    assert window.choice == Choice(HomeTask.OPEN, str(tmp_path / "cine.dcm"))


def test_recent_cases_are_opened_by_mouse_and_leave_letters_to_the_window(qtbot, make, tmp_path):
    for number in range(MOST_RECENT + 2):
        path = tmp_path / f"{number}.dcm"
        path.touch()
        RecentCases(tmp_path / "library").add(path)
    (tmp_path / "8.dcm").unlink()
    window = make()
    listed = window.tasks.recent
    assert listed.count() == MOST_RECENT - 1  # gone files are left out
    assert "9.dcm" in listed.item(0).text()
    at = listed.visualItemRect(listed.item(1)).center()
    qtbot.mouseClick(listed.viewport(), LEFT, pos=at)
    qtbot.keyClick(listed, KEY.Key_Return)
    assert window.choice == Choice(HomeTask.OPEN, str(tmp_path / "7.dcm"))
    other = make()
    other.tasks.recent.setFocus()
    qtbot.keyClick(other.tasks.recent, KEY.Key_T)
    assert other.choice == Choice(HomeTask.TRAIN)


@pytest.mark.parametrize("content", ["", "{}", "[1, null]", "[", '["\\u0000"]', "[" * 9000])
def test_damaged_list_of_recent_cases_is_an_empty_one(make, tmp_path, content):
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "recent.json").write_text(content)
    assert not make().tasks.recent.isVisible()


def test_settings_are_written_as_the_toml_of_every_command(qtbot, make):
    room_path().write_text("[alerting]\nmargin_mm = 4.0  # agreed\n")
    window = make(load_room()[1])
    qtbot.keyClick(window, KEY.Key_Comma)
    assert window.room.limit.value() == 4.0
    qtbot.keyClicks(window.room.source, "scp://0.0.0.0:11112")
    window.room.limit.setValue(6.0)
    window.room.language.setCurrentText("Deutsch")
    qtbot.keyClick(window.room.source, KEY.Key_S, Qt.KeyboardModifier.ControlModifier)
    assert window.choice == Choice(HomeTask.AGAIN)
    settings = load_room()[1]
    assert settings.alerting.margin_mm == 6.0
    assert (settings.room.source, settings.room.language) == ("scp://0.0.0.0:11112", "de")
    assert "# agreed" in room_path().read_text()


@pytest.mark.parametrize("size", [(640, 360), (1264, 752), (3840, 2160)])
def test_numbers_of_the_room_are_seen(make, size):
    window = make(Settings())
    window.resize(*size)
    window.show()
    window.open_room()
    for field in (window.room.limit, window.room.volume):
        inner = field.lineEdit()
        letters = inner.fontMetrics().horizontalAdvance(field.text())
        assert letters < inner.width() <= field.width()
        assert inner.font().pixelSize() == window.room.source.font().pixelSize()
        assert inner.fontMetrics().height() <= inner.height()
    window.close()


def test_refused_setting_is_told_and_nothing_closes(qtbot, make):
    room_path().write_text("[alerting]\nnever_heard_of = 1\n")
    window = make()
    qtbot.keyClick(window, KEY.Key_Comma)
    window.room.limit.setValue(6.0)
    qtbot.mouseClick(window.room.save, LEFT)
    assert window.choice is None
    assert "never_heard_of" in window.room.state.text()


def test_simulated_case_is_replayed(qtbot, make, tmp_path):
    def simulate(name, folder, on_progress):
        on_progress("Simulating the case", 1, 2)
        return folder / f"{name}.case.json"

    window = make(simulate=simulate)
    qtbot.keyClick(window, KEY.Key_S)
    qtbot.keyClick(window.simulate.rows, KEY.Key_Down)
    qtbot.keyClick(window.simulate.rows, KEY.Key_Return)
    qtbot.waitUntil(lambda: window.choice is not None, timeout=20_000)
    folder = tmp_path / "library" / "simulated"
    assert window.choice == Choice(HomeTask.REPLAY, str(folder / "contained.case.json"))


def test_failed_simulation_is_told(qtbot, make):
    def simulate(name, folder, on_progress):
        raise SourceError("no room on the disk. Free some.")

    window = make(simulate=simulate)
    qtbot.keyClick(window, KEY.Key_S)
    qtbot.mouseClick(window.simulate.button, LEFT)
    qtbot.waitUntil(lambda: "no room" in window.simulate.state.text(), timeout=20_000)
    assert window.choice is None
    assert window.simulate.button.isEnabled()


def test_end_of_the_last_task_is_told(make):
    assert "not a DICOM file" in make(message="x.dcm: not a DICOM file").tasks.message.text()


def test_windows_of_all_kinds_open_where_they_were_closed(qtbot, tmp_path, monkeypatch):
    """The start and training windows, as the live window, whose mechanism they use."""
    monkeypatch.setenv("LEAKWATCH_LIBRARY", str(tmp_path / "library"))
    sizes = []

    class Running:
        def exec(self):
            """Resize and close what is shown, as a person does."""
            (shown,) = [one for one in QApplication.topLevelWidgets() if one.isVisible()]
            sizes.append((shown.width(), shown.height()))
            shown.resize(731, 543)
            shown.close()

    monkeypatch.setattr(home_app, "application", Running)
    for _ in range(2):
        link = SimulatorLink(lambda: SCENARIOS, lambda *given: given[1])
        assert home_app.choose_next(Settings(), link, "") is None
    assert sizes[0] != sizes[1] == (731, 543)
    sizes.clear()
    monkeypatch.setattr(training_app, "application", Running)
    for _ in range(2):
        monkeypatch.setattr(TrainingWindow, "start", lambda window: None)
        training_app.show_training([], "", Settings())
    assert sizes[0] != sizes[1] == (731, 543)


@pytest.mark.parametrize("size", [(640, 400), (1280, 800), (2880, 1620)])
def test_words_of_the_tasks_are_whole_at_every_size(make, size):
    window = make()
    window.resize(*size)
    window.grab()
    for button in window.tasks.buttons.values():
        option = QStyleOptionButton()
        button.initStyleOption(option)
        inside = QStyle.SubElement.SE_PushButtonContents
        room = button.style().subElementRect(inside, option, button)
        assert room.height() >= button.fontMetrics().height()
