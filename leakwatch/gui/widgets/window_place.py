"""Memory of where a window was: place, size, screen, and whether it filled the screen."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, QSettings
from PySide6.QtWidgets import QMainWindow

from leakwatch.case_files.library_database import library_folder

FILE_NAME = "windows.ini"


def open_window(window: QMainWindow, name: str, maximised: bool = False) -> None:
    """Show a window where it was when it was closed last.

    Parameters
    ----------
    window : QMainWindow
    name : str
        Of this kind of window in the file of the user's data folder.
    maximised : bool
        Whether it fills the screen, unless the user chose another size.
    """
    kept = _settings().value(f"{name}/geometry")
    # Qt moves a window whose screen is gone onto one that is there.
    if isinstance(kept, QByteArray) and window.restoreGeometry(kept):
        window.show()
    elif maximised:
        window.showMaximized()
    else:
        window.show()


def keep_place(window: QMainWindow, name: str) -> None:
    """Remember where the window is; without a folder to write to, nothing is kept."""
    settings = _settings()
    settings.setValue(f"{name}/geometry", window.saveGeometry())
    settings.sync()


def _settings() -> QSettings:
    path = library_folder() / FILE_NAME
    return QSettings(str(path), QSettings.Format.IniFormat)
