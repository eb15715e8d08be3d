"""Lossless compression of frames by two methods.

Both encoders release the interpreter lock while they work; otherwise each recorded frame would
delay an alert. See docs/explanation/decisions/0010.
"""

from __future__ import annotations

import struct
from enum import StrEnum

import numpy as np
from pydicom.uid import UID, JPEGLSLossless, RLELossless

from leakwatch.core.arrays import Array

_RLE_SEGMENTS = 15  # entries in the header of a frame (PS3.5 G.5)


class Compression(StrEnum):
    """Compression method: `RLE` takes a tenth of the time of `JPEG_LS` and 40 % more disk space."""

    RLE = "rle"
    JPEG_LS = "jpeg-ls"

    @property
    def transfer_syntax(self) -> UID:
        """Transfer syntax of the method."""
        return RLELossless if self is Compression.RLE else JPEGLSLossless


def compressed(pixels: Array, compression: Compression) -> bytes:
    """Return one frame as a compressed stream of even length.

    Parameters
    ----------
    pixels : ndarray
        ``(rows, columns)``, uint8, uint16 or int16.
    compression : Compression

    Returns
    -------
    bytes
    """
    words = np.ascontiguousarray(pixels)
    words = words.view(np.uint8 if words.itemsize == 1 else np.uint16)
    data = _rle(words) if compression is Compression.RLE else _jpeg_ls(words)
    return data + b"\0" * (len(data) % 2)


def _rle(words: Array) -> bytes:
    """Return RLE segments (PS3.5 annex G): one per byte of a word, highest first, row by row."""
    from imagecodecs import packbits_encode

    planes = [words] if words.itemsize == 1 else [words >> 8, words & 0xFF]
    segments = []
    for plane in planes:
        packed = packbits_encode(np.ascontiguousarray(plane, dtype=np.uint8))
        segments.append(packed + b"\0" * (len(packed) % 2))
    lengths = [len(segment) for segment in segments[:-1]]
    offsets = np.cumsum([64, *lengths]).tolist()
    offsets += [0] * (_RLE_SEGMENTS - len(offsets))
    return struct.pack("<16L", len(segments), *offsets) + b"".join(segments)


def _jpeg_ls(words: Array) -> bytes:
    from imagecodecs import jpegls_encode

    return bytes(jpegls_encode(words))
