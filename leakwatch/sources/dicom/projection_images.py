"""Detection of projection images, the only ones that can be analysed.

A CT slice is grey and has a modality and a size like any other image. A program that compares grey
values would accept it as fluoroscopy and report CLEAR, which would be wrong.
"""

from __future__ import annotations

from typing import Final

import pydicom.uid as uids
from pydicom import config
from pydicom.dataset import Dataset
from pydicom.uid import UID

from leakwatch.core.messages import text
from leakwatch.files.untrusted_text import escape_control_characters
from leakwatch.sources.dicom.element_values import text_value, text_values

# Images of X-rays through a body, from a C-arm or a radiography room.
X_RAY_IMAGES: Final = frozenset(
    {
        uids.XRayAngiographicImageStorage,
        uids.XRayRadiofluoroscopicImageStorage,
        UID("1.2.840.10008.5.1.4.1.1.12.3"),  # X-Ray Angiographic Bi-Plane, retired
        uids.EnhancedXAImageStorage,
        uids.EnhancedXRFImageStorage,
        uids.ComputedRadiographyImageStorage,
        uids.DigitalXRayImageStorageForPresentation,
        uids.DigitalXRayImageStorageForProcessing,
    }
)
# General images: only Modality and Image Type show their kind.
SECONDARY_CAPTURES: Final = frozenset(
    {
        uids.SecondaryCaptureImageStorage,
        uids.MultiFrameSingleBitSecondaryCaptureImageStorage,
        uids.MultiFrameGrayscaleByteSecondaryCaptureImageStorage,
        uids.MultiFrameGrayscaleWordSecondaryCaptureImageStorage,
        uids.MultiFrameTrueColorSecondaryCaptureImageStorage,
    }
)
# PS3.3 C.7.3.1.1.1. Most frame grabbers state OT, other; CF to FS are retired, and DR never was a
# defined term but is used.
_MODALITIES: Final = frozenset(
    {"", "XA", "RF", "CR", "DX", "RG", "OT", "CF", "DF", "DS", "FA", "FS", "DR"}
)
_NAMES: Final = {
    "CT": "a CT image",
    "MR": "an MR image",
    "US": "an ultrasound image",
    "IVUS": "an intravascular ultrasound image",
    "PT": "a PET image",
    "NM": "a nuclear medicine image",
    "SEG": "a segmentation",
    "SM": "a slide of a microscope",
    "GM": "a microscope image",
    "ES": "an endoscope image",
    "XC": "a photograph",
    "OP": "a photograph of an eye",
    "MG": "a mammogram",
    "IO": "a dental image",
    "PX": "a dental image",
    "DOC": "a document",
    "SR": "a report",
    "RTDOSE": "a map of dose",
    "RTIMAGE": "an image of radiotherapy",
}
# Values 3 and more of Image Type (0008,0008), of slices and of what is made of a volume
# (PS3.3 C.8.2.1.1.1, C.8.3.1.1.1, C.8.16.1), or of pages of text.
_NO_PROJECTION_TYPES: Final = frozenset(
    {
        "AXIAL",
        "LOCALIZER",
        "VOLUME",
        "MPR",
        "CSA MPR",
        "CURVED_MPR",
        "MIP",
        "MAX_IP",
        "MIN_IP",
        "VOLUME_RENDER",
        "SURFACE_RENDER",
        "TOMOSYNTHESIS",
        "DOSE_INFO",
        "REPORT",
    }
)
# Of Conversion Type (0008,0064): a scanned page, a drawing.
_PAGES: Final = frozenset({"SD", "DRW"})


def why_no_projection(dataset: Dataset) -> str:
    """Return why an image is not a projection; empty if it is, or may be.

    Parameters
    ----------
    dataset : Dataset
        With `file_meta`.
    """
    modality = text_value(dataset, "Modality").upper()
    name = _NAMES.get(modality, f"an image of the modality {escape_control_characters(modality)}")
    for written in (dataset.get("SOPClassUID"), dataset.file_meta.get("MediaStorageSOPClassUID")):
        kind = UID(str(written or ""), config.IGNORE)
        if kind.name != str(kind) and kind not in X_RAY_IMAGES | SECONDARY_CAPTURES:
            other = "" if modality in _MODALITIES else f"{name}, "
            return f"{other}stored as {kind.name}"
    if modality not in _MODALITIES and (modality in _NAMES or not _is_x_ray(dataset)):
        return f"{name} (Modality {escape_control_characters(modality)})"
    for value in text_values(dataset, "ImageType")[2:]:
        if value.upper() in _NO_PROJECTION_TYPES:
            return text("Image Type {upper}", upper=value.upper())
    if text_value(dataset, "ConversionType").upper() in _PAGES:
        return text(
            "a page or a drawing (Conversion Type {upper})",
            upper=text_value(dataset, "ConversionType").upper(),
        )
    return ""


def _is_x_ray(dataset: Dataset) -> bool:
    return UID(str(dataset.get("SOPClassUID") or ""), config.IGNORE) in X_RAY_IMAGES
