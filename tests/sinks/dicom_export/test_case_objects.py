"""The DICOM objects of a case, read by others: dciodvfy, highdicom, dcmtk, an archive."""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import highdicom as hd
import injection
import numpy as np
import pydicom
import pytest
from dicomweb_client import DICOMwebClient
from orthanc_peer import Orthanc
from PIL import Image
from pydicom.uid import GrayscaleSoftcopyPresentationStateStorage
from recorded_injection import record_injection
from skimage.draw import polygon2mask

from leakwatch.core.arrays import read_only
from leakwatch.core.errors import SinkError, install_command
from leakwatch.core.results import Level
from leakwatch.display.banner import REASON_WORDS
from leakwatch.runner.recorded_case import find_again
from leakwatch.sinks.dicom_export import case_objects
from leakwatch.sinks.dicom_export.case_objects import REPORT_NAME, export_dicom
from leakwatch.sinks.dicom_export.segmentation import fill_contours

# dciodvfy knows no scheme of ours; PS3.16 8.1 allows one that begins with 99.
OWN_CODES = "Warning - Unrecognized defined term <99LEAKWATCH>"


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    session, out = tmp_path_factory.mktemp("session"), tmp_path_factory.mktemp("dicom")
    record_injection(session)
    found = find_again(session, "made by hand")
    findings = replace(found, marks=replace(found.marks, vertebra="T11"))
    paths = export_dicom(findings, out)
    return SimpleNamespace(session=session, out=out, findings=findings, paths=paths)


def read(exported, name):
    return pydicom.dcmread(exported.out / name)


def plain_state(path):
    """An XA/XRF presentation state as a plain one, for programs that have no rules for it."""
    state = pydicom.dcmread(path)
    state.SOPClassUID = GrayscaleSoftcopyPresentationStateStorage
    state.file_meta.MediaStorageSOPClassUID = GrayscaleSoftcopyPresentationStateStorage
    return state


def test_what_was_told_is_what_is_found_again(exported):
    found = exported.findings
    assert (found.same_level, found.compared) == (injection.FRAMES, injection.FRAMES)
    stops = [moment for moment in found.key_frames if moment.events[-1].level is Level.STOP]
    assert stops
    for moment in found.key_frames:
        event, wall = moment.events[-1], moment.snapshot.observation.wall_distance
        assert moment.reference.number == event.frame + 1
        assert wall.distance_mm == pytest.approx(event.distance_mm, abs=1e-3)


def test_dciodvfy_finds_nothing_wrong(exported, tmp_path):
    validator = shutil.which("dciodvfy")
    if validator is None:
        pytest.skip("no dciodvfy here; scripts/system-packages dicom installs it")
    kinds = []
    for path in exported.paths:
        if path.name.endswith(".pr.dcm"):
            # It has no rules for XA/XRF presentation states; those of the plain ones hold too.
            state = plain_state(path)
            path = tmp_path / path.name  # noqa: PLW2901
            state.save_as(path)
        done = subprocess.run([validator, path], capture_output=True, text=True, check=False)
        said = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        kind, *complaints = [line for line in said if not line.startswith(OWN_CODES)]
        assert (path.name, done.returncode, complaints) == (path.name, 0, [])
        kinds.append(kind)
    states = len(exported.findings.key_frames)
    assert (
        kinds
        == ["XAImage", "ComprehensiveSR", "Segmentation"]
        + ["GrayscaleSoftcopyPresentationState"] * states
    )


