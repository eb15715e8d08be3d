"""Frames stored as words, uncompressed or RLE, and checks of the header against them.

A word may have more bits than a sample. By the standard the other bits have no meaning (PS3.5
8.1.1), and retired overlays are stored there. If they continue the image, they are part of it, and
the header is wrong.
"""

from __future__ import annotations

from typing import BinaryIO

import numpy as np
import pydicom.uid as uids

from leakwatch.core.arrays import Array
from leakwatch.core.messages import text
from leakwatch.sources.byte_order import bytes_look_swapped
from leakwatch.sources.dicom.dicom_header import Header
from leakwatch.sources.dicom.frame_offsets import Span
from leakwatch.sources.dicom.pixel_layout import PixelLayout, clean_bits
from leakwatch.sources.dicom.rle import rle_decoded

# A stream has so many times the bytes of its image at most, and a header and comments beside: noise
# does not become smaller, and no encoder makes twice as much of it.
_LONGEST_STREAM, _STREAM_HEAD = 2, 1 << 20
_ROW_STEP = 4  # every fourth row shows whether bits belong to the image, in a quarter of the time


def bytes_of(file: BinaryIO, spans: tuple[Span, ...]) -> bytes:
    """Return what lies in `spans`, joined.

    Raises
    ------
    EOFError
        The file became shorter since its frames were found.
    """
    return b"".join(_read(file, span) for span in spans)


def check_stored_length(header: Header, spans: tuple[Span, ...]) -> None:
    """Refuse a frame that is stored in many times the bytes of its image, before it is read.

    Raises
    ------
    ValueError
    """
    layout = header.layout
    stored = sum(span.length for span in spans)
    most = _LONGEST_STREAM * layout.rows * layout.columns * layout.allocated // 8 + _STREAM_HEAD
    if stored > most:
        raise ValueError(
            text(
                "{rows} rows and {columns} columns are stored in {stored} bytes",
                rows=layout.rows,
                columns=layout.columns,
                stored=stored,
            )
        )


def words_of(header: Header, file: BinaryIO, spans: tuple[Span, ...]) -> Array:
    """Return the words of a frame as they are stored, before any bit is taken away.

    Parameters
    ----------
    header : Header
        Of a file that is not compressed, or by RLE.
    file : BinaryIO
    spans : tuple of Span
        Of the frame.

    Returns
    -------
    ndarray
        ``(rows, columns)``, uint8 or uint16 of either byte order.
    """
    layout = header.layout
    rows, columns, word_bytes = layout.rows, layout.columns, layout.allocated // 8
    if header.syntax == uids.RLELossless:
        return rle_decoded(bytes_of(file, spans), rows, columns, word_bytes)
    big = header.syntax == uids.ExplicitVRBigEndian
    if big and word_bytes == 1 and header.pixels_vr == "OW":
        data = b"".join(_exchanged(file, header.pixels_start, span) for span in spans)
    else:
        data = bytes_of(file, spans)
    return np.frombuffer(data, f"{'>' if big else '<'}u{word_bytes}").reshape(rows, columns)


def check_byte_order(words: Array) -> None:
    """Refuse words whose two bytes are exchanged: no sample of them is right.

    Parameters
    ----------
    words : ndarray
        From `words_of`.

    Raises
    ------
    ValueError
    """
    if bytes_look_swapped(words):
        raise ValueError(
            text(
                "the two bytes of each sample look exchanged: the image is smooth only with "
                "them in the other order"
            )
        )


def check_words(words: Array, layout: PixelLayout) -> None:
    """Refuse words whose samples do not end where the header states.

    Parameters
    ----------
    words : ndarray
        From `words_of`.
    layout : PixelLayout
        From `tag_consistency.reconcile_with_pixels`.

    Raises
    ------
    ValueError
        With what was found, and the tags.
    """
    if layout.lowest + layout.stored >= layout.allocated or _is_empty_above(words, layout):
        return
    some = words[::_ROW_STEP]
    whole = _whole(some, layout)
    kept = clean_bits(some, layout.lowest, layout.stored, layout.signed).astype(np.int32)
    above = whole - kept
    steps = above[:, 1:] != above[:, :-1]
    # Across a step of the upper bits, an image that uses them hardly changes; one with an overlay
    # changes by the step. In noise without an image both are equally frequent.
    smoother = np.abs(np.diff(whole))[steps] < np.abs(np.diff(kept))[steps]
    if 4 * np.count_nonzero(smoother) > 3 * smoother.size:
        raise ValueError(
            text(
                "its samples use more than the {stored} bits that the header states (Bits "
                "Stored, High Bit): from {minimum} to {maximum}",
                stored=layout.stored,
                minimum=whole.min(),
                maximum=whole.max(),
            )
        )


def has_plain_numbers(words: Array, layout: PixelLayout) -> bool | None:
    """Return whether samples begin at the lowest bit although High Bit states otherwise.

    Parameters
    ----------
    words : ndarray
        From `words_of`.
    layout : PixelLayout
        By the tags.

    Returns
    -------
    bool or None
        None if the words do not show it.
    """
    own = words.astype(words.dtype.newbyteorder("="), copy=False)
    plain = clean_bits(own, 0, layout.stored, layout.signed)
    if not np.array_equal(plain, own.view(np.int16) if layout.signed else own):
        return False
    return True if (own & (1 << layout.lowest) - 1).any() else None


def _whole(words: Array, layout: PixelLayout) -> Array:
    """Return samples with all bits above them."""
    own = words.astype(words.dtype.newbyteorder("="), copy=False)
    signed = own.view(f"i{own.itemsize}") if layout.signed else own
    return signed.astype(np.int32) >> layout.lowest


def _is_empty_above(words: Array, layout: PixelLayout) -> bool:
    """Return whether the bits above the samples are unused or repeat the sign."""
    top = layout.lowest + layout.stored
    if not layout.signed:
        return bool(words.max() < 1 << top)
    values = words.view(words.dtype.str.replace("u", "i"))
    return bool(values.min() >= -(1 << top - 1) and values.max() < 1 << top - 1)


def _exchanged(file: BinaryIO, pixels_start: int, span: Span) -> bytes:
    """Swap pairs of 8-bit samples in big endian words of 16 bits (PS3.5 8.1.1).

    A frame of an odd number of pixels begins or ends within a word.
    """
    before = (span.start - pixels_start) % 2
    length = before + span.length
    pairs = bytes_of(file, (Span(span.start - before, length + length % 2),))
    exchanged = np.frombuffer(pairs, np.uint8).reshape(-1, 2)[:, ::-1].tobytes()
    return exchanged[before:length]


def _read(file: BinaryIO, span: Span) -> bytes:
    file.seek(span.start)
    data = file.read(span.length)
    if len(data) < span.length:
        raise EOFError(f"the file ends at byte {span.start + len(data)}")
    return data
