"""A DICOM head without the patient: what describes the X-ray picture is kept, all else is dropped.

Basic Application Level Confidentiality Profile (PS3.15 annex E). Table E.1-1 lists what must go; a
list of what may stay drops that too, and what a maker has put where no table looks for it: private
elements, overlays (60xx), curves (50xx), comments, sequences. What stays is written anew. Dates and
times are moved, so that the session begins at 2000-01-01 00:00:00 and what lies between frames
stays true.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import secrets
from contextlib import suppress
from dataclasses import dataclass

from pydicom.config import IGNORE
from pydicom.datadict import keyword_for_tag
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.tag import Tag
from pydicom.uid import UID, ExplicitVRLittleEndian
from pydicom.valuerep import DA, DT, TM

from leakwatch.core.errors import SourceError
from leakwatch.deidentification.kept_elements import (
    KEPT,
    KEPT_SEQUENCES,
    MOVED_DATE_TIMES,
    MOVED_TIMES,
    NEW_UIDS,
)
from leakwatch.deidentification.kept_values import kept_element, named_in
from leakwatch.sources.dicom.burned_in import is_capture, says_of_text
from leakwatch.sources.dicom.element_values import number, text
from leakwatch.sources.dicom.frame_times import clock_time
from leakwatch.sources.dicom.projection_images import SECONDARY_CAPTURES, X_RAY_IMAGES

BEGIN = dt.datetime(2000, 1, 1)  # noqa: DTZ001 - DICOM times of a room have no zone


_COPIED = KEPT | KEPT_SEQUENCES | NEW_UIDS
_UNREADABLE = (ValueError, TypeError, AttributeError, OverflowError, NotImplementedError)
_OVERLAY_GROUPS = range(0x6000, 0x6100, 2)
_OVERLAY_BIT_POSITION = 0x0102
_EMPTY = ("AccessionNumber", "ReferringPhysicianName", "PatientBirthDate", "PatientSex")


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


def deidentified(head: Dataset, keys: Keys, pictures_checked: bool = False) -> Dataset:
    """A head without the patient; `head` is left as it is.

    Parameters
    ----------
    head : Dataset
        With its file meta. Pixels in it are not looked at.
    keys : Keys
        The same for all objects of a session.
    pictures_checked : bool
        A person looked: no picture names anybody.

    Returns
    -------
    Dataset
        Without pixels, and with a new file meta.

    Raises
    ------
    SourceError
        It is no X-ray picture, or text in the picture may name the patient.
    """
    _check_kind(head)
    check_pictures(head, pictures_checked)
    clean = _kept(head, keys, named_in(head))
    clean.SOPClassUID = _sop_class(head)
    if pictures_checked and is_capture(head):
        clean.BurnedInAnnotation = "NO"
    _describe(clean, keys, text(head, "StudyInstanceUID"))
    clean.file_meta = FileMetaDataset()
    clean.file_meta.MediaStorageSOPClassUID = clean.SOPClassUID
    clean.file_meta.MediaStorageSOPInstanceUID = clean.get("SOPInstanceUID", "")
    clean.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return clean


def check_pictures(head: Dataset, pictures_checked: bool) -> None:
    """Refuse pictures in which text may name the patient.

    Raises
    ------
    SourceError
        The head says so; or it does not say otherwise of a picture of a screen, and nobody looked.
    """
    said = says_of_text(head)
    if said:
        raise SourceError(
            f"text is burned into the picture (Burned In Annotation is "
            f"{text(head, 'BurnedInAnnotation')[:16]!a}), and it may name the patient. Blank it: "
            "leakwatch cases add --mask LEFT,TOP,RIGHT,BOTTOM, and export the case."
        )
    if said is None and is_capture(head) and not pictures_checked:
        raise SourceError(
            "it is a picture of a screen, of film or in colour, which often names the patient, and "
            "no Burned In Annotation says that this one does not. Look at it, and say "
            "--pictures-checked if nobody is named in any of them."
        )
    stored = number(head, "BitsStored") or 0.0
    given = number(head, "HighBit")
    high = stored - 1 if given is None else given
    for group in _OVERLAY_GROUPS:
        tag = Tag(group, _OVERLAY_BIT_POSITION)
        if tag in head and max(high - stored, 0) < _whole(head[tag].value) <= high:
            raise SourceError(
                "an overlay lies in bits of the picture itself (Overlay Bit Position is "
                f"{_whole(head[tag].value)}), and it may name the patient. Export the sequence "
                "without it."
            )


def _whole(value: object) -> int:
    try:
        return int(str(value))
    except ValueError:
        return 0


def _check_kind(head: Dataset) -> None:
    """Of other objects than these more than the picture is needed, and would be missing."""
    sop_class = _sop_class(head)
    if sop_class not in X_RAY_IMAGES | SECONDARY_CAPTURES:
        known = sop_class.name if sop_class.name != sop_class else "unknown or absent"
        raise SourceError(
            f"its kind (SOP Class UID) is {known}, and only projection X-ray pictures and "
            "secondary captures are copied: of others too little would be left. Take it out of "
            "the folder, or use another tool for it."
        )


def _sop_class(head: Dataset) -> UID:
    meta = getattr(head, "file_meta", Dataset())  # a directory has it there alone
    return UID(text(head, "SOPClassUID") or text(meta, "MediaStorageSOPClassUID"), IGNORE)


def _kept(dataset: Dataset, keys: Keys, names: frozenset[str]) -> Dataset:
    clean = Dataset()
    for tag in sorted(dataset.keys()):
        keyword = keyword_for_tag(tag)
        if tag.is_private or keyword not in _COPIED:
            continue
        # Bytes that cannot be turned into a value describe nothing.
        with suppress(ValueError, TypeError, NotImplementedError, LookupError, OverflowError):
            element = _copied(dataset, keyword, keys, names)
            if element is not None:
                clean.add(element)
    _move_times(dataset, clean, keys)
    return clean


def _copied(
    dataset: Dataset, keyword: str, keys: Keys, names: frozenset[str]
) -> DataElement | None:
    element = dataset[keyword]
    if keyword in KEPT_SEQUENCES:
        if element.VR != "SQ":
            return None
        items = [_kept(item, keys, names) for item in element.value]
        return DataElement(element.tag, "SQ", items)
    if keyword in NEW_UIDS:
        # Whatever it was sent as, a sequence say, what is written is a digest of it.
        return (
            DataElement(element.tag, "UI", keys.uid(str(element.value))) if element.value else None
        )
    return kept_element(dataset, keyword, names)


def _move_times(dataset: Dataset, clean: Dataset, keys: Keys) -> None:
    if keys.begin is None:
        return
    # A time that cannot be read cannot be moved: it is dropped.
    for keyword in MOVED_DATE_TIMES:
        if keyword not in dataset:
            continue
        with suppress(*_UNREADABLE):
            moment = DT(str(dataset[keyword].value))
            setattr(clean, keyword, f"{_moved(moment, keys.begin):%Y%m%d%H%M%S.%f}")
    for time_keyword, date_keyword in MOVED_TIMES.items():
        if time_keyword not in dataset:
            continue
        with suppress(*_UNREADABLE):
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
