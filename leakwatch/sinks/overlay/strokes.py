"""Lines over an image, drawn enlarged by OpenCV with a dark edge, and averaged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt
from PIL import ImageColor

from leakwatch.core.arrays import PointArray
from leakwatch.display.lines import LINE_STYLES, LineKind
from leakwatch.display.picture import FrameOverlay
from leakwatch.sinks.overlay.layout import Layout, RgbImage

Rgba = tuple[int, int, int, int]
# Corners for OpenCV, in fractions of a pixel.
Corners = npt.NDArray[np.int32]

# Lines are drawn enlarged by this factor and averaged: widths have steps of half a pixel.
SUPERSAMPLE = 2
# Fractional bits of coordinates for OpenCV.
SUBPIXEL_BITS = 4
# Extent of a line beyond its points, canvas pixels: half the widest line, or the disc at an end.
LINE_ROOM = 12
# Radius of the discs at the ends of the shortest distance, in line widths.
DISC_RADIUS = 2.5
# Edge of 1 px, half transparent, that separates a line from equally bright surroundings.
EDGE: Rgba = (0, 0, 0, 0xA0)
BAND_OPACITY = 0x30
# Corners closer to a polyline than this are left out, canvas pixels: contours have hundreds.
CORNER_TOLERANCE = 0.15


@dataclass(frozen=True, slots=True)
class _Stroke:
    """A line in pixels of the enlarged overlay, `SUPERSAMPLE` per canvas pixel."""

    kind: LineKind
    points: PointArray
    closed: bool = False


def draw_lines(image: RgbImage, picture: FrameOverlay, layout: Layout) -> None:
    """Draw band and lines into the part of `image` that they cover, usually a sixth.

    Parameters
    ----------
    image : ndarray
        ``(rows, columns, 3)``, uint8, with the size of the layout; changed in place.
    picture : FrameOverlay
    layout : Layout
    """
    left, top, right, bottom = _covered_part(picture, layout)
    if left >= right or top >= bottom:
        return
    strokes = [
        _Stroke(line.kind, _enlarged(layout, line.points_px, (left, top)), line.closed)
        for line in picture.lines
        if len(line.points_px)
    ]
    band = picture.band_px
    corners = None if band is None else _enlarged(layout, band, (left, top))
    _blend(image[top:bottom, left:right], strokes, corners)


def draw_sample(image: RgbImage, kind: LineKind) -> None:
    """Draw a sample line along the middle of `image`, for a legend; changed in place."""
    rows, columns = image.shape[:2]
    width, middle = LINE_STYLES[kind].width, SUPERSAMPLE * rows / 2.0
    inset = SUPERSAMPLE * (DISC_RADIUS if kind is LineKind.SHORTEST else 0.5) * width
    ends = np.array([(inset, middle), (SUPERSAMPLE * columns - 1.0 - inset, middle)])
    _blend(image, [_Stroke(kind, ends)], None)


@lru_cache(maxsize=64)
def rgb_of(colour: str) -> tuple[int, int, int]:
    """Return red, green and blue of ``#RRGGBB``."""
    red, green, blue, *_ = ImageColor.getrgb(colour)
    return red, green, blue


def _covered_part(picture: FrameOverlay, layout: Layout) -> tuple[int, int, int, int]:
    """Return left, top, right and bottom of the part that band and lines cover."""
    band = () if picture.band_px is None else (picture.band_px,)
    all_px = [one for one in (*band, *(line.points_px for line in picture.lines)) if len(one)]
    if not all_px:
        return 0, 0, 0, 0
    points = layout.on_image(np.concatenate(all_px))
    left, top = (int(v) - LINE_ROOM for v in np.floor(points.min(axis=0)))
    right, bottom = (int(v) + LINE_ROOM for v in np.ceil(points.max(axis=0)))
    most = (layout.image_width, layout.image_height)
    return max(left, 0), max(top, 0), min(right, most[0]), min(bottom, most[1])


def _enlarged(layout: Layout, points_px: PointArray, origin: tuple[int, int]) -> PointArray:
    points: PointArray = (layout.on_image(points_px) - origin + 0.5) * SUPERSAMPLE - 0.5
    return points


