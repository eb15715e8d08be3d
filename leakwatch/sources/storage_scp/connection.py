"""An open DICOM connection that reads protocol data units of limited length."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable
from contextlib import suppress

from pynetdicom.association import Association
from pynetdicom.transport import AssociationSocket

from leakwatch.config import LiveDicomSettings
from leakwatch.core.messages import text
from leakwatch.sources.storage_scp.dimse_messages import Messages
from leakwatch.sources.storage_scp.waiting_connections import PDU_HEAD

# Room is made in pieces of this size: one takes 0.1 ms, and an image of 2 MB needs two.
_PIECE_BYTES = 1 << 20
# Kinds of units (PS3.8 9.3.1): those that carry data, the request, and the others, all short.
_REQUEST, _DATA, _KINDS = 1, 4, range(1, 8)
_SHORT_BYTES = 64
_AT_ONCE = struct.pack("ii", 1, 0)  # SO_LINGER: on, no seconds
# The association is aborted by this end, without a reason (PS3.8 9.3.8).
_ABORT = bytes((7, 0, 0, 0, 0, 4, 0, 0, 0, 0))


class StoreConnection(AssociationSocket):
    """A socket whose association request has been read already.

    pynetdicom reads 4096 bytes at a time. After each read the thread waits for the interpreter
    lock: with an image of 2 MB that is 512 times. It also allocates memory for any announced
    length.

    Parameters
    ----------
    association : Association
    connection : socket
    request : bytes
        What was read of it.
    settings : LiveDicomSettings
    pause_s : callable
        Wait before the next unit is read, so that unknown senders do not delay others.
    refused : callable
        Told why the peer was cut off.
    """

    def __init__(
        self,
        association: Association,
        connection: socket.socket,
        request: bytes,
        settings: LiveDicomSettings,
        pause_s: Callable[[], float],
        refused: Callable[[str], None],
    ) -> None:
        super().__init__(association, client_socket=connection)
        self._request, self._inside = memoryview(request), False
        self._is_cut = self._sends_on = False
        self._settings, self._pause_s, self._refused = settings, pause_s, refused

    @property
    def ready(self) -> bool:
        """Return whether there are data to read."""
        return bool(self._request) or super().ready

    def recv(self, nr_bytes: int) -> bytearray:
        """Read the header or the body of a unit; less if the peer disconnected or was disconnected.

        A header that announces too much ends the connection: nothing is read or allocated.
        """
        if self._is_cut:
            return bytearray()
        if self._inside:
            self._inside = False
            return self._taken(nr_bytes)
        time.sleep(self._pause_s())
        header = self._taken(nr_bytes)
        if len(header) < PDU_HEAD.size:
            return header
        kind, _, length = PDU_HEAD.unpack(header)
        if kind not in _KINDS:
            self.cut(
                text(
                    "it sends data that are not a DICOM protocol data unit (kind {kind})", kind=kind
                )
            )
            return bytearray()
        if length > self._longest(kind):
            self.cut(
                text(
                    "it announces {length} bytes; the limit is {maximum}",
                    length=length,
                    maximum=self._longest(kind),
                )
            )
            return bytearray()
        self._inside = True
        return header

    def cut(self, why: str = "") -> None:
        """Abort and close the connection, which ends the reading thread.

        An abort through pynetdicom waits for that thread, and it may wait for the peer.

        Parameters
        ----------
        why : str
            What the peer did; it may go on to. Empty where it did nothing wrong.
        """
        connection = self.socket
        if connection is None or self._is_cut:
            return
        self._is_cut, self._sends_on = True, bool(why)
        with suppress(OSError, ValueError):
            connection.settimeout(0.0)
            connection.send(_ABORT)
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
        if why:
            self._refused(why)

    def _longest(self, kind: int) -> int:
        longest = {_REQUEST: self._settings.protocol_bytes, _DATA: self._settings.pdu_bytes}
        return longest.get(kind, _SHORT_BYTES)

    def _taken(self, count: int) -> bytearray:
        if self._request:
            taken = bytearray(self._request[:count])
            self._request = self._request[count:]
            return taken
        return received(self, count)

    def _shutdown_socket(self) -> None:
        """Close the socket, in whatever way the connection ends.

        pynetdicom leaves a socket open that was shut down before: what the peer sends then is kept.
        """
        connection = self.socket
        if connection is not None and self._sends_on:
            with suppress(OSError):  # without this the system waits for a peer that sends on
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        super()._shutdown_socket()
        if connection is not None:
            connection.close()
        if isinstance(self.assoc.dimse, Messages):
            self.assoc.dimse.abandon()


def received(connection: AssociationSocket, count: int) -> bytearray:
    """Return exactly `count` bytes; fewer if the peer disconnected.

    Memory grows with the received and not with the announced length: while 4 GB are allocated no
    other thread of the process runs, including the display.
    """
    content, at = bytearray(), 0
    while at < count and connection.socket is not None:
        if at == len(content):
            content.extend(bytes(min(count - at, _PIECE_BYTES)))
        with memoryview(content) as view:
            read = connection.socket.recv_into(view[at:])
        if not read:
            break
        at += read
    del content[at:]
    return content
