"""Decoders of imagecodecs for each kind of compressed stream.

They leave the interpreter to other threads while they work, so that the next frame can be decoded
beside the fold. Why these: docs/explanation/decisions/0002.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial

import pydicom.uid as uids
from pydicom.uid import UID

from leakwatch.core.arrays import Array

# JPEG of any process but JPEG-LS, by libjpeg-turbo.
JPEG_SYNTAXES = tuple(uids.JPEGTransferSyntaxes)
STREAM_SYNTAXES = (
    *JPEG_SYNTAXES,
    *uids.JPEGLSTransferSyntaxes,
    *uids.JPEG2000TransferSyntaxes,
)

# JPEG 2000 takes four times as long as the fold, and its blocks can be decoded side by side; with
# damage in them too, four threads gave what one gives. More than four wait for each other.
_THREADS = min(os.cpu_count() or 1, 4)


def stream_decoded(data: bytes, syntax: UID) -> Array:
    """Decode a code stream that `check_stream` let pass.

    Parameters
    ----------
    data : bytes
    syntax : UID
        One of `STREAM_SYNTAXES`.

    Returns
    -------
    ndarray
        In words of 8 or 16 bits, as the stream's samples ask for; signed where the stream has a
        sign, which only JPEG 2000 can have.

    Raises
    ------
    Exception
        Of any type: decoders are foreign code over bytes that may be damaged.
    """
    # 0.1 s, so only where a stream is decoded.
    from imagecodecs import jpeg2k_decode, jpeg8_decode, jpegls_decode

    decode: Callable[[bytes], Array]
    if syntax in JPEG_SYNTAXES:
        decode = jpeg8_decode
    elif syntax in uids.JPEGLSTransferSyntaxes:
        decode = jpegls_decode
    else:
        decode = partial(jpeg2k_decode, numthreads=_THREADS)
    return decode(data)
