"""The thread of an alarm output: never in the way, newest first, again and again."""

from __future__ import annotations

import re
import sys
from threading import Event as Flag

import msgspec
import pytest
from alarm_receivers import QUICK, quick_settings, wait_for
from handmade import make_alert, make_snapshot
from live_room import PATIENCE_S

from leakwatch.config import (
    AlarmHttpSettings,
    AlarmMqttSettings,
    AlarmOpenIgtlinkSettings,
    AlarmSerialSettings,
    Settings,
)
from leakwatch.core.errors import MissingExtraError, install_command
from leakwatch.core.results import Level, Reason
from leakwatch.live.alarm_notices import AlarmNotices
from leakwatch.sinks.alarm_outputs.alarm_message import MessageKind
from leakwatch.sinks.alarm_outputs.alarm_worker import AlarmOutputState, AlarmWorker
from leakwatch.sinks.alarm_outputs.open_outputs import close_alarm_outputs, open_alarm_outputs

STOP = make_alert(Level.STOP, Reason.POSTERIOR_MARGIN)


class Receiver:
    """Keeps what is sent; may be absent, die, or hang."""

    def __init__(self, absent=False):
        self.got, self.absent, self.closed = [], absent, False
        self.hang, self.hung = None, Flag()

    def connect(self):
        if self.absent:
            raise ConnectionRefusedError(111, "Connection refused")

    def send(self, message):
        if self.absent:
            raise BrokenPipeError(32, "Broken pipe")
        if self.hang is not None:
            self.hung.set()
            assert self.hang.wait(PATIENCE_S)
            raise TimeoutError
        self.got.append(message)

    def disconnect(self):
        pass

    def close(self):
        self.closed = True


@pytest.fixture
def started():
    workers = []

    def start(receiver, settings=None, **options):
        workers.append(AlarmWorker("test", receiver, settings or quick_settings(), **options))
        return workers[-1]

    yield start
    close_alarm_outputs(workers, PATIENCE_S)


def test_silence_is_told_from_calm_by_heartbeats(started):
    receiver = Receiver()
    started(receiver)
    wait_for(lambda: len(receiver.got) > 3)
    kinds = {message.kind for message in receiver.got}
    assert kinds == {MessageKind.HEARTBEAT}
    numbers = [message.sequence for message in receiver.got]
    assert numbers == sorted(set(numbers))


def test_the_end_is_the_last_message(started):
    receiver = Receiver()
    worker = started(receiver)
    wait_for(lambda: receiver.got)
    worker.close(PATIENCE_S)
    assert receiver.closed
    assert receiver.got[-1].kind is MessageKind.END


def test_a_change_is_sent_as_such(started):
    receiver = Receiver()
    worker = started(receiver)
    wait_for(lambda: worker.state.connected)
    worker.append(make_snapshot(1))
    worker.append(make_snapshot(2, STOP))
    changes = wait_for(
        lambda: (found := [m for m in receiver.got if m.kind is MessageKind.CHANGE])[1:] and found
    )
    assert [message.level for message in changes] == [Level.CLEAR, Level.STOP]


def test_every_frame_is_sent_where_that_is_asked_for(started):
    receiver = Receiver()
    worker = started(receiver, every_frame=True)
    wait_for(lambda: worker.state.connected)
    for index in range(5):
        worker.append(make_snapshot(index))
    wait_for(lambda: [m for m in receiver.got if m.frame is not None and m.frame.index == 4])


def test_a_receiver_that_comes_late_gets_the_latched_stop(started):
    receiver = Receiver(absent=True)
    worker = started(receiver)
    worker.append(make_snapshot(1, STOP))
    state = wait_for(lambda: worker.state.failure and worker.state)
    assert state == AlarmOutputState("test", failure="no answer: Connection refused")
    receiver.absent = False
    first = wait_for(lambda: receiver.got)[0]
    assert (first.level, first.latched) == (Level.STOP, True)
    wait_for(lambda: worker.state.connected and not worker.state.failure)


