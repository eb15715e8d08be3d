"""Samples of a compressed stream that differ from the header are adopted or refused."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import imagecodecs
import jpeg_ls as jpeg_ls_codec
import numpy as np
import pydicom.uid as uids
import pytest
from dicom_reading import frames_of
from dicom_writing import Pixels, write
from pydicom.encaps import encapsulate
from pydicom.uid import UID

from leakwatch.core.errors import SourceEndedEarly, SourceError


def picture(most: int, least: int = 0, rows: int = 24, columns: int = 32) -> Pixels:
    """A slope from `least` to `most`, as int32."""
    slope = np.linspace(least, most, rows * columns).round().astype(np.int32)
    return slope.reshape(rows, columns)


def jpeg(samples: Pixels, bits: int) -> bytes:
    words = (samples & (1 << bits) - 1).astype(np.uint8 if bits <= 8 else np.uint16)
    return bytes(imagecodecs.jpeg8_encode(words, lossless=True, predictor=1, bitspersample=bits))


def jpeg_ls(samples: Pixels, bits: int) -> bytes:
    """Without loss; the encoder would choose the bits of whole words."""
    words = (samples & (1 << bits) - 1).astype(np.uint16)
    encoded = jpeg_ls_codec.encode_pixel_data(
        words.tobytes(),
        lossy_error=0,
        rows=words.shape[0],
        columns=words.shape[1],
        samples_per_pixel=1,
        bits_stored=bits,
        bits_allocated=16,
        pixel_representation=0,
        photometric_interpretation="MONOCHROME2",
        planar_configuration=0,
    )
    return bytes(encoded)


def jpeg_2000(samples: Pixels, bits: int, signed: bool = False) -> bytes:
    words = samples.astype(np.int16) if signed else (samples & (1 << bits) - 1).astype(np.uint16)
    encoded = imagecodecs.jpeg2k_encode(
        words, codecformat="j2k", reversible=True, level=0, bitspersample=bits
    )
    return bytes(encoded)


def high_throughput(samples: Pixels, bits: int) -> bytes:
    """Its encoder knows whole words only."""
    assert bits == 16
    return bytes(imagecodecs.htj2k_encode((samples & 0xFFFF).astype(np.uint16)))


ENCODERS: list[Any] = [
    pytest.param(uids.JPEGLossless, jpeg, id="JPEG Lossless"),
    pytest.param(uids.JPEGLosslessSV1, jpeg, id="JPEG Lossless SV1"),
    pytest.param(uids.JPEGLSLossless, jpeg_ls, id="JPEG-LS"),
    pytest.param(uids.JPEG2000Lossless, jpeg_2000, id="JPEG 2000"),
]
WITH_16_BITS = [*ENCODERS, pytest.param(uids.HTJ2KLossless, high_throughput, id="HTJ2K")]


def stored(folder: Path, syntax: UID, streams: list[bytes], bits: int, **tags: Any) -> Path:
    frame = np.zeros((24, 32), np.uint16)
    tags = {"BitsStored": bits, "HighBit": bits - 1, **tags}
    return write(folder / "x.dcm", [frame] * len(streams), syntax, encapsulate(streams), **tags)


def assert_refused(path: Path, *words: str) -> None:
    with pytest.raises(SourceError) as caught:
        frames_of(path)
    assert [word for word in words if word not in str(caught.value)] == []


@pytest.mark.parametrize(("syntax", "encode"), ENCODERS)
@pytest.mark.parametrize("bits", [8, 10, 11])
def test_samples_of_more_bits_than_promised_are_refused(
    tmp_path: Path, syntax: UID, encode: Any, bits: int
) -> None:
    path = stored(tmp_path, syntax, [encode(picture(2084), 12)], bits)
    assert_refused(path, "samples of 12 bits", "to 2084", f"states {bits} (Bits Stored)")


@pytest.mark.parametrize(("syntax", "encode"), WITH_16_BITS)
def test_whole_words_are_refused_only_where_they_hold_more(
    tmp_path: Path, syntax: UID, encode: Any
) -> None:
    fitting = picture(4095)
    found = frames_of(stored(tmp_path, syntax, [encode(fitting, 16)], 12))[0]
    np.testing.assert_array_equal(found.pixels, fitting)
    assert found.acquisition.pixel_format.bits_stored == 12

    path = stored(tmp_path, syntax, [encode(picture(4096), 16)], 12)
    assert_refused(path, "samples of 16 bits", "to 4096", "states 12 (Bits Stored)")


@pytest.mark.parametrize(("syntax", "encode"), WITH_16_BITS)
def test_a_later_frame_that_holds_more_ends_the_run(
    tmp_path: Path, syntax: UID, encode: Any
) -> None:
    streams = [encode(picture(most), 16) for most in (4000, 5000)]
    path = stored(tmp_path, syntax, streams, 12)
    with pytest.raises(SourceEndedEarly, match="to 5000; the header states 12"):
        frames_of(path)


@pytest.mark.parametrize(("syntax", "encode"), ENCODERS)
def test_a_stream_of_fewer_bits_is_followed_and_told(
    tmp_path: Path, syntax: UID, encode: Any
) -> None:
    """From them the darkest is counted in a picture that is inverted."""
    path = stored(tmp_path, syntax, [encode(picture(4000), 12)] * 2, 16)

    found = frames_of(path)

    np.testing.assert_array_equal(found[1].pixels, picture(4000))
    assert found[0].acquisition.pixel_format.bits_stored == 12
    told = [note for note in found[0].acquisition.notes if "Bits Stored" in note]
    assert told == [
        "The code stream has samples of 12 bits, and Bits Stored states 16: 12 are taken."
    ]


@pytest.mark.parametrize(("syntax", "encode"), ENCODERS)
def test_frames_of_other_bits_than_the_first_are_refused(
    tmp_path: Path, syntax: UID, encode: Any
) -> None:
    streams = [encode(picture(2000), bits) for bits in (12, 11)]
    with pytest.raises(SourceEndedEarly, match="samples of 11 bits; 12 are expected"):
        frames_of(stored(tmp_path, syntax, streams, 16))


@pytest.mark.parametrize(("syntax", "encode"), ENCODERS)
@pytest.mark.parametrize(("bits", "promised"), [(13, 13), (13, 16), (16, 13)])
def test_samples_with_a_sign_in_a_stream_that_knows_none(
    tmp_path: Path, syntax: UID, encode: Any, bits: int, promised: int
) -> None:
    """pydicom issue 1149: the sign is the highest bit that stream and tags agree on."""
    samples = picture(1084, -1000)
    path = stored(tmp_path, syntax, [encode(samples, bits)], promised, PixelRepresentation=1)
    found = frames_of(path)[0]
    np.testing.assert_array_equal(found.pixels, samples)
    assert found.pixels.dtype == np.int16
    assert found.acquisition.pixel_format.bits_stored == 13


@pytest.mark.parametrize(("syntax", "encode"), WITH_16_BITS)
def test_a_sign_that_is_not_repeated_above_is_refused(
    tmp_path: Path, syntax: UID, encode: Any
) -> None:
    samples = picture(6000, -6000)
    path = stored(tmp_path, syntax, [encode(samples, 16)], 12, PixelRepresentation=1)
    assert_refused(path, "samples of 16 bits", "states 12 (Bits Stored)")


def test_a_stream_with_a_sign_and_tags_without(tmp_path: Path) -> None:
    negative = stored(
        tmp_path, uids.JPEG2000Lossless, [jpeg_2000(picture(1084, -1), 13, signed=True)], 13
    )
    assert_refused(negative, "are signed", "down to -1;", "Pixel Representation 0")

    positive = picture(1084)
    path = stored(tmp_path, uids.JPEG2000Lossless, [jpeg_2000(positive, 13, signed=True)], 13)
    found = frames_of(path)[0]
    np.testing.assert_array_equal(found.pixels, positive)
    assert not found.acquisition.pixel_format.signed


def test_a_stream_with_a_sign_of_more_bits_than_promised(tmp_path: Path) -> None:
    for least, fits in ((-2048, True), (-2049, False)):
        stream = jpeg_2000(picture(2047, least), 16, signed=True)
        path = stored(tmp_path, uids.JPEG2000Lossless, [stream], 12, PixelRepresentation=1)
        if fits:
            np.testing.assert_array_equal(frames_of(path)[0].pixels, picture(2047, least))
        else:
            assert_refused(path, "from -2049", "states 12")


@pytest.mark.parametrize("syntax", [uids.JPEG2000, uids.JPEG2000Lossless])
def test_what_loss_lets_swing_beyond_the_brightest_is_cut(tmp_path: Path, syntax: UID) -> None:
    """As an encoder of whole words does it at the edge of a shutter: 4095 becomes 4100, never 4."""
    swung = picture(4100)
    path = stored(tmp_path, syntax, [jpeg_2000(swung, 16)], 12)
    if syntax == uids.JPEG2000:
        np.testing.assert_array_equal(frames_of(path)[0].pixels, np.minimum(swung, 4095))
    else:
        assert_refused(path, "to 4100")
    assert_refused(stored(tmp_path, syntax, [jpeg_2000(picture(5000), 16)], 12), "to 5000")


def test_baseline_of_8_bits_under_tags_of_12(tmp_path: Path) -> None:
    samples = picture(250).astype(np.uint8)
    stream = bytes(imagecodecs.jpeg8_encode(samples, 100))
    found = frames_of(stored(tmp_path, uids.JPEGBaseline8Bit, [stream], 12))[0]
    assert np.abs(found.pixels.astype(int) - samples).max() <= 2
    assert found.acquisition.pixel_format.bits_stored == 8


@pytest.mark.parametrize(("syntax", "encode"), ENCODERS)
def test_samples_of_12_bits_under_tags_of_8(tmp_path: Path, syntax: UID, encode: Any) -> None:
    """Also words of the stream are wider than those that the tags allocate."""
    eight = {"BitsAllocated": 8}
    path = stored(tmp_path, syntax, [encode(picture(2084), 12)], 8, **eight)
    assert_refused(path, "samples of 12 bits", "to 2084", "states 8 (Bits Stored)")

    path = stored(tmp_path, syntax, [encode(picture(255), 12)], 8, **eight)
    np.testing.assert_array_equal(frames_of(path)[0].pixels, picture(255))


@pytest.mark.parametrize(("place", "value", "words"), [(43, 2, "2 x 1"), (44, 3, "1 x 3")])
def test_fewer_samples_than_pixels(tmp_path: Path, place: int, value: int, words: str) -> None:
    """Subsampling (ITU-T T.800 A.5.1), which decoders undo by repeating samples, or do not."""
    stream = bytearray(jpeg_2000(picture(2000), 12))
    stream[place] = value
    path = stored(tmp_path, uids.JPEG2000Lossless, [bytes(stream)], 12)
    assert_refused(path, f"a sample for each {words} pixels")


@pytest.mark.parametrize("bits", [8, 9, 10, 11])
def test_bits_that_were_changed_in_a_stream(tmp_path: Path, bits: int) -> None:
    """Its samples then run over, below the least or above the most."""
    stream = bytearray(jpeg(picture(2084), 12))
    stream[stream.index(b"\xff\xc3") + 4] = bits
    path = stored(tmp_path, uids.JPEGLosslessSV1, [bytes(stream)], 12)
    assert_refused(path, "damaged")


def test_more_bits_than_are_read(tmp_path: Path) -> None:
    stream = bytearray(jpeg_2000(picture(2000), 12))
    stream[42] = 20 - 1
    path = stored(tmp_path, uids.JPEG2000Lossless, [bytes(stream)], 12)
    assert_refused(path, "samples of 20 bits; 16 are read")


@pytest.mark.parametrize("components", [0, 3])
def test_samples_per_pixel_of_a_stream(tmp_path: Path, components: int) -> None:
    stream = bytearray(jpeg_2000(picture(2000), 12))
    struct.pack_into(">H", stream, 40, components)
    path = stored(tmp_path, uids.JPEG2000Lossless, [bytes(stream)], 12)
    assert_refused(path, f"of {components} samples", "of 1")
