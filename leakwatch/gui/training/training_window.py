"""Training window: a case without alarms, its score with key frames, and its replay."""

from __future__ import annotations

import gc
import logging
import time
from collections.abc import Callable, Sequence
from functools import partial
from html import escape

from PySide6.QtCore import Qt
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QLabel, QWidget

from leakwatch.config import TrainingSettings
from leakwatch.core.errors import LibraryError
from leakwatch.core.messages import text, translate
from leakwatch.gui.training.attempt import Attempt, Preparation, Prepared
from leakwatch.gui.training.choice_page import choice_page, choice_rows
from leakwatch.gui.training.class_page import ClassPage
from leakwatch.gui.training.ct_page import CtPage, MakeCases
from leakwatch.gui.training.curve_plot import CurvePage
from leakwatch.gui.training.moments_replay import TrainingReplay
from leakwatch.gui.training.result_page import ResultPage
from leakwatch.gui.training.session_keeper import SessionStore
from leakwatch.gui.training.task_pages import BeginPage, RunPage
from leakwatch.gui.widgets.facts_view import QUIET
from leakwatch.gui.widgets.fonts import set_letters
from leakwatch.gui.widgets.keys import PLAIN, KeyAction, KeyGroup, key
from leakwatch.gui.widgets.paced_timer import PacedTimer
from leakwatch.gui.widgets.paged_window import PagedWindow
from leakwatch.gui.widgets.weak_calls import weakly
from leakwatch.training.class_figures import class_figures
from leakwatch.training.key_frames import key_frames
from leakwatch.training.scoring import Verdict
from leakwatch.training.training_case import TrainingItem

_LOG = logging.getLogger(__name__)
ENTER = ((Qt.Key.Key_Return, PLAIN), (Qt.Key.Key_Enter, PLAIN))


