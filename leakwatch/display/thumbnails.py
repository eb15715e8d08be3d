"""Small images of the moments in the list of events, in bounded memory. Pure."""

from __future__ import annotations

from collections import OrderedDict

import numpy as np

from leakwatch.core.arrays import Array, Point, read_only

# Largest side, px: the list shows it 60 px wide at 1280 x 800, and 170 px at 3840 x 2160.
SIDE_PX = 128
# Part of the image that is shown around a point, as a share of its shorter side: a vertebra.
AROUND_SHARE = 0.5


def thumbnail_of(pixels: Array, at_px: Point | None, share: float = AROUND_SHARE) -> Array | None:
    """Return a small copy of an image, around a point if one is given.

    Parameters
    ----------
    pixels : ndarray
        ``(rows, columns)``, stored values.
    at_px : Point or None
        (column, row) of what happened; None: the whole image.
    share : float

    Returns
    -------
    ndarray or None
        Of the same type, at most `SIDE_PX` wide and high; None of what is no grey image.
    """
    if pixels.ndim != 2 or not pixels.size:
        return None
    rows, columns = pixels.shape
    top, left, height, width = 0, 0, rows, columns
    if at_px is not None and np.isfinite(at_px).all():
        side = max(round(share * min(rows, columns)), 1)
        height = width = side
        left = min(max(round(at_px[0] - side / 2), 0), columns - side)
        top = min(max(round(at_px[1] - side / 2), 0), rows - side)
    step = max(-(-max(height, width) // SIDE_PX), 1)
    small = pixels[top : top + height : step, left : left + width : step]
    return read_only(small.copy())  # a slice would keep the whole image


class ThumbnailStore:
    """Thumbnails by frame; the oldest are dropped, those of alarms last.

    Parameters
    ----------
    most : int
        Number of alarms that keep theirs; as many again of everything else.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._alarms: OrderedDict[int, Array] = OrderedDict()
        self._others: OrderedDict[int, Array] = OrderedDict()
        self.dropped = 0

    def put(self, frame: int, thumbnail: Array | None, alarm: bool) -> None:
        """Keep a thumbnail, if there is one; of a frame that has one, the first is kept."""
        if thumbnail is None or frame in self._alarms:
            return
        if alarm:
            thumbnail = self._others.pop(frame, thumbnail)
        kept = self._alarms if alarm else self._others
        if frame in kept:
            return
        kept[frame] = thumbnail
        if len(kept) > self._most:
            kept.popitem(last=False)
            self.dropped += 1

    def get(self, frame: int) -> Array | None:
        """Return the thumbnail of a frame; None if there is none, or if it was dropped."""
        kept = self._alarms.get(frame)
        return self._others.get(frame) if kept is None else kept

    def items(self) -> tuple[tuple[int, Array], ...]:
        """Return every frame with its thumbnail."""
        return (*self._others.items(), *self._alarms.items())
