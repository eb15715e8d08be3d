"""One file: frame by frame, a cut one up to its cut, and what is no sequence is refused."""

from __future__ import annotations

import os
import tracemalloc
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pydicom.uid as uids
import pytest
from dicom_writing import ENCODERS, noise, rle_encoded, smooth, write
from pydicom.encaps import encapsulate
from pydicom.pixels import pixel_array
from pydicom.uid import UID

from leakwatch.core.errors import SourceEndedEarly, SourceError
from leakwatch.core.frame import Frame
from leakwatch.sources.dicom.dicom_file import DicomFile
from leakwatch.sources.stored.opening import open_source

EVERY_SYNTAX = [
    uids.ExplicitVRLittleEndian,
    uids.ExplicitVRBigEndian,
    uids.RLELossless,
    uids.JPEGLosslessSV1,
    uids.JPEGLSLossless,
    uids.JPEG2000Lossless,
]
by_syntax = pytest.mark.parametrize("syntax", EVERY_SYNTAX, ids=lambda uid: uid.keyword)


def complete_frames(path: Path) -> tuple[list[Frame], SourceError | None]:
    """Frames that come, and the error after them."""
    frames: list[Frame] = []
    try:
        frames.extend(open_source(path).frames())  # keeps what came before an error
    except SourceError as error:
        return frames, error
    return frames, None


def pixel_value_span(path: Path, syntax: UID) -> tuple[int, int]:
    """First and last byte after the value of Pixel Data, from the bytes alone."""
    content = path.read_bytes()
    tag = b"\x7f\xe0\x00\x10" if syntax == uids.ExplicitVRBigEndian else b"\xe0\x7f\x10\x00"
    return content.rindex(tag) + 12, len(content)


@by_syntax
@pytest.mark.parametrize("table", [True, False], ids=["table", "no table"])
def test_wherever_a_file_is_cut_all_whole_frames_come(
    tmp_path: Path, syntax: UID, table: bool
) -> None:
    """Where each frame ends is known from the encoder, not from the reader."""
    frames = noise(5)
    path = write(tmp_path / "x.dcm", frames, syntax, offset_table=table)
    start, size = pixel_value_span(path, syntax)
    if syntax.is_encapsulated:
        encode = rle_encoded if syntax == uids.RLELossless else ENCODERS[syntax]
        ends, at = [], start + 8 + (4 * len(frames) if table else 0)
        for frame in frames:
            length = len(bytes(encode(frame)))
            at += 8 + length + length % 2
            ends.append(at)
    else:
        ends = [start + (index + 1) * frames[0].nbytes for index in range(5)]
    content = path.read_bytes()
    for cut in sorted({*range(start, size, 41), *ends, *(end - 1 for end in ends), size - 1}):
        path.write_bytes(content[:cut])
        found, error = complete_frames(path)
        expected = [frame for frame, end in zip(frames, ends, strict=True) if end <= cut]
        assert len(found) == len(expected), cut
        for frame, pixels in zip(found, expected, strict=True):
            np.testing.assert_array_equal(frame.pixels, pixels)
        if len(expected) < len(frames):
            assert error is not None, cut
            assert isinstance(error, SourceEndedEarly) == bool(expected)
            assert f"the file ends at byte {cut}" in str(error)


def test_message_of_a_cut_file(tmp_path: Path) -> None:
    path = write(tmp_path / "x.dcm", noise(5))
    path.write_bytes(path.read_bytes()[:-500])
    _, error = complete_frames(path)
    assert str(error).startswith(f"{path}: 3 of 5 frames are complete")
    assert "Earlier frames are valid" in str(error)


@pytest.mark.parametrize("share", [0.35, 0.7, 0.999])
def test_real_cine_that_was_cut(shared: Path, tmp_path: Path, share: float) -> None:
    real = shared / "real" / "xa_coronary_cine_96f.dcm"
    content = real.read_bytes()
    path = tmp_path / "cut.dcm"
    path.write_bytes(content[: int(share * len(content))])
    found, error = complete_frames(path)
    assert isinstance(error, SourceEndedEarly)
    assert abs(len(found) - share * 96) < 5
    whole = pixel_array(real, raw=True)
    for frame in found:
        np.testing.assert_array_equal(frame.pixels, whole[frame.index])


