"""Settings of the outputs that pass alarms to other devices and programs; all off by default."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from leakwatch.config.ranges import within

# Longer would not fit into the name of an OpenIGTLink device.
Label = Annotated[str, msgspec.Meta(max_length=20)]
Address = Annotated[str, msgspec.Meta(max_length=2048)]
LevelName = Literal["CLEAR", "WATCH", "STOP", "UNKNOWN"]
WebAddress = Annotated[str, msgspec.Meta(pattern=r"^(https?://[^\s@/]+(/\S*)?)?$", max_length=2048)]
# Bytes of a relay's command, such as A0 01 01 A2.
HexBytes = Annotated[str, msgspec.Meta(pattern=r"^\s*([0-9A-Fa-f]{2}\s*){1,64}$")]


class AlarmOutputSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Settings that all alarm outputs have in common.

    Nothing of the patient is sent: level, reasons, distance, and times since the start.

    Parameters
    ----------
    label : str
        Sent with each message, such as the name of the room; empty: none.
    heartbeat_s : float
        Without a change, the state is sent again after this time, s: a receiver that hears nothing
        for three times as long knows that the output is dead, not calm.
    send_s : float
        Maximum time for a receiver to accept a message, s; it then counts as failed. A person
        reacts to an alarm within about a second.
    back_off_s : float
        A failed receiver is tried again after this time, s, then after twice as long, and so on.
    max_back_off_s : float
        Up to this time, s: a device that is switched on again is found soon.
    queue_messages : int
        Messages that may wait for a slow receiver; if there are more, the oldest are dropped.
    """

    label: Label = ""
    heartbeat_s: Annotated[float, within(0.05, 60.0)] = 1.0
    send_s: Annotated[float, within(0.1, 30.0)] = 1.0
    back_off_s: Annotated[float, within(0.01, 30.0)] = 0.5
    max_back_off_s: Annotated[float, within(0.01, 300.0)] = 5.0
    queue_messages: Annotated[int, within(1, 1000)] = 8


class AlarmOpenIgtlinkSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """OpenIGTLink server, to which 3D Slicer and other clients connect.

    Parameters
    ----------
    port : int
        0: off. 18944 is the usual one.
    host : str
        Address of this computer on which it listens: ``127.0.0.1`` for clients on the same one
        only; ``0.0.0.0`` for all networks, which then see the alarms.
    image : bool
        Also send each frame. Pixels are data of the patient, and may show names.
    max_clients : int
        Further clients are refused: each costs the time to send it an image.
    """

    port: Annotated[int, within(0, 65535)] = 0
    host: Address = "127.0.0.1"
    image: bool = False
    max_clients: Annotated[int, within(1, 32)] = 4


class AlarmMqttSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """MQTT broker. User and password come from LEAKWATCH_MQTT_USER and LEAKWATCH_MQTT_PASSWORD.

    Parameters
    ----------
    host : str
        Empty: off.
    port : int
        1883 without TLS, 8883 with TLS.
    tls : bool
        Encrypt, and verify the certificate of the broker.
    topic : str
        The state is a retained message there, so that who subscribes late has it at once.
    keep_alive_s : int
        If the program dies, the broker says so after 1.5 times this, s.
    """

    host: Address = ""
    port: Annotated[int, within(1, 65535)] = 1883
    tls: bool = False
    topic: Annotated[str, msgspec.Meta(pattern=r"^[^#+\x00]{1,200}$")] = "leakwatch/alarm"
    keep_alive_s: Annotated[int, within(1, 600)] = 2


class AlarmHttpSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """HTTP hook. The value of LEAKWATCH_HTTP_TOKEN is sent as bearer token.

    Parameters
    ----------
    url : str
        Receives each message by POST, as JSON; empty: off. Without user and password.
    """

    url: WebAddress = ""


class AlarmSerialSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Serial port or USB relay, for a lamp.

    Parameters
    ----------
    port : str
        Such as ``/dev/ttyUSB0``; empty: off.
    baud : int
        Bits per second, as the relay needs them.
    on_hex, off_hex : str
        Commands to the relay, in hexadecimal bytes: those of the common one-channel USB relay.
    on_levels : tuple of str
        Levels at which the lamp is on. With UNKNOWN, it is also on while nothing is monitored.
    """

    port: Address = ""
    baud: Annotated[int, within(300, 4_000_000)] = 9600
    on_hex: HexBytes = "A0 01 01 A2"
    off_hex: HexBytes = "A0 01 00 A1"
    on_levels: tuple[LevelName, ...] = ("STOP",)
