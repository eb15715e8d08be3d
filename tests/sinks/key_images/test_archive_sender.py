"""Key images on their way to an archive: a real C-STORE SCP on this machine, and its faults."""

from __future__ import annotations

import socket
import time
from contextlib import contextmanager
from threading import Event

import injection
import msgspec
import numpy as np
import pydicom
import pytest
from pydicom.uid import (
    ExplicitVRLittleEndian,
    KeyObjectSelectionDocumentStorage,
    SecondaryCaptureImageStorage,
    generate_uid,
)
from pynetdicom import AE, evt

from leakwatch.config import ArchiveSettings
from leakwatch.core.errors import SinkError
from leakwatch.sinks.dicom_export.key_image_objects import (
    CapturedPicture,
    make_capture,
    make_selection,
)
from leakwatch.sinks.key_images import key_image_worker
from leakwatch.sinks.key_images.archive_sender import send_files
from leakwatch.sinks.key_images.key_image_worker import KeyImageWorker
from leakwatch.sinks.recording.recorded_header import PlaceInStudy, make_recorded_header

PATIENCE_S = 20.0
BOTH = (SecondaryCaptureImageStorage, KeyObjectSelectionDocumentStorage)


class Archive:
    """What an archive got."""

    def __init__(self):
        self.got, self.status = [], 0x0000

    def store(self, event):
        if self.status == 0x0000:
            dataset = event.dataset
            dataset.file_meta = event.file_meta
            self.got.append(dataset)
        return self.status