def test_the_report_holds_distance_area_volume_and_where_they_are(exported):
    image = read(exported, "fluoroscopy-001.dcm")
    report = hd.sr.srread(exported.out / REPORT_NAME)
    groups = report.content.get_planar_roi_measurement_groups()
    by_name = {group.tracking_identifier: group for group in groups}
    assert len(by_name) == len(groups)
    for moment in exported.findings.key_frames:
        event = moment.events[-1]
        stem = f"alert {moment.number} at {event.time_s:.2f} s"
        line, cement = by_name[f"{stem}: distance"], by_name[f"{stem}: cement"]
        (distance,) = line.get_measurements()
        assert (distance.name.value, distance.unit.value) == ("121206", "mm")
        assert distance.value == pytest.approx(round(event.distance_mm, 1))
        # One standard deviation to each side, in the same unit.
        spread = {item.name.value: item for item in distance[0].ContentSequence}
        for side in ("371886008", "371885007"):
            assert spread[side].value == pytest.approx(round(event.distance_sigma_mm, 1))
            assert spread[side].unit.value == "mm"
        assert [site.value.value for site in line.finding_sites] == ["12989004"]
        seen = moment.snapshot.observation
        values = {m.name.value: (m.value, m.unit.value) for m in cement.get_measurements()}
        assert values["42798000"] == (round(seen.cement.area_mm2), "mm2")
        assert seen.cement.volume_ml is None  # nobody said what the syringe gave
        assert "118565006" not in values
        ends = line.roi.value - 0.5
        length_mm = float(np.hypot(*(ends[1] - ends[0]))) * injection.MM_PER_PX
        assert length_mm == pytest.approx(abs(event.distance_mm), abs=0.01)
        region = polygon2mask((injection.ROWS, injection.COLUMNS), cement.roi.value[:, ::-1] - 0.5)
        assert region[115:125, 104 : 104 + event.frame].all()
        # The item that the region was selected from.
        item = line.roi.ContentSequence[0].ReferencedSOPSequence[0]
        assert item.ReferencedSOPInstanceUID == image.SOPInstanceUID
        assert item.ReferencedFrameNumber == event.frame + 1
        level, *reasons = [e.value.meaning for e in line.get_qualitative_evaluations()]
        assert level == event.level.value
        told = next(one for one in exported.findings.lines if one.frame == event.frame)
        assert reasons == [str(REASON_WORDS[reason]) for reason in told.reasons]


def test_a_record_that_began_late_has_numbers_without_regions(tmp_path):
    session = tmp_path / "session"
    session.mkdir()
    record_injection(session, begun=injection.FIRST_CEMENT + 4)
    found = find_again(session, "begun with R")
    export_dicom(found, tmp_path / "out")
    report = hd.sr.srread(tmp_path / "out" / REPORT_NAME)
    assert not report.content.get_planar_roi_measurement_groups()
    groups = report.content.get_image_measurement_groups()
    distances = [g for g in groups if g.tracking_identifier.endswith(": distance")]
    assert len(distances) == len(found.key_frames)
    for group, moment in zip(distances, found.key_frames, strict=True):
        (distance,) = group.get_measurements()
        told = next(e.distance_mm for e in moment.events if e.distance_mm is not None)
        assert distance.value == pytest.approx(round(told, 1))
        state = pydicom.dcmread(tmp_path / "out" / f"alert-{moment.number:03d}.pr.dcm")
        layers = {one.GraphicLayer for one in state.GraphicAnnotationSequence}
        assert layers == {"WORDS"}


def test_dcmtk_reads_the_report(exported):
    program = shutil.which("dsrdump")
    if program is None:
        pytest.skip("no dsrdump of dcmtk here; scripts/system-packages peers installs it")
    reading = [program, "-Ec", "+Pc", str(exported.out / REPORT_NAME)]
    done = subprocess.run(reading, capture_output=True, text=True, check=True)
    assert '(12989004,SCT,"T11 vertebra")' in done.stdout
    assert not done.stderr


