"""The listening end of DICOM over the network: who may connect, by TLS or without."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from typing import Any, cast

from pynetdicom.ae import ApplicationEntity
from pynetdicom.transport import ThreadedAssociationServer

# A peer that lost its power is found out after 5 + 3 * 3 s without an answer of its system.
_KEEP_ALIVE = {"TCP_KEEPIDLE": 5, "TCP_KEEPINTVL": 3, "TCP_KEEPCNT": 3}


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
        super().__init__(*arguments, **keywords)

    def verify_request(self, request: Any, client_address: Any) -> bool:
        """Whether the client's address is allowed."""
        host = client_address[0]
        if self._admits(host):
            return True
        self._refused(f"a connection from {host} was refused: it is not in allow_host")
        return False

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Agree on TLS, then let pynetdicom speak."""
        _keep_alive(request)
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


def _keep_alive(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
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
