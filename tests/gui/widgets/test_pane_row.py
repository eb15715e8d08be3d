"""The row beside the live image: panes come and go, and the image stays."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from leakwatch.gui.widgets.pane_row import PaneRow


class Pane(QWidget):
    scale = 0.0

    def set_scale(self, scale):
        self.scale = scale


def test_panes_come_and_go_and_the_image_keeps_the_larger_part(qtbot):
    image = QWidget()
    row = PaneRow(image)
    qtbot.addWidget(row)
    row.resize(900, 600)
    row.set_scale(1.5)
    beside, below = Pane(), Pane()
    row.put("reference", beside)
    row.put("alarms", below, below=True)
    row.show()
    assert row.names == ("reference", "alarms")
    assert beside.scale == below.scale == 1.5
    assert beside.x() >= image.width() > beside.width()
    assert row.take("reference") is beside
    assert row.take("reference") is None
    assert row.names == ("alarms",)
    assert image.isVisible()
    beside.deleteLater()


def test_a_pane_of_the_same_name_is_replaced(qtbot):
    row = PaneRow(QWidget())
    qtbot.addWidget(row)
    first, second = Pane(), Pane()
    row.put("plane", first)
    row.put("plane", second)
    assert row.names == ("plane",)
    assert first.parent() is None
    first.deleteLater()