@by_syntax
def test_frame_that_is_damaged_ends_the_sequence(tmp_path: Path, syntax: UID) -> None:
    if not syntax.is_encapsulated:
        pytest.skip("pixels that are not compressed cannot be told to be damaged")
    frames = noise(3)
    encode = rle_encoded if syntax == uids.RLELossless else ENCODERS[syntax]
    streams = [bytes(encode(frame)) for frame in frames]
    streams[1] = bytes(len(streams[1]))
    path = write(tmp_path / "x.dcm", frames, syntax, encapsulate(streams))
    found, error = complete_frames(path)
    assert len(found) == 1
    assert isinstance(error, SourceEndedEarly)
    assert "1 of 3 frames are complete (frame 1: " in str(error)


@by_syntax
def test_number_of_frames_that_says_too_many(tmp_path: Path, syntax: UID) -> None:
    path = write(tmp_path / "x.dcm", noise(3), syntax, NumberOfFrames=7)
    found, error = complete_frames(path)
    assert len(found) == 3
    assert isinstance(error, SourceEndedEarly)
    assert "3 of 7 frames are complete" in str(error)


@by_syntax
@pytest.mark.parametrize("table", [True, False], ids=["table", "no table"])
def test_number_of_frames_that_says_too_few(tmp_path: Path, syntax: UID, table: bool) -> None:
    frames = noise(5)
    path = write(tmp_path / "x.dcm", frames, syntax, offset_table=table, NumberOfFrames=3)
    found, error = complete_frames(path)
    assert error is None
    assert len(found) == 3
    np.testing.assert_array_equal(found[2].pixels, frames[2])
    assert any("2 more frames follow" in note for note in found[0].acquisition.notes)


IN_FRAGMENTS = [uids.JPEGLosslessSV1, uids.JPEG2000Lossless, uids.RLELossless]


@pytest.mark.parametrize("syntax", IN_FRAGMENTS)
@pytest.mark.parametrize("table", [True, False], ids=["table", "no table"])
@pytest.mark.parametrize("count", [1, 3])
def test_frames_in_several_fragments(tmp_path: Path, syntax: UID, table: bool, count: int) -> None:
    frames = noise(count)
    encode = rle_encoded if syntax == uids.RLELossless else ENCODERS[syntax]
    streams = [bytes(encode(frame)) for frame in frames]
    pixel_data = encapsulate(streams, fragments_per_frame=3, has_bot=table)
    path = write(tmp_path / "x.dcm", frames, syntax, pixel_data)
    found, error = complete_frames(path)
    assert error is None
    assert len(found) == count
    np.testing.assert_array_equal(found[-1].pixels, frames[-1])


@pytest.mark.parametrize("syntax", IN_FRAGMENTS)
@pytest.mark.parametrize("table", [True, False], ids=["table", "no table"])
def test_frames_in_several_fragments_that_are_cut(tmp_path: Path, syntax: UID, table: bool) -> None:
    frames = noise(3)
    encode = rle_encoded if syntax == uids.RLELossless else ENCODERS[syntax]
    streams = [bytes(encode(frame)) for frame in frames]
    pixel_data = encapsulate(streams, fragments_per_frame=3, has_bot=table)
    path = write(tmp_path / "x.dcm", frames, syntax, pixel_data)
    content = path.read_bytes()
    # Into the second frame: the third has three heads of 8 bytes, and 8 bytes end it all.
    path.write_bytes(content[: len(content) - len(streams[2]) - 40])
    found, error = complete_frames(path)
    assert len(found) == 1
    assert "1 of 3 frames are complete" in str(error)


@pytest.mark.parametrize("wrong", [[0, 1, 2], [8, 600, 1200], [0, 1200, 600], [0, 0, 0]])
def test_offset_table_that_lies_is_not_believed(tmp_path: Path, wrong: list[int]) -> None:
    frames = noise(3)
    path = write(tmp_path / "x.dcm", frames, uids.JPEGLosslessSV1)
    content = path.read_bytes()
    start = content.rindex(b"\xe0\x7f\x10\x00") + 12
    table = np.array(wrong, "<u4").tobytes()
    path.write_bytes(content[: start + 8] + table + content[start + 20 :])
    found, error = complete_frames(path)
    assert error is None
    for frame, pixels in zip(found, frames, strict=True):
        np.testing.assert_array_equal(frame.pixels, pixels)


