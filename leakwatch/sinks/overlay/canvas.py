"""Drawing of a `FrameOverlay` over a grey image, for overlay.mp4 and reports."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import cv2
import numpy as np

from leakwatch.core.arrays import Array
from leakwatch.display.facts import Fact
from leakwatch.display.grey_mapping import GreyImage
from leakwatch.display.labels import Label
from leakwatch.display.lines import LINE_STYLES, LineKind
from leakwatch.display.picture import FrameOverlay
from leakwatch.sinks.overlay.layout import BANNER_HEIGHT, MARGIN, Layout, RgbImage
from leakwatch.sinks.overlay.lettering import (
    BACKGROUND,
    LEGEND_ROW,
    SAMPLE_WIDTH,
    draw_banner,
    draw_fact,
    draw_label,
    draw_legend,
)
from leakwatch.sinks.overlay.strokes import draw_lines, draw_sample, rgb_of

Legend = tuple[tuple[LineKind, str], ...]


def draw(picture: FrameOverlay, grey: GreyImage, layout: Layout | None = None) -> RgbImage:
    """Draw `picture` over `grey`.

    Parameters
    ----------
    picture : FrameOverlay
    grey : ndarray
        ``(rows, columns)``, uint8, the frame of the picture.
    layout : Layout or None
        Layout of the frame, if `grey` is already scaled; None: derived from `grey`.

    Returns
    -------
    ndarray
        ``(height, width, 3)``, uint8, RGB; height and width are even.
    """
    if layout is None:
        layout = Layout.for_frame(*grey.shape)
    canvas = _empty(layout.size).copy()
    canvas[:BANNER_HEIGHT] = draw_banner(picture.banner, layout.size[0])
    image = canvas[BANNER_HEIGHT:, : layout.image_width]
    image[:] = cv2.cvtColor(scaled(grey, layout), cv2.COLOR_GRAY2RGB)
    draw_lines(image, picture, layout)
    _draw_labels(image, picture.labels, layout)
    strip = canvas[BANNER_HEIGHT:, layout.image_width :]
    _draw_strip(strip, (*picture.facts, *picture.run_facts), picture.legend, picture.notice)
    return canvas


@lru_cache(maxsize=2)
def _empty(size: tuple[int, int]) -> RgbImage:
    width, height = size
    return np.full((height, width, 3), rgb_of(BACKGROUND), np.uint8)


def scaled(pixels: Array, layout: Layout) -> Array:
    """Return a frame, or its greys, scaled to the canvas."""
    # OpenCV, because Pillow takes eight times as long and blocks all other threads.
    interpolation = cv2.INTER_CUBIC if layout.scale > 1.0 else cv2.INTER_LINEAR
    if layout.scale < 0.5:  # bilinear interpolation would skip pixels
        interpolation = cv2.INTER_AREA
    size = (layout.image_width, layout.image_height)
    if size == pixels.shape[::-1]:
        return pixels
    return np.asarray(cv2.resize(pixels, size, interpolation=interpolation))


def _draw_labels(image: RgbImage, labels: Sequence[Label], layout: Layout) -> None:
    for label in labels:
        x, y = (round(v) for v in layout.on_image(np.array(label.at_px)).tolist())
        text_x, text_y = layout.on_image(np.array(label.text_px)).tolist()
        colour = LINE_STYLES[label.kind].colour
        box = draw_label(label.text, colour)
        rows, columns = box.shape[:2]
        left = round(text_x - columns / 2.0)
        least, most = MARGIN - 6, layout.image_width - MARGIN + 6 - columns
        left = max(min(left, most), least)
        to = (left + columns // 2, round(text_y))
        cv2.line(image, (x, y), to, rgb_of(colour), 1, cv2.LINE_AA)
        _paste(image, box, left, round(text_y - rows / 2.0))


def _draw_strip(strip: RgbImage, facts: Sequence[Fact], legend: Legend, notice: str) -> None:
    y = MARGIN
    for fact in facts:
        drawn = draw_fact(fact)
        _paste(strip, drawn, MARGIN, y)
        y += drawn.shape[0]
    foot = _foot(legend, notice)
    _paste(strip, foot, MARGIN, strip.shape[0] - foot.shape[0])


@lru_cache(maxsize=8)
def _foot(legend: Legend, notice: str) -> RgbImage:
    """Return the legend, with a sample of each kind of line, and the notice."""
    foot = draw_legend(tuple(entry for _, entry in legend), notice).copy()
    for place, (kind, _) in enumerate(legend):
        row = slice(LEGEND_ROW * place, LEGEND_ROW * (place + 1))
        draw_sample(foot[row, : SAMPLE_WIDTH + 1], kind)
    return foot


def _paste(image: RgbImage, part: RgbImage, left: int, top: int) -> None:
    """Copy `part` into `image`, clipped at its edges."""
    rows, columns = image.shape[:2]
    first_row, first_column = max(-top, 0), max(-left, 0)
    part = part[first_row : max(rows - top, 0), first_column : max(columns - left, 0)]
    top, left = max(top, 0), max(left, 0)
    image[top : top + part.shape[0], left : left + part.shape[1]] = part
