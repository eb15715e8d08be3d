"""`leakwatch` alone: from a DICOM file to its marked replay, by mouse and keys."""

from __future__ import annotations

import shutil
import sys

import pytest
import typer
from hand import Hand
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication, QDialogButtonBox, QFileDialog, QLineEdit

from leakwatch.case_files.case_file import load_case
from leakwatch.cli import home, program
from leakwatch.gui.home.home_choice import Choice, HomeTask
from leakwatch.gui.home.home_window import HomeWindow
from leakwatch.gui.live.live_window import LiveWindow
from leakwatch.gui.marking.mark_window import MarkWindow
from leakwatch.gui.replay.replay_window import ReplayWindow
from leakwatch.gui.training.training_window import TrainingWindow

KEY = Qt.Key
LOOK_MS = 20
# Looks until a step must have come: a busy machine takes its time.
PATIENCE = 3000


class Person:
    """Acts on the window that is there, one step after the other.

    Parameters
    ----------
    steps : iterator
        Yields a question; goes on once it is answered with something other than None.
    """

    def __init__(self, qapp, steps):
        self._qapp, self._steps, self.problem = qapp, steps, None
        self._asked = next(steps)
        self.done, self._looks = False, 0
        self._timer = QTimer()
        self._timer.setInterval(LOOK_MS)
        self._timer.timeout.connect(self._look)
        self._timer.start()

    def _look(self):
        if self.done:
            self._timer.stop()
            return
        self._looks += 1
        try:
            assert self._looks < PATIENCE, f"{self._shown()} is shown, and the step never came"
            seen = self._asked()
            if seen is not None:
                self._asked, self._looks = self._steps.send(seen), 0
        except StopIteration:
            self.done = True
        except Exception as problem:  # noqa: BLE001 - else the program would wait for ever
            self.problem, self.done = problem, True
            # Twice: the first time, a window may ask whether it should.
            for window in self._qapp.topLevelWidgets() * 2:
                window.close()

    def _shown(self):
        return [type(one).__name__ for one in self._qapp.topLevelWidgets() if one.isVisible()]


def window_of(kind):
    """Ask for the visible window of a kind."""
    return lambda: next(
        (one for one in QApplication.topLevelWidgets() if type(one) is kind and one.isVisible()),
        None,
    )


def when(condition):
    return lambda: True if condition() else None


@pytest.fixture
def own_folders(tmp_path, monkeypatch):
    monkeypatch.setenv("LEAKWATCH_LIBRARY", str(tmp_path / "library"))
    monkeypatch.setenv("LEAKWATCH_ROOM", str(tmp_path / "room.toml"))


@pytest.mark.usefixtures("own_folders")
def test_from_a_dicom_file_to_its_marked_replay(qapp, qtbot, repository, tmp_path):
    cine = tmp_path / "cine.dcm"
    shutil.copy(repository / "sample_dicom" / "epidural.dcm", cine)
    seen = {}

    def first_start():
        start = yield window_of(HomeWindow)
        assert not start.tasks.recent.isVisible()
        qtbot.keyClick(start, KEY.Key_O)
        dialog = yield lambda: start.findChild(QFileDialog)
        name = dialog.findChild(QLineEdit)
        qtbot.keyClicks(name, str(cine))
        opened = dialog.findChild(QDialogButtonBox).button(QDialogButtonBox.StandardButton.Open)
        qtbot.mouseClick(opened, Qt.MouseButton.LeftButton)
        marking = yield window_of(MarkWindow)
        yield when(lambda: not marking.case.waiting)
        Hand(qtbot, marking).click((178.0, 184.0))
        yield when(lambda: marking.case.found.body is not None)
        seen["prompt"] = marking.prompt.text()
        qtbot.keyClick(marking, KEY.Key_R)
        replay = yield window_of(ReplayWindow)
        yield when(lambda: replay.replay.view().index)
        seen["wall"] = replay.marks().posterior_wall_px
        replay.close()
        again = yield window_of(HomeWindow)
        seen["recent"] = again.tasks.recent.item(0).text()
        seen["message"] = again.tasks.message.text()
        qtbot.keyClick(again, KEY.Key_Q)

    person = Person(qapp, first_start())
    home.open_home()
    if person.problem is not None:
        raise person.problem
    assert person.done
    kept = load_case(tmp_path / "cine.case.json").marks
    assert seen["wall"].shape == kept.posterior_wall_px.shape
    assert "R: save, and replay" in seen["prompt"]
    assert "cine.dcm" in seen["recent"]
    assert not seen["message"]