def test_extended_offset_table(tmp_path: Path) -> None:
    from pydicom.encaps import encapsulate_extended

    frames = noise(3)
    streams = [bytes(ENCODERS[uids.JPEGLSLossless](frame)) for frame in frames]
    pixel_data, offsets, lengths = encapsulate_extended(streams)
    path = write(
        tmp_path / "x.dcm",
        frames,
        uids.JPEGLSLossless,
        pixel_data,
        ExtendedOffsetTable=offsets,
        ExtendedOffsetTableLengths=lengths,
    )
    found, error = complete_frames(path)
    assert error is None
    np.testing.assert_array_equal(found[2].pixels, frames[2])


@pytest.mark.parametrize(
    ("tags", "words"),
    [
        ({"Rows": 0}, ["Rows states 0"]),
        ({"Columns": 0}, ["Columns states 0"]),
        ({"Rows": 60_000}, ["Rows states 60000", "1 to 8192"]),
        ({"Rows": None}, ["Rows states nothing"]),
        ({"Columns": None}, ["Columns states nothing"]),
        ({"BitsAllocated": None}, ["BitsAllocated states nothing"]),
        ({"BitsStored": None}, ["BitsStored states nothing"]),
        ({"BitsAllocated": 32, "BitsStored": 32}, ["32 bits in 32"]),
        ({"BitsStored": 4, "HighBit": 3}, ["stores 4 bits in 16"]),
        ({"BitsStored": 16, "HighBit": 11}, ["stores 16 bits in 16, the highest being 11"]),
        ({"HighBit": 16}, ["the highest being 16"]),
        ({"SamplesPerPixel": None}, ["is a colour image, or does not state", "no samples"]),
        ({"SamplesPerPixel": 3}, ["3 samples"]),
        ({"PhotometricInterpretation": None}, ["absent"]),
        ({"PhotometricInterpretation": "RGB", "SamplesPerPixel": 3}, ["RGB", "MONOCHROME2"]),
        ({"PhotometricInterpretation": "PALETTE COLOR"}, ["PALETTE COLOR"]),
        ({"NumberOfFrames": 0}, ["Number of Frames states 0"]),
        ({"NumberOfFrames": -3}, ["Number of Frames states -3"]),
        ({"Rows": 100}, ["no frame of it is complete", "3200 make one frame"]),
    ],
)
def test_head_that_makes_no_sense_is_refused(
    tmp_path: Path, tags: dict[str, Any], words: list[str]
) -> None:
    path = write(tmp_path / "x.dcm", noise(2), **tags)
    with pytest.raises(SourceError) as caught:
        open_source(path)
    message = str(caught.value)
    assert [word for word in [str(path), *words] if word not in message] == []
    assert "\n" not in message


@pytest.mark.parametrize("keyword", ["HighBit", "PixelRepresentation", "FrameTime", "Modality"])
def test_head_without_what_can_be_done_without(tmp_path: Path, keyword: str) -> None:
    frames = noise(2)
    found, error = complete_frames(write(tmp_path / "x.dcm", frames, **{keyword: None}))
    assert error is None
    np.testing.assert_array_equal(found[1].pixels, frames[1])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not a DICOM file"),
        (b"DICM", "not a DICOM file"),
        (b"\x89PNG\r\n\x1a\n" + bytes(500), "not a DICOM file"),
        (bytes(128) + b"DICM", "no Pixel Data"),
        (bytes(128) + b"DICM" + b"\xff" * 64, "no Pixel Data"),
    ],
)
def test_what_is_no_dicom_file_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "x.dcm"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=words):
        open_source(path)


