"""Alarm outputs that the settings ask for."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from leakwatch.config import Settings
from leakwatch.sinks.alarm_outputs.alarm_worker import AlarmReceiver, AlarmWorker
from leakwatch.sinks.alarm_outputs.http_output import HttpOutput
from leakwatch.sinks.alarm_outputs.mqtt_output import MqttOutput
from leakwatch.sinks.alarm_outputs.openigtlink_output import OpenIgtlinkOutput
from leakwatch.sinks.alarm_outputs.plane_feeds import PlaneFeed
from leakwatch.sinks.alarm_outputs.serial_output import SerialOutput


def open_alarm_outputs(
    settings: Settings, clock: Callable[[], float] = time.monotonic, planes: int = 1
) -> tuple[AlarmWorker, ...]:
    """Start the alarm outputs that the settings ask for; none by default.

    A receiver need not be there: it is tried again and again.

    Parameters
    ----------
    settings : Settings
    clock : callable
        Monotonic seconds, the same as that of the session.
    planes : int
        Planes that feed each of them.

    Raises
    ------
    MissingExtraError
        A library that one needs is not installed.
    """
    send_s = settings.alarm_outputs.send_s
    receivers: list[tuple[str, AlarmReceiver, bool]] = []
    if settings.alarm_openigtlink.port:
        server = OpenIgtlinkOutput(settings.alarm_openigtlink, send_s)
        receivers.append(("OpenIGTLink", server, True))
    if settings.alarm_mqtt.host:
        receivers.append(("MQTT", MqttOutput(settings.alarm_mqtt, send_s), False))
    if settings.alarm_http.url:
        receivers.append(("HTTP", HttpOutput(settings.alarm_http, send_s), False))
    if settings.alarm_serial.port:
        receivers.append(("serial", SerialOutput(settings.alarm_serial, send_s), False))
    return tuple(
        AlarmWorker(name, receiver, settings, every, clock, planes)
        for name, receiver, every in receivers
    )


def close_alarm_outputs(workers: Sequence[AlarmWorker | PlaneFeed], timeout_s: float) -> None:
    """End alarm outputs that no session uses. Does not raise."""
    for worker in workers:
        with suppress(Exception):
            worker.close(timeout_s)
