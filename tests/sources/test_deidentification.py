"""No element, overlay, private tag, date or spare bit of a DICOM object names the patient."""

from __future__ import annotations

import io
from copy import deepcopy

import numpy as np
import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.datadict import DicomDictionary, keyword_for_tag, tag_for_keyword
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, RLELossless, XRayAngiographicImageStorage
from typer.testing import CliRunner

from leakwatch.cli.program import app
from leakwatch.errors import SourceError
from leakwatch.sources import open_source
from leakwatch.sources.deidentification import Keys, deidentified, new_keys
from leakwatch.sources.kept_elements import KEPT, KEPT_SEQUENCES, NEW_UIDS

SECRET = "DOE^JOHN"
KEYS = Keys(b"k" * 32, None)
TEXTS = ("PN", "LO", "SH", "ST", "LT", "UT", "UC", "AE")
# Of the makers and of machines: table E.1-1 has none of them.
KEPT_TEXTS = {
    "Manufacturer",
    "ManufacturerModelName",
    "TypeOfFilters",
    "ModalityLUTType",
    "RescaleType",
}
# What table E.1-1 of PS3.15 removes, empties or replaces, of what an XA object may carry.
TABLE = """AccessionNumber AcquisitionComments AcquisitionDate AcquisitionDateTime AcquisitionTime
AcquisitionProtocolDescription AdditionalPatientHistory AdmissionID AdmittingDate Allergies
AnnotationGroupLabel BranchOfService CommentsOnThePerformedProcedureStep ContentCreatorName
ContentDate ContentTime ContrastBolusAgent ContributingEquipmentSequence CountryOfResidence
CurrentPatientLocation DerivationDescription DetectorID DeviceSerialNumber DeviceUID
EthnicGroup FrameComments FrameOfReferenceUID GantryID GraphicAnnotationSequence IconImageSequence
ImageComments InstanceCreationDate InstanceCreationTime InstanceCreatorUID InstitutionAddress
InstitutionName InstitutionalDepartmentName InsurancePlanIdentification IrradiationEventUID
IssuerOfPatientID MedicalAlerts MedicalRecordLocator MilitaryRank NameOfPhysiciansReadingStudy
Occupation OperatorIdentificationSequence OperatorsName OriginalAttributesSequence OtherPatientIDs
OtherPatientNames PatientAddress PatientAge PatientBirthDate PatientBirthName PatientBirthTime
PatientComments PatientID PatientMotherBirthName PatientName PatientReligiousPreference PatientSex
PatientSize PatientState PatientTelephoneNumbers PatientWeight PerformedProcedureStepDescription
PerformedProcedureStepID PerformedProcedureStepStartDate PerformedProcedureStepStartTime
PerformedStationName PerformingPhysicianName PhysiciansOfRecord PlateID PregnancyStatus ProtocolName
ReasonForStudy ReferencedImageSequence ReferencedPatientSequence ReferencedStudySequence
ReferringPhysicianName RegionOfResidence RequestAttributesSequence RequestedProcedureDescription
RequestingPhysician RequestingService ResponsiblePerson SOPInstanceUID SeriesDate SeriesDescription
SeriesInstanceUID SeriesTime SmokingStatus SourceImageSequence SpecialNeeds StationName
StudyComments StudyDate StudyDescription StudyID StudyInstanceUID StudyTime TextComments
TimezoneOffsetFromUTC UID VisitComments""".split()  # noqa: SIM905


def source(pixels: np.ndarray | None = None) -> Dataset:
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.SourceApplicationEntityTitle = SECRET
    dataset.SOPClassUID = XRayAngiographicImageStorage
    dataset.SOPInstanceUID, dataset.StudyInstanceUID = "1.2.3.4", "1.2.3"
    dataset.Modality = "XA"
    dataset.PatientName = SECRET
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


