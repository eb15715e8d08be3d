"""First size of a window: never larger than the screen, together with what the desktop adds."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QMainWindow

# Borders and title bar of a window together, pixels: those of Windows, GNOME and KDE are at most as
# large. How large they are here is known only once the window is shown.
FRAME = (16, 48)


def fit_screen(window: QMainWindow, size: tuple[int, int], least: tuple[int, int]) -> None:
    """Give a window its first size, and its smallest one.

    Parameters
    ----------
    window : QMainWindow
    size : (int, int)
        Where the screen has room for it.
    least : (int, int)
    """
    room = window.screen().availableSize() - QSize(*FRAME)
    window.setMinimumSize(QSize(*least).boundedTo(room))
    window.resize(QSize(*size).boundedTo(room))
