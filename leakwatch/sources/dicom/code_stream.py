"""Checks of compressed frames before they are decoded.

Decoders trust their streams: half a stream becomes an image whose rest is grey, and a damaged
size takes all memory.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
import pydicom.uid as uids
from pydicom.uid import UID

from leakwatch.core.arrays import Array
from leakwatch.core.messages import text
from leakwatch.sources.dicom.pixel_layout import PixelLayout

# Second bytes of markers: ITU-T T.81 table B.1, T.87 table C.1, T.800 table A.1.
_START_OF_IMAGE, _END_OF_IMAGE, _START_OF_SCAN, _FILL = 0xD8, 0xD9, 0xDA, 0xFF
_START_OF_CODESTREAM, _IMAGE_SIZE = 0x4F, 0x51
_JPEG_2000_HEAD = 45  # bytes up to what describes the first component
_SIGNED, _PRECISION = 0x80, 0x7F  # of that byte, which is one less than the bits (T.800 A.5.1)
_MOST_TILES = 4096  # of 64 pixels along a side in an image of 4096; for each one room is made first

# The two JPEG 2000 syntaxes may be lossless as well.
_WITH_LOSS = frozenset((uids.JPEGLSNearLossless, uids.JPEG2000, uids.HTJ2K))
# A wavelet swings over at the edge of a shutter by a tenth of its height, where much was left out.
_SWING = 0.125

_MOST_BITS = 16
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


@dataclass(frozen=True, slots=True)
class StreamSamples:
    """Properties of samples as stated in a compressed stream.

    Parameters
    ----------
    bits : int
        Of a sample.
    signed : bool
        Only JPEG 2000 has samples with a sign.
    """

    bits: int
    signed: bool = False


def check_stream(src: bytes, syntax: UID, rows: int, columns: int) -> StreamSamples | None:
    """Refuse a compressed frame that is cut off, or another image than the header states.

    Parameters
    ----------
    src : bytes
        The frame's code stream. One of RLE has no header, and passes.
    syntax : UID
        Transfer syntax.
    rows, columns : int
        As the header states.

    Returns
    -------
    StreamSamples or None
        None for RLE, which packs words of any meaning.

    Raises
    ------
    ValueError
        Says what is wrong with it.
    """
    samples: StreamSamples | None = None
    if syntax in _FRAME_HEADERS:
        samples = _check_jpeg(src, syntax, rows, columns)
    elif syntax in uids.JPEG2000TransferSyntaxes:
        samples = _check_jpeg_2000(src, rows, columns)
    if samples is not None and samples.bits > _MOST_BITS:
        raise ValueError(
            text(
                "the stream has samples of {bits} bits; {max_bits} are read",
                bits=samples.bits,
                max_bits=_MOST_BITS,
            )
        )
    return samples


def agreed_samples(
    decoded: Array, samples: StreamSamples, layout: PixelLayout, syntax: UID
) -> Array:
    """Return samples whose value by the tags is that by the stream, or refuse them.

    Streams of more bits than Bits Stored are common: many encoders write full words. They are valid
    if the upper bits are empty or repeat the sign.

    Parameters
    ----------
    decoded : ndarray
        As the decoder gave it: of a signed type where the stream has a sign.
    samples : StreamSamples
    layout : PixelLayout
        From `tag_consistency.reconcile_with_pixels`.
    syntax : UID
        Transfer syntax: what was compressed with loss may swing beyond its darkest and brightest,
        and is cut there.

    Raises
    ------
    ValueError
        With what the stream says, and the tags.
    """
    if samples.bits < layout.stored:
        raise ValueError(
            text(
                "the stream has samples of {bits} bits; {stored} are expected, as the "
                "header or the first frame states",
                bits=samples.bits,
                stored=layout.stored,
            )
        )
    if not samples.signed and decoded.max() >> samples.bits:
        raise ValueError(
            text(
                "the stream has samples of {bits} bits, and they reach {maximum}: it is damaged",
                bits=samples.bits,
                maximum=decoded.max(),
            )
        )
    if samples.signed and not layout.signed and decoded.min() < 0:
        raise ValueError(
            text(
                "the samples of the stream are signed, down to {minimum}; the header states "
                "unsigned samples (Pixel Representation 0)",
                minimum=decoded.min(),
            )
        )
    if samples.bits == layout.stored:
        return decoded
    if layout.signed and not samples.signed:
        fitting = decoded if _repeats_sign(decoded, samples, layout) else None
    else:
        fitting = _within(decoded, layout, _SWING if syntax in _WITH_LOSS else 0.0)
    if fitting is None:
        raise ValueError(
            text(
                "the stream has samples of {bits} bits, from {minimum} to {maximum}; the header "
                "states {stored} (Bits Stored)",
                bits=samples.bits,
                minimum=decoded.min(),
                maximum=decoded.max(),
                stored=layout.stored,
            )
        )
    return fitting


def _within(decoded: Array, layout: PixelLayout, swing: float) -> Array | None:
    """Return samples clipped to the range of the stored bits; None if far outside."""
    size = 1 << layout.stored
    least, most = (-size // 2, size // 2 - 1) if layout.signed else (0, size - 1)
    lowest, highest = int(decoded.min()), int(decoded.max())
    if least <= lowest and highest <= most:
        return decoded
    if max(least - lowest, highest - most) > swing * size:
        return None
    return np.clip(decoded, least, most)


def _repeats_sign(decoded: Array, samples: StreamSamples, layout: PixelLayout) -> bool:
    """Return whether the bits above those stored are empty or repeat the sign."""
    above, sign = decoded >> layout.stored, (decoded >> layout.stored - 1) & 1
    filled = (1 << samples.bits - layout.stored) - 1
    return bool(((above == 0) | ((above == filled) & (sign == 1))).all())


def _check_jpeg(src: bytes, syntax: UID, rows: int, columns: int) -> StreamSamples:
    marker, at = _frame_header(src)
    if marker not in _FRAME_HEADERS[syntax]:
        raise ValueError(
            text("the stream is of another process (marker FF{marker:02X})", marker=marker)
        )
    header = src[at : at + 8].ljust(8, b"\0")
    _, precision, height, width, samples = struct.unpack(">HBHHB", header)
    _check_size((height, width, samples), rows, columns)
    if marker in _LOSSY and precision != _BITS_OF_LOSSY:
        raise ValueError(
            text(
                "JPEG with loss is read with 8 bits a sample, and this has {precision}",
                precision=precision,
            )
        )
    # Within a scan a byte FF is followed by less than 80 or by a restart marker (T.81 B.1.1.5,
    # T.87 A.1), so this is the end. Some encoders leave a few bytes of rubbish after it.
    # Sought from both ends: a scan may have a megabyte, and other threads wait meanwhile.
    scan, end = bytes((0xFF, _START_OF_SCAN)), src.rfind(bytes((0xFF, _END_OF_IMAGE)))
    if end < 0 or src.find(scan, at + 1, end) < 0 or src.find(scan, end) >= 0:
        raise ValueError(text("the stream is cut off (no end marker)"))
    return StreamSamples(precision)


def _frame_header(src: bytes) -> tuple[int, int]:
    """Return the marker of the frame header and the start of its segment (T.81 B.2.1)."""
    at = 2
    if src[:2] != bytes((0xFF, _START_OF_IMAGE)):
        raise ValueError(text("the stream has no start marker"))
    while at + 4 <= len(src) and src[at] == 0xFF:
        marker = src[at + 1]
        if marker in _ALL_FRAME_HEADERS:
            return marker, at + 2
        at += 1 if marker == _FILL else 2 + int.from_bytes(src[at + 2 : at + 4], "big")
    raise ValueError(text("the stream has no frame header"))


def _check_jpeg_2000(src: bytes, rows: int, columns: int) -> StreamSamples:
    """Check the size at the beginning (T.800 A.5.1); the decoder refuses a truncated stream."""
    header = bytes((0xFF, _START_OF_CODESTREAM, 0xFF, _IMAGE_SIZE))
    if src[:4] != header or len(src) < _JPEG_2000_HEAD:
        raise ValueError(text("the stream has no start marker and size"))
    right, lower, left, upper = struct.unpack_from(">4I", src, 8)
    samples, precision, *steps = struct.unpack_from(">HBBB", src, 40)
    _check_size((lower - upper, right - left, samples), rows, columns)
    if steps != [1, 1]:
        raise ValueError(
            text(
                "the stream has a sample for each {step_columns} x {step_rows} pixels only",
                step_columns=steps[0],
                step_rows=steps[1],
            )
        )
    width, height, tiles_left, tiles_upper = struct.unpack_from(">4I", src, 24)
    across = -(-(right - tiles_left) // width) if width else _MOST_TILES + 1
    down = -(-(lower - tiles_upper) // height) if height else _MOST_TILES + 1
    if min(across, down) < 1 or across * down > _MOST_TILES:
        raise ValueError(
            text(
                "the stream is cut into tiles of {width} x {height} pixels",
                width=width,
                height=height,
            )
        )
    return StreamSamples((precision & _PRECISION) + 1, bool(precision & _SIGNED))


def _check_size(found: tuple[int, int, int], rows: int, columns: int) -> None:
    if found != (rows, columns, 1):
        raise ValueError(
            text(
                "the stream has {rows_found} rows and {columns_found} columns of {samples} "
                "samples, the header states {rows} and {columns} of 1",
                rows_found=found[0],
                columns_found=found[1],
                samples=found[2],
                rows=rows,
                columns=columns,
            )
        )
