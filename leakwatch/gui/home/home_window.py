"""Start window: what `leakwatch` alone opens."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QFileDialog, QWidget

from leakwatch.case_files.library_database import library_folder
from leakwatch.config import Settings
from leakwatch.core.errors import LeakWatchError
from leakwatch.core.messages import text, translate
from leakwatch.gui.home.home_choice import Choice, HomeTask, SimulatorLink
from leakwatch.gui.home.home_words import case_rows, room_words
from leakwatch.gui.home.recent_cases import RecentCases
from leakwatch.gui.home.room_page import RoomPage
from leakwatch.gui.home.task_page import TaskPage
from leakwatch.gui.widgets.background import Background
from leakwatch.gui.widgets.keys import (
    KeyAction,
    KeyGroup,
    Modifier,
    key,
)
from leakwatch.gui.widgets.list_page import ListPage
from leakwatch.gui.widgets.paged_window import PagedWindow

# How often the progress of a simulation is shown, ms.
WATCH_MS = 100
# Folder of simulated cases in the data folder.
SIMULATED = "simulated"
_FILES = text("Sequences and cases (*.dcm *.json *.mp4 *.avi *.mkv *.png);;All files (*)")


class HomeWindow(PagedWindow):
    """Window in which a person chooses what opens next.

    Parameters
    ----------
    settings : Settings
        Of the room.
    simulator : SimulatorLink
    message : str
        How the last task ended; empty: nothing to tell.

    Attributes
    ----------
    choice : Choice or None
        None: close the program.
    """

    def __init__(self, settings: Settings, simulator: SimulatorLink, message: str = "") -> None:
        self.tasks, self.room = TaskPage(), RoomPage()
        nothing = text("No case is recorded yet. Watch live records each session here.")
        self.cases = ListPage(text("Cases"), text("replay"), nothing)
        none = text("No scenario is built in.")
        self.simulate = ListPage(text("Simulate a case"), text("simulate"), none)
        super().__init__("LeakWatch", (self.tasks, self.room, self.cases, self.simulate))
        self.choice: Choice | None = None
        self._settings, self._simulator = settings, simulator
        self._work: Background[Path] | None = None
        self._asked: HomeTask = HomeTask.OPEN
        self.setAcceptDrops(True)
        self.tasks.show_actions(self._task_keys())
        self._connect()
        self.tasks.show_message(message)
        self.tasks.show_recent(RecentCases(library_folder()).paths())
        self.tasks.show_room(room_words(settings))
        self.show_page(self.tasks)
        self._timer = QTimer(self)
        self._timer.setInterval(WATCH_MS)
        self._timer.timeout.connect(self.watch_work)

    def choose(self, task: HomeTask, target: str = "") -> None:
        """Choose what opens next, and close."""
        self.choice = Choice(task, target)
        self.close()

    def show_page(self, page: QWidget) -> None:
        """Show a page, and its keys in the menus."""
        self.help.hide()
        self.pages.setCurrentWidget(page)
        self.fill_menus()
        first = {self.room: self.room.source, self.cases: self.cases.rows}
        first[self.simulate] = self.simulate.rows
        first.get(page, page).setFocus()

    def watch_live(self) -> None:
        """Watch the source of the room; without one, ask for it."""
        if self._settings.room.source:
            self.choose(HomeTask.WATCH, self._settings.room.source)
            return
        self.open_room()
        self.room.ask_for_source()

    def open_room(self) -> None:
        """Show the settings of the room."""
        self.room.show_settings(self._settings)
        self.show_page(self.room)

    def open_cases(self) -> None:
        """Show the cases of the library."""
        try:
            self.cases.show_rows(case_rows())
        except LeakWatchError as error:
            self.tasks.show_message(error.args[0] if error.args else str(error))
            return
        self.show_page(self.cases)

    def open_simulate(self) -> None:
        """Show the built-in scenarios."""
        try:
            rows = self._simulator.scenarios()
        except LeakWatchError as error:
            self.tasks.show_message(error.args[0] if error.args else str(error))
            return
        self.simulate.show_rows([(name, f"{translate(title)}\n{name}") for name, title in rows])
        self.show_page(self.simulate)

    def start_simulation(self, name: str) -> None:
        """Simulate a scenario; the case is replayed when it is ready."""
        if self._work is not None:
            return
        folder = library_folder() / SIMULATED
        self._work = Background(
            lambda on_progress: self._simulator.make(name, folder, on_progress),
            text("Simulating the case"),
        )
        self._work.start()
        self._timer.start()
        self.watch_work()

    def watch_work(self) -> None:
        """Show how far the simulation is."""
        work = self._work
        if work is None:
            return
        if work.is_alive():
            self.simulate.show_progress(work.progress)
            return
        self._timer.stop()
        self._work = None
        self.simulate.end_progress(work.failure)
        if work.result is not None:
            self.choose(HomeTask.REPLAY, str(work.result))

    def ask_for_file(self, task: HomeTask = HomeTask.OPEN, folder: bool = False) -> None:
        """Ask for a file or a folder; the choice is made when the dialog is answered."""
        self._asked = task
        dialog = QFileDialog(self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if folder:
            dialog.setFileMode(QFileDialog.FileMode.Directory)
        else:
            dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
            dialog.setNameFilters(translate(_FILES).split(";;"))
        dialog.setWindowTitle(translate(text("Open")))
        dialog.fileSelected.connect(self._on_file)
        dialog.open()

    def back(self) -> None:
        """Go back to the tasks; a running simulation is cancelled."""
        self._stop_work()
        self.show_page(self.tasks)

    def key_groups(self) -> tuple[KeyGroup, ...]:
        """Return the keys of the current page by menu."""
        code, own = Qt.Key, (self.help_key(), self.full_screen_key())
        if self.page is self.tasks:
            leave = key(code.Key_Q, "Q", text("close"), self.close)
            tasks = (*self._task_keys(), *self._file_keys())
            return (KeyGroup(text("Start"), tasks), KeyGroup(text("Window"), (*own, leave)))
        back = key(code.Key_Escape, text("Esc"), text("back"), self.back)
        page: tuple[KeyAction, ...] = (back,)
        if self.page is self.room:
            chords = ((code.Key_S, Modifier.ControlModifier),)
            page = (KeyAction(chords, text("Ctrl S"), text("save"), self.room.write), back)
        return (KeyGroup(text("Start"), page), KeyGroup(text("Window"), own))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Accept files and folders."""
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open what was dropped."""
        files = [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]
        if files:
            event.acceptProposedAction()
            self.choose(HomeTask.OPEN, files[0])

    def closeEvent(self, event: QCloseEvent) -> None:
        """Cancel a running simulation."""
        self._stop_work()
        super().closeEvent(event)

    def _task_keys(self) -> tuple[KeyAction, ...]:
        code = Qt.Key
        return (
            key(code.Key_L, "L", text("live images of the C-arm, with alarms and recording"),
                self.watch_live, text("watch live")),
            key(code.Key_O, "O", text("open a file; mark it first if it has no marks"),
                self.ask_for_file, text("open")),
            key(code.Key_R, "R", text("a stored case, with the results of LeakWatch"),
                lambda: self.ask_for_file(HomeTask.REPLAY), text("replay")),
            key(code.Key_M, "M", text("vertebra, posterior wall and calibration of a sequence"),
                lambda: self.ask_for_file(HomeTask.MARK), text("mark")),
            key(code.Key_T, "T", text("cases without alarms: say STOP yourself, and be scored"),
                lambda: self.choose(HomeTask.TRAIN), text("train")),
            key(code.Key_C, "C", text("recorded sessions and cases that were added"),
                self.open_cases, text("cases")),
            key(code.Key_S, "S", text("an injection with its exact truth, without a patient"),
                self.open_simulate, text("simulate")),
            key(code.Key_Comma, ",", text("source, limit, cement, sound, language, data folder"),
                self.open_room, text("settings")),
        )  # fmt: skip

    def _file_keys(self) -> tuple[KeyAction, ...]:
        over = ((Qt.Key.Key_O, Modifier.ShiftModifier),)
        what = text("open a folder of single frames or an export")
        return (KeyAction(over, text("Shift O"), what, self._ask_for_folder),)

    def _ask_for_folder(self) -> None:
        self.ask_for_file(HomeTask.OPEN, True)

    def _on_file(self, path: str) -> None:
        self.choose(self._asked, path)

    def _on_recent(self, path: str) -> None:
        self.choose(HomeTask.OPEN, path)

    def _on_case(self, folder: str) -> None:
        self.choose(HomeTask.REPLAY, folder)

    def _on_saved(self) -> None:
        self.choose(HomeTask.AGAIN)

    def _stop_work(self) -> None:
        work, self._work = self._work, None
        if work is not None:
            self._timer.stop()
            work.stop()
            self.simulate.end_progress(work.failure)

    def _connect(self) -> None:
        self.tasks.pressed.connect(self.press)
        self.tasks.opened.connect(self._on_recent)
        self.cases.chosen.connect(self._on_case)
        self.simulate.chosen.connect(self.start_simulation)
        self.room.saved.connect(self._on_saved)
