"""Every text that a window shows: of its widgets, of items on its image, and painted ones."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pyqtgraph as pg
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QAbstractButton, QLabel, QLineEdit, QWidget

from leakwatch.core.messages import PSEUDO_MARKS
from leakwatch.core.results import Level
from leakwatch.display.level_styles import OFF_WORD, PARTLY_WORD

# The words of the levels are signs, the same in every language, and the program has one name.
SIGNS = {*(level.value for level in Level), PARTLY_WORD, OFF_WORD, "LeakWatch"}


@contextmanager
def painted_texts() -> Iterator[list[str]]:
    """Record every text that Python code paints."""
    painted: list[str] = []
    original = QPainter.drawText

    def record(painter: QPainter, *arguments: object) -> object:
        painted.extend(one for one in arguments if isinstance(one, str))
        return original(painter, *arguments)

    QPainter.drawText = record  # type: ignore[method-assign]
    try:
        yield painted
    finally:
        QPainter.drawText = original  # type: ignore[method-assign]


def shown_texts(window: QWidget) -> list[str]:
    """Return every text of a window, with tool tips, names for screen readers, and titles."""
    with painted_texts() as painted:
        window.grab()
    texts = list(painted)
    for widget in (window, *window.findChildren(QWidget)):
        texts += [widget.toolTip(), widget.accessibleName(), widget.accessibleDescription()]
        texts += [widget.windowTitle(), widget.statusTip()]
        if isinstance(widget, QLabel | QAbstractButton):
            texts.append(widget.text())
        elif isinstance(widget, QLineEdit):  # its text is what the user types
            texts.append(widget.placeholderText())
        elif isinstance(widget, pg.GraphicsView):
            texts += _texts_of_scene(widget)
    # A number is kept together by spaces at which no line is broken.
    texts = [one.replace("\u00a0", " ") for one in texts]
    return [one for one in dict.fromkeys(texts) if one]


def _texts_of_scene(view: pg.GraphicsView) -> Iterator[str]:
    for item in view.scene().items():
        if isinstance(item, pg.TextItem) and item.isVisible():
            yield item.toPlainText()
        elif isinstance(item, pg.AxisItem):
            yield item.labelText


def escaped_words(shown: str, allowed: set[str]) -> list[str]:
    """Return the words of three letters or more outside of the marks of the pseudo language."""
    left, right = PSEUDO_MARKS
    bare = re.sub(r"<[^>]*>|&\w+;", " ", shown)
    inner = re.compile(f"{left}[^{left}{right}]*{right}")
    while inner.search(bare):
        bare = inner.sub(" ", bare)
    for one in sorted(allowed, key=len, reverse=True):
        bare = bare.replace(one, " ")
    return [word for word in re.findall(r"[^\W\d_²³]{3,}", bare) if word not in SIGNS]
