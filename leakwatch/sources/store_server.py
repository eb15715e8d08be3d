"""The listening end of DICOM over the network: who may connect, by TLS or without."""

from __future__ import annotations

import functools
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from typing import Any, cast

from pynetdicom.ae import ApplicationEntity
from pynetdicom.association import Association
from pynetdicom.transport import AssociationSocket, RequestHandler, ThreadedAssociationServer

# A peer that lost its power is found out after 5 + 3 * 3 s without an answer of its system.
_KEEP_ALIVE = {"TCP_KEEPIDLE": 5, "TCP_KEEPINTVL": 3, "TCP_KEEPCNT": 3}
# Room is made in pieces of this size: one takes 0.1 ms, and a picture of 2 MB needs two.
_PIECE_BYTES = 1 << 20


class _Handler(RequestHandler):
    """Reads from the network in as large pieces as there are.

    pynetdicom reads 4096 bytes at a time. After each the thread waits for its turn among the others
    of the process: with a picture of 2 MB that is 512 times.
    """

    def _create_association(self) -> Association:
        association = super()._create_association()
        connection = association.dul.socket
        if connection is not None:
            connection.recv = functools.partial(_received, connection)  # type: ignore[method-assign]
        return association


class StoreServer(ThreadedAssociationServer):
    """Accepts connections; TLS is agreed on in the connection's own thread.

    A client that is silent, or speaks no TLS, holds up nobody else.

    Parameters
    ----------
    *arguments, **keywords : object
        Of `ThreadedAssociationServer`.
    tls : SSLContext or None
    handshake_s : float
        A client has so long to agree on TLS, s.
    admits : callable
        Whether a machine at this address may connect.
    refused : callable
        Told of who was not let in, and why.
    """

    daemon_threads = True

    def __init__(
        self,
        *arguments: Any,
        tls: ssl.SSLContext | None,
        handshake_s: float,
        admits: Callable[[str], bool],
        refused: Callable[[str], None],
        **keywords: Any,
    ) -> None:
        self._tls, self._handshake_s = tls, handshake_s
        self._admits, self._refused = admits, refused
        super().__init__(*arguments, **(keywords | {"request_handler": _Handler}))

    def hang_up(self) -> None:
        """Cut all connections; each of their threads finds out and ends by itself.

        An abort from here is wrong where a client has connected and not spoken yet.
        """
        for association in self.active_associations:
            connection = association.dul.socket
            if connection is not None and connection.socket is not None:
                with suppress(OSError):  # the client hung up first
                    connection.socket.shutdown(socket.SHUT_RDWR)

    def service_actions(self) -> None:
        """Nothing: pynetdicom collects garbage here, which stops every thread for some 50 ms."""

    def verify_request(self, request: Any, client_address: Any) -> bool:
        """Whether the client's address is allowed."""
        host = client_address[0]
        if self._admits(host):
            return True
        self._refused(f"a connection from {host} was refused: it is not in allow_host")
        return False

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Agree on TLS, then let pynetdicom speak."""
        _tune(request)
        if self._tls is not None:
            try:
                request.settimeout(self._handshake_s)
                request = self._tls.wrap_socket(request, server_side=True)
                request.settimeout(None)
            except (OSError, ValueError) as error:
                self._refused(f"a client at {client_address[0]} was refused: {_why(error)}")
                self.shutdown_request(request)
                return
        super().process_request_thread(request, client_address)


def make_server(
    entity: ApplicationEntity, address: tuple[str, int], **keywords: Any
) -> StoreServer:
    """Bind, and begin to listen.

    Raises
    ------
    OSError
        The port is taken, or the address is none of this machine.
    """
    server = cast(StoreServer, entity.make_server(address, server_class=StoreServer, **keywords))
    entity._servers.append(server)  # it takes itself off this list when it is shut down
    return server


def _received(connection: AssociationSocket, count: int) -> bytearray:
    """Return exactly `count` bytes; fewer where the peer hung up.

    Memory grows with what came, and not with what was announced: ten bytes can announce 4 GB, and
    while those are made no other thread of the process runs, the display's included.
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


def _tune(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # answers go out at once
    for name, value in _KEEP_ALIVE.items():
        option = getattr(socket, name, None)  # not every system has all of them
        if option is not None:
            connection.setsockopt(socket.IPPROTO_TCP, option, value)


def _why(error: Exception) -> str:
    reason = getattr(error, "reason", None) or type(error).__name__
    if reason == "PEER_DID_NOT_RETURN_A_CERTIFICATE":
        return "it shows no certificate"
    if "CERTIFICATE" in reason:
        return f"its certificate is not one of ours ({reason})"
    return f"it does not speak TLS as is asked here ({reason})"
