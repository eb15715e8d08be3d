"""Signs of events in the trend, the list and the timeline: shape and colour of their urgency."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from leakwatch.display import palette
from leakwatch.display.event_list import Urgency
from leakwatch.display.level_styles import Shape, shape_corners

# Shape and colour: those of the banner for alerts.
_SIGNS: dict[Urgency, tuple[Shape, str]] = {
    Urgency.STOP: (Shape.OCTAGON, palette.STOP.bar),
    Urgency.WATCH: (Shape.TRIANGLE, palette.WATCH.bar),
    Urgency.ACKNOWLEDGED: (Shape.OCTAGON, palette.ACKNOWLEDGED.bar),
    Urgency.PAUSED: (Shape.SQUARE, palette.QUIET),
    Urgency.TECHNICAL: (Shape.DIAMOND, palette.BLIND.bar),
    Urgency.NOTE: (Shape.CIRCLE, palette.ACCENT),
}


def sign_colour(urgency: Urgency) -> str:
    """Return the colour of an urgency."""
    return _SIGNS[urgency][1]


def paint_sign(painter: QPainter, urgency: Urgency, centre: QPointF, radius: float) -> None:
    """Paint the sign of an urgency; an acknowledged STOP is hollow."""
    shape, colour = _SIGNS[urgency]
    corners = shape_corners(shape, (centre.x(), centre.y()), radius)
    hollow = urgency is Urgency.ACKNOWLEDGED
    painter.save()
    painter.setPen(QPen(QColor(colour) if hollow else QColor(palette.SHADE), 0.25 * radius))
    painter.setBrush(Qt.BrushStyle.NoBrush if hollow else QColor(colour))
    painter.drawPolygon(QPolygonF([QPointF(*corner) for corner in corners]))
    painter.restore()
