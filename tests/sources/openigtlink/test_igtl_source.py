"""OpenIGTLink against a pyigtl server in another process, and against senders that misbehave."""

from __future__ import annotations

import itertools
import socket
import struct
import subprocess
import sys
import threading
import time
import tracemalloc
from contextlib import closing, contextmanager

import numpy as np
import pytest

from leakwatch.config import LiveIgtlSettings, Settings
from leakwatch.core.errors import SourceError
from leakwatch.core.frame import IntensityRelationship, TimeSource
from leakwatch.core.protocols import Link
from leakwatch.sources.live_sources import open_live

pyigtl = pytest.importorskip("pyigtl", reason="the extra `igtl` is not installed")

from pyigtl.messages import MessageBase  # noqa: E402

from leakwatch.sources.openigtlink import igtl_messages, igtl_source  # noqa: E402
from leakwatch.sources.openigtlink.igtl_messages import Message  # noqa: E402
from leakwatch.sources.openigtlink.igtl_source import (  # noqa: E402
    DeclaredFormat,
    OpenIgtLink,
    _SenderClock,
    acquisition,
    from_spec,
)

# Sends frame n with all values 100 n + row, numbered in its metadata; leaves some numbers out.
SERVER = """
import sys, time
import numpy as np
import pyigtl
port, missing = int(sys.argv[1]), {int(n) for n in sys.argv[2:]}
server = pyigtl.OpenIGTLinkServer(port=port, local_server=True)
print("ready", flush=True)
while not server.is_connected():
    time.sleep(0.01)
for number in range(12):
    if number in missing:
        continue
    rows = np.arange(48, dtype=np.uint16)[None, :, None]
    image = np.broadcast_to(100 * number + rows, (1, 48, 64)).copy()
    message = pyigtl.ImageMessage(image, device_name="Fluoro", timestamp=1000.0 + number / 15)
    message.header_version = 2
    message.metadata = {"FrameNumber": str(number)}
    server.send_message(message, wait=True)
    server.send_message(pyigtl.TransformMessage(np.eye(4), device_name="Probe"), wait=True)
sys.stdin.read()
"""