def test_the_segmentation_is_the_cement_of_each_frame(exported):
    image = read(exported, "fluoroscopy-001.dcm")
    cement = read(exported, "cement-001.seg.dcm")
    masks = cement.pixel_array
    assert len(masks) == cement.NumberOfFrames == len(exported.findings.outlines)
    numbers = []
    areas = {line.frame + 1: line.area_mm2 for line in exported.findings.lines if line.area_mm2}
    for groups, mask in zip(cement.PerFrameFunctionalGroupsSequence, masks, strict=True):
        source = groups.DerivationImageSequence[0].SourceImageSequence[0]
        assert source.ReferencedSOPInstanceUID == image.SOPInstanceUID
        number = source.ReferencedFrameNumber
        numbers.append(number)
        assert groups.FrameContentSequence[0].DimensionIndexValues == [1, number]
        assert mask.sum() * injection.MM_PER_PX**2 == pytest.approx(areas[number], abs=0.01)
        truth = np.zeros((injection.ROWS, injection.COLUMNS), bool)
        truth[110:130, 100 : 106 + 2 * (number - 1)] = True
        assert (mask.astype(bool) & truth).sum() >= 0.9 * truth.sum()
        assert (mask.astype(bool) & ~truth).sum() <= 0.2 * truth.sum()
    assert numbers == sorted(areas)


def test_holes_stay_holes():
    square = np.array([[2.0, 2.0], [12.0, 2.0], [12.0, 12.0], [2.0, 12.0]])
    hole = np.array([[5.0, 5.0], [9.0, 5.0], [9.0, 9.0], [5.0, 9.0]])
    mask = fill_contours((read_only(square), read_only(hole)), 16, 20)
    assert mask.shape == (16, 20)
    assert not mask[6:9, 6:9].any()
    assert mask[3, 3:12].all()
    assert mask.sum() == 11 * 11 - 3 * 3


def test_a_presentation_state_draws_the_alert_on_its_frame(exported):
    image = read(exported, "fluoroscopy-001.dcm")
    for moment in exported.findings.key_frames:
        state = read(exported, f"alert-{moment.number:03d}.pr.dcm")
        reference = state.ReferencedSeriesSequence[0].ReferencedImageSequence[0]
        assert reference.ReferencedSOPInstanceUID == image.SOPInstanceUID
        assert reference.ReferencedFrameNumber == moment.events[-1].frame + 1
        drawn = {one.GraphicLayer: one for one in state.GraphicAnnotationSequence}
        assert set(drawn) == {layer.GraphicLayer for layer in state.GraphicLayerSequence}
        wall = np.reshape(drawn["WALL"].GraphicObjectSequence[0].GraphicData, (-1, 2))
        assert np.abs(wall - 0.5 - np.array(injection.WALL)).max() < 0.1
        line = np.reshape(drawn["DISTANCE"].GraphicObjectSequence[0].GraphicData, (-1, 2)) - 0.5
        distance = moment.snapshot.observation.wall_distance
        assert np.abs(line - [distance.at_px, distance.wall_px]).max() < 0.01
        text = drawn["DISTANCE"].TextObjectSequence[0].UnformattedTextValue
        assert text.startswith(f"{abs(distance.distance_mm):.1f} ± ")
        assert (
            moment.events[-1].level.value
            in drawn["WORDS"].TextObjectSequence[0]["UnformattedTextValue"].value
        )
        outline = drawn["CEMENT"].GraphicObjectSequence[0].GraphicData
        assert outline[:2] == outline[-2:]
        lut = state.SoftcopyVOILUTSequence[0].VOILUTSequence[0]
        greys = np.frombuffer(lut.LUTData, "<u2") // 257
        assert np.array_equal(greys, exported.findings.greys.table)


def test_dcmtk_applies_a_presentation_state(exported, tmp_path):
    """It knows plain states; those of XA/XRF have the same modules."""
    programs = [shutil.which(name) for name in ("dcmpschk", "dcmp2pgm")]
    if None in programs:
        pytest.skip("no dcmpschk and dcmp2pgm here; scripts/system-packages peers installs them")
    check, draw = programs
    image = read(exported, "fluoroscopy-001.dcm")
    image.decompress(generate_instance_uid=False)
    image.save_as(tmp_path / "plain.dcm")
    moment = exported.findings.key_frames[0]
    state = plain_state(exported.out / f"alert-{moment.number:03d}.pr.dcm")
    state.save_as(tmp_path / "state.dcm")
    done = subprocess.run([check, tmp_path / "state.dcm"], capture_output=True, check=False)
    assert b"Test passed" in done.stdout + done.stderr
    picture = tmp_path / "state.pgm"
    frame = ["--frame", f"{moment.reference.number}"]
    drawing = [draw, "-p", tmp_path / "state.dcm", *frame, tmp_path / "plain.dcm", picture]
    subprocess.run(drawing, check=True, capture_output=True)
    with Image.open(picture) as drawn:
        theirs = np.asarray(drawn).astype(int)
    ours = exported.findings.greys.apply(moment.snapshot.frame.pixels).astype(int)
    assert np.abs(theirs - ours).max() <= 1


