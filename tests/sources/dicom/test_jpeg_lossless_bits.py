"""Bits that a JPEG Lossless picture takes: streams of another encoder, whole and damaged."""

from __future__ import annotations

import imagecodecs
import numpy as np
import pytest

from leakwatch.sources.dicom.jpeg_lossless_bits import check_all_bits_used

RNG = np.random.default_rng(9)


def anatomy(bits: int, rows: int = 60, columns: int = 80) -> np.ndarray:
    steps = np.cumsum(RNG.normal(0.0, 2.0, (rows, columns)), axis=1) + (1 << bits) / 2
    return steps.clip(0, (1 << bits) - 1).astype(np.uint8 if bits == 8 else np.uint16)


def encoded(pixels: np.ndarray, bits: int, predictor: int = 1) -> bytes:
    stream = imagecodecs.jpeg8_encode(
        pixels, lossless=True, predictor=predictor, bitspersample=bits
    )
    return bytes(stream)


@pytest.mark.parametrize("bits", [8, 10, 12, 16])
def test_a_whole_stream_is_used_up(bits: int) -> None:
    for pixels in (anatomy(bits), anatomy(bits, 1, 1), anatomy(bits, 7, 1), anatomy(bits, 1, 9)):
        check_all_bits_used(encoded(pixels, bits), pixels)


def test_differences_of_any_size() -> None:
    noise = RNG.integers(0, 1 << 16, (40, 50), dtype=np.uint16)
    check_all_bits_used(encoded(noise, 16), noise)
    halves = np.tile(np.array([0, 32768], np.uint16), (20, 20))  # needs no bits after its code
    check_all_bits_used(encoded(halves, 16), halves)


@pytest.mark.parametrize("bits", [8, 12, 16])
def test_a_stream_that_is_not_its_picture(bits: int) -> None:
    pixels = anatomy(bits)
    stream = encoded(pixels, bits)
    other = pixels.copy()
    other[20:] = np.roll(other[20:], 9, axis=1)
    with pytest.raises(ValueError, match=r"needs \d+ bits, and the stream has \d+: it is damaged"):
        check_all_bits_used(stream, other)


def test_a_decoder_that_lost_its_place_is_found() -> None:
    """A bit of a value spoils one line; one of a code moves all that follows."""
    pixels = anatomy(12, 120, 160)
    stream = encoded(pixels, 12)
    begin = stream.rfind(b"\xff\xda") + 20
    lost = found = 0
    for at in range(begin, len(stream) - 200, 7):
        damaged = bytearray(stream)
        del damaged[at : at + 3]
        decoded = imagecodecs.jpeg8_decode(bytes(damaged))
        if np.count_nonzero((decoded != pixels).any(axis=1)) < 3:
            continue
        lost += 1
        try:
            check_all_bits_used(bytes(damaged), decoded)
        except ValueError:
            found += 1
    assert lost > 500
    assert found > 0.97 * lost


@pytest.mark.parametrize("predictor", [2, 4, 7])
def test_another_predictor_passes_unseen(predictor: int) -> None:
    pixels = anatomy(12)
    check_all_bits_used(encoded(pixels, 12, predictor), pixels[::-1].copy())


@pytest.mark.parametrize("stream", [b"", b"\xff\xd8", b"\xff\xd8\xff\xc4\x00\x40abc", b"x" * 99])
def test_what_is_no_stream_is_not_this_modules_affair(stream: bytes) -> None:
    check_all_bits_used(stream, anatomy(8))
