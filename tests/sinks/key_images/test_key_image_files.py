"""Key images beside a record: the picture as it was shown, read by others."""

from __future__ import annotations

import shutil
import stat
import subprocess
from dataclasses import replace

import highdicom as hd
import injection
import numpy as np
import pydicom
import pytest
from PIL import Image
from recorded_injection import record_injection

from leakwatch.case_files.key_image_index import read_key_images
from leakwatch.core.errors import SinkError
from leakwatch.display.picture import make_overlay
from leakwatch.runner.recorded_case import find_again, open_recorded
from leakwatch.sinks.dicom_export.case_objects import export_dicom
from leakwatch.sinks.key_images.key_image_files import KeyImage, write_key_image
from leakwatch.sinks.overlay.canvas import draw
from leakwatch.sinks.report.case_page import make_report_page
from leakwatch.sinks.report.case_report import key_image_scenes, make_case_report

SHOWN = injection.STOPPED


def never():
    return False


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    folder = tmp_path_factory.mktemp("session")
    record_injection(folder)
    return folder


@pytest.fixture(scope="module")
def image(session):
    """The frame at which STOP is shown, as a window shows it."""
    run = open_recorded(session)
    snapshots = list(run.iter_snapshots())
    run.source.close()
    snapshot = snapshots[SHOWN]
    greys = find_again(session, "by hand").greys
    overlay = make_overlay(snapshot, run.marks, run.settings)
    return KeyImage(snapshot, overlay, greys.apply(snapshot.frame.pixels))


@pytest.fixture(scope="module")
def written(session, image):
    return [write_key_image(session, image, never) for _ in range(2)]


def test_the_png_is_the_picture_and_private(written, image):
    with Image.open(written[0].png) as png:
        assert np.array_equal(np.asarray(png), draw(image.overlay, image.grey))
    assert stat.S_IMODE(written[0].png.stat().st_mode) == 0o600


def test_they_are_numbered_and_in_the_index(session, written):
    assert [one.number for one in written] == [1, 2]
    lines = read_key_images(session)
    assert [(one.number, one.frame) for one in lines] == [(1, SHOWN), (2, SHOWN)]
    assert lines[0].level.value == "STOP"


def test_the_capture_has_the_pixels_the_patient_and_its_source(session, written, image):
    capture = pydicom.dcmread(written[1].capture)
    source = pydicom.dcmread(session / "fluoroscopy-001.dcm", stop_before_pixels=True)
    assert np.array_equal(capture.pixel_array, draw(image.overlay, image.grey))
    assert capture.StudyInstanceUID == source.StudyInstanceUID
    assert capture.PatientID == source.PatientID
    assert capture.SeriesInstanceUID != source.SeriesInstanceUID
    (shown,) = capture.SourceImageSequence
    assert shown.ReferencedSOPInstanceUID == source.SOPInstanceUID
    assert shown.ReferencedFrameNumber == SHOWN + 1
    assert capture.ImageComments == "Key image 2: 00:01.7, frame 14, STOP"
    first = pydicom.dcmread(written[0].capture)
    assert first.SeriesInstanceUID == capture.SeriesInstanceUID
    assert first.SOPInstanceUID != capture.SOPInstanceUID


def test_the_selection_names_the_capture_and_the_recorded_frame(session, written):
    """Read by highdicom, which checks the template of a key object selection."""
    capture = pydicom.dcmread(written[0].capture)
    source = pydicom.dcmread(session / "fluoroscopy-001.dcm", stop_before_pixels=True)
    document = hd.ko.KeyObjectSelectionDocument.from_dataset(pydicom.dcmread(written[0].selection))
    references = document.content.get_references()
    found = [item.ReferencedSOPSequence[0] for item in references]
    assert [one.ReferencedSOPInstanceUID for one in found] == [
        capture.SOPInstanceUID,
        source.SOPInstanceUID,
    ]
    assert found[1].ReferencedFrameNumber == SHOWN + 1
    where = document.resolve_reference(capture.SOPInstanceUID)
    assert where[:2] == (capture.StudyInstanceUID, capture.SeriesInstanceUID)