def test_no_object_tells_a_day_or_a_person(exported):
    for path in exported.paths:
        for element in pydicom.dcmread(path).iterall():
            if element.VR in ("DA", "TM", "DT") and element.value:
                assert str(element.value) in ("20000101", "000000", "20000101000000"), (
                    path.name,
                    element,
                )
            if element.VR == "PN" and element.value:
                assert str(element.value).startswith("LEAKWATCH^"), (path.name, element)


def test_an_earlier_export_is_replaced_and_other_files_stay(exported, tmp_path):
    (tmp_path / "alert-999.pr.dcm").touch()
    (tmp_path / "notes.txt").touch()
    paths = export_dicom(exported.findings, tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted([*paths, tmp_path / "notes.txt"])


def test_a_case_without_alert_and_cement_is_its_frames(tmp_path):
    session = tmp_path / "session"
    session.mkdir()
    record_injection(session, frames=injection.FIRST_CEMENT)
    paths = export_dicom(find_again(session, "nothing"), tmp_path / "out")
    assert [path.name for path in paths] == ["fluoroscopy-001.dcm"]


def test_a_folder_that_cannot_be_written_is_a_clear_error(exported, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(SinkError, match="Check permissions and free disk space"):
        export_dicom(exported.findings, tmp_path / "file")


def test_without_highdicom_the_extra_is_named(exported, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "highdicom.sr", None)
    monkeypatch.delitem(
        sys.modules, "leakwatch.sinks.dicom_export.structured_report", raising=False
    )
    with pytest.raises(SinkError, match=re.escape(install_command("dicom"))):
        case_objects.export_dicom(exported.findings, tmp_path)


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    peer = Orthanc(tmp_path_factory.mktemp("orthanc"))
    yield peer
    peer.stop()


def client_of(archive: Orthanc) -> DICOMwebClient:
    return DICOMwebClient(f"http:{archive.root}")


def assert_stored(client: DICOMwebClient, paths: list[Path]) -> None:
    """Each object comes back with the same elements and the same pixels."""
    for path in paths:
        mine = pydicom.dcmread(path)
        got = client.retrieve_instance(
            mine.StudyInstanceUID,
            mine.SeriesInstanceUID,
            mine.SOPInstanceUID,
            media_types=(("application/dicom", "*"),),
        )
        buffer = io.BytesIO()
        got.save_as(buffer, enforce_file_format=True)
        theirs = pydicom.dcmread(io.BytesIO(buffer.getvalue()))
        assert theirs == mine, path.name


def test_an_archive_takes_all_by_stow_and_gives_them_back(exported, archive):
    client = client_of(archive)
    client.store_instances([pydicom.dcmread(path) for path in exported.paths])
    assert_stored(client, exported.paths)


def test_an_archive_takes_all_by_c_store_and_gives_them_back(exported, archive):
    program = shutil.which("storescu", path="/usr/bin:/usr/local/bin")
    if program is None:
        pytest.skip("no storescu of dcmtk here; scripts/system-packages peers installs it")
    port = str(json.loads((archive.folder / "orthanc.json").read_text())["DicomPort"])
    for path in exported.paths:
        syntax = "-xr" if path.name.startswith("fluoroscopy") else "-xe"  # RLE, or explicit
        send = [program, "-aec", "ARCHIVE", "-R", syntax, "127.0.0.1", port, str(path)]
        subprocess.run(send, check=True)
    assert_stored(client_of(archive), exported.paths)
