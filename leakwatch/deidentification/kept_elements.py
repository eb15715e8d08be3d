"""DICOM elements that describe the X-ray image and do not identify the patient.

Deidentification removes every other element, and every value that is neither a number nor a defined
term of the standard. None of these elements is in table E.1-1 of PS3.15, which lists what must be
removed, except those in `NEW_UIDS` and `MOVED_TIMES`.
"""

from __future__ import annotations

# By the dictionary's VR: IS, DS, FL, US or SS.
NUMBERS = frozenset(
    {
        "AcquisitionNumber",
        "ActualFrameDuration",
        "AveragePulseWidth",
        "BeamAngle",
        "BitsAllocated",
        "BitsStored",
        "CenterOfCircularCollimator",
        "CenterOfCircularShutter",
        "CineRate",
        "CollimatorLeftVerticalEdge",
        "CollimatorLowerHorizontalEdge",
        "CollimatorRightVerticalEdge",
        "CollimatorUpperHorizontalEdge",
        "Columns",
        "DetectorPrimaryAngle",
        "DetectorSecondaryAngle",
        "DistanceObjectToTableTop",
        "DistanceSourceToDetector",
        "DistanceSourceToIsocenter",
        "DistanceSourceToPatient",
        "EstimatedRadiographicMagnificationFactor",
        "Exposure",
        "ExposureTime",
        "ExposureTimeInuS",
        "FieldOfViewDimensions",
        "FieldOfViewDimensionsInFloat",
        "FieldOfViewOrigin",
        "FieldOfViewRotation",
        "FocalSpots",
        "FrameAcquisitionNumber",
        "FrameDelay",
        "FrameTime",
        "FrameTimeVector",
        "HighBit",
        "ImagerPixelSpacing",
        "ImagesInAcquisition",
        "InstanceNumber",
        "IntensifierSize",
        "KVP",
        "LargestImagePixelValue",
        "LossyImageCompressionRatio",
        "NumberOfFrames",
        "ObjectPixelSpacingInCenterOfBeam",
        "PixelAspectRatio",
        "PixelIntensityRelationshipSign",
        "PixelPaddingValue",
        "PixelRepresentation",
        "PixelSpacing",
        "PlanarConfiguration",
        "PositionerIsocenterDetectorRotationAngle",
        "PositionerIsocenterPrimaryAngle",
        "PositionerIsocenterSecondaryAngle",
        "PositionerPrimaryAngle",
        "PositionerPrimaryAngleIncrement",
        "PositionerSecondaryAngle",
        "PositionerSecondaryAngleIncrement",
        "RadiusOfCircularCollimator",
        "RadiusOfCircularShutter",
        "RecommendedDisplayFrameRate",
        "RepresentativeFrameNumber",
        "RescaleIntercept",
        "RescaleSlope",
        "Rows",
        "SamplesPerPixel",
        "SeriesNumber",
        "ShutterLeftVerticalEdge",
        "ShutterLowerHorizontalEdge",
        "ShutterPresentationValue",
        "ShutterRightVerticalEdge",
        "ShutterUpperHorizontalEdge",
        "SmallestImagePixelValue",
        "StartTrim",
        "StopTrim",
        "TableAngle",
        "TableHeight",
        "TableLateralIncrement",
        "TableLongitudinalIncrement",
        "TableVerticalIncrement",
        "TriggerTime",
        "VerticesOfThePolygonalCollimator",
        "VerticesOfThePolygonalShutter",
        "WindowCenter",
        "WindowWidth",
        "XRayTubeCurrent",
        "XRayTubeCurrentInuA",
    }
)


def _words(words: str, between: str = " ") -> frozenset[str]:
    return frozenset(words.split(between))


_KINDS_OF_IMAGE = _words(
    "ORIGINAL|DERIVED|PRIMARY|SECONDARY|SINGLE PLANE|BIPLANE A|BIPLANE B|"
    "SINGLE A|SINGLE B|NONE|MIXED|VOLUME|FLUORO|FLUOROSCOPY|ACQUISITION|"
    "RADIOGRAPHY|CINE|DSA|SUBTRACTION|SPOT|LIH|STORED|SCREEN SAVE|SCREENSHOT|"
    "LOCALIZER|AXIAL|REPROJECTION|MIP|MPR|QUANTITY|POST_PROCESSED|SHUTTER|"
    "UNSPECIFIED|ROADMAP|EXPOSURE",
    "|",
)

