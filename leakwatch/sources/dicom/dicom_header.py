"""Header of a DICOM file, read up to the pixels and checked for suitability."""

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
from leakwatch.core.messages import HeaderText, text
from leakwatch.sources.dicom.acquisition_tags import READ_KEYWORDS
from leakwatch.sources.dicom.bounded_header import BoundedHeader, NoLengthGiven
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

# Warning filters are global to the process, and sources read on several threads.
_WARNINGS_OFF = threading.Lock()


class NotAnImage(SourceError):
    """A file of another kind, which a folder may contain beside frames."""


class NotDicom(NotAnImage):
    """File that is not a DICOM file."""


class OtherObject(NotAnImage):
    """A DICOM object without pixels, such as a report or a directory."""


class NoProjection(SourceError):
    """An image that is not an X-ray projection, such as a CT slice or an ultrasound image."""


class NotRead(SourceError):
    """A DICOM object that is not read: deflated, or too large."""


class HeaderDamaged(SourceError):
    """Header that cannot be read up to the pixels: damaged, or incomplete."""


@dataclass(frozen=True, slots=True)
class Header:
    """A checked header.

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
        Contradictions between header and pixels, and what was used: sentences for the user.
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
    """Read and check the header of a DICOM file; pixels stay on the disk.

    Parameters
    ----------
    path : Path
    with_subject : bool
        Tell patients apart by `Header.subject`. What names them is not kept.
    most : LiveDicomSettings or None
        How much is read of a header.

    Returns
    -------
    Header

    Raises
    ------
    NotAnImage
        Not a DICOM file, or one without pixels.
    HeaderDamaged
        No end of the header was found.
    NoProjection
        Its image is none of X-rays through a body.
    SourceError
        It cannot be read, or has an image of an unsupported kind.
    """
    most = most or LiveDicomSettings()
    dataset, pixels = _read_to_pixels(path, _IDENTITY_TAGS if with_subject else [], most)
    subject = subject_of(dataset) if with_subject else ""
    if pixels is None:
        raise (OtherObject if _never_has_pixels(dataset) else NotAnImage)(
            text(
                "{path}: contains no image (no Pixel Data); it is {kind}. Give an image file; if "
                "this should be one, it was cut off: copy it again.",
                path=path,
                kind=_kind(dataset),
            )
        )
    why = why_no_projection(dataset)
    if why:
        raise NoProjection(
            text(
                "{path}: is not a projection image ({why}) and cannot be analysed. Give "
                "fluoroscopy or a radiograph as the C-arm stored it (XA, RF, DX, CR).",
                path=path,
                why=why,
            )
        )
    if pixels.tag != _PIXEL_DATA:
        raise SourceError(
            text(
                "{path}: its pixels are floating-point numbers, which no C-arm stores. Give the "
                "sequence as the C-arm stored it.",
                path=path,
            )
        )
    syntax = _uid(dataset.file_meta.get("TransferSyntaxUID"))
    if not syntax:
        raise SourceError(
            text(
                "{path}: its header does not state how pixels are stored (no Transfer Syntax UID). "
                "Export it again as a DICOM Part 10 file.",
                path=path,
            )
        )
    if not _is_transfer_syntax(syntax):
        raise SourceError(
            text(
                "{path}: its header states that pixels are stored as {name} (Transfer Syntax "
                "UID), which is not a transfer syntax for pixels. Copy it again, or export it "
                "again uncompressed.",
                path=path,
                name=_uid_name(syntax),
            )
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
    header: BoundedHeader | None = None
    try:
        with BoundedHeader(path, most) as header, _WARNINGS_OFF, warnings.catch_warnings():
            here = header.tell

            def at_pixels(tag: BaseTag, vr: str | None, length: int) -> bool:
                if tag in (_PIXEL_DATA, _FLOAT_PIXELS, _DOUBLE_PIXELS):
                    reached.append(_PixelElement(tag, here(), length, vr or ""))
                return bool(reached)

            # pydicom warns of each value that breaks the rules. The few that are used here are
            # checked one by one; the others are none of the operator's business.
            warnings.filterwarnings("ignore", category=UserWarning, module=r"pydicom\.")
            tags = _READ_TAGS + more_tags
            dataset = read_partial(header, stop_when=at_pixels, specific_tags=tags)
            _convert(dataset, header)
            _convert(dataset.file_meta, header)
    except Exception as error:
        # Untrusted bytes: the parser may fail in any way.
        raise _fault(path, error, header) from error
    return dataset, reached[0] if reached else None


def _fault(path: Path, error: Exception, header: BoundedHeader | None) -> SourceError:
    """Return the error for a header that could not be read."""
    if header is not None and header.too_large:  # a parser may have made another error of it
        return NotRead(
            text(
                "{path}: its header has {fault}. It is damaged, or not from a C-arm: export the "
                "sequence again.",
                path=path,
                fault=header.too_large,
            )
        )
    if isinstance(error, NoLengthGiven):
        return NotRead(_why_unbounded(path))
    if isinstance(error, OSError):
        reason = error.strerror or type(error).__name__
        return SourceError(
            text(
                "{path}: cannot be read: {reason}. Check the path and its permissions.",
                path=path,
                reason=reason,
            )
        )
    if isinstance(error, InvalidDicomError):
        return NotDicom(
            text(
                "{path}: is not a DICOM file (no DICM mark at byte 128). Give a DICOM file, or a "
                "folder of them.",
                path=path,
            )
        )
    return HeaderDamaged(
        text(
            "{path}: its header is damaged ({kind}: {error}). Copy it again.",
            path=path,
            kind=type(error).__name__,
            error=HeaderText(error),
        )
    )


def _why_unbounded(path: Path) -> str:
    """Return why a parser asked for all data: it inflates a deflated object first."""
    syntax = _uid(read_file_meta_info(path).get("TransferSyntaxUID"))
    if syntax != DeflatedExplicitVRLittleEndian:
        return text("{path}: its header has no end. Copy it again.", path=path)
    return text(
        "{path}: is stored as {name} ({syntax}), which is not read: how large it is shows "
        "only when it is inflated. dcmtk writes it inflated: dcmconv +te IN.dcm OUT.dcm",
        path=path,
        name=_uid_name(syntax),
        syntax=HeaderText(syntax),
    )


def _convert(dataset: Dataset, header: BoundedHeader) -> None:
    """Decode values with warnings off; values that cannot be decoded count as absent."""
    for tag in list(dataset.keys()):
        raw: object = dataset.get_item(tag)
        if isinstance(raw, RawDataElement) and raw.value:
            header.count(_parts_of(raw))
        try:
            element = dataset[tag]
        except (ValueError, TypeError, NotImplementedError, struct.error):
            del dataset[tag]
            continue
        if element.VR == "SQ":
            for item in element.value:
                _convert(item, header)


def _parts_of(raw: RawDataElement) -> int:
    """Return the number of parts of a value, as defined for `object_parts`."""
    value, kind = raw.value or b"", raw.VR
    if kind is None and dictionary_has_tag(raw.tag):  # not stated in implicit VR
        kind = dictionary_VR(raw.tag)
    bytes_each = _BINARY.get((kind or "")[:2])  # of "US or SS" either
    return value.count(_BETWEEN_VALUES) if bytes_each is None else len(value) // (8 * bytes_each)


def _number_of_frames(path: Path, dataset: Dataset) -> int:
    if not text_value(dataset, "NumberOfFrames"):
        return 1  # single-frame objects do not carry it
    count = number(dataset, "NumberOfFrames")
    if count is None or count < 1:
        raise SourceError(
            text(
                "{path}: Number of Frames states {stated}. There is nothing to analyse; export "
                "the sequence again.",
                path=path,
                stated=text_value(dataset, "NumberOfFrames"),
            )
        )
    return int(count)


def _never_has_pixels(dataset: Dataset) -> bool:
    """Return whether the standard defines this kind of object, and not as an image (PS3.4 B.5)."""
    uid = _sop_class(dataset)
    return uid.name != str(uid) and "Image Storage" not in uid.name


def _sop_class(dataset: Dataset) -> UID:
    return _uid(dataset.get("SOPClassUID") or dataset.file_meta.get("MediaStorageSOPClassUID"))


def _kind(dataset: Dataset) -> str:
    uid = _sop_class(dataset)
    return text("of the kind {name}", name=_uid_name(uid)) if uid else text("of an unknown kind")


def _is_transfer_syntax(uid: UID) -> bool:
    try:
        uid.is_encapsulated  # noqa: B018 - of anything else it raises
    except ValueError:
        return False
    return True


def _uid_name(uid: UID) -> str:
    """Return the name of a UID; one that the standard does not define is its own name."""
    return HeaderText(uid) if uid.name == str(uid) else uid.name


def _uid(value: object) -> UID:
    """Return a UID from any text, without a warning; empty for None."""
    return UID("" if value is None else str(value), config.IGNORE)
