"""Page that makes training cases from a CT."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFileDialog,
    QGridLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from leakwatch.core.messages import text, translate
from leakwatch.gui.widgets.background import Background
from leakwatch.gui.widgets.facts_view import QUIET, WARN
from leakwatch.gui.widgets.fonts import scale_letters, set_letters
from leakwatch.gui.widgets.paged_window import MARGINS
from leakwatch.training.training_case import OnProgress, TrainingItem

# CT, vertebrae, levels. The simulator is not imported by windows.
MakeCases = Callable[[Path, Path, str, OnProgress], Sequence[TrainingItem]]
_ABOUT = text(
    "The ten injections of the built-in cases, in the anatomy of a CT. The vertebrae are labels of "
    "the same CT: a NIfTI file, a folder of masks, or a DICOM SEG. Each is simulated on first use."
)


class CtPage(QWidget):
    """Fields for a CT, its vertebrae and the level; one button makes the cases.

    Parameters
    ----------
    make : callable or None
        None: the page is not used.

    Attributes
    ----------
    items : tuple of TrainingItem
        The cases that were made last.
    """

    made = Signal()

    def __init__(self, make: MakeCases | None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.make, self.items = make, tuple[TrainingItem, ...]()
        self.title, self.about, self.state = QLabel(), QLabel(), QLabel()
        self.ct, self.vertebrae, self.levels = QLineEdit(), QLineEdit(), QLineEdit("L1")
        self.button, self.bar = QPushButton(), QProgressBar()
        self._browse: list[QPushButton] = []
        self._work: Background[Sequence[TrainingItem]] | None = None
        self._lay_out()

    def start(self) -> None:
        """Make the cases."""
        make = self.make
        ct, vertebrae = self.ct.text().strip(), self.vertebrae.text().strip()
        levels = self.levels.text().strip()
        if make is None or self._work is not None:
            return
        if not (ct and vertebrae and levels):
            self._say(text("Fill in all three fields."), True)
            return
        self._work = Background(
            lambda on_progress: make(Path(ct), Path(vertebrae), levels, on_progress),
            text("Reading the CT"),
        )
        self._work.start()
        self.watch()

    def watch(self) -> None:
        """Show how far the work is."""
        work = self._work
        if work is None:
            return
        if work.is_alive():
            description, done, total = work.progress
            self.button.setEnabled(False)
            self.bar.show()
            self.bar.setRange(0, total or 0)
            self.bar.setValue(done)
            self._say(description)
            return
        self._end()
        self._say(work.failure, True)
        if work.result:
            self.items = tuple(work.result)
            self.made.emit()

    def stop(self) -> None:
        """Cancel the work."""
        if self._work is not None:
            self._work.stop()
            self._end()

    def set_scale(self, scale: float) -> None:
        """Draw larger or smaller than in a window of 1280 x 800."""
        scale_letters(self, scale)
        around = self.layout()
        assert around is not None
        around.setContentsMargins(*(round(side * scale) for side in MARGINS))

    def _end(self) -> None:
        self._work = None
        self.bar.hide()
        self.button.setEnabled(True)

    def _say(self, message: str, warn: bool = False) -> None:
        self.state.setText(translate(message))
        self.state.setStyleSheet(f"color: {WARN if warn else QUIET}")

    def _ask(self, field: QLineEdit, folder: bool, _: bool = False) -> None:
        dialog = QFileDialog(self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        kind = QFileDialog.FileMode.Directory if folder else QFileDialog.FileMode.ExistingFile
        dialog.setFileMode(kind)
        dialog.fileSelected.connect(field.setText)
        dialog.open()

    def _lay_out(self) -> None:
        self.title.setText(translate(text("Cases from a CT")))
        self.about.setText(translate(_ABOUT))
        for label, pixels in ((self.title, 28), (self.about, 16), (self.state, 15)):
            set_letters(label, pixels, label is self.title)
            label.setWordWrap(True)
        self.bar.setTextVisible(False)
        self.bar.hide()
        grid = QGridLayout()
        rows = (
            (text("CT: NIfTI file, or folder of a DICOM series"), self.ct),
            (text("Labels of its vertebrae"), self.vertebrae),
            (text("Level, such as L1; or several: L1,L2"), self.levels),
        )
        for row, (name, field) in enumerate(rows):
            label = QLabel(translate(name))
            label.setBuddy(field)
            field.setAccessibleName(translate(name))
            set_letters(label, 16)
            set_letters(field, 16)
            grid.addWidget(label, row, 0)
            grid.addWidget(field, row, 1)
            if field is not self.levels:
                for column, folder in ((2, False), (3, True)):
                    grid.addWidget(self._browser(field, name, folder), row, column)
        self.button.setText(translate(text("Make the cases")))
        self.button.setAccessibleName(translate(text("Make the cases")))
        self.button.setToolTip(translate(text("Read the CT, and put its cases first")))
        self.button.clicked.connect(self.start)
        set_letters(self.button, 18, bold=True)
        layout = QVBoxLayout(self)
        layout.setSpacing(16)
        for widget in (self.title, self.about):
            layout.addWidget(widget)
        layout.addLayout(grid)
        layout.addWidget(self.button, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addWidget(self.bar)
        layout.addWidget(self.state)
        layout.addStretch(1)

    def _browser(self, field: QLineEdit, name: str, folder: bool) -> QPushButton:
        button = QPushButton(translate(text("Folder ...") if folder else text("File ...")))
        what = text("{name}: choose a folder", name=name)
        if not folder:
            what = text("{name}: choose a file", name=name)
        button.setAccessibleName(translate(what))
        button.setToolTip(translate(what))
        button.clicked.connect(partial(self._ask, field, folder))
        set_letters(button, 15)
        return button
