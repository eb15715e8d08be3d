"""What can be done on the picture of each window, and by which key; see `picture_layers`."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt

from leakwatch.core.marks import CaseFile
from leakwatch.gui.marking.calibrate_layer import CalibrateLayer
from leakwatch.gui.marking.mark_layer import MarkLayer
from leakwatch.gui.widgets.keys import PLAIN
from leakwatch.gui.widgets.picture_layers import Tool
from leakwatch.live.live_session import LiveSession
from leakwatch.marking.case_opening import Desk, open_live, open_replayed
from leakwatch.marking.open_case import OpenCase
from leakwatch.runner.stored_run import Run

_M, _C = ((Qt.Key.Key_M, PLAIN),), ((Qt.Key.Key_C, PLAIN),)
_MARKS = "mark a vertebra: click into its body"
_MEASURES = "measure millimetres with an object of known size"


def live_tools(session: LiveSession) -> tuple[Tool, ...]:
    """Tools over a live picture: what is saved is watched from then on."""
    return _tools(Desk(lambda snapshot: open_live(session, snapshot)))


def replay_tools(
    run: Callable[[], Run], analyse_again: Callable[[CaseFile, str], None]
) -> tuple[Tool, ...]:
    """Tools over a stored run: what is saved is judged by from then on.

    Parameters
    ----------
    run : callable
        Gives the run as it is judged now.
    judge_again : callable
        Begins the run again with a case, and says what became of it.
    """
    return _tools(Desk(lambda snapshot: open_replayed(run(), snapshot, analyse_again)))


def mark_tools(case: OpenCase) -> tuple[Tool, ...]:
    """Tools beside marking, where that is all that a window is for."""
    return (Tool(_C, "C", _MEASURES, lambda: CalibrateLayer(lambda _: case), "calibrate"),)


def _tools(desk: Desk) -> tuple[Tool, ...]:
    return (
        Tool(_M, "M", _MARKS, lambda: MarkLayer(desk.open_at), "mark"),
        Tool(_C, "C", _MEASURES, lambda: CalibrateLayer(desk.open_at), "calibrate"),
    )
