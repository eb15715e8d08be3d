"""A session whose alarms go to real receivers, which are late, die and hang.

Whatever they do, the session shows STOP in time, and they get it when they are back.
"""

from __future__ import annotations

import json
import os
import pty
import socket
import tty
from contextlib import contextmanager, suppress
from threading import Event as Flag
from threading import Thread

import msgspec
import paho.mqtt.client as mqtt
import pyigtl
import pytest
from alarm_receivers import QUICK, HttpPeer, Mosquitto, answers, free_port, quick_settings, wait_for
from injection import FRAMES, STOPPED, frames
from live_room import PATIENCE_S, Room
from paho.mqtt.enums import CallbackAPIVersion

from leakwatch.config import (
    AlarmHttpSettings,
    AlarmMqttSettings,
    AlarmOpenIgtlinkSettings,
    AlarmSerialSettings,
)
from leakwatch.core.results import Level, Reason
from leakwatch.live.panel import session_facts
from leakwatch.sinks.alarm_outputs.http_output import TOKEN_VARIABLE
from leakwatch.sinks.alarm_outputs.igtl_packing import pack_image, pack_status, pack_string
from leakwatch.sinks.alarm_outputs.open_outputs import open_alarm_outputs
from leakwatch.sinks.alarm_outputs.openigtlink_output import ALARM, DISTANCE, IMAGE, LEVEL, STATUS

FEW = list(frames())
CALM = 5


@contextmanager
def watched(settings):
    """A room with the alarm outputs of the settings."""
    with Room(settings=settings, open_alarms=open_alarm_outputs) as room:
        yield room


def stop(room):
    """Let cement come until STOP: the state of the session, whatever receivers do."""
    assert room.run(FEW[room.fed : STOPPED + 1])[-1] is Level.STOP
    alert = room.session.status.decision.snapshot.alert
    assert alert.latched
    assert Reason.POSTERIOR_MARGIN in alert.reasons


def is_stop(message):
    return message["level"] == "STOP" and message["latched"]


def told(room):
    """What the window says of the alarm output."""
    now, status = room.shown(), room.session.status
    facts = session_facts(status, now, room.clock.now_s, room.settings)
    return next(fact for fact in facts if fact.name.startswith("Alarm output"))


@pytest.fixture
def http():
    peers = []

    def start(port, **options):
        peers.append(HttpPeer(port, **options))
        return peers[-1]

    yield start
    for peer in peers:
        peer.stop()


def http_settings(port, **changes):
    return quick_settings(
        alarm_http=AlarmHttpSettings(url=f"http://127.0.0.1:{port}/alarm"),
        alarm_outputs=msgspec.structs.replace(QUICK, **changes),
    )


def test_http_gets_the_alarm_and_a_heartbeat(http, monkeypatch):
    monkeypatch.setenv(TOKEN_VARIABLE, "secret")
    peer = http(free_port())
    with watched(http_settings(peer.port)) as room:
        stop(room)
        message = wait_for(lambda: [m for m in peer.got if is_stop(m)])[0]
        assert message["label"] == "OR 3"
        assert message["distance_mm"] < 5.0
        wait_for(lambda: [m for m in peer.got if m["kind"] == "heartbeat" and is_stop(m)])
        assert not told(room).warn
    assert peer.got[-1]["kind"] == "end"
    assert peer.heads[0]["Authorization"] == "Bearer secret"


def test_http_that_was_never_there_gets_the_stop_when_it_comes(http):
    port = free_port()
    with watched(http_settings(port)) as room:
        room.run(FEW[:CALM])
        wait_for(lambda: told(room).warn)
        assert "no answer" in told(room).value
        wait_for(lambda: any("alarm output HTTP" in one for one in room.session.status.notices))
        stop(room)
        peer = http(port)
        assert is_stop(wait_for(lambda: peer.got)[0])
        wait_for(lambda: any("works again" in one for one in room.session.status.notices))


def test_http_that_dies_gets_the_stop_when_it_is_back(http):
    peer = http(free_port())
    with watched(http_settings(peer.port)) as room:
        room.run(FEW[:CALM])
        wait_for(lambda: peer.got)
        peer.stop()
        wait_for(lambda: told(room).warn)
        stop(room)
        again = http(peer.port)
        assert is_stop(wait_for(lambda: again.got)[0])


