"""Style sheet of the windows, from the palette."""

from __future__ import annotations

from leakwatch.display import palette

STYLE = f"""
QMainWindow, QWidget {{ background: {palette.SCREEN}; color: {palette.INK}; }}
QPushButton {{
    background: {palette.BUTTON}; border: 1px solid {palette.RIM}; border-radius: 5px;
}}
QPushButton:hover {{ background: {palette.BUTTON_HOVER}; }}
QPushButton:disabled {{
    color: {palette.DISABLED}; background: {palette.SUNKEN}; border-color: {palette.BUTTON};
}}
QToolTip {{ background: {palette.BUTTON}; color: {palette.INK}; border: 1px solid {palette.RIM}; }}
QMenuBar, QMenu {{ background: {palette.SUNKEN}; color: {palette.OUTLINE}; }}
QMenuBar::item {{ padding: 2px 12px; background: transparent; }}
QMenuBar::item:selected, QMenu::item:selected {{
    background: {palette.BUTTON_HOVER}; color: {palette.INK};
}}
QMenu {{ border: 1px solid {palette.RIM}; }}
QLabel#help {{
    background: {palette.RAISED}; border: 2px solid {palette.QUIET}; border-radius: 8px;
}}
QLabel#signs {{ background: {palette.SCREEN}; color: {palette.WARN}; padding: 4px 8px; }}
QLabel#prompt {{
    background: {palette.RAISED}; border: 2px solid {palette.ACCENT}; border-radius: 6px;
    padding: 8px;
}}
"""
