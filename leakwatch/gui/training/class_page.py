"""Instructor's page: all trainees beside each other, the class and the target; CSV in and out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from leakwatch.config import TrainingSettings
from leakwatch.core.errors import LeakWatchError
from leakwatch.core.messages import counted, text, translate
from leakwatch.files.bounded_input import read_at_most
from leakwatch.files.private_files import write_private_file
from leakwatch.gui.training.session_keeper import SessionStore
from leakwatch.gui.widgets.facts_view import QUIET, WARN
from leakwatch.gui.widgets.fonts import font, scale_letters, set_letters
from leakwatch.gui.widgets.keys import KeyAction, key
from leakwatch.gui.widgets.paged_window import MARGINS
from leakwatch.training.class_figures import LAST, Figures, TraineeRow, class_figures, trainee_rows
from leakwatch.training.session_import import parse_sessions
from leakwatch.training.training_records import sessions_csv

_COLUMNS = (
    text("Trainee"),
    text("Sessions"),
    text("Scored"),
    text("Reaction"),
    text("Past the stop point"),
    text("False STOPs"),
    text("Missed"),
    text("Target"),
    text("Last session"),
)
_CSV = "CSV (*.csv)"
LETTERS, ROW_HEIGHT = 15, 34


class ClassPage(QWidget):
    """Table of trainees; the last rows are the class and the target."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title, self.about, self.state = QLabel(), QLabel(), QLabel()
        self.table = QTableWidget(0, len(_COLUMNS))
        self.table.setAccessibleName(translate(text("All trainees")))
        self.write_button, self.read_button = QPushButton(), QPushButton()
        self._keeper: SessionStore | None = None
        self._target = TrainingSettings()
        self._lay_out()

    def keys(self) -> tuple[KeyAction, ...]:
        """Return the keys of this page."""
        write = text("write all sessions as CSV")
        read = text("read sessions of other computers from a CSV")
        return (
            key(Qt.Key.Key_W, "W", write, self.ask_to_write, text("write CSV")),
            key(Qt.Key.Key_O, "O", read, self.ask_to_read, text("read CSV")),
        )

    def show_sessions(self, keeper: SessionStore, target: TrainingSettings) -> None:
        """Show all sessions that are kept."""
        self._keeper, self._target = keeper, target
        sessions = keeper.all_sessions()
        rows = trainee_rows(sessions, target)
        shown = [_cells(row) for row in rows]
        everybody = class_figures(sessions)
        if everybody is not None and len(rows) > 1:
            shown.append((translate(text("Class")), *_numbers(everybody), "", ""))
        shown.append(_target_cells(target))
        self.table.setRowCount(len(shown))
        for row, cells in enumerate(shown):
            for column, cell in enumerate(cells):
                self.table.setItem(row, column, _item(cell, row >= len(rows), column == 0))
        self._say("" if rows else text("No session was saved yet."))

    def ask_to_write(self) -> None:
        """Ask for a file, and write all sessions into it."""
        self._ask(True, self.write)

    def ask_to_read(self) -> None:
        """Ask for a file, and add its sessions."""
        self._ask(False, self.read)

    def write(self, path: str) -> None:
        """Write all sessions."""
        assert self._keeper is not None
        sessions = self._keeper.all_sessions()
        try:
            write_private_file(Path(path), sessions_csv(sessions).encode())
        except OSError as error:
            self._say(text("{path} cannot be written: {why}", path=path, why=error.strerror), True)
            return
        self._say(
            counted(
                "{count} session written to {path}",
                "{count} sessions written to {path}",
                count=len(sessions),
                path=path,
            )
        )

    def read(self, path: str) -> None:
        """Add the sessions of a file; those that are known stay as they are."""
        assert self._keeper is not None
        try:
            added = self._keeper.add(parse_sessions(read_at_most(Path(path))))
        except LeakWatchError as error:
            self._say(error.args[0] if error.args else str(error), True)
            return
        except OSError as error:
            self._say(text("{path} cannot be read: {why}", path=path, why=error.strerror), True)
            return
        self.show_sessions(self._keeper, self._target)
        self._say(counted("{count} new session", "{count} new sessions", count=added))

    def set_scale(self, scale: float) -> None:
        """Draw larger or smaller than in a window of 1280 x 800."""
        scale_letters(self, scale)
        letters = font(round(LETTERS * scale))
        for header in (self.table.horizontalHeader(), self.table.verticalHeader()):
            header.setFont(letters)
        self.table.verticalHeader().setDefaultSectionSize(round(ROW_HEIGHT * scale))
        around = self.layout()
        assert around is not None
        around.setContentsMargins(*(round(side * scale) for side in MARGINS))

    def _ask(self, write: bool, then: Callable[[str], None]) -> None:
        dialog = QFileDialog(self, translate(text("Training sessions")))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setNameFilter(_CSV)
        dialog.setDefaultSuffix("csv")
        if write:
            dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        else:
            dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(then)
        dialog.open()

    def _say(self, message: str, warn: bool = False) -> None:
        self.state.setText(translate(message))
        self.state.setStyleSheet(f"color: {WARN if warn else QUIET}")

    def _lay_out(self) -> None:
        self.title.setText(translate(text("All trainees")))
        about = text(
            "Reaction, cement past the stop point, false and missed STOPs: the last {count} scored "
            "sessions of each trainee; of the class, all.",
            count=LAST,
        )
        self.about.setText(translate(about))
        for label, pixels in ((self.title, 28), (self.about, 15), (self.state, 15)):
            set_letters(label, pixels, label is self.title)
            label.setWordWrap(True)
        set_letters(self.table, LETTERS)
        self.table.setHorizontalHeaderLabels([translate(name) for name in _COLUMNS])
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        # Tab leaves the table; arrows move in it.
        self.table.setTabKeyNavigation(False)
        self.table.verticalHeader().hide()
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        buttons = QHBoxLayout()
        for button, action in zip((self.write_button, self.read_button), self.keys(), strict=True):
            button.setText(f"{translate(action.text)}   {translate(action.button)}")
            button.setToolTip(action.tip)
            button.setAccessibleName(translate(action.button))
            button.clicked.connect(action.act)
            set_letters(button, 17, bold=True)
            buttons.addWidget(button)
        buttons.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setSpacing(12)
        for widget in (self.title, self.about):
            layout.addWidget(widget)
        layout.addWidget(self.table, 1)
        layout.addWidget(self.state)
        layout.addLayout(buttons)