def test_http_that_hangs_gets_the_stop_when_it_answers(http):
    peer = http(free_port(), hanging=True)
    with watched(http_settings(peer.port, send_s=0.1)) as room:
        assert peer.asked.wait(PATIENCE_S)
        stop(room)
        assert told(room).warn
        peer.hanging = False
        peer.go_on.set()
        assert is_stop(wait_for(lambda: peer.got)[0])


def test_http_that_answers_a_byte_at_a_time_gets_the_stop_when_it_is_well():
    """Each byte comes within the limit of time; all together do not."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port, dripped = server.getsockname()[1], Flag()

        def drip():
            with suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    with connection, suppress(OSError):
                        connection.recv(65536)
                        while not dripped.wait(0.05):
                            connection.send(b"HTTP/1.1"[:1])
                            if told(room).warn:
                                break

        with watched(http_settings(port, send_s=0.2)) as room:
            Thread(target=drip, daemon=True).start()
            stop(room)
            wait_for(lambda: told(room).warn)
            dripped.set()
            # Not closed alone: the port stays taken while the other thread waits for a connection.
            server.shutdown(socket.SHUT_RDWR)
            server.close()
            peer = HttpPeer(port)
            try:
                assert is_stop(wait_for(lambda: peer.got)[0])
            finally:
                peer.stop()


def test_http_that_refuses_is_tried_again(http):
    peer = http(free_port(), status=503)
    with watched(http_settings(peer.port)) as room:
        stop(room)
        wait_for(lambda: "HttpRefused" in told(room).value)
        peer.status = 200
        assert is_stop(wait_for(lambda: peer.got)[0])


@pytest.fixture
def broker(tmp_path):
    one = Mosquitto(tmp_path)
    yield one
    one.stop()


class Subscriber:
    """Somebody who listens at the broker, and keeps each message."""

    def __init__(self, port):
        self.got, self.client = [], mqtt.Client(CallbackAPIVersion.VERSION2)
        self.client.on_message = lambda *told: self.got.append(json.loads(told[2].payload))
        self.client.on_connect = lambda client, *_: client.subscribe("leakwatch/alarm", 1)
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.client.disconnect()
        self.client.loop_stop()


def mqtt_settings(port):
    return quick_settings(alarm_mqtt=AlarmMqttSettings(host="127.0.0.1", port=port))


def test_mqtt_gives_the_stop_to_who_subscribes_late(broker):
    broker.start()
    with watched(mqtt_settings(broker.port)) as room:
        stop(room)
        wait_for(lambda: room.session.status.alarm_outputs[0].sent > 3)
        with Subscriber(broker.port) as late:
            assert is_stop(wait_for(lambda: late.got)[0])
            wait_for(lambda: len({m["sequence"] for m in late.got}) > 2)
            room.session.close()
            assert wait_for(lambda: late.got[-1]["kind"] == "end")
            assert not any(m["kind"] == "lost" for m in late.got)


def test_mqtt_broker_that_was_never_there_gets_the_stop_when_it_comes(broker):
    with watched(mqtt_settings(broker.port)) as room:
        room.run(FEW[:CALM])
        wait_for(lambda: told(room).warn)
        stop(room)
        broker.start()
        with Subscriber(broker.port) as someone:
            wait_for(lambda: [m for m in someone.got if m.get("latched")])


def test_mqtt_broker_that_dies_gets_the_stop_when_it_is_back(broker):
    broker.start()
    with watched(mqtt_settings(broker.port)) as room:
        room.run(FEW[:CALM])
        wait_for(lambda: room.session.status.alarm_outputs[0].connected)
        broker.stop()
        wait_for(lambda: told(room).warn)
        stop(room)
        broker.start()
        with Subscriber(broker.port) as someone:
            wait_for(lambda: [m for m in someone.got if m.get("latched")])
        wait_for(lambda: not told(room).warn)


def test_mqtt_broker_that_hangs_gets_the_stop_when_it_goes_on(broker):
    broker.start()
    settings = quick_settings(
        alarm_mqtt=AlarmMqttSettings(host="127.0.0.1", port=broker.port),
        alarm_outputs=msgspec.structs.replace(QUICK, send_s=0.2),
    )
    with watched(settings) as room:
        room.run(FEW[:CALM])
        wait_for(lambda: room.session.status.alarm_outputs[0].connected)
        broker.pause()
        wait_for(lambda: told(room).warn)
        stop(room)
        broker.go_on()
        with Subscriber(broker.port) as someone:
            wait_for(lambda: [m for m in someone.got if m.get("latched")])


def test_mqtt_broker_tells_that_leakwatch_is_gone(broker):
    broker.start()
    settings = mqtt_settings(broker.port)
    (worker,) = open_alarm_outputs(settings)
    wait_for(lambda: worker.state.connected)
    with Subscriber(broker.port) as someone:
        # As if the program were killed: the connection ends without a good-bye.
        worker._sink.disconnect()
        wait_for(lambda: [m for m in someone.got if m["kind"] == "lost"])
    worker.close(PATIENCE_S)


def igtl_settings(port, **changes):
    return quick_settings(alarm_openigtlink=AlarmOpenIgtlinkSettings(port=port, **changes))


@contextmanager
def igtl_client(port):
    wait_for(lambda: answers(port))
    client = pyigtl.OpenIGTLinkClient("127.0.0.1", port)
    try:
        yield client
    finally:
        client.stop()


def text_from(client, device):
    message = client.wait_for_message(device, PATIENCE_S)
    assert message is not None, f"{device} never came"
    return message.string


def test_openigtlink_gives_level_distance_and_image_to_a_client_that_comes_late():
    port = free_port()
    with watched(igtl_settings(port, image=True)) as room:
        stop(room)
        with igtl_client(port) as client:
            assert text_from(client, LEVEL) == "STOP"
            assert is_stop(json.loads(text_from(client, ALARM)))
            room.feed(FEW[STOPPED + 1])
            image = client.wait_for_message(IMAGE, PATIENCE_S)
            assert (image.image[0] == FEW[STOPPED + 1].pixels).all()
            assert image.ijk_to_world_matrix[0, 0] == pytest.approx(0.25)
            shown = wait_for(lambda: text_from(client, DISTANCE))
            assert " ± " in shown
            assert " mm" in shown


def test_openigtlink_client_that_dies_gets_the_stop_when_it_is_back():
    port = free_port()
    with watched(igtl_settings(port)) as room:
        room.run(FEW[:CALM])
        with igtl_client(port) as client:
            text_from(client, LEVEL)
        stop(room)
        with igtl_client(port) as again:
            assert text_from(again, LEVEL) == "STOP"


def test_openigtlink_port_that_is_taken_is_told_and_tried_again():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with watched(igtl_settings(port)) as room:
            wait_for(lambda: "Address already in use" in told(room).value)
            stop(room)
            taken.close()
            with igtl_client(port) as client:
                assert text_from(client, LEVEL) == "STOP"


def test_openigtlink_sends_no_image_unless_it_is_asked_to():
    port = free_port()
    with watched(igtl_settings(port)) as room, igtl_client(port) as client:
        stop(room)
        wait_for(lambda: text_from(client, LEVEL) == "STOP")
        assert client.wait_for_message(IMAGE, 0.0) is None


class StatusMessage(pyigtl.messages.MessageBase):
    """STATUS as the protocol describes it; pyigtl has none."""

    def __init__(self):
        super().__init__()
        self._message_type, self._valid_message = "STATUS", True

    def _unpack_content(self, content):
        self.code = int.from_bytes(content[:2], "big")
        self.name = content[10:30].rstrip(b"\0").decode()
        self.words = content[30:].rstrip(b"\0").decode()


def test_openigtlink_status_is_an_emergency_at_stop(monkeypatch):
    constructors = pyigtl.messages.message_type_to_class_constructor
    monkeypatch.setitem(constructors, "STATUS", StatusMessage)
    port = free_port()
    with watched(igtl_settings(port)) as room:
        stop(room)
        with igtl_client(port) as client:
            status = client.wait_for_message(STATUS, PATIENCE_S)
    assert (status.code, status.name) == (3, "STOP")
    assert "Cement near the posterior wall" in status.words


def test_openigtlink_bytes_are_those_of_another_program():
    """With pyigtl's own, for what it can pack."""
    pixels = FEW[0].pixels
    image = pyigtl.ImageMessage(pixels[None], device_name="a", timestamp=0.0)
    image.ijk_to_world_matrix = image.ijk_to_world_matrix * [[0.25], [0.25], [0.25], [1.0]]
    ours = pack_image("a", pixels, 0.25, 0.0)
    theirs = image.pack()
    assert ours == theirs
    text = pyigtl.StringMessage("STOP", device_name="b", timestamp=0.0).pack()
    assert pack_string("b", "STOP", 0.0)[:42] == text[:42]
    assert len(pack_status("c", 3, "STOP", "why", 1.5)) == 58 + 30 + 4


