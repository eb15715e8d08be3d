"""DICOM objects of a key image: Secondary Capture (PS3.3 A.8.1), Key Object Selection (A.35.4).

The capture is the picture as it was shown, with its lines and level. The selection marks it, and
the recorded frame that it shows, as of interest (TID 2010), so that an archive lists both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import NAMESPACE_OID, uuid5

from pydicom.dataset import Dataset, FileDataset
from pydicom.uid import UID, KeyObjectSelectionDocumentStorage, SecondaryCaptureImageStorage

from leakwatch.core.arrays import Array
from leakwatch.sinks.dicom_export.derived_objects import (
    Series,
    make_code,
    make_derived,
    make_reference,
)

# Numbers of the series, beside those of the other objects of a case.
_CAPTURES, _SELECTIONS = 103, 104
_UP_TO: Final = 64  # letters of a short text in DICOM (LO)


@dataclass(frozen=True, slots=True)
class CapturedPicture:
    """A picture to write as DICOM objects.

    Parameters
    ----------
    number : int
        Of the key image, from 1.
    title : str
        What it shows, without an identity.
    rgb : ndarray
        ``(rows, columns, 3)``, uint8.
    frame_number : int or None
        Number of the recorded frame in its file, from 1; None if the frame was not recorded.
    has_annotation : bool or None
        Whether the pixels contain text of the source, which may name the patient; None: unknown.
    """

    number: int
    title: str
    rgb: Array
    frame_number: int | None
    has_annotation: bool | None = None


def make_capture(source: Dataset, picture: CapturedPicture) -> FileDataset:
    """Return the secondary capture of a picture.

    Parameters
    ----------
    source : Dataset
        Header of the recorded file that contains the frame.
    picture : CapturedPicture
    """
    series = _series_beside(source, "OT", _CAPTURES, "LeakWatch: key images")
    made = make_derived(source, SecondaryCaptureImageStorage, series, picture.number)
    made.BodyPartExamined = source.get("BodyPartExamined", "SPINE")
    made.ConversionType = "WSD"
    made.ImageType = ["DERIVED", "SECONDARY"]
    made.PatientOrientation = list(source.get("PatientOrientation") or [])
    made.DerivationDescription = picture.title[:1024]
    made.ImageComments = picture.title[:_UP_TO]
    if picture.has_annotation is not None:
        made.BurnedInAnnotation = "YES" if picture.has_annotation else "NO"
    if source.get("LossyImageCompression"):
        made.LossyImageCompression = source.LossyImageCompression
    if picture.frame_number is not None:
        made.SourceImageSequence = [make_reference(source, picture.frame_number)]
    rows, columns, samples = picture.rgb.shape
    made.SamplesPerPixel, made.PhotometricInterpretation = samples, "RGB"
    made.PlanarConfiguration, made.PixelRepresentation = 0, 0
    made.Rows, made.Columns = rows, columns
    made.BitsAllocated = made.BitsStored = 8
    made.HighBit = 7
    data = picture.rgb.tobytes()
    made.PixelData = data + b"\0" * (len(data) % 2)
    return made


def make_selection(source: Dataset, capture: FileDataset, picture: CapturedPicture) -> FileDataset:
    """Return the selection of a capture, and of the recorded frame that it shows.

    Parameters
    ----------
    source : Dataset
        Header of the recorded file that contains the frame.
    capture : FileDataset
    picture : CapturedPicture
    """
    series = _series_beside(source, "KO", _SELECTIONS, "LeakWatch: selection of key images")
    made = make_derived(source, KeyObjectSelectionDocumentStorage, series, picture.number)
    made.ReferencedPerformedProcedureStepSequence = []
    shown: list[tuple[Dataset, int | None]] = [(capture, None)]
    if picture.frame_number is not None:
        shown.append((source, picture.frame_number))
    made.CurrentRequestedProcedureEvidenceSequence = [_evidence([one for one, _ in shown])]
    made.ValueType, made.ContinuityOfContent = "CONTAINER", "SEPARATE"
    made.ConceptNameCodeSequence = [make_code("113000", "DCM", "Of Interest")]
    template = Dataset()
    template.MappingResource, template.TemplateIdentifier = "DCMR", "2010"
    made.ContentTemplateSequence = [template]
    described = Dataset()
    described.RelationshipType, described.ValueType = "CONTAINS", "TEXT"
    described.ConceptNameCodeSequence = [make_code("113012", "DCM", "Key Object Description")]
    described.TextValue = picture.title
    made.ContentSequence = [described, *(_image(*one) for one in shown)]
    return made


def _image(shown: Dataset, frame_number: int | None) -> Dataset:
    item = Dataset()
    item.RelationshipType, item.ValueType = "CONTAINS", "IMAGE"
    item.ReferencedSOPSequence = [make_reference(shown, frame_number)]
    return item


def _evidence(shown: Sequence[Dataset]) -> Dataset:
    """Return the study with the series of what is referenced (PS3.3 C.17.2.1)."""
    study = Dataset()
    study.StudyInstanceUID = shown[0].StudyInstanceUID
    study.ReferencedSeriesSequence = []
    for one in shown:
        series = Dataset()
        series.SeriesInstanceUID = one.SeriesInstanceUID
        series.ReferencedSOPSequence = [make_reference(one)]
        study.ReferencedSeriesSequence.append(series)
    return study


def _series_beside(source: Dataset, modality: str, number: int, description: str) -> Series:
    """Return a series of the same recording: the same one for each key image of it."""
    name = f"{source.SeriesInstanceUID} {modality} {number}"
    uid = UID(f"2.25.{uuid5(NAMESPACE_OID, name).int}")
    return Series(modality, number, description, uid)
