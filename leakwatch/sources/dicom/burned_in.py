"""Detection of burned-in annotation, which may name the patient."""

from __future__ import annotations

from pydicom.dataset import Dataset

from leakwatch.sources.dicom.element_values import number, text_value, text_values
from leakwatch.sources.dicom.projection_images import SECONDARY_CAPTURES

_KINDS_OF_CAPTURE = frozenset({"SCREEN SAVE", "SCREENSHOT"})
# Conversion Type (0008,0064) of digital images: without screen, paper or film.
_NOT_CAPTURED = frozenset({"", "DI", "SYN"})


def burned_in_annotation(dataset: Dataset) -> bool | None:
    """Return what Burned In Annotation (0028,0301) states; None if absent.

    Only NO excludes it: YES, Y, TRUE and unknown values do not.
    """
    said = " ".join(text_values(dataset, "BurnedInAnnotation")).strip().upper()
    return said != "NO" if said else None


def is_capture(dataset: Dataset) -> bool:
    """Return whether any element states that the image shows a screen, paper or film."""
    kinds = {kind.upper() for kind in text_values(dataset, "ImageType")}
    samples = number(dataset, "SamplesPerPixel")
    return (
        text_value(dataset, "SOPClassUID") in SECONDARY_CAPTURES
        or text_value(dataset, "ConversionType").upper() not in _NOT_CAPTURED
        or bool(kinds & _KINDS_OF_CAPTURE)
        or (samples is not None and samples > 1)
    )
