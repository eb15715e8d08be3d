"""Acquisition as stated in the header: pixel format, geometry, shutter. Reads no pixels.

No identity of a patient, no overlay (60xx) and no private element is ever read.
"""

from __future__ import annotations

import re

import pydicom.uid as uids
from pydicom.dataset import Dataset

from leakwatch.core.frame import (
    Acquisition,
    IntensityRelationship,
    PixelFormat,
    ProjectionGeometry,
    TimeSource,
)
from leakwatch.core.messages import text
from leakwatch.sources.dicom.burned_in import burned_in_annotation, is_capture
from leakwatch.sources.dicom.display_shutter import shutter_note, shutter_of
from leakwatch.sources.dicom.element_values import number, numbers, pair, text_value, text_values
from leakwatch.sources.dicom.functional_groups import OF_A_FRAME, number_of_groups, of_frame
from leakwatch.sources.dicom.pixel_layout import PixelLayout
from leakwatch.sources.dicom.positioner_angles import angles_note

READ_KEYWORDS = (
    "SOPClassUID",
    "SOPInstanceUID",
    "SeriesInstanceUID",
    "InstanceNumber",
    "Modality",
    "ImageType",
    "ConversionType",
    "Manufacturer",
    "ManufacturerModelName",
    "AcquisitionDate",
    "AcquisitionTime",
    "AcquisitionDateTime",
    "ContentDate",
    "ContentTime",
    "BurnedInAnnotation",
    "LossyImageCompression",
    "NumberOfFrames",
    "FrameIncrementPointer",
    "FrameTime",
    "FrameTimeVector",
    "CineRate",
    "ActualFrameDuration",
    "RecommendedDisplayFrameRate",
    "SharedFunctionalGroupsSequence",
    "PerFrameFunctionalGroupsSequence",
    "Rows",
    "Columns",
    "SamplesPerPixel",
    "PhotometricInterpretation",
    "BitsAllocated",
    "BitsStored",
    "HighBit",
    "PixelRepresentation",
    "PositionerPrimaryAngleIncrement",
    "PositionerSecondaryAngleIncrement",
    "PositionerMotion",
    "TableMotion",
    *OF_A_FRAME,
)

# Modalities that show bone bright by convention; angiography and fluoroscopy show it dark.
_BONE_BRIGHT = frozenset({"CR", "DX"})

# Fluoroscopy uses 40 to 125 kV; what is far from that is volts, zero, or a mistake.
_LEAST_KV, _MOST_KV = 30.0, 150.0

_SPACING_KINDS = frozenset({"GEOMETRY", "FIDUCIAL"})
_DIRECTIONS = re.compile("[ARLPHF]{1,3}")

# JPEG 2000 may be lossless with the lossy syntax: only the element states it.
_LOSSY = frozenset({uids.JPEGBaseline8Bit, uids.JPEGExtended12Bit, uids.JPEGLSNearLossless})


def acquisition(
    dataset: Dataset,
    layout: PixelLayout,
    number_of_frames: int,
    time_source: TimeSource,
    notes: tuple[str, ...] = (),
    frame: int = 0,
) -> Acquisition:
    """Return the acquisition that the header states for one frame.

    Parameters
    ----------
    dataset : Dataset
    layout : PixelLayout
    number_of_frames : int
    time_source : TimeSource
    notes : tuple of str
        What was found about frame times.
    frame : int
        Whose functional groups are read, in an enhanced object.
    """
    groups = number_of_groups(dataset)
    if groups not in (0, number_of_frames):
        notes += (
            text(
                "Functional groups are there for {groups} frames of {total}.",
                groups=groups,
                total=number_of_frames,
            ),
        )
    dataset, meta = of_frame(dataset, frame), dataset.file_meta
    orientation = text_values(dataset, "PatientOrientation")
    return Acquisition(
        rows=layout.rows,
        columns=layout.columns,
        pixel_format=_pixel_format(dataset, layout),
        geometry=_geometry(dataset),
        time_source=time_source,
        shutter=shutter_of(dataset),
        number_of_frames=number_of_frames,
        patient_orientation=_directions(orientation),
        modality=text_value(dataset, "Modality"),
        sop_class_uid=text_value(dataset, "SOPClassUID"),
        transfer_syntax_uid=str(meta.TransferSyntaxUID),
        manufacturer=text_value(dataset, "Manufacturer"),
        notes=notes + _notes(dataset, number_of_frames),
        burned_in_annotation=_burned_in(dataset),
        compressed_with_loss=_compressed_with_loss(dataset),
        model_name=text_value(dataset, "ManufacturerModelName"),
        tube_kv=_tube_kv(dataset),
    )


