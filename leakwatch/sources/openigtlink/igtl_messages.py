"""OpenIGTLink protocol: messages from a socket, and images from messages.

pyigtl decodes the content of images. Its client is not used: it stores one message per device and
drops unread ones, does not detect that the peer disconnected, loses its position in the stream if a
header arrives in two parts, waits for any announced size, and ignores checksums. Nor is its parsing
of the other parts used: it loses an image if a device's name or the metadata are not ASCII, or if
an extended header is longer than it knows.
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
from pyigtl.messages import ImageMessage

from leakwatch.config import LiveIgtlSettings
from leakwatch.core.arrays import Array, PointArray, read_only
from leakwatch.core.messages import text
from leakwatch.sources.byte_order import bytes_look_swapped

# A socket is asked so often whether to go on, s: `close` takes effect within a second.
POLL_S = 0.2
# Room is made in pieces of this size: one takes 0.1 ms, and an image of 2 MB needs two.
_PIECE_BYTES = 1 << 20

# Header version, type, device, seconds and their fraction, size of the body, its checksum.
_HEADER = struct.Struct(">H12s20sIIQQ")
_FRACTIONS = 1 << 32  # of a second
_HEADER_VERSIONS = (1, 2, 3)
# From header version 2 on, in front of the content: its own size, which may be larger, those of the
# two parts of the metadata behind the content, and the message's number.
_EXTENDED_HEADER = struct.Struct(">HHII")
_METADATA_COUNT, _METADATA_ENTRY = struct.Struct(">H"), struct.Struct(">HHI")
_IMAGE_HEADER_BYTES = 72
# The largest flat detectors have 4096 pixels along a side; analysis makes room many times over.
_MOST_PIXELS = 4096 * 4096
_PICTURE = "IMAGE"
_TYPE_OF_MESSAGE = re.compile(r"[A-Z][A-Z0-9_]{0,11}")
# Names by which senders number their frames in the metadata, without case and punctuation.
_NUMBER_KEYS = ("framenumber", "frameindex", "frameid", "imagenumber", "instancenumber")
# pyigtl raises these for contents that it cannot take apart.
_MALFORMED = (
    ValueError, KeyError, IndexError, TypeError, OverflowError, NotImplementedError, struct.error,
)  # fmt: skip


class LinkBroken(Exception):
    """Connection that cannot be read any more."""


class UnusableImage(Exception):
    """An IMAGE message has no usable image."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message as received.

    Parameters
    ----------
    kind, device : str
        ``IMAGE`` and the like; the name that the sender gave the device.
    sent_s : float
        The sender's clock, seconds since 1970; 0.0 if not stated.
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
        """Number of the message; None if the sender does not count."""
        if self.header["header_version"] == 1 or len(self.body) < _EXTENDED_HEADER.size:
            return None
        return int(_EXTENDED_HEADER.unpack_from(self.body)[3]) or None