def test_no_text_of_any_element_of_the_dictionary_comes_through():
    dataset = source()
    for tag, (vr, *_) in DicomDictionary.items():
        kind = vr.split()[0]
        if kind in TEXTS and tag > 0x00080000 and keyword_for_tag(tag) not in KEPT_TEXTS:
            dataset.add(DataElement(tag, kind, SECRET))
    assert len(dataset) > 500
    clean = deidentified(dataset, KEYS)
    assert b"DOE" in written(dataset)
    assert b"DOE" not in written(clean)
    assert {e.keyword for e in clean if e.VR in TEXTS} - KEPT_TEXTS == {
        "AccessionNumber",
        "DeidentificationMethod",
        "PatientID",
        "PatientName",
        "ReferringPhysicianName",
        "StudyID",
    }


def test_what_is_kept_is_not_in_the_table_of_what_must_go():
    assert len(TABLE) > 100
    assert all(tag_for_keyword(keyword) is not None for keyword in TABLE if keyword != "UID")
    assert not (KEPT | KEPT_SEQUENCES) & set(TABLE)
    unknown = {keyword for keyword in KEPT if tag_for_keyword(keyword) is None}
    assert unknown == set()


def test_private_elements_overlays_and_curves_go_at_any_depth():
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
    clean = deidentified(dataset, KEYS)
    assert b"DOE" not in written(clean)
    (kept,) = clean.SharedFunctionalGroupsSequence
    assert kept.PixelMeasuresSequence[0].PixelSpacing == [0.2, 0.2]
    assert [element.keyword for element in kept] == ["PixelMeasuresSequence"]


def test_new_uids_are_consistent_within_a_session_and_differ_between_sessions():
    first, second = source(), source()
    second.SOPInstanceUID = "1.2.3.5"
    one, two = deidentified(first, KEYS), deidentified(second, KEYS)
    assert one.StudyInstanceUID == two.StudyInstanceUID != "1.2.3"
    assert one.SOPInstanceUID != two.SOPInstanceUID
    assert one.SOPInstanceUID == one.file_meta.MediaStorageSOPInstanceUID
    assert one.PatientID == two.PatientID
    assert one.StudyInstanceUID.is_valid
    other = deidentified(first, new_keys(first))
    assert other.StudyInstanceUID != one.StudyInstanceUID
    assert other.PatientID != one.PatientID
    assert "1.2.3" not in {str(one.get(keyword)) for keyword in NEW_UIDS}


def test_times_keep_what_lies_between_them_over_midnight():
    moments = ("20240229", "235959.75"), ("20240301", "000000.25")
    singles = []
    for day, time in moments:
        dataset = source()
        dataset.AcquisitionDate, dataset.AcquisitionTime = day, time
        dataset.StudyDate = dataset.SeriesDate = day
        singles.append(dataset)
    keys = new_keys(singles[0])
    clean = [deidentified(dataset, keys) for dataset in singles]
    found = [(str(c.AcquisitionDate), float(c.AcquisitionTime)) for c in clean]
    assert found == [("20000101", 0.0), ("20000101", 0.5)]
    assert all(c.StudyDate == "20000101" and "SeriesDate" not in c for c in clean)
    assert b"2024" not in b"".join(map(written, clean))


def test_a_time_that_cannot_be_read_is_dropped():
    dataset = source()
    dataset.add(DataElement(0x00080032, "TM", "99xx99", validation_mode=0))
    assert "AcquisitionTime" not in deidentified(dataset, Keys(b"k" * 32, None))


@given(
    stored=st.integers(9, 16), signed=st.booleans(), lift=st.integers(0, 4), seed=st.integers(0, 9)
)
def test_bits_above_the_stored_ones_are_cleared_and_values_stay(stored, signed, lift, seed):
    lift = min(lift, 16 - stored)
    words = np.random.default_rng(seed).integers(0, 1 << 16, (5, 7)).astype(np.uint16)
    dataset = source(words)
    dataset.BitsStored, dataset.HighBit = stored, stored - 1 + lift
    dataset.PixelRepresentation = int(signed)
    clean = np.frombuffer(deidentified(dataset, KEYS).PixelData, "<u2").reshape(5, 7)
    for old, new in zip(words.ravel().tolist(), clean.ravel().tolist(), strict=True):
        value = (old >> lift) % (1 << stored)
        assert (new >> lift) % (1 << stored) == value
        sign = signed and value >> (stored - 1)
        spare = new >> (stored + lift)
        assert spare == ((1 << (16 - stored - lift)) - 1 if sign else 0)
        assert new % (1 << lift) == 0


