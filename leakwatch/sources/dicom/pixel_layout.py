"""Position of samples in the words of a frame (PS3.5 8.1.1), checked for support."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset

from leakwatch.core.arrays import Array
from leakwatch.core.errors import SourceError
from leakwatch.core.messages import text
from leakwatch.sources.dicom.element_values import number, text_value

_MONOCHROME = ("MONOCHROME1", "MONOCHROME2")
LEAST_BITS, _MOST_BITS = 8, 16

# The largest flat detectors have 4096 pixels along a side; a damaged header may promise any number,
# and memory for it.
_MOST_PIXELS = 8192
_MOST_IN_ALL = 4096 * 4096

_UNSIGNED: dict[int, type[np.generic]] = {8: np.uint8, 16: np.uint16}
_SIGNED: dict[int, type[np.generic]] = {8: np.int8, 16: np.int16}


@dataclass(frozen=True, slots=True)
class PixelLayout:
    """Size of a frame, and position of its samples in their words.

    Parameters
    ----------
    rows, columns : int
    photometric : str
        ``MONOCHROME1`` or ``MONOCHROME2``.
    allocated : int
        Bits of a word, 8 or 16.
    stored : int
        Bits of a sample, 8 to 16.
    lowest : int
        Position of the lowest of them, 0 in nearly every file.
    signed : bool
        The highest of them is a sign.
    """

    rows: int
    columns: int
    photometric: str
    allocated: int
    stored: int
    lowest: int
    signed: bool


def pixel_layout(path: Path, dataset: Dataset) -> PixelLayout:
    """Read the layout from the tags.

    Parameters
    ----------
    path : Path
        For messages.
    dataset : Dataset

    Returns
    -------
    PixelLayout

    Raises
    ------
    SourceError
        An image in colour, without a size, or of bits that no C-arm stores.
    """
    photometric = text_value(dataset, "PhotometricInterpretation")
    if photometric not in _MONOCHROME or number(dataset, "SamplesPerPixel") != 1:
        samples = text_value(dataset, "SamplesPerPixel")
        raise SourceError(
            text(
                "{path}: is a colour image, or does not state its colours (Photometric "
                "Interpretation {photometric}, {samples} samples per pixel). LeakWatch reads "
                "MONOCHROME1 and MONOCHROME2 with one sample: give the sequence as the C-arm "
                "stored it.",
                path=path,
                photometric=photometric or "absent",
                samples=samples or "no",
            )
        )
    rows = _whole(path, dataset, "Rows", _MOST_PIXELS)
    columns = _whole(path, dataset, "Columns", _MOST_PIXELS)
    if rows * columns > _MOST_IN_ALL:
        raise SourceError(
            text(
                "{path}: has {rows} rows and {columns} columns, {pixels} pixels; at most "
                "{max_pixels} are read. Give the sequence as the C-arm stored it.",
                path=path,
                rows=rows,
                columns=columns,
                pixels=rows * columns,
                max_pixels=_MOST_IN_ALL,
            )
        )
    allocated = _whole(path, dataset, "BitsAllocated")
    stored = _whole(path, dataset, "BitsStored")
    given = number(dataset, "HighBit")
    high = stored - 1 if given is None else int(given)
    possible = allocated in (8, 16) and LEAST_BITS <= stored <= _MOST_BITS
    if not possible or not stored - 1 <= high < allocated:
        raise SourceError(
            text(
                "{path}: stores {stored} bits in {allocated}, the highest being {value}. "
                "LeakWatch reads 8 to 16 bits in 8 or 16.",
                path=path,
                stored=stored,
                allocated=allocated,
                value="absent" if given is None else high,
            )
        )
    signed = number(dataset, "PixelRepresentation") == 1
    return PixelLayout(rows, columns, photometric, allocated, stored, high - stored + 1, signed)


def clean_bits(decoded: Array, lowest: int, stored: int, signed: bool) -> Array:
    """Return only the stored bits of each word: the others may contain overlays.

    Parameters
    ----------
    decoded : ndarray of 8 or 16 bit integers
        Words as allocated, either byte order.
    lowest : int
        Position of the lowest stored bit.
    stored : int
        Number of stored bits; all of a word's where it has fewer.
    signed : bool
        The highest stored bit is a sign.

    Returns
    -------
    ndarray
        uint8 or uint16; int16 where signed. In the machine's byte order.
    """
    allocated = 8 * decoded.dtype.itemsize
    stored = min(stored, allocated - lowest)
    words = decoded.astype(decoded.dtype.newbyteorder("="), copy=False)
    words = words.view(_UNSIGNED[allocated])
    if not signed:
        if stored == allocated:
            return words
        shifted = words >> lowest if lowest else words
        kept: Array = np.bitwise_and(shifted, (1 << stored) - 1)
        return kept
    # Up so that the sign is on top, then down with it.
    top: Array = (words << (allocated - lowest - stored)).view(_SIGNED[allocated])
    return (top >> (allocated - stored)).astype(np.int16, copy=False)


def _whole(path: Path, dataset: Dataset, keyword: str, most: int | None = None) -> int:
    value = number(dataset, keyword)
    if value is None or value < 1 or (most is not None and value > most):
        found = text_value(dataset, keyword) or "nothing"
        upper = "" if most is None else f" to {most}"
        raise SourceError(
            text(
                "{path}: {keyword} states {found}; valid are numbers from 1{upper}. Export the "
                "sequence again.",
                path=path,
                keyword=keyword,
                found=found,
                upper=upper,
            )
        )
    return int(value)