@dataclass(frozen=True, slots=True)
class ImageContent:
    """Content of an IMAGE message.

    Parameters
    ----------
    pixels : ndarray
        ``(rows, columns)``, uint8, uint16 or int16, native byte order, read-only.
    spacing_mm : (float, float)
        Of rows and columns, from the matrix: in an unknown plane.
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


def messages(
    connection: socket.socket,
    closed: Callable[[], bool],
    settings: LiveIgtlSettings | None = None,
) -> Iterator[Message]:
    """Yield every message that comes, until `closed`; of those that are no images no body.

    Parameters
    ----------
    connection : socket
        Its timeout is set here.
    closed : callable
        Asked every `POLL_S`.
    settings : LiveIgtlSettings or None

    Raises
    ------
    LinkBroken
        The peer disconnected, stalled within a message, or sends something else.
    """
    settings = settings or LiveIgtlSettings()
    reader = _Reader(connection, closed, settings.stalled_s)
    while True:
        head = reader.exactly(_HEADER.size, may_wait=True)
        if head is None:
            return
        header, size, checksum = _parsed(head)
        kind, device = header["message_type"], header["device_name"]
        is_picture = kind == _PICTURE
        most = settings.picture_bytes if is_picture else settings.other_bytes
        if size > most:
            raise LinkBroken(
                text(
                    "a message {kind} of {size} bytes is announced; the limit is {maximum}",
                    kind=kind,
                    size=size,
                    maximum=most,
                )
            )
        body = reader.exactly(size, kept=is_picture)
        if body is None:
            return
        yield Message(kind, device, header["timestamp"], header, body, time.monotonic(), checksum)


class _Reader:
    """Reader of bytes from a socket, with memory for received and not for announced bytes.

    Parameters
    ----------
    connection : socket
    closed : callable
    stalled_s : float
        Within one message no byte for longer is a broken link.
    """

    def __init__(
        self, connection: socket.socket, closed: Callable[[], bool], stalled_s: float
    ) -> None:
        connection.settimeout(POLL_S)
        self._connection, self._closed, self._stalled_s = connection, closed, stalled_s

    def exactly(self, count: int, may_wait: bool = False, kept: bool = True) -> bytes | None:
        """Return `count` bytes; None if `closed` was set first.

        Parameters
        ----------
        count : int
        may_wait : bool
            Before the first of them.
        kept : bool
            Else they are read, and nothing of them is given.
        """
        whole = bytearray(min(count, _PIECE_BYTES))
        got, last_s = 0, time.monotonic()
        while got < count:
            if self._closed():
                return None
            if kept and got == len(whole):
                whole.extend(bytes(min(count - got, _PIECE_BYTES)))
            at = got if kept else 0
            try:
                with memoryview(whole) as view:
                    more = self._connection.recv_into(view[at : at + count - got])
            except TimeoutError:
                stalled = time.monotonic() - last_s > self._stalled_s
                if stalled and not (may_wait and got == 0):
                    raise LinkBroken(
                        text(
                            "stopped within a message, {received} of {count} bytes",
                            received=got,
                            count=count,
                        )
                    ) from None
                continue
            except OSError as error:
                raise LinkBroken(error.strerror or type(error).__name__) from error
            if more == 0:
                raise LinkBroken("the peer disconnected" + (" within a message" if got else ""))
            got, last_s = got + more, time.monotonic()
        return bytes(whole) if kept else b""


def _parsed(head: bytes) -> tuple[dict[str, Any], int, int]:
    """Return the header in pyigtl's names, the size of the body, and its checksum."""
    version, kind, device, seconds, fraction, size, checksum = _HEADER.unpack(head)
    header = {
        "header_version": version,
        "message_type": _text(kind),
        "device_name": _text(device),
        "timestamp": seconds + fraction / _FRACTIONS,
        "body_size": size,
    }
    if version not in _HEADER_VERSIONS or not _TYPE_OF_MESSAGE.fullmatch(header["message_type"]):
        raise LinkBroken(text("the peer does not send OpenIGTLink"))
    return header, size, checksum


def _text(encoded: bytes) -> str:
    """Return text up to its padding in any encoding: a name must not cost an image."""
    try:
        text = encoded.decode("utf-8")
    except UnicodeDecodeError:
        text = encoded.decode("latin-1")
    return text.rstrip(" \t\r\n\0")


