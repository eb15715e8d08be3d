"""The training window: a case without alarms, its score, the moments side by side, the replay."""

from __future__ import annotations

import gc
import logging
import time
from collections.abc import Callable, Sequence
from html import escape

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QCloseEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QLabel, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from leakwatch.core.errors import LibraryError
from leakwatch.display.picture import RESEARCH_NOTICE
from leakwatch.gui.replay.replay_window import SIZE, STYLE, TICK_MS
from leakwatch.gui.training.attempt import Attempt, Preparation, Prepared
from leakwatch.gui.training.curve_plot import CurvePage
from leakwatch.gui.training.moments_replay import TrainingReplay
from leakwatch.gui.training.result_page import ResultPage
from leakwatch.gui.training.session_keeper import Keeper
from leakwatch.gui.training.task_pages import BeginPage, RunPage
from leakwatch.gui.widgets.facts_view import QUIET
from leakwatch.gui.widgets.fonts import scale_letters, set_letters
from leakwatch.gui.widgets.image_window import scale_of
from leakwatch.gui.widgets.keys import PLAIN, KeyAction, find, help_html, key
from leakwatch.training.scoring import Verdict
from leakwatch.training.training_case import TrainingItem
from leakwatch.training.training_words import moments

_LOG = logging.getLogger(__name__)


