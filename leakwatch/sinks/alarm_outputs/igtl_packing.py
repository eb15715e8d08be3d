"""OpenIGTLink messages as bytes: STATUS, STRING and IMAGE of protocol version 3, header version 1.

pyigtl packs neither STATUS nor texts that are not ASCII, such as "±".
"""

from __future__ import annotations

import struct

import numpy as np
from fastcrc import crc64

from leakwatch.core.arrays import Array

# Header version, type, device, seconds and their fraction, size of the body, its checksum.
_HEADER = struct.Struct(">H12s20sIIQQ")
_STATUS, _STRING = struct.Struct(">Hq20s"), struct.Struct(">HH")
# Version, components, scalar type, byte order, coordinates, size, matrix with centre, subvolume.
_IMAGE = struct.Struct(">HBBBBHHH12fHHHHHH")
_UTF_8 = 106  # IANA's number of the encoding
_SCALAR_TYPES = {"i1": 2, "u1": 3, "i2": 4, "u2": 5, "i4": 6, "u4": 7, "f4": 10, "f8": 11}
_LITTLE_ENDIAN, _LPS = 2, 2
_MOST_LETTERS = 60_000


def pack_status(device: str, code: int, name: str, words: str, time_s: float) -> bytes:
    """Return a STATUS message.

    Parameters
    ----------
    device : str
    code : int
        Of the protocol: 1 is OK, 3 an emergency.
    name : str
        At most 20 bytes.
    words : str
    time_s : float
        Since the start of the session: a date would tell when the patient was there.
    """
    body = _STATUS.pack(code, 0, name.encode()[:20]) + words.encode()[:_MOST_LETTERS] + b"\0"
    return _packed("STATUS", device, body, time_s)


def pack_string(device: str, words: str, time_s: float) -> bytes:
    """Return a STRING message, in UTF-8."""
    encoded = words.encode()[:_MOST_LETTERS]
    return _packed("STRING", device, _STRING.pack(_UTF_8, len(encoded)) + encoded, time_s)


def pack_image(device: str, pixels: Array, mm_per_px: float | None, time_s: float) -> bytes:
    """Return an IMAGE message of one frame.

    Parameters
    ----------
    device : str
    pixels : ndarray
        ``(rows, columns)``.
    mm_per_px : float or None
        None: the spacing is given as 1.
    time_s : float
    """
    rows, columns = pixels.shape
    kind = _SCALAR_TYPES[pixels.dtype.str[1:]]
    step = 1.0 if mm_per_px is None else mm_per_px
    axes = (step, 0.0, 0.0, 0.0, step, 0.0, 0.0, 0.0, step)
    centre = (step * (columns - 1) / 2.0, step * (rows - 1) / 2.0, 0.0)
    size = (columns, rows, 1)
    head = _IMAGE.pack(1, 1, kind, _LITTLE_ENDIAN, _LPS, *size, *axes, *centre, 0, 0, 0, *size)
    stored = np.ascontiguousarray(pixels, pixels.dtype.newbyteorder("<"))
    return _packed("IMAGE", device, head + stored.tobytes(), time_s)


def _packed(kind: str, device: str, body: bytes, time_s: float) -> bytes:
    seconds = int(max(time_s, 0.0))
    fraction = int((max(time_s, 0.0) - seconds) * (1 << 32))
    checksum = crc64.ecma_182(body)
    names = kind.encode(), device.encode()
    return _HEADER.pack(1, *names, seconds, fraction, len(body), checksum) + body
