"""Positions of the frames of a file, found without reading or decoding one.

pydicom can iterate over frames too, but returns fewer frames of a truncated file than are complete,
or none: docs/explanation/decisions/0002.
"""

from __future__ import annotations

import itertools
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

import pydicom.uid as uids

from leakwatch.config import LiveDicomSettings
from leakwatch.core.errors import SourceError
from leakwatch.core.messages import text
from leakwatch.sources.dicom.dicom_header import UNDEFINED_LENGTH, Header
from leakwatch.sources.dicom.frame_stride import check_word_size, frame_stride
from leakwatch.sources.dicom.rle import RLE_HEAD

# Tags of the items of encapsulated Pixel Data (PS3.5 A.4), little endian.
_ITEM, _END_OF_ITEMS = b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0"
_ITEM_HEAD = 8  # bytes: tag and length

# First bytes of a code stream: JPEG and JPEG-LS (ITU-T T.81 B.1.1.3), JPEG 2000 (T.800 A.4.1).
_STREAM_STARTS = (b"\xff\xd8", b"\xff\x4f")

# What may follow Pixel Data: private groups of makers, signatures, padding (PS3.6).
_GROUPS_AFTER_PIXELS = frozenset((*range(0x7FE1, 0x8000, 2), 0xFFFA, 0xFFFC))


class NoWholeFrame(SourceError):
    """A file has no complete frame."""


@dataclass(frozen=True, slots=True)
class Span:
    """A range of bytes in a file.

    Parameters
    ----------
    start, length : int
    """

    start: int
    length: int

    @property
    def end(self) -> int:
        """Position of the first byte after it."""
        return self.start + self.length


@dataclass(frozen=True, slots=True)
class FramePlaces:
    """Complete frames of a file.

    Parameters
    ----------
    frames : tuple of tuple of Span
        One per frame, in order; several spans if a frame has fragments. Never more frames than
        stated.
    promised : int
        Number of Frames.
    surplus : int
        Frames that follow the promised ones.
    reason : str
        Why there are fewer than stated; empty if there are not.
    ended : bool
        The end of the pixels is there: nothing of them can follow.
    padding : int
        Bytes after each frame that are no part of it.
    """

    frames: tuple[tuple[Span, ...], ...]
    promised: int
    surplus: int
    reason: str
    ended: bool
    padding: int = 0


@dataclass(frozen=True, slots=True)
class _Items:
    """Items of encapsulated Pixel Data.

    Parameters
    ----------
    table : tuple of int
        Basic Offset Table: from the first fragment's item to that of each frame; often empty.
    fragments : tuple of Span
    size : int
        Of the file: the last fragment may reach beyond.
    complete : bool
        The end of the items was reached.
    reason : str
        Why it was not.
    """

    table: tuple[int, ...]
    fragments: tuple[Span, ...]
    size: int
    complete: bool
    reason: str


def find_frames(header: Header, most: LiveDicomSettings | None = None) -> FramePlaces:
    """Find the frames of a file.

    Parameters
    ----------
    header : Header
    most : LiveDicomSettings or None
        How many fragments and frames an object may have.

    Returns
    -------
    FramePlaces
        With one frame at least.

    Raises
    ------
    NoWholeFrame
    SourceError
        The file cannot be read.
    """
    most = most or LiveDicomSettings()
    limit = min(header.number_of_frames, most.object_frames)
    try:
        with header.path.open("rb") as file:
            if header.syntax.is_encapsulated:
                frames, reason, ended = _encapsulated(file, header, most)
                surplus = max(len(frames) - header.number_of_frames, 0)
            else:
                frames, surplus, reason, ended = _native(file, header, limit)
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise SourceError(
            text(
                "{path}: cannot be read: {why}. Check the path and its permissions.",
                path=header.path,
                why=why,
            )
        ) from error
    promised = header.number_of_frames
    if not frames:
        raise NoWholeFrame(
            text(
                "{path}: no frame of it is complete ({reason}; {frames_stated} stated). Copy "
                "the file again, or export the sequence again.",
                path=header.path,
                reason=reason,
                frames_stated=promised,
            )
        )
    kept = tuple(frames[:limit])
    missing = reason or text("no more frames follow")
    padding = 0
    if not header.syntax.is_encapsulated and len(frames) > 1:
        padding = frames[1][0].start - frames[0][0].end
    if len(kept) == limit < promised:
        missing = text("of one object {limit} frames are read at most", limit=limit)
    why = missing if len(kept) < promised else ""
    return FramePlaces(kept, promised, surplus, why, ended, padding)


def _file_size(file: BinaryIO) -> int:
    return file.seek(0, 2)