@pytest.fixture
def lamp():
    """A relay: what comes out at the other end of a serial line."""
    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    os.set_blocking(ours, False)
    yield ours, os.ttyname(theirs)
    for end in (ours, theirs):
        os.close(end)


def relay_got(end):
    try:
        return os.read(end, 4096)
    except BlockingIOError:
        return b""


ON, OFF = bytes.fromhex("A00101A2"), bytes.fromhex("A00100A1")


def serial_settings(port, **changes):
    return quick_settings(alarm_serial=AlarmSerialSettings(port=port, **changes))


def test_a_lamp_is_on_at_stop_and_off_at_the_end(lamp):
    end, port = lamp
    with watched(serial_settings(port)) as room:
        room.run(FEW[:CALM])
        assert set(wait_for(lambda: relay_got(end))) <= set(OFF)
        stop(room)
        wait_for(lambda: ON in relay_got(end))
        # The heartbeat is the command again: a relay with a timer stays on as long as we live.
        wait_for(lambda: relay_got(end).count(ON) >= 1)
    assert relay_got(end).endswith(OFF)


def test_a_lamp_that_is_plugged_in_late_is_switched_on(lamp, tmp_path):
    end, port = lamp
    link = tmp_path / "ttyUSB0"
    with watched(serial_settings(str(link))) as room:
        stop(room)
        wait_for(lambda: told(room).warn)
        assert relay_got(end) == b""
        link.symlink_to(port)
        assert wait_for(lambda: relay_got(end)).startswith(ON)


