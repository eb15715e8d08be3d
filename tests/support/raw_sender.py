"""A sender of DICOM made of bytes alone (PS3.8 9.3): it can break every rule of the protocol."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable
from contextlib import suppress

CONTEXT = 1
XA = "1.2.840.10008.5.1.4.1.1.12.1"
EXPLICIT = "1.2.840.10008.1.2.1"
REQUEST, ACCEPTED, REJECTED, DATA, RELEASE, RELEASED, ABORT = range(1, 8)
COMMAND, LAST = 1, 2
PATIENCE_S = 20.0


def unit(kind: int, content: bytes) -> bytes:
    """One unit of the protocol."""
    return struct.pack(">BBL", kind, 0, len(content)) + content


def item(kind: int, content: bytes) -> bytes:
    return struct.pack(">BBH", kind, 0, len(content)) + content


def request(title: str, more: bytes = b"") -> bytes:
    """Ask for an association in which XA may be stored."""
    context = struct.pack("BBBB", CONTEXT, 0, 0, 0)
    context += item(0x30, XA.encode()) + item(0x40, EXPLICIT.encode())
    user = item(0x51, struct.pack(">L", 1 << 17)) + item(0x52, b"1.2.3")
    items = item(0x10, b"1.2.840.10008.3.1.1.1") + item(0x20, context) + item(0x50, user) + more
    titles = b"LEAKWATCH".ljust(16) + title.encode().ljust(16)
    return unit(REQUEST, struct.pack(">HH", 1, 0) + titles + bytes(32) + items)


def data(content: bytes, control: int) -> bytes:
    """A unit with one part of a message."""
    return unit(DATA, struct.pack(">LBB", len(content) + 2, CONTEXT, control) + content)


def command(uid: str, field: int = 1, has_data: bool = True) -> bytes:
    """C-STORE of an object (PS3.7 9.3.1), or of another kind."""

    def element(number: int, value: bytes) -> bytes:
        value += b"\0" * (len(value) % 2)
        return struct.pack("<HHL", 0, number, len(value)) + value

    short = struct.Struct("<H").pack
    elements = element(0x0002, XA.encode()) + element(0x0100, short(field))
    elements += element(0x0110, short(7)) + element(0x0700, short(0))
    elements += element(0x0800, short(1 if has_data else 0x0101))
    elements += element(0x1000, uid.encode())
    return element(0, struct.pack("<L", len(elements))) + elements


def data_set(part_10: bytes) -> bytes:
    """What a file holds behind its meta information."""
    (length,) = struct.unpack_from("<L", part_10, 140)
    return part_10[144 + length :]


class RawSender:
    """A connection.

    Parameters
    ----------
    port : int
        Of the loopback.
    title : str
    host : str
        From where it sends; on Linux all of 127.0.0.0/8 are.
    """

    def __init__(self, port: int, title: str = "STRANGER", host: str = "127.0.0.1") -> None:
        self.title, self._count = title, 0
        address = ("127.0.0.1", port)
        self.connection = socket.create_connection(address, PATIENCE_S, (host, 0))
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def associate(self) -> int:
        """The kind of the answer: `ACCEPTED`, `REJECTED`, `ABORT`, or 0 for none."""
        self.send(request(self.title))
        return self.answer()[0]

    def store(self, content: bytes, part_bytes: int = 1 << 16) -> int | None:
        """Store a data set; the status of the answer, None where there is none."""
        self._count += 1
        self.send(data(command(f"1.2.3.{self._count}"), COMMAND | LAST))
        for at in range(0, len(content), part_bytes):
            last = LAST if at + part_bytes >= len(content) else 0
            self.send(data(content[at : at + part_bytes], last))
        kind, answer = self.answer()
        place = answer.find(struct.pack("<HHL", 0, 0x0900, 2))
        return struct.unpack_from("<H", answer, place + 8)[0] if kind == DATA else None

    def send(self, content: bytes) -> None:
        self.connection.sendall(content)

    def send_until_cut(self, piece: bytes, at_most: int) -> int:
        """Send the same again and again until the other end hangs up; how much was sent."""
        sent = 0
        with suppress(OSError):
            while sent < at_most:
                self.connection.sendall(piece)
                sent += len(piece)
        return sent

    def answer(self) -> tuple[int, bytes]:
        """The next unit that comes: its kind and content; 0 where the other end hung up."""
        head = self._exactly(6)
        if len(head) < 6:
            return 0, b""
        kind, _, length = struct.unpack(">BBL", head)
        return kind, self._exactly(length)

    def is_cut(self) -> bool:
        """Whether the other end hangs up, with an abort or without."""
        while True:
            kind, _ = self.answer()
            if kind in (0, ABORT):
                return True

    def close(self) -> None:
        self.connection.close()

    def __enter__(self) -> RawSender:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _exactly(self, count: int) -> bytes:
        got = b""
        with suppress(ConnectionError):
            while len(got) < count:
                piece = self.connection.recv(count - len(got))
                if not piece:
                    break
                got += piece
        return got


def wait_until(done: Callable[[], object], what: str) -> None:
    """Wait for what another thread does."""
    end_s = time.monotonic() + PATIENCE_S
    while not done():
        assert time.monotonic() < end_s, what
        time.sleep(0.005)
