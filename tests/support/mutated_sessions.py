"""Live sessions that are sent damaged objects after good ones: what is CLEAR must be a picture.

Each way in has a peer that sends bytes as they are. A batch begins with good frames until all is
CLEAR; then damaged ones come, and whenever a level is given, it is held against the pixels:

- CLEAR over a frame that is not one of the good ones, but for a few pixels, is a failure;
- a session that does not come to its last good frame in time hangs, which is a failure;
- an exception in any of its threads is a failure. A crash shows in the exit code.
"""

from __future__ import annotations

import io
import itertools
import json
import socket
import struct
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from unittest import mock

import cv2
import injection
import numpy as np
import pydicom.uid as uids
from dicom_writing import write
from mutants import mutant
from object_mutants import KINDS as DAMAGE
from object_mutants import kind_of, object_mutant

from leakwatch.config import LiveDicomSettings, LiveSettings, LiveVideoSettings, Settings
from leakwatch.core.errors import SourceError
from leakwatch.core.frame import Frame
from leakwatch.core.marks import CaseFile
from leakwatch.core.protocols import LiveSource
from leakwatch.core.results import Level, Snapshot
from leakwatch.live.case_setup import Setup
from leakwatch.live.live_session import LiveSession
from leakwatch.live.status import displayed_status
from leakwatch.sources.live_sources import open_live

BATCH = 25
# Nothing gets stale, late or is dropped, so that only what is seen decides; what differed is
# judged again at once, so that a damaged object is not hidden by the one before.
SETTINGS = Settings(
    live=LiveSettings(stale_after_s=1e6, return_after_s=0.0, waiting_frames=1000),
    live_dicom=LiveDicomSettings(
        series_quiet_s=0.01, sender_quiet_s=0.01, settle_s=0.02, partial_s=0.3, scan_s=0.05,
        poll_s=0.02, back_off_s=0.05, run_step_s=0.0,
    ),
    live_video=LiveVideoSettings(bone_is_bright=False),
)  # fmt: skip
CASE = CaseFile("", injection.MARKS, injection.MM_PER_PX, 0.005)
CALM = injection.stack(injection.FIRST_CEMENT)
# Around the wall and in the body in front of it, in patches of 1 mm, a fifth may be off by more
# than 3.5 mm of cement are: less is seen by nobody (`cement.blind_mm`).
WATCHED, PATCH_PX, MOST_LOG, MOST_DIFFERENT = np.s_[88:152, 80:168], 4, 0.12, 0.2
PATIENCE_S = 60.0
IGTL_FRONT = 58 + 12 + 72  # header, extended header, header of the image
SYNTAXES = [
    uids.ExplicitVRLittleEndian,
    uids.ImplicitVRLittleEndian,
    uids.RLELossless,
    uids.JPEGLosslessSV1,
    uids.JPEGLSLossless,
    uids.JPEG2000Lossless,
]


@dataclass
class Found:
    """What came of a number of damaged objects."""

    objects: int = 0
    number: int = 0  # of the object that was sent last
    levels: Counter[str] = field(default_factory=Counter)
    lost: int = 0
    refused: int = 0
    slowest_s: float = 0.0  # of the objects of stored ways
    failures: list[str] = field(default_factory=list)
    pictures: list[np.ndarray] = field(default_factory=list)

    def __str__(self) -> str:
        levels = ", ".join(f"{level} {count}" for level, count in sorted(self.levels.items()))
        told = f"{self.lost} lost, {self.refused} refused"
        return f"{self.objects} objects: {levels or 'no frame'}; {told}"