def _pixel_format(dataset: Dataset, layout: PixelLayout) -> PixelFormat:
    relationship = text_value(dataset, "PixelIntensityRelationship").upper()
    sign = number(dataset, "PixelIntensityRelationshipSign")
    known = relationship in IntensityRelationship.__members__
    return PixelFormat(
        photometric=layout.photometric,
        bits_stored=layout.stored,
        relationship=IntensityRelationship(relationship) if known else None,
        relationship_sign=int(sign) if sign in (-1.0, 1.0) else None,
        signed=layout.signed,
        bone_is_bright=text_value(dataset, "Modality").upper() in _BONE_BRIGHT,
    )


def _geometry(dataset: Dataset) -> ProjectionGeometry:
    spacing, kind = (
        pair(dataset, "PixelSpacing"),
        text_value(dataset, "PixelSpacingCalibrationType"),
    )
    if spacing is None:
        # Enhanced XA: computed by the C-arm for the object in the centre of the beam
        # (PS3.3 C.8.19.6.9), which is what GEOMETRY means in a classic object.
        at_object = numbers(dataset, "ObjectPixelSpacingInCenterOfBeam")
        if at_object:
            spacing, kind = (at_object[0], at_object[-1]), "GEOMETRY"
    source_to_object = number(dataset, "DistanceSourceToPatient")
    if source_to_object is None:
        source_to_object = number(dataset, "DistanceSourceToIsocenter")
    aspect = pair(dataset, "PixelAspectRatio")
    field = numbers(dataset, "FieldOfViewDimensions")
    if field is None:  # that of enhanced objects (PS3.3 C.8.19.3)
        field = numbers(dataset, "FieldOfViewDimensionsInFloat")
    return ProjectionGeometry(
        sid_mm=number(dataset, "DistanceSourceToDetector"),
        sod_mm=source_to_object,
        magnification=number(dataset, "EstimatedRadiographicMagnificationFactor"),
        imager_pixel_spacing_mm=pair(dataset, "ImagerPixelSpacing"),
        pixel_spacing_mm=spacing,
        pixel_spacing_calibration=_kind_of_spacing(kind.upper()),
        primary_angle_deg=_angle(dataset, "Primary"),
        secondary_angle_deg=_angle(dataset, "Secondary"),
        pixel_aspect=None if aspect is None or min(aspect) <= 0 else aspect[0] / aspect[1],
        field_of_view_mm=None if not field or field[0] <= 0 else field[0],
    )


def _tube_kv(dataset: Dataset) -> float | None:
    """Return the peak voltage; None if it is absent, or is none of a tube for patients."""
    stated = number(dataset, "KVP")
    return stated if stated is not None and _LEAST_KV <= stated <= _MOST_KV else None


def _directions(said: tuple[str, ...]) -> tuple[str, str] | None:
    """Return the directions of rows and columns; None if the values are not directions."""
    known = [axis.upper() for axis in said if _DIRECTIONS.fullmatch(axis.upper())]
    return (known[0], known[1]) if len(known) == len(said) == 2 else None


def _kind_of_spacing(said: str) -> str | None:
    if not said:
        return None
    return said if said in _SPACING_KINDS else "OTHER"


def _angle(dataset: Dataset, which: str) -> float | None:
    angle = number(dataset, f"Positioner{which}Angle")
    if angle is None:
        angle = number(dataset, f"PositionerIsocenter{which}Angle")
    return angle


def _notes(dataset: Dataset, number_of_frames: int) -> tuple[str, ...]:
    notes: list[str] = []
    relationship = text_value(dataset, "PixelIntensityRelationship").upper()
    if relationship not in IntensityRelationship.__members__:
        notes.append(
            text("The meaning of pixel values is not stated (no Pixel Intensity Relationship).")
        )
    elif relationship == IntensityRelationship.DISP:
        notes.append(text("Pixels were processed for display (DISP): thickness is approximate."))
    if _compressed_with_loss(dataset):
        notes.append(text("The image was compressed with loss: faint leaks may be lost."))
    if _burned_in(dataset):
        notes.append(
            text(
                "The image has a burned-in annotation, or is a screen capture and the header "
                "does not exclude one; it may name the patient."
            )
        )
    if "DYNAMIC" in (text_value(dataset, "PositionerMotion"), text_value(dataset, "TableMotion")):
        notes.append(text("C-arm or table moved during the sequence (DYNAMIC)."))
    notes += [angles_note(dataset, number_of_frames), shutter_note(dataset)]
    return tuple(filter(None, notes))


def _compressed_with_loss(dataset: Dataset) -> bool:
    stated = text_value(dataset, "LossyImageCompression") == "01"
    return stated or dataset.file_meta.TransferSyntaxUID in _LOSSY


def _burned_in(dataset: Dataset) -> bool | None:
    """Return whether a burned-in annotation may name the patient; None if unknown."""
    said = burned_in_annotation(dataset)
    return True if said is None and is_capture(dataset) else said
