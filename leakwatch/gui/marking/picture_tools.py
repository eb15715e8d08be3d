"""Tools of each window, with their keys; see `picture_layers`."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt

from leakwatch.core.marks import CaseFile
from leakwatch.core.messages import text
from leakwatch.gui.marking.calibrate_layer import CalibrateLayer
from leakwatch.gui.marking.mark_layer import MarkLayer
from leakwatch.gui.widgets.keys import PLAIN
from leakwatch.gui.widgets.picture_layers import Tool
from leakwatch.live.live_session import LiveSession
from leakwatch.marking.case_opening import CaseEditor, open_live, open_replayed
from leakwatch.marking.open_case import OpenCase
from leakwatch.runner.stored_run import AnalysisRun

_M, _C = ((Qt.Key.Key_M, PLAIN),), ((Qt.Key.Key_C, PLAIN),)
_MARKS = text("mark a vertebra: click into its body")
_MEASURES = text("calibrate with an object of known size")


def live_tools(session: LiveSession) -> tuple[Tool, ...]:
    """Return the tools for a live image; saved marks are monitored from then on."""
    return _tools(CaseEditor(lambda snapshot: open_live(session, snapshot)))


def replay_tools(
    run: Callable[[], AnalysisRun], analyse_again: Callable[[CaseFile, str], None]
) -> tuple[Tool, ...]:
    """Return the tools for a stored run; it is analysed again with saved marks.

    Parameters
    ----------
    run : callable
        Returns the current run.
    analyse_again : callable
        Analyses the run again with a case; also receives the message about saving.
    """
    return _tools(CaseEditor(lambda snapshot: open_replayed(run(), snapshot, analyse_again)))


def mark_tools(case: OpenCase) -> tuple[Tool, ...]:
    """Return the tools beside marking for the window of `leakwatch mark`."""
    return (Tool(_C, "C", _MEASURES, lambda: CalibrateLayer(lambda _: case), text("calibrate")),)


def _tools(editor: CaseEditor) -> tuple[Tool, ...]:
    return (
        Tool(_M, "M", _MARKS, lambda: MarkLayer(editor.open_at), text("mark")),
        Tool(_C, "C", _MEASURES, lambda: CalibrateLayer(editor.open_at), text("calibrate")),
    )
