"""Objects that announce much and hold little: each is refused or read, in little memory."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import imagecodecs
import numpy as np
import pydicom.uid as uids
import pytest
from dicom_writing import noise, smooth, write
from held_memory import peak_of
from pydicom.encaps import encapsulate

from leakwatch.config import LiveDicomSettings
from leakwatch.core.errors import SourceError
from leakwatch.sources.dicom.dicom_file import DicomFile
from leakwatch.sources.dicom.dicom_header import NotRead, read_header
from leakwatch.sources.dicom.frame_offsets import find_frames
from leakwatch.sources.dicom.rle import rle_decoded

MB = 1 << 20
TEXT_ELEMENT = struct.Struct("<HHL")  # tag and length, implicit VR


def part_10(data_set: bytes, syntax: str) -> bytes:
    """A file with the least meta information (PS3.10 7.1) before its data set."""
    uid = syntax.encode() + b"\0" * (len(syntax) % 2)
    element = struct.pack("<HH2sH", 2, 0x10, b"UI", len(uid)) + uid
    length = struct.pack("<HH2sHL", 2, 0, b"UL", 4, len(element))
    return bytes(128) + b"DICM" + length + element + data_set


def refused(path: Path, words: str) -> None:
    with pytest.raises(SourceError, match=words):
        DicomFile(path)


def test_a_deflated_object_is_refused_before_it_is_inflated(tmp_path: Path) -> None:
    """100 kB that become 100 MB."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    inflated = TEXT_ELEMENT.pack(0x0009, 0x1010, 100 * MB)
    packed = packer.compress(inflated + bytes(100 * MB)) + packer.flush()
    path = tmp_path / "bomb.dcm"
    path.write_bytes(part_10(packed, uids.DeflatedExplicitVRLittleEndian))
    assert path.stat().st_size < 200_000
    words = r"stored as Deflated Explicit VR Little Endian .* dcmconv \+te IN.dcm OUT.dcm"
    assert peak_of(lambda: refused(path, words)) < 2 * MB


def test_a_name_of_nine_megabytes_is_not_read(tmp_path: Path) -> None:
    size = 9 * MB
    path = tmp_path / "name.dcm"
    name = TEXT_ELEMENT.pack(0x0010, 0x0010, size) + b"A" * size
    path.write_bytes(part_10(name, uids.ImplicitVRLittleEndian))

    def read() -> None:
        with pytest.raises(NotRead, match=f"a value of {size} bytes, and at most 8388608 are read"):
            read_header(path, with_subject=True)

    assert peak_of(read) < 2 * MB


def test_what_nobody_asks_for_may_be_large(tmp_path: Path) -> None:
    """A maker's private data of 16 MB before the pixels are skipped."""
    size = 16 * MB
    whole = write(tmp_path / "a.dcm", noise(2), uids.ImplicitVRLittleEndian).read_bytes()
    before = whole.index(struct.pack("<HHL", 0x0028, 0x0002, 2))
    private = TEXT_ELEMENT.pack(0x0021, 0x1010, size) + bytes(size)
    (tmp_path / "b.dcm").write_bytes(whole[:before] + private + whole[before:])
    frames = DicomFile(tmp_path / "b.dcm").frames()
    np.testing.assert_array_equal([frame.pixels for frame in frames], noise(2))


def test_pictures_of_a_maker_in_a_sequence_without_length_are_passed_over(tmp_path: Path) -> None:
    """pydicom reads what is in such a sequence, whether or not anybody asks for it."""
    size = 2 * MB
    whole = write(tmp_path / "a.dcm", noise(2), uids.ImplicitVRLittleEndian).read_bytes()
    before = whole.index(struct.pack("<HHL", 0x0028, 0x0002, 2))
    item = TEXT_ELEMENT.pack(0x0021, 0x1011, size) + bytes(size)
    sequence = TEXT_ELEMENT.pack(0x0021, 0x1010, 0xFFFFFFFF)
    sequence += TEXT_ELEMENT.pack(0xFFFE, 0xE000, len(item)) + item
    sequence += TEXT_ELEMENT.pack(0xFFFE, 0xE0DD, 0)
    (tmp_path / "b.dcm").write_bytes(whole[:before] + sequence + whole[before:])
    frames = DicomFile(tmp_path / "b.dcm").frames()
    np.testing.assert_array_equal([frame.pixels for frame in frames], noise(2))


def test_a_sequence_of_very_many_items_is_given_up(tmp_path: Path) -> None:
    items = b"\xfe\xff\x00\xe0\0\0\0\0" * 20_000
    sequence = TEXT_ELEMENT.pack(0x5200, 0x9230, 0xFFFFFFFF) + items
    path = tmp_path / "items.dcm"
    path.write_bytes(part_10(sequence, uids.ImplicitVRLittleEndian))
    with pytest.raises(NotRead, match="more than 1000 items, elements and numbers"):
        read_header(path, most=LiveDicomSettings(object_parts=1000))


def test_very_many_numbers_in_one_value_are_not_made(tmp_path: Path) -> None:
    """Each of them becomes an object of 300 bytes."""
    times = [1.0] * 2000
    path = write(tmp_path / "a.dcm", noise(2), uids.ImplicitVRLittleEndian, FrameTimeVector=times)
    assert read_header(path).number_of_frames == 2
    with pytest.raises(NotRead, match="more than 1000 items, elements and numbers"):
        read_header(path, most=LiveDicomSettings(object_parts=1000))


