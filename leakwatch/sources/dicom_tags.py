"""What the tags say of a run: pixel format, geometry, shutter. No pixel is touched here.

No identity of a patient, no overlay (60xx) and no private element is ever read.
"""

from __future__ import annotations

import numpy as np
import pydicom.uid as uids
from pydicom.dataset import Dataset

from leakwatch.model import (
    Acquisition,
    IntensityRelationship,
    PixelFormat,
    Point,
    PointArray,
    ProjectionGeometry,
    Shutter,
    TimeSource,
    read_only,
)
from leakwatch.sources.dicom_layout import PixelLayout
from leakwatch.sources.dicom_values import number, numbers, pair, raw, text, texts

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
    "PatientOrientation",
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
    "PixelAspectRatio",
    "PixelIntensityRelationship",
    "PixelIntensityRelationshipSign",
    "PixelSpacing",
    "PixelSpacingCalibrationType",
    "ImagerPixelSpacing",
    "FieldOfViewDimensions",
    "DistanceSourceToDetector",
    "DistanceSourceToPatient",
    "EstimatedRadiographicMagnificationFactor",
    "PositionerPrimaryAngle",
    "PositionerSecondaryAngle",
    "PositionerPrimaryAngleIncrement",
    "PositionerSecondaryAngleIncrement",
    "PositionerMotion",
    "TableMotion",
    "ShutterShape",
    "ShutterLeftVerticalEdge",
    "ShutterRightVerticalEdge",
    "ShutterUpperHorizontalEdge",
    "ShutterLowerHorizontalEdge",
    "CenterOfCircularShutter",
    "RadiusOfCircularShutter",
    "VerticesOfThePolygonalShutter",
)

# Modalities that show bone bright by convention; angiography and fluoroscopy show it dark.
_BONE_BRIGHT = frozenset({"CR", "DX"})

# JPEG 2000 may be lossless under the name of the lossy syntax: there only the tag tells.
_LOSSY = frozenset({uids.JPEGBaseline8Bit, uids.JPEGExtended12Bit, uids.JPEGLSNearLossless})


def acquisition(
    dataset: Dataset,
    layout: PixelLayout,
    number_of_frames: int,
    time_source: TimeSource,
    notes: tuple[str, ...] = (),
) -> Acquisition:
    """All that the tags say of a run.

    Parameters
    ----------
    dataset : Dataset
    layout : PixelLayout
    number_of_frames : int
    time_source : TimeSource
    notes : tuple of str
        What was found about frame times.
    """
    meta = dataset.file_meta
    orientation = texts(dataset, "PatientOrientation")
    return Acquisition(
        rows=layout.rows,
        columns=layout.columns,
        pixel_format=_pixel_format(dataset, layout),
        geometry=_geometry(dataset),
        time_source=time_source,
        shutter=_shutter(dataset),
        number_of_frames=number_of_frames,
        patient_orientation=(orientation[0], orientation[1]) if len(orientation) == 2 else None,
        modality=text(dataset, "Modality"),
        sop_class_uid=text(dataset, "SOPClassUID"),
        transfer_syntax_uid=str(meta.TransferSyntaxUID),
        manufacturer=text(dataset, "Manufacturer"),
        notes=notes + _notes(dataset),
        burned_in_annotation=_burned_in(dataset),
        compressed_with_loss=_compressed_with_loss(dataset),
        model_name=text(dataset, "ManufacturerModelName"),
    )


def _pixel_format(dataset: Dataset, layout: PixelLayout) -> PixelFormat:
    relationship = text(dataset, "PixelIntensityRelationship").upper()
    sign = number(dataset, "PixelIntensityRelationshipSign")
    known = relationship in IntensityRelationship.__members__
    return PixelFormat(
        photometric=layout.photometric,
        bits_stored=layout.stored,
        relationship=IntensityRelationship(relationship) if known else None,
        relationship_sign=int(sign) if sign in (-1.0, 1.0) else None,
        signed=layout.signed,
        bone_is_bright=text(dataset, "Modality").upper() in _BONE_BRIGHT,
    )