def free_port():
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def pyigtl_server(port, *missing):
    command = [sys.executable, "-c", SERVER, str(port), *map(str, missing)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    server = subprocess.Popen(command, text=True, **pipes)
    try:
        assert server.stdout.readline() == "ready\n"
        yield
    finally:
        server.kill()
        server.communicate()


def packed(image, number=None, message_id=0, device="Fluoro", sent_s=1000.0, matrix=None):
    """The bytes of an IMAGE message as pyigtl packs it."""
    message = pyigtl.ImageMessage(np.asarray(image), matrix, device_name=device, timestamp=sent_s)
    message.header_version, message.message_id = 2, message_id
    message.metadata = {} if number is None else {"FrameNumber": str(number)}
    return message.pack()


def grey(value=7, dtype=np.uint16):
    return np.full((1, 20, 30), value, dtype)


def corrupted(at, *values, image=None):
    """A message with some bytes of its body set to other values."""
    whole = bytearray(packed(grey() if image is None else image))
    body = MessageBase.IGTL_HEADER_SIZE + 12
    whole[body + at : body + at + len(values)] = bytes(values)
    return summed(whole)


def summed(whole):
    """A message with the checksum of what it holds now, by pyigtl's own way to compute it."""
    size = MessageBase.IGTL_HEADER_SIZE
    checksum = struct.pack(">Q", pyigtl.messages.CRC64(bytes(whole[size:])))
    return bytes(whole[: size - 8]) + checksum + bytes(whole[size:])


def damaged():
    """A message one bit of whose pixels fell over on the way."""
    whole = bytearray(packed(grey()))
    whole[-100] ^= 4
    return bytes(whole)


class Sender(threading.Thread):
    """A server that sends to one client after the other what it was given, and hangs up."""

    def __init__(self, *connections):
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.connections, self.done = connections, threading.Event()

    def run(self):
        with self.listener:
            for pieces in self.connections:
                peer, _ = self.listener.accept()
                with peer:
                    for piece in pieces:
                        if isinstance(piece, float):
                            time.sleep(piece)
                        else:
                            peer.sendall(piece)
                    if pieces and pieces[-1] == 0.0:  # stays on the line
                        self.done.wait(20.0)


@contextmanager
def source_of(*connections, **given):
    sender = Sender(*connections)
    sender.start()
    source = OpenIgtLink("127.0.0.1", sender.port, **given)
    try:
        yield source
    finally:
        source.close()
        sender.done.set()
        sender.join(10.0)
        assert not sender.is_alive()


def taken(source, count):
    return list(itertools.islice(source.frames(), count))


STAYS = 0.0


def test_every_frame_of_a_foreign_server_comes_and_its_gaps_are_counted():
    port = free_port()
    before_s = time.monotonic()
    with pyigtl_server(port, 3, 7, 8):
        source = open_live(f"igtl://127.0.0.1:{port}", Settings())
        frames = taken(source, 9)
        source.close()
    assert [frame.index for frame in frames] == [0, 1, 2, 4, 5, 6, 9, 10, 11]
    assert source.status.frames_lost == 3
    assert source.status.link is Link.OPEN
    assert "Fluoro" in source.status.text
    for frame in frames:
        assert frame.pixels.shape == (48, 64)
        assert frame.pixels.dtype == np.uint16
        assert not frame.pixels.flags.writeable
        rows = 100 * frame.index + np.arange(48)
        np.testing.assert_array_equal(frame.pixels, np.repeat(rows[:, None], 64, axis=1))
        assert before_s < frame.received_s <= time.monotonic()
    # All of them were sent at once, and their own clock says when they were taken.
    assert [frame.time_s for frame in frames] == pytest.approx(
        [frame.index / 15 for frame in frames], abs=1e-6
    )
    assert len({id(frame.acquisition) for frame in frames}) == 1


def assembled(
    content, extended=12, entries=b"", texts=b"", device=b"Fluoro", kind=b"IMAGE", version=2
):
    """A message put together by the protocol's own layout (OpenIGTLink v3), number 7."""
    begin = struct.pack(">HHII", extended, len(entries), len(texts), 7)
    body = begin + bytes(extended - len(begin)) + content + entries + texts
    return headed(body, device, kind, version)


def headed(body, device=b"Fluoro", kind=b"IMAGE", version=1):
    head = struct.pack(">H12s20sIIQQ", version, kind, device, 1000, 0, len(body), 0)
    return summed(head + body)


def content_of(image):
    """What pyigtl packs between extended header and metadata."""
    empty_metadata = 2
    return packed(image)[MessageBase.IGTL_HEADER_SIZE + 12 : -empty_metadata]


def metadata(key, encoding, value):
    return struct.pack(">HHHI", 1, len(key), encoding, len(value)), key + value


ROOM = "Röntgen 2"
# 3, 4 and 106 are US-ASCII, ISO 8859-1 and UTF-8 (IANA, MIBenum).
SURROUNDED = {
    "extended header of 24 bytes": assembled(content_of(grey(9)), extended=24),
    "extended header of 14 bytes": assembled(content_of(grey(9)), extended=14),
    "no metadata at all": assembled(content_of(grey(9))),
    "Latin-1 in metadata that are said to be ASCII": assembled(
        content_of(grey(9)), 12, *metadata(b"Room", 3, ROOM.encode("latin-1"))
    ),
    "Latin-1 in metadata": assembled(
        content_of(grey(9)), 12, *metadata(b"Room", 4, ROOM.encode("latin-1"))
    ),
    "an encoding of nobody": assembled(content_of(grey(9)), 12, *metadata(b"Room", 9999, b"A")),
    "Latin-1 in a name of metadata": assembled(
        content_of(grey(9)), 12, *metadata("Röhre".encode("latin-1"), 106, b"A")
    ),
    "metadata that end too early": assembled(
        content_of(grey(9)), 12, struct.pack(">HHHI", 4, 3, 3, 90), b"abc"
    ),
    "Latin-1 in the device's name": headed(content_of(grey(9)), ROOM.encode("latin-1")),
    "UTF-8 in the device's name": headed(content_of(grey(9)), ROOM.encode()),
    "UTF-8 that is cut off": headed(content_of(grey(9)), ("x" * 19 + "ö").encode()),
}


@pytest.mark.parametrize("sent", SURROUNDED.values(), ids=SURROUNDED)
def test_what_is_around_a_picture_loses_none(sent):
    with source_of([sent, STAYS]) as source:
        (frame,) = taken(source, 1)
        assert frame.pixels.shape == (20, 30)
        assert (frame.pixels == 9).all()
        assert source.status.link is Link.OPEN
        assert source.status.frames_lost == 0


def test_a_device_is_found_by_a_name_that_is_not_ascii():
    other = headed(content_of(grey(1)), b"Other")
    for encoding in ("latin-1", "utf-8"):
        ours = headed(content_of(grey(2)), ROOM.encode(encoding))
        with source_of([other, ours, STAYS], device=ROOM) as source:
            (frame,) = taken(source, 1)
        assert (frame.pixels == 2).all()
        assert ROOM in source.status.text


def test_frame_numbers_are_read_beside_metadata_that_are_not_ascii():
    entries = struct.pack(">HHHIHHI", 2, 4, 4, 9, 11, 3, 2)
    sent = [
        assembled(content_of(grey()), 12, entries, b"Room" + ROOM.encode("latin-1") + text)
        for text in (b"FrameNumber11", b"FrameNumber14")
    ]
    with source_of([*sent, STAYS]) as source:
        frames = taken(source, 2)
    assert [frame.index for frame in frames] == [0, 3]


def test_parts_that_do_not_fit_into_a_message_are_refused():
    body = struct.pack(">HHII", 12, 0, 1 << 31, 7) + content_of(grey())
    for sent in (headed(body, version=2), headed(body[:7], version=2)):
        with source_of([sent, packed(grey(2)), STAYS]) as source:
            (frame,) = taken(source, 1)
        assert (frame.pixels == 2).all()
        assert source.status.frames_lost == 1


class Announces:
    """A peer's end: some bytes, then silence."""

    def __init__(self, content):
        self.left, self.asked = content, []

    def settimeout(self, seconds):
        pass

    def recv_into(self, view):
        if not self.left:
            raise TimeoutError
        self.asked.append(len(view))
        size = min(len(view), len(self.left))
        view[:size], self.left = self.left[:size], self.left[size:]
        return size


@pytest.mark.parametrize("kind", [b"IMAGE", b"POLYDATA"])
def test_an_announced_length_is_never_allocated(kind):
    """60 MB are announced and ten bytes come."""
    head = struct.pack(">H12s20sIIQQ", 1, kind, b"x", 0, 0, 60_000_000, 0)
    peer = Announces(head + b"ten bytes!")
    tracemalloc.start()
    try:
        with pytest.raises(igtl_messages.LinkBroken, match="10 of 60000000 bytes"):
            next(igtl_messages.messages(peer, lambda: False, LiveIgtlSettings(stalled_s=0.2)))
        assert tracemalloc.get_traced_memory()[1] < 4_000_000
    finally:
        tracemalloc.stop()


def test_a_long_message_of_something_else_is_passed_over_without_keeping_it():
    other = bytes(30_000_000)
    with source_of([headed(other, kind=b"POLYDATA"), packed(grey(3)), STAYS]) as source:
        tracemalloc.start()
        try:
            (frame,) = taken(source, 1)
            assert tracemalloc.get_traced_memory()[1] < 4_000_000
        finally:
            tracemalloc.stop()
    assert (frame.pixels == 3).all()


@pytest.mark.parametrize(("kind", "size"), [(b"IMAGE", 70_001), (b"STRING", 1025)])
def test_longer_messages_than_the_settings_take_are_refused_before_they_come(kind, size):
    settings = LiveIgtlSettings(picture_bytes=70_000, other_bytes=1024)
    head = struct.pack(">H12s20sIIQQ", 1, kind, b"x", 0, 0, size, 0)
    with pytest.raises(igtl_messages.LinkBroken, match=f"of {size} bytes is announced"):
        next(igtl_messages.messages(Announces(head), lambda: False, settings))


def test_it_connects_again_to_a_server_that_died():
    port = free_port()
    source = OpenIgtLink("127.0.0.1", port)
    found, links = [], []

    def read():
        for frame in source.frames():
            found.append(frame)  # noqa: PERF402 - it is looked at while it grows

    def wait_for(what):
        end = time.monotonic() + 20.0
        while not what():
            assert time.monotonic() < end, (source.status, len(found))
            time.sleep(0.02)

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    wait_for(lambda: source.status.link is Link.LOST)  # nobody is there yet
    assert "no connection" in source.status.text
    with pyigtl_server(port):
        wait_for(lambda: len(found) == 12)
        links.append(source.status.link)
    wait_for(lambda: source.status.link is Link.LOST)
    with pyigtl_server(port):
        wait_for(lambda: len(found) == 24)
        links.append(source.status.link)
    source.close()
    reader.join(1.0)  # the protocol promises a second
    assert not reader.is_alive()
    assert links == [Link.OPEN, Link.OPEN]
    # The server counted anew: that is no loss, and no index comes twice.
    assert [frame.index for frame in found] == list(range(24))
    assert source.status.frames_lost == 0


def test_closing_ends_a_wait_on_a_silent_peer():
    with source_of([STAYS]) as source:
        reader = threading.Thread(target=lambda: taken(source, 1), daemon=True)
        reader.start()
        end = time.monotonic() + 5.0
        while "no image" not in source.status.text and time.monotonic() < end:
            time.sleep(0.01)
        assert source.status.link is Link.WAITING
        source.close()
        reader.join(1.0)
        assert not reader.is_alive()


def test_a_message_cut_into_single_bytes_and_pieces_is_whole():
    whole = packed(grey(9))
    pieces = [whole[i : i + 1] for i in range(70)] + [0.3, whole[70:500], 0.3, whole[500:], STAYS]
    with source_of(pieces) as source:
        (frame,) = taken(source, 1)
    assert (frame.pixels == 9).all()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16])
