"""Pixels written anew from what was decoded: nothing else of their bytes comes along.

Names sit in comments of code streams, behind their end marker, behind the last frame, and as
overlays in bits that no sample uses. A list of such places has no end; samples hold none of them.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import BinaryIO, Protocol

import numpy as np
import pydicom
import pydicom.uid as uids
from pydicom.dataset import Dataset
from pydicom.uid import UID

from leakwatch.core.arrays import Array
from leakwatch.core.errors import SourceError
from leakwatch.sources.dicom.dicom_file import DicomFile
from leakwatch.sources.dicom.dicom_header import UNDEFINED_LENGTH
from leakwatch.sources.dicom.element_values import number, text

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
        self._source = DicomFile(path)
        with closing(self._source):
            self._word = next(self._source.frames()).pixels.dtype

    @property
    def syntax(self) -> UID:
        """JPEG-LS Lossless, or none where there was none."""
        encapsulated = UID(self._source.acquisition.transfer_syntax_uid).is_encapsulated
        return uids.JPEGLSLossless if encapsulated else uids.ExplicitVRLittleEndian

    def describe(self, head: Dataset) -> None:
        """Say how the samples lie now: from the lowest bit on."""
        acquisition = self._source.acquisition
        form = acquisition.pixel_format
        head.Rows, head.Columns = acquisition.rows, acquisition.columns
        head.SamplesPerPixel, head.PhotometricInterpretation = 1, form.photometric
        head.BitsAllocated, head.BitsStored = 8 * self._word.itemsize, form.bits_stored
        head.HighBit, head.PixelRepresentation = form.bits_stored - 1, int(form.signed)
        if self._source.number_of_frames > 1:
            head.NumberOfFrames = self._source.number_of_frames
        if acquisition.compressed_with_loss:
            head.LossyImageCompression = "01"

    def write(self, file: BinaryIO) -> None:
        """Append the element Pixel Data.

        Raises
        ------
        SourceError
            A frame is missing, damaged, or has more bits than the head says.
        """
        with closing(self._source):
            if self.syntax.is_encapsulated:
                _write_items(file, map(self._compressed, self._words()))
                return
            acquisition = self._source.acquisition
            frame_bytes = acquisition.rows * acquisition.columns * self._word.itemsize
            _write_native(file, frame_bytes * self._source.number_of_frames, self._words())

    def _words(self) -> Iterator[Array]:
        form = self._source.acquisition.pixel_format
        low = -(1 << form.bits_stored - 1) if form.signed else 0
        for frame in self._source.frames():
            pixels = frame.pixels
            if int(pixels.min()) < low or int(pixels.max()) >= low + (1 << form.bits_stored):
                raise SourceError(
                    f"its pixels need more than the {form.bits_stored} bits that Bits Stored says; "
                    "the rest may be an overlay that names the patient. Export it again."
                )
            yield pixels.astype(pixels.dtype.newbyteorder("<"), copy=False)

    def _compressed(self, frame: Array) -> bytes:
        from imagecodecs import jpegls_encode  # for compressed pictures only
        from jpeg_ls import encode_pixel_data

        stored = self._source.acquisition.pixel_format.bits_stored
        words = frame.view(f"<u{frame.itemsize}") & np.uint16((1 << stored) - 1)
        words = words.astype(f"<u{frame.itemsize}", copy=False)
        try:
            stream = encode_pixel_data(
                words.tobytes(),
                rows=frame.shape[0],
                columns=frame.shape[1],
                samples_per_pixel=1,
                bits_stored=stored,
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
