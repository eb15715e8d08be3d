"""Pixel data, rewritten from decoded samples so that no other bytes are copied.

Names may be in comments of compressed streams, after their end marker, after the last frame, and in
overlays in unused bits. No list of such locations is complete; decoded samples contain none.
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
from leakwatch.core.messages import text
from leakwatch.sources.dicom.dicom_file import DicomFile
from leakwatch.sources.dicom.dicom_header import UNDEFINED_LENGTH
from leakwatch.sources.dicom.element_values import number, text_value

_PIXEL_DATA, _ITEM, _END = b"\xe0\x7f\x10\x00", b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0"
_MOST_BYTES = 2**32 - 2  # largest even length of 32 bits (PS3.5 7.1)


class Samples(Protocol):
    """Frames of an object that can be written."""

    @property
    def syntax(self) -> UID:
        """Transfer syntax in which they are written."""

    def describe(self, header: Dataset) -> None:
        """Set the elements of `header` that describe the pixels."""

    def write(self, file: BinaryIO) -> None:
        """Append the element Pixel Data."""


def make_samples(path: Path, header: Dataset) -> Samples:
    """Return the frames of a file, ready to be written.

    Parameters
    ----------
    path : Path
    header : Dataset
        Header of that file.

    Raises
    ------
    SourceError
        There is no decoder for the pixels, or they are compressed colour images.
    """
    samples = number(header, "SamplesPerPixel")
    return ColourSamples(path, header) if samples is not None and samples > 1 else GreySamples(path)


class GreySamples:
    """Greyscale frames; frames that were compressed are compressed again without loss.

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
        """JPEG-LS Lossless, or uncompressed if the source is."""
        encapsulated = UID(self._source.acquisition.transfer_syntax_uid).is_encapsulated
        return uids.JPEGLSLossless if encapsulated else uids.ExplicitVRLittleEndian

    def describe(self, header: Dataset) -> None:
        """Set the elements that describe the pixels: samples use the lowest bits."""
        acquisition = self._source.acquisition
        form = acquisition.pixel_format
        header.Rows, header.Columns = acquisition.rows, acquisition.columns
        header.SamplesPerPixel, header.PhotometricInterpretation = 1, form.photometric
        header.BitsAllocated, header.BitsStored = 8 * self._word.itemsize, form.bits_stored
        header.HighBit, header.PixelRepresentation = form.bits_stored - 1, int(form.signed)
        if self._source.number_of_frames > 1:
            header.NumberOfFrames = self._source.number_of_frames
        if acquisition.compressed_with_loss:
            header.LossyImageCompression = "01"

    def write(self, file: BinaryIO) -> None:
        """Append the element Pixel Data.

        Raises
        ------
        SourceError
            A frame is missing, damaged, or has more bits than the header states.
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
                    text(
                        "its pixels use more than the {bits_stored} bits that Bits Stored states; "
                        "the others may be an overlay that names the patient. Export it again.",
                        bits_stored=form.bits_stored,
                    )
                )
            yield pixels.astype(pixels.dtype.newbyteorder("<"), copy=False)

    def _compressed(self, frame: Array) -> bytes:
        from imagecodecs import jpegls_encode  # for compressed images only
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
        except RuntimeError:  # its buffer is too small for noise, which grows when compressed
            stream = jpegls_encode(words)
        return bytes(stream)


class ColourSamples:
    """Uncompressed colour frames of 8 bits per sample, which the monitor does not use.

    Parameters
    ----------
    path : Path
    header : Dataset
        Header of that file.
    """

    syntax = uids.ExplicitVRLittleEndian

    def __init__(self, path: Path, header: Dataset) -> None:
        given = {
            keyword: number(header, keyword)
            for keyword in ("Rows", "Columns", "SamplesPerPixel", "BitsAllocated", "BitsStored")
        }
        rows, columns, samples, allocated, stored = given.values()
        self._kind = text_value(header, "PhotometricInterpretation")
        readable = (samples, allocated, stored) == (3, 8, 8) and self._kind in ("RGB", "YBR_FULL")
        if (
            header.file_meta.TransferSyntaxUID.is_encapsulated
            or not readable
            or not rows
            or not columns
        ):
            raise SourceError(
                text(
                    "it is a colour image that is compressed or has other samples than three of "
                    "8 bits (RGB or YBR_FULL). Export it uncompressed."
                )
            )
        self._planes = int(number(header, "PlanarConfiguration") or 0)
        self._size, self._frames = (
            (int(rows), int(columns)),
            int(number(header, "NumberOfFrames") or 1),
        )
        self._path = path

    def describe(self, header: Dataset) -> None:
        """Set the elements that describe the pixels."""
        header.Rows, header.Columns = self._size
        header.SamplesPerPixel, header.PhotometricInterpretation = 3, self._kind
        header.PlanarConfiguration = self._planes
        header.BitsAllocated, header.BitsStored, header.HighBit = 8, 8, 7
        header.PixelRepresentation = 0

    def write(self, file: BinaryIO) -> None:
        """Append the element Pixel Data.

        Raises
        ------
        SourceError
            There are fewer bytes than the header states.
        """
        pixels = pydicom.dcmread(self._path, specific_tags=["PixelData"]).get("PixelData")
        expected = self._size[0] * self._size[1] * 3 * self._frames
        if not isinstance(pixels, bytes) or len(pixels) < expected:
            raise SourceError(
                text(
                    "its header states {expected} bytes of pixels, and the file has fewer. Copy it "
                    "again.",
                    expected=expected,
                )
            )
        _write_native(file, expected, [np.frombuffer(pixels, np.uint8, expected)])


def _write_native(file: BinaryIO, length: int, frames: Iterable[Array]) -> None:
    padded = length + length % 2
    if padded > _MOST_BYTES:
        raise SourceError(
            text(
                "it has {length} bytes of pixels, more than a DICOM file can have. Split it.",
                length=length,
            )
        )
    file.write(_PIXEL_DATA + b"OW\0\0" + struct.pack("<L", padded))
    written = sum(file.write(frame.tobytes()) for frame in frames)
    if written != length:
        raise SourceError(
            text(
                "its header states {length} bytes of pixels, and the file has {written}. Copy it "
                "again.",
                length=length,
                written=written,
            )
        )
    file.write(b"\0" * (padded - length))


def _write_items(file: BinaryIO, streams: Iterable[bytes]) -> None:
    file.write(_PIXEL_DATA + b"OB\0\0" + struct.pack("<L", UNDEFINED_LENGTH))
    file.write(_ITEM + struct.pack("<L", 0))  # no offset table: a fragment is a frame
    for stream in streams:
        odd = len(stream) % 2
        file.write(_ITEM + struct.pack("<L", len(stream) + odd) + stream + b"\0" * odd)
    file.write(_END + struct.pack("<L", 0))
