"""RLE Lossless decoding by segments (PS3.5 annex G).

Segments use PackBits, and imagecodecs expands them into a buffer of the size of the frame: 20 MB of
runs may expand to 1.3 GB. pylibjpeg-rle allocates that much, and if a frame expands to too much it
panics, which is not an `Exception`, and writes to the terminal.
"""

from __future__ import annotations

import struct
from itertools import pairwise

import numpy as np

from leakwatch.core.arrays import Array
from leakwatch.core.messages import text

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
        planes[:, sample_bytes - number] = _expanded(segment, number, count)  # high byte first
    return planes.view(f"<u{sample_bytes}").reshape(rows, columns)


def _segments(data: bytes, expected: int) -> list[bytes]:
    if len(data) < RLE_HEAD.size:
        raise ValueError(
            text(
                "the frame has {length} bytes; the RLE header alone has {size}",
                length=len(data),
                size=RLE_HEAD.size,
            )
        )
    count, *starts = RLE_HEAD.unpack_from(data)
    if count != expected:
        raise ValueError(
            text(
                "the frame has {count} segments of RLE; the header states {expected}",
                count=count,
                expected=expected,
            )
        )
    bounds = [*starts[:count], len(data)]
    if bounds[0] != RLE_HEAD.size or any(one >= other for one, other in pairwise(bounds)):
        raise ValueError(
            text(
                "segments of RLE do not follow each other: they begin at {bounds}",
                bounds=bounds[:-1],
            )
        )
    return [data[start:end] for start, end in pairwise(bounds)]


def _expanded(segment: bytes, number: int, count: int) -> Array:
    from imagecodecs import packbits_decode  # 0.1 s, for this syntax only

    room = bytearray(count)
    try:
        expanded = len(packbits_decode(segment, out=room))
    except RuntimeError as error:  # that of imagecodecs is one
        what = (
            text("contains more than {count} bytes", count=count)
            if "TOO_SMALL" in str(error)
            else text("is cut off")
        )
        raise ValueError(
            text("segment {number} of RLE {what}, or is damaged", number=number, what=what)
        ) from error
    if expanded != count:
        raise ValueError(
            text(
                "segment {number} of RLE contains {expanded} bytes, and the frame {count} pixels",
                number=number,
                expanded=expanded,
                count=count,
            )
        )
    return np.frombuffer(room, np.uint8)
