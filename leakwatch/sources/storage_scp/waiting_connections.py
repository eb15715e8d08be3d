"""Connections without a complete request, which have no thread and hardly any memory.

A peer is accepted when its association request is complete (PS3.8 9.3.2). A peer that only
connects, or is slow, does not delay others.
"""

from __future__ import annotations

import selectors
import socket
import ssl
import struct
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from leakwatch.config import LiveDicomSettings
from leakwatch.core.messages import text

# Type, reserved, length (PS3.8 9.3.1), and position of the calling title in a request.
PDU_HEAD = struct.Struct(">BBL")
_REQUEST, _CALLING = 1, slice(26, 42)
# Association rejected: for now, by the provider of presentation, limit reached (PS3.8 9.3.4).
_REJECTED = bytes((3, 0, 0, 0, 0, 4, 0, 2, 3, 2))


@dataclass(eq=False, slots=True)
class PendingAssociation:
    """A connection whose request is incomplete, or just became complete.

    Parameters
    ----------
    connection : socket
    address : tuple
        Address of the peer, as returned by `socket.accept`.
    since_s : float
        When it connected, monotonic.
    agreed : bool
        TLS is agreed on, or there is none.
    request : bytearray
        Data received so far.
    """

    connection: socket.socket
    address: tuple[str, int]
    since_s: float
    agreed: bool
    request: bytearray = field(default_factory=bytearray)

    @property
    def host(self) -> str:
        """Address of the peer."""
        return self.address[0]

    @property
    def title(self) -> str:
        """Application entity title of the peer."""
        return bytes(self.request[_CALLING]).decode("ascii", "replace").strip()


class AssociationGate:
    """Connections until their request is complete. Used on one thread.

    Parameters
    ----------
    selector : BaseSelector
        Callers are registered with it, as `data`.
    settings : LiveDicomSettings
    tls : SSLContext or None
    known : callable
        Whether an object arrived from this address before: it is then refused last.
    refused : callable
        Told of who was not let in, and why.
    """

    def __init__(
        self,
        selector: selectors.BaseSelector,
        settings: LiveDicomSettings,
        tls: ssl.SSLContext | None,
        known: Callable[[str], bool],
        refused: Callable[[str], None],
    ) -> None:
        self._selector, self._settings, self._tls = selector, settings, tls
        self._known, self._refused = known, refused
        self._callers: dict[PendingAssociation, None] = {}  # in order of arrival

    def accept(self, connection: socket.socket, address: tuple[str, int], now_s: float) -> None:
        """Accept a connection; if too many wait, refuse one of the host with the most of them."""
        connection.setblocking(False)
        if self._tls is not None:
            connection = self._tls.wrap_socket(
                connection, server_side=True, do_handshake_on_connect=False
            )
        caller = PendingAssociation(connection, address, now_s, self._tls is None)
        self._callers[caller] = None
        self._selector.register(connection, selectors.EVENT_READ, caller)
        if len(self._callers) > self._settings.waiting_connections:
            self._refuse(self._least_likely(), text("too many connected without a request"))

    def receive(self, caller: PendingAssociation) -> bool:
        """Read available data; return whether the request is complete."""
        try:
            whole = self._is_whole(caller)
        except (ssl.SSLWantReadError, BlockingIOError):
            self._selector.modify(caller.connection, selectors.EVENT_READ, caller)
            return False
        except ssl.SSLWantWriteError:
            self._selector.modify(caller.connection, selectors.EVENT_WRITE, caller)
            return False
        except (OSError, ValueError) as error:
            why = _why(error) if isinstance(error, OSError) else str(error)
            # A port check disconnects at once, which is not reported.
            silent = isinstance(error, ConnectionError) or (caller.agreed and not caller.request)
            self._refuse(caller, "" if silent else why)
            return False
        if whole:
            self._forget(caller)
        return whole

    def expire(self, now_s: float) -> None:
        """Disconnect peers whose time is over."""
        for caller in list(self._callers):
            if now_s - caller.since_s < self._settings.handshake_s:
                return  # the following ones arrived later
            why = "" if caller.agreed else text("it does not speak TLS as is asked here (silence)")
            self._refuse(caller, why)

    def reject(self, caller: PendingAssociation) -> None:
        """Reply that there is no free slot, and disconnect."""
        with suppress(OSError):
            caller.connection.send(_REJECTED)
        _hang_up(caller.connection)

    def close(self) -> None:
        """Disconnect all peers."""
        for caller in list(self._callers):
            self._refuse(caller, "")

    def _is_whole(self, caller: PendingAssociation) -> bool:
        if not caller.agreed:
            assert isinstance(caller.connection, ssl.SSLSocket)
            caller.connection.do_handshake()
            caller.agreed = True
        while (missing := self._missing(caller)) > 0:
            piece = caller.connection.recv(missing)
            if not piece:
                raise ConnectionError("disconnected")
            caller.request += piece
        return True

    def _missing(self, caller: PendingAssociation) -> int:
        """Return the missing bytes of a request; it is checked as soon as its header is there."""
        missing = PDU_HEAD.size - len(caller.request)
        if missing > 0:
            return missing
        kind, _, length = PDU_HEAD.unpack_from(caller.request)
        if kind != _REQUEST or not _CALLING.stop <= PDU_HEAD.size + length:
            raise ValueError(text("it does not request a DICOM association"))
        if length > self._settings.protocol_bytes:
            raise ValueError(
                text(
                    "it announces a request of {length} bytes; the limit is {protocol_bytes}",
                    length=length,
                    protocol_bytes=self._settings.protocol_bytes,
                )
            )
        return int(missing + length)

    def _least_likely(self) -> PendingAssociation:
        """Return the oldest connection of the host with the most; of a known host last."""
        count = Counter(caller.host for caller in self._callers)
        return max(
            self._callers,
            key=lambda one: (not self._known(one.host), count[one.host], -one.since_s),
        )

    def _refuse(self, caller: PendingAssociation, why: str) -> None:
        self._forget(caller)
        _hang_up(caller.connection)
        if why:
            self._refused(text("a client at {host} was refused: {why}", host=caller.host, why=why))

    def _forget(self, caller: PendingAssociation) -> None:
        self._callers.pop(caller, None)
        with suppress(KeyError, ValueError):
            self._selector.unregister(caller.connection)


def _hang_up(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()


def _why(error: OSError) -> str:
    reason = getattr(error, "reason", None) or type(error).__name__
    if reason == "PEER_DID_NOT_RETURN_A_CERTIFICATE":
        return text("it shows no certificate")
    if "CERTIFICATE" in reason:
        return text("its certificate is not one of ours ({reason})", reason=reason)
    return text("it does not speak TLS as is asked here ({reason})", reason=reason)
