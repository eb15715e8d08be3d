"""Archives that are late, give their list in pages, or never end: no frame lost, little memory."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import socket
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import msgspec
import numpy as np
import pytest
from dicom_writing import noise, smooth, write
from held_memory import peak_of
from live_watching import Watching, stacked, watching

from leakwatch.config import LiveDicomSettings
from leakwatch.core.protocols import Link
from leakwatch.sources.dicomweb.study_source import DicomWebStudy, StudyOptions

QUICK = LiveDicomSettings(poll_s=0.02, back_off_s=0.1, connect_s=1.0, series_quiet_s=0.3)
MB = 1 << 20


class Archive:
    """What a test says it has; `root` before anybody listens there."""

    def __init__(self) -> None:
        self.bodies: dict[str, bytes] = {}
        self.page, self.unknown, self.asked = 1000, False, 0
        self.heads: dict[str, str] = {}
        self.endless: str | None = None
        self.beyond = 200  # how a page is answered that has nothing
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.root = f"http://127.0.0.1:{self.port}/rs"

    def store(self, path: Path) -> None:
        self.bodies[f"1.2.3.{len(self.bodies) + 1}"] = path.read_bytes()

    @contextmanager
    def listening(self) -> Iterator[None]:
        archive = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                archive.answer(self)

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        server.daemon_threads, server.block_on_close = True, False
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            server.server_close()
            thread.join()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(request.path)
        wants_list = parts.path.endswith("/instances")
        if self.unknown:
            self.asked += 1
            request.send_error(404)
            return
        if self.endless == ("list" if wants_list else "object"):
            self._without_end(request)
            return
        kind, body = "application/dicom+json", b""
        if wants_list:
            offset = int(parse_qs(parts.query).get("offset", ["0"])[0])
            if offset >= len(self.bodies) and self.beyond != 200:
                request.send_error(self.beyond)
                return
            body = listed(list(self.bodies)[offset : offset + self.page])
        else:
            kind = 'multipart/related; type="application/dicom"; boundary="a-b"'
            body = b"--a-b\r\nContent-Type: application/dicom\r\n\r\n"
            body += self.bodies[parts.path.rpartition("/")[2]] + b"\r\n--a-b--\r\n"
        if self.heads.get("Content-Encoding") == "gzip":
            body = gzip.compress(body)
        self._send(request, {"Content-Type": kind, "Content-Length": str(len(body))} | self.heads)
        with_body = not self.heads.get("Content-Length")
        request.wfile.write(body if with_body else b"")

    def _without_end(self, request: BaseHTTPRequestHandler) -> None:
        kind = 'multipart/related; type="application/dicom"; boundary=x'
        self._send(request, {"Content-Type": kind})
        piece = b"--x\r\n\r\n" if self.endless == "object" else b"[{}"
        try:
            while True:
                request.wfile.write(piece)
                piece = b",{}" * 20_000
        except OSError:
            pass  # the client had enough

    def _send(self, request: BaseHTTPRequestHandler, heads: dict[str, str]) -> None:
        request.send_response(200)
        for name, value in heads.items():
            request.send_header(name, value)
        request.end_headers()


def listed(uids: list[str]) -> bytes:
    return json.dumps(
        [
            {
                "0020000E": {"vr": "UI", "Value": ["1.2.4"]},
                "00080018": {"vr": "UI", "Value": [uid]},
                "00200013": {"vr": "IS", "Value": [uid.rpartition(".")[2]]},
                "00080005": {"vr": "CS"},
            }
            for uid in uids
        ]
    ).encode()


@pytest.fixture
def archive() -> Archive:
    return Archive()


def opened(archive: Archive, existing: bool = False, **settings: float) -> DicomWebStudy:
    changed = msgspec.structs.replace(QUICK, **settings)
    return DicomWebStudy(StudyOptions(archive.root, "1.2.3", existing), changed)


def stored(archive: Archive, folder: Path, count: int, **tags: object) -> np.ndarray:
    """Store single frames, and give their pixels."""
    frames = np.stack(noise(count))
    for frame in frames:
        name = folder / f"{len(archive.bodies)}.dcm"
        archive.store(write(name, [frame], InstanceNumber=len(archive.bodies) + 1, **tags))
    return frames


def all_came(watch: Watching, frames: np.ndarray) -> None:
    assert np.array_equal(stacked(watch.frames(len(frames))), frames)
    assert watch.status.frames_lost == 0
    assert watch.status.link is Link.OPEN


def test_a_study_that_appears_late_is_taken_from_its_first_object(archive, tmp_path):
    archive.unknown = True
    with archive.listening(), watching(opened(archive)) as watch:
        assert watch.said("knows no such study yet (HTTP 404)").link is Link.LOST
        watch.until(lambda: archive.asked > 8, "asked at the usual pace")
        frames = stored(archive, tmp_path, 5)
        archive.unknown = False
        all_came(watch, frames)


def test_an_archive_that_is_away_at_first_gives_what_was_stored_meanwhile(archive, tmp_path):
    with watching(opened(archive)) as watch:
        watch.said("the archive cannot be reached")
        frames = stored(archive, tmp_path, 5)
        with archive.listening():
            all_came(watch, frames)


def test_of_an_archive_that_was_away_old_objects_are_passed_over(archive, tmp_path):
    now = dt.datetime.now()  # noqa: DTZ005 - as a C-arm writes it
    with watching(opened(archive)) as watch:
        watch.said("the archive cannot be reached")
        yesterday = f"{now - dt.timedelta(days=1):%Y%m%d%H%M%S}"
        stored(archive, tmp_path, 3, AcquisitionDateTime=yesterday)
        frames = stored(archive, tmp_path, 4, AcquisitionDateTime=f"{now:%Y%m%d%H%M%S}")
        with archive.listening():
            all_came(watch, frames)
            assert "older than the session" in watch.status.text


@pytest.mark.parametrize("page", [1, 10, 23, 100])
def test_a_list_in_pages_of_any_length_is_read_to_its_end(archive, tmp_path, page):
    archive.page = page
    frames = stored(archive, tmp_path, 23)
    with archive.listening(), watching(opened(archive, existing=True)) as watch:
        all_came(watch, frames)


@pytest.mark.parametrize("beyond", [400, 404, 416])
def test_a_page_that_is_refused_is_the_end_of_the_list(archive, tmp_path, beyond):
    archive.page, archive.beyond = 2, beyond
    with archive.listening(), watching(opened(archive)) as watch:
        watch.said(f"HTTP {beyond}" if beyond != 404 else "knows no such study yet")
        frames = stored(archive, tmp_path, 5)
        all_came(watch, frames)


def test_more_objects_than_may_wait_are_fetched_when_there_is_room(archive, tmp_path):
    frames = stored(archive, tmp_path, 12)
    with archive.listening():
        source = opened(archive, existing=True, queue_objects=2)
        with watching(source) as watch:
            all_came(watch, frames)


def test_what_is_there_when_the_session_begins_is_still_passed_over(archive, tmp_path):
    stored(archive, tmp_path, 12)
    archive.page = 5
    with archive.listening(), watching(opened(archive)) as watch:
        watch.said("passed over: 12 objects that were there already")
        frames = stored(archive, tmp_path, 2)
        all_came(watch, frames)


@pytest.mark.parametrize(
    ("endless", "said"),
    [
        ("object", "an object could not be fetched: an answer of more than 3145728 bytes"),
        ("list", "an answer of more than 1048576 bytes; next request"),
    ],
)
def test_an_answer_without_end_is_cut(archive, tmp_path, endless, said):
    stored(archive, tmp_path, 2)
    archive.endless = endless
    source = opened(archive, existing=True, object_bytes=3 * MB, answer_bytes=MB)
    with archive.listening(), watching(source) as watch:
        # Half of it is what the other end has in hand.
        assert peak_of(lambda: watch.said(said)) < 8 * MB
        archive.endless = None
        (last,) = smooth(1)
        archive.store(write(tmp_path / "last.dcm", [last]))
        watch.until(
            lambda: watch.got and np.array_equal(watch.got[-1].pixels, last), "the next object"
        )


def test_an_announced_length_is_refused_before_it_comes(archive, tmp_path):
    stored(archive, tmp_path, 1)
    archive.heads = {"Content-Length": str(1 << 40)}
    with archive.listening(), watching(opened(archive, existing=True)) as watch:
        watch.said(f"an answer of more than {QUICK.answer_bytes} bytes")


def test_a_deflated_answer_is_read_and_a_bomb_is_not(archive, tmp_path):
    frames = stored(archive, tmp_path, 2)
    archive.heads = {"Content-Encoding": "gzip"}
    source = opened(archive, existing=True, object_bytes=3 * MB)
    with archive.listening(), watching(source) as watch:
        assert np.array_equal(stacked(watch.frames(2)), frames)
        archive.bodies["1.2.3.77"] = bytes(64 * MB)
        watch.said("an answer of more than 3145728 bytes")


def test_an_object_that_is_itself_deflated_is_refused_before_it_is_inflated(archive, tmp_path):
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    whole = write(tmp_path / "a.dcm", noise(1)).read_bytes()
    uid = whole.index(b"1.2.840.10008.1.2.1\0")
    head = whole[: uid - 2] + b"\x16\x00" + b"1.2.840.10008.1.2.1.99"
    after = whole[uid + 20 :]
    length = int.from_bytes(head[140:144], "little") + 2
    head = head[:140] + length.to_bytes(4, "little") + head[144:]
    end = 144 + length
    both = head + after
    packed = packer.compress(both[end:] + bytes(64 * MB)) + packer.flush()
    archive.bodies["1.2.3.1"] = both[:end] + packed
    with archive.listening(), watching(opened(archive, existing=True)) as watch:
        said = "is stored as Deflated Explicit VR Little Endian"
        assert peak_of(lambda: watch.said(said)) < 8 * MB


def test_a_study_without_end_is_given_up(archive):
    uids = [f"1.2.3.{number}" for number in range(60)]
    archive.bodies = dict.fromkeys(uids, b"")
    archive.page = 7
    with archive.listening(), watching(opened(archive, study_objects=50)) as watch:
        watch.said("a study of more than 50 objects")


def test_names_that_would_lead_elsewhere_name_no_object(archive):
    archive.bodies = {"../../../other": b"", "1.2/3": b"", "1.2?x": b""}
    with archive.listening(), watching(opened(archive)) as watch:
        watch.said("there is nothing in the study yet")
