"""Decoding, one frame at a time.

Each transfer syntax has one decoder: if pydicom could choose, the same file might give other bytes
on a machine where another decoder is installed. Why these: docs/explanation/decisions/0002.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Generator
from typing import Any, BinaryIO

import pydicom.uid as uids
from pydicom.encaps import encapsulate
from pydicom.pixels.decoders.base import get_decoder

from leakwatch.errors import SourceEndedEarly, SourceError
from leakwatch.model import Array, read_only
from leakwatch.sources.code_stream import StreamSamples, agreed_samples, check_stream
from leakwatch.sources.dicom_frames import FramePlaces, Span
from leakwatch.sources.dicom_header import Header
from leakwatch.sources.dicom_layout import clean_bits
from leakwatch.sources.dicom_words import bytes_of, check_words, words_of
from leakwatch.sources.jpeg_lossless_bits import check_all_bits_used

_NATIVE = (uids.ImplicitVRLittleEndian, uids.ExplicitVRLittleEndian, uids.ExplicitVRBigEndian)
# By libjpeg-turbo in imagecodecs, which pydicom does not know.
_TURBO = tuple(uids.JPEGTransferSyntaxes)
_PLUGINS: dict[uids.UID, str] = (
    dict.fromkeys(_NATIVE, "")
    | {uids.RLELossless: "pylibjpeg"}
    | dict.fromkeys(uids.JPEG2000TransferSyntaxes, "pylibjpeg")
    | dict.fromkeys(uids.JPEGLSTransferSyntaxes, "pyjpegls")
    | dict.fromkeys(_TURBO, "imagecodecs")
)
READABLE_SYNTAXES = tuple(_PLUGINS)
# The others are words, each of them with room for more than a sample.
_STREAMS = tuple(one for one in _PLUGINS if one not in (*_NATIVE, uids.RLELossless))
# A stream has so many times the bytes of its picture at most, and a head and comments beside: noise
# does not become smaller, and no encoder makes twice as much of it.
_LONGEST_STREAM, _STREAM_HEAD = 2, 1 << 20

_DISTRIBUTIONS = {
    "imagecodecs": "imagecodecs",
    "pyjpegls": "pyjpegls",
    "pylibjpeg": "pylibjpeg with pylibjpeg-openjpeg and pylibjpeg-rle",
}
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
    plugin = _PLUGINS.get(header.syntax)
    if plugin is None:
        raise SourceError(_cannot_decode(header, "no decoder of LeakWatch reads it"))
    if not _is_installed(plugin, header.syntax):
        raise SourceError(
            f"{header.path}: is stored as {_name(header)}, and its decoder is not installed. "
            f"Install {_DISTRIBUTIONS[plugin]}."
        )
    # A code stream holds samples, not words: where in a word they lay is lost.
    if header.syntax in _STREAMS and header.layout.lowest:
        raise SourceError(
            _cannot_decode(header, "its samples do not begin at the lowest bit (High Bit)")
        )


def _is_installed(plugin: str, syntax: uids.UID) -> bool:
    if plugin == "imagecodecs":
        return importlib.util.find_spec(plugin) is not None
    return not plugin or plugin in get_decoder(syntax).available_plugins


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
        After the last whole frame, if there are fewer than promised.
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
                raise SourceEndedEarly(_ended(header, index, f"frame {index}: {reason}")) from error
            yield pixels
    if places.reason:
        raise SourceEndedEarly(_ended(header, len(places.frames), places.reason))


def _decoded(header: Header, file: BinaryIO, spans: tuple[Span, ...]) -> Array:
    layout = header.layout
    _check_length(header, spans)
    if header.syntax in _STREAMS:
        frame = _decompressed(header, bytes_of(file, spans))
    else:
        frame = words_of(header, file, spans)
        check_words(frame, layout)
    if frame.shape != (layout.rows, layout.columns) or frame.dtype.itemsize > 2:
        raise ValueError(
            f"tags promise {layout.rows} rows and {layout.columns} columns, the decoded frame has "
            f"the shape {frame.shape} in {8 * frame.dtype.itemsize} bits"
        )
    return read_only(clean_bits(frame, layout.lowest, layout.stored, layout.signed))


def _check_length(header: Header, spans: tuple[Span, ...]) -> None:
    """A stream that is longer than its picture many times over is none, and is not read."""
    layout = header.layout
    stored = sum(span.length for span in spans)
    most = _LONGEST_STREAM * layout.rows * layout.columns * layout.allocated // 8 + _STREAM_HEAD
    if stored > most:
        raise ValueError(
            f"{layout.rows} rows and {layout.columns} columns are stored in {stored} bytes"
        )


def _decompressed(header: Header, data: bytes) -> Array:
    layout = header.layout
    samples = check_stream(data, header.syntax, layout.rows, layout.columns)
    assert samples is not None  # of all syntaxes in `_STREAMS`
    frame: Array
    if header.syntax in _TURBO:
        from imagecodecs import jpeg8_decode  # 0.1 s, for these syntaxes only

        frame = jpeg8_decode(data)
        if header.syntax in (uids.JPEGLossless, uids.JPEGLosslessSV1):
            check_all_bits_used(data, frame)
    else:
        frame = _by_pydicom(header, data, samples)
    return agreed_samples(frame, samples, layout, header.syntax)


def _by_pydicom(header: Header, data: bytes, samples: StreamSamples) -> Array:
    layout = header.layout
    options: dict[str, Any] = {
        "transfer_syntax_uid": header.syntax,
        "pixel_keyword": "PixelData",
        "number_of_frames": 1,
        "rows": layout.rows,
        "columns": layout.columns,
        "samples_per_pixel": 1,
        "photometric_interpretation": layout.photometric,
        # As the stream has them: pydicom would bend them to the tags, and nobody could tell.
        "pixel_representation": int(samples.signed),
        "bits_allocated": 8 if samples.bits <= 8 else 16,
        "bits_stored": samples.bits,
        "correct_unused_bits": False,  # done here, with High Bit, which pydicom ignores
    }
    frame: Array = get_decoder(header.syntax).as_array(
        encapsulate([data], has_bot=False),
        index=0,
        raw=True,
        validate=False,
        decoding_plugin=_PLUGINS[header.syntax],
        **options,
    )[0]
    return frame


def _decoders_reason(error: Exception) -> str:
    """What went wrong, without pydicom's sentence on all available plugins."""
    reason = " ".join(str(error).split()) or type(error).__name__
    return reason.rpartition("available plugins: ")[2]


def _name(header: Header) -> str:
    return f"{header.syntax.name} ({header.syntax})"


def _cannot_decode(header: Header, reason: str) -> str:
    other = _NATIVE_WAY_OUT if header.syntax in _NATIVE else _OTHER_WAY_OUT
    way_out = _WAY_OUT.get(header.syntax, other)
    return (
        f"{header.path}: is stored as {_name(header)}, which could not be decoded: {reason}. "
        f"What to do: {way_out}."
    )


def _ended(header: Header, whole: int, reason: str) -> str:
    return (
        f"{header.path}: {whole} of {header.number_of_frames} frames are whole "
        f"({reason}). What came before is valid; copy the file again for the rest."
    )
