"""A DICOM head without the patient: what describes the X-ray picture is kept, all else is dropped.

Basic Application Level Confidentiality Profile (PS3.15 annex E). Table E.1-1 lists what must go; a
list of what may stay drops that too, and what a maker has put where no table looks for it: private
elements, overlays (60xx), curves (50xx), comments, sequences. Dates and times are moved, so that
the session begins at 2000-01-01 00:00:00 and what lies between frames stays true.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import secrets
from contextlib import suppress
from copy import copy
from dataclasses import dataclass

import numpy as np
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID
from pydicom.valuerep import DA, DT, TM

from leakwatch.errors import SourceError
from leakwatch.sources.dicom_times import clock_time
from leakwatch.sources.kept_elements import (
    KEPT,
    KEPT_SEQUENCES,
    MOVED_DATE_TIMES,
    MOVED_TIMES,
    NEW_UIDS,
)

BEGIN = dt.datetime(2000, 1, 1)  # noqa: DTZ001 - DICOM times of a room have no zone

_EMPTY = ("AccessionNumber", "ReferringPhysicianName", "PatientBirthDate", "PatientSex")
_OVERLAY_GROUPS = range(0x6000, 0x6100, 2)
_OVERLAY_BIT_POSITION = 0x0102


@dataclass(frozen=True, slots=True)
class Keys:
    """What keeps the objects of one session together; made anew for each, and never written.

    Parameters
    ----------
    secret : bytes
        Of new UIDs.
    begin : datetime or None
        The moment that becomes `BEGIN`; None: no time is kept.
    """

    secret: bytes
    begin: dt.datetime | None

    def uid(self, old: str) -> UID:
        """The new UID for an old one (PS3.5 B.2: a UUID below 2.25)."""
        digest = hmac.digest(self.secret, old.encode(), hashlib.sha256)
        return UID(f"2.25.{int.from_bytes(digest[:16], 'big')}")


def new_keys(first: Dataset) -> Keys:
    """Keys of a session that begins with the object `first`."""
    moments = clock_time(first)
    begin = next(iter(moments.values()), None)
    return Keys(secrets.token_bytes(32), None if begin is None else begin.replace(tzinfo=None))


def deidentified(dataset: Dataset, keys: Keys) -> Dataset:
    """A copy without the patient; `dataset` is left as it is.

    Parameters
    ----------
    dataset : Dataset
        With its file meta, with or without pixels.
    keys : Keys
        The same for all objects of a session.

    Returns
    -------
    Dataset
        With a new file meta. Bits of native pixels above those stored, where overlays of old
        live, are zero.

    Raises
    ------
    SourceError
        Text is burned into the picture, or an overlay hides in compressed pixels.
    """
    if str(dataset.get("BurnedInAnnotation", "")).upper() == "YES":
        raise SourceError(
            "text is burned into the picture (Burned In Annotation is YES), and it may name the "
            "patient. Blank it: leakwatch cases add --mask LEFT,TOP,RIGHT,BOTTOM, and export the "
            "case."
        )
    clean = _kept(dataset, keys)
    _describe(clean, keys, str(dataset.get("StudyInstanceUID", "")))
    clean.file_meta = _file_meta(dataset, clean)
    _clear_unused_bits(dataset, clean)
    return clean


def _kept(dataset: Dataset, keys: Keys) -> Dataset:
    clean = Dataset()
    for element in dataset:
        keyword = element.keyword
        if element.tag.is_private or not keyword:
            continue
        if keyword in KEPT_SEQUENCES and element.VR == "SQ":
            items = [_kept(item, keys) for item in element.value]
            clean.add(DataElement(element.tag, "SQ", items))
        elif keyword in KEPT:
            clean.add(copy(element))  # a later change must not reach the original
        elif keyword in NEW_UIDS and element.value:
            clean.add(DataElement(element.tag, "UI", keys.uid(str(element.value))))
    _move_times(dataset, clean, keys)
    return clean


def _move_times(dataset: Dataset, clean: Dataset, keys: Keys) -> None:
    if keys.begin is None:
        return
    # A time that cannot be read cannot be moved: it is dropped.
    for keyword in MOVED_DATE_TIMES:
        if not dataset.get(keyword):
            continue
        with suppress(ValueError, TypeError, AttributeError):
            moment = DT(str(dataset[keyword].value))
            setattr(clean, keyword, f"{_moved(moment, keys.begin):%Y%m%d%H%M%S.%f}")
    for time_keyword, date_keyword in MOVED_TIMES.items():
        if not dataset.get(time_keyword):
            continue
        with suppress(ValueError, TypeError):
            day = DA(str(dataset.get(date_keyword) or f"{keys.begin:%Y%m%d}"))
            time_of_day = TM(str(dataset.get(time_keyword)))
            moved = _moved(dt.datetime.combine(day, time_of_day), keys.begin)
            setattr(clean, date_keyword, f"{moved:%Y%m%d}")
            setattr(clean, time_keyword, f"{moved:%H%M%S.%f}")


def _moved(moment: dt.datetime, begin: dt.datetime) -> dt.datetime:
    return BEGIN + (moment.replace(tzinfo=None) - begin)


def _describe(clean: Dataset, keys: Keys, study: str) -> None:
    for keyword in _EMPTY:
        setattr(clean, keyword, "")
    digest = hmac.digest(keys.secret, b"patient" + study.encode(), hashlib.sha256)
    clean.PatientID = f"LEAKWATCH-{digest[:5].hex().upper()}"
    clean.PatientName = clean.PatientID.replace("-", "^")
    clean.StudyID = "1"
    clean.StudyDate, clean.StudyTime = f"{BEGIN:%Y%m%d}", f"{BEGIN:%H%M%S}"
    clean.PatientIdentityRemoved = "YES"
    clean.DeidentificationMethod = [
        "LeakWatch: only what describes the picture is kept",
        "moved to begin at 20000101" if keys.begin is not None else "times removed",
    ]
    codes = [("113100", "Basic Application Confidentiality Profile")]
    if keys.begin is not None:
        codes.append(("113107", "Retain Longitudinal Temporal Information Modified Dates Option"))
    clean.DeidentificationMethodCodeSequence = [_code(value, meaning) for value, meaning in codes]


def _code(value: str, meaning: str) -> Dataset:
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value, "DCM", meaning
    return code


def _file_meta(dataset: Dataset, clean: Dataset) -> FileMetaDataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = clean.get("SOPClassUID", "")
    meta.MediaStorageSOPInstanceUID = clean.get("SOPInstanceUID", "")
    old = getattr(dataset, "file_meta", None)
    if old is not None and "TransferSyntaxUID" in old:
        meta.TransferSyntaxUID = old.TransferSyntaxUID
    return meta


def _clear_unused_bits(dataset: Dataset, clean: Dataset) -> None:
    """Overlays that lie in the pixels (retired, PS3.5 8.1.2)."""
    if "PixelData" not in clean:
        return
    allocated, stored = clean.get("BitsAllocated"), clean.get("BitsStored")
    syntax = clean.file_meta.get("TransferSyntaxUID")
    if syntax is not None and syntax.is_encapsulated:
        if any(dataset.get((group, _OVERLAY_BIT_POSITION)) for group in _OVERLAY_GROUPS):
            raise SourceError(
                "an overlay lies in compressed pixels (Overlay Bit Position is not 0), and it may "
                "name the patient. Export the sequence uncompressed."
            )
        return
    if allocated != 16 or stored is None or stored >= allocated:
        return
    high = int(clean.get("HighBit", stored - 1))
    low = high - stored + 1
    order = ">" if syntax is not None and not syntax.is_little_endian else "<"
    words = np.frombuffer(clean.PixelData, f"{order}u2")
    values = words & np.uint16(((1 << stored) - 1) << low)
    if clean.get("PixelRepresentation") == 1:  # a sign goes up to the highest bit
        above = np.uint16((0xFFFF << (high + 1)) & 0xFFFF)
        values = np.where((words >> high) & 1, values | above, values)
    clean.PixelData = values.astype(words.dtype).tobytes()