def test_a_lamp_whose_line_is_stuck_is_switched_on_when_it_is_free(lamp):
    end, port = lamp
    settings = quick_settings(
        # Long commands fill the line soon.
        alarm_serial=AlarmSerialSettings(port=port, on_hex="01 " * 64, off_hex="00 " * 64),
        alarm_outputs=msgspec.structs.replace(QUICK, send_s=0.1),
    )
    with watched(settings) as room:
        room.run(FEW[:CALM])
        wait_for(lambda: "SerialTimeoutException" in told(room).value)
        stop(room)
        wait_for(lambda: b"\1" * 64 in relay_got(end))


def test_a_lamp_can_be_on_while_nothing_is_monitored(lamp):
    end, port = lamp
    with watched(serial_settings(port, on_levels=("STOP", "UNKNOWN"))) as room:
        assert wait_for(lambda: relay_got(end)).startswith(ON)
        room.run(FEW[:CALM])
        wait_for(lambda: OFF in relay_got(end))


def test_all_frames_are_decided_on_with_every_receiver_gone():
    port = free_port()
    settings = quick_settings(
        alarm_http=AlarmHttpSettings(url=f"http://127.0.0.1:{port}/"),
        alarm_mqtt=AlarmMqttSettings(host="127.0.0.1", port=port),
        alarm_serial=AlarmSerialSettings(port="/dev/nothing"),
        alarm_openigtlink=AlarmOpenIgtlinkSettings(port=port, host="192.0.2.1"),
    )
    with watched(settings) as room:
        assert room.run(FEW)[-1] is Level.STOP
        assert room.session.status.frames == FRAMES
        wait_for(lambda: all(one.failure for one in room.session.status.alarm_outputs))
