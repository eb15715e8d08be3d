"""Base of the windows that show one page at a time, operated by keys, menus and buttons."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QLabel, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from leakwatch.core.messages import text, translate
from leakwatch.display import palette
from leakwatch.display.picture import RESEARCH_NOTICE
from leakwatch.gui.widgets.facts_view import QUIET
from leakwatch.gui.widgets.fonts import scale_letters, set_letters
from leakwatch.gui.widgets.image_window import LEAST_SIZE, SIZE, scale_of
from leakwatch.gui.widgets.keys import PLAIN, KeyAction, KeyGroup, find, help_html, help_lines, key
from leakwatch.gui.widgets.menus import MenuBar
from leakwatch.gui.widgets.screen_fit import fit_screen
from leakwatch.gui.widgets.window_style import STYLE

PAGED_STYLE = f"""
QLineEdit, QSpinBox, QDoubleSpinBox, QComboBox, QListWidget, QTableWidget {{
    background: {palette.SUNKEN}; border: 2px solid {palette.RIM}; border-radius: 6px; padding: 6px;
}}
QLineEdit:focus, QSpinBox:focus, QDoubleSpinBox:focus, QComboBox:focus, QListWidget:focus,
QTableWidget:focus, QPushButton:focus {{ border-color: {palette.ACCENT}; }}
/* No arrows: keys and wheel change the number. Qt's own setting for this, NoButtons, leaves a
   styled number one pixel of width. */
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button {{ width: 0; border: none; }}
QAbstractSpinBox QLineEdit {{ border: none; border-radius: 0; padding: 0; }}
QListWidget::item {{ padding: 4px; }}
QListWidget::item:selected, QTableWidget::item:selected {{
    background: {palette.BUTTON_HOVER}; color: {palette.INK};
}}
QHeaderView::section {{
    background: {palette.BUTTON}; color: {palette.INK}; border: none; padding: 6px;
}}
QTableWidget {{ gridline-color: {palette.BUTTON}; }}
QPushButton {{ border-width: 2px; padding: 8px 22px; }}
/* Of a fixed height, which follows the window; fixed padding would cut its letters. */
QPushButton#task {{ text-align: left; padding: 0 0 0 16px; }}
QLabel#drop {{
    border: 2px dashed {palette.RIM}; border-radius: 8px; padding: 14px;
    color: {palette.OUTLINE};
}}
QLabel#help {{ padding: 18px; }}
QLabel#message {{ color: {palette.WARN}; }}
QProgressBar {{
    background: {palette.SUNKEN}; border: 1px solid {palette.RIM}; border-radius: 5px;
    height: 10px;
}}
QProgressBar::chunk {{ background: {palette.ACCENT}; }}
QScrollBar:vertical {{ background: {palette.SUNKEN}; width: 14px; }}
QScrollBar::handle:vertical {{ background: {palette.RIM}; border-radius: 5px; min-height: 40px; }}
QScrollBar::add-line, QScrollBar::sub-line {{ height: 0; }}
"""
# Around a page, in a window of 1280 x 800, pixels.
MARGINS = (36, 24, 36, 16)


class PagedWindow(QMainWindow):
    """Window with a menu bar, a stack of pages, and a foot.

    A page may have ``set_scale``, which is called with the size of the window.

    Parameters
    ----------
    title : str
    pages : sequence of QWidget
    foot : sequence of QLabel
        Below all pages, above the notice.

    Attributes
    ----------
    indent : int
        Of foot and notice, in a window of 1280 x 800, pixels.
    """

    indent = MARGINS[0]

    def __init__(self, title: str, pages: Sequence[QWidget], foot: Sequence[QLabel] = ()) -> None:
        super().__init__()
        self.setWindowTitle(translate(title))
        self.setStyleSheet(STYLE + PAGED_STYLE)
        fit_screen(self, SIZE, LEAST_SIZE)
        self.pages, self.notice, self.help = QStackedWidget(), QLabel(), QLabel(self)
        self._foot = tuple(foot)
        self.menus = MenuBar()
        self.menus.opening.connect(self.fill_menus)
        self.menus.chosen.connect(self.press)
        self.setMenuBar(self.menus)
        for page in pages:
            self.pages.addWidget(page)
        set_letters(self.notice, 13)
        set_letters(self.help, 17)
        self.notice.setText(translate(RESEARCH_NOTICE))
        self.notice.setStyleSheet(f"color: {QUIET}; padding: 0 0 8px 0")
        self.help.setObjectName("help")
        self.help.hide()
        layout = QVBoxLayout()
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self.pages, 1)
        for widget in (*self._foot, self.notice):
            layout.addWidget(widget)
        content = QWidget()
        content.setLayout(layout)
        self.setCentralWidget(content)

    def start(self) -> None:
        """Begin updates; this base has none."""

    def key_groups(self) -> tuple[KeyGroup, ...]:
        """Return the keys of the current page by menu."""
        raise NotImplementedError

    @property
    def page(self) -> QWidget | None:
        """Page that is shown."""
        return self.pages.currentWidget()

    def key_actions(self) -> tuple[KeyAction, ...]:
        """Return every active key of the current page."""
        return tuple(action for group in self.key_groups() for action in group.actions)

    def press(self, name: str) -> None:
        """Do what the key of this name does, when it is chosen in a menu or by a button."""
        for action in self.key_actions():
            if action.text == name:
                action.act()
                return

    def fill_menus(self) -> None:
        """Bring the menus up to date with the keys."""
        self.menus.show_groups(self.key_groups())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Handle a key that no field took; one that is held down counts once."""
        action = None if event.isAutoRepeat() else find(self.key_actions(), event)
        if action is None:
            super().keyPressEvent(event)
        else:
            action.act()

    def toggle_help(self) -> None:
        """Show or hide the keys of this page."""
        self.help.setText(help_html(help_lines(self.key_actions())))
        self.help.setVisible(not self.help.isVisible())
        self._place_help()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Scale letters with the window, and reposition the help."""
        super().resizeEvent(event)
        scale = scale_of(self)
        for number in range(self.pages.count()):
            set_scale = getattr(self.pages.widget(number), "set_scale", None)
            if set_scale is not None and not isinstance(self.pages.widget(number), QMainWindow):
                set_scale(scale)
        for label in (*self._foot, self.notice, self.help):
            scale_letters(label, scale)
        for label in (*self._foot, self.notice):
            label.setIndent(round(self.indent * scale))
        self.menus.set_scale(scale)
        self._place_help()

    def help_key(self) -> KeyAction:
        """Return the key of the help."""
        asked = ((Qt.Key.Key_Question, PLAIN), (Qt.Key.Key_F1, PLAIN))
        return KeyAction(asked, "?", text("show or hide these keys"), self.toggle_help)

    def full_screen_key(self) -> KeyAction:
        """Return the key of the full screen."""
        return key(Qt.Key.Key_F11, "F11", text("full screen"), self._toggle_full_screen)

    def _toggle_full_screen(self) -> None:
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)
        self.menus.setVisible(not self.isFullScreen())

    def _place_help(self) -> None:
        self.help.adjustSize()
        self.help.raise_()
        left, top = self.width() - self.help.width(), self.height() - self.help.height()
        self.help.move(left // 2, top // 2)
