"""Clients that hang, and how many there may be."""

from __future__ import annotations

import socket
from threading import Thread

import numpy as np
import pytest
from alarm_receivers import free_port
from handmade import make_frame
from live_room import PATIENCE_S

from leakwatch.config import AlarmOpenIgtlinkSettings
from leakwatch.core.arrays import read_only
from leakwatch.core.results import Level
from leakwatch.sinks.alarm_outputs.alarm_message import AlarmMessage, MessageKind
from leakwatch.sinks.alarm_outputs.openigtlink_output import OpenIgtlinkOutput


@pytest.fixture
def output():
    settings = AlarmOpenIgtlinkSettings(port=free_port(), image=True, max_clients=2)
    one = OpenIgtlinkOutput(settings, send_s=0.2)
    one.connect()
    yield one
    one.close()


def message(sequence=1):
    frame = make_frame()
    pixels = read_only(np.zeros((1024, 1024), np.uint16))
    large = type(frame)(frame.index, frame.time_s, pixels, frame.acquisition)
    return AlarmMessage(MessageKind.CHANGE, sequence, Level.STOP, latched=True, frame=large)


def client_of(output):
    return socket.create_connection(("127.0.0.1", output.port), PATIENCE_S)


def test_a_client_that_hangs_is_dropped_and_the_others_get_all(output):
    got = []

    def read(connection):
        while piece := connection.recv(1 << 20):
            got.append(len(piece))

    with client_of(output) as reading, client_of(output):
        reader = Thread(target=read, args=(reading,))
        reader.start()
        sent = 0
        while sent == 0 or len(output._clients) > 1:
            output.send(message())
            sent += 1
            assert sent < 100, "a client that never reads is still there"
        output.send(message())
        output.disconnect()
        reader.join(PATIENCE_S)
    each = sum(got) / (sent + 1)
    assert each == int(each)
    assert each > 2 * 1024 * 1024


def test_no_more_clients_than_are_allowed(output):
    connections = [client_of(output) for _ in range(3)]
    small = AlarmMessage(MessageKind.HEARTBEAT, 1)
    output.send(small)
    assert len(output._clients) == 2
    connections[-1].settimeout(PATIENCE_S)
    assert connections[-1].recv(1) == b""
    for connection in connections:
        connection.close()


def test_one_that_left_is_forgotten(output):
    client_of(output).close()
    for sequence in range(100):
        output.send(message(sequence))
        if not output._clients:
            return
    pytest.fail("it is still there")
