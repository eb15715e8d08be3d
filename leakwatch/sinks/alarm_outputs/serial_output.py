"""Serial port or USB relay, for a lamp that is on at STOP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leakwatch.config import AlarmSerialSettings
from leakwatch.core.errors import needs_extra
from leakwatch.core.messages import text
from leakwatch.sinks.alarm_outputs.alarm_message import AlarmMessage, MessageKind

if TYPE_CHECKING:
    import serial


class SerialOutput:
    """Relay behind a serial port; each message sends the command for its level again.

    Parameters
    ----------
    settings : AlarmSerialSettings
    send_s : float
        Maximum time for the port to accept a command.

    Raises
    ------
    MissingExtraError
        The extra `serial` is not installed.
    """

    def __init__(self, settings: AlarmSerialSettings, send_s: float) -> None:
        with needs_extra("serial", text("a serial output")):
            import serial  # noqa: F401
        self._settings, self._send_s = settings, send_s
        self._on, self._off = bytes.fromhex(settings.on_hex), bytes.fromhex(settings.off_hex)
        self._port: serial.Serial | None = None

    def connect(self) -> None:
        """Open the port."""
        import serial

        self._port = serial.Serial(
            self._settings.port, self._settings.baud, timeout=0.0, write_timeout=self._send_s
        )

    def send(self, message: AlarmMessage) -> None:
        """Switch the lamp; off at the end of the session."""
        assert self._port is not None
        ended = message.kind is MessageKind.END
        on = message.level.value in self._settings.on_levels and not ended
        self._port.write(self._on if on else self._off)

    def disconnect(self) -> None:
        """Close the port."""
        port, self._port = self._port, None
        if port is not None:
            port.close()

    close = disconnect
