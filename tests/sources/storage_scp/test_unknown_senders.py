"""Strangers on the port of the C-arm, with raw sockets: they take no memory, and no place."""

from __future__ import annotations

import struct
import sys
import threading
import tracemalloc
from contextlib import ExitStack
from pathlib import Path

import msgspec
import numpy as np
import pytest
from dicom_writing import noise, write
from live_watching import Watching, stacked, watching
from raw_sender import (
    ABORT,
    ACCEPTED,
    COMMAND,
    DATA,
    LAST,
    REJECTED,
    RawSender,
    command,
    data,
    data_set,
    item,
    request,
    unit,
    wait_until,
)

from leakwatch.config import LiveDicomSettings
from leakwatch.core.protocols import Link
from leakwatch.sources.storage_scp.scp_options import StoreOptions
from leakwatch.sources.storage_scp.scp_source import StoreScp

MB = 1 << 20
TAKEN, REFUSED = 0x0000, 0xA700


@pytest.fixture
def spooled(tmp_path, monkeypatch) -> Path:
    """Where what arrives lies."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


@pytest.fixture
def content(tmp_path) -> bytes:
    """The data set of a picture."""
    return data_set(write(tmp_path / "a.dcm", noise(1)).read_bytes())


def listening(**settings: object) -> StoreScp:
    return StoreScp(StoreOptions(), msgspec.structs.replace(LiveDicomSettings(), **settings))


def pictures(tmp_path: Path, count: int) -> list[bytes]:
    """Data sets of single frames of one series, all different."""
    return [
        data_set(
            write(
                tmp_path / f"{number}.dcm",
                [frame],
                InstanceNumber=number,
                SOPInstanceUID=f"1.2.9.{number}",
            ).read_bytes()
        )
        for number, frame in enumerate(noise(count), 1)
    ]


def stores(watch: Watching, content: bytes, title: str = "CARM") -> None:
    """A C-arm comes, and its picture is looked at."""
    before = len(watch.got)
    with RawSender(watch.source.port, title) as carm:
        assert carm.associate() == ACCEPTED
        assert carm.store(content) == TAKEN
        watch.frames(before + 1)


def test_a_raw_sender_keeps_the_rules(content):
    """The peer of these tests is itself right: what it stores comes as it is."""
    with watching(listening()) as watch:
        stores(watch, content)
        assert np.array_equal(stacked(watch.got), noise(1))


ANNOUNCED = {
    "a request": (struct.pack(">BBL", 1, 0, 0xFFFFFFF0), "a request of 4294967280 bytes"),
    "data": (struct.pack(">BBL", 4, 0, 0xFFFFFFF0), "it does not request a DICOM association"),
    "HTTP": (b"GET / HTTP/1.1\r\n\r\n", "it does not request a DICOM association"),
    "no room for titles": (struct.pack(">BBL", 1, 0, 8), "it does not request a DICOM association"),
}


@pytest.mark.parametrize(("sent", "said"), ANNOUNCED.values(), ids=ANNOUNCED)
def test_ten_bytes_are_refused_before_more_is_read(sent, said, content):
    with watching(listening()) as watch, RawSender(watch.source.port) as stranger:
        stranger.send(sent)
        assert stranger.is_cut()
        watch.said(said)
        assert watch.status.link is Link.WAITING
        stores(watch, content)


def cut_in(watch: Watching, sent: bytes, piece: bytes, said: str, at_most: int) -> int:
    """Memory that a stranger takes, which has an association and goes on until it is cut."""
    with RawSender(watch.source.port) as stranger:
        assert stranger.associate() == ACCEPTED
        tracemalloc.start()
        try:
            stranger.send(sent)
            assert stranger.send_until_cut(piece, at_most) < at_most
            watch.said(said)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()


WITHOUT_END = {
    "a unit of data": (
        struct.pack(">BBL", DATA, 0, 0xFFFFFFF0),
        bytes(MB),
        "it announces 4294967280 bytes; the limit is 1048576",
    ),
    "a release": (
        struct.pack(">BBL", 5, 0, 1000),
        b"x" * 1000,
        "it announces 1000 bytes; the limit",
    ),
    "an unknown unit": (
        struct.pack(">BBL", 9, 0, 4),
        b"x" * 1000,
        "not a DICOM protocol data unit (kind 9)",
    ),
    "an object": (
        data(command("1.2.3"), COMMAND | LAST),
        data(bytes(100_000), 0),
        "an object of more than 3145728 bytes",
    ),
    "a command": (b"", data(bytes(100_000), COMMAND), "a command of more than 131072 bytes"),
    "data before a command": (b"", data(bytes(100_000), 0), "with a message other than C-STORE"),
    "a command that is none": (
        data(b"\0" * 50, COMMAND | LAST),
        data(bytes(1000), 0),
        "it sends data that are not a DICOM message",
    ),
    "data of another command": (
        data(command("1.2.3", 0x0020), COMMAND | LAST),
        data(bytes(100_000), 0),
        "with a message other than C-STORE",
    ),
}


@pytest.mark.parametrize(("sent", "piece", "said"), WITHOUT_END.values(), ids=WITHOUT_END)
def test_what_has_no_end_is_cut(sent, piece, said, content, spooled):
    with watching(listening(object_bytes=3 * MB)) as watch:
        assert cut_in(watch, sent, piece, said, 100 * MB) < 4 * MB
        wait_until(lambda: not list(spooled.rglob("*.part")), "nothing stays of it")
        stores(watch, content)


def test_an_object_is_not_held_in_memory(spooled):
    """30 MB in units of 64 kB, of which none stays."""
    with watching(listening()) as watch, RawSender(watch.source.port) as sender:
        assert sender.associate() == ACCEPTED
        piece = data(bytes(1 << 16), 0)
        tracemalloc.start()
        try:
            sender.send(data(command("1.2.3"), COMMAND | LAST))
            for _ in range(480):
                sender.send(piece)
            wait_until(
                lambda: any(one.stat().st_size >= 30 * MB for one in spooled.rglob("*.part")),
                "it lies on the disk",
            )
            assert tracemalloc.get_traced_memory()[1] < 4 * MB
        finally:
            tracemalloc.stop()
        sender.close()
        wait_until(lambda: not list(spooled.rglob("*.part")), "what was not whole is gone")


def test_one_that_does_not_wait_for_answers_is_cut(content):
    """Messages that are not looked at yet are counted, whatever each of them holds."""
    source = listening()
    held = threading.Event()
    answer = source._arrived.put
    source._arrived.put = lambda arrived: held.wait(20.0) and answer(arrived)
    with watching(source) as watch, RawSender(source.port) as stranger:
        assert stranger.associate() == ACCEPTED
        message = data(command("1.2.3"), COMMAND | LAST) + data(content, LAST)
        assert stranger.send_until_cut(message, 100 * MB) < 100 * MB
        watch.said("it does not wait for answers")
        held.set()


def test_a_request_that_makes_no_sense_ends(content):
    """Whole by its length, and garbage within."""
    before = threading.active_count()
    with watching(listening(handshake_s=0.5)) as watch:
        for seed in range(20):
            rubbish = np.random.default_rng(seed).bytes(300)
            whole = request("STRANGER", rubbish) if seed % 2 else unit(1, rubbish)
            with RawSender(watch.source.port) as stranger:
                stranger.send(whole)
                assert stranger.answer()[0] in (0, ACCEPTED, REJECTED, ABORT)
        stores(watch, content)
        wait_until(lambda: threading.active_count() <= before + 8, "their threads end")


@pytest.mark.parametrize("asked", [False, True], ids=["silent", "associated"])
@pytest.mark.parametrize("count", [4, 200])
def test_silent_connections_lock_nobody_out(count, asked, content):
    with watching(listening()) as watch, ExitStack() as stack:
        for number in range(count if not asked else min(count, 40)):
            stranger = stack.enter_context(RawSender(watch.source.port, f"S{number}"))
            if asked:
                assert stranger.associate() == ACCEPTED
        stores(watch, content)
        assert threading.active_count() < 40


def test_a_request_may_come_byte_by_byte_beside_others(content):
    whole = request("SLOW")
    with watching(listening()) as watch, RawSender(watch.source.port, "SLOW") as slow:
        for at in range(len(whole) - 1):
            slow.send(whole[at : at + 1])
        stores(watch, content)
        slow.send(whole[-1:])
        assert slow.answer()[0] == ACCEPTED


def test_one_that_stops_within_a_unit_is_hung_up_on():
    with watching(listening(stalled_s=0.5)) as watch, RawSender(watch.source.port) as stranger:
        assert stranger.associate() == ACCEPTED
        stranger.send(struct.pack(">BBL", DATA, 0, 1000) + b"x")
        assert stranger.is_cut()


def test_messages_that_are_not_served_here_begin_no_threads():
    """N-EVENT-REPORT without a data set: pynetdicom begins a thread for each."""
    report = data(command("1.2.3", 0x0100, has_data=False), COMMAND | LAST)
    with watching(listening()) as watch, RawSender(watch.source.port) as stranger:
        assert stranger.associate() == ACCEPTED
        stranger.send(report)
        assert stranger.is_cut()
        watch.said("it requests an unsupported service")


def test_who_connects_and_asks_for_nothing_is_hung_up_on():
    with (
        watching(listening(handshake_s=0.5)) as watch,
        RawSender(watch.source.port) as silent,
        RawSender(watch.source.port) as slow,
    ):
        slow.send(request("SLOW")[:50])
        assert silent.is_cut()
        assert slow.is_cut()


def at_work(stack: ExitStack, watch: Watching, count: int) -> list[RawSender]:
    """Strangers each of which is within an object, and sends on."""
    strangers = []
    for number in range(count):
        stranger = stack.enter_context(RawSender(watch.source.port, f"S{number}"))
        assert stranger.associate() == ACCEPTED
        stranger.send(data(command("1.2.3"), COMMAND | LAST) + data(bytes(1000), 0))
        strangers.append(stranger)
    return strangers


def all_heard(watch: Watching, count: int) -> None:
    """Wait until the first part of so many objects was taken in."""
    server = watch.source._server
    wait_until(
        lambda: sum(one.data_s > 0 for one in server._slots.taken) == count, "all are at work"
    )


def test_a_named_sender_always_has_a_place(content):
    for name in ("CARM", "127.0.0.1"):
        source = listening(known_senders=(name,) if name == "CARM" else ("CARM", name), active_s=60)
        with watching(source) as watch, ExitStack() as stack:
            at_work(stack, watch, 4 if name == "CARM" else 2)
            stores(watch, content)


def test_one_that_nobody_knows_waits_while_all_are_at_work(content):
    with watching(listening(active_s=60)) as watch, ExitStack() as stack:
        strangers = at_work(stack, watch, 4)
        all_heard(watch, 4)
        with RawSender(watch.source.port, "CARM") as carm:
            assert carm.associate() == REJECTED
        watch.said("CARM at 127.0.0.1 was refused: 4 connections are open")
        strangers[0].close()
        wait_until(lambda: admitted(watch.source.port), "a place is free again")


def admitted(port: int) -> bool:
    with RawSender(port, "CARM") as carm:
        return carm.associate() == ACCEPTED


def test_one_that_stored_before_always_has_a_place(tmp_path):
    one, other = pictures(tmp_path, 2)
    with watching(listening(active_s=60)) as watch, ExitStack() as stack:
        stores(watch, one)
        at_work(stack, watch, 4)
        stores(watch, other)
        assert np.array_equal(stacked(watch.got), noise(2))


def test_one_that_stored_keeps_its_place_while_it_is_silent(tmp_path):
    """It holds its connection between two looks, and strangers come and go meanwhile."""
    one, other = pictures(tmp_path, 2)
    with (
        watching(listening(strangers_per_s=1000)) as watch,
        ExitStack() as stack,
        RawSender(watch.source.port, "CARM") as carm,
    ):
        assert carm.associate() == ACCEPTED
        assert carm.store(one) == TAKEN
        for number in range(12):
            stranger = stack.enter_context(RawSender(watch.source.port, f"S{number}"))
            assert stranger.associate() == ACCEPTED
        assert carm.store(other) == TAKEN
        assert np.array_equal(stacked(watch.frames(2)), noise(2))


def test_a_named_sender_is_followed_at_once(tmp_path):
    """A stranger stored something while the C-arm was silent, and goes on."""
    one, other = pictures(tmp_path, 2)
    with (
        watching(listening(known_senders=("CARM",), sender_quiet_s=120.0)) as watch,
        RawSender(watch.source.port, "OTHER") as stranger,
    ):
        assert stranger.associate() == ACCEPTED
        assert stranger.store(one) == TAKEN
        with RawSender(watch.source.port, "CARM") as carm:
            assert carm.associate() == ACCEPTED
            assert carm.store(other) == TAKEN
            assert stranger.store(one) == REFUSED


def test_the_same_sender_takes_over_at_once(tmp_path):
    """Its old connection is still open: the cable was pulled out, and nobody was told."""
    sent = pictures(tmp_path, 6)
    with watching(listening(sender_quiet_s=120.0)) as watch, ExitStack() as stack:
        for content in sent:
            carm = stack.enter_context(RawSender(watch.source.port, "CARM"))
            assert carm.associate() == ACCEPTED
            assert carm.store(content) == TAKEN
        assert np.array_equal(stacked(watch.frames(6)), noise(6))
        assert watch.status.frames_lost == 0


def test_another_sender_is_refused_and_nothing_of_it_is_written(tmp_path, spooled):
    one, other = pictures(tmp_path, 2)
    with watching(listening()) as watch, RawSender(watch.source.port, "OTHER") as stranger:
        stores(watch, one)
        wait_until(lambda: not list(spooled.rglob("*.dcm")), "the picture was looked at")
        assert stranger.associate() == ACCEPTED
        stranger.send(data(command("1.2.3"), COMMAND | LAST) + data(other, 0))
        stranger.send(data(bytes(2 * MB >> 2), 0))
        # The mark of this process lies there.
        assert {path.name for path in spooled.rglob("*.*")} <= {".in-use"}
        stranger.send(data(b"", LAST))
        _, answer = stranger.answer()
        assert struct.pack("<HHLH", 0, 0x0900, 2, REFUSED) in answer
        watch.said("a second sender at once were refused (OTHER at 127.0.0.1)")


def test_strangers_beside_a_followed_sender_are_let_in_slowly(tmp_path):
    one, other = pictures(tmp_path, 2)
    with watching(listening(strangers_per_s=3)) as watch:
        stores(watch, one)
        answers = []
        for number in range(12):
            with RawSender(watch.source.port, f"S{number}") as stranger:
                answers.append(stranger.associate())
        assert REJECTED in answers
        stores(watch, other)


@pytest.mark.skipif(sys.platform != "linux", reason="the loopback has one address elsewhere")
def test_a_flood_of_connections_from_elsewhere_is_not_heard(tmp_path):
    one, other = pictures(tmp_path, 2)
    with watching(listening(stranger_connections_per_s=2)) as watch, ExitStack() as stack:
        for content in (one, other):
            with RawSender(watch.source.port, "CARM", "127.0.0.2") as carm:
                assert carm.associate() == ACCEPTED
                assert carm.store(content) == TAKEN
            strangers = [stack.enter_context(RawSender(watch.source.port)) for _ in range(12)]
            # That is said too, until the C-arm breaks off, which is said instead.
            assert strangers[-1].is_cut()
        assert np.array_equal(stacked(watch.frames(2)), noise(2))


def test_more_contexts_than_a_request_may_have_are_refused():
    more = item(0x20, bytes(60_000))
    with watching(listening()) as watch, RawSender(watch.source.port) as stranger:
        stranger.send(request("STRANGER", 3 * more))
        assert stranger.is_cut()
        watch.said("the limit is 131072")