# Defined terms of PS3.3 and of manufacturers; any other value is removed.
WORDS: dict[str, frozenset[str]] = {
    "BodyPartExamined": _words(
        "SPINE CSPINE TSPINE LSPINE SSPINE CTSPINE TLSPINE LSSPINE WHOLESPINE CHEST "
        "ABDOMEN PELVIS HIP HEAD NECK SKULL SHOULDER ARM ELBOW HAND WRIST LEG KNEE "
        "ANKLE FOOT HEART EXTREMITY"
    ),
    "BurnedInAnnotation": _words("NO YES"),
    "CollimatorShape": _words("RECTANGULAR CIRCULAR POLYGONAL"),
    "ConversionType": _words("DV DI DF WSD SD SI DRW SYN"),
    "FieldOfViewHorizontalFlip": _words("NO YES"),
    "FieldOfViewShape": _words("RECTANGLE ROUND HEXAGONAL"),
    "FrameLaterality": _words("R L U B"),
    "Grid": _words("FIXED FOCUSED RECIPROCATING PARALLEL CROSSED NONE IN OUT"),
    "ImageLaterality": _words("R L U B"),
    "Laterality": _words("R L"),
    "LossyImageCompression": _words("00 01"),
    "LossyImageCompressionMethod": _words(
        "ISO_10918_1 ISO_14495_1 ISO_15444_1 ISO_15444_15 ISO_13818_2 ISO_14496_10"
    ),
    "Modality": _words("XA RF CR DX XC OT IO PX MG RG"),
    "PhotometricInterpretation": _words("MONOCHROME1 MONOCHROME2 RGB YBR_FULL"),
    "PixelIntensityRelationship": _words("LIN LOG DISP"),
    "PixelPresentation": _words("MONOCHROME COLOR MIXED TRUE_COLOR"),
    "PixelSpacingCalibrationType": _words("GEOMETRY FIDUCIAL"),
    "PositionerMotion": _words("STATIC DYNAMIC"),
    "PositionerType": _words("CARM COLUMN NONE"),
    "PresentationLUTShape": _words("IDENTITY INVERSE"),
    "RadiationMode": _words("CONTINUOUS PULSED"),
    "RadiationSetting": _words("SC GR"),
    "RecommendedViewingMode": _words("NAT SUB"),
    "RescaleType": _words("OD HU US MGML Z_EFF ED EDW HU_MOD PCT"),
    "ShutterShape": _words("RECTANGULAR CIRCULAR POLYGONAL BITMAP"),
    "TableMotion": _words("STATIC DYNAMIC"),
    "VOILUTFunction": _words("LINEAR LINEAR_EXACT SIGMOID"),
    "VolumetricProperties": _words("VOLUME SAMPLED DISTORTED MIXED"),
    "FrameType": _KINDS_OF_IMAGE,
    "ImageType": _KINDS_OF_IMAGE,
}

# One or more direction letters per value (PS3.3 C.7.6.1.1.1).
DIRECTIONS = ("PatientOrientation",)

# Identify the equipment, to find its calibration.
MAKERS = ("Manufacturer", "ManufacturerModelName")

# Values are tags of elements that must be present as well.
POINTERS = ("FrameIncrementPointer",)

KEPT = NUMBERS | WORDS.keys() | {*DIRECTIONS, *MAKERS, *POINTERS, "SOPClassUID"}

# Kept with those of their elements that are listed here.
KEPT_SEQUENCES = frozenset(
    {
        "CollimatorShapeSequence",
        "FieldOfViewSequence",
        "FrameAcquisitionSequence",
        "FrameContentSequence",
        "FrameDisplayShutterSequence",
        "FramePixelDataPropertiesSequence",
        "FrameVOILUTSequence",
        "IsocenterReferenceSystemSequence",
        "PerFrameFunctionalGroupsSequence",
        "PixelMeasuresSequence",
        "PositionerPositionSequence",
        "ProjectionPixelCalibrationSequence",
        "SharedFunctionalGroupsSequence",
        "TablePositionSequence",
        "XRayGeometrySequence",
    }
)

# Replaced consistently within a session.
NEW_UIDS = frozenset(
    {
        "FrameOfReferenceUID",
        "IrradiationEventUID",
        "SOPInstanceUID",
        "SeriesInstanceUID",
        "StudyInstanceUID",
    }
)

# Shifted to a common beginning: times of day, with the element of their date.
MOVED_TIMES = {"AcquisitionTime": "AcquisitionDate", "ContentTime": "ContentDate"}
MOVED_DATE_TIMES = ("AcquisitionDateTime", "FrameReferenceDateTime", "FrameAcquisitionDateTime")
