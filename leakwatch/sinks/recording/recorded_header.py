"""Header of a recorded file, made from an `Acquisition` so that it cannot identify the patient.

X-Ray Angiographic Image (PS3.3 A.14). Nothing is copied from the source's header: the `Acquisition`
has all that is needed to read and analyse a sequence again, and no patient identity.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.tag import Tag
from pydicom.uid import UID, XRayAngiographicImageStorage, generate_uid
from pydicom.valuerep import DSfloat

from leakwatch import __version__
from leakwatch.core.arrays import Array, read_only
from leakwatch.core.frame import (
    Acquisition,
    IntensityRelationship,
    PixelFormat,
    ProjectionGeometry,
    Shutter,
)
from leakwatch.core.marks import Marks

IMPLEMENTATION = UID("2.25.113946024478213546236478215471324418822")

ANY_DATE = "20000101"

# Decimals of frame times in milliseconds: a tenth of the resolution of pulse jitter.
_MS_DECIMALS = 3
_MAKER = re.compile(r"[A-Za-z0-9 .,()&/+_-]{1,64}")  # no person's name in DICOM form
_BODY_PARTS = {"C": "CSPINE", "T": "TSPINE", "L": "LSPINE", "S": "SSPINE"}


@dataclass(frozen=True, slots=True)
class PlaceInStudy:
    """Study, series and number of a file.

    Parameters
    ----------
    study, series : UID
        New for each session, shared by its files.
    number : int
        Number of the file in the session, from 1.
    """

    study: UID
    series: UID
    number: int


def make_recorded_header(
    acquisition: Acquisition, bits_allocated: int, marks: Marks, syntax: UID, place: PlaceInStudy
) -> FileDataset:
    """Return a header without frames, their number and their times.

    Parameters
    ----------
    acquisition : Acquisition
    bits_allocated : int
        8 or 16: bits of one stored value.
    marks : Marks
        Give the part of the spine.
    syntax : UID
        Transfer syntax.
    place : PlaceInStudy
    """
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = XRayAngiographicImageStorage
    meta.MediaStorageSOPInstanceUID = generate_uid(None)
    meta.TransferSyntaxUID = syntax
    meta.ImplementationClassUID = IMPLEMENTATION
    meta.ImplementationVersionName = f"LEAKWATCH_{__version__}"[:16]
    dataset = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    dataset.SOPClassUID = meta.MediaStorageSOPClassUID
    dataset.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = place.study, place.series
    dataset.SeriesNumber, dataset.InstanceNumber = 1, place.number
    _set_patient_pseudonym(dataset, place.study, marks)
    _describe_acquisition(dataset, acquisition)
    _describe_geometry(dataset, acquisition.geometry)
    _describe_shutter(dataset, acquisition.shutter)
    _describe_pixels(dataset, acquisition, bits_allocated)
    return dataset


def to_recorded_values(pixels: Array, form: PixelFormat) -> Array:
    """Return stored values in the form of the recorded file, without loss.

    An X-Ray Angiographic Image is unsigned and MONOCHROME2 (PS3.3 C.8.7.1.1). Signed values are
    shifted by half their range, and values of MONOCHROME1 are inverted together with their meaning
    (see `_sign`).

    Parameters
    ----------
    pixels : ndarray
        Integers, any shape.
    form : PixelFormat

    Returns
    -------
    ndarray
        Same shape, unsigned, as many bits.
    """
    values = pixels
    if form.signed:
        unsigned = np.dtype(f"u{pixels.dtype.itemsize}")
        values = (pixels.astype(np.int32) + 2 ** (form.bits_stored - 1)).astype(unsigned)
    if form.photometric != "MONOCHROME2":
        values = np.subtract(2**form.bits_stored - 1, values, dtype=values.dtype)
    return read_only(values) if values is not pixels else pixels


def set_frame_times(dataset: Dataset, times_s: Sequence[float]) -> None:
    """Set Number of Frames and their times: Frame Time if the rate is constant, else the vector.

    Parameters
    ----------
    dataset : Dataset
        Changed in place.
    times_s : sequence of float
        One per frame, at least one.
    """
    dataset.NumberOfFrames = len(times_s)
    since_first_ms = 1000.0 * (np.asarray(times_s) - times_s[0])
    count = len(times_s) - 1
    step_ms = since_first_ms[-1] / count if count else 0.0
    even = np.abs(since_first_ms - step_ms * np.arange(count + 1)).max() < 0.5 * 10**-_MS_DECIMALS
    for keyword in ("FrameTime", "FrameTimeVector"):
        if keyword in dataset:
            del dataset[keyword]
    if count and even:
        dataset.FrameTime = DSfloat(step_ms, auto_format=True)
        dataset.FrameIncrementPointer = Tag("FrameTime")
        return
    dataset.FrameTimeVector = frame_increments(since_first_ms)
    dataset.FrameIncrementPointer = Tag("FrameTimeVector")


def frame_increments(since_first_ms: np.ndarray[tuple[int], np.dtype[np.float64]]) -> list[str]:
    """Return milliseconds between frames; their sums are rounded, so that errors do not add up."""
    rounded = np.round(since_first_ms, _MS_DECIMALS)
    return [f"{step:.{_MS_DECIMALS}f}" for step in np.diff(rounded, prepend=0.0)]


def _set_patient_pseudonym(dataset: Dataset, study: UID, marks: Marks) -> None:
    """Set required patient elements to empty values or a pseudonym (PS3.15 annex E)."""
    for keyword in ("AccessionNumber", "ReferringPhysicianName", "PatientBirthDate", "PatientSex"):
        setattr(dataset, keyword, "")
    # Archives sort by patient: different for each study, and independent of the patient.
    pseudonym = f"LEAKWATCH-{int(str(study).rpartition('.')[2]) % 16**10:010X}"
    dataset.PatientID, dataset.PatientName = pseudonym, pseudonym.replace("-", "^")
    dataset.StudyID = "1"
    dataset.StudyDate, dataset.StudyTime = ANY_DATE, "000000"
    dataset.PatientIdentityRemoved = "YES"
    dataset.DeidentificationMethod = [
        "LeakWatch: new header, nothing copied",
        f"dates replaced by {ANY_DATE}; times count from the first frame",
    ]
    profile = Dataset()
    profile.CodeValue, profile.CodingSchemeDesignator = "113100", "DCM"
    profile.CodeMeaning = "Basic Application Confidentiality Profile"
    dataset.DeidentificationMethodCodeSequence = [profile]
    part = None if marks.vertebra is None else _BODY_PARTS.get(marks.vertebra[:1].upper())
    dataset.BodyPartExamined = part or "SPINE"


def _describe_acquisition(dataset: Dataset, acquisition: Acquisition) -> None:
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "SINGLE PLANE"]
    dataset.Modality = "XA"
    dataset.Manufacturer = _maker(acquisition.manufacturer)
    dataset.SoftwareVersions = f"LeakWatch {__version__}"
    dataset.RadiationSetting = "SC"
    # Unknown, but required (type 2).
    for keyword in ("ExposureTime", "XRayTubeCurrent"):
        setattr(dataset, keyword, None)
    tube_kv = acquisition.tube_kv
    dataset.KVP = None if tube_kv is None else _decimal(tube_kv)
    dataset.PatientOrientation = list(acquisition.patient_orientation or ())
    dataset.PositionerMotion = None
    if acquisition.burned_in_annotation is not None:
        dataset.BurnedInAnnotation = "YES" if acquisition.burned_in_annotation else "NO"
    if acquisition.compressed_with_loss:
        dataset.LossyImageCompression = "01"


def _describe_geometry(dataset: Dataset, geometry: ProjectionGeometry) -> None:
    for keyword, value in (
        ("DistanceSourceToDetector", geometry.sid_mm),
        ("DistanceSourceToPatient", geometry.sod_mm),
        ("EstimatedRadiographicMagnificationFactor", geometry.magnification),
    ):
        if value is not None:
            setattr(dataset, keyword, _decimal(value))
    for keyword, value in (
        ("PositionerPrimaryAngle", geometry.primary_angle_deg),
        ("PositionerSecondaryAngle", geometry.secondary_angle_deg),
    ):
        setattr(dataset, keyword, None if value is None else _decimal(value))
    for keyword, pair in (
        ("ImagerPixelSpacing", geometry.imager_pixel_spacing_mm),
        ("PixelSpacing", geometry.pixel_spacing_mm),
    ):
        if pair is not None:
            setattr(dataset, keyword, [_decimal(value) for value in pair])
    if geometry.pixel_spacing_calibration in ("GEOMETRY", "FIDUCIAL"):
        dataset.PixelSpacingCalibrationType = geometry.pixel_spacing_calibration
        dataset.PixelSpacingCalibrationDescription = "as stated by the source"
    if geometry.pixel_aspect not in (None, 1.0):
        ratio = Fraction(geometry.pixel_aspect).limit_denominator(1000)
        dataset.PixelAspectRatio = [ratio.numerator, ratio.denominator]


def _describe_shutter(dataset: Dataset, shutter: Shutter | None) -> None:
    """Display Shutter (PS3.3 C.7.6.11): rows before columns, and the first pixel is 1, 1."""
    if shutter is None:
        return
    shapes = []
    edges = {
        "ShutterLeftVerticalEdge": shutter.left,
        "ShutterRightVerticalEdge": shutter.right,
        "ShutterUpperHorizontalEdge": shutter.top,
        "ShutterLowerHorizontalEdge": shutter.bottom,
    }
    if any(edge is not None for edge in edges.values()):
        shapes.append("RECTANGULAR")
        for keyword, edge in edges.items():
            if edge is not None:
                setattr(dataset, keyword, round(edge) + 1)
    if shutter.centre_px is not None and shutter.radius_px is not None:
        shapes.append("CIRCULAR")
        column, row = shutter.centre_px
        dataset.CenterOfCircularShutter = [round(row) + 1, round(column) + 1]
        dataset.RadiusOfCircularShutter = round(shutter.radius_px)
    if shutter.vertices_px is not None:
        shapes.append("POLYGONAL")
        rows_columns = np.rint(shutter.vertices_px[:, ::-1] + 1).astype(int)
        dataset.VerticesOfThePolygonalShutter = rows_columns.ravel().tolist()
    dataset.ShutterShape = shapes


def _describe_pixels(dataset: Dataset, acquisition: Acquisition, bits_allocated: int) -> None:
    form = acquisition.pixel_format
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"  # see `to_recorded_values`
    dataset.Rows, dataset.Columns = acquisition.rows, acquisition.columns
    dataset.BitsAllocated = bits_allocated
    dataset.BitsStored, dataset.HighBit = form.bits_stored, form.bits_stored - 1
    dataset.PixelRepresentation = 0  # see `to_recorded_values`
    dataset.PixelIntensityRelationship = "DISP" if form.relationship is None else form.relationship
    if form.relationship is IntensityRelationship.LOG:
        # A Modality LUT is then required (type 1C). The scale of the logarithm is unknown, so it
        # leaves values unchanged and without a unit.
        dataset.RescaleIntercept, dataset.RescaleSlope, dataset.RescaleType = 0, 1, "US"
    sign = _sign(form)
    if sign is not None:
        dataset.PixelIntensityRelationshipSign = sign


def _sign(form: PixelFormat) -> int | None:
    """Return Pixel Intensity Relationship Sign if MONOCHROME2 alone would imply the opposite."""
    turned = form.photometric != "MONOCHROME2"
    more_is_more_beam = turned == form.bone_is_bright
    sign = form.relationship_sign or (1 if more_is_more_beam else -1)
    return None if (sign > 0) != turned else -1


def _maker(stated: str) -> str:
    """Return the name of a manufacturer, or nothing if the untrusted text is not one."""
    return stated if _MAKER.fullmatch(stated) else ""


def _decimal(value: float) -> DSfloat:
    return DSfloat(value, auto_format=True)
