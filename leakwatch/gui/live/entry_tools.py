"""Tools of the live window in which the operator types: syringe, margin, note."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt

from leakwatch.core.messages import text
from leakwatch.gui.live.limit_layer import LimitLayer
from leakwatch.gui.live.note_layer import NoteLayer
from leakwatch.gui.live.syringe_layer import SyringeLayer
from leakwatch.gui.widgets.keys import PLAIN
from leakwatch.gui.widgets.picture_layers import Tool
from leakwatch.live.live_session import LiveSession


def entry_tools(
    session: LiveSession,
    say: Callable[[str], object],
    read_syringe: Callable[[float], object],
    take_note: Callable[[str], object],
) -> tuple[Tool, ...]:
    """Return the tools.

    Parameters
    ----------
    session : LiveSession
    say : callable
        Shows a message over the image.
    read_syringe : callable
        Takes the injected volume, mL.
    take_note : callable
        Saves a text with the case.
    """
    code = Qt.Key

    def set_margin(margin_mm: float, why: str) -> None:
        session.set_margin(margin_mm, why)
        say(text("Margin {margin_mm:g} mm: used from the next image on.", margin_mm=margin_mm))

    def limit() -> LimitLayer:
        now_mm = session.status.margin_mm
        usual_mm = session.settings.alerting.margin_mm
        return LimitLayer(usual_mm if now_mm is None else now_mm, session.settings, set_margin)

    def note(words: str) -> None:
        take_note(words)
        say(text("Note saved with the case."))

    syringe = text("syringe: type how much cement was injected")
    margin = text("margin: distance from the wall at which STOP is due")
    return (
        Tool(
            ((code.Key_V, PLAIN),),
            "V",
            syringe,
            lambda: SyringeLayer(read_syringe),
            text("syringe"),
        ),
        Tool(((code.Key_L, PLAIN),), "L", margin, limit),
        Tool(
            ((code.Key_N, PLAIN),),
            "N",
            text("note: a text saved with the case"),
            lambda: NoteLayer(note),
        ),
    )