@pytest.mark.parametrize("order", ["little", "big"])
def test_types_and_byte_orders(dtype, order):
    image = (np.arange(600) % 200).reshape(1, 20, 30).astype(dtype)
    # pyigtl itself sends little endian only.
    sent = packed(image) if order == "little" else corrupted(4, 1, image=image.byteswap())
    with source_of([sent, STAYS]) as source:
        (frame,) = taken(source, 1)
    np.testing.assert_array_equal(frame.pixels, image[0])
    assert frame.pixels.dtype == dtype
    assert frame.pixels.dtype.isnative
    assert frame.acquisition.pixel_format.signed == (dtype is np.int16)
    assert frame.acquisition.pixel_format.bits_stored == 8 * np.dtype(dtype).itemsize


def test_a_two_dimensional_array_as_pyigtl_sends_it():
    image = np.arange(600, dtype=np.uint16).reshape(20, 30)
    with source_of([packed(image), STAYS]) as source:
        (frame,) = taken(source, 1)
    np.testing.assert_array_equal(frame.pixels, image)


swapped = (np.arange(600, dtype=np.uint16).reshape(1, 20, 30) + 3000).byteswap()
UNUSABLE = {
    "colour": (packed(np.zeros((1, 20, 30, 3), np.uint8)), "colour"),
    "volume": (packed(np.zeros((4, 20, 30), np.uint16)), "not one plane"),
    "float": (packed(grey(1, np.float32)), "float32"),
    "int8": (packed(grey(1, np.int8)), "int8"),
    "unknown type": (corrupted(3, 99), "malformed"),
    "byte order 9": (corrupted(4, 9), "byte order is 9"),
    "bytes swapped": (packed(swapped), "look swapped"),
    "wrong size": (corrupted(6, 0, 31), "malformed"),
    "part of a picture": (corrupted(60, 0, 2), "malformed"),
    "larger than any detector": (packed(np.zeros((1, 4097, 4096), np.uint8)), "too large"),
    "a bit fell over": (damaged(), "checksum"),
}


