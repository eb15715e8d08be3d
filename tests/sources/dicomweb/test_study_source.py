"""A study of a real archive: Orthanc with its DICOMweb plugin, in another process."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pydicom.uid as uids
import pytest
from dicom_writing import noise, smooth, write
from live_watching import stacked, watching
from orthanc_peer import Orthanc

from leakwatch.config import LiveDicomSettings, Settings
from leakwatch.core.errors import SourceError
from leakwatch.core.protocols import Link
from leakwatch.sources.dicomweb.study_source import DicomWebStudy, StudyOptions
from leakwatch.sources.live_sources import open_live

QUICK = LiveDicomSettings(poll_s=0.05, back_off_s=0.2, connect_s=1.0, series_quiet_s=0.3)


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    orthanc = Orthanc(tmp_path_factory.mktemp("orthanc"))
    yield orthanc
    orthanc.stop()


@pytest.fixture
def study(request) -> str:
    """A UID of its own for each test."""
    return f"1.2.3.{sum(map(ord, request.node.name))}"


def opened(archive: Orthanc, study: str, **options: object) -> DicomWebStudy:
    return DicomWebStudy(StudyOptions(f"http:{archive.root}", study, **options), QUICK)


def test_what_is_new_in_a_study(tmp_path, archive, study):
    old = write(tmp_path / "old.dcm", noise(1, bits=8), StudyInstanceUID=study)
    archive.store(old)
    with watching(opened(archive, study)) as watch:
        watch.said("passed over: 1 object that was there already")
        archive.store(write(tmp_path / "a.dcm", noise(3), StudyInstanceUID=study))
        assert np.array_equal(stacked(watch.frames(3)), noise(3))
        one = write(tmp_path / "b.dcm", smooth(1), uids.JPEGLSLossless, StudyInstanceUID=study)
        archive.store(one)
        last = watch.frames(4)[3]
        assert np.array_equal(last.pixels, smooth(1)[0])
        assert last.acquisition.transfer_syntax_uid == uids.JPEGLSLossless  # as it was stored
        assert last.acquisition.subject == watch.got[0].acquisition.subject != ""
        assert watch.status.link is Link.OPEN
        assert watch.status.frames_lost == 0


def test_what_is_there_already_in_the_order_of_instances(tmp_path, archive, study):
    frames = noise(5)
    for index in (3, 0, 4, 1, 2):
        tags = {"StudyInstanceUID": study, "InstanceNumber": index + 1}
        archive.store(write(tmp_path / "a.dcm", [frames[index]], **tags))
    spec = f"dicomweb+http:{archive.root}?study={study}&existing=yes&keep={tmp_path / 'kept'}"
    with watching(open_live(spec, Settings())) as watch:
        assert np.array_equal(stacked(watch.frames(5)), frames)
        assert [frame.index for frame in watch.got] == list(range(5))
    assert len(list((tmp_path / "kept").glob("*.dcm"))) == 5


def test_what_cannot_be_used_is_said(tmp_path, archive, study):
    tags = {"StudyInstanceUID": study}
    with watching(opened(archive, study, existing=True)) as watch:
        colour = {"PhotometricInterpretation": "RGB", "SamplesPerPixel": 3}
        archive.store(write(tmp_path / "a.dcm", noise(1), **colour, **tags))
        assert watch.said("is a colour image").link is Link.LOST
        archive.store(write(tmp_path / "b.dcm", noise(1), **tags))
        watch.frames(1)
        assert watch.status.link is Link.OPEN


def test_an_archive_that_goes_away_and_comes_back(tmp_path, study):
    archive = Orthanc(tmp_path)
    try:
        with watching(opened(archive, study)) as watch:
            watch.said("there is nothing in the study yet")
            archive.stop()
            assert watch.said("the archive cannot be reached; next request").link is Link.LOST
            archive.start()
            watch.until(lambda: watch.status.link is Link.WAITING, "is back")
            archive.store(write(tmp_path / "a.dcm", noise(2), StudyInstanceUID=study))
            assert np.array_equal(stacked(watch.frames(2)), noise(2))
            assert watch.status.link is Link.OPEN
    finally:
        archive.stop()


@contextmanager
def answering(code: int, body: bytes, delay: threading.Event | None = None):
    """A server that gives the same answer to everything."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if delay is not None:
                delay.wait(20.0)
            self.send_response(code)
            self.send_header("Content-Type", "application/dicom+json")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/root"
    finally:
        if delay is not None:
            delay.set()
        server.shutdown()
        server.server_close()
        thread.join()


NAMED = json.dumps(
    [{"0020000E": {"vr": "UI", "Value": ["1.2"]}, "00080018": {"vr": "UI", "Value": ["1.3"]}}]
).encode()


@pytest.mark.parametrize(
    ("code", "body", "said"),
    [
        (401, b"", r"the archive answers with HTTP 401 (name and password belong into ~/.netrc)"),
        (500, b"", "the archive answers with HTTP 500"),
        (200, b"<html>hello</html>", "what the archive answers cannot be read"),
        (200, b'[{"0020000E": 7}]', "what the archive answers cannot be read"),
        (200, NAMED, "an object could not be fetched"),
    ],
)
def test_an_archive_that_is_none(code, body, said):
    with answering(code, body) as root:
        source = DicomWebStudy(StudyOptions(root, "1.2.3", existing=True), QUICK)
        with watching(source) as watch:
            assert watch.said(said).link is Link.LOST
            assert watch.got == []


def test_an_archive_that_always_gives_the_same_page():
    def one(at: int) -> dict[str, object]:
        series = {"vr": "UI", "Value": ["1.2"]}
        return {"0020000E": series, "00080018": {"vr": "UI", "Value": [f"1.3.{at}"]}}

    body = json.dumps([one(at) for at in range(100)]).encode()
    options = StudyOptions("", "1.2.3")
    with (
        answering(200, body) as root,
        watching(DicomWebStudy(replace(options, root=root), QUICK)) as watch,
    ):
        watch.said("100 objects that were there already")


def test_an_archive_that_hangs_does_not_hold_up_the_end():
    hung = threading.Event()
    with answering(200, b"[]", hung) as root:
        with watching(DicomWebStudy(StudyOptions(root, "1.2.3"), QUICK)) as watch:
            assert watch.status.link is Link.WAITING
        assert not hung.is_set()


def test_the_pause_grows_up_to_its_limit():
    pauses = []
    with (
        answering(500, b"") as root,
        watching(DicomWebStudy(StudyOptions(root, "1.2"), QUICK)) as w,
    ):
        for said in ("in 0.05 s", "in 0.1 s", "in 0.2 s"):
            w.until(lambda said=said: said in w.status.text, said)
            pauses.append(said)
    assert len(pauses) == 3


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("dicomweb+http://127.0.0.1/root", "study is ''. Give its Study Instance UID"),
        ("dicomweb+http://127.0.0.1/root?study=1.2;DROP", "study is '1.2;DROP'"),
        ("dicomweb+http:///root?study=1.2", "names no archive"),
        ("dicomweb+https://me:secret@host/root?study=1.2", "Put them into ~/.netrc"),
        ("dicomweb+https://host/root?studi=1.2", "option 'studi' is not known"),
    ],
)
def test_specifications_that_are_refused(spec, said):
    with pytest.raises(SourceError) as error:
        open_live(spec, Settings())
    assert said in str(error.value)
    assert "secret" not in str(error.value)


def test_no_folder_for_what_arrives(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SourceError, match="Name another one with keep=FOLDER"):
        open_live(f"dicomweb+http://h/r?study=1.2&keep={tmp_path / 'file' / 'x'}", Settings())
