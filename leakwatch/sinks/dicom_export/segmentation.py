"""DICOM Segmentation (PS3.3 A.51): the cement, frame by frame, on the grid of the recorded frames.

Does not use highdicom, which does not accept projection images without a position in space. A frame
of the segmentation refers to a frame of the source by its Derivation Image, and to its time by the
Temporal Position Index. Frames without cement have no frame here.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from pydicom.dataset import Dataset, FileDataset
from pydicom.pixels.utils import pack_bits
from pydicom.tag import Tag
from pydicom.uid import SegmentationStorage, generate_uid

from leakwatch import __version__
from leakwatch.core.arrays import BoolImage, PointArray, read_only
from leakwatch.sinks.dicom_export.derived_objects import (
    CODING_SCHEME,
    MANUFACTURER,
    Series,
    make_code,
    make_derived,
    make_reference,
    make_series_reference,
    own_coding_scheme,
)
from leakwatch.sinks.report.case_findings import Outline

# CIELab of the overlay's cement colour, scaled as PS3.3 C.10.7.1.1 requires.
_DISPLAY_LAB = [43000, 42000, 50000]
_SHIFT_BITS = 4  # for fillPoly: contours have a resolution of 1/16 pixel


def fill_contours(contours_px: Sequence[PointArray], rows: int, columns: int) -> BoolImage:
    """Return the mask with outer and inner contours `contours_px`.

    Parameters
    ----------
    contours_px : sequence of ndarray
        Each ``(n, 2)``, closed.
    rows, columns : int

    Returns
    -------
    ndarray
        bool, ``(rows, columns)``.
    """
    image = np.zeros((rows, columns), dtype=np.uint8)
    scaled = [np.rint(contour * 2**_SHIFT_BITS).astype(np.int32) for contour in contours_px]
    cv2.fillPoly(image, scaled, 1, shift=_SHIFT_BITS)  # even-odd rule: an inner contour is a hole
    mask: BoolImage = read_only(image.astype(bool))
    return mask


def make_segmentation(source: Dataset, outlines: Sequence[Outline], series: Series) -> FileDataset:
    """Return a segmentation of the cement in the frames of one recorded file.

    Parameters
    ----------
    source : Dataset
        Its header.
    outlines : sequence of Outline
        Outlines in frames of this file, in order; at least one.
    series : Series

    Returns
    -------
    FileDataset
    """
    made = make_derived(source, SegmentationStorage, series, outlines[0].reference.part + 1)
    masks = [fill_contours(one.contours_px, source.Rows, source.Columns) for one in outlines]
    _describe_image(made, source, len(masks))
    made.CodingSchemeIdentificationSequence = [own_coding_scheme()]
    made.SegmentSequence = [_segment()]
    made.ReferencedSeriesSequence = [_used(source)]
    _describe_dimensions(made)
    made.SharedFunctionalGroupsSequence = [_shared()]
    made.PerFrameFunctionalGroupsSequence = [
        _of_frame(source, one.reference.number) for one in outlines
    ]
    bits = pack_bits(np.stack(masks).astype(np.uint8).ravel(), pad=True)
    made.PixelData = bits
    made["PixelData"].VR = "OB"
    return made


def _describe_image(made: Dataset, source: Dataset, count: int) -> None:
    made.ImageType = ["DERIVED", "PRIMARY"]
    made.PatientOrientation = source.get("PatientOrientation")
    made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
    made.Rows, made.Columns, made.NumberOfFrames = source.Rows, source.Columns, count
    made.BitsAllocated = made.BitsStored = 1
    made.HighBit = made.PixelRepresentation = 0
    made.LossyImageCompression = source.get("LossyImageCompression", "00")
    made.SegmentationType = "BINARY"
    made.ContentLabel, made.ContentDescription = "CEMENT", "Bone cement, by LeakWatch"
    made.ContentCreatorName = ""
    made.SegmentsOverlap = "NO"


def _segment() -> Dataset:
    segment = Dataset()
    segment.SegmentNumber = 1
    segment.SegmentLabel = "Bone cement"
    segment.SegmentAlgorithmType = "AUTOMATIC"
    segment.SegmentAlgorithmName = f"{MANUFACTURER} {__version__}"
    segment.SegmentedPropertyCategoryCodeSequence = [
        make_code("260787004", "SCT", "Physical object")
    ]
    segment.SegmentedPropertyTypeCodeSequence = [make_code("CEMENT", CODING_SCHEME, "Bone cement")]
    segment.RecommendedDisplayCIELabValue = _DISPLAY_LAB
    return segment


def _used(source: Dataset) -> Dataset:
    item = make_series_reference(source)
    item.ReferencedInstanceSequence = [make_reference(source)]
    return item


def _describe_dimensions(made: Dataset) -> None:
    organization = Dataset()
    organization.DimensionOrganizationUID = generate_uid(None)
    made.DimensionOrganizationSequence = [organization]
    indices = []
    for pointer, group in (
        ("ReferencedSegmentNumber", "SegmentIdentificationSequence"),
        ("TemporalPositionIndex", "FrameContentSequence"),
    ):
        index = Dataset()
        index.DimensionOrganizationUID = organization.DimensionOrganizationUID
        index.DimensionIndexPointer = Tag(pointer)
        index.FunctionalGroupPointer = Tag(group)
        indices.append(index)
    made.DimensionIndexSequence = indices


def _shared() -> Dataset:
    groups, identification = Dataset(), Dataset()
    identification.ReferencedSegmentNumber = 1
    groups.SegmentIdentificationSequence = [identification]
    return groups


def _of_frame(source: Dataset, number: int) -> Dataset:
    groups, content, derivation = Dataset(), Dataset(), Dataset()
    content.DimensionIndexValues = [1, number]
    content.TemporalPositionIndex = number
    groups.FrameContentSequence = [content]
    image = make_reference(source, number)
    image.PurposeOfReferenceCodeSequence = [
        make_code("121322", "DCM", "Source image for image processing operation")
    ]
    derivation.SourceImageSequence = [image]
    derivation.DerivationCodeSequence = [make_code("113076", "DCM", "Segmentation")]
    groups.DerivationImageSequence = [derivation]
    return groups