def test_text_in_pixels_and_overlays_in_compressed_pixels_are_refused():
    dataset = source()
    dataset.BurnedInAnnotation = "YES"
    with pytest.raises(SourceError, match="--mask"):
        deidentified(dataset, KEYS)
    dataset.BurnedInAnnotation = "NO"
    dataset.compress(RLELossless)
    assert deidentified(dataset, KEYS).PixelData == dataset.PixelData
    dataset.add_new(0x60000102, "US", 12)
    with pytest.raises(SourceError, match="Overlay Bit Position"):
        deidentified(dataset, KEYS)


def test_the_original_stays_as_it_is():
    dataset = source(np.full((4, 4), 0xF123, np.uint16))
    before = deepcopy(dataset)
    deidentified(dataset, KEYS)
    assert dataset == before


@pytest.mark.parametrize(
    "name", ["xa_coronary_cine_96f.dcm", "rf_shoulder_kwire.dcm", "cr_ankle_monochrome1_rle.dcm"]
)
def test_real_sequences_are_read_the_same(name, shared, tmp_path):
    dataset = pydicom.dcmread(shared / "real" / name)
    clean = deidentified(dataset, new_keys(dataset))
    clean.save_as(tmp_path / name, enforce_file_format=True)
    old, new = open_source(shared / "real" / name), open_source(tmp_path / name)
    assert repr(new.acquisition) == repr(old.acquisition)
    for one, two in zip(old.frames(), new.frames(), strict=True):
        assert one.time_s == two.time_s
        assert np.array_equal(one.pixels, two.pixels)


def in_a_folder(folder, **changes):
    """Three single frames of a session, named after the patient, and a note."""
    folder.mkdir()
    (folder / "notes.txt").write_text(SECRET)
    for number, time in enumerate(("101112.5", "101113.0", "101112.0")):
        dataset = source()
        dataset.SOPInstanceUID = f"1.2.3.{number + 1}"
        dataset.AcquisitionDate, dataset.AcquisitionTime = "20240229", time
        for keyword, value in changes.items():
            setattr(dataset, keyword, value)
        dataset.save_as(folder / f"{SECRET}{number}.dcm", enforce_file_format=True)


def run(*arguments):
    return CliRunner().invoke(app, ["deidentify", *(str(argument) for argument in arguments)])


def test_a_folder_is_copied_as_one_session(tmp_path):
    in_a_folder(tmp_path / "in")
    said = run(tmp_path / "in", "--out", tmp_path / "out")
    assert said.exit_code == 0, said.output
    assert "3 files written" in said.stdout
    assert "1 files are no DICOM" in said.stderr
    copies = sorted((tmp_path / "out").iterdir())
    assert [path.name for path in copies] == ["00001.dcm", "00002.dcm", "00003.dcm"]
    heads = [pydicom.dcmread(path) for path in copies]
    assert [float(head.AcquisitionTime) for head in heads] == [0.5, 1.0, 0.0]
    assert len({head.StudyInstanceUID for head in heads}) == 1
    assert len({head.SOPInstanceUID for head in heads}) == 3
    assert all(b"DOE" not in path.read_bytes() for path in copies)
    again = run(tmp_path / "in", "--out", tmp_path / "out")
    assert (again.exit_code, "is not empty" in again.stderr) == (2, True)


def test_files_with_text_in_their_pictures_are_refused_one_by_one(tmp_path):
    in_a_folder(tmp_path / "in", BurnedInAnnotation="YES")
    source().save_as(tmp_path / "in" / "clean.dcm", enforce_file_format=True)
    said = run(tmp_path / "in", "--out", tmp_path / "out")
    assert said.exit_code == 2
    assert said.stderr.count("not copied") == 3
    assert "1 files written" in said.stdout


@pytest.mark.parametrize("content", [None, "no picture"])
def test_nothing_to_copy_is_a_clear_error(tmp_path, content):
    if content is not None:
        (tmp_path / "a").write_text(content)
    said = run(tmp_path / "a", "--out", tmp_path / "out")
    assert said.exit_code == 2
    assert "Check the path" in said.stderr
