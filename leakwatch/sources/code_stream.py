"""Compressed frames, looked at before a decoder sees them.

Decoders trust their streams: half a stream becomes a picture whose rest is grey, and a damaged
size takes all memory.
"""

from __future__ import annotations

import struct

import pydicom.uid as uids
from pydicom.uid import UID

# Second bytes of markers: ITU-T T.81 table B.1, T.87 table C.1, T.800 table A.1.
_START_OF_IMAGE, _END_OF_IMAGE, _START_OF_SCAN, _FILL = 0xD8, 0xD9, 0xDA, 0xFF
_START_OF_CODESTREAM, _IMAGE_SIZE = 0x4F, 0x51
_JPEG_2000_HEAD = 42  # bytes up to the number of components
_MOST_TILES = (
    4096  # of 64 pixels along a side in a picture of 4096; for each one room is made first
)

_LOSSY, _BITS_OF_LOSSY = (0xC0, 0xC1), 8

# Frame headers that a syntax may have: each is another way to compress.
_FRAME_HEADERS: dict[UID, tuple[int, ...]] = {
    uids.JPEGBaseline8Bit: _LOSSY,
    uids.JPEGExtended12Bit: _LOSSY,
    uids.JPEGLossless: (0xC3,),
    uids.JPEGLosslessSV1: (0xC3,),
    uids.JPEGLSLossless: (0xF7,),
    uids.JPEGLSNearLossless: (0xF7,),
}
_ALL_FRAME_HEADERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC} | {0xF7}


def check_stream(src: bytes, syntax: UID, rows: int, columns: int) -> None:
    """Refuse a compressed frame that is cut off, or another picture than the tags promise.

    Parameters
    ----------
    src : bytes
        The frame's code stream. One of RLE has no head, and passes.
    syntax : UID
        Transfer syntax.
    rows, columns : int
        As the tags promise.

    Raises
    ------
    ValueError
        Says what is wrong with it.
    """
    if syntax in _FRAME_HEADERS:
        _check_jpeg(src, syntax, rows, columns)
    elif syntax in uids.JPEG2000TransferSyntaxes:
        _check_jpeg_2000(src, rows, columns)


def _check_jpeg(src: bytes, syntax: UID, rows: int, columns: int) -> None:
    marker, at = _frame_header(src)
    if marker not in _FRAME_HEADERS[syntax]:
        raise ValueError(f"the stream is of another process (marker FF{marker:02X})")
    head = src[at : at + 8].ljust(8, b"\0")
    _, precision, height, width, samples = struct.unpack(">HBHHB", head)
    _check_size((height, width, samples), rows, columns)
    if marker in _LOSSY and precision != _BITS_OF_LOSSY:
        raise ValueError(f"JPEG with loss is read with 8 bits a sample, and this has {precision}")
    # Within a scan a byte FF is followed by less than 80 or by a restart marker (T.81 B.1.1.5,
    # T.87 A.1), so this is the end. Some encoders leave a few bytes of rubbish after it.
    scan = src.rfind(bytes((0xFF, _START_OF_SCAN)))
    if not at < scan < src.rfind(bytes((0xFF, _END_OF_IMAGE))):
        raise ValueError("the stream is cut off (no end marker)")


def _frame_header(src: bytes) -> tuple[int, int]:
    """The marker of the frame header, and where its segment begins (T.81 B.2.1)."""
    at = 2
    if src[:2] != bytes((0xFF, _START_OF_IMAGE)):
        raise ValueError("the stream has no start marker")
    while at + 4 <= len(src) and src[at] == 0xFF:
        marker = src[at + 1]
        if marker in _ALL_FRAME_HEADERS:
            return marker, at + 2
        at += 1 if marker == _FILL else 2 + int.from_bytes(src[at + 2 : at + 4], "big")
    raise ValueError("the stream has no frame header")


def _check_jpeg_2000(src: bytes, rows: int, columns: int) -> None:
    """The size stands at the beginning (T.800 A.5.1). A cut stream its decoder does refuse."""
    head = bytes((0xFF, _START_OF_CODESTREAM, 0xFF, _IMAGE_SIZE))
    if src[:4] != head or len(src) < _JPEG_2000_HEAD:
        raise ValueError("the stream has no start marker and size")
    right, lower, left, upper = struct.unpack_from(">4I", src, 8)
    samples = struct.unpack_from(">H", src, 40)[0]
    _check_size((lower - upper, right - left, samples), rows, columns)
    width, height, tiles_left, tiles_upper = struct.unpack_from(">4I", src, 24)
    across = -(-(right - tiles_left) // width) if width else _MOST_TILES + 1
    down = -(-(lower - tiles_upper) // height) if height else _MOST_TILES + 1
    if min(across, down) < 1 or across * down > _MOST_TILES:
        raise ValueError(f"the stream is cut into tiles of {width} x {height} pixels")


def _check_size(found: tuple[int, int, int], rows: int, columns: int) -> None:
    if found != (rows, columns, 1):
        raise ValueError(
            f"the stream holds {found[0]} rows and {found[1]} columns of {found[2]} samples, the "
            f"tags promise {rows} and {columns} of 1"
        )
