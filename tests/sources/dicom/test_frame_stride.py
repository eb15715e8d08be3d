"""Frames that are not compressed and padded one by one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom.uid as uids
import pytest
from dicom_reading import frames_of
from dicom_writing import Pixels, noise, smooth, write
from pydicom.uid import UID

from leakwatch.core.errors import SourceEndedEarly, SourceError
from leakwatch.sources.stored.opening import open_source


def padded(frames: list[Pixels], alignment: int, byte: int = 0) -> bytes:
    padding = bytes([byte]) * (-frames[0].nbytes % alignment)
    return b"".join(frame.tobytes() + padding for frame in frames)


@pytest.mark.parametrize("byte", [0, 0x20, 0xFF])
@pytest.mark.parametrize("alignment", [2, 4, 512])
@pytest.mark.parametrize(("bits", "rows", "columns"), [(8, 15, 17), (12, 15, 17), (12, 15, 18)])
def test_frames_that_are_padded_one_by_one(
    tmp_path: Path, bits: int, rows: int, columns: int, alignment: int, byte: int
) -> None:
    frames = noise(5, rows, columns, bits)
    path = write(tmp_path / "x.dcm", frames, pixel_data=padded(frames, alignment, byte))

    found = frames_of(path)

    np.testing.assert_array_equal(np.stack([one.pixels for one in found]), np.stack(frames))
    size = frames[0].nbytes
    stride = size + -size % alignment
    told = [note for note in found[0].acquisition.notes if "padded" in note]
    said = [f"Each frame is padded to {stride} bytes; the padding is left out."]
    assert told == (said if stride > size else [])


@pytest.mark.parametrize("syntax", [uids.ExplicitVRBigEndian, uids.ImplicitVRLittleEndian])
def test_frames_that_are_padded_one_by_one_in_other_orders(tmp_path: Path, syntax: UID) -> None:
    frames = noise(5, 15, 17, 8)
    path = write(tmp_path / "x.dcm", frames, syntax, padded(frames, 2))
    np.testing.assert_array_equal(frames_of(path)[4].pixels, frames[4])


def test_frames_that_are_padded_and_cut_off(tmp_path: Path) -> None:
    frames = noise(5, 15, 17, 8)
    path = write(tmp_path / "x.dcm", frames, pixel_data=padded(frames, 2))
    path.write_bytes(path.read_bytes()[:-300])
    source = open_source(path)
    running = source.frames()
    for pixels in frames[:3]:
        np.testing.assert_array_equal(next(running).pixels, pixels)
    with pytest.raises(SourceEndedEarly, match="3 of 5 frames"):
        next(running)
    source.close()


def test_as_much_as_with_padding_and_none_between_frames_is_refused(tmp_path: Path) -> None:
    frames = smooth(4, 15, 17, bits=8)
    data = b"".join(frame.tobytes() for frame in frames) + b"\x01\x02\x03\x04"
    path = write(tmp_path / "x.dcm", frames, pixel_data=data)
    with pytest.raises(SourceError, match=r"1024 bytes .* 4 frames of 255 bytes .* to 256"):
        frames_of(path)


@pytest.mark.parametrize(("rows", "columns"), [(47, 64), (48, 63), (24, 64), (1, 64)])
def test_frames_of_another_size_than_the_tags_say_are_refused(
    tmp_path: Path, rows: int, columns: int
) -> None:
    """Each would lie further to the side, or further down, than the one before."""
    frames = smooth(5)
    data = b"".join(frame.tobytes() for frame in frames)[: 5 * 48 * 64 * 2 - 32]
    path = write(tmp_path / "x.dcm", frames, pixel_data=data, Rows=rows, Columns=columns)
    with pytest.raises(SourceError, match="another size than the header states"):
        frames_of(path)


@pytest.mark.parametrize("count", [1, 4, 5])
@pytest.mark.parametrize("made", [smooth, noise])
def test_samples_of_8_bits_under_tags_of_16_are_refused(
    tmp_path: Path, made: Callable[..., list[Pixels]], count: int
) -> None:
    frames = made(count, 48, 64, 8)
    tags = {"BitsAllocated": 16, "BitsStored": 16, "HighBit": 15}
    path = write(tmp_path / "x.dcm", frames, **tags)
    with pytest.raises(SourceError, match=r"samples of 8 bits .* states 16 \(Bits Allocated\)"):
        frames_of(path)


@pytest.mark.parametrize("count", [1, 4, 5])
@pytest.mark.parametrize("made", [smooth, noise])
def test_samples_of_16_bits_under_tags_of_8_are_refused(
    tmp_path: Path, made: Callable[..., list[Pixels]], count: int
) -> None:
    frames = made(count, 48, 64)
    tags = {"BitsAllocated": 8, "BitsStored": 8, "HighBit": 7}
    path = write(tmp_path / "x.dcm", frames, **tags)
    with pytest.raises(SourceError, match=r"samples of 16 bits .* states 8 \(Bits Allocated\)"):
        frames_of(path)


@pytest.mark.parametrize("bits", [8, 12])
def test_half_or_twice_as_many_frames_as_promised_are_frames(tmp_path: Path, bits: int) -> None:
    frames = smooth(4, bits=bits)
    found = frames_of(write(tmp_path / "x.dcm", frames, NumberOfFrames=2))
    np.testing.assert_array_equal(found[1].pixels, frames[1])

    source = open_source(write(tmp_path / "x.dcm", frames, NumberOfFrames=8))
    running = source.frames()
    for pixels in frames:
        np.testing.assert_array_equal(next(running).pixels, pixels)
    with pytest.raises(SourceEndedEarly, match="4 of 8 frames"):
        next(running)
    source.close()


@pytest.mark.parametrize("count", [1, 2, 5])
def test_frames_of_an_odd_size_by_the_standard(tmp_path: Path, count: int) -> None:
    """Only the whole is padded."""
    frames = noise(count, 15, 17, 8)
    found = frames_of(write(tmp_path / "x.dcm", frames))
    np.testing.assert_array_equal(found[-1].pixels, frames[-1])
    assert not any("padded" in note for note in found[0].acquisition.notes)
