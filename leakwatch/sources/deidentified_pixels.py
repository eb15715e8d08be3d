"""Pixels written anew from what was decoded: nothing else of their bytes comes along.

Names sit in comments of code streams, behind their end marker, behind the last frame, and as
overlays in bits that no sample uses. A list of such places has no end; samples hold none of them.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Protocol

import numpy as np
import pydicom
import pydicom.uid as uids
from pydicom.dataset import Dataset
from pydicom.uid import UID

from leakwatch.errors import SourceError
from leakwatch.model import Array
from leakwatch.sources.dicom_frames import find_frames
from leakwatch.sources.dicom_header import UNDEFINED_LENGTH, read_header
from leakwatch.sources.dicom_pixels import check_decodable, stored_values
from leakwatch.sources.dicom_tags import LOSSY
from leakwatch.sources.dicom_values import number, text

_PIXEL_DATA, _ITEM, _END = b"\xe0\x7f\x10\x00", b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0"
_MOST_BYTES = 2**32 - 2  # what a length of 32 bits says, even (PS3.5 7.1)


class Samples(Protocol):
    """Frames of an object, to be written."""

    @property
    def syntax(self) -> UID:
        """How they are written."""

    def describe(self, head: Dataset) -> None:
        """Say in `head` how they are stored."""

    def write(self, file: BinaryIO) -> None:
        """Append the element Pixel Data."""


def samples_of(path: Path, head: Dataset) -> Samples:
    """What to write of the pixels of a file.

    Parameters
    ----------
    path : Path
    head : Dataset
        Of that file.

    Raises
    ------
    SourceError
        No decoder reads them, or they are in colour and compressed.
    """
    samples = number(head, "SamplesPerPixel")
    return ColourSamples(path, head) if samples is not None and samples > 1 else GreySamples(path)


class GreySamples:
    """Frames as the monitor reads them; what was compressed is compressed again, without loss.

    Parameters
    ----------
    path : Path
    """

    def __init__(self, path: Path) -> None:
        self._header = read_header(path)
        check_decodable(self._header)
        self._places = find_frames(self._header)

    @property
    def syntax(self) -> UID:
        """JPEG-LS Lossless, or none where there was none."""
        encapsulated = self._header.syntax.is_encapsulated
        return uids.JPEGLSLossless if encapsulated else uids.ExplicitVRLittleEndian

    def describe(self, head: Dataset) -> None:
        """Say how the samples lie now: from the lowest bit on."""
        layout = self._header.layout
        head.Rows, head.Columns = layout.rows, layout.columns
        head.SamplesPerPixel, head.PhotometricInterpretation = 1, layout.photometric
        head.BitsAllocated, head.BitsStored = layout.allocated, layout.stored
        head.HighBit, head.PixelRepresentation = layout.stored - 1, int(layout.signed)
        if self._header.number_of_frames > 1:
            head.NumberOfFrames = self._header.number_of_frames
        if self._header.syntax in LOSSY:
            head.LossyImageCompression = "01"

    def write(self, file: BinaryIO) -> None:
        """Append the element Pixel Data.

        Raises
        ------
        SourceError
            A frame is missing, damaged, or has more bits than the head says.
        """
        if self.syntax.is_encapsulated:
            _write_items(file, map(self._compressed, self._words()))
            return
        layout = self._header.layout
        frame_bytes = layout.rows * layout.columns * layout.allocated // 8
        _write_native(file, frame_bytes * self._header.number_of_frames, self._words())

    def _words(self) -> Iterator[Array]:
        layout = self._header.layout
        for frame in stored_values(self._header, self._places):
            low = -(1 << layout.stored - 1) if layout.signed else 0
            if int(frame.min()) < low or int(frame.max()) >= low + (1 << layout.stored):
                raise SourceError(
                    f"its pixels need more than the {layout.stored} bits that Bits Stored says; "
                    "the rest may be an overlay that names the patient. Export it again."
                )
            kind = "i" if layout.signed else "u"
            yield frame.astype(f"<{kind}{layout.allocated // 8}")

    def _compressed(self, frame: Array) -> bytes:
        from imagecodecs import jpegls_encode  # for compressed pictures only
        from jpeg_ls import encode_pixel_data

        layout = self._header.layout
        words = frame.view(f"<u{frame.itemsize}")
        if layout.signed:
            words = words & words.dtype.type((1 << layout.stored) - 1)
        try:
            stream = encode_pixel_data(
                words.tobytes(),
                rows=layout.rows,
                columns=layout.columns,
                samples_per_pixel=1,
                bits_stored=layout.stored,
            )
        except RuntimeError:  # it has no room for what becomes larger, as noise does
            stream = jpegls_encode(words)
        return bytes(stream)


class ColourSamples:
    """Samples of 8 bits, not compressed: nothing here reads others, and none of them is watched.

    Parameters
    ----------
    path : Path
    head : Dataset
        Of that file.
    """

    syntax = uids.ExplicitVRLittleEndian

    def __init__(self, path: Path, head: Dataset) -> None:
        given = {
            keyword: number(head, keyword)
            for keyword in ("Rows", "Columns", "SamplesPerPixel", "BitsAllocated", "BitsStored")
        }
        rows, columns, samples, allocated, stored = given.values()
        self._kind = text(head, "PhotometricInterpretation")
        readable = (samples, allocated, stored) == (3, 8, 8) and self._kind in ("RGB", "YBR_FULL")
        if (
            head.file_meta.TransferSyntaxUID.is_encapsulated
            or not readable
            or not rows
            or not columns
        ):
            raise SourceError(
                "it is a picture in colour, compressed or not of three samples of 8 bits (RGB or "
                "YBR_FULL). Export it uncompressed."
            )
        self._planes = int(number(head, "PlanarConfiguration") or 0)
        self._size, self._frames = (
            (int(rows), int(columns)),
            int(number(head, "NumberOfFrames") or 1),
        )
        self._path = path

    def describe(self, head: Dataset) -> None:
        """Say how the samples lie."""
        head.Rows, head.Columns = self._size
        head.SamplesPerPixel, head.PhotometricInterpretation = 3, self._kind
        head.PlanarConfiguration = self._planes
        head.BitsAllocated, head.BitsStored, head.HighBit = 8, 8, 7
        head.PixelRepresentation = 0

    def write(self, file: BinaryIO) -> None:
        """Append the element Pixel Data.

        Raises
        ------
        SourceError
            There are fewer bytes than the head says.
        """
        pixels = pydicom.dcmread(self._path, specific_tags=["PixelData"]).get("PixelData")
        expected = self._size[0] * self._size[1] * 3 * self._frames
        if not isinstance(pixels, bytes) or len(pixels) < expected:
            raise SourceError(
                f"its head promises {expected} bytes of pixels, and fewer are there. Copy it again."
            )
        _write_native(file, expected, [np.frombuffer(pixels, np.uint8, expected)])


def _write_native(file: BinaryIO, length: int, frames: Iterable[Array]) -> None:
    padded = length + length % 2
    if padded > _MOST_BYTES:
        raise SourceError(f"it has {length} bytes of pixels, more than a DICOM file can hold.")
    file.write(_PIXEL_DATA + b"OW\0\0" + struct.pack("<L", padded))
    written = sum(file.write(frame.tobytes()) for frame in frames)
    if written != length:
        raise SourceError(f"its head promises {length} bytes of pixels, and {written} are there.")
    file.write(b"\0" * (padded - length))


def _write_items(file: BinaryIO, streams: Iterable[bytes]) -> None:
    file.write(_PIXEL_DATA + b"OB\0\0" + struct.pack("<L", UNDEFINED_LENGTH))
    file.write(_ITEM + struct.pack("<L", 0))  # no offset table: a fragment is a frame
    for stream in streams:
        odd = len(stream) % 2
        file.write(_ITEM + struct.pack("<L", len(stream) + odd) + stream + b"\0" * odd)
    file.write(_END + struct.pack("<L", 0))
