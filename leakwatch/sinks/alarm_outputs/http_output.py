"""HTTP hook: each message as JSON by POST."""

from __future__ import annotations

import os
import socket
from contextlib import closing, suppress
from http.client import HTTPConnection, HTTPSConnection
from threading import Timer
from urllib.parse import urlsplit

from leakwatch.config import AlarmHttpSettings
from leakwatch.sinks.alarm_outputs.alarm_message import AlarmMessage, alarm_json

TOKEN_VARIABLE = "LEAKWATCH_HTTP_TOKEN"
_OK = range(200, 300)


class HttpRefused(Exception):
    """Answer of a server that did not take the message."""


class HttpOutput:
    """Client of an HTTP server, with a connection for each message.

    The server may have closed a connection that was kept, and the message that shows this would be
    the STOP. The library `requests` is not used: its limit of time begins anew with each byte, so
    that a server that answers slowly would hold up the next alarm for ever.

    Parameters
    ----------
    settings : AlarmHttpSettings
    send_s : float
        Maximum time to connect, and then for the whole answer.
    """

    def __init__(self, settings: AlarmHttpSettings, send_s: float) -> None:
        self._address, self._send_s = urlsplit(settings.url), send_s

    def connect(self) -> None:
        """Do nothing: each message has its own connection."""

    def send(self, message: AlarmMessage) -> None:
        """Post a message."""
        address = self._address
        kind = HTTPSConnection if address.scheme == "https" else HTTPConnection
        assert address.hostname is not None
        with closing(kind(address.hostname, address.port, timeout=self._send_s)) as connection:
            connection.connect()
            overdue = Timer(self._send_s, _cut, (connection,))
            overdue.daemon = True
            overdue.start()
            try:
                connection.request("POST", self._target(), alarm_json(message), _headers())
                status = connection.getresponse().status
            finally:
                overdue.cancel()
        if status not in _OK:
            raise HttpRefused(status)

    def disconnect(self) -> None:
        """Do nothing: no connection is kept."""

    close = disconnect

    def _target(self) -> str:
        query = f"?{self._address.query}" if self._address.query else ""
        return f"{self._address.path or '/'}{query}"


def _headers() -> dict[str, str]:
    headers = {"Content-Type": "application/json", "Connection": "close"}
    token = os.environ.get(TOKEN_VARIABLE, "")
    return headers | {"Authorization": f"Bearer {token}"} if token else headers


def _cut(connection: HTTPConnection) -> None:
    """End a connection that takes too long; whoever waits for it gets an error."""
    with suppress(OSError, AttributeError):  # it has ended meanwhile
        connection.sock.shutdown(socket.SHUT_RDWR)
