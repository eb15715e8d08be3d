"""Draw a `FrameOverlay` over a grey image with Pillow: the frames of overlay.mp4."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from leakwatch.core.arrays import Point, PointArray
from leakwatch.display.banner import Banner, shape_corners
from leakwatch.display.facts import Fact
from leakwatch.display.grey_mapping import GreyImage
from leakwatch.display.labels import Label
from leakwatch.display.lines import LINE_STYLES, Line, LineKind
from leakwatch.display.picture import FrameOverlay
from leakwatch.display.typeface import font_path

RgbImage = npt.NDArray[np.uint8]

# Longer side of the image on the canvas: a line of text fits beside a vertebra, and the whole fits
# into a browser's window. Encoding a megapixel takes a quarter of a second: no larger than needed.
IMAGE_SIDE = 768
BANNER_HEIGHT, STRIP_WIDTH, MARGIN = 112, 320, 14
# Lines are drawn this much larger and averaged: Pillow's own lines have steps.
SUPERSAMPLE = 2
# Canvas pixels that a line reaches beyond its points: half of the widest, or an end's disc.
LINE_ROOM = 12
# Drawn texts of each font that are remembered: some frames have forty.
TEXTS_KEPT = 512
BACKGROUND, STRIP_INK, QUIET_INK, WARN_INK = "#0B0E12", "#F2F5F8", "#8E9BA9", "#FFC400"


@dataclass(frozen=True, slots=True)
class Layout:
    """Where things are on the canvas, in its pixels.

    Parameters
    ----------
    scale : float
        Canvas pixels for one pixel of the frame.
    image_width, image_height : int
    """

    scale: float
    image_width: int
    image_height: int

    @classmethod
    def for_frame(cls, rows: int, columns: int) -> Layout:
        """Choose the scale; sizes come out even, as video encoders ask for."""
        longer = max(rows, columns)
        scale = IMAGE_SIDE / longer
        return cls(scale, 2 * round(columns * scale / 2), 2 * round(rows * scale / 2))

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the canvas."""
        return self.image_width + STRIP_WIDTH, self.image_height + BANNER_HEIGHT

    def on_image(self, points_px: PointArray) -> PointArray:
        """Frame pixels to canvas pixels, from the image's own top left corner."""
        on_image: PointArray = (np.asarray(points_px, np.float64) + 0.5) * self.scale - 0.5
        return on_image


def draw(picture: FrameOverlay, grey: GreyImage) -> RgbImage:
    """Draw `picture` over `grey`.

    Parameters
    ----------
    picture : FrameOverlay
    grey : ndarray
        ``(rows, columns)``, uint8, the frame that the picture belongs to.

    Returns
    -------
    ndarray
        ``(height, width, 3)``, uint8, RGB; height and width are even.
    """
    layout = Layout.for_frame(*grey.shape)
    canvas = Image.new("RGB", layout.size, BACKGROUND)
    image = Image.fromarray(_scaled(grey, layout)).convert("RGB")
    _draw_vectors(image, picture, layout)
    _draw_labels(ImageDraw.Draw(image), picture.labels, layout)
    canvas.paste(image, (0, BANNER_HEIGHT))
    pen = ImageDraw.Draw(canvas)
    _draw_banner(pen, picture.banner, layout.size[0])
    _draw_strip(pen, picture, layout)
    return np.asarray(canvas)


def _scaled(grey: GreyImage, layout: Layout) -> GreyImage:
    """Return `grey` in the size that it has on the canvas."""
    # By OpenCV: Pillow takes eight times as long, and keeps every other thread waiting.
    way = cv2.INTER_CUBIC if layout.scale > 1.0 else cv2.INTER_LINEAR
    if layout.scale < 0.5:  # a pixel is the mean of more than the four around it
        way = cv2.INTER_AREA
    size = (layout.image_width, layout.image_height)
    return np.asarray(cv2.resize(grey, size, interpolation=way))


