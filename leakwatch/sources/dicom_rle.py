"""RLE Lossless, a segment at a time (PS3.5 annex G).

The runs of a segment are expanded by pylibjpeg-rle. Its decoder of whole frames is not used: a
segment that expands to more than the frame holds makes it panic, which is no `Exception`, and
writes a trace into the terminal.
"""

from __future__ import annotations

import struct
from itertools import pairwise

import numpy as np

from leakwatch.model import Array

RLE_HEAD = struct.Struct("<16I")  # how many segments, and where each begins


def rle_decoded(data: bytes, rows: int, columns: int, sample_bytes: int) -> Array:
    """Decode one frame of one sample a pixel.

    Parameters
    ----------
    data : bytes
    rows, columns : int
    sample_bytes : int
        Of a sample: 1 or 2.

    Returns
    -------
    ndarray
        ``(rows, columns)``, uint8 or little endian uint16.

    Raises
    ------
    ValueError
        Says what is wrong with it.
    """
    count = rows * columns
    planes = np.empty((count, sample_bytes), np.uint8)
    for number, segment in enumerate(_segments(data, sample_bytes), start=1):
        expanded = _expanded(segment, number)
        if len(expanded) != count:
            raise ValueError(
                f"segment {number} of RLE holds {len(expanded)} bytes, and the frame {count} pixels"
            )
        planes[:, sample_bytes - number] = np.frombuffer(expanded, np.uint8)  # high byte first
    return planes.view(f"<u{sample_bytes}").reshape(rows, columns)


def _segments(data: bytes, expected: int) -> list[bytes]:
    if len(data) < RLE_HEAD.size:
        raise ValueError(
            f"the frame has {len(data)} bytes; the head of RLE alone has {RLE_HEAD.size}"
        )
    count, *starts = RLE_HEAD.unpack_from(data)
    if count != expected:
        raise ValueError(f"the frame has {count} segments of RLE; the tags promise {expected}")
    bounds = [*starts[:count], len(data)]
    if bounds[0] != RLE_HEAD.size or any(one >= other for one, other in pairwise(bounds)):
        raise ValueError(f"segments of RLE do not follow each other: they begin at {bounds[:-1]}")
    return [data[start:end] for start, end in pairwise(bounds)]


def _expanded(segment: bytes, number: int) -> bytes:
    from rle.rle import decode_segment  # for this syntax only

    try:
        return bytes(decode_segment(segment))
    except ValueError as error:
        raise ValueError(f"segment {number} of RLE is cut off or damaged") from error