def decode_image(message: Message) -> ImageContent:
    """Decode an IMAGE message.

    Raises
    ------
    UnusableImage
        It is damaged, in colour, a volume, of an unsupported type, or malformed.
    """
    _check_sum(message)
    content, metadata = _parts(message)
    _check_byte_order(content)
    unpacked = ImageMessage()
    try:
        # As a message without extended header and metadata.
        unpacked.unpack(message.header | {"header_version": 1}, content)
        image = unpacked.image
        matrix = np.asarray(unpacked.ijk_to_world_matrix, np.float64)[:3, :3]
    except _MALFORMED as error:
        raise UnusableImage(
            text("malformed ({name}: {error})", name=type(error).__name__, error=str(error))
        ) from error
    flat, axes = _flat(image)
    if flat.dtype.newbyteorder("=") not in (np.uint8, np.uint16, np.int16):
        raise UnusableImage(
            text(
                "pixels of type {name}; only integers of 8 or 16 bits are supported",
                name=flat.dtype.name,
            )
        )
    if flat.size > _MOST_PIXELS:
        raise UnusableImage(
            text(
                "of {rows} rows and {columns} columns; too large",
                rows=flat.shape[0],
                columns=flat.shape[1],
            )
        )
    pixels = flat.astype(flat.dtype.newbyteorder("="), copy=False)
    if bytes_look_swapped(pixels):
        raise UnusableImage(text("its bytes look swapped; correct the byte order at the sender"))
    along = matrix[:, axes].T
    lengths = np.hypot.reduce(along, axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        directions = along / lengths[:, None]
    number = _frame_number(metadata)
    spacing = (float(lengths[1]), float(lengths[0]))
    return ImageContent(
        read_only(pixels), spacing, directions, unpacked.world_coordinate_system, number
    )


def _check_sum(message: Message) -> None:
    """Check the checksum, the only protection of pixels against damage."""
    if message.checksum and crc64.ecma_182(message.body) != message.checksum:
        raise UnusableImage(text("damaged in transit: its checksum is wrong"))


def _parts(message: Message) -> tuple[memoryview, dict[str, str]]:
    """Return the content of a message, and its metadata."""
    body = memoryview(message.body)
    if message.header["header_version"] == 1:
        return body, {}
    if len(body) < _EXTENDED_HEADER.size:
        raise UnusableImage(text("malformed: {body} bytes", body=len(body)))
    begin, head_bytes, text_bytes, _ = _EXTENDED_HEADER.unpack_from(body)
    end = len(body) - head_bytes - text_bytes
    if not _EXTENDED_HEADER.size <= begin <= end:
        raise UnusableImage(
            text(
                "malformed: of {body} bytes {header_bytes} are said to come before the content and "
                "{meta_bytes} after it",
                body=len(body),
                header_bytes=begin,
                meta_bytes=head_bytes + text_bytes,
            )
        )
    texts = end + head_bytes
    return body[begin:end], _metadata(body[end:texts].tobytes(), body[texts:].tobytes())


def _metadata(entries: bytes, texts: bytes) -> dict[str, str]:
    """Return names and values that can be read: the image does not depend on them."""
    if len(entries) < _METADATA_COUNT.size:
        return {}
    (count,) = _METADATA_COUNT.unpack_from(entries)
    found, at = {}, 0
    whole = (len(entries) - _METADATA_COUNT.size) // _METADATA_ENTRY.size
    for index in range(min(count, whole)):
        place = _METADATA_COUNT.size + index * _METADATA_ENTRY.size
        key_bytes, _, value_bytes = _METADATA_ENTRY.unpack_from(entries, place)
        middle = at + key_bytes
        found[_text(texts[at:middle])] = _text(texts[middle : middle + value_bytes])
        at = middle + value_bytes
    return found


def _check_byte_order(content: memoryview) -> None:
    if len(content) < _IMAGE_HEADER_BYTES:
        raise UnusableImage(text("malformed: {value} bytes", value=len(content)))
    if content[4] not in (1, 2):
        raise UnusableImage(
            text(
                "its byte order is {value}; 1 is big endian, 2 is little endian",
                value=content[4],
            )
        )


def _flat(image: Array) -> tuple[Array, list[int]]:
    """Return the plane of an image, and the matrix axes of its columns and rows."""
    if image.ndim == 4:
        raise UnusableImage(
            text("in colour ({shape} components); send one component", shape=image.shape[3])
        )
    slices, rows, columns = image.shape
    if slices == 1 and rows > 1 and columns > 1:
        return image[0], [0, 1]
    # pyigtl sends a two-dimensional array so: as a volume that is one voxel wide.
    if columns == 1 and slices > 1 and rows > 1:
        return image[:, :, 0], [1, 2]
    raise UnusableImage(
        text(
            "not one plane ({columns} x {rows} x {slices}); send single frames",
            columns=columns,
            rows=rows,
            slices=slices,
        )
    )


def _frame_number(metadata: dict[str, str]) -> int | None:
    for key, value in metadata.items():
        plain = re.sub(r"[^a-z]", "", key.lower())
        if plain in _NUMBER_KEYS and re.fullmatch(r"\d{1,18}", value.strip()):
            return int(value)
    return None
