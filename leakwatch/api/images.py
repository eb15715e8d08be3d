"""From arrays to frames: what the numbers of an image mean, and whether they can be meant so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import count as counting
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from leakwatch.core.arrays import Array, read_only
from leakwatch.core.errors import InputError
from leakwatch.core.frame import Acquisition, Frame, IntensityRelationship, PixelFormat, TimeSource
from leakwatch.core.plural import counted_noun

Photometric = Literal["MONOCHROME1", "MONOCHROME2"]
Relationship = Literal["LIN", "LOG", "DISP"]

_LEAST_BITS, _MOST_BITS = 8, 16
_COMMON_BITS = (8, 10, 12, 14, 16)
# Fewer pixels along a side show no vertebra; an array of such a shape has its axes exchanged.
_LEAST_SIDE_PX = 32
_COLOURS = (3, 4)


class ImageReader:
    """Makes frames of the images of one run, one after the other.

    Parameters
    ----------
    bits_stored : int or None
        Bits that the detector gives; None: 8 where the images are uint8. Not for floats.
    photometric : {"MONOCHROME1", "MONOCHROME2"}
    relationship : {"LIN", "LOG", "DISP"} or None
    number_of_images : int or None
        None where nobody knows.

    Raises
    ------
    InputError
    """

    def __init__(
        self,
        bits_stored: int | None,
        photometric: str,
        relationship: str | None,
        number_of_images: int | None = None,
    ) -> None:
        self._bits = _checked_bits(bits_stored)
        self._meaning = PixelFormat(
            _one_of(photometric, ("MONOCHROME1", "MONOCHROME2"), "photometric"),
            _MOST_BITS,
            None if relationship is None else _relationship(relationship),
        )
        self._number_of_images = number_of_images
        self._acquisition: Acquisition | None = None
        self._is_float = False

    def frame(self, image: npt.ArrayLike, index: int, time_s: float) -> Frame:
        """Make a frame; its pixels are a copy.

        Raises
        ------
        InputError
            It is no image of grey values, or not one of this run.
        """
        name = f"image {index}"
        array = _grey_values(image, name)
        is_float = array.dtype.kind == "f"
        shared = self._acquisition
        if shared is None:
            bits = _MOST_BITS if is_float else self._bits_of(array, name)
            if is_float and self._bits is not None:
                raise InputError(
                    f"{name}: holds floats, and bits_stored is {self._bits}. Floats reach from 0 "
                    "to 1: leave bits_stored out, or give the integers that the detector gave."
                )
            shared = self._shared(array, bits)
        elif is_float != self._is_float:
            raise InputError(
                f"{name}: holds {array.dtype}, and those before it {_kind(self._is_float)}. "
                "Give all images of a run alike."
            )
        elif array.shape != (shared.rows, shared.columns):
            raise InputError(
                f"{name}: has {_size(array.shape)}, and those before it "
                f"{_size((shared.rows, shared.columns))}. Begin another run for images of another "
                "size."
            )
        pixels = _from_floats(array, name) if is_float else _from_whole(array, shared, name)
        self._acquisition, self._is_float = shared, is_float
        return Frame(index, time_s, read_only(pixels), shared)

    def _bits_of(self, array: Array, name: str) -> int:
        if self._bits is None and array.dtype != np.uint8:
            top = int(array.max())
            likely = next((bits for bits in _COMMON_BITS if top < 1 << bits), _MOST_BITS)
            raise InputError(
                f"{name}: holds {array.dtype}, and bits_stored is not given; the largest value "
                f"found is {top}. Give the bits of the detector, such as bits_stored={likely}."
            )
        bits = self._bits or 8
        if array.dtype == np.uint8 and bits > 8:
            raise InputError(
                f"{name}: holds uint8, and bits_stored is {bits}. Give 8, or the images as they "
                "were before they were made uint8."
            )
        return bits

    def _shared(self, array: Array, bits: int) -> Acquisition:
        rows, columns = array.shape
        return Acquisition(
            rows,
            columns,
            replace(self._meaning, bits_stored=bits),
            time_source=TimeSource.FRAME_TIME_VECTOR,
            number_of_frames=self._number_of_images,
        )


def images_of(images: Any) -> tuple[Iterator[Any], int | None]:
    """Return the images of a stack, or of any iterable, and how many there are, if that is known.

    A stack is read image by image, as a memory map or a file of HDF5 wants it.

    Raises
    ------
    InputError
        It is no stack.
    """
    if isinstance(images, str | bytes) or hasattr(images, "__fspath__"):
        raise InputError(
            f"images: expected an array, found the path {str(images)[:200]}. "
            "Open a file with leakwatch.open_sequence(PATH), and call its analyze()."
        )
    shape = getattr(images, "shape", None)
    if shape is not None:
        _check_stack(tuple(shape))
        return (images[index] for index in range(shape[0])), int(shape[0])
    if isinstance(images, list | tuple):
        if not images:
            raise InputError("images: there is none. Give at least one.")
        return iter(images), len(images)
    if isinstance(images, Iterable):
        return iter(images), None
    raise InputError(
        f"images: expected an array, found {type(images).__name__}. Give one of shape (frames, "
        "rows, columns), or images one by one."
    )


def times_of(
    fps: float | None, times_s: npt.ArrayLike | None, count: int | None
) -> Iterator[float]:
    """Return the time of each image, s.

    Raises
    ------
    InputError
        Neither or both are given, or they cannot be those of these images.
    """
    if (fps is None) == (times_s is None):
        found = "neither" if fps is None else "both"
        raise InputError(
            f"fps and times_s: expected one of them, found {found}. Give fps=7.5, or the time of "
            "each image in seconds."
        )
    if fps is not None:
        rate = _number(fps, "fps")
        if rate <= 0.0:
            raise InputError(f"fps: expected more than 0, found {rate:g}. Give images a second.")
        return (index / rate for index in counting())
    times = numbers_of(times_s, "times_s")
    if times.ndim != 1 or (count is not None and len(times) != count):
        wanted = "a time for each image" if count is None else counted_noun(count, "time")
        raise InputError(
            f"times_s: expected {wanted}, found an array of shape {times.shape}. Give one time for "
            "each image, in seconds."
        )
    return iter(times.tolist())


def next_time(time_s: Any, before_s: float | None, index: int) -> float:
    """Return the time of an image as a float.

    Raises
    ------
    InputError
        It is no time, or does not come after the one before.
    """
    if time_s is None:
        raise InputError(
            f"time_s of image {index}: is not given. Give the time of each image in seconds."
        )
    now_s = _number(time_s, f"time_s of image {index}")
    if before_s is not None and now_s <= before_s:
        raise InputError(
            f"time_s of image {index}: expected more than {before_s:g} s, the time of the image "
            f"before it; found {now_s:g} s. Times must increase: sort the images, or leave out "
            "those that came twice."
        )
    return now_s


def numbers_of(values: Any, name: str) -> npt.NDArray[np.float64]:
    """Return finite numbers as an array.

    Raises
    ------
    InputError
    """
    found = np.asarray(values)
    if found.dtype.kind not in "iuf":
        raise InputError(f"{name}: expected numbers, found {found.dtype}. Give seconds as floats.")
    if not np.isfinite(found).all():
        raise InputError(
            f"{name}: {np.count_nonzero(~np.isfinite(found))} of {found.size} values are not "
            "finite. Give only images whose time is known."
        )
    return found.astype(np.float64)


def _number(value: Any, name: str) -> float:
    found = numbers_of(value, name)
    if found.ndim != 0:
        raise InputError(f"{name}: expected one number, found shape {found.shape}. Give one.")
    return float(found)


def _check_stack(shape: tuple[int, ...]) -> None:
    wanted = "images: expected shape (frames, rows, columns), found"
    if len(shape) == 2:
        raise InputError(f"{wanted} {shape}, one image. Give images[None] for a stack of one.")
    if len(shape) == 4 and shape[-1] in (1, *_COLOURS):
        raise InputError(
            f"{wanted} {shape}, with {counted_noun(shape[-1], 'channel')}. Give one grey value for "
            "each pixel: images[..., 0] where all channels are the same."
        )
    if len(shape) == 3 and shape[-1] in _COLOURS:
        raise InputError(
            f"{wanted} {shape}, which is one image in colour. Give grey values, and a stack."
        )
    if len(shape) != 3:
        raise InputError(f"{wanted} {shape}. Rearrange the axes.")
    if shape[0] == 0:
        raise InputError(f"{wanted} {shape}, no image. Give at least one.")


def _grey_values(image: npt.ArrayLike, name: str) -> Array:
    if isinstance(image, np.ma.MaskedArray):
        raise InputError(
            f"{name}: is a masked array, and what it hides has no grey value. Fill it first: "
            "image.filled(0)."
        )
    array = np.asarray(image)
    if array.ndim == 3 and array.shape[-1] in _COLOURS:
        raise InputError(
            f"{name}: has {array.shape[-1]} colours for each pixel. Give grey values: one channel "
            "where all are the same."
        )
    if array.ndim != 2:
        raise InputError(
            f"{name}: expected shape (rows, columns), found {array.shape}. Give one image, or use "
            "leakwatch.analyze for a stack."
        )
    if min(array.shape) < _LEAST_SIDE_PX:
        raise InputError(
            f"{name}: has {_size(array.shape)}; a vertebra needs {_LEAST_SIDE_PX} or more. The "
            "axes of a stack are (frames, rows, columns): are they exchanged?"
        )
    if array.dtype.kind not in "iuf":
        raise InputError(
            f"{name}: holds {array.dtype}. Give grey values as integers, or as floats from 0 to 1."
        )
    return array


def _from_floats(array: Array, name: str) -> npt.NDArray[np.uint16]:
    finite = np.isfinite(array)
    if not finite.all():
        row, column = np.argwhere(~finite)[0]
        lost = int(np.count_nonzero(~finite))
        raise InputError(
            f"{name}: {counted_noun(lost, 'pixel')} of {array.size} {_is(lost)} no finite "
            f"number, the first at column {column}, row {row}. Replace them: numpy.nan_to_num."
        )
    low, top = float(array.min()), float(array.max())
    if low < 0.0 or top > 1.0:
        raise InputError(
            f"{name}: floats from 0 to 1 are expected; found {low:g} to {top:g}. Divide by the "
            "largest value that the detector can give, the same for all images, and clip."
        )
    return np.rint(array.astype(np.float64) * ((1 << _MOST_BITS) - 1)).astype(np.uint16)


def _from_whole(array: Array, shared: Acquisition, name: str) -> Array:
    bits = shared.pixel_format.bits_stored
    low, top, most = int(array.min()), int(array.max()), (1 << bits) - 1
    if low < 0 or top > most:
        raise InputError(
            f"{name}: {bits} bits hold 0 to {most}; found {low} to {top}. Give the bits_stored of "
            "the detector, and add the offset of signed values."
        )
    kind = np.uint8 if bits == _LEAST_BITS else np.uint16
    return np.array(array, dtype=kind, order="C")


def _checked_bits(bits: Any) -> int | None:
    if bits is None:
        return None
    if not isinstance(bits, int | np.integer) or not _LEAST_BITS <= int(bits) <= _MOST_BITS:
        raise InputError(
            f"bits_stored: expected a whole number from {_LEAST_BITS} to {_MOST_BITS}, found "
            f"{bits!r}. Give the bits of the detector, such as 12."
        )
    return int(bits)


def _relationship(text: str) -> IntensityRelationship:
    names = tuple(one.value for one in IntensityRelationship)
    return IntensityRelationship(_one_of(text, names, "relationship"))


def _one_of(text: str, names: tuple[str, ...], key: str) -> str:
    if text not in names:
        wanted = " or ".join(names)
        raise InputError(f"{key}: expected {wanted}, found {text!r}. Give one of them.")
    return str(text)


def _size(shape: tuple[int, ...]) -> str:
    return f"{shape[1]} x {shape[0]} pixels"


def _kind(is_float: bool) -> str:
    return "floats" if is_float else "integers"


def _is(count: int) -> str:
    return "is" if count == 1 else "are"
