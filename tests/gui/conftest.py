"""Runs made by hand for the window's tests; a widget that outlives its test fails it."""

from __future__ import annotations

import gc
from dataclasses import replace
from pathlib import Path

import pytest
from handmade import ACQUISITION, CALIBRATION, FRAME_S, MARKS, make_frame, make_observation
from PySide6.QtWidgets import QApplication

from leakwatch.alerting import rules
from leakwatch.config import Settings
from leakwatch.core.results import Snapshot
from leakwatch.gui.replay.track import Track
from leakwatch.gui.widgets.fonts import register_fonts
from leakwatch.gui.widgets.garbage_collection import collect_on_this_thread
from leakwatch.runner.stored_run import AnalysisRun


@pytest.fixture
def settings():
    return Settings()


@pytest.fixture
def fold_of(settings):
    """Snapshots of `count` frames whose cement grows towards the wall, decided as in a fold."""

    def fold(count, step_px=1.0):
        state = rules.initial_state(settings)
        for index in range(count):
            grown = make_observation(round(index * step_px))
            observation = replace(grown, frame=index, time_s=index * FRAME_S)
            state, alert = rules.decide(state, observation)
            yield Snapshot(make_frame(index), observation, alert, 5.0)

    return fold


@pytest.fixture
def track(settings, fold_of):
    """Forty frames of a fold that has ended; STOP comes in the second half."""
    made = Track(settings)
    for snapshot in fold_of(40):
        made.append(snapshot)
    made.finish()
    return made


@pytest.fixture
def make_run(settings, fold_of):
    """A `Run` over hand-made frames, whose fold gives `snapshots`, raising `error` at the end."""

    class Source:
        number_of_frames = 40
        closed = 0

        def frames(self):
            return iter(())

        def close(self):
            self.closed += 1

    class HandmadeRun(AnalysisRun):
        def iter_snapshots(self):
            yield from self.frames

    def make(count=40, error=None):
        def snapshots():
            yield from fold_of(count)
            if error is not None:
                raise error

        return HandmadeRun(
            "by-hand.dcm",
            Path("by-hand.dcm"),
            Source(),
            snapshots(),
            ACQUISITION,
            MARKS,
            CALIBRATION,
            settings,
        )

    return make


@pytest.fixture
def fonts(qapp):
    register_fonts()


@pytest.fixture
def qtbot(qtbot, monkeypatch):
    """Keep each window until it is closed: qtbot itself refers to it weakly.

    Qt ends the program where a collection deletes a window that is still shown.
    """
    kept, add = [], qtbot.addWidget

    def keep(widget, **named):
        kept.append(widget)
        add(widget, **named)

    monkeypatch.setattr(qtbot, "addWidget", keep)
    yield qtbot
    kept.clear()


@pytest.fixture(autouse=True)
def no_widget_is_left(request):
    """Fail where a top-level widget is still there after its test."""
    yield
    application = QApplication.instance()
    if application is None:
        return
    application.processEvents()
    left = [widget for widget in QApplication.topLevelWidgets() if widget.isVisible()]
    for widget in left:
        widget.close()
    assert not left, f"{request.node.name} left {left}"


@pytest.fixture(autouse=True)
def collected_here(qapp):
    """Delete windows on their own thread, as the program does: see `garbage_collection`."""
    collect_on_this_thread(qapp)
    yield
    gc.collect(1)