@pytest.mark.parametrize(("sent", "said"), UNUSABLE.values(), ids=UNUSABLE)
def test_what_cannot_be_used_shows_and_the_next_frame_comes(sent, said):
    with source_of([packed(grey(1)), sent, 0.4, packed(grey(2)), STAYS]) as source:
        frames = source.frames()
        assert (next(frames).pixels == 1).all()
        seen = []
        watch = threading.Thread(target=lambda: seen.append(next(frames)), daemon=True)
        watch.start()
        end = time.monotonic() + 5.0
        while source.status.link is Link.OPEN and time.monotonic() < end:
            time.sleep(0.005)
        assert source.status.link is Link.LOST
        assert said in source.status.text
        watch.join(5.0)
    assert (seen[0].pixels == 2).all()
    assert seen[0].index == 2
    assert source.status.frames_lost == 1
    assert source.status.link is Link.OPEN


GARBAGE = {
    "http": b"HTTP/1.1 400 Bad Request\r\nServer: something else entirely\r\n\r\n" * 3,
    "zeros": bytes(200),
    "huge": struct.pack("> H 12s 20s II Q Q", 1, b"IMAGE", b"x", 1, 0, 1 << 40, 0),
    "half a message": packed(grey())[:300],
}


@pytest.mark.parametrize("sent", GARBAGE.values(), ids=GARBAGE)
def test_garbage_ends_the_connection_and_the_next_one_serves(sent):
    with source_of([packed(grey(1)), sent], [packed(grey(2)), STAYS]) as source:
        one, other = taken(source, 2)
    assert (one.pixels == 1).all()
    assert (other.pixels == 2).all()


