"""MQTT: the state as a retained message of a broker, which says so if LeakWatch dies."""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from threading import Event as Flag
from typing import TYPE_CHECKING, Any

import msgspec

from leakwatch.config import AlarmMqttSettings
from leakwatch.core.errors import needs_extra
from leakwatch.core.messages import text
from leakwatch.sinks.alarm_outputs.alarm_message import ALARM_SCHEMA, AlarmMessage, alarm_json

if TYPE_CHECKING:
    import paho.mqtt.client as mqtt

USER_VARIABLE, PASSWORD_VARIABLE = "LEAKWATCH_MQTT_USER", "LEAKWATCH_MQTT_PASSWORD"
# Delivered at least once: the broker confirms each message.
_AT_LEAST_ONCE = 1


class BrokerRefused(Exception):
    """Refusal of the connection or the message by the broker."""


class MqttOutput:
    """Client of an MQTT broker.

    Parameters
    ----------
    settings : AlarmMqttSettings
    send_s : float
        Maximum time to connect, and for the broker to confirm a message.

    Raises
    ------
    MissingExtraError
        The extra `mqtt` is not installed.
    """

    def __init__(self, settings: AlarmMqttSettings, send_s: float) -> None:
        with needs_extra("mqtt", text("an MQTT output")):
            import paho.mqtt.client  # noqa: F401
        self._settings, self._send_s = settings, send_s
        self._client: mqtt.Client | None = None

    def connect(self) -> None:
        """Connect, and wait until the broker accepts."""
        import paho.mqtt.client as mqtt
        from paho.mqtt.enums import CallbackAPIVersion

        settings = self._settings
        client = mqtt.Client(CallbackAPIVersion.VERSION2)
        self._client = client
        client.connect_timeout = self._send_s
        user = os.environ.get(USER_VARIABLE)
        if user:
            client.username_pw_set(user, os.environ.get(PASSWORD_VARIABLE))
        if settings.tls:
            client.tls_set()
        lost = msgspec.json.encode({"schema": ALARM_SCHEMA, "kind": "lost", "level": "UNKNOWN"})
        client.will_set(settings.topic, lost, _AT_LEAST_ONCE, retain=True)
        answered, refused = Flag(), []

        def on_connect(_client: Any, _data: Any, _flags: Any, code: Any, _properties: Any) -> None:
            if code.is_failure:
                refused.append(str(code))
            answered.set()

        client.on_connect = on_connect
        client.connect(settings.host, settings.port, settings.keep_alive_s)
        client.loop_start()
        if not answered.wait(self._send_s):
            raise TimeoutError
        if refused:
            raise BrokerRefused(refused[0])

    def send(self, message: AlarmMessage) -> None:
        """Publish a message, and wait until the broker confirms it."""
        client = self._client
        if client is None or not client.is_connected():
            raise ConnectionError
        told = client.publish(
            self._settings.topic, alarm_json(message), _AT_LEAST_ONCE, retain=True
        )
        told.wait_for_publish(self._send_s)
        if not told.is_published():
            raise TimeoutError

    def disconnect(self) -> None:
        """Give up the connection; the broker then publishes that it was lost."""
        client, self._client = self._client, None
        if client is not None:
            client.on_connect = None
            connection: Any = client.socket()
            if connection is not None:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            client.loop_stop()

    def close(self) -> None:
        """Leave the broker as it is: the last message said that the session ends."""
        client, self._client = self._client, None
        if client is not None:
            client.disconnect()
            client.loop_stop()
