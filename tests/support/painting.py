"""What runs in Python while Qt paints."""

from __future__ import annotations

import sys

from PySide6.QtWidgets import QApplication, QWidget

# Qt paints within these, with the interpreter held, if they are written in Python.
HOLDS = {"paint", "paintEvent", "event", "viewportEvent", "drawBackground", "drawForeground"}
# They flash by a timer of their own, whatever else is painted.
FLASHING = ("BannerView.", "Rim.")


def held_while_painting(widget: QWidget) -> set[str]:
    """Return which Python functions hold the interpreter while Qt paints a widget anew."""
    called: set[str] = set()

    def note(frame, event, argument):
        if event == "call":
            called.add(frame.f_code.co_qualname)

    for _ in range(3):  # what else is to be painted comes first
        QApplication.processEvents()
    widget.update()
    sys.setprofile(note)
    try:
        QApplication.processEvents()
    finally:
        sys.setprofile(None)
    found = {name for name in called if name.rpartition(".")[2] in HOLDS}
    return {name for name in found if not name.startswith(FLASHING)}
