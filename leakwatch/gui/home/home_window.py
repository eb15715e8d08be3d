"""Start window: what `leakwatch` alone opens."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QLabel,
    QMainWindow,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from leakwatch.case_files.library_database import library_folder
from leakwatch.config import Settings
from leakwatch.core.errors import LeakWatchError
from leakwatch.core.messages import text, translate
from leakwatch.display.picture import RESEARCH_NOTICE
from leakwatch.gui.home.home_choice import Choice, HomeTask, SimulatorLink
from leakwatch.gui.home.home_words import case_rows, room_words
from leakwatch.gui.home.list_page import ListPage
from leakwatch.gui.home.recent_cases import RecentCases
from leakwatch.gui.home.room_page import RoomPage
from leakwatch.gui.home.task_page import MARGINS, TaskPage
from leakwatch.gui.widgets.background import Background
from leakwatch.gui.widgets.facts_view import QUIET
from leakwatch.gui.widgets.fonts import scale_letters, set_letters
from leakwatch.gui.widgets.image_window import LEAST_SIZE, SIZE, STYLE, scale_of
from leakwatch.gui.widgets.keys import (
    PLAIN,
    KeyAction,
    KeyGroup,
    Modifier,
    find,
    help_html,
    key,
)
from leakwatch.gui.widgets.menus import MenuBar

# How often the progress of a simulation is shown, ms.
WATCH_MS = 100
# Folder of simulated cases in the data folder.
SIMULATED = "simulated"
HOME_STYLE = """
QLineEdit, QSpinBox, QDoubleSpinBox, QComboBox, QListWidget {
  background: #151B22; border: 2px solid #3A4654; border-radius: 6px; padding: 6px; }
QLineEdit:focus, QSpinBox:focus, QDoubleSpinBox:focus, QComboBox:focus, QListWidget:focus,
QPushButton:focus { border-color: #35D6FF; }
QListWidget::item { padding: 4px; }
QListWidget::item:selected { background: #2E3947; color: #F2F5F8; }
QPushButton#task { text-align: left; padding-left: 16px; }
QPushButton { border-width: 2px; padding: 8px 22px; }
QScrollBar:vertical { background: #151B22; width: 14px; }
QScrollBar::handle:vertical { background: #3A4654; border-radius: 5px; min-height: 40px; }
QScrollBar::add-line, QScrollBar::sub-line { height: 0; }
QLabel#drop { border: 2px dashed #3A4654; border-radius: 8px; padding: 14px; color: #C9D3DE; }
QLabel#message { color: #FFC400; }
QProgressBar { background: #151B22; border: 1px solid #3A4654; border-radius: 5px; height: 10px; }
QProgressBar::chunk { background: #35D6FF; }
"""
_FILES = text("Sequences and cases (*.dcm *.json *.mp4 *.avi *.mkv *.png);;All files (*)")


class HomeWindow(QMainWindow):
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

    ended = Signal()

    def __init__(self, settings: Settings, simulator: SimulatorLink, message: str = "") -> None:
        super().__init__()
        self.choice: Choice | None = None
        self._settings, self._simulator = settings, simulator
        self._work: Background[Path] | None = None
        self._asked: HomeTask = HomeTask.OPEN
        self.setWindowTitle("LeakWatch")
        self.setStyleSheet(STYLE + HOME_STYLE)
        self.resize(*SIZE)
        self.setMinimumSize(*LEAST_SIZE)
        self.setAcceptDrops(True)
        self.tasks, self.room = TaskPage(), RoomPage()
        nothing = text("No case is recorded yet. Watch live records each session here.")
        self.cases = ListPage(text("Cases"), text("replay"), nothing)
        none = text("No scenario is built in.")
        self.simulate = ListPage(text("Simulate a case"), text("simulate"), none)
        self.pages, self.notice, self.help = QStackedWidget(), QLabel(), QLabel(self)
        self.menus = MenuBar()
        self._lay_out()
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
        code = Qt.Key
        asked = ((code.Key_Question, PLAIN), (code.Key_F1, PLAIN))
        own = (
            KeyAction(asked, "?", text("show or hide these keys"), self.toggle_help),
            key(code.Key_F11, "F11", text("full screen"), self._toggle_full_screen),
        )
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

    @property
    def page(self) -> QWidget | None:
        """The page that is shown."""
        return self.pages.currentWidget()

    def key_actions(self) -> tuple[KeyAction, ...]:
        """Return every active key."""
        return tuple(action for group in self.key_groups() for action in group.actions)

    def press(self, name: str) -> None:
        """Do what the key of this name does."""
        for action in self.key_actions():
            if action.text == name:
                action.act()
                return

    def fill_menus(self) -> None:
        """Bring the menus up to date with the keys."""
        self.menus.show_groups(self.key_groups())

    def toggle_help(self) -> None:
        """Show or hide the keys of this page."""
        self.help.setText(help_html(self.key_actions()))
        self.help.setVisible(not self.help.isVisible())
        self._place_help()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Handle a key that no field took."""
        action = find(self.key_actions(), event)
        if action is None:
            super().keyPressEvent(event)
        else:
            action.act()

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
        self.ended.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Scale letters with the window."""
        super().resizeEvent(event)
        scale = scale_of(self)
        for page in (self.tasks, self.room, self.cases, self.simulate):
            page.set_scale(scale)
        for label in (self.notice, self.help):
            scale_letters(label, scale)
        self.notice.setIndent(round(MARGINS[0] * scale))
        self.menus.set_scale(scale)
        self._place_help()

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

    def _toggle_full_screen(self) -> None:
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)
        self.menus.setVisible(not self.isFullScreen())

    def _place_help(self) -> None:
        self.help.adjustSize()
        self.help.raise_()
        left, top = self.width() - self.help.width(), self.height() - self.help.height()
        self.help.move(left // 2, top // 2)

    def _connect(self) -> None:
        self.menus.opening.connect(self.fill_menus)
        self.menus.chosen.connect(self.press)
        self.tasks.pressed.connect(self.press)
        self.tasks.opened.connect(self._on_recent)
        self.cases.chosen.connect(self._on_case)
        self.simulate.chosen.connect(self.start_simulation)
        self.room.saved.connect(self._on_saved)

    def _lay_out(self) -> None:
        self.setMenuBar(self.menus)
        self.tasks.show_actions(self._task_keys())
        for page in (self.tasks, self.room, self.cases, self.simulate):
            self.pages.addWidget(page)
        set_letters(self.notice, 13)
        set_letters(self.help, 17)
        self.notice.setText(translate(RESEARCH_NOTICE))
        self.notice.setStyleSheet(f"color: {QUIET}; padding: 0 0 10px 0")
        self.help.setObjectName("help")
        self.help.hide()
        layout = QVBoxLayout()
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.pages, 1)
        layout.addWidget(self.notice)
        content = QWidget()
        content.setLayout(layout)
        self.setCentralWidget(content)
