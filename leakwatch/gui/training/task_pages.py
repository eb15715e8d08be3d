"""Pages of the training window before and during a case: the task, and the image alone."""

from __future__ import annotations

from dataclasses import replace
from html import escape

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from leakwatch.core.frame import View
from leakwatch.core.marks import Marks, Side
from leakwatch.core.messages import Message, join_with, text, translate
from leakwatch.core.spacing import Calibration
from leakwatch.display import palette
from leakwatch.display.picture import FrameOverlay
from leakwatch.gui.replay.replay_view import ReplayView
from leakwatch.gui.widgets.facts_view import QUIET, WARN
from leakwatch.gui.widgets.fonts import scale_letters, set_letters
from leakwatch.gui.widgets.overlay_items import ImageView
from leakwatch.gui.widgets.scale_bar import ScaleBar

TASK = text(
    "Cement is injected into a vertebra. Press the space bar at once when it comes within 5 mm of "
    "the posterior wall, when tubular filling suggests a vein, or when it leaves the vertebral "
    "body. There are no alarms. After a false STOP the injection continues, and in some cases no "
    "STOP is due."
)
_VIEWS = {
    View.LATERAL: text("View: lateral"),
    View.AP: text("View: AP"),
    View.OBLIQUE: text("View: oblique"),
}
_SIDES = {Side.LEFT: text("anterior is left"), Side.RIGHT: text("anterior is right")}
NAME = text("Name or pseudonym")
# Sizes in a window of 1280 x 800, pixels.
COLUMN_WIDTH, STOP_SIZE = 760, (300, 62)

# Beside what `paged_window` gives every page.
PAGE_STYLE = f"""
QLineEdit {{ padding: 8px; }}
QPushButton#stop {{
    background: {palette.STOP.ground}; color: {palette.STOP.ink}; border: none;
    border-radius: 8px;
}}
QPushButton#begin {{ padding: 10px 26px; }}
"""


class BeginPage(QWidget):
    """Task of the trainee, name, and progress of the preparation."""

    begun = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setStyleSheet(PAGE_STYLE)
        self.title, self.about = text_label(30, bold=True), text_label(17)
        self.task, self.state = text_label(17), text_label(15)
        self.task.setText(translate(TASK))
        self.name = QLineEdit()
        set_letters(self.name, 17)
        self.name.setMaxLength(64)
        self.name.setPlaceholderText(translate(text("empty: the result is shown but not saved")))
        self.name.setAccessibleName(translate(NAME))
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.begin = QPushButton(translate(text("Enter   begin")))
        self.begin.setObjectName("begin")
        set_letters(self.begin, 19, bold=True)
        self.begin.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.begin.clicked.connect(self.begun)
        self._lay_out()

    def show_case(self, number: int, of: int, about: str) -> None:
        """Announce a case before it is prepared; `about` is rich text."""
        several = text("Training: case {number} of {total}", number=number, total=of)
        self.title.setText(translate(text("Training") if of == 1 else several))
        self.about.setText(about)
        self.begin.setEnabled(False)
        self.name.setFocus()

    def show_progress(self, description: str, done: int, total: int | None) -> None:
        """Show the progress of the preparation."""
        self.bar.show()
        self.bar.setRange(0, total or 0)
        self.bar.setValue(done)
        shown = description
        if total is not None:
            shown = text("{what}: frame {done} of {total}", what=shown, done=done, total=total)
        self.state.setText(escape(translate(shown)))

    def show_ready(self, marks: Marks) -> None:
        """Show that the case is ready."""
        self.bar.hide()
        ready = text("{view} Ready.", view=view_text(marks))
        self.state.setText(escape(translate(ready)))
        self.begin.setEnabled(True)

    def show_failure(self, why: str) -> None:
        """Show why the case or the name cannot be used."""
        self.bar.hide()
        self.state.setText(f'<span style="color:{WARN}">⚠ {escape(translate(why))}</span>')

    def _lay_out(self) -> None:
        named = text_label(15)
        named.setText(translate(NAME))
        column = QVBoxLayout()
        column.setSpacing(12)
        for widget in (self.title, self.about, self.task, named, self.name, self.bar, self.state):
            column.addWidget(widget)
        column.addSpacing(8)
        column.addWidget(self.begin, 0, Qt.AlignmentFlag.AlignLeft)
        # A column of fixed width by stretches: an aligned layout clips wrapped labels.
        across = QHBoxLayout()
        across.addStretch(1)
        across.addLayout(column)
        across.addStretch(1)
        outer = QVBoxLayout(self)
        outer.addStretch(2)
        outer.addLayout(across)
        outer.addStretch(3)
        self.set_scale(1.0)

    def set_scale(self, scale: float) -> None:
        """Draw larger or smaller than in a window of 1280 x 800."""
        scale_letters(self, scale)
        for label in (self.title, self.about, self.task, self.state):
            label.setFixedWidth(round(COLUMN_WIDTH * scale))