def test_no_mutated_message_breaks_it():
    """Nothing but the two errors that are caught comes out, whatever is in a message."""
    rng = np.random.default_rng(5)
    whole = packed(grey(), number=3)
    header = MessageBase.IGTL_HEADER_SIZE
    outcomes = set()
    for _ in range(3000):
        mutated = bytearray(whole)
        for at in rng.integers(header, len(whole), rng.integers(1, 6)):
            # Mostly where the structure is: extended header, image header, metadata.
            place = at if rng.random() < 0.2 else header + at % 84
            mutated[place] = rng.integers(0, 256)
        cut = len(mutated) if rng.random() < 0.8 else rng.integers(header, len(mutated))
        fields = MessageBase.parse_header(bytes(mutated[:header]))
        message = igtl_messages.Message("IMAGE", "x", 0.0, fields, bytes(mutated[header:cut]), 0.0)
        try:
            shown = igtl_messages.decode_image(message)
            acquisition(shown, DeclaredFormat(spacing_at_vertebra=True, patient_axes=True))
            outcomes.add("picture")
        except igtl_messages.UnusableImage:
            outcomes.add("refused")
    assert outcomes == {"picture", "refused"}


def test_a_sender_that_computes_no_checksum_is_read():
    size = MessageBase.IGTL_HEADER_SIZE
    whole = packed(grey(5))
    bare = whole[: size - 8] + bytes(8) + whole[size:]
    with source_of([bare, STAYS]) as source:
        (frame,) = taken(source, 1)
    assert (frame.pixels == 5).all()


def test_message_numbers_serve_where_frames_have_none():
    sent = [packed(grey(), message_id=number) for number in (5, 6, 9)]
    with source_of([*sent, STAYS]) as source:
        frames = taken(source, 3)
    assert [frame.index for frame in frames] == [0, 1, 4]
    assert source.status.frames_lost == 2


def test_a_sender_that_never_counts_loses_nothing_that_is_known():
    with source_of([packed(grey(n), message_id=7) for n in range(4)] + [STAYS]) as source:
        frames = taken(source, 4)
    assert [frame.index for frame in frames] == [0, 1, 2, 3]


def test_another_size_is_another_acquisition():
    wide = np.zeros((1, 24, 30), np.uint16)
    with source_of([packed(grey()), packed(wide), packed(wide), STAYS]) as source:
        one, other, third = taken(source, 3)
    assert (one.acquisition.rows, other.acquisition.rows) == (20, 24)
    assert other.acquisition is third.acquisition


def test_only_one_device_is_shown():
    mixed = [packed(grey(1), device="A"), packed(grey(2), device="B"), packed(grey(3), device="A")]
    with source_of([*mixed, STAYS]) as source:
        assert [int(frame.pixels[0, 0]) for frame in taken(source, 2)] == [1, 3]
    with source_of([*mixed, STAYS], device="B") as source:
        assert [int(frame.pixels[0, 0]) for frame in taken(source, 1)] == [2]


def test_a_clock_that_jumps_does_not_move_time():
    sent = [1000.0, 1000.1, 9000.0, 9000.1, 500.0, 500.1]
    with source_of([packed(grey(), sent_s=at) for at in sent] + [STAYS]) as source:
        times = [frame.time_s for frame in taken(source, 6)]
    assert times[0] == 0.0
    assert times[1] == pytest.approx(0.1, abs=1e-6)
    assert (np.diff(times) >= 0).all()
    assert times[-1] < 5.0