def _blend(part: RgbImage, strokes: Sequence[_Stroke], band: PointArray | None) -> None:
    """Draw over `part` of an image, in place."""
    rows, columns = part.shape[:2]
    # Colours are premultiplied by opacity: smooth edges and averaging preserve that.
    overlay = np.zeros((SUPERSAMPLE * rows, SUPERSAMPLE * columns, 4), np.uint8)
    if band is not None:
        red, green, blue = rgb_of(LINE_STYLES[LineKind.MARGIN].colour)
        shade = [value * BAND_OPACITY // 255 for value in (red, green, blue, 255)]
        cv2.fillPoly(overlay, [_to_fixed_point(band)], shade, cv2.LINE_AA, SUBPIXEL_BITS)
    for stroke in strokes:
        _draw(overlay, stroke)
    overlay = cv2.resize(overlay, (columns, rows), interpolation=cv2.INTER_AREA)
    seen = cv2.cvtColor(255 - overlay[:, :, 3], cv2.COLOR_GRAY2RGB)
    part[:] = cv2.add(cv2.multiply(part, seen, scale=1.0 / 255.0), overlay[:, :, :3])


def _draw(overlay: npt.NDArray[np.uint8], stroke: _Stroke) -> None:
    style = LINE_STYLES[stroke.kind]
    # OpenCV draws odd widths only: 2 and 3 are both 3 wide.
    aside = max(round((SUPERSAMPLE * style.width - 1.0) / 2.0), 1)
    width = 2 * aside + 1
    colour: Rgba = (*rgb_of(style.colour), 255)
    if style.dash is None:
        tolerance = CORNER_TOLERANCE * (SUPERSAMPLE << SUBPIXEL_BITS)
        pieces = [cv2.approxPolyDP(_to_fixed_point(stroke.points), tolerance, stroke.closed)]
    else:
        on, off = (SUPERSAMPLE * length for length in style.dash)
        # OpenCV's ends are round and add half a width each; a dot keeps some of it.
        points = np.vstack([stroke.points, stroke.points[:1]]) if stroke.closed else stroke.points
        pieces = _dashes(points, on, off, min(width, on / 2.0))
    closed = stroke.closed and style.dash is None
    pieces = [piece for piece in pieces if len(piece) > 1]
    for ink, reach in ((EDGE, aside + SUPERSAMPLE), (colour, aside)):
        cv2.polylines(overlay, pieces, closed, ink, 2 * reach, cv2.LINE_8, SUBPIXEL_BITS)
    if stroke.kind is LineKind.SHORTEST:
        radius = round(DISC_RADIUS * SUPERSAMPLE * style.width * (1 << SUBPIXEL_BITS))
        for x, y in _to_fixed_point(stroke.points).tolist():
            cv2.circle(overlay, (x, y), radius, colour, cv2.FILLED, cv2.LINE_AA, SUBPIXEL_BITS)


def _to_fixed_point(points: PointArray) -> Corners:
    """Return points as fixed-point coordinates for OpenCV."""
    return np.round(points * (1 << SUBPIXEL_BITS)).astype(np.int32)


def _dashes(points: PointArray, on: float, off: float, ends: float) -> list[Corners]:
    """Return the dashes of a polyline by arc length, each shortened by what its ends add."""
    if len(points) < 2:
        return []
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    if along[-1] == 0.0:
        return []
    starts = np.arange(0.0, along[-1], on + off) + ends / 2.0
    stops = np.minimum(starts + on - ends, along[-1])
    starts = np.minimum(starts, stops)
    number = np.searchsorted(starts, along, "right") - 1
    corners = along[(number >= 0) & (along > starts[number]) & (along < stops[number])]
    at = np.sort(np.concatenate([starts, corners, stops]), kind="stable")
    drawn = np.column_stack([np.interp(at, along, points[:, axis]) for axis in (0, 1)])
    cuts = np.searchsorted(at, starts)[1:]
    return np.split(_to_fixed_point(drawn), cuts)
