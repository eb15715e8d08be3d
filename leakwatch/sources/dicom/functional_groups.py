"""Functional groups of one frame of an enhanced object (PS3.3 C.7.6.16).

A group of the frame goes before one that all frames share, and both before what a converter left
at the top.
"""

from __future__ import annotations

from pydicom.dataset import Dataset

from leakwatch.sources.dicom.element_values import items

_SHARED, _PER_FRAME = "SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"

SHUTTER_KEYWORDS = (
    "ShutterShape",
    "ShutterLeftVerticalEdge",
    "ShutterRightVerticalEdge",
    "ShutterUpperHorizontalEdge",
    "ShutterLowerHorizontalEdge",
    "CenterOfCircularShutter",
    "RadiusOfCircularShutter",
    "VerticesOfThePolygonalShutter",
)
# Groups that may be stated for a single frame.
OF_A_FRAME = (
    *SHUTTER_KEYWORDS,
    "PatientOrientation",
    "PixelAspectRatio",
    "PixelIntensityRelationship",
    "PixelIntensityRelationshipSign",
    "PixelSpacing",
    "PixelSpacingCalibrationType",
    "ImagerPixelSpacing",
    "ObjectPixelSpacingInCenterOfBeam",
    "FieldOfViewDimensions",
    "FieldOfViewDimensionsInFloat",
    "DistanceSourceToDetector",
    "DistanceSourceToPatient",
    "DistanceSourceToIsocenter",
    "EstimatedRadiographicMagnificationFactor",
    "KVP",
    "PositionerPrimaryAngle",
    "PositionerSecondaryAngle",
    "PositionerIsocenterPrimaryAngle",
    "PositionerIsocenterSecondaryAngle",
)


def number_of_groups(dataset: Dataset) -> int:
    """Return for how many frames there are groups of their own; 0 in a classic object."""
    return len(items(dataset, _PER_FRAME))


def of_frame(dataset: Dataset, frame: int) -> Dataset:
    """Return what `dataset` says of one frame, without a functional group.

    Parameters
    ----------
    dataset : Dataset
    frame : int
        A frame without its own groups has the shared ones only.
    """
    macros = {**_macros(dataset, _SHARED, 0), **_macros(dataset, _PER_FRAME, frame)}
    left_out = {_SHARED, _PER_FRAME}
    if any("ShutterShape" in macro for macro in macros.values()):
        left_out.update(SHUTTER_KEYWORDS)
    told = Dataset()
    told.file_meta = dataset.file_meta
    for element in dataset:
        if element.keyword not in left_out:
            told.add(element)
    for macro in macros.values():
        for keyword in OF_A_FRAME:
            if keyword in macro and not macro[keyword].is_empty:
                told.add(macro[keyword])
    return told


def _macros(dataset: Dataset, keyword: str, index: int) -> dict[int, Dataset]:
    """Return the macros of one item of a sequence of groups, by tag."""
    groups = items(dataset, keyword)
    if index >= len(groups):
        return {}
    macros = (macro for macro in groups[index] if macro.VR == "SQ" and macro.value)
    return {int(macro.tag): macro.value[0] for macro in macros}
