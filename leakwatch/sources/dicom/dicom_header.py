"""The head of a DICOM file: read up to the pixels, and checked for what LeakWatch can see in."""

from __future__ import annotations

import struct
import threading
import warnings
from dataclasses import dataclass
from pathlib import Path

from pydicom import config
from pydicom.datadict import dictionary_has_tag, dictionary_VR
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.filereader import read_file_meta_info, read_partial
from pydicom.tag import BaseTag, Tag
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian

from leakwatch.config import LiveDicomSettings
from leakwatch.core.errors import SourceError
from leakwatch.sources.dicom.acquisition_tags import READ_KEYWORDS
from leakwatch.sources.dicom.bounded_header import BoundedHead, NoLengthGiven
from leakwatch.sources.dicom.element_values import number, text_value
from leakwatch.sources.dicom.pixel_layout import PixelLayout, pixel_layout
from leakwatch.sources.dicom.projection_images import why_no_projection
from leakwatch.sources.dicom.run_identity import IDENTITY_KEYWORDS, subject_of

_READ_TAGS: list[BaseTag | int] = [Tag(keyword) for keyword in READ_KEYWORDS]
_IDENTITY_TAGS: list[BaseTag | int] = [Tag(keyword) for keyword in IDENTITY_KEYWORDS]
_PIXEL_DATA, _FLOAT_PIXELS, _DOUBLE_PIXELS = 0x7FE00010, 0x7FE00008, 0x7FE00009

UNDEFINED_LENGTH = 0xFFFFFFFF  # PS3.5 7.1.1
_BETWEEN_VALUES = b"\\"  # PS3.5 6.4
# Bytes of a number that is not text (PS3.5 6.2).
_BINARY = {"US": 2, "SS": 2, "UL": 4, "SL": 4, "FL": 4, "AT": 4, "FD": 8, "UV": 8, "SV": 8}

# Which warnings are shown is one setting of the whole process, and sources read on several threads.
_WARNINGS_OFF = threading.Lock()


class NotAnImage(SourceError):
    """A file of another kind: a folder may hold some beside the frames."""


class NotDicom(NotAnImage):
    """Not a DICOM file at all."""


class OtherObject(NotAnImage):
    """A DICOM object that never has pixels: a report, a directory."""


class NoProjection(SourceError):
    """A picture, but not of X-rays through a body: a slice of a CT, an ultrasound image."""


class NotRead(SourceError):
    """A DICOM object that is left alone: deflated, or larger than one can be."""


class HeadDamaged(SourceError):
    """The head cannot be read up to the pixels: damaged, or not all there yet."""


@dataclass(frozen=True, slots=True)
class Header:
    """A checked head.

    Parameters
    ----------
    path : Path
    dataset : Dataset
        Elements of `READ_KEYWORDS` only.
    syntax : UID
        Transfer syntax.
    layout : PixelLayout
    number_of_frames : int
        As promised, at least 1.
    pixels_start : int
        First byte of the value of Pixel Data.
    pixels_length : int
        In bytes, as promised; `UNDEFINED_LENGTH` for a value in fragments.
    subject : str
        As `Acquisition.subject`; empty where it was not asked for.
    pixels_vr : str
        Value representation of Pixel Data; empty where the syntax does not write it.
    doubts : tuple of str
        Where tags and pixels contradict each other, and what was taken: sentences for the person.
    """

    path: Path
    dataset: Dataset
    syntax: UID
    layout: PixelLayout
    number_of_frames: int
    pixels_start: int
    pixels_length: int
    subject: str = ""
    pixels_vr: str = ""
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _PixelElement:
    tag: BaseTag
    start: int
    length: int
    vr: str


def read_header(
    path: Path, with_subject: bool = False, most: LiveDicomSettings | None = None
) -> Header:
    """Read and check the head of a DICOM file; pixels stay on the disk.

    Parameters
    ----------
    path : Path
    with_subject : bool
        Tell patients apart by `Header.subject`. What names them is not kept.
    most : LiveDicomSettings or None
        How much is read of a head.

    Returns
    -------
    Header

    Raises
    ------
    NotAnImage
        Not a DICOM file, or one without pixels.
    HeadDamaged
        No end of the head was found.
    NoProjection
        Its picture is none of X-rays through a body.
    SourceError
        It cannot be read, or holds a picture of a kind that LeakWatch does not read.
    """
    most = most or LiveDicomSettings()
    dataset, pixels = _read_to_pixels(path, _IDENTITY_TAGS if with_subject else [], most)
    subject = subject_of(dataset) if with_subject else ""
    if pixels is None:
        raise (OtherObject if _never_has_pixels(dataset) else NotAnImage)(
            f"{path}: holds no picture (no Pixel Data); it is {_kind(dataset)}. "
            "Give an image file; if this should be one, it was cut off: copy it again."
        )
    why = why_no_projection(dataset)
    if why:
        raise NoProjection(
            f"{path}: is no projection but {why}: nothing in it can be judged. Give fluoroscopy or "
            "a radiograph as the C-arm stored it (XA, RF, DX, CR)."
        )
    if pixels.tag != _PIXEL_DATA:
        raise SourceError(
            f"{path}: its pixels are floating-point numbers, which no C-arm stores. "
            "Give the sequence as the C-arm stored it."
        )
    syntax = _uid(dataset.file_meta.get("TransferSyntaxUID"))
    if not syntax:
        raise SourceError(
            f"{path}: its head does not say how pixels are stored (no Transfer Syntax UID). "
            "Export it again as a DICOM Part 10 file."
        )
    if not _is_transfer_syntax(syntax):
        raise SourceError(
            f"{path}: its head says that pixels are stored as {syntax.name} (Transfer Syntax UID), "
            "which is no way to store them. Copy it again, or export it again uncompressed."
        )
    layout = pixel_layout(path, dataset)
    count = _number_of_frames(path, dataset)
    return Header(
        path, dataset, syntax, layout, count, pixels.start, pixels.length, subject, pixels.vr
    )


