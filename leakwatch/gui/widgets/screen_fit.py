"""First size of a window: never larger than the screen, together with what the desktop adds."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QMainWindow

# Borders and title bar of a window together, pixels: those of Windows, GNOME and KDE are at most as
# large. How large they are here is known only once the window is shown.
FRAME = (16, 48)
# Share of a large screen that a window takes up at first, in each direction: at 3840 x 2160 one of
# 1280 x 800 would be a ninth of the screen, with letters of a third of their size.
SHARE = 0.75


def fit_screen(window: QMainWindow, size: tuple[int, int], least: tuple[int, int]) -> None:
    """Give a window its first size, and its smallest one.

    Parameters
    ----------
    window : QMainWindow
    size : (int, int)
        Where the screen has room for it; on a large screen, `SHARE` of that.
    least : (int, int)
    """
    room = window.screen().availableSize() - QSize(*FRAME)
    window.setMinimumSize(QSize(*least).boundedTo(room))
    window.resize(QSize(*size).expandedTo(room * SHARE).boundedTo(room))
