"""Identity of sequences, and of patients without storing who they are."""

from __future__ import annotations

import hashlib
import secrets

import numpy as np
from pydicom.dataset import Dataset

from leakwatch.core.frame import Acquisition, Shutter
from leakwatch.core.messages import text

# A C-arm that moved further than this shows another projection, not another frame.
_SAME_SPACING, _SAME_ANGLE_DEG = 0.01, 2.0


def run_difference(one: Acquisition, other: Acquisition) -> str:
    """Return the difference between frames of different sequences; empty for one sequence.

    Parameters
    ----------
    one, other : Acquisition
    """
    if (one.columns, one.rows) != (other.columns, other.rows):
        return text(
            "{columns} x {rows} pixels against {other_columns} x {other_rows}",
            columns=one.columns,
            rows=one.rows,
            other_columns=other.columns,
            other_rows=other.rows,
        )
    if one.pixel_format != other.pixel_format:
        return text("{one} against {other}", one=one.pixel_format, other=other.pixel_format)
    for name, tolerance in (
        ("sid_mm", _SAME_SPACING * (one.geometry.sid_mm or 0)),
        ("primary_angle_deg", _SAME_ANGLE_DEG),
        ("secondary_angle_deg", _SAME_ANGLE_DEG),
    ):
        here, there = getattr(one.geometry, name), getattr(other.geometry, name)
        if here is not None and there is not None and abs(here - there) > tolerance:
            return _against(name, here, there)
    for name in ("imager_pixel_spacing_mm", "pixel_spacing_mm"):
        here, there = getattr(one.geometry, name), getattr(other.geometry, name)
        if here and there and abs(here[0] - there[0]) > _SAME_SPACING * here[0]:
            return _against(name, here[0], there[0])
    return ""


def _against(name: str, one: float, other: float) -> str:
    return text("{name} {one:g} against {other:g}", name=name, one=one, other=other)


def same_shutter(one: Shutter | None, other: Shutter | None) -> bool:
    """Return whether the same part of the image is blanked.

    Parameters
    ----------
    one, other : Shutter or None
    """
    if one is None or other is None:
        return one is other
    edges = ("left", "right", "top", "bottom", "centre_px", "radius_px")
    if any(getattr(one, edge) != getattr(other, edge) for edge in edges):
        return False
    here, there = one.vertices_px, other.vertices_px
    return here is there or (here is not None and there is not None and np.array_equal(here, there))


# What names a patient (PS3.3 C.2.2, C.2.3). Where any of them differs, it may be another patient.
IDENTITY_KEYWORDS = ("PatientID", "IssuerOfPatientID", "PatientName", "PatientBirthDate")

# New in each process and never stored: hashes of different days cannot be compared.
_KEY = secrets.token_bytes(32)
_DIGEST_BYTES = 16


def subject_of(dataset: Dataset) -> str:
    """Return a keyed hash that differs between patients within this process.

    What names the patient is taken out of `dataset`.

    Parameters
    ----------
    dataset : Dataset

    Returns
    -------
    str
        32 hexadecimal digits; empty where the object names nobody.
    """
    named = []
    for keyword in IDENTITY_KEYWORDS:
        value = dataset.get(keyword)
        named.append("" if value is None else str(value).strip(" ^\0").upper())
        if keyword in dataset:
            del dataset[keyword]
    if not any(named):
        return ""
    written = "\0".join(named).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(written, key=_KEY, digest_size=_DIGEST_BYTES).hexdigest()