def _native(
    file: BinaryIO, header: Header, limit: int
) -> tuple[list[tuple[Span, ...]], int, str, bool]:
    """Return frames up to `limit`, the number of others, why they end, and whether they do."""
    if header.pixels_length == UNDEFINED_LENGTH:
        return [], 0, text("pixels that are not compressed are stored without a length"), False
    size, rows = _file_size(file), int(header.dataset.Rows)
    length = rows * int(header.dataset.Columns) * (int(header.dataset.BitsAllocated) // 8)
    available = min(header.pixels_length, size - header.pixels_start)
    ended = available == header.pixels_length
    start, promised, count = header.pixels_start, header.pixels_length, header.number_of_frames
    try:
        check_word_size(file, start, promised, count * length, header.layout.allocated // 8)
        stride = frame_stride(file, start, promised, length, count, rows)
    except ValueError as error:
        return [], 0, str(error), ended
    starts = range(header.pixels_start, header.pixels_start + available - length + 1, stride)
    if available < header.pixels_length:
        reason = text("the file ends at byte {size}", size=size)
    else:
        reason = text(
            "there are {available} bytes of pixels, and {length} make one frame",
            available=available,
            length=length,
        )
    if ended and _is_rubbish(file, header.pixels_start + available):
        # Bytes were put in somewhere before: nobody knows from which pixel on all are moved.
        return (
            [],
            0,
            text("the pixels are not followed by a DICOM element, so their position is wrong"),
            True,
        )
    # One pixel makes a frame where the header states so, and a file has a billion of them.
    frames: list[tuple[Span, ...]] = [(Span(start, length),) for start in starts[:limit]]
    return frames, max(len(starts) - header.number_of_frames, 0), reason, ended


def _is_rubbish(file: BinaryIO, start: int) -> bool:
    """Return whether the pixels are followed by neither nothing, nor padding, nor an element."""
    file.seek(start)
    header = file.read(4)
    if not header.strip(b"\0"):
        return False
    groups = [int.from_bytes(header[:2], order) for order in ("little", "big")]
    return not any(group in _GROUPS_AFTER_PIXELS for group in groups)


def _encapsulated(
    file: BinaryIO, header: Header, most: LiveDicomSettings
) -> tuple[list[tuple[Span, ...]], str, bool]:
    if header.pixels_length != UNDEFINED_LENGTH:
        reason = text(
            "pixels are stored as {name} by name, but not in fragments", name=header.syntax.name
        )
        return [], reason, False
    items = _items(file, header, most)
    frames: list[tuple[Span, ...]] = []
    for frame in _by_frame(file, items, header):
        if any(span.end > items.size for span in frame):
            break
        frames.append(frame)
    return frames, items.reason, items.complete


def _items(file: BinaryIO, header: Header, most: LiveDicomSettings) -> _Items:
    """Yield the items by their headers, up to a limit."""
    size = _file_size(file)
    spans: list[Span] = []
    at, reason, complete = header.pixels_start, "", False
    while not complete and not reason:
        file.seek(at)
        item_header = file.read(_ITEM_HEAD)
        if len(item_header) < _ITEM_HEAD:
            reason = text("the file ends at byte {size}", size=size)
        elif item_header[:4] == _END_OF_ITEMS:
            complete = True
        elif item_header[:4] != _ITEM:
            reason = text("byte {position} is not the beginning of a fragment", position=at)
        else:
            span = Span(at + _ITEM_HEAD, struct.unpack("<L", item_header[4:])[0])
            spans.append(span)
            at = span.end
            if span.end > size:
                reason = text("the file ends at byte {size}", size=size)
            elif len(spans) > most.object_parts:
                reason = text(
                    "it is cut into more than {maximum} fragments",
                    maximum=most.object_parts,
                )
    table: tuple[int, ...] = ()
    # A table of another length is of no use, and may have any.
    promised = min(header.number_of_frames, most.object_frames)
    if spans and spans[0].end <= size and spans[0].length == 4 * promised:
        file.seek(spans[0].start)
        table = struct.unpack(f"<{spans[0].length // 4}L", file.read(spans[0].length))
    return _Items(table, tuple(spans[1:]), size, complete, reason)


def _by_frame(file: BinaryIO, items: _Items, header: Header) -> list[tuple[Span, ...]]:
    """Return the fragments of each frame (PS3.5 A.4)."""
    fragments, promised = items.fragments, header.number_of_frames
    by_table = _by_table(items, promised)
    if by_table is not None:
        return _split(fragments, by_table)
    if items.complete and len(fragments) == promised:
        return [(fragment,) for fragment in fragments]
    if promised == 1:
        return [fragments] if fragments else []
    starts = _starts_rle if header.syntax == uids.RLELossless else _starts_stream
    return _split(fragments, [starts(file, fragment) for fragment in fragments])


def _by_table(items: _Items, promised: int) -> list[bool] | None:
    """Return for each fragment whether a frame starts there; None if the table is invalid."""
    table, fragments = items.table, items.fragments
    if len(table) != promised or not fragments:
        return None
    first = fragments[0].start
    offsets = [fragment.start - first for fragment in fragments]
    known = [offset for offset in table if offset <= offsets[-1]]
    growing = all(before < after for before, after in itertools.pairwise(table))
    if table[0] != 0 or not growing or not set(known) <= set(offsets):
        return None
    if items.complete and len(known) < promised:
        return None
    return [offset in set(known) for offset in offsets]


def _starts_stream(file: BinaryIO, fragment: Span) -> bool:
    file.seek(fragment.start)
    first = file.read(2)
    # If the file is truncated here, this is unknown: if it is not the next frame, the previous one
    # has no end, and its decoder reports that.
    return len(first) < 2 or first in _STREAM_STARTS


def _starts_rle(file: BinaryIO, fragment: Span) -> bool:
    """Return whether a valid RLE header is there (PS3.5 G.5)."""
    if fragment.length < RLE_HEAD.size:
        return False
    file.seek(fragment.start)
    header = file.read(RLE_HEAD.size)
    if len(header) < RLE_HEAD.size:
        return True  # as in `_starts_stream`
    count, *starts = RLE_HEAD.unpack(header)
    if not 1 <= count <= len(starts) or starts[0] != RLE_HEAD.size or any(starts[count:]):
        return False
    return all(one < other for one, other in itertools.pairwise(starts[:count]))


def _split(fragments: Sequence[Span], starts: Sequence[bool]) -> list[tuple[Span, ...]]:
    """Return groups of fragments, each from one start to the next."""
    frames: list[list[Span]] = []
    for fragment, start in zip(fragments, starts, strict=True):
        if start or not frames:
            frames.append([])
        frames[-1].append(fragment)
    return [tuple(frame) for frame in frames]