class Witness:
    """A sink that holds each level against the picture.

    A person marks the first frame as it is shown: where that one is damaged already, as a video
    whose key frame is, what agrees with it is what was marked, and where the head of the file
    promises another size, that is the size. Else every frame is as large as the good ones.
    """

    def __init__(self, good: np.ndarray, found: Found, marked_on_first: bool = False) -> None:
        self.marked_on_first = marked_on_first
        self.anatomy = good.astype(np.float32).mean(axis=0)
        self.pictures = [self.anatomy]  # of which a frame may be one, wherever it moved to
        self.known, self.shape = [logs(self.anatomy)], self.anatomy.shape
        self.found = found
        self.last: Frame | None = None
        self.damaged = False  # whether what comes now counts

    def append(self, snapshot: Snapshot) -> None:
        if snapshot.fault is not None:
            return
        if self.last is None and self.marked_on_first:
            self.known.append(logs(snapshot.frame.pixels))
            self.pictures.append(snapshot.frame.pixels.astype(np.float32))
            self.shape = snapshot.frame.pixels.shape
        self.last = snapshot.frame
        level = snapshot.alert.level
        if self.damaged:
            self.found.levels[level.value] += 1
        if level is Level.CLEAR and not self.is_good(snapshot.frame):
            self.found.failures.append(
                f"object {self.found.number}: CLEAR over another picture: "
                f"{describe(snapshot.frame)}"
            )
            self.found.pictures.append(snapshot.frame.pixels)

    def is_good(self, frame: Frame) -> bool:
        """Whether what is watched is what the good ones show, wherever it moved to."""
        if frame.pixels.shape != self.shape:
            return False
        pixels = frame.pixels.astype(np.float32)
        if self.differs(pixels) <= MOST_DIFFERENT:
            return True
        return any(self._moved(one, pixels) for one in self.pictures if one.shape == self.shape)

    def _moved(self, picture: np.ndarray, pixels: np.ndarray) -> bool:
        """Whether a frame is a picture that moved along."""
        (right, down), _ = cv2.phaseCorrelate(picture, pixels)
        matrix = np.array([[1, 0, round(right)], [0, 1, round(down)]], np.float32)
        size = pixels.shape[::-1]
        flags = cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP
        return self.differs(cv2.warpAffine(pixels, matrix, size, flags=flags)) <= MOST_DIFFERENT

    def differs(self, pixels: np.ndarray) -> float:
        """Share of what is watched that is brighter or darker than the good ones."""
        return min(float(np.mean(np.abs(logs(pixels) - one) > MOST_LOG)) for one in self.known)

    def close(self) -> None:
        pass


def logs(pixels: np.ndarray) -> np.ndarray:
    """Log brightness of the patches of what is watched, their median taken out."""
    area = pixels[WATCHED].astype(np.float64)
    rows, columns = area.shape[0] // PATCH_PX, area.shape[1] // PATCH_PX
    means = area.reshape(rows, PATCH_PX, columns, PATCH_PX).mean(axis=(1, 3))
    found = np.log(np.maximum(means, 0.5))
    return found - np.median(found)


def describe(frame: Frame) -> str:
    return f"frame {frame.index}, {frame.pixels.shape}, {frame.acquisition.pixel_format}"


class Peer:
    """Something that sends bytes into a live source."""

    spec: str

    def send(self, content: bytes, syntax: uids.UID) -> None:
        raise NotImplementedError

    def end_of_damage(self) -> None:
        """After a damaged object and, in a stream, a whole one."""

    def close(self) -> None:
        """End it."""


