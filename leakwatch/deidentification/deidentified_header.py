"""Removal of patient identity from a DICOM header: only elements that describe the image are kept.

Basic Application Level Confidentiality Profile (PS3.15 annex E). Table E.1-1 lists what must be
removed; a list of what may be kept also removes elements that the table cannot know: private
elements, overlays (60xx), curves (50xx), comments, sequences. Kept values are rewritten. Dates and
times are shifted so that the session begins at 2000-01-01 00:00:00; intervals are preserved.
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
from leakwatch.core.messages import text
from leakwatch.deidentification.kept_elements import (
    KEPT,
    KEPT_SEQUENCES,
    MOVED_DATE_TIMES,
    MOVED_TIMES,
    NEW_UIDS,
)
from leakwatch.deidentification.kept_values import NamedWords, find_named_words, keep_element
from leakwatch.sources.dicom.burned_in import burned_in_annotation, is_capture
from leakwatch.sources.dicom.element_values import number, text_value
from leakwatch.sources.dicom.frame_times import clock_time
from leakwatch.sources.dicom.projection_images import SECONDARY_CAPTURES, X_RAY_IMAGES

BEGIN = dt.datetime(2000, 1, 1)  # noqa: DTZ001 - DICOM times have no zone here


_COPIED = KEPT | KEPT_SEQUENCES | NEW_UIDS
_UNREADABLE = (ValueError, TypeError, AttributeError, OverflowError, NotImplementedError)
_OVERLAY_GROUPS = range(0x6000, 0x6100, 2)
_OVERLAY_BIT_POSITION = 0x0102
_EMPTY = ("AccessionNumber", "ReferringPhysicianName", "PatientBirthDate", "PatientSex")


@dataclass(frozen=True, slots=True)
class Keys:
    """Keys that relate the objects of one session; new for each session, and never written.

    Parameters
    ----------
    secret : bytes
        Key of the hash that makes new UIDs.
    begin : datetime or None
        The time that becomes `BEGIN`; None: no time is kept.
    """

    secret: bytes
    begin: dt.datetime | None

    def uid(self, old: str) -> UID:
        """Return the new UID for an old one (PS3.5 B.2: a UUID below 2.25)."""
        digest = hmac.digest(self.secret, old.encode(), hashlib.sha256)
        return UID(f"2.25.{int.from_bytes(digest[:16], 'big')}")


def make_keys(first: Dataset) -> Keys:
    """Return keys of a session that begins with the object `first`."""
    moments = clock_time(first)
    begin = next(iter(moments.values()), None)
    return Keys(secrets.token_bytes(32), None if begin is None else begin.replace(tzinfo=None))


def deidentify_header(header: Dataset, keys: Keys, pictures_checked: bool = False) -> Dataset:
    """Return a header without patient identity; `header` is not changed.

    Parameters
    ----------
    header : Dataset
        With its file meta information. Pixels in it are ignored.
    keys : Keys
        The same for all objects of a session.
    pictures_checked : bool
        The user confirmed that no image shows a name.

    Returns
    -------
    Dataset
        Without pixels, and with new file meta information.

    Raises
    ------
    SourceError
        It is not an X-ray image, or a burned-in annotation may name the patient.
    """
    _check_kind(header)
    check_annotation(header, pictures_checked)
    clean = _kept(header, keys, find_named_words(header))
    clean.SOPClassUID = _sop_class(header)
    if pictures_checked and is_capture(header):
        clean.BurnedInAnnotation = "NO"
    _describe(clean, keys, text_value(header, "StudyInstanceUID"))
    clean.file_meta = FileMetaDataset()
    clean.file_meta.MediaStorageSOPClassUID = clean.SOPClassUID
    clean.file_meta.MediaStorageSOPInstanceUID = clean.get("SOPInstanceUID", "")
    clean.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return clean


def check_annotation(header: Dataset, pictures_checked: bool) -> None:
    """Refuse images in which a burned-in annotation may name the patient.

    Raises
    ------
    SourceError
        The header states an annotation; or it does not exclude one in a screen capture, and the
        user did not check.
    """
    said = burned_in_annotation(header)
    if said:
        raise SourceError(
            text(
                "the image has a burned-in annotation (Burned In Annotation is {stated!a}), which "
                "may name the patient. Blank it: leakwatch cases add --mask "
                "LEFT,TOP,RIGHT,BOTTOM, and export the case.",
                stated=text_value(header, "BurnedInAnnotation")[:16],
            )
        )
    if said is None and is_capture(header) and not pictures_checked:
        raise SourceError(
            text(
                "it is a screen capture, a digitised film or a colour image, which often shows the "
                "patient's name, and Burned In Annotation does not exclude it. Check all images, "
                "and add --pictures-checked if none shows a name."
            )
        )
    stored = number(header, "BitsStored") or 0.0
    given = number(header, "HighBit")
    high = stored - 1 if given is None else given
    for group in _OVERLAY_GROUPS:
        tag = Tag(group, _OVERLAY_BIT_POSITION)
        if tag in header and max(high - stored, 0) < _whole(header[tag].value) <= high:
            raise SourceError(
                text(
                    "an overlay is stored in unused bits of the pixels (Overlay Bit Position is "
                    "{position}), and it may name the patient. Export the sequence without it.",
                    position=_whole(header[tag].value),
                )
            )


def _whole(value: object) -> int:
    try:
        return int(str(value))
    except ValueError:
        return 0


def _check_kind(header: Dataset) -> None:
    """Refuse other objects, which need more than the elements that are kept."""
    sop_class = _sop_class(header)
    if sop_class not in X_RAY_IMAGES | SECONDARY_CAPTURES:
        known = sop_class.name if sop_class.name != sop_class else "unknown or absent"
        raise SourceError(
            text(
                "its SOP Class is {sop_class}, and only projection X-ray images and secondary "
                "captures are copied: other objects would be incomplete. Remove it from the "
                "folder, or use another tool for it.",
                sop_class=known,
            )
        )


def _sop_class(header: Dataset) -> UID:
    meta = getattr(header, "file_meta", Dataset())  # a DICOMDIR has it only there
    return UID(
        text_value(header, "SOPClassUID") or text_value(meta, "MediaStorageSOPClassUID"), IGNORE
    )


def _kept(dataset: Dataset, keys: Keys, named: NamedWords) -> Dataset:
    clean = Dataset()
    for tag in sorted(dataset.keys()):
        keyword = keyword_for_tag(tag)
        if tag.is_private or keyword not in _COPIED:
            continue
        # An element that cannot be decoded describes nothing.
        with suppress(ValueError, TypeError, NotImplementedError, LookupError, OverflowError):
            element = _copied(dataset, keyword, keys, named)
            if element is not None:
                clean.add(element)
    _move_times(dataset, clean, keys)
    return clean


def _copied(dataset: Dataset, keyword: str, keys: Keys, named: NamedWords) -> DataElement | None:
    element = dataset[keyword]
    if keyword in KEPT_SEQUENCES:
        if element.VR != "SQ":
            return None
        items = [_kept(item, keys, named) for item in element.value]
        return DataElement(element.tag, "SQ", items)
    if keyword in NEW_UIDS:
        # A digest is written even if the value is not a UID, such as a sequence.
        return (
            DataElement(element.tag, "UI", keys.uid(str(element.value))) if element.value else None
        )
    return keep_element(dataset, keyword, named)


def _move_times(dataset: Dataset, clean: Dataset, keys: Keys) -> None:
    if keys.begin is None:
        return
    # A time that cannot be read cannot be shifted: it is dropped.
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
        "LeakWatch: only elements that describe the image are kept",
        "shifted to begin at 20000101" if keys.begin is not None else "times removed",
    ]
    codes = [("113100", "Basic Application Confidentiality Profile")]
    if keys.begin is not None:
        codes.append(("113107", "Retain Longitudinal Temporal Information Modified Dates Option"))
    clean.DeidentificationMethodCodeSequence = [_code(value, meaning) for value, meaning in codes]


def _code(value: str, meaning: str) -> Dataset:
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value, "DCM", meaning
    return code