def test_a_receiver_that_dies_gets_the_stop_that_it_missed(started):
    receiver = Receiver()
    worker = started(receiver)
    worker.append(make_snapshot(1))
    wait_for(lambda: worker.state.connected)
    receiver.absent = True
    worker.append(make_snapshot(2, STOP))
    wait_for(lambda: worker.state.failure)
    seen = len(receiver.got)
    receiver.absent = False
    wait_for(lambda: len(receiver.got) > seen)
    assert receiver.got[seen].level is Level.STOP


def test_a_receiver_that_hangs_holds_nothing_up_and_the_newest_wins(started):
    receiver = Receiver()
    settings = Settings(alarm_outputs=msgspec.structs.replace(QUICK, queue_messages=2))
    worker = started(receiver, settings)
    wait_for(lambda: worker.state.connected)
    receiver.hang = Flag()
    assert receiver.hung.wait(PATIENCE_S)
    # All of these return although the receiver has the thread.
    for index in range(20):
        level = Level.CLEAR if index % 2 else Level.WATCH
        worker.append(make_snapshot(index, make_alert(level)))
    worker.append(make_snapshot(20, STOP))
    assert worker.state.dropped == 19
    seen = len(receiver.got)
    release, receiver.hang = receiver.hang, None
    release.set()
    wait_for(lambda: len(receiver.got) > seen)
    assert receiver.got[seen].level is Level.STOP


def test_a_worker_whose_receiver_hangs_is_left_at_the_end(started):
    receiver = Receiver()
    worker = started(receiver)
    wait_for(lambda: worker.state.connected)
    receiver.hang = Flag()
    assert receiver.hung.wait(PATIENCE_S)
    worker.close(0.01)  # returns
    receiver.hang.set()


def test_failures_are_told_once_each_and_their_end_too():
    notices = AlarmNotices()
    good = AlarmOutputState("MQTT", connected=True)
    bad = AlarmOutputState("MQTT", failure="no answer: TimeoutError")
    assert notices.take_new([good]) == []
    assert notices.take_new([bad]) == [
        "alarm output MQTT: no answer: TimeoutError; it is tried again"
    ]
    assert notices.take_new([bad]) == []
    assert notices.take_new([AlarmOutputState("MQTT")]) == []
    assert notices.take_new([good]) == ["alarm output MQTT works again"]
    assert notices.take_new([good]) == []


def test_nothing_is_sent_unless_it_is_configured():
    assert open_alarm_outputs(Settings()) == ()


def test_each_section_of_the_settings_opens_its_output(tmp_path):
    settings = quick_settings(
        alarm_http=AlarmHttpSettings(url="http://127.0.0.1:9/"),
        alarm_serial=AlarmSerialSettings(port=str(tmp_path / "nothing")),
    )
    workers = open_alarm_outputs(settings)
    try:
        assert [worker.name for worker in workers] == ["HTTP", "serial"]
        for worker in workers:
            wait_for(lambda worker=worker: worker.state.failure)
    finally:
        close_alarm_outputs(workers, PATIENCE_S)


@pytest.mark.parametrize(
    ("module", "extra", "section"),
    [
        ("paho.mqtt.client", "mqtt", {"alarm_mqtt": AlarmMqttSettings(host="127.0.0.1")}),
        ("serial", "serial", {"alarm_serial": AlarmSerialSettings(port="COM1")}),
        ("fastcrc", "igtl", {"alarm_openigtlink": AlarmOpenIgtlinkSettings(port=18944)}),
    ],
)
def test_without_its_library_the_extra_is_named(module, extra, section, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    packing = "leakwatch.sinks.alarm_outputs.igtl_packing"
    monkeypatch.delitem(sys.modules, packing, raising=False)
    with pytest.raises(MissingExtraError, match=re.escape(install_command(extra))):
        open_alarm_outputs(quick_settings(**section))
