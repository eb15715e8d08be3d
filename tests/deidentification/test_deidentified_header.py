"""No element, overlay, private element, date or unused bit of a copy names the patient."""

from __future__ import annotations

import io
import re
import struct
from copy import deepcopy
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.config import IGNORE
from pydicom.datadict import DicomDictionary, dictionary_has_tag, dictionary_VR, tag_for_keyword
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.tag import Tag
from pydicom.uid import ExplicitVRLittleEndian, XRayAngiographicImageStorage

from leakwatch.deidentification.deidentified_header import Keys, deidentify_header, make_keys
from leakwatch.deidentification.kept_elements import (
    KEPT,
    KEPT_SEQUENCES,
    MOVED_DATE_TIMES,
    MOVED_TIMES,
    NEW_UIDS,
)
from leakwatch.sources.dicom.acquisition_tags import READ_KEYWORDS

SECRET = "DOE^JOHN"
KEYS = Keys(b"k" * 32, None)
# The monitor turns them off as well: senders break rules.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")
TEXTS = ("PN", "LO", "SH", "ST", "LT", "UT", "UC", "AE")
OLD_UID = "1.2.19500203.5"
TABLE = Path(__file__).with_name("profile_e_1_1.txt")
# Values in the copy that replace those of the table.
REPLACED = re.compile(r"20000101|000000|LEAKWATCH[-^]\w{10}|\['LeakWatch.*|\[\]")
PICTURE = ("SOPClassUID", "Rows", "Columns", "SamplesPerPixel", "Modality", "BurnedInAnnotation")


def source(pixels: np.ndarray | None = None) -> Dataset:
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.SourceApplicationEntityTitle = SECRET
    dataset.SOPClassUID = XRayAngiographicImageStorage
    dataset.SOPInstanceUID, dataset.StudyInstanceUID = "1.2.3.4", "1.2.3"
    dataset.Modality = "XA"
    dataset.BurnedInAnnotation = "NO"
    dataset.PatientName = SECRET
    dataset.InstitutionName = "Klinik Elsewhere"
    values = np.arange(48, dtype=np.uint16).reshape(6, 8) if pixels is None else pixels
    dataset.Rows, dataset.Columns = values.shape[-2:]
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 12, 11
    dataset.PixelRepresentation = 0
    dataset.PixelData = values.astype("<u2").tobytes()
    return dataset


def written(dataset: Dataset) -> bytes:
    buffer = io.BytesIO()
    pydicom.dcmwrite(buffer, dataset, enforce_file_format=True)
    return buffer.getvalue()


def planted(vr: str) -> object:
    """Return a value of that kind that contains the secret or a date of the patient."""
    if vr in ("DA", "DT"):
        return "19500203"
    if vr == "TM":
        return "070809"
    if vr == "UI":
        return OLD_UID
    if vr == "SQ":
        item = Dataset()
        item.PatientName, item.CodeMeaning = SECRET, SECRET
        return [item]
    if vr in ("OB", "OW", "UN", "OF", "OD", "OL", "OV"):
        return SECRET.encode()
    if vr in TEXTS:
        return SECRET
    return None


def profile() -> dict[int, str]:
    """Return table E.1-1 of PS3.15: the action of the basic profile for each tag."""
    found, action = {}, ""
    for line in TABLE.read_text().splitlines():
        if line.startswith("["):
            action = line.strip("[]")
        elif not line.startswith("#"):
            tags = (word.replace("x", "0") for word in line.split())
            found |= dict.fromkeys((int(tag, 16) for tag in tags), action)
    return found


def with_all_of_the_profile(dataset: Dataset) -> int:
    """Add each attribute of the table that can contain a secret; return how many."""
    before = len(dataset)
    for tag in profile():
        known = dictionary_has_tag(tag) and Tag(tag).group < 0x5000
        vr = dictionary_VR(tag).split()[0] if known else "LO" if tag >> 16 != 0x6000 else "OB"
        value = planted(vr)
        if value is not None and tag not in dataset and Tag(tag) != 0x00080018:
            dataset.add(DataElement(Tag(tag), vr, value))
    return len(dataset) - before


def assert_nothing_is_left(clean: Dataset) -> None:
    content = written(clean)
    for secret in (b"DOE", b"JOHN", b"1950", b"0708", OLD_UID.encode()):
        assert secret not in content
    actions = profile()
    described = {tag_for_keyword(word) for word in ("StudyID", "AccessionNumber", *NEW_UIDS)}
    for element in clean.iterall():
        if actions.get(int(element.tag)) == "X":
            raise AssertionError(f"{element.keyword} is to be removed")
        if int(element.tag) in actions and int(element.tag) not in described:
            assert not element.value or REPLACED.fullmatch(str(element.value)), element


