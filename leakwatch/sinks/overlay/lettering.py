"""Texts of the canvas, drawn with Pillow in small images that are cached.

Most of them do not change from frame to frame. They are translated here.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from leakwatch.core.messages import translate
from leakwatch.display import palette
from leakwatch.display.banner import Banner
from leakwatch.display.facts import Fact
from leakwatch.display.level_styles import shape_corners
from leakwatch.display.typeface import font_path
from leakwatch.sinks.overlay.layout import BANNER_HEIGHT, MARGIN, STRIP_WIDTH, RgbImage

# Cached texts per font: some frames have forty.
TEXTS_KEPT = 512
# Cached images of facts and labels: some frames have twenty, half of them new.
PICTURES_KEPT = 64
BACKGROUND, STRIP_INK = palette.SCREEN, palette.INK
QUIET_INK, WARN_INK = palette.QUIET, palette.WARN
NOTICE_ROW, LEGEND_ROW = 17, 20
# Width of a line sample in the legend, and start of its text.
SAMPLE_WIDTH, LEGEND_TEXT_X = 40, 52


@lru_cache(maxsize=32)
def _font(size: int, bold: bool = False) -> ImageFont.FreeTypeFont:
    font = ImageFont.truetype(str(font_path(bold)), size)
    for method in ("getmask2", "getlength"):
        setattr(font, method, lru_cache(maxsize=TEXTS_KEPT)(getattr(font, method)))
    return font


@lru_cache(maxsize=4)
def draw_banner(banner: Banner, width: int) -> RgbImage:
    """Draw the banner, as wide as the canvas."""
    style = banner.style
    image = Image.new("RGB", (width, BANNER_HEIGHT), style.colour)
    pen = ImageDraw.Draw(image)
    middle, radius = BANNER_HEIGHT / 2, BANNER_HEIGHT / 2 - 12
    centre = (MARGIN + radius, middle)
    pen.polygon(shape_corners(style.shape, centre, radius), fill=style.ink)
    symbol = _font(int(1.1 * radius), bold=True)
    pen.text(centre, style.symbol, fill=style.colour, font=symbol, anchor="mm")
    word_x, word = 2 * MARGIN + 2 * radius, _font(58, bold=True)
    level = translate(banner.word)
    pen.text((word_x, middle), level, fill=style.ink, font=word, anchor="lm")
    widest = pen.textlength(level, font=word)
    _draw_reasons(pen, banner, word_x + widest + 2 * MARGIN, width)
    return np.asarray(image)


def _draw_reasons(pen: ImageDraw.ImageDraw, banner: Banner, x: float, width: int) -> None:
    lines = [(translate(reason), 23, True) for reason in banner.reasons[:2]]
    lines += [(translate(warning), 17, False) for warning in banner.warnings[:2]]
    y = BANNER_HEIGHT / 2 - sum(size * 1.25 for _, size, _ in lines) / 2
    for line, size, bold in lines:
        font = _fitting_font(pen, line, size, bold, width - x - MARGIN)
        pen.text((x, y), line, fill=banner.style.ink, font=font, anchor="la")
        y += size * 1.25


def _fitting_font(
    pen: ImageDraw.ImageDraw, line: str, size: int, bold: bool, width: float
) -> ImageFont.FreeTypeFont:
    """Return the largest font up to `size` in which `line` fits, at least 11."""
    while size > 11 and pen.textlength(line, font=_font(size, bold)) > width:
        size -= 1
    return _font(size, bold)


@lru_cache(maxsize=PICTURES_KEPT)
def draw_fact(fact: Fact) -> RgbImage:
    """Draw a fact with the space below it, from the strip's left margin to the canvas's edge."""
    font, row = (_font(30, bold=True), 38) if fact.large else (_font(16), 21)
    rows = _wrap(translate(fact.value), font)
    image = Image.new("RGB", (STRIP_WIDTH - MARGIN, 17 + row * len(rows) + 7), BACKGROUND)
    pen = ImageDraw.Draw(image)
    name = fact.translated().name
    name = f"⚠ {name}" if fact.warn else name
    pen.text((0, 0), name, fill=WARN_INK if fact.warn else QUIET_INK, font=_font(13), anchor="la")
    for place, line in enumerate(rows):
        ink = WARN_INK if fact.warn else STRIP_INK
        pen.text((0, 17 + row * place), line, fill=ink, font=font, anchor="la")
    return np.asarray(image)


def draw_legend(entries: tuple[str, ...], notice: str) -> RgbImage:
    """Draw the texts of the legend, one per row, and the notice below them."""
    rows = _wrap(translate(notice), _font(13))
    top_of_notice = LEGEND_ROW * len(entries) + MARGIN
    height = top_of_notice + NOTICE_ROW * len(rows) + MARGIN
    image = Image.new("RGB", (STRIP_WIDTH - MARGIN, height), BACKGROUND)
    pen = ImageDraw.Draw(image)
    for place, entry in enumerate(entries):
        at = (LEGEND_TEXT_X, LEGEND_ROW * (place + 0.5))
        pen.text(at, translate(entry), fill=STRIP_INK, font=_font(13), anchor="lm")
    for place, line in enumerate(rows):
        at = (0, top_of_notice + NOTICE_ROW * place)
        pen.text(at, line, fill=QUIET_INK, font=_font(13), anchor="la")
    return np.asarray(image)


@lru_cache(maxsize=PICTURES_KEPT)
def draw_label(label: str, colour: str) -> RgbImage:
    """Draw a label in its box."""
    shown = translate(label)
    font = _font(24, bold=True)
    pen = ImageDraw.Draw(Image.new("RGB", (1, 1)))
    left, top, right, bottom = pen.textbbox((0, 0), shown, font=font, anchor="mm")
    size = (round(right - left) + 13, round(bottom - top) + 11)
    image = Image.new("RGB", size, "#000000")
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, 0, size[0] - 1, size[1] - 1), outline=colour)
    pen.text((6 - left, 5 - top), shown, fill="#FFFFFF", font=font, anchor="mm")
    return np.asarray(image)


def _wrap(paragraph: str, font: ImageFont.FreeTypeFont) -> list[str]:
    """Break a text of the strip into lines."""
    width = STRIP_WIDTH - 2 * MARGIN
    if font.getlength(paragraph) <= width:
        return [paragraph]
    rows = [""]
    for word in paragraph.split():
        longer = f"{rows[-1]} {word}".strip()
        if rows[-1] and font.getlength(longer) > width:
            rows.append(word)
        else:
            rows[-1] = longer
    return rows