class RunPage(QWidget):
    """Image alone: no alarm, no overlay, and no number except the time."""

    stopped = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setStyleSheet(PAGE_STYLE)
        self.image = ImageView()
        self.scale_bar = ScaleBar(self.image.widget)
        self._calibration: Calibration | None = None
        self.head, self.time, self.message = (
            text_label(19, bold=True),
            text_label(19),
            text_label(17),
        )
        title, hidden = translate(text("TRAINING")), translate(text("alarms are hidden"))
        self.head.setText(
            f'{escape(title)} <span style="color:{QUIET}; font-weight:400">{escape(hidden)}</span>'
        )
        self.stop = QPushButton(translate(text("STOP   space")))
        self.stop.setObjectName("stop")
        set_letters(self.stop, 26, bold=True)
        self.stop.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.stop.clicked.connect(self.stopped)
        self._shown: int | None = None
        self._lay_out()

    def show_view(self, view: ReplayView) -> None:
        """Show the frame of `view` and its time, without results."""
        self.time.setText(f"{view.time_s:.1f} s")
        if view.picture is not None and view.index != self._shown:
            self._shown = view.index
            self.image.show_frame(view.grey, without_results(view.picture))
        self.scale_bar.refresh(self.image, self._calibration)

    def begin(self, calibration: Calibration) -> None:
        """Clear the previous case, and show the scale of the next one from its first image on."""
        self._shown, self._calibration = None, calibration
        self.image.image.clear()
        self.message.setText("")

    def _lay_out(self) -> None:
        top, bottom = QHBoxLayout(), QHBoxLayout()
        self.time.setAlignment(Qt.AlignmentFlag.AlignRight)
        top.addWidget(self.head)
        top.addWidget(self.time)
        bottom.addWidget(self.stop)
        bottom.addSpacing(18)
        bottom.addWidget(self.message, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 8, 14, 8)
        layout.addLayout(top)
        layout.addWidget(self.image.widget, 1)
        layout.addLayout(bottom)
        self.set_scale(1.0)

    def set_scale(self, scale: float) -> None:
        """Draw larger or smaller than in a window of 1280 x 800."""
        scale_letters(self, scale)
        self.image.set_scale(scale)
        self.scale_bar.set_scale(scale)
        self.stop.setFixedSize(*(round(side * scale) for side in STOP_SIZE))


def without_results(picture: FrameOverlay) -> FrameOverlay:
    """Return an overlay without results."""
    return replace(
        picture, band_px=None, lines=(), labels=(), facts=(), run_facts=(), legend=(), focus_px=None
    )


def view_text(marks: Marks) -> Message:
    """Return the view, the anterior side and the level, as far as specified."""
    parts: list[str] = [
        text("View not specified") if marks.view is None else _VIEWS[marks.view],
        *([] if marks.anterior is None else [_SIDES[marks.anterior]]),
        *([] if marks.vertebra is None else [marks.vertebra]),
    ]
    return text("{parts}.", parts=join_with("; ", parts))


def text_label(pixels: int, bold: bool = False) -> QLabel:
    """Return a label of rich text that wraps."""
    label = QLabel()
    set_letters(label, pixels, bold)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.RichText)
    return label
