"""JPEG Baseline and JPEG Lossless by libjpeg-turbo: a decoder plugin of pydicom.

Why not gdcm: docs/explanation/decisions/0002.
"""

from __future__ import annotations

import importlib.util
import struct

import pydicom.uid as uids
from pydicom.pixels.decoders.base import DecodeRunner, get_decoder

PLUGIN = "leakwatch-imagecodecs"
SYNTAXES = (uids.JPEGBaseline8Bit, uids.JPEGLossless, uids.JPEGLosslessSV1)

# What pydicom asks of a plugin.
DECODER_DEPENDENCIES = dict.fromkeys(SYNTAXES, ("numpy", "imagecodecs>=2026.3"))

# Second bytes of markers, ITU-T T.81 table B.1.
_START_OF_FRAME = {uids.JPEGBaseline8Bit: (0xC0, 0xC1)}
_LOSSLESS_START_OF_FRAME = (0xC3,)
_START_OF_IMAGE, _START_OF_SCAN, _END_OF_IMAGE, _FILL = 0xD8, 0xDA, 0xD9, 0xFF
_ALL_START_OF_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def is_available(uid: str) -> bool:
    """Whether `uid` can be decoded here; asked by pydicom."""
    return uid in DECODER_DEPENDENCIES and importlib.util.find_spec("imagecodecs") is not None


def register() -> None:
    """Make the plugin known to pydicom; once is enough, more do no harm."""
    for syntax in SYNTAXES:
        decoder = get_decoder(syntax)
        if PLUGIN not in decoder.available_plugins:
            decoder.add_plugin(PLUGIN, (__name__, "decode_frame"))


def decode_frame(src: bytes, runner: DecodeRunner) -> bytes:
    """Decode one frame; called by pydicom.

    Parameters
    ----------
    src : bytes
        A JPEG code stream.
    runner : DecodeRunner
        Knows what the tags promise, and is told the size of a decoded sample.

    Returns
    -------
    bytes
        Samples of 8 bits, or of 16 in the machine's byte order, a row after the other.

    Raises
    ------
    ValueError
        The stream is cut off, or is another picture than the tags promise.
    """
    from imagecodecs import jpeg8_decode  # 25 MB that only these syntaxes need

    _check_stream(src, runner)
    decoded = jpeg8_decode(src)
    if decoded.shape != (runner.rows, runner.columns):
        raise ValueError(f"the JPEG stream holds a picture of the shape {decoded.shape}")
    runner.set_option("bits_allocated", 8 * decoded.dtype.itemsize)
    return bytes(decoded.tobytes())


def _check_stream(src: bytes, runner: DecodeRunner) -> None:
    """What libjpeg-turbo does not mind: half a stream becomes a picture whose rest is grey."""
    marker, at = _start_of_frame(src)
    if marker not in _START_OF_FRAME.get(runner.transfer_syntax, _LOSSLESS_START_OF_FRAME):
        raise ValueError(f"the JPEG stream is of another process (marker FF{marker:02X})")
    _, _, rows, columns, samples = struct.unpack_from(">HBHHB", src.ljust(at + 8, b"\0"), at)
    if (rows, columns, samples) != (runner.rows, runner.columns, 1):
        raise ValueError(
            f"the JPEG stream holds {rows} rows and {columns} columns of {samples} samples"
        )
    # Within a scan a byte FF is followed by 00 or by a restart marker (T.81 B.1.1.5). Some
    # encoders leave a few bytes of rubbish after the end.
    scan = src.rfind(bytes((0xFF, _START_OF_SCAN)))
    if not at < scan < src.rfind(bytes((0xFF, _END_OF_IMAGE))):
        raise ValueError("the JPEG stream is cut off (no end marker)")


def _start_of_frame(src: bytes) -> tuple[int, int]:
    """The marker of the frame header, and where its segment begins (T.81 B.2.1)."""
    at = 2
    if src[:2] != bytes((0xFF, _START_OF_IMAGE)):
        raise ValueError("this is no JPEG stream (no start marker)")
    while at + 4 <= len(src) and src[at] == 0xFF:
        marker = src[at + 1]
        if marker in _ALL_START_OF_FRAME:
            return marker, at + 2
        at += 1 if marker == _FILL else 2 + int.from_bytes(src[at + 2 : at + 4], "big")
    raise ValueError("the JPEG stream has no frame header")