def test_every_attribute_of_the_profile_is_removed_at_the_top_and_in_sequences():
    assert len(profile()) == 655
    dataset = source()
    assert with_all_of_the_profile(dataset) > 550
    for keyword in KEPT_SEQUENCES:
        inner = Dataset()
        with_all_of_the_profile(inner)
        inner.PixelSpacing = [0.2, 0.2]
        dataset.add(DataElement(tag_for_keyword(keyword), "SQ", [inner]))
    clean = deidentify_header(dataset, KEYS)
    assert_nothing_is_left(clean)
    assert all(clean[keyword].value[0].PixelSpacing == [0.2, 0.2] for keyword in KEPT_SEQUENCES)


def test_what_is_kept_is_not_in_the_table_of_what_must_go():
    moved = {*MOVED_DATE_TIMES, *MOVED_TIMES, *MOVED_TIMES.values()}
    kept = {tag_for_keyword(keyword): keyword for keyword in KEPT | KEPT_SEQUENCES}
    assert None not in kept
    assert not kept.keys() & profile().keys()
    replaced = {keyword for keyword in NEW_UIDS | moved if tag_for_keyword(keyword) in profile()}
    assert replaced == NEW_UIDS | moved


def test_what_the_monitor_reads_is_kept_or_moved():
    moved = {*MOVED_DATE_TIMES, *MOVED_TIMES, *MOVED_TIMES.values()}
    assert set(READ_KEYWORDS) - KEPT - KEPT_SEQUENCES - NEW_UIDS - moved == set()


@pytest.mark.parametrize("kind", ["LO", "UN", "SQ", "own"])
def test_no_element_of_the_dictionary_lets_text_through_as_whatever_it_is_sent(kind):
    dataset = source()
    picture = {tag_for_keyword(keyword) for keyword in PICTURE}
    for tag, (vr, *_) in DicomDictionary.items():
        said = vr.split()[0] if kind == "own" else kind
        secret = planted(said)
        if secret is not None and 0x00080000 < tag < 0x7FE00000 and tag not in picture:
            dataset[tag] = (
                RawDataElement(Tag(tag), "UN", len(secret), secret, 0, False, True)
                if said == "UN"
                else DataElement(Tag(tag), said, secret)
            )
    assert len(dataset) > 500
    clean = deidentify_header(dataset, KEYS)
    content = written(clean)
    assert b"DOE" not in content
    assert b"JOHN" not in content
    assert {element.keyword for element in clean if element.VR in TEXTS} <= {
        "AccessionNumber",
        "DeidentificationMethod",
        "PatientID",
        "PatientName",
        "ReferringPhysicianName",
        "StudyID",
    }


@pytest.mark.parametrize(
    ("keyword", "value", "vr"),
    [
        ("KVP", SECRET, "DS"),
        ("FrameTime", "1950020319500203", "DS"),
        ("InstanceNumber", "DOE", "IS"),
        ("ImageType", ["ORIGINAL", "PRIMARY", "DOE JOHN"], "CS"),
        ("BodyPartExamined", "DOE JOHN", "CS"),
        ("PatientOrientation", ["DOE", "JOHN"], "CS"),
        ("RescaleType", SECRET, "LO"),
        ("Manufacturer", SECRET, "LO"),
        ("ManufacturerModelName", "The C-arm of Doe", "LO"),
        ("ManufacturerModelName", "Arcadis of ELSEWHERE 3", "LO"),
        ("ShutterPresentationValue", list(SECRET.encode()), "US"),
        ("PositionerIsocenterPrimaryAngle", struct.unpack("<f", b"JOHN")[0], "FL"),
        ("FrameIncrementPointer", list(struct.unpack("<2I", b"DOE^JOHN")), "AT"),
        ("SpecificCharacterSet", "ISO_IR 100", "CS"),
        ("FocalSpots", ["0.3", SECRET], "DS"),
    ],
)
def test_a_kept_element_has_only_valid_values(keyword, value, vr):
    dataset = source()
    tag = Tag(tag_for_keyword(keyword))
    if vr in ("DS", "IS"):  # as it is read from a file: bytes
        text = "\\".join(value) if isinstance(value, list) else value
        dataset[tag] = RawDataElement(tag, vr, len(text), text.encode(), 0, False, True)
    else:
        dataset.add(DataElement(tag, vr, value, validation_mode=IGNORE))
    clean = deidentify_header(dataset, KEYS)
    content = written(clean)
    assert not any(part in content for part in (b"DOE", b"Doe", b"JOHN", b"1950", b"ELSE"))
    assert keyword not in clean or keyword == "ImageType"


