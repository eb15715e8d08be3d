"""The head of a DICOM file: read up to the pixels, and checked for what LeakWatch can see in."""

from __future__ import annotations

import struct
import warnings
from dataclasses import dataclass
from pathlib import Path

from pydicom import config
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.filereader import read_partial
from pydicom.tag import BaseTag, Tag
from pydicom.uid import UID

from leakwatch.errors import SourceError
from leakwatch.sources.dicom_layout import PixelLayout, pixel_layout
from leakwatch.sources.dicom_tags import READ_KEYWORDS
from leakwatch.sources.dicom_values import number, text

_READ_TAGS: list[BaseTag | int] = [Tag(keyword) for keyword in READ_KEYWORDS]
_PIXEL_DATA, _FLOAT_PIXELS, _DOUBLE_PIXELS = 0x7FE00010, 0x7FE00008, 0x7FE00009

UNDEFINED_LENGTH = 0xFFFFFFFF  # PS3.5 7.1.1


class NotAnImage(SourceError):
    """A file of another kind: a folder may hold some beside the frames."""


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
    """

    path: Path
    dataset: Dataset
    syntax: UID
    layout: PixelLayout
    number_of_frames: int
    pixels_start: int
    pixels_length: int


@dataclass(frozen=True, slots=True)
class _PixelElement:
    tag: BaseTag
    start: int
    length: int


def read_header(path: Path) -> Header:
    """Read and check the head of a DICOM file; pixels stay on the disk.

    Parameters
    ----------
    path : Path

    Returns
    -------
    Header

    Raises
    ------
    NotAnImage
        Not a DICOM file, or one without pixels.
    SourceError
        It cannot be read, or holds a picture of a kind that LeakWatch does not read.
    """
    dataset, pixels = _read_to_pixels(path)
    if pixels is None:
        raise NotAnImage(
            f"{path}: holds no picture (no Pixel Data); it is {_kind(dataset)}. "
            "Give an image file; if this should be one, it was cut off: copy it again."
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
    layout = pixel_layout(path, dataset)
    count = _number_of_frames(path, dataset)
    return Header(path, dataset, syntax, layout, count, pixels.start, pixels.length)


def _read_to_pixels(path: Path) -> tuple[Dataset, _PixelElement | None]:
    reached: list[_PixelElement] = []

    try:
        with path.open("rb") as file, warnings.catch_warnings():

            def at_pixels(tag: BaseTag, vr: str | None, length: int) -> bool:
                if tag in (_PIXEL_DATA, _FLOAT_PIXELS, _DOUBLE_PIXELS):
                    reached.append(_PixelElement(tag, file.tell(), length))
                return bool(reached)

            # pydicom warns of each value that breaks the rules. The few that are used here are
            # checked one by one; the others are none of the operator's business.
            warnings.filterwarnings("ignore", category=UserWarning, module=r"pydicom\.")
            dataset = read_partial(file, stop_when=at_pixels, specific_tags=_READ_TAGS)
            _convert(dataset)
            _convert(dataset.file_meta)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise SourceError(f"{path}: cannot be read: {reason}. Check path and rights.") from error
    except InvalidDicomError as error:
        raise NotAnImage(
            f"{path}: is not a DICOM file (no DICM mark at byte 128). "
            "Give a DICOM file, or a folder of them."
        ) from error
    except Exception as error:
        # Bytes of any kind come in here, and a parser fails on them in any way.
        raise SourceError(
            f"{path}: its head is damaged ({type(error).__name__}: {error}). Copy it again."
        ) from error
    return dataset, reached[0] if reached else None


def _convert(dataset: Dataset) -> None:
    """Turn bytes into values while warnings are off; what cannot be turned counts as absent."""
    for tag in list(dataset.keys()):
        try:
            element = dataset[tag]
        except (ValueError, TypeError, NotImplementedError, struct.error):
            del dataset[tag]
            continue
        if element.VR == "SQ":
            for item in element.value:
                _convert(item)


def _number_of_frames(path: Path, dataset: Dataset) -> int:
    if not text(dataset, "NumberOfFrames"):
        return 1  # single-frame objects do not carry it
    count = number(dataset, "NumberOfFrames")
    if count is None or count < 1:
        raise SourceError(
            f"{path}: Number of Frames says {text(dataset, 'NumberOfFrames')}. "
            "There is nothing to watch; export the sequence again."
        )
    return int(count)


def _kind(dataset: Dataset) -> str:
    uid = _uid(dataset.get("SOPClassUID") or dataset.file_meta.get("MediaStorageSOPClassUID"))
    return f"of the kind {uid.name}" if uid else "of an unknown kind"


def _uid(value: object) -> UID:
    """A UID of any text, without a warning; empty for None."""
    return UID("" if value is None else str(value), config.IGNORE)
