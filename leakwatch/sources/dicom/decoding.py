"""Decoding of single frames.

Each transfer syntax has one decoder: if pydicom could choose, the same file might give other bytes
on a machine where another decoder is installed. Why these: docs/explanation/decisions/0002.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Generator
from typing import BinaryIO

import pydicom.uid as uids

from leakwatch.core.arrays import Array, read_only
from leakwatch.core.errors import SourceEndedEarly, SourceError
from leakwatch.core.messages import text
from leakwatch.sources.dicom.code_stream import agreed_samples, check_stream
from leakwatch.sources.dicom.dicom_header import Header
from leakwatch.sources.dicom.frame_offsets import FramePlaces, Span
from leakwatch.sources.dicom.jpeg_lossless_bits import check_all_bits_used
from leakwatch.sources.dicom.native_frames import (
    bytes_of,
    check_byte_order,
    check_stored_length,
    check_words,
    words_of,
)
from leakwatch.sources.dicom.pixel_layout import clean_bits
from leakwatch.sources.dicom.stream_decoders import STREAM_SYNTAXES, stream_decoded

_NATIVE = (uids.ImplicitVRLittleEndian, uids.ExplicitVRLittleEndian, uids.ExplicitVRBigEndian)
READABLE_SYNTAXES = (*_NATIVE, uids.RLELossless, *STREAM_SYNTAXES)

_WAY_OUT = {
    uids.JPEGExtended12Bit: (
        "pylibjpeg-libjpeg reads it (GPL v3, so not part of LeakWatch), and dcmtk writes it "
        "uncompressed: dcmdjpeg IN.dcm OUT.dcm"
    ),
}
_NATIVE_WAY_OUT = "export the sequence again, as the C-arm stored it"
_OTHER_WAY_OUT = "export the sequence uncompressed (Explicit VR Little Endian) or as JPEG Lossless"


def check_decodable(header: Header) -> None:
    """Refuse a transfer syntax that no decoder here reads.

    Raises
    ------
    SourceError
        Names the syntax, and what would read it.
    """
    if header.syntax not in READABLE_SYNTAXES:
        raise SourceError(_cannot_decode(header, "no decoder of LeakWatch reads it"))
    if header.syntax not in _NATIVE and importlib.util.find_spec("imagecodecs") is None:
        raise SourceError(
            text(
                "{path}: is stored as {name}, and its decoder is not installed. Install "
                "imagecodecs.",
                path=header.path,
                name=_name(header),
            )
        )
    # A compressed stream has samples, not words: their position in a word is lost.
    if header.syntax in STREAM_SYNTAXES and header.layout.lowest:
        raise SourceError(
            _cannot_decode(header, "its samples do not begin at the lowest bit (High Bit)")
        )


def stored_values(header: Header, places: FramePlaces, first: int = 0) -> Generator[Array]:
    """Decode the frames of a file, each when it is asked for.

    Parameters
    ----------
    header : Header
    places : FramePlaces
    first : int
        Frame to begin with.

    Yields
    ------
    ndarray
        ``(rows, columns)``, uint8, uint16 or int16, read-only: stored values without bits outside
        Bits Stored (embedded overlays live there), signs extended, no LUT applied.

    Raises
    ------
    SourceEndedEarly
        After the last complete frame, if there are fewer than stated.
    SourceError
        The first frame cannot be read or decoded.
    """
    try:
        file = header.path.open("rb")
    except OSError as error:
        raise SourceError(_cannot_decode(header, str(error))) from error
    with file:
        for index, spans in enumerate(places.frames[first:], first):
            try:
                pixels = _decoded(header, file, spans)
            except Exception as error:
                # Decoders are foreign code over damaged bytes: they fail in any way they like.
                reason = _decoders_reason(error)
                if index == 0:
                    raise SourceError(_cannot_decode(header, reason)) from error
                raise SourceEndedEarly(
                    _ended(
                        header, index, text("frame {index}: {reason}", index=index, reason=reason)
                    )
                ) from error
            yield pixels
    if places.reason:
        raise SourceEndedEarly(_ended(header, len(places.frames), places.reason))


def _decoded(header: Header, file: BinaryIO, spans: tuple[Span, ...]) -> Array:
    layout = header.layout
    check_stored_length(header, spans)
    if header.syntax in STREAM_SYNTAXES:
        frame = _decompressed(header, bytes_of(file, spans))
    else:
        frame = words_of(header, file, spans)
        check_byte_order(frame)
        check_words(frame, layout)
    if frame.shape != (layout.rows, layout.columns) or frame.dtype.itemsize > 2:
        raise ValueError(
            text(
                "header states {rows} rows and {columns} columns, the decoded frame has "
                "the shape {shape} in {value} bits",
                rows=layout.rows,
                columns=layout.columns,
                shape=frame.shape,
                value=8 * frame.dtype.itemsize,
            )
        )
    return read_only(clean_bits(frame, layout.lowest, layout.stored, layout.signed))


def _decompressed(header: Header, data: bytes) -> Array:
    layout = header.layout
    samples = check_stream(data, header.syntax, layout.rows, layout.columns)
    assert samples is not None  # of all syntaxes in `STREAM_SYNTAXES`
    frame = stream_decoded(data, header.syntax)
    if header.syntax in (uids.JPEGLossless, uids.JPEGLosslessSV1):
        check_all_bits_used(data, frame)
    return agreed_samples(frame, samples, layout, header.syntax)


def _decoders_reason(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _name(header: Header) -> str:
    return f"{header.syntax.name} ({header.syntax})"


def _cannot_decode(header: Header, reason: str) -> str:
    other = _NATIVE_WAY_OUT if header.syntax in _NATIVE else _OTHER_WAY_OUT
    way_out = _WAY_OUT.get(header.syntax, other)
    return text(
        "{path}: is stored as {name}, which could not be decoded: {reason}. What to do: {remedy}.",
        path=header.path,
        name=_name(header),
        reason=reason,
        remedy=way_out,
    )


def _ended(header: Header, whole: int, reason: str) -> str:
    return text(
        "{path}: {complete} of {number_of_frames} frames are complete ({reason}). Earlier "
        "frames are valid; copy the file again for the others.",
        path=header.path,
        complete=whole,
        number_of_frames=header.number_of_frames,
        reason=reason,
    )
