"""Page with the settings of the room, written as the TOML that every command reads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from leakwatch.case_files.library_database import library_folder
from leakwatch.case_files.room_file import room_path, write_room
from leakwatch.config import AlertingSettings, Settings, SoundSettings
from leakwatch.config.ranges import range_of
from leakwatch.core.errors import ConfigError
from leakwatch.core.messages import LANGUAGES, text, translate
from leakwatch.gui.widgets.facts_view import QUIET, WARN
from leakwatch.gui.widgets.fonts import scale_letters, set_letters
from leakwatch.gui.widgets.paged_window import MARGINS

_SOURCES = "folder:PATH   scp://HOST:PORT   igtl://HOST:PORT   video:0"


class RoomPage(QWidget):
    """Form of six settings; `saved` is emitted once they are written."""

    saved = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title, self.state = QLabel(translate(text("Settings of this room"))), QLabel()
        self.source, self.folder = QLineEdit(), QLineEdit()
        self.limit, self.volume = QDoubleSpinBox(), QSpinBox()
        self.product, self.language = QComboBox(), QComboBox()
        self.save = QPushButton(translate(text("Save")))
        self.save.setAccessibleName(translate(text("save")))
        self.save.setToolTip(translate(text("{what} ({key})", what=text("save"), key="Ctrl S")))
        self.save.clicked.connect(self.write)
        self._before = Settings()
        self._form = QFormLayout()
        self._lay_out()

    def show_settings(self, settings: Settings) -> None:
        """Fill the form."""
        self._before = settings
        self.source.setText(settings.room.source)
        self.limit.setValue(settings.alerting.margin_mm)
        self.product.clear()
        self.product.addItems([name for name, _, _ in settings.window.products])
        self.product.setCurrentText(settings.window.product)
        self.volume.setValue(round(100 * settings.sound.volume))
        codes = list(_languages())
        chosen = settings.room.language
        self.language.setCurrentIndex(codes.index(chosen) if chosen in codes else 0)
        self.folder.setText(settings.room.folder)
        self._say(text("Saved in {path}", path=room_path()), QUIET)

    def ask_for_source(self) -> None:
        """Say that there is no source yet."""
        self._say(text("Where do live images come from? Fill in the source, and save."), WARN)

    def write(self) -> None:
        """Write what was changed; say why, if a value is refused."""
        try:
            write_room(self._changes())
        except ConfigError as error:
            self._say(error.args[0] if error.args else str(error), WARN)
            return
        self.saved.emit()

    def set_scale(self, scale: float) -> None:
        """Draw larger or smaller than in a window of 1280 x 800."""
        scale_letters(self, scale)
        around = self.layout()
        assert around is not None
        around.setContentsMargins(*(round(side * scale) for side in MARGINS))
        for wide in (self.source, self.folder, self.product, self.language):
            wide.setFixedWidth(round(620 * scale))
        for number in (self.limit, self.volume):  # as far from the border as other fields
            number.lineEdit().setTextMargins(round(6 * scale), 0, 0, 0)
            number.lineEdit().setFont(number.font())  # a style sheet keeps it from being inherited
        self._form.setVerticalSpacing(round(14 * scale))
        self._form.setHorizontalSpacing(round(24 * scale))
        for narrow in (self.limit, self.volume):
            narrow.setFixedWidth(round(180 * scale))

    def _changes(self) -> dict[tuple[str, str], object]:
        before, language = self._before, list(_languages())[self.language.currentIndex()]
        folder = self.folder.text().strip()
        values: dict[tuple[str, str], tuple[Any, Any]] = {
            ("room", "source"): (before.room.source, self.source.text().strip()),
            ("alerting", "margin_mm"): (before.alerting.margin_mm, self.limit.value()),
            ("window", "product"): (before.window.product, self.product.currentText()),
            ("sound", "volume"): (before.sound.volume, self.volume.value() / 100.0),
            ("room", "language"): (before.room.language, language),
            ("room", "folder"): (
                before.room.folder,
                str(Path(folder).expanduser().absolute()) if folder else "",
            ),
        }
        return {key: after for key, (old, after) in values.items() if after != old}

    def _say(self, message: str, colour: str) -> None:
        self.state.setText(translate(message))
        self.state.setStyleSheet(f"color: {colour}")

    def _lay_out(self) -> None:
        self.source.setPlaceholderText(translate(text("such as {sources}", sources=_SOURCES)))
        default = text("empty: {folder}", folder=library_folder())
        self.folder.setPlaceholderText(translate(default))
        self.language.addItems(list(_languages().values()))
        _bound(self.limit, AlertingSettings, "margin_mm", 1.0)
        self.limit.setSingleStep(0.5)
        self.limit.setDecimals(1)
        self.limit.setSuffix(" mm")
        _bound(self.volume, SoundSettings, "volume", 100.0)
        self.volume.setSingleStep(10)
        self.volume.setSuffix(" %")
        rows = (
            (text("Source of live images"), self.source),
            (text("STOP at this distance to the wall"), self.limit),
            (text("Bone cement"), self.product),
            (text("Volume of the alarm sounds"), self.volume),
            (text("Language"), self.language),
            (text("Data folder"), self.folder),
        )
        for name, field in rows:
            label = QLabel(translate(name))
            label.setBuddy(field)
            set_letters(label, 16)
            set_letters(field, 16)
            field.setAccessibleName(translate(name))
            self._form.addRow(label, field)
        for widget, pixels in ((self.title, 28), (self.state, 14), (self.save, 18)):
            set_letters(widget, pixels, widget is not self.state)
        self.state.setWordWrap(True)
        self.save.setObjectName("begin")
        layout = QVBoxLayout(self)
        layout.setSpacing(16)
        layout.addWidget(self.title)
        layout.addLayout(self._form)
        layout.addWidget(self.save, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addWidget(self.state)
        layout.addStretch(1)


def _languages() -> dict[str, str]:
    """Return codes and names; first that of the environment."""
    return {"": translate(text("as in LEAKWATCH_LANGUAGE")), **LANGUAGES}


def _bound(
    field: QSpinBox | QDoubleSpinBox, section: type[msgspec.Struct], name: str, factor: float
) -> None:
    declared = {one.name: one.type for one in msgspec.structs.fields(section)}[name]
    limits = range_of(declared)
    assert limits is not None
    least, most = factor * limits.least, factor * limits.most
    if isinstance(field, QSpinBox):
        field.setRange(round(least), round(most))
    else:
        field.setRange(least, most)
