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

from leakwatch.core.messages import HeaderText, text
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
    "CT": text("a CT image"),
    "MR": text("an MR image"),
    "US": text("an ultrasound image"),
    "IVUS": text("an intravascular ultrasound image"),
    "PT": text("a PET image"),
    "NM": text("a nuclear medicine image"),
    "SEG": text("a segmentation"),
    "SM": text("a slide of a microscope"),
    "GM": text("a microscope image"),
    "ES": text("an endoscope image"),
    "XC": text("a photograph"),
    "OP": text("a photograph of an eye"),
    "MG": text("a mammogram"),
    "IO": text("a dental image"),
    "PX": text("a dental image"),
    "DOC": text("a document"),
    "SR": text("a report"),
    "RTDOSE": text("a map of dose"),
    "RTIMAGE": text("an image of radiotherapy"),
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
    shown = HeaderText(escape_control_characters(modality))
    name = _NAMES.get(modality) or text("an image of the modality {modality}", modality=shown)
    for written in (dataset.get("SOPClassUID"), dataset.file_meta.get("MediaStorageSOPClassUID")):
        kind = UID(str(written or ""), config.IGNORE)
        if kind.name != str(kind) and kind not in X_RAY_IMAGES | SECONDARY_CAPTURES:
            if modality in _MODALITIES:
                return text("stored as {kind}", kind=kind.name)
            return text("{image}, stored as {kind}", image=name, kind=kind.name)
    if modality not in _MODALITIES and (modality in _NAMES or not _is_x_ray(dataset)):
        return text("{image} (Modality {modality})", image=name, modality=shown)
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
