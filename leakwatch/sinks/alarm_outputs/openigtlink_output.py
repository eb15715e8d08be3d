"""OpenIGTLink server, to which 3D Slicer connects: level and distance as texts, and the frame."""

from __future__ import annotations

import selectors
import socket
import time
from contextlib import suppress

from leakwatch.config import AlarmOpenIgtlinkSettings
from leakwatch.core.errors import needs_extra
from leakwatch.core.messages import text
from leakwatch.core.results import Level
from leakwatch.display.quantities import wall_distance_text
from leakwatch.sinks.alarm_outputs.alarm_message import AlarmMessage, MessageKind, alarm_json

STATUS, LEVEL, DISTANCE = "LeakWatch_Status", "LeakWatch_Level", "LeakWatch_Distance"
ALARM, IMAGE = "LeakWatch_Alarm", "LeakWatch_Image"
# Codes of the protocol: OK, emergency, device not ready, shut down.
_OK, _EMERGENCY, _NOT_READY, _SHUT_DOWN = 1, 3, 13, 19
STATUS_CODES = {
    Level.CLEAR: _OK,
    Level.WATCH: _OK,
    Level.STOP: _EMERGENCY,
    Level.UNKNOWN: _NOT_READY,
}
_PIECE_BYTES = 1 << 16


class OpenIgtlinkOutput:
    """Server that sends each message to all clients; a client that hangs is disconnected.

    Parameters
    ----------
    settings : AlarmOpenIgtlinkSettings
    send_s : float
        Maximum time for a client to accept a message.

    Raises
    ------
    MissingExtraError
        The extra `igtl` is not installed.
    """

    def __init__(self, settings: AlarmOpenIgtlinkSettings, send_s: float) -> None:
        with needs_extra("igtl", text("an OpenIGTLink output")):
            import leakwatch.sinks.alarm_outputs.igtl_packing  # noqa: F401
        self._settings, self._send_s = settings, send_s
        self._listener: socket.socket | None = None
        self._clients: list[socket.socket] = []
        self._gone: list[socket.socket] = []

    @property
    def port(self) -> int:
        """Port on which it listens."""
        return 0 if self._listener is None else int(self._listener.getsockname()[1])

    def connect(self) -> None:
        """Listen."""
        address = (self._settings.host, self._settings.port)
        self._listener = socket.create_server(address, backlog=self._settings.max_clients)
        self._listener.setblocking(False)

    def send(self, message: AlarmMessage) -> None:
        """Send a message to all clients, those that came meanwhile included."""
        self._accept()
        if self._clients:
            self._send_to_all(self._packed(message))

    def disconnect(self) -> None:
        """Disconnect the clients, and do not listen any more."""
        for client in self._clients:
            client.close()
        self._clients = []
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    close = disconnect

    def _packed(self, message: AlarmMessage) -> bytes:
        from leakwatch.sinks.alarm_outputs.igtl_packing import (
            pack_image,
            pack_status,
            pack_string,
        )

        time_s = message.time_s or 0.0
        ended = message.kind is MessageKind.END
        code = _SHUT_DOWN if ended else STATUS_CODES[message.level]
        distance = ""
        if message.distance_mm is not None:
            distance = str(wall_distance_text(message.distance_mm, message.distance_sigma_mm))
        parts = [
            pack_status(STATUS, code, message.level.value, str(message.words), time_s),
            pack_string(LEVEL, message.level.value, time_s),
            pack_string(DISTANCE, distance, time_s),
            pack_string(ALARM, alarm_json(message).decode(), time_s),
        ]
        new = message.kind is MessageKind.CHANGE
        if self._settings.image and new and message.frame is not None:
            # Behind the texts: an image takes longer.
            pixels = message.frame.pixels
            parts.append(pack_image(IMAGE, pixels, message.mm_per_px, time_s))
        return b"".join(parts)

    def _accept(self) -> None:
        assert self._listener is not None
        with suppress(BlockingIOError):
            while True:
                client, _ = self._listener.accept()
                if len(self._clients) >= self._settings.max_clients:
                    client.close()
                    continue
                client.setblocking(False)
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._clients.append(client)

    def _send_to_all(self, packed: bytes) -> None:
        """Send to all at once, so that one that hangs does not delay the others."""
        until_s = time.monotonic() + self._send_s
        left = {client: memoryview(packed) for client in self._clients}
        with selectors.DefaultSelector() as selector:
            for client in left:
                selector.register(client, selectors.EVENT_WRITE)
            while left and (rest_s := until_s - time.monotonic()) > 0.0:
                for key, _ in selector.select(rest_s):
                    assert isinstance(key.fileobj, socket.socket)
                    if self._send_piece(key.fileobj, left):
                        selector.unregister(key.fileobj)
        # Those that hang, and those that are gone; not before: a closed socket has no number.
        for client in (*left, *self._gone):
            self._drop(client)
        self._gone.clear()

    def _send_piece(self, client: socket.socket, left: dict[socket.socket, memoryview]) -> bool:
        """Send what the client accepts; return whether it has all, or is gone."""
        try:
            sent = client.send(left[client][:_PIECE_BYTES])
            # Clients send questions about the protocol, which need no answer.
            with suppress(BlockingIOError):
                client.recv(_PIECE_BYTES)
        except BlockingIOError:
            return False
        except OSError:
            del left[client]
            self._gone.append(client)
            return True
        left[client] = left[client][sent:]
        if left[client]:
            return False
        del left[client]
        return True

    def _drop(self, client: socket.socket) -> None:
        client.close()
        self._clients.remove(client)
