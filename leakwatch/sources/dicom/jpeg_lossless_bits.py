"""Check that a JPEG Lossless stream was decoded exactly to its end.

After a damaged bit a decoder continues at a wrong position, which a Huffman code cannot detect. The
image is shifted or too bright from there, and the number of bits is wrong. How many bits an image
needs follows from its pixels and the code (ITU-T T.81 H.1.2).
"""

from __future__ import annotations

import struct

import numpy as np
import numpy.typing as npt

from leakwatch.core.arrays import Array
from leakwatch.core.messages import text

_HUFFMAN_TABLE, _RESTART_INTERVAL, _START_OF_SCAN = 0xC4, 0xDD, 0xDA
_FRAME_HEADER, _END_OF_IMAGE = 0xC3, 0xD9
# An encoder fills the last byte; two more are forgiven.
_MOST_LEFT_OVER = 7 + 16
_LEFT = 1  # predictor (T.81 table H.1)


def check_all_bits_used(stream: bytes, pixels: Array) -> None:
    """Compare the bits of a stream with those that its image needs.

    Streams of another predictor than the left neighbour, or with restart intervals, pass unseen:
    no C-arm is known to write them.

    Parameters
    ----------
    stream : bytes
        JPEG Lossless, process 14, one component.
    pixels : ndarray
        ``(rows, columns)``, as decoded from it.

    Raises
    ------
    ValueError
        The stream is damaged.
    """
    scan = _scan(stream)
    if scan is None:
        return
    code, precision, data = scan
    there = 8 * (len(data) - data.count(b"\xff\x00"))
    used = _bits(pixels, code, precision)
    if not 0 <= there - used <= _MOST_LEFT_OVER:
        raise ValueError(
            text(
                "the image needs {needed_bits} bits, and the stream has {stream_bits}: it is "
                "damaged",
                needed_bits=used,
                stream_bits=there,
            )
        )


def _scan(stream: bytes) -> tuple[npt.NDArray[np.int64], int, bytes] | None:
    """Return code, precision and entropy-coded bytes; None for other kinds of stream."""
    at, precision = 2, 0
    lengths: dict[int, npt.NDArray[np.int64]] = {}
    while at + 4 <= len(stream) and stream[at] == 0xFF:
        marker = stream[at + 1]
        if marker == 0xFF:  # a fill byte
            at += 1
            continue
        size = struct.unpack_from(">H", stream, at + 2)[0]
        segment = stream[at + 4 : at + 2 + size]
        if marker == _FRAME_HEADER and segment:
            precision = segment[0]
        elif marker == _HUFFMAN_TABLE:
            lengths |= _code_lengths(segment)
        elif marker == _RESTART_INTERVAL and any(segment):
            return None
        elif marker == _START_OF_SCAN:
            end = stream.rfind(bytes((0xFF, _END_OF_IMAGE)))
            data = stream[at + 2 + size : end].rstrip(b"\xff")
            if len(segment) < 6 or segment[3] != _LEFT or segment[5] & 15:
                return None
            code = lengths.get(segment[2] >> 4)
            return None if code is None else (code, precision, data)
        at += 2 + size
    return None


def _code_lengths(segment: bytes) -> dict[int, npt.NDArray[np.int64]]:
    """Return the code length of each category in bits, 0 if unused, by table number."""
    found: dict[int, npt.NDArray[np.int64]] = {}
    at = 0
    while at + 17 <= len(segment):
        counts = segment[at + 1 : at + 17]
        symbols = segment[at + 17 : at + 17 + sum(counts)]
        lengths = np.zeros(256, np.int64)
        lengths[list(symbols)] = np.repeat(np.arange(1, 17), list(counts))[: len(symbols)]
        found[segment[at] & 15] = lengths
        at += 17 + sum(counts)
    return found


def _bits(pixels: Array, code: npt.NDArray[np.int64], precision: int) -> int:
    """Return the bits that the differences between neighbours need, code and value."""
    values = pixels.astype(np.uint16, copy=False)
    above = np.roll(values[:, 0], 1)
    above[0] = 1 << (precision - 1)
    categories = np.arange(17)
    # Category c has differences of c bits, and so many follow its code; 16 has one and needs none.
    cost = code[:17] + np.where(categories < 16, categories, 0)
    by_difference = cost[_CATEGORIES].astype(np.int32)
    inside = int(by_difference[values[:, 1:] - values[:, :-1]].sum())
    return inside + int(by_difference[values[:, 0] - above].sum())


def _categories() -> npt.NDArray[np.uint8]:
    """Return the category of each difference modulo 65536."""
    size = np.minimum(np.arange(65536), 65536 - np.arange(65536))
    categories: npt.NDArray[np.uint8] = np.ceil(np.log2(size + 1)).astype(np.uint8)
    return categories


_CATEGORIES = _categories()
