"""Trial of each transfer syntax on this machine: encode an image, and decode it again."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pydicom.uid as uids
from pydicom.uid import UID

from leakwatch.core.arrays import Array
from leakwatch.core.messages import text
from leakwatch.sources.dicom.decoding import READABLE_SYNTAXES
from leakwatch.sources.dicom.rle import RLE_HEAD, rle_decoded
from leakwatch.sources.dicom.stream_decoders import STREAM_SYNTAXES, stream_decoded

_SIDE = 64  # pixels; encoders for wavelets want some
# Largest error of a lossy code at its best quality, of 255.
_LOSSY_OFF = 8
_LOSSLESS_JPEG = (uids.JPEGLossless, uids.JPEGLosslessSV1)


@dataclass(frozen=True, slots=True)
class DecoderTrial:
    """Outcome of the trial of one transfer syntax.

    Parameters
    ----------
    name, uid : str
        Of the syntax.
    library : str
        Decoder.
    fault : str
        Why it fails; empty if the decoded image equals the encoded one.
    """

    name: str
    uid: str
    library: str
    fault: str = ""


def tried_decoders() -> tuple[DecoderTrial, ...]:
    """Return a trial of each syntax that LeakWatch reads. Does not raise."""
    return tuple(_tried(syntax) for syntax in READABLE_SYNTAXES)


def _tried(syntax: UID) -> DecoderTrial:
    library = "numpy"
    try:
        library = _library(syntax)
        fault = _fault(syntax)
    # Encoders and decoders are foreign code, and may be missing.
    except Exception as error:  # noqa: BLE001
        fault = f"{type(error).__name__}: {error}"
    return DecoderTrial(syntax.name, str(syntax), library, fault)


def _library(syntax: UID) -> str:
    if syntax in (*STREAM_SYNTAXES, uids.RLELossless):
        import imagecodecs

        return f"imagecodecs {imagecodecs.__version__}"
    return f"numpy {np.__version__}"


def _fault(syntax: UID) -> str:
    """Encode and decode a ramp; return how far the result is off, or an empty text."""
    lossy = syntax in (uids.JPEGBaseline8Bit, uids.JPEGExtended12Bit)
    values = np.arange(_SIDE * _SIDE).reshape(_SIDE, _SIDE)
    picture = (values // 16).astype(np.uint8) if lossy else values.astype(np.uint16)
    found = _there_and_back(syntax, picture)
    if found.shape != picture.shape:
        return text(
            "gave an image of shape {found}, not {expected}",
            found=found.shape,
            expected=picture.shape,
        )
    off = int(np.abs(found.astype(np.int64) - picture).max())
    most = _LOSSY_OFF if lossy else 0
    return text("values are off by up to {deviation}", deviation=off) if off > most else ""


def _there_and_back(syntax: UID, picture: Array) -> Array:
    if syntax in STREAM_SYNTAXES:
        return stream_decoded(bytes(_encoder(syntax)(picture)), syntax)
    if syntax == uids.RLELossless:
        return rle_decoded(_rle(picture), _SIDE, _SIDE, 2)
    order = ">" if syntax == uids.ExplicitVRBigEndian else "<"
    stored = picture.astype(f"{order}u2").tobytes()
    return np.frombuffer(stored, f"{order}u2").reshape(picture.shape)


def _encoder(syntax: UID) -> Callable[[Array], bytes | bytearray]:
    import imagecodecs

    if syntax in _LOSSLESS_JPEG:
        return lambda picture: imagecodecs.ljpeg_encode(picture, bitspersample=16)
    if syntax in uids.JPEGTransferSyntaxes:
        return lambda picture: imagecodecs.jpeg8_encode(picture, level=100)
    if syntax in uids.JPEGLSTransferSyntaxes:
        return imagecodecs.jpegls_encode
    if syntax in (uids.HTJ2KLossless, uids.HTJ2KLosslessRPCL, uids.HTJ2K):
        return imagecodecs.htj2k_encode
    return lambda picture: imagecodecs.jpeg2k_encode(picture, level=0, codecformat="j2k")


def _rle(picture: Array) -> bytes:
    """Return the picture as one frame of RLE Lossless: high bytes, then low ones."""
    from imagecodecs import packbits_encode

    words = picture.astype("<u2").view(np.uint8).reshape(-1, 2)
    segments = [packbits_encode(np.ascontiguousarray(words[:, part])) for part in (1, 0)]
    segments = [one + bytes(len(one) % 2) for one in segments]
    first = RLE_HEAD.size
    head = (len(segments), first, first + len(segments[0]), *([0] * 13))
    return struct.pack("<16I", *head) + b"".join(segments)