@pytest.mark.parametrize(
    "syntax", [uids.ExplicitVRLittleEndian, uids.ImplicitVRLittleEndian], ids=["said", "implicit"]
)
def test_very_many_binary_numbers_in_one_value_are_not_made(tmp_path: Path, syntax) -> None:
    """30000 rows, as it were."""
    path = write(tmp_path / "a.dcm", noise(1), syntax)
    whole = path.read_bytes()
    said = syntax == uids.ExplicitVRLittleEndian
    head = struct.pack("<HH", 0x0028, 0x0010)
    before = whole.index(head + (b"US\2\0" if said else b"\2\0\0\0"))
    length = b"US" + struct.pack("<H", 60_000) if said else struct.pack("<L", 60_000)
    path.write_bytes(whole[:before] + head + length + bytes(60_000) + whole[before + 10 :])
    with pytest.raises(NotRead, match="more than 1000 items, elements and numbers"):
        read_header(path, most=LiveDicomSettings(object_parts=1000))


@pytest.mark.parametrize("promised", [2, 2_000_000_000])
def test_frames_of_one_pixel_each_take_no_memory(tmp_path: Path, promised: int) -> None:
    """4 MB of pixels, and tags by which each is a frame."""
    tags = {"Rows": 1, "Columns": 1, "NumberOfFrames": promised}
    path = write(tmp_path / "a.dcm", noise(2, bits=8), pixel_data=bytes(4 * MB), **tags)
    most = LiveDicomSettings(object_frames=1000)
    header = read_header(path)
    assert peak_of(lambda: find_frames(header, most)) < MB
    places = find_frames(header, most)
    assert len(places.frames) == min(promised, 1000)
    assert places.surplus == (4 * MB - 2 if promised == 2 else 0)
    assert places.reason == ("" if promised == 2 else "of one object 1000 frames are read at most")


def test_very_many_fragments_are_given_up(tmp_path: Path) -> None:
    stream = bytes(imagecodecs.jpegls_encode(smooth(1)[0]))
    pixels = encapsulate([stream]) + b"\xfe\xff\x00\xe0\0\0\0\0" * 20_000
    path = write(tmp_path / "a.dcm", smooth(2), uids.JPEGLSLossless, pixels)
    places = find_frames(read_header(path), LiveDicomSettings(object_parts=1000))
    assert len(places.frames[0]) <= 1002
    assert places.reason == "it is cut into more than 1000 fragments"


def test_a_table_of_offsets_that_is_none_is_not_read(tmp_path: Path) -> None:
    """8 MB of numbers beside one frame: in Python each takes 30 bytes."""
    (frame,) = smooth(1)
    stream = bytes(imagecodecs.jpegls_encode(frame))
    items = encapsulate([stream], has_bot=False)
    table = struct.pack("<HHL", 0xFFFE, 0xE000, 8 * MB) + bytes(8 * MB)
    path = write(tmp_path / "a.dcm", [frame], uids.JPEGLSLossless, table + items[8:])
    header = read_header(path)
    assert peak_of(lambda: find_frames(header)) < MB
    (read,) = DicomFile(path).frames()
    np.testing.assert_array_equal(read.pixels, frame)


def test_a_picture_larger_than_any_detector_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.dcm", noise(1), Rows=8192, Columns=4096)
    refused(path, "8192 rows and 4096 columns, 33554432 pixels; at most 16777216 are read")


def test_a_stream_of_very_many_tiles_is_refused(tmp_path: Path) -> None:
    """Room is made for each tile that a head of 100 bytes announces."""
    (frame,) = smooth(1, 256, 256)
    stream = bytearray(imagecodecs.jpeg2k_encode(frame, codecformat="j2k", level=0))
    for width, height in ((1, 1), (0, 256), (1 << 31, 1 << 31)):
        struct.pack_into(">2I", stream, 24, width, height)  # XTsiz and YTsiz (T.800 A.5.1)
        data = encapsulate([bytes(stream)])
        path = write(tmp_path / "a.dcm", [frame], uids.JPEG2000Lossless, data)
        if width > 256:
            assert len(list(DicomFile(path).frames())) == 1
        else:
            with pytest.raises(SourceError, match=f"cut into tiles of {width} x {height} pixels"):
                next(DicomFile(path).frames())


def test_runs_that_expand_to_more_than_the_frame_are_stopped() -> None:
    """2 MB of runs are 128 MB."""
    segment = b"\x81\x00" * MB
    data = struct.pack("<16I", 1, 64, *[0] * 14) + segment

    def decode() -> None:
        with pytest.raises(ValueError, match="segment 1 of RLE contains more than 192 bytes"):
            rle_decoded(data, 12, 16, 1)

    assert peak_of(decode) < 4 * MB


def test_a_stream_much_longer_than_its_picture_is_not_read(tmp_path: Path) -> None:
    (frame,) = smooth(1)
    stream = bytes(imagecodecs.jpegls_encode(frame))
    data = encapsulate([stream[:-2] + bytes(8 * MB) + stream[-2:]])
    path = write(tmp_path / "a.dcm", [frame], uids.JPEGLSLossless, data)

    def decode() -> None:
        with pytest.raises(SourceError, match="48 rows and 64 columns are stored in 83"):
            next(DicomFile(path).frames())

    assert peak_of(decode) < 2 * MB
