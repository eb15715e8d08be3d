"""OpenIGTLink on the wire: whole messages out of a socket, and pictures out of messages.

Contents are taken apart by pyigtl. Its client is not used: it keeps one message a device and drops
what was not fetched yet, never notices that the peer hung up, loses its place in the stream where
a header comes in two parts, waits for any size that a header names, and looks at no checksum.
"""

from __future__ import annotations

import re
import socket
import struct
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from fastcrc import crc64
from pyigtl.messages import ImageMessage, MessageBase

from leakwatch.model import Array, PointArray, read_only

# A socket is asked so often whether to go on, s: `close` takes effect within a second.
POLL_S = 0.2
# Within one message no byte for longer is a broken link, s: pulses come at least twice a second.
STALLED_S = 2.0
# The largest picture of a C-arm, 4096 x 4096 x 2 bytes, and as much again for what goes with it.
MAX_BODY_BYTES = 64 << 20

_HEADER_VERSIONS = (1, 2, 3)
_EXTENDED_HEADER_BYTES = 12  # from header version 2 on, in front of the content
_IMAGE_HEADER_BYTES = 72
_CHECKSUM = struct.Struct(">Q")  # the last that a header holds
_TYPE_OF_MESSAGE = re.compile(r"[A-Z][A-Z0-9_]{0,11}")
# Names by which senders number their frames in the metadata, without case and punctuation.
_NUMBER_KEYS = ("framenumber", "frameindex", "frameid", "imagenumber", "instancenumber")
# pyigtl raises these for contents that it cannot take apart.
_MALFORMED = (
    ValueError, KeyError, IndexError, TypeError, OverflowError, NotImplementedError, struct.error,
)  # fmt: skip


class LinkBroken(Exception):
    """Nothing more can be read from this connection; the text says why."""


class NotAPicture(Exception):
    """A message that should hold a picture does not hold one that can be used."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message as it came.

    Parameters
    ----------
    kind, device : str
        ``IMAGE`` and the like; the name that the sender gave the device.
    sent_s : float
        The sender's clock, seconds since 1970; 0.0 where it does not say.
    header : dict
        As pyigtl parses it.
    body : bytes
    received_s : float
        ``time.monotonic()`` at its last byte.
    checksum : int
        Of the body, as the sender computed it; 0 where it did not.
    """

    kind: str
    device: str
    sent_s: float
    header: dict[str, Any]
    body: bytes
    received_s: float
    checksum: int = 0

    @property
    def number(self) -> int | None:
        """The message's own number; None where the sender does not count."""
        if self.header["header_version"] == 1 or len(self.body) < _EXTENDED_HEADER_BYTES:
            return None
        (number,) = struct.unpack(">I", self.body[8:_EXTENDED_HEADER_BYTES])
        return int(number) or None


@dataclass(frozen=True, slots=True)
class Picture:
    """The content of an IMAGE message.

    Parameters
    ----------
    pixels : ndarray
        ``(rows, columns)``, uint8, uint16 or int16, native byte order, read-only.
    spacing_mm : (float, float)
        Of rows, of columns, as the matrix says: in no known plane.
    directions : ndarray
        ``(2, 3)``: of growing columns and of growing rows, in world coordinates.
    world : str
        ``lps`` or ``ras``.
    number : int or None
        Of the frame, from the metadata.
    """

    pixels: Array
    spacing_mm: tuple[float, float]
    directions: PointArray
    world: str
    number: int | None


def messages(connection: socket.socket, closed: Callable[[], bool]) -> Iterator[Message]:
    """Yield every message that comes, until `closed`.

    Parameters
    ----------
    connection : socket
        Its timeout is set here.
    closed : callable
        Asked every `POLL_S`.

    Raises
    ------
    LinkBroken
        The peer hung up, stalled within a message, or sends something else.
    """
    connection.settimeout(POLL_S)
    while True:
        head = _exactly(connection, MessageBase.IGTL_HEADER_SIZE, closed, may_wait=True)
        if head is None:
            return
        header, size = _parsed(head)
        body = _exactly(connection, size, closed, may_wait=False)
        if body is None:
            return
        received_s = time.monotonic()
        kind, device = str(header["message_type"]), str(header["device_name"])
        sent_s = float(header["timestamp"])
        (checksum,) = _CHECKSUM.unpack(head[-_CHECKSUM.size :])
        yield Message(kind, device, sent_s, header, body, received_s, checksum)