@lru_cache(maxsize=32)
def _font(size: int, bold: bool = False) -> ImageFont.FreeTypeFont:
    font = ImageFont.truetype(str(font_path(bold)), size)
    # From frame to frame most letters are the same.
    for method in ("getmask2", "getlength"):
        setattr(font, method, lru_cache(maxsize=TEXTS_KEPT)(getattr(font, method)))
    return font


def _draw_vectors(image: Image.Image, picture: FrameOverlay, layout: Layout) -> None:
    """Draw band and lines, in the part of the image that they take: a sixth, most often."""
    left, top, right, bottom = _taken(picture, layout)
    if left >= right or top >= bottom:
        return
    size = (SUPERSAMPLE * (right - left), SUPERSAMPLE * (bottom - top))
    overlay = Image.new("RGBA", size, (0, 0, 0, 0))
    pen = ImageDraw.Draw(overlay)
    if picture.band_px is not None:
        colour = LINE_STYLES[LineKind.MARGIN].colour
        pen.polygon(_corners(layout, picture.band_px, (left, top)), fill=f"{colour}30")
    for line in picture.lines:
        _draw_line(pen, line, _corners(layout, line.points_px, (left, top)))
    overlay = overlay.reduce(SUPERSAMPLE)
    image.paste(overlay, (left, top), overlay)


def _taken(picture: FrameOverlay, layout: Layout) -> tuple[int, int, int, int]:
    """Return left, top, right and bottom of what band and lines take of the image."""
    band = () if picture.band_px is None else (picture.band_px,)
    all_px = [one for one in (*band, *(line.points_px for line in picture.lines)) if len(one)]
    if not all_px:
        return 0, 0, 0, 0
    points = layout.on_image(np.concatenate(all_px))
    left, top = (int(v) - LINE_ROOM for v in np.floor(points.min(axis=0)))
    right, bottom = (int(v) + LINE_ROOM for v in np.ceil(points.max(axis=0)))
    most = (layout.image_width, layout.image_height)
    return max(left, 0), max(top, 0), min(right, most[0]), min(bottom, most[1])


def _corners(layout: Layout, points_px: PointArray, origin: tuple[int, int]) -> list[Point]:
    points = (layout.on_image(points_px) - origin + 0.5) * SUPERSAMPLE - 0.5
    return [(float(x), float(y)) for x, y in points]


def _draw_line(pen: ImageDraw.ImageDraw, line: Line, corners: list[Point]) -> None:
    style = LINE_STYLES[line.kind]
    if line.closed and corners:
        corners.append(corners[0])
    if style.dash is None:
        pieces = [corners]
    else:
        pieces = list(_dashes(np.array(corners), *(SUPERSAMPLE * d for d in style.dash)))
    width = round(SUPERSAMPLE * style.width)
    for colour, wide in (("#000000A0", width + SUPERSAMPLE * 2), (style.colour, width)):
        for piece in pieces:
            if len(piece) > 1:
                pen.line(piece, fill=colour, width=wide, joint="curve")
    if line.kind is LineKind.SHORTEST:
        for x, y in corners:
            radius = 2.5 * width
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=style.colour)


def _dashes(points: PointArray, on: float, off: float) -> Iterator[list[Point]]:
    """Cut a polyline into its drawn pieces, by arc length."""
    if len(points) < 2:
        return
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    starts = np.arange(0.0, along[-1], on + off)
    ends = np.minimum(starts + on, along[-1])
    first, behind = np.searchsorted(along, starts, "right"), np.searchsorted(along, ends, "left")
    corners = [(float(x), float(y)) for x, y in points]
    begins, stops = (
        zip(np.interp(at, along, points[:, 0]), np.interp(at, along, points[:, 1]), strict=True)
        for at in (starts, ends)
    )
    for begin, after, before, stop in zip(begins, first, behind, stops, strict=True):
        yield [begin, *corners[after:before], stop]


