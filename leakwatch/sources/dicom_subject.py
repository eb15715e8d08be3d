"""Patients told apart without keeping who they are."""

from __future__ import annotations

import hashlib
import secrets

from pydicom.dataset import Dataset

# What names a patient (PS3.3 C.2.2, C.2.3). Where any of them differs, it may be another patient.
IDENTITY_KEYWORDS = ("PatientID", "IssuerOfPatientID", "PatientName", "PatientBirthDate")

# Made anew in each process and never kept: a hash of yesterday says nothing today.
_KEY = secrets.token_bytes(32)
_DIGEST_BYTES = 16


def subject_of(dataset: Dataset) -> str:
    """A keyed hash that differs between patients while this process lives.

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