def test_valid_values_are_kept():
    dataset = source()
    told = {
        "ImageType": ["ORIGINAL", "PRIMARY", "SINGLE PLANE"],
        "KVP": "72.5",
        "FrameTimeVector": ["0", "33.3"],
        "FrameIncrementPointer": tag_for_keyword("FrameTimeVector"),
        "Manufacturer": "Ziehm Imaging GmbH",
        "ManufacturerModelName": "Vision RFD 3D",
        "PatientOrientation": ["P", "F"],
        "ShutterShape": ["RECTANGULAR", "CIRCULAR"],
        "PixelPaddingValue": 7,
        "ObjectPixelSpacingInCenterOfBeam": [0.25, 0.25],
        "PlanarConfiguration": 0,
    }
    for keyword, value in told.items():
        setattr(dataset, keyword, value)
    clean = deidentify_header(dataset, KEYS)
    assert {keyword: clean[keyword].value for keyword in told} == {
        keyword: dataset[keyword].value for keyword in told
    }


def test_private_elements_overlays_and_curves_are_removed_at_any_depth():
    dataset = source()
    dataset.add_new(0x00290010, "LO", "A MAKER")
    dataset.add_new(0x00291001, "LO", SECRET)
    dataset.add_new(0x60003000, "OW", SECRET.encode())
    dataset.add_new(0x60021500, "LO", SECRET)
    dataset.add_new(0x50003000, "OW", SECRET.encode())
    inner = Dataset()
    inner.add_new(0x00291001, "LO", SECRET)
    inner.PatientComments = SECRET
    inner.PixelSpacing = [0.2, 0.2]
    groups = Dataset()
    groups.PixelMeasuresSequence = [inner]
    groups.ReferencedImageSequence = [inner]
    dataset.SharedFunctionalGroupsSequence = [groups]
    clean = deidentify_header(dataset, KEYS)
    assert b"DOE" not in written(clean)
    (kept,) = clean.SharedFunctionalGroupsSequence
    assert kept.PixelMeasuresSequence[0].PixelSpacing == [0.2, 0.2]
    assert [element.keyword for element in kept] == ["PixelMeasuresSequence"]


def test_new_uids_are_consistent_within_a_session_and_differ_between_sessions():
    first, second = source(), source()
    second.SOPInstanceUID = "1.2.3.5"
    one, two = deidentify_header(first, KEYS), deidentify_header(second, KEYS)
    assert one.StudyInstanceUID == two.StudyInstanceUID != "1.2.3"
    assert one.SOPInstanceUID != two.SOPInstanceUID
    assert one.SOPInstanceUID == one.file_meta.MediaStorageSOPInstanceUID
    assert one.PatientID == two.PatientID
    assert one.StudyInstanceUID.is_valid
    other = deidentify_header(first, make_keys(first))
    assert other.StudyInstanceUID != one.StudyInstanceUID
    assert other.PatientID != one.PatientID
    assert "1.2.3" not in {str(one.get(keyword)) for keyword in NEW_UIDS}


def test_intervals_are_preserved_over_midnight():
    moments = ("20240229", "235959.75"), ("20240301", "000000.25")
    singles = []
    for day, time in moments:
        dataset = source()
        dataset.AcquisitionDate, dataset.AcquisitionTime = day, time
        dataset.StudyDate = dataset.SeriesDate = day
        singles.append(dataset)
    keys = make_keys(singles[0])
    clean = [deidentify_header(dataset, keys) for dataset in singles]
    found = [(str(c.AcquisitionDate), float(c.AcquisitionTime)) for c in clean]
    assert found == [("20000101", 0.0), ("20000101", 0.5)]
    assert all(c.StudyDate == "20000101" and "SeriesDate" not in c for c in clean)
    made = b"".join(map(written, clean))
    assert not any(day.encode() in made for day, _ in moments)


def test_a_time_that_cannot_be_read_is_dropped():
    dataset = source()
    dataset.add(DataElement(0x00080032, "TM", "99xx99", validation_mode=0))
    assert "AcquisitionTime" not in deidentify_header(dataset, Keys(b"k" * 32, None))


def test_the_original_stays_as_it_is():
    dataset = source(np.full((4, 4), 0xF123, np.uint16))
    before = deepcopy(dataset)
    deidentify_header(dataset, KEYS)
    assert dataset == before
