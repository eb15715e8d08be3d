"""Words that hold more than a sample, or in another order than the tags say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pydicom.uid as uids
import pytest
from dicom_reading import frames_of
from dicom_writing import Pixels, rle_encoded, smooth, write
from pydicom.encaps import encapsulate
from pydicom.uid import UID

from leakwatch.core.errors import SourceEndedEarly, SourceError
from leakwatch.core.frame import Frame

WORDS = [
    pytest.param(uids.ExplicitVRLittleEndian, id="little endian"),
    pytest.param(uids.ExplicitVRBigEndian, id="big endian"),
    pytest.param(uids.RLELossless, id="RLE"),
]
RUBBISH = np.random.default_rng(1).integers(0, 16, (48, 64)).astype(np.uint16)


def assert_frames(path: Path, expected: list[Pixels]) -> list[Frame]:
    found = frames_of(path)
    np.testing.assert_array_equal(np.stack([one.pixels for one in found]), np.stack(expected))
    return found


def stored(folder: Path, frames: list[Pixels], syntax: UID, bits: int, **tags: Any) -> Path:
    tags = {"BitsStored": bits, "HighBit": bits - 1, **tags}
    return write(folder / "x.dcm", [frame.view(np.uint16) for frame in frames], syntax, **tags)


@pytest.mark.parametrize("syntax", WORDS)
@pytest.mark.parametrize("bits", [9, 10, 11])
def test_samples_that_go_on_above_bits_stored_are_refused(
    tmp_path: Path, syntax: UID, bits: int
) -> None:
    path = stored(tmp_path, smooth(2), syntax, bits)
    with pytest.raises(SourceError, match=rf"more than the {bits} bits .*Bits Stored.* to 3\d\d\d"):
        frames_of(path)


@pytest.mark.parametrize("syntax", WORDS)
def test_one_sample_that_goes_on_above_ends_the_run(tmp_path: Path, syntax: UID) -> None:
    frames = [frame // 4 for frame in smooth(2)]
    frames[1][0, 9:11] = (1020, 1024)
    with pytest.raises(SourceEndedEarly, match="more than the 10 bits"):
        frames_of(stored(tmp_path, frames, syntax, 10))


@pytest.mark.parametrize("syntax", WORDS)
def test_rubbish_above_the_samples_is_none_of_them(tmp_path: Path, syntax: UID) -> None:
    samples = smooth(2)
    letter = np.zeros((48, 64), np.uint16)
    letter[10:30, 20:24] = 0x4000
    for above in (RUBBISH << 12, letter, np.full_like(letter, 0xF000)):
        assert_frames(stored(tmp_path, [one | above for one in samples], syntax, 12), samples)


@pytest.mark.parametrize("syntax", WORDS)
@pytest.mark.parametrize("high", [13, 15])
def test_high_bit_is_followed_where_words_bear_it_out(
    tmp_path: Path, syntax: UID, high: int
) -> None:
    lowest = high - 11
    below = RUBBISH & (1 << lowest) - 1
    samples = smooth(2)
    words = [frame << lowest | below for frame in samples]
    assert_frames(stored(tmp_path, words, syntax, 12, HighBit=high), samples)


@pytest.mark.parametrize("syntax", WORDS)
@pytest.mark.parametrize("high", [13, 15])
@pytest.mark.parametrize("least", [0, -1000])
def test_high_bit_by_mistake(tmp_path: Path, syntax: UID, high: int, least: int) -> None:
    """Plain numbers of 12 bits, and a High Bit that is not 11."""
    samples = [(frame // 4).astype(np.int16) + np.int16(least) for frame in smooth(3)]
    samples[0][:] = 0  # before the beam is on
    tags = {"HighBit": high, "PixelRepresentation": int(least < 0)}

    found = assert_frames(stored(tmp_path, samples, syntax, 12, **tags), samples)

    told = [note for note in found[0].acquisition.notes if "High Bit" in note]
    assert told == [
        f"High Bit states {high}, but the samples are in the lowest 12 bits (Bits Stored): these "
        "are taken."
    ]


@pytest.mark.parametrize("syntax", WORDS)
def test_samples_at_the_top_of_their_words_and_tags_that_say_they_are_not(
    tmp_path: Path, syntax: UID
) -> None:
    with pytest.raises(SourceError, match="more than the 12 bits"):
        frames_of(stored(tmp_path, [one << 4 for one in smooth(1)], syntax, 12))


def test_words_with_a_sign(tmp_path: Path) -> None:
    samples = [(frame.astype(np.int16) - 2000) for frame in smooth(2)]
    for words in (samples, [one & 0xFFF for one in samples]):
        path = stored(tmp_path, words, uids.ExplicitVRLittleEndian, 12, PixelRepresentation=1)
        assert_frames(path, samples)


def test_numbers_without_a_sign_and_tags_with_one_are_refused(tmp_path: Path) -> None:
    path = stored(tmp_path, smooth(1), uids.ExplicitVRLittleEndian, 12, PixelRepresentation=1)
    with pytest.raises(SourceError, match="more than the 12 bits"):
        frames_of(path)


@pytest.mark.parametrize("representation", ["OW", "OB"])
@pytest.mark.parametrize(("rows", "columns"), [(15, 17), (16, 18), (15, 18)])
def test_8_bits_in_big_endian(tmp_path: Path, representation: str, rows: int, columns: int) -> None:
    """Words of 16 bits have their bytes exchanged (PS3.5 8.1.1), and frames may end within one."""
    frames = smooth(3, rows, columns, bits=8)
    data = b"".join(frame.tobytes() for frame in frames)
    data += b"\0" * (len(data) % 2)
    if representation == "OW":
        data = np.frombuffer(data, "<u2").astype(">u2").tobytes()
    path = write(tmp_path / "x.dcm", frames, uids.ExplicitVRBigEndian, data)
    dataset = pydicom.dcmread(path)
    dataset["PixelData"].VR = representation
    dataset.save_as(path)
    assert_frames(path, frames)
    np.testing.assert_array_equal(pydicom.dcmread(path).pixel_array, np.stack(frames))


def test_rle_of_8_bits_is_in_order(tmp_path: Path) -> None:
    frames = smooth(2, 15, 17, bits=8)
    streams = encapsulate([rle_encoded(frame) for frame in frames])
    assert_frames(write(tmp_path / "x.dcm", frames, uids.RLELossless, streams), frames)


@pytest.mark.parametrize("syntax", WORDS)
@pytest.mark.parametrize(("bits", "stated"), [(12, 12), (12, 16), (14, 16), (10, 16)])
def test_exchanged_bytes_are_refused_with_the_cause(
    tmp_path: Path, syntax: UID, bits: int, stated: int
) -> None:
    frames = [one.byteswap() for one in smooth(2, bits=bits)]
    with pytest.raises(SourceError, match="bytes of each sample look exchanged"):
        frames_of(stored(tmp_path, frames, syntax, stated))
