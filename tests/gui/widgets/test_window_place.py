"""A window comes back where it was, on a screen that is there, and never larger than that."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QSize
from PySide6.QtWidgets import QMainWindow

from leakwatch.gui.widgets.window_place import FILE_NAME, keep_place, open_window


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("LEAKWATCH_LIBRARY", str(tmp_path))
    return tmp_path


@pytest.fixture
def make_window(qtbot):
    def make():
        window = QMainWindow()
        qtbot.addWidget(window)
        window.resize(500, 400)
        return window

    return make


def test_a_live_window_fills_the_screen_at_first(folder, make_window):
    live, replay = make_window(), make_window()
    open_window(live, "live", maximised=True)
    open_window(replay, "replay")
    assert live.isMaximized()
    assert not replay.isMaximized()
    assert replay.size() == QSize(500, 400)


def test_place_and_size_are_kept_for_each_kind(folder, make_window):
    first = make_window()
    first.resize(610, 420)
    first.move(80, 60)
    first.show()
    keep_place(first, "live")
    assert (folder / FILE_NAME).is_file()
    again, other = make_window(), make_window()
    open_window(again, "live", maximised=True)
    open_window(other, "replay")
    assert (again.size(), again.pos()) == (first.size(), first.pos())
    assert not again.isMaximized()
    assert other.size() == QSize(500, 400)


def test_a_window_of_a_larger_screen_fits_this_one(folder, make_window):
    first = make_window()
    room = first.screen().availableSize()
    first.resize(3 * room)
    first.show()
    keep_place(first, "live")
    again = make_window()
    open_window(again, "live")
    assert again.width() <= room.width()
    assert again.height() <= room.height()


def test_a_file_that_is_damaged_is_no_obstacle(folder, make_window):
    (folder / FILE_NAME).write_text("[live]\ngeometry=@Invalid()\n")
    window = make_window()
    open_window(window, "live", maximised=True)
    assert window.isMaximized()


def test_a_folder_that_cannot_be_written_to_is_no_obstacle(tmp_path, make_window, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("LEAKWATCH_LIBRARY", str(tmp_path / "file" / "below"))
    window = make_window()
    open_window(window, "live")
    keep_place(window, "live")
    assert window.isVisible()