class FolderPeer(Peer):
    """Another program that renames files into place."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "watched"
        self.folder.mkdir()
        self.spec = f"folder:{self.folder}"
        self.count = itertools.count()

    def send(self, content: bytes, syntax: uids.UID) -> None:
        name = f"{next(self.count):05}.dcm"
        part = self.folder / f".{name}"
        part.write_bytes(content)
        part.rename(self.folder / name)


class StorePeer(Peer):
    """A client that sends the bytes of a data set as they are."""

    def __init__(self, folder: Path) -> None:
        self.spec = "scp://127.0.0.1:0"
        self.source: LiveSource | None = None
        self.association = None

    def send(self, content: bytes, syntax: uids.UID) -> None:
        from pynetdicom.dimse_primitives import C_STORE

        if self.association is None or not self.association.is_established:
            self.association = self._associated()
        start = meta_end(content)
        request = C_STORE()
        request.MessageID, request.Priority = 1, 2
        request.AffectedSOPClassUID = uids.XRayAngiographicImageStorage
        request.AffectedSOPInstanceUID = uids.generate_uid()
        request.DataSet = io.BytesIO(content[start:])
        context = next(
            one for one in self.association.accepted_contexts if one.transfer_syntax[0] == syntax
        )
        self.association._reactor_checkpoint.clear()
        while not self.association._is_paused and self.association.is_established:
            time.sleep(1e-4)
        self.association.dimse.send_msg(request, context.context_id)
        self.association.dimse.get_msg(block=True)
        self.association._reactor_checkpoint.set()

    def _associated(self):
        from pynetdicom import AE

        entity = AE()
        for syntax in SYNTAXES:
            entity.add_requested_context(uids.XRayAngiographicImageStorage, syntax)
        association = entity.associate("127.0.0.1", self.source.port)
        assert association.is_established
        return association

    def close(self) -> None:
        if self.association is not None and self.association.is_established:
            self.association.release()


class ArchivePeer(Peer):
    """An archive that gives away what it was given, whatever it is."""

    def __init__(self, folder: Path) -> None:
        self.objects: dict[str, bytes] = {}
        peer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                path = self.path.partition("?")[0]
                if path.endswith("/instances"):
                    found = [
                        {
                            "0020000E": {"vr": "UI", "Value": ["1.2.3.4"]},
                            "00080018": {"vr": "UI", "Value": [uid]},
                            "00200013": {"vr": "IS", "Value": [number]},
                        }
                        for number, uid in enumerate(peer.objects)
                    ]
                    offset = "offset=" in self.path
                    self._answer(
                        "application/dicom+json", json.dumps([] if offset else found).encode()
                    )
                    return
                content = peer.objects[path.rpartition("/")[2]]
                body = (
                    b"--x\r\nContent-Type: application/dicom\r\n\r\n" + content + b"\r\n--x--\r\n"
                )
                kind = 'multipart/related; type="application/dicom"; boundary=x'
                self._answer(kind, body)

            def _answer(self, kind: str, body: bytes) -> None:
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        port = self.server.server_address[1]
        self.spec = f"dicomweb+http://127.0.0.1:{port}?study=1.2.3&existing=yes"

    def send(self, content: bytes, syntax: uids.UID) -> None:
        self.objects[f"1.2.3.{len(self.objects) + 1}"] = content

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


class IgtlPeer(Peer):
    """A server of OpenIGTLink that sends bytes, and takes a client that comes again.

    What is damaged is followed by a whole message, whose bytes may be taken for the rest of it,
    and then by the end of the connection: so each damaged one is read, and none waited for.
    """

    def __init__(self, folder: Path) -> None:
        from leakwatch.sources.openigtlink import igtl_source

        # A client that waits half a second after each damaged message takes hours for all.
        self.soon = mock.patch.object(igtl_source, "RETRY_S", 0.002)
        self.soon.start()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.connection: socket.socket | None = None
        self.connected, self.closed = threading.Condition(), False
        port = self.listener.getsockname()[1]
        self.spec = f"igtl://127.0.0.1:{port}?bits=12&relationship=LIN"
        self.thread = threading.Thread(target=self._accept, daemon=True)
        self.thread.start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                with self.connected:
                    if self.connection is not None:
                        self.connection.close()
                    if self.closed:
                        connection.close()
                        return
                    self.connection = connection
                    self.connected.notify_all()

    def send(self, content: bytes, syntax: uids.UID) -> None:
        end_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < end_s:
            with self.connected:
                self.connected.wait_for(lambda: self.connection is not None, 1.0)
                connection = self.connection
            if connection is None:
                continue
            try:
                connection.settimeout(5.0)
                connection.sendall(content)
                return
            except OSError:
                connection.close()
                with self.connected:
                    if self.connection is connection:
                        self.connection = None

    def end_of_damage(self) -> None:
        with self.connected:
            connection, self.connection = self.connection, None
        if connection is None:
            return
        with connection, suppress(OSError):
            connection.shutdown(socket.SHUT_WR)
            connection.recv(1)  # the client has read all, and closes

    def hang_up(self) -> None:
        """A stream that lost its place begins anew."""
        with self.connected:
            if self.connection is not None:
                self.connection.close()
                self.connection = None

    def close(self) -> None:
        with self.connected:
            self.closed = True
        # Closing it would not wake the one who waits for a client; one more client does.
        with suppress(OSError):
            socket.create_connection(self.listener.getsockname(), 1.0).close()
        self.hang_up()
        self.thread.join(5.0)
        self.listener.close()
        self.soon.stop()


def summed(content: bytes) -> bytes:
    """A message with the checksum of the body that it holds now."""
    from pyigtl.messages import CRC64, MessageBase

    size = MessageBase.IGTL_HEADER_SIZE
    return content[: size - 8] + struct.pack(">Q", CRC64(content[size:])) + content[size:]


def meta_end(content: bytes) -> int:
    """Where the data set begins behind the file's meta group."""
    return 144 + struct.unpack("<I", content[140:144])[0]