def test_dicom_file_without_a_picture_says_what_it_is(tmp_path: Path) -> None:
    path = write(tmp_path / "x.dcm", noise(1), SOPClassUID=uids.BasicTextSRStorage)
    content = path.read_bytes()
    path.write_bytes(content[: content.rindex(b"\xe0\x7f\x10\x00")])
    with pytest.raises(SourceError, match=r"no Pixel Data.*Basic Text SR"):
        open_source(path)


def test_file_that_ends_in_its_head(tmp_path: Path) -> None:
    path = write(tmp_path / "x.dcm", noise(1))
    content = path.read_bytes()
    for cut in range(132, content.rindex(b"\xe0\x7f\x10\x00") + 12, 7):
        path.write_bytes(content[:cut])
        with pytest.raises(SourceError, match=r"x\.dcm: "):
            open_source(path)


def test_floating_point_pixels_are_refused(tmp_path: Path) -> None:
    from pydicom import dcmread

    path = write(tmp_path / "x.dcm", noise(1))
    dataset = dcmread(path)
    del dataset.PixelData
    dataset.BitsAllocated = 32
    dataset.FloatPixelData = np.zeros((12, 16), np.float32).tobytes()
    dataset.save_as(path)
    with pytest.raises(SourceError, match="floating-point"):
        open_source(path)


def test_no_transfer_syntax_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "x.dcm", noise(1))
    content = path.read_bytes()
    at = content.index(b"\x02\x00\x10\x00UI")
    end = at + 8 + int.from_bytes(content[at + 6 : at + 8], "little")
    length = int.from_bytes(content[140:144], "little") - (end - at)
    path.write_bytes(content[:140] + length.to_bytes(4, "little") + content[144:at] + content[end:])
    with pytest.raises(SourceError, match="no Transfer Syntax UID"):
        open_source(path)


@pytest.mark.parametrize("syntax", [uids.RLELossless, uids.ExplicitVRLittleEndian])
def test_pixels_that_are_stored_otherwise_than_named(tmp_path: Path, syntax: UID) -> None:
    other = uids.ExplicitVRLittleEndian if syntax.is_encapsulated else uids.RLELossless
    path = write(tmp_path / "x.dcm", noise(1), other)
    content = path.read_bytes()
    at = content.index(b"\x02\x00\x10\x00UI") + 6
    length = int.from_bytes(content[at : at + 2], "little")
    value = syntax.encode() + b"\0" * (len(syntax) % 2)
    grown = int.from_bytes(content[140:144], "little") + len(value) - length
    content = content[:at] + len(value).to_bytes(2, "little") + value + content[at + 2 + length :]
    path.write_bytes(content[:140] + grown.to_bytes(4, "little") + content[144:])
    with pytest.raises(SourceError, match="no frame of it is complete"):
        open_source(path)


@pytest.mark.parametrize("uid", [uids.XRayAngiographicImageStorage, "1.2.840.10008.1.2.99.99"])
def test_a_transfer_syntax_that_is_none(tmp_path: Path, uid: str) -> None:
    path = write(tmp_path / "x.dcm", noise(2))
    content = path.read_bytes()
    old = b"UI\x14\x001.2.840.10008.1.2.1\0"
    assert content.count(old) == 1
    value = uid.encode() + b"\0" * (len(uid) % 2)
    group = content.index(b"UL\4\0") + 4
    length = int.from_bytes(content[group : group + 4], "little") + len(value) - 20
    content = content[:group] + length.to_bytes(4, "little") + content[group + 4 :]
    path.write_bytes(content.replace(old, b"UI" + len(value).to_bytes(2, "little") + value))
    with pytest.raises(SourceError, match="which is not a transfer syntax for pixels"):
        DicomFile(path)


@pytest.mark.parametrize(
    ("tail", "whole"),
    [
        (b"", True),
        (b"\0" * 100, True),  # padding of a medium
        (b"\xfc\xff\xfc\xffOB\0\0\4\0\0\0\0\0\0\0", True),  # Data Set Trailing Padding
        (b"\xe1\x7f\x10\x00LO\4\0MAKE", True),  # a maker's own
        (b"\x12\x07", False),
        (b"\x9a\x02\x77\x05 more", False),
    ],
)
def test_bytes_behind_the_pixels(tmp_path: Path, tail: bytes, whole: bool) -> None:
    """Where bytes were put in, as many as that stand behind the end, and pixels are moved."""
    path = write(tmp_path / "x.dcm", noise(2))
    path.write_bytes(path.read_bytes() + tail)
    if whole:
        assert len(list(DicomFile(path).frames())) == 2
        return
    with pytest.raises(SourceError, match="the pixels are not followed by a DICOM element"):
        DicomFile(path)


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such file or folder"):
        open_source(tmp_path / "none.dcm")