def _geometry(dataset: Dataset) -> ProjectionGeometry:
    spacing, kind = pair(dataset, "PixelSpacing"), text(dataset, "PixelSpacingCalibrationType")
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
    return ProjectionGeometry(
        sid_mm=number(dataset, "DistanceSourceToDetector"),
        sod_mm=source_to_object,
        magnification=number(dataset, "EstimatedRadiographicMagnificationFactor"),
        imager_pixel_spacing_mm=pair(dataset, "ImagerPixelSpacing"),
        pixel_spacing_mm=spacing,
        pixel_spacing_calibration=kind.upper() or None,
        primary_angle_deg=_angle(dataset, "Primary"),
        secondary_angle_deg=_angle(dataset, "Secondary"),
        pixel_aspect=None if aspect is None or min(aspect) <= 0 else aspect[0] / aspect[1],
        field_of_view_mm=None if not field or field[0] <= 0 else field[0],
    )


def _angle(dataset: Dataset, which: str) -> float | None:
    angle = number(dataset, f"Positioner{which}Angle")
    if angle is None:
        angle = number(dataset, f"PositionerIsocenter{which}Angle")
    return angle


def _shutter(dataset: Dataset) -> Shutter | None:
    """Display Shutter (PS3.3 C.7.6.11): rows before columns, and the first pixel is 1, 1."""
    shapes = {shape.upper() for shape in texts(dataset, "ShutterShape")}
    edges: dict[str, float | None] = {}
    if "RECTANGULAR" in shapes:
        edges = {
            "left": _zero_based(dataset, "ShutterLeftVerticalEdge"),
            "right": _zero_based(dataset, "ShutterRightVerticalEdge"),
            "top": _zero_based(dataset, "ShutterUpperHorizontalEdge"),
            "bottom": _zero_based(dataset, "ShutterLowerHorizontalEdge"),
        }
    centre: Point | None = None
    radius: float | None = None
    if "CIRCULAR" in shapes:
        row_column = pair(dataset, "CenterOfCircularShutter")
        radius = number(dataset, "RadiusOfCircularShutter")
        centre = None if row_column is None else (row_column[1] - 1, row_column[0] - 1)
    vertices = _vertices(dataset) if "POLYGONAL" in shapes else None
    has_circle = centre is not None and radius is not None
    if not has_circle:
        centre = radius = None
    if not has_circle and vertices is None and all(edge is None for edge in edges.values()):
        return None
    return Shutter(**edges, centre_px=centre, radius_px=radius, vertices_px=vertices)


def _zero_based(dataset: Dataset, keyword: str) -> float | None:
    value = number(dataset, keyword)
    return None if value is None else value - 1


def _vertices(dataset: Dataset) -> PointArray | None:
    values = numbers(dataset, "VerticesOfThePolygonalShutter")
    if values is None or len(values) < 6 or len(values) % 2:
        return None
    rows_columns = np.array(values, dtype=np.float64).reshape(-1, 2)
    return read_only(rows_columns[:, ::-1] - 1)


def _notes(dataset: Dataset) -> tuple[str, ...]:
    notes = []
    relationship = text(dataset, "PixelIntensityRelationship").upper()
    if relationship not in IntensityRelationship.__members__:
        notes.append("What a pixel value means is not said (no Pixel Intensity Relationship).")
    elif relationship == IntensityRelationship.DISP:
        notes.append("Pixels were processed for display (DISP): thickness is rough.")
    if _compressed_with_loss(dataset):
        notes.append("The picture was compressed with loss: faint leaks may be gone.")
    if _burned_in(dataset):
        notes.append("Text is burned into the picture; it may name the patient.")
    if "DYNAMIC" in (text(dataset, "PositionerMotion"), text(dataset, "TableMotion")):
        notes.append("C-arm or table moved during the run (DYNAMIC).")
    if raw(dataset, "ShutterShape") is not None and _shutter(dataset) is None:
        notes.append("Shutter tags are incomplete and were passed over.")
    return tuple(notes)


def _compressed_with_loss(dataset: Dataset) -> bool:
    said = text(dataset, "LossyImageCompression") == "01"
    return said or dataset.file_meta.TransferSyntaxUID in _LOSSY


def _burned_in(dataset: Dataset) -> bool | None:
    """Burned In Annotation (0028,0301); None where it says neither YES nor NO."""
    return {"YES": True, "NO": False}.get(text(dataset, "BurnedInAnnotation").upper())