def _read_to_pixels(
    path: Path, more_tags: list[BaseTag | int], most: LiveDicomSettings
) -> tuple[Dataset, _PixelElement | None]:
    reached: list[_PixelElement] = []
    head: BoundedHead | None = None
    try:
        with BoundedHead(path, most) as head, _WARNINGS_OFF, warnings.catch_warnings():
            here = head.tell

            def at_pixels(tag: BaseTag, vr: str | None, length: int) -> bool:
                if tag in (_PIXEL_DATA, _FLOAT_PIXELS, _DOUBLE_PIXELS):
                    reached.append(_PixelElement(tag, here(), length, vr or ""))
                return bool(reached)

            # pydicom warns of each value that breaks the rules. The few that are used here are
            # checked one by one; the others are none of the operator's business.
            warnings.filterwarnings("ignore", category=UserWarning, module=r"pydicom\.")
            tags = _READ_TAGS + more_tags
            dataset = read_partial(head, stop_when=at_pixels, specific_tags=tags)
            _convert(dataset, head)
            _convert(dataset.file_meta, head)
    except Exception as error:
        # Bytes of any kind come in here, and a parser fails on them in any way.
        raise _fault(path, error, head) from error
    return dataset, reached[0] if reached else None


def _fault(path: Path, error: Exception, head: BoundedHead | None) -> SourceError:
    """What to tell of a head that could not be read."""
    if head is not None and head.too_large:  # a parser may have made another error of it
        return NotRead(
            f"{path}: its head has {head.too_large}. It is damaged, or no picture of a C-arm: "
            "export the sequence again."
        )
    if isinstance(error, NoLengthGiven):
        return NotRead(_why_unbounded(path))
    if isinstance(error, OSError):
        reason = error.strerror or type(error).__name__
        return SourceError(f"{path}: cannot be read: {reason}. Check path and rights.")
    if isinstance(error, InvalidDicomError):
        return NotDicom(
            f"{path}: is not a DICOM file (no DICM mark at byte 128). "
            "Give a DICOM file, or a folder of them."
        )
    return HeadDamaged(
        f"{path}: its head is damaged ({type(error).__name__}: {error}). Copy it again."
    )


def _why_unbounded(path: Path) -> str:
    """Why a parser wanted to read all: before a deflated object is looked at, it is inflated."""
    syntax = _uid(read_file_meta_info(path).get("TransferSyntaxUID"))
    if syntax != DeflatedExplicitVRLittleEndian:
        return f"{path}: its head has no end. Copy it again."
    return (
        f"{path}: is stored as {syntax.name} ({syntax}), which is not read: how large it is shows "
        "only when it is inflated. dcmtk writes it inflated: dcmconv +te IN.dcm OUT.dcm"
    )


def _convert(dataset: Dataset, head: BoundedHead) -> None:
    """Turn bytes into values while warnings are off; what cannot be turned counts as absent."""
    for tag in list(dataset.keys()):
        raw: object = dataset.get_item(tag)
        if isinstance(raw, RawDataElement) and raw.value:
            head.count(_parts_of(raw))
        try:
            element = dataset[tag]
        except (ValueError, TypeError, NotImplementedError, struct.error):
            del dataset[tag]
            continue
        if element.VR == "SQ":
            for item in element.value:
                _convert(item, head)


def _parts_of(raw: RawDataElement) -> int:
    """How many parts its value is made of, in the sense of `object_parts`."""
    value, kind = raw.value or b"", raw.VR
    if kind is None and dictionary_has_tag(raw.tag):  # not said in implicit VR
        kind = dictionary_VR(raw.tag)
    bytes_each = _BINARY.get((kind or "")[:2])  # of "US or SS" either
    return value.count(_BETWEEN_VALUES) if bytes_each is None else len(value) // (8 * bytes_each)


def _number_of_frames(path: Path, dataset: Dataset) -> int:
    if not text_value(dataset, "NumberOfFrames"):
        return 1  # single-frame objects do not carry it
    count = number(dataset, "NumberOfFrames")
    if count is None or count < 1:
        raise SourceError(
            f"{path}: Number of Frames says {text_value(dataset, 'NumberOfFrames')}. "
            "There is nothing to watch; export the sequence again."
        )
    return int(count)


def _never_has_pixels(dataset: Dataset) -> bool:
    """Whether the standard knows this kind of object, and as one that is no image (PS3.4 B.5)."""
    uid = _sop_class(dataset)
    return uid.name != str(uid) and "Image Storage" not in uid.name


def _sop_class(dataset: Dataset) -> UID:
    return _uid(dataset.get("SOPClassUID") or dataset.file_meta.get("MediaStorageSOPClassUID"))


def _kind(dataset: Dataset) -> str:
    uid = _sop_class(dataset)
    return f"of the kind {uid.name}" if uid else "of an unknown kind"


def _is_transfer_syntax(uid: UID) -> bool:
    try:
        uid.is_encapsulated  # noqa: B018 - of anything else it raises
    except ValueError:
        return False
    return True


def _uid(value: object) -> UID:
    """A UID of any text, without a warning; empty for None."""
    return UID("" if value is None else str(value), config.IGNORE)