def test_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(SourceError, match="neither a file nor a folder"):
        open_source(tmp_path / "pipe")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_file_that_may_not_be_read(tmp_path: Path) -> None:
    path = write(tmp_path / "x.dcm", noise(1))
    path.chmod(0)
    with pytest.raises(SourceError, match="Permission denied"):
        open_source(path)


def test_file_that_goes_while_it_is_read(tmp_path: Path) -> None:
    path = write(tmp_path / "x.dcm", noise(2))
    source = open_source(path)
    path.unlink()
    with pytest.raises(SourceError, match="No such file"):
        next(source.frames())


def test_file_that_becomes_shorter_while_it_is_read(tmp_path: Path) -> None:
    path = write(tmp_path / "x.dcm", noise(400, 32, 32))
    running = open_source(path).frames()
    assert next(running).index == 0
    os.truncate(path, 200_000)
    with pytest.raises(SourceEndedEarly, match="the file ends at byte 200000"):
        list(running)


@by_syntax
def test_memory_does_not_grow_with_the_number_of_frames(tmp_path: Path, syntax: UID) -> None:
    """The peak over 64 frames is that over 8, within one frame; numpy tells tracemalloc."""
    peaks = []
    frame = smooth(1, 256, 256)[0]
    for count in (8, 64):
        path = write(tmp_path / f"{count}.dcm", [frame] * count, syntax)
        whole_frames_are_read = 0
        # Once before: what is made on the first call only is not of the frames.
        next(open_source(path).frames())
        tracemalloc.start()
        source = open_source(path)
        for _ in source.frames():
            whole_frames_are_read += 1
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert whole_frames_are_read == count
    assert peaks[1] - peaks[0] < frame.nbytes
    assert peaks[1] < 12 * frame.nbytes


def test_opening_reads_the_head_only(tmp_path: Path) -> None:
    path = write(tmp_path / "x.dcm", smooth(60, 256, 256))
    DicomFile(path)
    tracemalloc.start()
    DicomFile(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert path.stat().st_size > 7_000_000
    assert peak < 500_000


def open_files() -> int:
    """Of this process; 0 where the system does not tell."""
    folder = Path("/proc/self/fd")
    return len(list(folder.iterdir())) if folder.is_dir() else 0


def test_close_releases_the_file(tmp_path: Path) -> None:
    path = write(tmp_path / "x.dcm", noise(3))
    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        source = open_source(path)
        running = source.frames()
        next(running)
        before = open_files()
        source.close()
        source.close()
        assert open_files() == before - (before > 0)
        assert list(running) == []


def test_close_before_the_first_frame(tmp_path: Path) -> None:
    open_source(write(tmp_path / "x.dcm", noise(1))).close()


@by_syntax
def test_any_frame_is_read_again(tmp_path: Path, syntax: UID) -> None:
    frames = noise(5)
    source = open_source(write(tmp_path / "x.dcm", frames, syntax))
    earlier = source.frames()
    next(earlier)
    for first in (3, 0, 4):
        again = list(source.frames(first))
        assert [frame.index for frame in again] == list(range(first, 5))
        np.testing.assert_array_equal(again[0].pixels, frames[first])
        assert again[0].time_s == pytest.approx(0.1 * first)
    assert list(earlier) == []
    assert list(source.frames(5)) == []
    source.close()


def test_cut_file_that_is_read_from_a_later_frame_on(tmp_path: Path) -> None:
    path = write(tmp_path / "x.dcm", noise(5))
    path.write_bytes(path.read_bytes()[:-500])
    running = open_source(path).frames(2)
    assert next(running).index == 2
    with pytest.raises(SourceEndedEarly, match="3 of 5 frames are complete"):
        next(running)