def test_dciodvfy_finds_nothing_wrong(written):
    validator = shutil.which("dciodvfy")
    if validator is None:
        pytest.skip("no dciodvfy here; scripts/system-packages dicom installs it")
    for path in (written[0].capture, written[0].selection):
        done = subprocess.run([validator, path], capture_output=True, text=True, check=False)
        complaints = [
            line
            for line in (done.stdout + done.stderr).splitlines()
            if line.startswith(("Error", "Warning"))
        ]
        assert complaints == [], path.name


def test_they_are_in_the_report_data_and_in_the_dicom_folder(session, written, tmp_path):
    findings = find_again(session, "by hand")
    assert [one.number for one in findings.key_images] == [1, 2]
    paths = export_dicom(findings, tmp_path)
    names = {path.name for path in paths}
    assert {"key-image-001.sc.dcm", "key-image-001.ko.dcm", "key-image-002.sc.dcm"} <= names
    same = pydicom.dcmread(tmp_path / "key-image-001.sc.dcm").SOPInstanceUID
    assert same == pydicom.dcmread(written[0].capture).SOPInstanceUID


def test_the_report_shows_them(session, written):
    findings = find_again(session, "by hand")
    titles = [scene.title for scene in key_image_scenes(findings)]
    assert titles == [
        "Key image 1: 00:01.7, frame 14, STOP",
        "Key image 2: 00:01.7, frame 14, STOP",
    ]
    page = make_report_page(make_case_report(findings))
    assert "<h2>Key images</h2>" in page
    assert page.count("<figcaption>Key image") == 2
    without = make_report_page(make_case_report(replace(findings, key_images=())))
    assert "Key image" not in without


def test_a_frame_that_was_not_recorded_has_no_source(session, image, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(session, folder)
    dropped = replace(image.snapshot, frame=replace(image.snapshot.frame, index=999))
    written = write_key_image(folder, replace(image, snapshot=dropped), never)
    assert "SourceImageSequence" not in pydicom.dcmread(written.capture)
    selection = pydicom.dcmread(written.selection)
    assert len(selection.ContentSequence) == 2  # the description and the capture


def test_it_waits_for_a_recording_that_is_behind(session, image, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(session, folder)
    path = folder / "recording.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:SHOWN]))
    waits = []

    def wait():
        waits.append(1)
        if len(waits) == 3:
            path.write_bytes(b"".join(lines))
        return len(waits) < 9

    written = write_key_image(folder, image, wait)
    assert len(waits) == 3
    assert pydicom.dcmread(written.capture).SourceImageSequence


def test_without_a_recorded_frame_it_says_so(image, tmp_path):
    with pytest.raises(SinkError, match="no frame was recorded yet"):
        write_key_image(tmp_path, image, never)


def test_text_in_the_image_is_not_written_unless_chosen(session, image, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(session, folder)
    acquisition = replace(image.snapshot.frame.acquisition, burned_in_annotation=True)
    frame = replace(image.snapshot.frame, acquisition=acquisition)
    named = replace(image, snapshot=replace(image.snapshot, frame=frame))
    with pytest.raises(SinkError, match="may name the patient"):
        write_key_image(folder, named, never)
    assert len(read_key_images(folder)) == 2
    written = write_key_image(folder, named, never, keep_identity=True)
    assert pydicom.dcmread(written.capture).BurnedInAnnotation == "YES"


def test_a_full_disk_is_told(session, image, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(session, folder)
    shutil.rmtree(folder / "key-images")
    (folder / "key-images").write_bytes(b"in the way")
    with pytest.raises(SinkError, match="cannot be written"):
        write_key_image(folder, image, never)