def _cells(row: TraineeRow) -> tuple[str, ...]:
    began = dt.datetime.fromisoformat(row.last_at).astimezone()
    reached = {True: text("reached"), False: text("not yet"), None: "–"}[row.on_target]
    all_of = (str(row.all.sessions), str(row.all.scored))
    last = _numbers(row.last)[2:]
    return (row.trainee, *all_of, *last, translate(reached), f"{began:%Y-%m-%d}")


def _numbers(seen: Figures) -> tuple[str, ...]:
    return (
        str(seen.sessions),
        str(seen.scored),
        "–" if seen.reaction_s is None else f"{seen.reaction_s:.2f} s",
        "–" if seen.past_ml is None else f"{seen.past_ml:.2f} mL",
        "–" if seen.false_stops is None else f"{seen.false_stops:.1f}",
        str(seen.missed),
    )


def _target_cells(target: TrainingSettings) -> tuple[str, ...]:
    return (
        translate(text("Target")),
        "",
        "",
        f"≤ {target.target_reaction_s:.2f} s",
        f"≤ {target.target_past_ml:.2f} mL",
        "0",
        "0",
        "",
        "",
    )


def _item(cell: str, bold: bool, is_name: bool) -> QTableWidgetItem:
    item = QTableWidgetItem(cell)
    letters = item.font()
    letters.setBold(bold)
    item.setFont(letters)
    if not is_name:
        item.setTextAlignment(Qt.AlignmentFlag.AlignCenter)
    return item