@pytest.mark.usefixtures("own_folders")
def test_live_session_is_recorded_and_replayed_from_the_cases(qapp, qtbot, repository, tmp_path):
    sample = repository / "sample_dicom" / "epidural.dcm"
    (tmp_path / "room.toml").write_text(f'[room]\nsource = "replay:{sample}"\n')
    seen = {}

    def a_day():
        start = yield window_of(HomeWindow)
        qtbot.keyClick(start, KEY.Key_L)
        live = yield window_of(LiveWindow)
        yield when(lambda: live.snapshot() is not None and live.snapshot().frame.index > 20)
        live.end()
        again = yield window_of(HomeWindow)
        qtbot.keyClick(again, KEY.Key_C)
        seen["case"] = again.cases.rows.item(0).text()
        qtbot.keyClick(again.cases.rows, KEY.Key_Return)
        replay = yield window_of(ReplayWindow)
        yield when(lambda: replay.replay.view().index is not None)
        replay.close()
        last = yield window_of(HomeWindow)
        qtbot.keyClick(last, KEY.Key_T)
        training = yield window_of(TrainingWindow)
        seen["choice"] = training.choice.rows.count()
        qtbot.keyClick(training, KEY.Key_Q)
        end = yield window_of(HomeWindow)
        seen["message"] = end.tasks.message.text()
        qtbot.keyClick(end, KEY.Key_Q)

    person = Person(qapp, a_day())
    home.open_home()
    if person.problem is not None:
        raise person.problem
    assert person.done
    assert seen["case"].startswith("1  ")
    assert seen["choice"] >= 11  # ten built-in ones, and what was recorded
    assert not seen["message"]


@pytest.mark.usefixtures("own_folders")
def test_what_cannot_be_opened_is_told_in_the_start_window(tmp_path):
    path = tmp_path / "not.dcm"
    path.write_text("no")
    message = home.perform(Choice(HomeTask.OPEN, str(path)), None)
    assert "not.dcm" in message
    assert "leakwatch:" not in message


@pytest.mark.usefixtures("own_folders")
def test_wrong_settings_of_the_room_are_told(tmp_path):
    (tmp_path / "room.toml").write_text("[alerting]\nmargin_mm = 900\n")
    path, _, fault = home._room()
    assert path is None
    assert "margin_mm" in fault


@pytest.mark.parametrize(("display", "opens"), [(":9", True), ("", False)])
def test_alone_it_opens_where_somebody_can_see_it(monkeypatch, capsys, display, opens):
    done = []
    monkeypatch.delenv("QT_QPA_PLATFORM", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setenv("DISPLAY", display)
    monkeypatch.setattr(sys, "argv", ["leakwatch"])
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(program, "open_home", lambda: done.append("home"))
    if opens:
        program.main()
    else:
        with pytest.raises(SystemExit):
            program.main()
        shown = capsys.readouterr()
        assert "Usage" in shown.out + shown.err
    assert bool(done) is opens


def test_drawing_where_nobody_looks_is_no_display(monkeypatch):
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    assert not home.can_open_home()


def test_errors_of_the_start_window_end_the_program(monkeypatch):
    def fail():
        raise typer.Exit(2)

    monkeypatch.setattr(program, "open_home", fail)
    with pytest.raises(SystemExit) as end:
        program._home()
    assert end.value.code == 2