@pytest.mark.parametrize(
    "stamps",
    [
        [0.0] * 40,  # no clock
        [float(1000 + index // 8) for index in range(40)],  # whole seconds
        [1000.25 + index // 4 / 2 for index in range(40)],  # half seconds
    ],
    ids=["none", "whole seconds", "half seconds"],
)
def test_a_clock_that_does_not_tell_frames_apart_gives_way_to_arrival(stamps):
    """At 7.5/s; a first step may be off by the clock's own tick."""
    clock = _SenderClock()
    times = [
        clock.time_s(Message("IMAGE", "Fluoro", sent, {}, b"", 50.0 + index / 7.5))
        for index, sent in enumerate(stamps)
    ]
    np.testing.assert_allclose(np.diff(times)[8:], 1 / 7.5, atol=1e-9)
    assert times[-1] == pytest.approx(39 / 7.5, abs=0.5)


def test_no_clock_is_said():
    with source_of([packed(grey(), sent_s=0.0), STAYS]) as source:
        (frame,) = taken(source, 1)
    assert frame.acquisition.time_source is TimeSource.ARRIVAL
    assert "timed by their arrival" in " ".join(frame.acquisition.notes)
    with source_of([packed(grey(), sent_s=1000.25), STAYS]) as source:
        (frame,) = taken(source, 1)
    assert frame.acquisition.time_source is TimeSource.ACQUISITION_TIME


MATRIX = np.diag([0.4, 0.3, 1.0, 1.0])
# Columns grow towards the patient's front, rows towards the feet; left-right is through the plane.
SAGITTAL = np.array([[0, 0, 1, 0], [-0.3, 0, 0, 0], [0, -0.3, 0, 0], [0, 0, 0, 1.0]])


def shown(declared, matrix):
    with source_of([packed(grey(), matrix=matrix), STAYS], declared=declared) as source:
        (frame,) = taken(source, 1)
    return frame.acquisition


def test_its_spacing_gives_no_millimetres_unless_a_person_says_so():
    found = shown(DeclaredFormat(), MATRIX)
    assert found.geometry.pixel_spacing_mm is None
    assert found.geometry.imager_pixel_spacing_mm is None
    assert found.geometry.pixel_aspect == pytest.approx(0.75)  # a row is 0.3 high, 0.4 wide
    assert any("spacing is not used" in note for note in found.notes)
    said = shown(DeclaredFormat(spacing_at_vertebra=True), MATRIX)
    assert said.geometry.pixel_spacing_mm == pytest.approx((0.3, 0.4))
    assert said.geometry.pixel_spacing_calibration == "FIDUCIAL"


def test_its_axes_say_nothing_of_the_patient_unless_a_person_says_so():
    assert shown(DeclaredFormat(), SAGITTAL).patient_orientation is None
    assert shown(DeclaredFormat(patient_axes=True), SAGITTAL).patient_orientation == ("A", "F")
    oblique = np.diag([0.3, 0.3, 1.0, 1.0])
    turn = np.deg2rad(45)
    oblique[:2, :2] = 0.3 * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    assert shown(DeclaredFormat(patient_axes=True), oblique).patient_orientation is None


def test_specifications():
    spec = "//room-2:18945/Fluoro%201?bits=12&photometric=MONOCHROME1&relationship=LIN"
    source = from_spec(spec, Settings())
    assert source._address == ("room-2", 18945)
    assert source._device == "Fluoro 1"
    assert source._declared == DeclaredFormat(12, "MONOCHROME1", IntensityRelationship.LIN)
    assert from_spec("//room-2", Settings())._address == ("room-2", igtl_source.DEFAULT_PORT)
    assert from_spec("//r?spacing=vertebra&axes=patient", Settings())._declared == DeclaredFormat(
        spacing_at_vertebra=True, patient_axes=True
    )


@pytest.mark.parametrize(
    "rest", ["room-2", "//", "//:18944", "//h:port", "//h:1?bits=99", "//h:1?speed=2", "//[h"]
)
def test_wrong_specifications_are_told(rest):
    with pytest.raises(SourceError, match=r"igtl"):
        from_spec(rest, Settings())
