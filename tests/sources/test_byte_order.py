"""Exchanged bytes are found, and no image that a C-arm may store is taken for one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from dicom_writing import noise, smooth
from numpy.typing import NDArray

from leakwatch.sources.byte_order import bytes_look_swapped

(EIGHT,), (TWELVE,), (SIXTEEN,) = smooth(bits=8), smooth(bits=12), smooth(bits=16)
GRAIN = np.random.default_rng(1).normal(0.0, 12.0, TWELVE.shape)
NOISY = (TWELVE + GRAIN).clip(0, 4095).astype(np.uint16)


@pytest.mark.parametrize("bits", [10, 12, 14])
@pytest.mark.parametrize("order", ["<", ">"])
def test_exchanged(bits: int, order: str) -> None:
    (image,) = smooth(bits=bits)
    assert bytes_look_swapped(image.byteswap().astype(f"{order}u2"))


def test_exchanged_with_noise_and_as_signed() -> None:
    assert bytes_look_swapped(NOISY.byteswap())
    assert bytes_look_swapped(NOISY.byteswap().view(np.int16))


@pytest.mark.parametrize(
    "image",
    [
        EIGHT,
        TWELVE,
        NOISY,
        SIXTEEN,
        NOISY << 4,
        EIGHT.astype(np.uint16) << 8,
        EIGHT.astype(np.uint16) * 257,
        (EIGHT.astype(np.uint16) << 8)
        | np.arange(TWELVE.size, dtype=np.uint16).reshape(48, 64) % 2,
        np.full((48, 64), 0x2005, np.uint16),
        np.zeros((48, 64), np.uint16),
        (NOISY.astype(np.int16) - 1000).view(np.uint16),
        *noise(bits=12),
        *noise(bits=16),
    ],
    ids=range(13),
)
def test_as_it_should_be(image: NDArray[Any]) -> None:
    assert not bytes_look_swapped(image)
