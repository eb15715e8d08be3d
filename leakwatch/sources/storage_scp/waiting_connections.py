"""Connections that have not asked for anything yet: no thread, and hardly any memory, is theirs.

A peer is let in when its request for an association is there in full (PS3.8 9.3.2). One that only
connects, or is slow, holds up nobody.
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

# Type, reserved, length (PS3.8 9.3.1), and where the title of the caller lies in a request.
PDU_HEAD = struct.Struct(">BBL")
_REQUEST, _CALLING = 1, slice(26, 42)
# Association rejected: for now, by the provider of presentation, limit reached (PS3.8 9.3.4).
_REJECTED = bytes((3, 0, 0, 0, 0, 4, 0, 2, 3, 2))


@dataclass(eq=False, slots=True)
class Caller:
    """A connection whose request is not there yet, or just became whole.

    Parameters
    ----------
    connection : socket
    address : tuple
        Of the peer, as `socket.accept` gives it.
    since_s : float
        When it connected, monotonic.
    agreed : bool
        TLS is agreed on, or there is none.
    request : bytearray
        What came until now.
    """

    connection: socket.socket
    address: tuple[str, int]
    since_s: float
    agreed: bool
    request: bytearray = field(default_factory=bytearray)

    @property
    def host(self) -> str:
        """Where it is."""
        return self.address[0]

    @property
    def title(self) -> str:
        """What it calls itself."""
        return bytes(self.request[_CALLING]).decode("ascii", "replace").strip()


class Door:
    """Callers until their request is whole. Used on one thread.

    Parameters
    ----------
    selector : BaseSelector
        Callers are registered with it, as `data`.
    settings : LiveDicomSettings
    tls : SSLContext or None
    known : callable
        Whether something came from this address before: it goes last where too many wait.
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
        self._callers: dict[Caller, None] = {}  # in the order in which they came

    def knock(self, connection: socket.socket, address: tuple[str, int], now_s: float) -> None:
        """Take a connection; where too many wait, one of the host that has most of them goes."""
        connection.setblocking(False)
        if self._tls is not None:
            connection = self._tls.wrap_socket(
                connection, server_side=True, do_handshake_on_connect=False
            )
        caller = Caller(connection, address, now_s, self._tls is None)
        self._callers[caller] = None
        self._selector.register(connection, selectors.EVENT_READ, caller)
        if len(self._callers) > self._settings.waiting_connections:
            self._turn_away(self._least_likely(), "too many connected and asked for nothing")

    def hear(self, caller: Caller) -> bool:
        """Read what is there; whether its request is whole, so that it waits here no more."""
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
            # Whoever only tries whether somebody listens hangs up at once: none of our business.
            silent = isinstance(error, ConnectionError) or (caller.agreed and not caller.request)
            self._turn_away(caller, "" if silent else why)
            return False
        if whole:
            self._forget(caller)
        return whole

    def expire(self, now_s: float) -> None:
        """Hang up on those who had enough time."""
        for caller in list(self._callers):
            if now_s - caller.since_s < self._settings.handshake_s:
                return  # those behind it came later
            why = "" if caller.agreed else "it does not speak TLS as is asked here (silence)"
            self._turn_away(caller, why)

    def reject(self, caller: Caller) -> None:
        """Answer that there is no place now, and hang up."""
        with suppress(OSError):
            caller.connection.send(_REJECTED)
        _hang_up(caller.connection)

    def close(self) -> None:
        """Hang up on all."""
        for caller in list(self._callers):
            self._turn_away(caller, "")

    def _is_whole(self, caller: Caller) -> bool:
        if not caller.agreed:
            assert isinstance(caller.connection, ssl.SSLSocket)
            caller.connection.do_handshake()
            caller.agreed = True
        while (missing := self._missing(caller)) > 0:
            piece = caller.connection.recv(missing)
            if not piece:
                raise ConnectionError("hung up")
            caller.request += piece
        return True

    def _missing(self, caller: Caller) -> int:
        """Bytes until the request is whole; it is checked as soon as its head is there."""
        missing = PDU_HEAD.size - len(caller.request)
        if missing > 0:
            return missing
        kind, _, length = PDU_HEAD.unpack_from(caller.request)
        if kind != _REQUEST or not _CALLING.stop <= PDU_HEAD.size + length:
            raise ValueError("it does not ask for an association of DICOM")
        if length > self._settings.protocol_bytes:
            raise ValueError(
                f"it announces a request of {length} bytes; at most "
                f"{self._settings.protocol_bytes} are taken"
            )
        return int(missing + length)

    def _least_likely(self) -> Caller:
        """The oldest of the host that waits most often; of one that is known last."""
        count = Counter(caller.host for caller in self._callers)
        return max(
            self._callers,
            key=lambda one: (not self._known(one.host), count[one.host], -one.since_s),
        )

    def _turn_away(self, caller: Caller, why: str) -> None:
        self._forget(caller)
        _hang_up(caller.connection)
        if why:
            self._refused(f"a client at {caller.host} was refused: {why}")

    def _forget(self, caller: Caller) -> None:
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
        return "it shows no certificate"
    if "CERTIFICATE" in reason:
        return f"its certificate is not one of ours ({reason})"
    return f"it does not speak TLS as is asked here ({reason})"
