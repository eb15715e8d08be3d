"""Decoding, one frame at a time.

Each transfer syntax has one decoder: if pydicom could choose, the same file might give other bytes
on a machine where another decoder is installed. Why these: docs/explanation/decisions/0002.
"""

from __future__ import annotations

import io
from collections.abc import Generator, Iterator
from contextlib import closing
from typing import cast

import numpy as np
import pydicom.uid as uids
from pydicom.pixels.decoders.base import get_decoder
from pydicom.pixels.utils import iter_pixels

from leakwatch.errors import SourceEndedEarly, SourceError
from leakwatch.model import Array, read_only
from leakwatch.sources.dicom_header import Header
from leakwatch.sources.dicom_values import number

_NATIVE = (uids.ImplicitVRLittleEndian, uids.ExplicitVRLittleEndian, uids.ExplicitVRBigEndian)
_PLUGINS: dict[uids.UID, str] = (
    dict.fromkeys(_NATIVE, "")
    | {uids.RLELossless: "pylibjpeg"}
    | dict.fromkeys(uids.JPEG2000TransferSyntaxes, "pylibjpeg")
    | dict.fromkeys(uids.JPEGLSTransferSyntaxes, "pyjpegls")
    | dict.fromkeys(uids.JPEGTransferSyntaxes, "gdcm")
)
_DISTRIBUTIONS = {
    "gdcm": "python-gdcm",
    "pyjpegls": "pyjpegls",
    "pylibjpeg": "pylibjpeg with pylibjpeg-openjpeg and pylibjpeg-rle",
}
_WAY_OUT = {
    uids.JPEGExtended12Bit: (
        "pylibjpeg-libjpeg reads it (GPL v3, so not part of LeakWatch), and dcmtk writes it "
        "uncompressed: dcmdjpeg IN.dcm OUT.dcm"
    ),
    uids.DeflatedExplicitVRLittleEndian: "dcmtk writes it inflated: dcmconv +te IN.dcm OUT.dcm",
}
_OTHER_WAY_OUT = "export the sequence uncompressed (Explicit VR Little Endian) or as JPEG Lossless"


_UNSIGNED: dict[int, type[np.generic]] = {8: np.uint8, 16: np.uint16}
_SIGNED: dict[int, type[np.generic]] = {8: np.int8, 16: np.int16}


class CutOff(EOFError):
    """The file ends within a frame."""


class _WholeReads(io.FileIO):
    """A file that never gives less than was asked for.

    Some decoders make a picture of half a frame: the rest of it is grey, and looks like one.
    """

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size) or b""
        if size is not None and len(data) < size:
            raise CutOff(f"the file ends at byte {self.tell()}")
        return data


def check_decodable(header: Header) -> None:
    """Refuse a transfer syntax that no decoder here reads.

    Raises
    ------
    SourceError
        Names the syntax, and what would read it.
    """
    plugin = _PLUGINS.get(header.syntax)
    if plugin is None:
        raise SourceError(_cannot_decode(header, "no decoder of LeakWatch reads it"))
    if plugin and plugin not in get_decoder(header.syntax).available_plugins:
        raise SourceError(
            f"{header.path}: is stored as {_name(header)}, and its decoder is not installed. "
            f"Install {_DISTRIBUTIONS[plugin]}."
        )


def stored_values(header: Header) -> Iterator[Array]:
    """Decode the frames of a file, each when it is asked for.

    Parameters
    ----------
    header : Header

    Yields
    ------
    ndarray
        ``(rows, columns)``, uint8, uint16 or int16, read-only: stored values without bits outside
        Bits Stored (embedded overlays live there), signs extended, no LUT applied.

    Raises
    ------
    SourceEndedEarly
        After the last whole frame, if there are fewer than promised.
    SourceError
        The first frame cannot be decoded.
    """
    whole, promised = 0, header.number_of_frames
    try:
        with _WholeReads(header.path, "rb") as file:
            frames = iter_pixels(
                file,
                raw=True,
                decoding_plugin=_PLUGINS[header.syntax],
                correct_unused_bits=False,  # done here, with High Bit, which pydicom ignores
            )
            # A generator that is left to the garbage collector seeks in the closed file.
            with closing(cast(Generator[Array], frames)):
                for decoded in frames:
                    pixels = _checked(header, decoded)
                    whole += 1
                    yield pixels
                    if whole == promised:
                        return
    except SourceError:
        raise
    except CutOff as error:
        raise SourceEndedEarly(_ended(header, whole, str(error))) from error
    except Exception as error:
        # Decoders are foreign code over damaged bytes: they fail in any way they like.
        reason = " ".join(str(error).split())
        if whole == 0:
            raise SourceError(_cannot_decode(header, reason)) from error
        raise SourceEndedEarly(_ended(header, whole, f"frame {whole}: {reason}")) from error
    raise SourceEndedEarly(_ended(header, whole, "no more frames follow"))


def _checked(header: Header, decoded: Array) -> Array:
    dataset = header.dataset
    expected = (int(dataset.Rows), int(dataset.Columns))
    if decoded.shape != expected:
        raise SourceError(
            f"{header.path}: tags promise {expected[0]} rows and {expected[1]} columns, a decoded "
            f"frame has the shape {decoded.shape}. Export the sequence again."
        )
    stored = int(dataset.BitsStored)
    high = number(dataset, "HighBit")
    lowest = 0 if high is None else int(high) - stored + 1
    signed = number(dataset, "PixelRepresentation") == 1
    return read_only(clean_bits(decoded, lowest, stored, signed))


def clean_bits(decoded: Array, lowest: int, stored: int, signed: bool) -> Array:
    """Keep the stored bits of each word and nothing else (PS3.5 8.1.1).

    Parameters
    ----------
    decoded : ndarray of 8 or 16 bit integers
        Words as allocated, either byte order.
    lowest : int
        Position of the lowest stored bit.
    stored : int
        Number of stored bits.
    signed : bool
        The highest stored bit is a sign.

    Returns
    -------
    ndarray
        uint8 or uint16; int16 where signed. In the machine's byte order.
    """
    allocated = 8 * decoded.dtype.itemsize
    words = decoded.astype(decoded.dtype.newbyteorder("="), copy=False)
    words = words.view(_UNSIGNED[allocated])
    if not signed:
        if stored == allocated:
            return words
        kept: Array = np.bitwise_and(words >> lowest, (1 << stored) - 1)
        return kept
    # Up so that the sign is on top, then down with it.
    top: Array = (words << (allocated - lowest - stored)).view(_SIGNED[allocated])
    return (top >> (allocated - stored)).astype(np.int16, copy=False)


def _name(header: Header) -> str:
    return f"{header.syntax.name} ({header.syntax})"


def _cannot_decode(header: Header, reason: str) -> str:
    way_out = _WAY_OUT.get(header.syntax, _OTHER_WAY_OUT)
    return (
        f"{header.path}: is stored as {_name(header)}, which could not be decoded: {reason}. "
        f"What to do: {way_out}."
    )


def _ended(header: Header, whole: int, reason: str) -> str:
    return (
        f"{header.path}: ended early: {whole} of {header.number_of_frames} frames are whole "
        f"({reason}). What came before is valid; copy the file again for the rest."
    )
