"""Elements common to objects derived from recorded frames: patient, study, equipment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian, generate_uid

from leakwatch import __version__
from leakwatch.sinks.recording.recorded_header import ANY_DATE, IMPLEMENTATION

MANUFACTURER: Final = "LeakWatch"
NO_SERIAL_NUMBER: Final = "none"
ANY_TIME: Final = "000000"

# Private coding scheme (PS3.16 8), for concepts without a code in a public scheme.
CODING_SCHEME: Final = "99LEAKWATCH"

_PATIENT_AND_STUDY = (
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "PatientIdentityRemoved",
    "DeidentificationMethod",
    "DeidentificationMethodCodeSequence",
    "StudyInstanceUID",
    "StudyDate",
    "StudyTime",
    "ReferringPhysicianName",
    "StudyID",
    "AccessionNumber",
)


@dataclass(frozen=True, slots=True)
class Series:
    """A series of derived objects.

    Parameters
    ----------
    modality : str
    number : int
    description : str
    uid : UID
    """

    modality: str
    number: int
    description: str
    uid: UID


def new_series(modality: str, number: int, description: str) -> Series:
    """Return a series with a new UID."""
    return Series(modality, number, description, generate_uid(None))


def make_derived(source: Dataset, sop_class: UID, series: Series, instance: int) -> FileDataset:
    """Return an object of the same patient and study, without content.

    Parameters
    ----------
    source : Dataset
        Header of a recorded file.
    sop_class : UID
    series : Series
    instance : int
        Number in the series, from 1.
    """
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = sop_class
    meta.MediaStorageSOPInstanceUID = generate_uid(None)
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = IMPLEMENTATION
    meta.ImplementationVersionName = f"LEAKWATCH_{__version__}"[:16]
    made = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    made.SOPClassUID, made.SOPInstanceUID = sop_class, meta.MediaStorageSOPInstanceUID
    for keyword in _PATIENT_AND_STUDY:
        if keyword in source:
            setattr(made, keyword, source[keyword].value)
    made.SpecificCharacterSet = "ISO_IR 192"
    made.Modality = series.modality
    made.SeriesInstanceUID, made.SeriesNumber = series.uid, series.number
    made.SeriesDescription, made.InstanceNumber = series.description, instance
    made.SeriesDate, made.SeriesTime = ANY_DATE, ANY_TIME
    made.ContentDate, made.ContentTime = ANY_DATE, ANY_TIME
    made.Manufacturer = made.ManufacturerModelName = MANUFACTURER
    made.DeviceSerialNumber, made.SoftwareVersions = NO_SERIAL_NUMBER, __version__
    return made


def make_code(value: str, scheme: str, meaning: str) -> Dataset:
    """Return an item of a code sequence."""
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


def own_coding_scheme() -> Dataset:
    """Return the identification of `CODING_SCHEME` (PS3.3 C.12.1)."""
    item = Dataset()
    item.CodingSchemeDesignator = CODING_SCHEME
    item.CodingSchemeName = "Codes of LeakWatch"
    item.CodingSchemeResponsibleOrganization = MANUFACTURER
    return item


def make_reference(source: Dataset, frame_number: int | None = None) -> Dataset:
    """Return a reference to a recorded file, or to a frame of it (from 1)."""
    item = Dataset()
    item.ReferencedSOPClassUID = source.SOPClassUID
    item.ReferencedSOPInstanceUID = source.SOPInstanceUID
    if frame_number is not None:
        item.ReferencedFrameNumber = frame_number
    return item


def make_series_reference(source: Dataset) -> Dataset:
    """Return a reference to the series of a recorded file, without its files."""
    item = Dataset()
    item.SeriesInstanceUID = source.SeriesInstanceUID
    return item