def _exactly(
    connection: socket.socket, count: int, closed: Callable[[], bool], may_wait: bool
) -> bytes | None:
    """So many bytes; None where `closed` came first. Before the first one it `may_wait`."""
    whole = bytearray(count)
    view, got, last_s = memoryview(whole), 0, time.monotonic()
    while got < count:
        if closed():
            return None
        try:
            more = connection.recv_into(view[got:])
        except TimeoutError:
            stalled = time.monotonic() - last_s > STALLED_S
            if stalled and not (may_wait and got == 0):
                raise LinkBroken(f"stopped within a message, {got} of {count} bytes") from None
            continue
        except OSError as error:
            raise LinkBroken(error.strerror or type(error).__name__) from error
        if more == 0:
            raise LinkBroken("the peer hung up" + (" within a message" if got else ""))
        got, last_s = got + more, time.monotonic()
    return bytes(whole)


def _parsed(head: bytes) -> tuple[dict[str, Any], int]:
    try:
        header = MessageBase.parse_header(head)
    except (UnicodeDecodeError, struct.error) as error:
        raise LinkBroken("what comes is not OpenIGTLink") from error
    size = int(header["body_size"])
    known = header["header_version"] in _HEADER_VERSIONS
    if not known or not _TYPE_OF_MESSAGE.fullmatch(header["message_type"]):
        raise LinkBroken("what comes is not OpenIGTLink")
    if size > MAX_BODY_BYTES:
        raise LinkBroken(f"a message of {size} bytes is announced; no picture is so large")
    return header, size


def picture(message: Message) -> Picture:
    """Take an IMAGE message apart.

    Raises
    ------
    NotAPicture
        It is damaged, in colour, a volume, of a type that no C-arm gives, or malformed.
    """
    _check_sum(message)
    _check_byte_order(message)
    unpacked = ImageMessage()
    try:
        unpacked.unpack(message.header, message.body)
        image = unpacked.image
        matrix = np.asarray(unpacked.ijk_to_world_matrix, np.float64)[:3, :3]
    except _MALFORMED as error:
        raise NotAPicture(f"malformed ({type(error).__name__}: {error})") from error
    flat, axes = _flat(image)
    if flat.dtype.newbyteorder("=") not in (np.uint8, np.uint16, np.int16):
        raise NotAPicture(f"pixels of type {flat.dtype.name}; 8 or 16 bit whole numbers are read")
    pixels = flat.astype(flat.dtype.newbyteorder("="), copy=False)
    if _bytes_look_swapped(pixels):
        raise NotAPicture("its bytes look swapped; correct the byte order at the sender")
    along = matrix[:, axes].T
    lengths = np.hypot.reduce(along, axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        directions = along / lengths[:, None]
    number = _frame_number(unpacked.metadata)
    spacing = (float(lengths[1]), float(lengths[0]))
    return Picture(read_only(pixels), spacing, directions, unpacked.world_coordinate_system, number)


def _check_sum(message: Message) -> None:
    """Pixels have no code that damage could break: only the checksum tells that they are theirs."""
    if message.checksum and crc64.ecma_182(message.body) != message.checksum:
        raise NotAPicture("damaged on its way: its checksum does not hold")


def _check_byte_order(message: Message) -> None:
    start = 0 if message.header["header_version"] == 1 else _EXTENDED_HEADER_BYTES
    content = message.body[start : start + _IMAGE_HEADER_BYTES]
    if len(content) < _IMAGE_HEADER_BYTES:
        raise NotAPicture(f"malformed: {len(message.body)} bytes")
    if content[4] not in (1, 2):
        raise NotAPicture(f"its byte order is {content[4]}; 1 is big endian, 2 is little endian")


def _flat(image: Array) -> tuple[Array, list[int]]:
    """The one plane of an image, and which axes of the matrix are its columns and its rows."""
    if image.ndim == 4:
        raise NotAPicture(f"in colour ({image.shape[3]} components); send one component")
    slices, rows, columns = image.shape
    if slices == 1 and rows > 1 and columns > 1:
        return image[0], [0, 1]
    # pyigtl sends a two-dimensional array so: as a volume that is one voxel wide.
    if columns == 1 and slices > 1 and rows > 1:
        return image[:, :, 0], [1, 2]
    raise NotAPicture(f"not one plane ({columns} x {rows} x {slices}); send single frames")


def _bytes_look_swapped(pixels: Array) -> bool:
    """Whether 10 or 12 bit values came with their bytes exchanged, whatever the header says.

    Then the low byte of every value is the high one of a number below 4096: never above 15.
    """
    if pixels.dtype == np.uint8:
        return False
    some = np.ascontiguousarray(pixels[::4, ::4]).view(np.uint16)
    low = some & 0xFF
    return bool(low.max() <= 0x0F and low.max() > 0 and some.max() > 0x0FFF)


def _frame_number(metadata: dict[str, str]) -> int | None:
    for key, value in metadata.items():
        plain = re.sub(r"[^a-z]", "", key.lower())
        if plain in _NUMBER_KEYS and re.fullmatch(r"\d{1,18}", value.strip()):
            return int(value)
    return None
