"""Reconciliation of header and pixels, if the header alone would give wrong values.

Where a code stream contradicts the tags, the stream is right: it is what was decoded.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import BinaryIO

import pydicom.uid as uids

from leakwatch.core.errors import SourceError
from leakwatch.core.messages import text
from leakwatch.sources.dicom.code_stream import StreamSamples, check_stream
from leakwatch.sources.dicom.dicom_header import Header
from leakwatch.sources.dicom.frame_offsets import FramePlaces
from leakwatch.sources.dicom.native_frames import (
    bytes_of,
    check_stored_length,
    has_plain_numbers,
    words_of,
)
from leakwatch.sources.dicom.pixel_layout import LEAST_BITS, PixelLayout


def reconcile_with_pixels(header: Header, places: FramePlaces) -> Header:
    """Return a header whose layout is that of the pixels, and which says where tags contradict it.

    Damaged frames are accepted here: the decoder reports them one by one.

    Parameters
    ----------
    header : Header
    places : FramePlaces

    Raises
    ------
    SourceError
        The file cannot be read.
    """
    if places.padding:
        stride = places.frames[0][0].length + places.padding
        doubt = text(
            "Each frame is padded to {stride} bytes; the padding is left out.", stride=stride
        )
        header = _with(header, header.layout, doubt)
    if header.syntax.is_encapsulated and header.syntax != uids.RLELossless:
        return _reconcile_with_stream(header, places)
    return _with_plain_numbers(header, places) if header.layout.lowest else header


def _reconcile_with_stream(header: Header, places: FramePlaces) -> Header:
    """Take the bits per sample from the first stream if it has fewer than the header states.

    Darkest, brightest and sign of an image are counted from them.
    """
    samples = _first_samples(header, places)
    stored = header.layout.stored
    if samples is None or not LEAST_BITS <= samples.bits < stored:
        return header
    doubt = text(
        "The code stream has samples of {bits} bits, and Bits Stored states {stored}: {bits} are "
        "taken.",
        bits=samples.bits,
        stored=stored,
    )
    return _with(header, replace(header.layout, stored=samples.bits), doubt)


def _first_samples(header: Header, places: FramePlaces) -> StreamSamples | None:
    layout = header.layout
    with suppress(ValueError, EOFError), _opened(header) as file:
        check_stored_length(header, places.frames[0])
        stream = bytes_of(file, places.frames[0])
        return check_stream(stream, header.syntax, layout.rows, layout.columns)
    return None


def _with_plain_numbers(header: Header, places: FramePlaces) -> Header:
    """Take samples from the lowest bits if High Bit states otherwise without support in the data.

    The first, the middle and the last frame are asked: one may be dark.
    """
    count = len(places.frames)
    found = []
    for index in sorted({0, count // 2, count - 1}):
        with suppress(ValueError, EOFError), _opened(header) as file:
            check_stored_length(header, places.frames[index])
            words = words_of(header, file, places.frames[index])
            found.append(has_plain_numbers(words, header.layout))
    if True not in found or False in found:
        return header
    layout = header.layout
    high = layout.lowest + layout.stored - 1
    doubt = text(
        "High Bit states {high}, but the samples are in the lowest {stored} bits (Bits Stored): "
        "these are taken.",
        high=high,
        stored=layout.stored,
    )
    return _with(header, replace(layout, lowest=0), doubt)


def _with(header: Header, layout: PixelLayout, doubt: str) -> Header:
    return replace(header, layout=layout, doubts=(*header.doubts, doubt))


def _opened(header: Header) -> BinaryIO:
    try:
        return header.path.open("rb")
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise SourceError(
            text(
                "{path}: cannot be read: {reason}. Check the path and its permissions.",
                path=header.path,
                reason=reason,
            )
        ) from error