class TrainingWindow(QMainWindow):
    """Goes through a programme of cases with one trainee; everything by keys.

    Parameters
    ----------
    items : sequence of TrainingItem
        At least one.
    keeper : Keeper
        Keeps results; closed by whoever made it.
    trainee : str
        Name to begin with; may be empty.
    now_s : callable
        A monotonic clock, s.
    """

    def __init__(
        self,
        items: Sequence[TrainingItem],
        keeper: Keeper,
        trainee: str = "",
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self._now_s = now_s
        self.setWindowTitle("LeakWatch – training")  # the name of a case may tell what happens
        self.setStyleSheet(STYLE)
        self.resize(*SIZE)
        self._items, self._keeper, self._place = tuple(items), keeper, 0
        self._preparation: Preparation | None = None
        self._attempt: Attempt | None = None
        self._announced = False
        self.begin, self.run, self.result = BeginPage(), RunPage(), ResultPage()
        self.curve, self.replay = CurvePage(), TrainingReplay(self._back, self.close)
        self.pages, self.keys, self.notice = QStackedWidget(), QLabel(), QLabel(RESEARCH_NOTICE)
        self.help = QLabel(self)
        self._lay_out()
        self.begin.name.setText(trainee)
        self.begin.begun.connect(self.begin_attempt)
        self.run.stopped.connect(self.say_stop)
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self.tick)

    @property
    def page(self) -> QWidget | None:
        """What is shown."""
        return self.pages.currentWidget()

    @property
    def prepared(self) -> Prepared | None:
        """The case, once it can begin."""
        return None if self._preparation is None else self._preparation.prepared

    def start(self) -> None:
        """Prepare the first case, and keep the window up to date."""
        self.prepare(0)
        self._timer.start()

    def prepare(self, place: int) -> None:
        """Prepare a case of the programme, and announce it."""
        self._let_go()
        item = self._items[place]
        self._place, self._announced = place, False
        self.begin.show_case(place + 1, len(self._items), escape(item.about))
        self._show(self.begin)
        # What is left of drawings goes here, and not on the other thread, whose collector would
        # end pieces of Qt.
        gc.collect()
        self._preparation = Preparation(item)
        self._preparation.start()

    def tick(self) -> None:
        """Show what holds now."""
        if self.page is self.begin:
            self._watch_preparation()
        elif self.page is self.run and self._attempt is not None:
            try:
                self.run.show_view(self._attempt.tick(self._now_s()))
            # Whatever broke, a picture that stands still must not be taken for the case.
            except Exception as error:  # noqa: BLE001
                _LOG.error("a frame cannot be shown", exc_info=True)
                self._attempt.break_off(f"{type(error).__name__}: {error}")
            if self._attempt.score is not None:
                self._show_result()

    def begin_attempt(self) -> None:
        """Run the case; its record begins first, where there is a name."""
        if self.prepared is None or self.page is not self.begin:
            return
        try:
            self._keeper.begin(self.begin.name.text(), self.prepared.case.name)
        except LibraryError as error:
            self.begin.show_failure(str(error))
            return
        self.run.begin()
        self._show(self.run)
        self._attempt = Attempt(self.prepared)

    def say_stop(self) -> None:
        """The trainee says STOP."""
        attempt = self._attempt
        if attempt is None or self.page is not self.run:
            return
        found = attempt.press(self._now_s())
        if found in (Verdict.FALSE, Verdict.NOTED):
            was = "noted" if found is Verdict.NOTED else "not due"
            self.run.said.setText(
                f"STOP at {attempt.presses_s[-1]:.2f} s: {was}. The injection goes on."
            )
        if attempt.score is not None:
            self._show_result()

    def break_off(self) -> None:
        """The trainee ends the case without a score."""
        if self._attempt is not None and self._attempt.score is None:
            self._attempt.break_off()
            self._show_result()

    def key_actions(self) -> tuple[KeyAction, ...]:
        """Every key that does something on the page that is shown."""
        code = Qt.Key
        ask = KeyAction(
            ((code.Key_Question, PLAIN), (code.Key_F1, PLAIN)), "?", "all keys", self.toggle_help
        )
        leave = key(code.Key_Q, "Q", "close", self.close)
        whole = key(code.Key_F11, "F11", "whole screen, and back", self._toggle_whole_screen)
        if self.page is self.begin:
            enter = ((code.Key_Return, PLAIN), (code.Key_Enter, PLAIN))
            start = KeyAction(enter, "Enter", "begin", self.begin_attempt)
            return (start, key(code.Key_Escape, "Esc", "close", self.close), whole)
        if self.page is self.run:
            stop = key(code.Key_Space, "Space", "STOP", self.say_stop)
            end = key(code.Key_Escape, "Esc", "end without a score", self.break_off)
            return (stop, end, whole)
        if self.page is self.curve:
            back = ((code.Key_Backspace, PLAIN), (code.Key_Escape, PLAIN))
            return (
                KeyAction(back, "Backspace", "back to the result", self._back),
                ask,
                leave,
                whole,
            )
        return (*self._result_keys(), ask, leave, whole)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Everything by keys; a key that is held down counts once."""
        action = None if event.isAutoRepeat() else find(self.key_actions(), event)
        if action is None:
            super().keyPressEvent(event)
        else:
            action.act()

    def toggle_help(self) -> None:
        """Show or hide the keys of this page."""
        self.help.setText(help_html(self.key_actions()))
        self.help.setVisible(not self.help.isVisible())
        self._place_help()

    def _toggle_whole_screen(self) -> None:
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Keep a session that runs as broken off, and stop."""
        self._timer.stop()
        self.break_off()
        self._let_go()
        self.replay.close()
        super().closeEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Let letters grow with the window, and keep the help in its place."""
        super().resizeEvent(event)
        scale = scale_of(self)
        for page in (self.begin, self.run, self.result, self.curve):
            page.set_scale(scale)
        for label in (self.keys, self.notice, self.help):
            scale_letters(label, scale)
        self._place_help()

    def _result_keys(self) -> tuple[KeyAction, ...]:
        code = Qt.Key
        enter = ((code.Key_Return, PLAIN), (code.Key_Enter, PLAIN))
        keys = [KeyAction(enter, "Enter", "replay with all that was seen", self.open_replay)]
        if self._place + 1 < len(self._items):
            keys.append(key(code.Key_N, "N", "next case", lambda: self.prepare(self._place + 1)))
        keys.append(key(code.Key_R, "R", "this case again", lambda: self.prepare(self._place)))
        if self._keeper.kept:
            keys.append(key(code.Key_C, "C", "curve of your sessions", self.open_curve))
        return tuple(keys)

    def open_replay(self) -> None:
        """Replay the case with the overlay; 1, 2, 3 go to the moments."""
        prepared, attempt = self.prepared, self._attempt
        if prepared is None or attempt is None or attempt.score is None:
            return
        self._show(self.replay)
        self.replay.play(prepared, moments(prepared.course, attempt.score))

    def open_curve(self) -> None:
        """Show the trainee's curve."""
        try:
            self.curve.show_sessions(self._keeper.sessions())
        except LibraryError as error:
            self.result.kept.setText(escape(str(error)))
            return
        self._show(self.curve)

    def _watch_preparation(self) -> None:
        preparation = self._preparation
        if preparation is None or self._announced:
            return
        if preparation.failure:
            self.begin.show_failure(preparation.failure)
        elif preparation.prepared is not None:
            self.begin.show_ready(preparation.prepared.case.run.marks)
        else:
            self.begin.show_progress(*preparation.progress)
            return
        self._announced = True

    def _show_result(self) -> None:
        prepared, attempt = self.prepared, self._attempt
        assert prepared is not None
        assert attempt is not None
        assert attempt.score is not None
        kept = self._keeper.finish(prepared.course, attempt.score)
        words = f"{prepared.case.name}. {kept}"
        # Shown before it is filled: a picture needs the size of its view.
        self._show(self.result)
        self.result.show_result(prepared, attempt.score, words, attempt.stood_still_s)
        self._show_keys()

    def _back(self) -> None:
        self._show(self.result)

    def _show(self, page: QWidget) -> None:
        if page is not self.replay:
            self.replay.pause()
        self.help.hide()
        self.pages.setCurrentWidget(page)
        self._show_keys()
        (self.begin.name if page is self.begin else page).setFocus()

    def _show_keys(self) -> None:
        # The replay says itself what it is, and has its own keys.
        own = self.page is not self.replay
        self.keys.setVisible(own)
        self.notice.setVisible(own)
        words = " &nbsp; ".join(
            f'<b>{escape(one.text)}</b> <span style="color:{QUIET}">{escape(one.what)}</span>'
            for one in self.key_actions()
        )
        self.keys.setText(words if own else "")

    def _let_go(self) -> None:
        """Release the case."""
        self._attempt = None
        self.replay.forget()
        preparation, self._preparation = self._preparation, None
        if preparation is not None:
            preparation.stop()

    def _place_help(self) -> None:
        self.help.adjustSize()
        self.help.raise_()
        left, top = self.width() - self.help.width(), self.height() - self.help.height()
        self.help.move(left // 2, top // 2)

    def _lay_out(self) -> None:
        for page in (self.begin, self.run, self.result, self.curve, self.replay):
            self.pages.addWidget(page)
        for label, pixels in ((self.keys, 15), (self.notice, 13), (self.help, 17)):
            set_letters(label, pixels)
        self.keys.setTextFormat(Qt.TextFormat.RichText)
        self.notice.setStyleSheet(f"color: {QUIET}")
        self.help.setObjectName("help")
        self.help.hide()
        foot = QVBoxLayout()
        foot.setContentsMargins(14, 2, 14, 8)
        foot.addWidget(self.keys)
        foot.addWidget(self.notice)
        layout = QVBoxLayout()
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.pages, 1)
        layout.addLayout(foot)
        content = QWidget()
        content.setLayout(layout)
        self.setCentralWidget(content)