def _draw_labels(pen: ImageDraw.ImageDraw, labels: Sequence[Label], layout: Layout) -> None:
    font = _font(24, bold=True)
    for label in labels:
        x, y = (float(v) for v in layout.on_image(np.array(label.at_px)))
        text_x, text_y = (float(v) for v in layout.on_image(np.array(label.text_px)))
        left, top, right, bottom = pen.textbbox(
            (text_x, text_y), label.text, font=font, anchor="mm"
        )
        shift = max(0.0, MARGIN - left) - max(0.0, right + MARGIN - layout.image_width)
        colour = LINE_STYLES[label.kind].colour
        pen.line((x, y, text_x + shift, text_y), fill=colour, width=1)
        box = (left + shift - 6, top - 5, right + shift + 6, bottom + 5)
        pen.rectangle(box, fill="#000000", outline=colour)
        pen.text((text_x + shift, text_y), label.text, fill="#FFFFFF", font=font, anchor="mm")


def _draw_banner(pen: ImageDraw.ImageDraw, banner: Banner, width: int) -> None:
    style = banner.style
    pen.rectangle((0, 0, width, BANNER_HEIGHT), fill=style.colour)
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
    text_x = word_x + widest + 2 * MARGIN
    lines = [(text, 23, True) for text in banner.reasons[:2]]
    lines += [(text, 17, False) for text in banner.warnings[:2]]
    y = middle - sum(size * 1.25 for _, size, _ in lines) / 2
    for text, size, bold in lines:
        font = _fitting(pen, text, size, bold, width - text_x - MARGIN)
        pen.text((text_x, y), text, fill=style.ink, font=font, anchor="la")
        y += size * 1.25


def _fitting(
    pen: ImageDraw.ImageDraw, text: str, size: int, bold: bool, width: float
) -> ImageFont.FreeTypeFont:
    """The largest font up to `size` in which `text` fits, 11 at least."""
    while size > 11 and pen.textlength(text, font=_font(size, bold)) > width:
        size -= 1
    return _font(size, bold)


def _draw_strip(pen: ImageDraw.ImageDraw, picture: FrameOverlay, layout: Layout) -> None:
    x, y = layout.image_width + MARGIN, float(BANNER_HEIGHT + MARGIN)
    for fact in (*picture.facts, *picture.run_facts):
        y = _draw_fact(pen, fact, x, y)
    bottom = layout.size[1] - MARGIN
    notice = _wrapped(pen, picture.notice, _font(13), STRIP_WIDTH - 2 * MARGIN)
    top_of_notice = bottom - 17 * len(notice)
    for row, text in enumerate(notice):
        pen.text((x, top_of_notice + 17 * row), text, fill=QUIET_INK, font=_font(13), anchor="la")
    _draw_legend(pen, picture.legend, x, top_of_notice - MARGIN)


def _draw_fact(pen: ImageDraw.ImageDraw, fact: Fact, x: float, y: float) -> float:
    ink = WARN_INK if fact.warn else STRIP_INK
    name = f"⚠ {fact.name}" if fact.warn else fact.name
    pen.text((x, y), name, fill=WARN_INK if fact.warn else QUIET_INK, font=_font(13), anchor="la")
    y += 17
    font = _font(30, bold=True) if fact.large else _font(16)
    for text in _wrapped(pen, fact.value, font, STRIP_WIDTH - 2 * MARGIN):
        pen.text((x, y), text, fill=ink, font=font, anchor="la")
        y += 38 if fact.large else 21
    return y + 7


def _draw_legend(
    pen: ImageDraw.ImageDraw, legend: Sequence[tuple[LineKind, str]], x: float, bottom: float
) -> None:
    for row, (kind, words) in enumerate(reversed(legend)):
        style, y = LINE_STYLES[kind], bottom - 10 - 20 * row
        on, off = style.dash or (40.0, 1.0)
        for piece in _dashes(np.array([(x, y), (x + 40.0, y)]), on, off):
            pen.line(piece, fill=style.colour, width=round(style.width))
        pen.text((x + 52, y), words, fill=STRIP_INK, font=_font(13), anchor="lm")


def _wrapped(
    pen: ImageDraw.ImageDraw, text: str, font: ImageFont.FreeTypeFont, width: float
) -> list[str]:
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and pen.textlength(longer, font=font) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines
