"""HTTP hook: each message as JSON by POST."""

from __future__ import annotations

import os
from typing import Any

from leakwatch.config import AlarmHttpSettings
from leakwatch.core.errors import needs_extra
from leakwatch.core.messages import text
from leakwatch.sinks.alarm_outputs.alarm_message import AlarmMessage, alarm_json

TOKEN_VARIABLE = "LEAKWATCH_HTTP_TOKEN"
_OK = range(200, 300)


class HttpRefused(Exception):
    """The server answered, but did not take the message."""


class HttpOutput:
    """Client of an HTTP server.

    Parameters
    ----------
    settings : AlarmHttpSettings
    send_s : float
        Maximum time to connect, and to wait for an answer.

    Raises
    ------
    MissingExtraError
        The extra `net` is not installed.
    """

    def __init__(self, settings: AlarmHttpSettings, send_s: float) -> None:
        with needs_extra("net", text("an HTTP output")):
            import requests  # noqa: F401
        self._settings, self._send_s = settings, send_s
        self._session: Any = None

    def connect(self) -> None:
        """Begin a session; the server is asked with the first message."""
        import requests

        self._session = requests.Session()
        self._session.headers["Content-Type"] = "application/json"
        token = os.environ.get(TOKEN_VARIABLE, "")
        if token:
            self._session.headers["Authorization"] = f"Bearer {token}"

    def send(self, message: AlarmMessage) -> None:
        """Post a message."""
        answer = self._session.post(
            self._settings.url,
            data=alarm_json(message),
            timeout=self._send_s,
            allow_redirects=False,  # the message is for this address
            stream=True,  # what is said beside the status is not waited for
        )
        with answer:
            if answer.status_code not in _OK:
                raise HttpRefused(answer.status_code)
            # Read, if it is short, so that the connection can be used again.
            answer.raw.read(1024)

    def disconnect(self) -> None:
        """End the session."""
        if self._session is not None:
            self._session.close()
            self._session = None

    close = disconnect
