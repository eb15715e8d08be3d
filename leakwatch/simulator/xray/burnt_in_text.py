"""Burned-in annotation: tube voltage and time, without patient identity."""

from __future__ import annotations

import cv2
import numpy as np

from leakwatch.simulator.xray.xray_detector import Detector, Pixels

_FONT = cv2.FONT_HERSHEY_SIMPLEX
_HEIGHT_SHARE, _BORDER_SHARE = 0.035, 0.04  # of the rows: capitals, and the way from the border
_LEAST_HEIGHT_PX = 8
_FULL = 255.0


def annotation(kvp: float, time_s: float) -> tuple[str, str]:
    """Return the text at a time: voltage, and minutes, seconds and tenths."""
    tenths = int(time_s * 10 + 1e-6)
    return f"{kvp:g} kV", f"{tenths // 600:02d}:{tenths // 10 % 60:02d}.{tenths % 10}"


def draw_annotation(picture: Pixels, lines: tuple[str, str], detector: Detector) -> Pixels:
    """Return the image with white text in its top left and bottom left corners.

    Parameters
    ----------
    picture : ndarray
        ``(rows, columns)``, stored values.
    lines : tuple of str
        Upper, lower.
    detector : Detector
        Says which stored value is white.
    """
    rows = picture.shape[0]
    height = max(_LEAST_HEIGHT_PX, round(_HEIGHT_SHARE * rows))
    border = round(_BORDER_SHARE * rows)
    scale = cv2.getFontScaleFromHeight(_FONT, height, 1)
    cover = np.zeros(picture.shape, np.uint8)
    for line, base in zip(lines, (border + height, rows - border), strict=True):
        cv2.putText(cover, line, (border, base), _FONT, scale, (_FULL,), 1, cv2.LINE_AA)
    share = cover / _FULL
    white = 0.0 if detector.inverted else float(detector.top)
    written: Pixels = np.rint(picture * (1.0 - share) + white * share).astype(np.uint16)
    return written