@dataclass
class Objects:
    """Good ones, and damaged ones by number."""

    folder: Path
    seed: int
    igtl: bool = False
    by_structure: bool = False  # damaged as `object_mutants` does, else as `mutants`
    count: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def good(self, index: int) -> tuple[bytes, uids.UID]:
        return self._packed(CALM[index % len(CALM)], SYNTAXES[0])

    def damaged(self, number: int, meta_is_safe: bool) -> tuple[bytes, uids.UID]:
        syntax = SYNTAXES[number % len(SYNTAXES)]
        content, syntax = self._packed(CALM[number % len(CALM)], syntax)
        if self.igtl:
            return self._damaged_message(content, number), syntax
        head = meta_end(content) if meta_is_safe else 132
        if self.by_structure:
            return self._damaged_object(number, head if meta_is_safe else 0)
        return mutant(content, [self.seed, number], head), syntax

    def _damaged_object(self, number: int, head: int) -> tuple[bytes, uids.UID]:
        """Where a sender says the syntax in its own way, it says another one."""
        said = SYNTAXES[(number + number // len(DAMAGE)) % len(SYNTAXES)]
        other, _ = self._packed(CALM[0], SYNTAXES[number // 7 % len(SYNTAXES)])
        content, syntax = self._packed(CALM[number % len(CALM)], said)
        if head and kind_of(number) == "other_syntaxes":
            return content, SYNTAXES[(number + 1) % len(SYNTAXES)]
        head = meta_end(content) if head else 0
        return object_mutant(content, other, number, self.seed, head), syntax

    def _damaged_message(self, content: bytes, number: int) -> bytes:
        """Half of them anywhere, half in front of the pixels; half of those with the sum of it."""
        if number % 4 < 2:
            return mutant(content, [self.seed, number], 0)
        changed = mutant(content[:IGTL_FRONT], [self.seed, number], 0) + content[IGTL_FRONT:]
        return changed if number % 4 == 2 else summed(changed)

    def _packed(self, pixels: np.ndarray, syntax: uids.UID) -> tuple[bytes, uids.UID]:
        number = next(self.count)
        if self.igtl:
            return self._message(pixels, number), syntax
        path = write(
            self.folder / "made.dcm", [pixels], syntax,
            InstanceNumber=number, PatientID="A", StudyInstanceUID="1.2.3",
            SOPInstanceUID=f"1.2.3.9.{self.seed}.{100_000 + number}",
        )  # fmt: skip
        return path.read_bytes(), syntax

    def _message(self, pixels: np.ndarray, number: int) -> bytes:
        import pyigtl

        message = pyigtl.ImageMessage(
            pixels[None], device_name="Fluoro", timestamp=1000.0 + number / 30
        )
        message.header_version, message.message_id = 2, number
        message.metadata = {"FrameNumber": str(number)}
        return bytes(message.pack())


PEERS: dict[str, Callable[[Path], Peer]] = {
    "folder": FolderPeer,
    "scp": StorePeer,
    "dicomweb": ArchivePeer,
    "igtl": IgtlPeer,
}


def batch(kind: str, numbers: range, seed: int, found: Found, by_structure: bool = False) -> None:
    """One session of a way in over which objects arrive."""
    with tempfile.TemporaryDirectory() as name:
        peer = PEERS[kind](Path(name))
        objects = Objects(Path(name), seed, kind == "igtl", by_structure)
        source = open_live(peer.spec, SETTINGS)
        if isinstance(peer, StorePeer):
            peer.source = source
        witness = Witness(CALM, found)
        session = LiveSession(source, Setup(SETTINGS, CASE), {"witness": witness})
        session.start()
        try:
            _until_clear(session, peer, objects)
            witness.damaged = True
            for found.number in numbers:
                peer.send(*objects.damaged(found.number, kind == "scp"))
                if kind == "igtl":
                    peer.send(*objects.good(found.number))
                peer.end_of_damage()
                _never_clear_over_nothing(session, found)
                found.objects += 1
            witness.damaged = False
            _comes_through(session, peer, objects, witness)
            found.lost += session.status.link.frames_lost
            failure = session.status.fault or session.status.recordings[0].failure
            if failure:
                found.failures.append(f"{numbers}: {failure}")
        finally:
            session.close()
            peer.close()


def _until_clear(session: LiveSession, peer: Peer, objects: Objects) -> None:
    for index in range(len(CALM) + 2):
        peer.send(*objects.good(index))
        _wait(lambda count=index: session.status.frames > count, session)
    now = displayed_status(session.status, session.now_s, SETTINGS)
    assert now.level is Level.CLEAR, (now, session.status)


def _never_clear_over_nothing(session: LiveSession, found: Found) -> None:
    status = session.status
    now = displayed_status(status, session.now_s, SETTINGS)
    if now.level is Level.CLEAR and status.link.link.value == "lost":
        found.failures.append(f"CLEAR with a lost link: {status.link.text}")


def _comes_through(session: LiveSession, peer: Peer, objects: Objects, witness: Witness) -> None:
    """The last good object is seen, whatever came before."""
    marker = CALM[0].copy()
    marker[0, :8] = [7, 77, 777, 7, 77, 777, 7, 77]
    end_s = time.monotonic() + PATIENCE_S
    while time.monotonic() < end_s:
        if isinstance(peer, IgtlPeer):
            peer.hang_up()
        peer.send(*objects._packed(marker, SYNTAXES[0]))
        soon_s = time.monotonic() + 2.0
        while time.monotonic() < soon_s:
            last = witness.last
            if last is not None and np.array_equal(last.pixels, marker):
                return
            time.sleep(0.002)
    raise TimeoutError(f"hangs: {session.status}")


def _wait(holds: Callable[[], bool], session: LiveSession) -> None:
    end_s = time.monotonic() + PATIENCE_S
    while not holds():
        if time.monotonic() > end_s:
            raise TimeoutError(f"hangs: {session.status}")
        time.sleep(0.001)


def file_session(
    kind: str, number: int, seed: int, folder: Path, found: Found, by_structure: bool = False
) -> None:
    """A session of its own for a damaged file that is played."""
    path, good, spec = _played_file(kind, number, folder)
    content = path.read_bytes()
    if by_structure and kind == "replay":
        path.write_bytes(object_mutant(content, content, number, seed))
    else:
        path.write_bytes(mutant(content, [seed, number], 132 if kind == "replay" else 0))
    found.objects, found.number = found.objects + 1, number
    try:
        source = open_live(spec, SETTINGS)
    except SourceError:
        found.refused += 1
        return
    source._wait = lambda seconds: False  # at once
    witness = Witness(good, found, marked_on_first=True)
    witness.damaged = True
    session = LiveSession(source, Setup(SETTINGS, CASE), {"witness": witness})
    session.start()
    try:
        if not session.wait(PATIENCE_S):
            raise TimeoutError(f"hangs: {session.status}")
        status = session.status
        now = displayed_status(status, session.now_s, SETTINGS)
        if now.level is Level.CLEAR:
            found.failures.append(f"{number}: CLEAR at the end: {status}")
        found.lost += status.link.frames_lost + bool(status.fault)
        if status.recordings[0].failure:
            found.failures.append(status.recordings[0].failure)
    finally:
        session.close()


def _played_file(kind: str, number: int, folder: Path) -> tuple[Path, np.ndarray, str]:
    if kind == "replay":
        path = folder / "run.dcm"
        syntax = SYNTAXES[number % len(SYNTAXES)]
        uid = f"1.2.3.9.{100_000 + number}"
        write(path, list(CALM), syntax, FrameTime=1000 * injection.FRAME_S, SOPInstanceUID=uid)
        return path, CALM, f"replay:{path}?speed=8"
    codec, suffix = (("MJPG", "avi"), ("FFV1", "mkv"), ("mp4v", "mp4"), ("vp09", "mp4"))[number % 4]
    path = folder / f"run-{codec}.{suffix}"
    if codec not in _VIDEOS:
        writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*codec), 8.0, (240, 240))
        for one in CALM:
            writer.write(np.repeat(eight_bits(one)[..., None], 3, axis=2))
        writer.release()
        reader, good = cv2.VideoCapture(str(path)), []
        while (read := reader.read())[0]:
            good.append(cv2.cvtColor(read[1], cv2.COLOR_BGR2GRAY))
        reader.release()
        _VIDEOS[codec] = (path.read_bytes(), np.stack(good))
    content, good = _VIDEOS[codec]
    path.write_bytes(content)
    return path, good, f"video:{path}?text=no&speed=8"


_VIDEOS: dict[str, tuple[bytes, np.ndarray]] = {}


def eight_bits(pixels: np.ndarray) -> np.ndarray:
    return (pixels * (1.5 * 255 / 4095)).clip(0, 255).astype(np.uint8)


def _batch_that_may_break(
    kind: str, numbers: range, seed: int, found: Found, by_structure: bool
) -> None:
    """What breaks in one batch is told, and the next one begins anew."""
    try:
        batch(kind, numbers, seed, found, by_structure)
    except (AssertionError, OSError, TimeoutError, ValueError) as error:
        found.failures.append(f"{numbers}: {type(error).__name__}: {error}")


def run(
    kind: str,
    count: int,
    seed: int,
    told: Callable[[int, Found], None] = lambda *_: None,
    first: int = 0,
    by_structure: bool = False,
) -> Found:
    """Send `count` damaged objects into one way in, from number `first` on.

    Batches begin where they do in a run of all of them, so that an object comes to the same session
    again. `told` is called after each.
    """
    begin = first - first % BATCH if kind in PEERS else first
    found = Found()
    uncaught: list[str] = []
    before, threading.excepthook = threading.excepthook, lambda args: uncaught.append(repr(args))
    try:
        with tempfile.TemporaryDirectory() as name:
            for start in range(begin, first + count, BATCH):
                numbers = range(start, min(start + BATCH, first + count))
                if kind in PEERS:
                    _batch_that_may_break(kind, numbers, seed, found, by_structure)
                else:
                    for number in numbers:
                        file_session(kind, number, seed, Path(name), found, by_structure)
                found.failures += [f"{numbers}: {one}" for one in uncaught]
                uncaught.clear()
                told(numbers.stop, found)
    finally:
        threading.excepthook = before
    return found


KINDS = (*PEERS, "replay", "video")