@contextmanager
def archive_of(kinds=BOTH, require_title=False):
    """A real SCP; gives it with the settings that reach it."""
    kept = Archive()
    entity = AE("ARCHIVE")
    entity.require_called_aet = require_title
    for kind in kinds:
        entity.add_supported_context(kind)
    server = entity.start_server(
        ("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_STORE, kept.store)]
    )
    port = server.server_address[1]
    try:
        yield kept, ArchiveSettings(host="127.0.0.1", port=port, timeout_s=5.0)
    finally:
        server.shutdown()


@pytest.fixture
def files(tmp_path):
    place = PlaceInStudy(generate_uid(None), generate_uid(None), 1)
    source = make_recorded_header(
        injection.ACQUISITION, 16, injection.MARKS, ExplicitVRLittleEndian, place
    )
    rgb = np.arange(5 * 7 * 3, dtype=np.uint8).reshape(5, 7, 3)
    picture = CapturedPicture(1, "Key image 1", rgb, 3)
    capture = make_capture(source, picture)
    selection = make_selection(source, capture, picture)
    paths = [tmp_path / "one.sc.dcm", tmp_path / "one.ko.dcm"]
    for path, made in zip(paths, (capture, selection), strict=True):
        made.save_as(path, enforce_file_format=True)
    return paths


def test_an_archive_gets_both_objects_as_they_are(files):
    with archive_of() as (archive, settings):
        send_files(files, settings)
    assert [one.SOPClassUID for one in archive.got] == list(BOTH)
    sent = pydicom.dcmread(files[0])
    assert archive.got[0].PixelData == sent.PixelData
    assert archive.got[0].SOPInstanceUID == sent.SOPInstanceUID
    content = archive.got[1].ContentSequence[1].ReferencedSOPSequence[0]
    assert content.ReferencedSOPInstanceUID == sent.SOPInstanceUID


def test_a_refusal_is_told_with_its_status(files):
    with archive_of() as (archive, settings):
        archive.status = 0xA700
        with pytest.raises(SinkError, match="status A700"):
            send_files(files, settings)


def test_a_warning_means_that_it_is_stored(files):
    with archive_of() as (archive, settings):
        archive.status = 0xB000
        send_files(files, settings)


def test_a_kind_that_the_archive_does_not_take_is_named(files):
    with (
        archive_of(kinds=BOTH[:1]) as (archive, settings),
        pytest.raises(SinkError, match="Key Object Selection Document Storage"),
    ):
        send_files(files, settings)
    assert len(archive.got) == 1


def test_a_title_that_the_archive_does_not_know_is_a_rejection(files):
    with archive_of(require_title=True) as (_, settings):
        other = msgspec.structs.replace(settings, ae_title="ANOTHER")
        with pytest.raises(SinkError, match="rejects the connection"):
            send_files(files, other)


# pynetdicom leaves a socket that found nobody to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("host", ["127.0.0.1", "nowhere.invalid"])
def test_nobody_there_is_told(files, host):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    settings = ArchiveSettings(host=host, port=port, timeout_s=2.0)
    with pytest.raises(SinkError, match="is not reached"):
        send_files(files, settings)


def test_a_peer_that_is_silent_is_given_up(files):
    with socket.create_server(("127.0.0.1", 0)) as server:
        settings = ArchiveSettings(host="127.0.0.1", port=server.getsockname()[1], timeout_s=0.5)
        with pytest.raises(SinkError, match="is not reached"):
            send_files(files, settings)


@pytest.mark.parametrize("title", ["", "A" * 17, "A\\B", "Röntgen", "   "])
def test_titles_are_those_that_dicom_knows(title):
    with pytest.raises(ValueError, match="1 to 16"):
        ArchiveSettings(ae_title=title)


class Written:
    """Stands for the files of a key image."""

    def __init__(self, number):
        self.number, self.capture, self.selection = number, f"{number}.sc", f"{number}.ko"


@pytest.fixture
def writes(monkeypatch):
    """Writing that only counts; the files are tested elsewhere."""
    numbers = iter(range(1, 10))
    monkeypatch.setattr(key_image_worker, "write_key_image", lambda *_: Written(next(numbers)))


def until(worker, holds):
    end_s = time.monotonic() + PATIENCE_S
    while not holds(worker.status):
        assert time.monotonic() < end_s, worker.status
        time.sleep(0.001)


@pytest.mark.usefixtures("writes")
def test_off_unless_configured(tmp_path):
    sent = []
    worker = KeyImageWorker(ArchiveSettings(), send=lambda paths, _: sent.append(paths))
    worker.keep(tmp_path, None)
    until(worker, lambda now: now.kept == 1)
    worker.close(PATIENCE_S)
    assert sent == []
    assert worker.take_message() == "Key image 1 kept with the case"
    assert worker.take_message() == ""
    (fact,) = worker.facts()
    assert (fact.value, fact.warn) == ("1 kept", False)


@pytest.mark.usefixtures("writes")
def test_what_was_not_sent_is_told_and_sent_with_the_next(tmp_path):
    sent, broken = [], [True]

    def send(paths, settings):
        if broken[0]:
            raise SinkError("ARCHIVE is not reached.")
        sent.append(paths[0])

    worker = KeyImageWorker(ArchiveSettings(host="archive"), send=send)
    worker.keep(tmp_path, None)
    until(worker, lambda now: now.problem)
    assert worker.take_message() == "Key image not sent: ARCHIVE is not reached."
    (fact,) = worker.facts()
    assert fact.warn
    assert fact.value == "1 kept, 0 sent; ARCHIVE is not reached."
    broken[0] = False
    worker.keep(tmp_path, None)
    until(worker, lambda now: now.sent == 2)
    worker.close(PATIENCE_S)
    assert sent == ["1.sc", "2.sc"]
    (fact,) = worker.facts()
    assert (fact.value, fact.warn) == ("2 kept, 2 sent", False)


@pytest.mark.usefixtures("writes")
def test_an_archive_that_hangs_blocks_nobody(tmp_path):
    released = Event()
    worker = KeyImageWorker(
        ArchiveSettings(host="archive"), send=lambda *_: released.wait(PATIENCE_S)
    )
    worker.keep(tmp_path, None)
    worker.keep(tmp_path, None)  # returns at once
    until(worker, lambda now: now.kept == 1)
    assert worker.status.sent == 0
    worker.close(0.0)
    released.set()
    until(worker, lambda now: now.sent == 2)
