"""Training window: a case without alarms, its score with key frames, and its replay."""

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
from leakwatch.core.messages import text, translate
from leakwatch.display.picture import RESEARCH_NOTICE
from leakwatch.gui.replay.replay_window import SIZE, STYLE, TICK_MS
from leakwatch.gui.training.attempt import Attempt, Preparation, Prepared
from leakwatch.gui.training.curve_plot import CurvePage
from leakwatch.gui.training.moments_replay import TrainingReplay
from leakwatch.gui.training.result_page import ResultPage
from leakwatch.gui.training.session_keeper import SessionStore
from leakwatch.gui.training.task_pages import BeginPage, RunPage
from leakwatch.gui.widgets.facts_view import QUIET
from leakwatch.gui.widgets.fonts import scale_letters, set_letters
from leakwatch.gui.widgets.image_window import scale_of
from leakwatch.gui.widgets.keys import PLAIN, KeyAction, KeyGroup, find, help_html, key
from leakwatch.gui.widgets.menus import MenuBar
from leakwatch.training.key_frames import key_frames
from leakwatch.training.scoring import Verdict
from leakwatch.training.training_case import TrainingItem

_LOG = logging.getLogger(__name__)


class TrainingWindow(QMainWindow):
    """Window for a programme of cases with one trainee, operated by keys.

    Parameters
    ----------
    items : sequence of TrainingItem
        At least one.
    keeper : Keeper
        Saves results; closed by the caller.
    trainee : str
        Initial name; may be empty.
    now_s : callable
        A monotonic clock, s.
    """

    def __init__(
        self,
        items: Sequence[TrainingItem],
        keeper: SessionStore,
        trainee: str = "",
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self._now_s = now_s
        # The name of a case may reveal what happens.
        self.setWindowTitle(translate(text("LeakWatch – training")))
        self.setStyleSheet(STYLE)
        self.resize(*SIZE)
        self._items, self._keeper, self._place = tuple(items), keeper, 0
        self._preparation: Preparation | None = None
        self._attempt: Attempt | None = None
        self._announced = False
        self.begin, self.run, self.result = BeginPage(), RunPage(), ResultPage()
        self.curve, self.replay = CurvePage(), TrainingReplay(self._back, self.close)
        self.pages, self.keys, self.notice = QStackedWidget(), QLabel(), QLabel()
        self.notice.setText(translate(RESEARCH_NOTICE))
        self.help, self.menus = QLabel(self), MenuBar()
        self.menus.opening.connect(self.fill_menus)
        self.menus.chosen.connect(self.press)
        self.setMenuBar(self.menus)
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
        """The page that is shown."""
        return self.pages.currentWidget()

    @property
    def prepared(self) -> Prepared | None:
        """The case, once it is ready."""
        return None if self._preparation is None else self._preparation.prepared

    def start(self) -> None:
        """Prepare the first case, and start the updates."""
        self.prepare(0)
        self._timer.start()

    def prepare(self, place: int) -> None:
        """Prepare a case of the programme, and announce it."""
        self._let_go()
        item = self._items[place]
        self._place, self._announced = place, False
        self.begin.show_case(place + 1, len(self._items), escape(translate(item.about)))
        self._show(self.begin)
        # Qt objects must be collected on this thread, not on the one that prepares the case.
        gc.collect()
        self._preparation = Preparation(item)
        self._preparation.start()

    def tick(self) -> None:
        """Update the current page."""
        if self.page is self.begin:
            self._watch_preparation()
        elif self.page is self.run and self._attempt is not None:
            try:
                self.run.show_view(self._attempt.tick(self._now_s()))
            # Whatever failed, a frozen image must not be taken for the case.
            except Exception as error:  # noqa: BLE001
                _LOG.error("a frame cannot be shown", exc_info=True)
                self._attempt.break_off(f"{type(error).__name__}: {error}")
            if self._attempt.score is not None:
                self._show_result()

    def begin_attempt(self) -> None:
        """Start the case; with a name, its record is saved first."""
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
        """Record a STOP of the trainee."""
        attempt = self._attempt
        if attempt is None or self.page is not self.run:
            return
        found = attempt.press(self._now_s())
        if found in (Verdict.FALSE, Verdict.NOTED):
            message = text(
                "STOP at {at_s:.2f} s: {verdict}. The injection continues.",
                at_s=attempt.presses_s[-1],
                verdict=text("recorded") if found is Verdict.NOTED else text("not due"),
            )
            self.run.message.setText(escape(translate(message)))
        if attempt.score is not None:
            self._show_result()

    def break_off(self) -> None:
        """End the case without a score."""
        if self._attempt is not None and self._attempt.score is None:
            self._attempt.break_off()
            self._show_result()

    def key_actions(self) -> tuple[KeyAction, ...]:
        """Return every active key of the current page."""
        return tuple(action for group in self.key_groups() for action in group.actions)

    def key_groups(self) -> tuple[KeyGroup, ...]:
        """Return the keys of `key_actions` by menu; those of the replay, while it is shown."""
        if self.page is self.replay:
            return self.replay.key_groups()
        code = Qt.Key
        whole = key(code.Key_F11, "F11", text("full screen"), self._toggle_full_screen)
        own: tuple[KeyAction, ...] = (whole,)
        if self.page not in (self.begin, self.run):
            asked = ((code.Key_Question, PLAIN), (code.Key_F1, PLAIN))
            ask = KeyAction(asked, "?", text("all keys"), self.toggle_help)
            own = (ask, key(code.Key_Q, "Q", text("close"), self.close), whole)
        return (KeyGroup(text("Training"), self._page_keys()), KeyGroup(text("Window"), own))

    def _page_keys(self) -> tuple[KeyAction, ...]:
        code = Qt.Key
        if self.page is self.begin:
            enter = ((code.Key_Return, PLAIN), (code.Key_Enter, PLAIN))
            start = KeyAction(enter, text("Enter"), text("begin"), self.begin_attempt)
            return (start, key(code.Key_Escape, text("Esc"), text("close"), self.close))
        if self.page is self.run:
            stop = key(code.Key_Space, text("Space"), text("STOP"), self.say_stop)
            end = key(code.Key_Escape, text("Esc"), text("end without a score"), self.break_off)
            return (stop, end)
        if self.page is self.curve:
            back = ((code.Key_Backspace, PLAIN), (code.Key_Escape, PLAIN))
            what = text("back to the result")
            return (KeyAction(back, text("Backspace"), what, self._back),)
        return self._result_keys()

    def press(self, name: str) -> None:
        """Do what the key of this name does, when it is chosen in a menu."""
        if self.page is self.replay:
            self.replay.press(name)
            return
        for action in self.key_actions():
            if action.text == name:
                action.act()
                return

    def fill_menus(self) -> None:
        """Bring menus and buttons up to date with the keys."""
        self.menus.show_groups(self.key_groups())
        tip = self.key_actions()[0].tip
        for page, button in ((self.begin, self.begin.begin), (self.run, self.run.stop)):
            if self.page is page:
                button.setToolTip(tip)
                button.setAccessibleName(tip)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Handle a key; one that is held down counts once."""
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

    def _toggle_full_screen(self) -> None:
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)
        self.menus.setVisible(not self.isFullScreen())

    def closeEvent(self, event: QCloseEvent) -> None:
        """Save a running session as aborted, and stop."""
        self._timer.stop()
        self.break_off()
        self._let_go()
        self.replay.close()
        super().closeEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Scale letters with the window, and reposition the help."""
        super().resizeEvent(event)
        scale = scale_of(self)
        for page in (self.begin, self.run, self.result, self.curve):
            page.set_scale(scale)
        for label in (self.keys, self.notice, self.help):
            scale_letters(label, scale)
        self.menus.set_scale(scale)
        self._place_help()

    def _result_keys(self) -> tuple[KeyAction, ...]:
        code = Qt.Key
        enter = ((code.Key_Return, PLAIN), (code.Key_Enter, PLAIN))
        keys = [KeyAction(enter, text("Enter"), text("replay with all results"), self.open_replay)]
        if self._place + 1 < len(self._items):
            keys.append(
                key(code.Key_N, "N", text("next case"), lambda: self.prepare(self._place + 1))
            )
        keys.append(
            key(code.Key_R, "R", text("this case again"), lambda: self.prepare(self._place))
        )
        if self._keeper.kept:
            keys.append(key(code.Key_C, "C", text("learning curve"), self.open_curve))
        return tuple(keys)

    def open_replay(self) -> None:
        """Replay the case with the overlay; 1, 2, 3 go to the key frames."""
        prepared, attempt = self.prepared, self._attempt
        if prepared is None or attempt is None or attempt.score is None:
            return
        self._show(self.replay)
        self.replay.play(prepared, key_frames(prepared.course, attempt.score))

    def open_curve(self) -> None:
        """Show the learning curve of the trainee."""
        try:
            self.curve.show_sessions(self._keeper.sessions())
        except LibraryError as error:
            self.result.kept.setText(escape(translate(str(error))))
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
        message = text("{name}. {saved}", name=prepared.case.name, saved=kept)
        # Shown before it is filled: an image needs the size of its view.
        self._show(self.result)
        self.result.show_result(prepared, attempt.score, message, attempt.stood_still_s)
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
        # The replay has its own notice and keys.
        own = self.page is not self.replay
        self.keys.setVisible(own)
        self.notice.setVisible(own)
        words = " &nbsp; ".join(
            f"<b>{escape(translate(one.text))}</b> "
            f'<span style="color:{QUIET}">{escape(translate(one.what))}</span>'
            for one in self.key_actions()
        )
        self.keys.setText(words if own else "")
        self.fill_menus()

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