class TrainingWindow(PagedWindow):
    """Window for a programme of cases with one trainee, operated by keys.

    Parameters
    ----------
    items : sequence of TrainingItem
        At least one; see `choose`.
    keeper : Keeper
        Saves results; closed by the caller.
    trainee : str
        Initial name; may be empty.
    now_s : callable
        A monotonic clock, s.
    choose : bool
        Whether the case is chosen in the window; otherwise all are presented in order.
    from_ct : callable or None
        Makes cases from a CT; see `ct_page`.
    settings : TrainingSettings
        The target.
    """

    indent = 14

    def __init__(
        self,
        items: Sequence[TrainingItem],
        keeper: SessionStore,
        trainee: str = "",
        now_s: Callable[[], float] = time.monotonic,
        choose: bool = False,
        from_ct: MakeCases | None = None,
        settings: TrainingSettings | None = None,
    ) -> None:
        self.begin, self.run, self.result = BeginPage(), RunPage(), ResultPage()
        # Weakly: in a cycle with its page, the window would be deleted at any collection.
        back, leave = weakly(self._back), weakly(self._leave)
        self.curve, self.replay = CurvePage(), TrainingReplay(back, leave)
        self.choice, self.group, self.ct = choice_page(), ClassPage(), CtPage(from_ct)
        self.keys = QLabel()
        set_letters(self.keys, 15)
        pages = (self.begin, self.run, self.result, self.curve, self.replay)
        others = (self.choice, self.group, self.ct)
        # The name of a case may reveal what happens.
        super().__init__(text("LeakWatch – training"), (*pages, *others), (self.keys,))
        self._now_s, self._choose = now_s, choose
        self._items, self._keeper, self._place = tuple(items), keeper, 0
        self._target = settings or TrainingSettings()
        self._preparation: Preparation | None = None
        self._attempt: Attempt | None = None
        self._announced = False
        self._before: QWidget = self.begin
        self.keys.setTextFormat(Qt.TextFormat.RichText)
        self.choice.chosen.connect(self._on_chosen)
        self.ct.made.connect(self._on_made)
        self.begin.name.setText(trainee)
        self.begin.begun.connect(self.begin_attempt)
        self.run.stopped.connect(self.say_stop)
        self._timer = PacedTimer(self)
        self._timer.due.connect(self.tick)

    @property
    def prepared(self) -> Prepared | None:
        """Case, once it is ready."""
        return None if self._preparation is None else self._preparation.prepared

    def start(self) -> None:
        """Prepare the first case, or let it be chosen, and start the updates."""
        if self._choose:
            self.open_choice()
        else:
            self.prepare(0)
        self._timer.start()

    def open_choice(self) -> None:
        """Let a person choose a case."""
        self._let_go()
        self.choice.show_rows(choice_rows(self._items))
        self._show(self.choice)

    def open_class(self) -> None:
        """Show all trainees to the instructor."""
        if self.page is not None and self.page is not self.group:
            self._before = self.page
        self.group.show_sessions(self._keeper, self._target)
        self._show(self.group)

    def open_ct(self) -> None:
        """Ask for a CT to make cases from."""
        self._show(self.ct)

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
        self.ct.watch()
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
        self.run.begin(self.prepared.case.run.calibration)
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

    def key_groups(self) -> tuple[KeyGroup, ...]:
        """Return the keys of the current page by menu; those of the replay, while it is shown."""
        if self.page is self.replay:
            return self.replay.key_groups()
        own: tuple[KeyAction, ...] = (self.full_screen_key(),)
        # Letters are typed into these pages, and the space bar is STOP.
        if self.page not in (self.begin, self.run, self.ct):
            leave = key(Qt.Key.Key_Q, "Q", text("close"), self.close)
            own = (self.help_key(), leave, *own)
        return (KeyGroup(text("Training"), self._page_keys()), KeyGroup(text("Window"), own))

    def press(self, name: str) -> None:
        """Do what the key of this name does."""
        if self.page is self.replay:
            self.replay.press(name)
        else:
            super().press(name)

    def _page_keys(self) -> tuple[KeyAction, ...]:
        code = Qt.Key
        escape = partial(key, code.Key_Escape, text("Esc"))
        to_choice = escape(text("back"), self.open_choice)
        if self.page is self.begin:
            start = KeyAction(ENTER, text("Enter"), text("begin"), self.begin_attempt)
            return (start, to_choice if self._choose else escape(text("close"), self.close))
        if self.page is self.run:
            stop = key(code.Key_Space, text("Space"), text("STOP"), self.say_stop)
            return (stop, escape(text("end without a score"), self.break_off))
        if self.page is self.curve:
            back = ((code.Key_Backspace, PLAIN), (code.Key_Escape, PLAIN))
            what = text("back to the result")
            return (KeyAction(back, text("Backspace"), what, self._back),)
        if self.page is self.group:
            return (*self.group.keys(), escape(text("back"), self._leave_class))
        if self.page is self.ct:
            return (to_choice,)
        return self._choice_keys() if self.page is self.choice else self._result_keys()

    def _choice_keys(self) -> tuple[KeyAction, ...]:
        take = KeyAction(ENTER, text("Enter"), text("this case"), self.choice.choose)
        trainees = key(Qt.Key.Key_I, "I", text("instructor: all trainees"), self.open_class)
        if self.ct.make is None:
            return (take, trainees)
        made = key(Qt.Key.Key_G, "G", text("make cases from a CT"), self.open_ct)
        return (take, made, trainees)

    def fill_menus(self) -> None:
        """Bring menus and buttons up to date with the keys."""
        super().fill_menus()
        tip = self.key_actions()[0].tip
        for page, button in ((self.begin, self.begin.begin), (self.run, self.run.stop)):
            if self.page is page:
                button.setToolTip(tip)
                button.setAccessibleName(tip)

    def _leave(self) -> None:
        self.close()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Save a running session as aborted, and stop."""
        self._timer.stop()
        self.break_off()
        self._let_go()
        self.ct.stop()
        self.replay.close()
        super().closeEvent(event)

    def _result_keys(self) -> tuple[KeyAction, ...]:
        code = Qt.Key
        keys = [KeyAction(ENTER, text("Enter"), text("replay with all results"), self.open_replay)]
        if self._place + 1 < len(self._items):
            keys.append(
                key(code.Key_N, "N", text("next case"), lambda: self.prepare(self._place + 1))
            )
        keys.append(
            key(code.Key_R, "R", text("this case again"), lambda: self.prepare(self._place))
        )
        if self._keeper.kept:
            keys.append(key(code.Key_C, "C", text("learning curve"), self.open_curve))
        if self._choose:
            keys.append(key(code.Key_L, "L", text("choose another case"), self.open_choice))
        keys.append(key(code.Key_I, "I", text("instructor: all trainees"), self.open_class))
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
            everybody = class_figures(self._keeper.all_sessions(), self._keeper.trainee)
            self.curve.show_sessions(self._keeper.sessions(), self._target, everybody)
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

    def _leave_class(self) -> None:
        self._show(self._before)

    def _on_chosen(self, place: str) -> None:
        self.prepare(int(place))

    def _on_made(self) -> None:
        """Put the cases of a CT first."""
        self._items = (*self.ct.items, *self._items)
        self.open_choice()

    def _back(self) -> None:
        self._show(self.result)

    def _show(self, page: QWidget) -> None:
        if page is not self.replay:
            self.replay.pause()
        self.help.hide()
        self.pages.setCurrentWidget(page)
        self._show_keys()
        first: dict[QWidget, QWidget] = {self.begin: self.begin.name}
        first |= {self.choice: self.choice.rows, self.group: self.group.table, self.ct: self.ct.ct}
        first.get(page, page).setFocus()

    def _show_keys(self) -> None:
        # The replay has its own notice and keys.
        own = self.page is not self.replay
        self.keys.setVisible(own)
        self.notice.setVisible(own)
        words = " &nbsp; ".join(
            f"<b>{escape(translate(one.text))}</b> "
            f'<span style="color:{QUIET}">{escape(translate(one.what))}</span>'
            for one in (*self._page_keys(), self.help_key())
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
