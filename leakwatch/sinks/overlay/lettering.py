"""Texts of the canvas, drawn with Pillow: each in a small picture that is kept for the next frame.

From frame to frame most of them are the same.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from leakwatch.display.banner import Banner, shape_corners
from leakwatch.display.facts import Fact
from leakwatch.display.typeface import font_path
from leakwatch.sinks.overlay.layout import BANNER_HEIGHT, MARGIN, STRIP_WIDTH, RgbImage

# Drawn texts of each font that are remembered: some frames have forty.
TEXTS_KEPT = 512
# Pictures of facts and labels that are remembered: some frames have twenty, half of them new.
PICTURES_KEPT = 64
BACKGROUND, STRIP_INK, QUIET_INK, WARN_INK = "#0B0E12", "#F2F5F8", "#8E9BA9", "#FFC400"
NOTICE_ROW, LEGEND_ROW = 17, 20
# What a legend shows of a line, and where its words begin.
SAMPLE_WIDTH, LEGEND_TEXT_X = 40, 52


@lru_cache(maxsize=32)
def _font(size: int, bold: bool = False) -> ImageFont.FreeTypeFont:
    font = ImageFont.truetype(str(font_path(bold)), size)
    for method in ("getmask2", "getlength"):
        setattr(font, method, lru_cache(maxsize=TEXTS_KEPT)(getattr(font, method)))
    return font


@lru_cache(maxsize=4)
def banner_picture(banner: Banner, width: int) -> RgbImage:
    """Draw the banner, as wide as the canvas."""
    style = banner.style
    image = Image.new("RGB", (width, BANNER_HEIGHT), style.colour)
    pen = ImageDraw.Draw(image)
    middle, radius = BANNER_HEIGHT / 2, BANNER_HEIGHT / 2 - 12
    centre = (MARGIN + radius, middle)
    pen.polygon(shape_corners(style.shape, centre, radius), fill=style.ink)
    symbol = _font(int(1.1 * radius), bold=True)
    pen.text(centre, style.symbol, fill=style.colour, font=symbol, anchor="mm")
    word_x, word, below = 2 * MARGIN + 2 * radius, _font(58, bold=True), _font(20, bold=False)
    lifted = 12 if banner.below else 0
    pen.text((word_x, middle - lifted), banner.word, fill=style.ink, font=word, anchor="lm")
    pen.text((word_x, middle + 28), banner.below, fill=style.ink, font=below, anchor="lm")
    widest = max(pen.textlength(banner.word, font=word), pen.textlength(banner.below, font=below))
    _draw_reasons(pen, banner, word_x + widest + 2 * MARGIN, width)
    return np.asarray(image)


def _draw_reasons(pen: ImageDraw.ImageDraw, banner: Banner, x: float, width: int) -> None:
    lines = [(text, 23, True) for text in banner.reasons[:2]]
    lines += [(text, 17, False) for text in banner.warnings[:2]]
    y = BANNER_HEIGHT / 2 - sum(size * 1.25 for _, size, _ in lines) / 2
    for text, size, bold in lines:
        font = _fitting(pen, text, size, bold, width - x - MARGIN)
        pen.text((x, y), text, fill=banner.style.ink, font=font, anchor="la")
        y += size * 1.25


def _fitting(
    pen: ImageDraw.ImageDraw, text: str, size: int, bold: bool, width: float
) -> ImageFont.FreeTypeFont:
    """The largest font up to `size` in which `text` fits, 11 at least."""
    while size > 11 and pen.textlength(text, font=_font(size, bold)) > width:
        size -= 1
    return _font(size, bold)


@lru_cache(maxsize=PICTURES_KEPT)
def fact_picture(fact: Fact) -> RgbImage:
    """Draw a fact with the room below it, from the strip's left margin to the canvas's edge."""
    font, row = (_font(30, bold=True), 38) if fact.large else (_font(16), 21)
    rows = _wrapped(fact.value, font)
    image = Image.new("RGB", (STRIP_WIDTH - MARGIN, 17 + row * len(rows) + 7), BACKGROUND)
    pen = ImageDraw.Draw(image)
    name = f"⚠ {fact.name}" if fact.warn else fact.name
    pen.text((0, 0), name, fill=WARN_INK if fact.warn else QUIET_INK, font=_font(13), anchor="la")
    for place, text in enumerate(rows):
        ink = WARN_INK if fact.warn else STRIP_INK
        pen.text((0, 17 + row * place), text, fill=ink, font=font, anchor="la")
    return np.asarray(image)


def foot_picture(words: tuple[str, ...], notice: str) -> RgbImage:
    """Draw the words of the legend, a row each, and the notice below them."""
    rows = _wrapped(notice, _font(13))
    top_of_notice = LEGEND_ROW * len(words) + MARGIN
    height = top_of_notice + NOTICE_ROW * len(rows) + MARGIN
    image = Image.new("RGB", (STRIP_WIDTH - MARGIN, height), BACKGROUND)
    pen = ImageDraw.Draw(image)
    for place, text in enumerate(words):
        at = (LEGEND_TEXT_X, LEGEND_ROW * (place + 0.5))
        pen.text(at, text, fill=STRIP_INK, font=_font(13), anchor="lm")
    for place, text in enumerate(rows):
        at = (0, top_of_notice + NOTICE_ROW * place)
        pen.text(at, text, fill=QUIET_INK, font=_font(13), anchor="la")
    return np.asarray(image)


@lru_cache(maxsize=PICTURES_KEPT)
def label_picture(text: str, colour: str) -> RgbImage:
    """Draw a label in its box."""
    font = _font(24, bold=True)
    pen = ImageDraw.Draw(Image.new("RGB", (1, 1)))
    left, top, right, bottom = pen.textbbox((0, 0), text, font=font, anchor="mm")
    size = (round(right - left) + 13, round(bottom - top) + 11)
    image = Image.new("RGB", size, "#000000")
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, 0, size[0] - 1, size[1] - 1), outline=colour)
    pen.text((6 - left, 5 - top), text, fill="#FFFFFF", font=font, anchor="mm")
    return np.asarray(image)


def _wrapped(text: str, font: ImageFont.FreeTypeFont) -> list[str]:
    """Cut a text of the strip into rows that fit."""
    room = STRIP_WIDTH - 2 * MARGIN
    if font.getlength(text) <= room:
        return [text]
    rows = [""]
    for word in text.split():
        longer = f"{rows[-1]} {word}".strip()
        if rows[-1] and font.getlength(longer) > room:
            rows.append(word)
        else:
            rows[-1] = longer
    return rows
