"""Every transfer syntax gives the samples that were stored, and what cannot be read says so."""

from __future__ import annotations

import hashlib
import importlib.util
from pathlib import Path

import numpy as np
import pydicom.uid as uids
import pytest
from dicom_writing import ENCODERS, Pixels, noise, rle_encoded, smooth, write
from pydicom.encaps import encapsulate
from pydicom.pixels import pixel_array
from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import UID
from thread_turns import share_of_time_for_others

from leakwatch.core.errors import SourceEndedEarly, SourceError
from leakwatch.core.frame import Frame
from leakwatch.sources.dicom.stream_decoders import stream_decoded
from leakwatch.sources.stored.opening import open_source

NATIVE = [uids.ImplicitVRLittleEndian, uids.ExplicitVRLittleEndian, uids.ExplicitVRBigEndian]
LOSSLESS = [
    uids.RLELossless,
    uids.JPEGLossless,
    uids.JPEGLosslessSV1,
    uids.JPEGLSLossless,
    uids.JPEG2000Lossless,
    uids.HTJ2KLossless,
]
LOSSY = [uids.JPEGBaseline8Bit, uids.JPEGLSNearLossless, uids.JPEG2000]

JPEG = [uids.JPEGBaseline8Bit, uids.JPEGLossless, uids.JPEGLosslessSV1, uids.JPEGLSLossless]


def decoded(path: Path) -> list[Frame]:
    source = open_source(path)
    try:
        return list(source.frames())
    finally:
        source.close()


def assert_same(frames: list[Frame], expected: list[Pixels]) -> None:
    assert [frame.index for frame in frames] == list(range(len(expected)))
    for frame, pixels in zip(frames, expected, strict=True):
        assert frame.pixels.dtype == pixels.dtype
        assert frame.pixels.dtype.isnative
        assert not frame.pixels.flags.writeable
        np.testing.assert_array_equal(frame.pixels, pixels)


@pytest.mark.parametrize("table", [True, False], ids=["table", "no table"])
@pytest.mark.parametrize("bits", [8, 12])
@pytest.mark.parametrize("syntax", NATIVE + LOSSLESS, ids=lambda uid: uid.keyword)
def test_lossless_syntax_is_bit_exact(tmp_path: Path, syntax: UID, bits: int, table: bool) -> None:
    frames = noise(3, rows=15, columns=17, bits=bits)  # an odd number of bytes with 8 bits
    path = write(tmp_path / "x.dcm", frames, syntax, offset_table=table)
    assert_same(decoded(path), frames)


@pytest.mark.parametrize("syntax", LOSSY, ids=lambda uid: uid.keyword)
def test_lossy_syntax_is_near(tmp_path: Path, syntax: UID) -> None:
    bits = 8 if syntax == uids.JPEGBaseline8Bit else 12
    frames = smooth(3, bits=bits)
    found = decoded(write(tmp_path / "x.dcm", frames, syntax))
    for frame, pixels in zip(found, frames, strict=True):
        difference = np.abs(frame.pixels.astype(int) - pixels)
        assert difference.max() <= 0.02 * (1 << bits)
    notes = found[0].acquisition.notes
    told = any("with loss" in note for note in notes)
    assert told == (syntax != uids.JPEG2000)  # where only the tag could tell


def test_lossy_compression_of_old_is_told(tmp_path: Path) -> None:
    path = write(tmp_path / "x.dcm", noise(2), LossyImageCompression="01")
    assert any("with loss" in note for note in decoded(path)[0].acquisition.notes)


@pytest.mark.parametrize("bits", range(9, 17))
@pytest.mark.parametrize("predictor", range(1, 8))
def test_jpeg_lossless_of_every_predictor_and_precision(
    tmp_path: Path, bits: int, predictor: int
) -> None:
    import imagecodecs

    frame = noise(1, bits=bits)[0]
    stream = imagecodecs.jpeg8_encode(frame, lossless=True, predictor=predictor, bitspersample=bits)
    path = write(
        tmp_path / "x.dcm",
        [frame],
        uids.JPEGLossless,
        encapsulate([stream]),
        BitsStored=bits,
        HighBit=bits - 1,
    )
    assert_same(decoded(path), [frame])


def test_jpeg_lossless_by_a_second_encoder_and_a_second_decoder(tmp_path: Path) -> None:
    """ljpeg shares no code with libjpeg-turbo, nor does gdcm's copy of libjpeg."""
    import imagecodecs

    frame = noise(1, rows=64, columns=48, bits=12)[0]
    stream = imagecodecs.ljpeg_encode(frame, bitspersample=12)
    path = write(tmp_path / "x.dcm", [frame], uids.JPEGLosslessSV1, encapsulate([stream]))
    assert_same(decoded(path), [frame])
    by_gdcm = pixel_array(path, raw=True, decoding_plugin="gdcm")
    np.testing.assert_array_equal(by_gdcm, frame)


@pytest.mark.parametrize(
    "syntax", [uids.ExplicitVRLittleEndian, uids.RLELossless, uids.JPEGLosslessSV1]
)
@pytest.mark.parametrize("bits", [8, 10, 12, 16])
def test_signed_samples(tmp_path: Path, syntax: UID, bits: int) -> None:
    half = 1 << (bits - 1)
    values = np.random.default_rng(bits).integers(-half, half, (12, 16)).astype(np.int16)
    words = values.astype(np.int8).view(np.uint8) if bits == 8 else values.view(np.uint16)
    # Sign bits beyond Bits Stored are as the writer likes: here they are not there.
    words = words & np.array((1 << bits) - 1, words.dtype)
    pixel_data = None
    if syntax == uids.JPEGLosslessSV1:
        import imagecodecs

        stream = imagecodecs.jpeg8_encode(words, lossless=True, predictor=1, bitspersample=bits)
        pixel_data = encapsulate([stream])
    path = write(
        tmp_path / "x.dcm",
        [words],
        syntax,
        pixel_data,
        BitsStored=bits,
        HighBit=bits - 1,
        PixelRepresentation=1,
    )
    found = decoded(path)
    assert_same(found, [values])
    assert found[0].acquisition.pixel_format.signed


def test_overlay_bits_beside_the_samples_are_masked(tmp_path: Path) -> None:
    """Overlays of old lie in bits 12 to 15; a patient's name was found in such a one."""
    samples = noise(2, bits=12)
    words = [frame | np.uint16(0xF000) for frame in samples]
    for syntax in (uids.ExplicitVRLittleEndian, uids.RLELossless):
        assert_same(decoded(write(tmp_path / "x.dcm", words, syntax)), samples)


def test_high_bit_says_where_the_samples_lie(tmp_path: Path) -> None:
    samples = noise(2, bits=12)
    words = [frame << np.uint16(4) | np.uint16(0x5) for frame in samples]
    for syntax in (uids.ExplicitVRBigEndian, uids.RLELossless):
        path = write(tmp_path / "x.dcm", words, syntax, HighBit=15)
        assert_same(decoded(path), samples)


def test_high_bit_makes_no_sense_in_a_code_stream(tmp_path: Path) -> None:
    path = write(tmp_path / "x.dcm", noise(2), uids.JPEGLosslessSV1, HighBit=15)
    with pytest.raises(SourceError, match="High Bit"):
        open_source(path)


def test_lossless_files_of_one_frame_are_the_same(shared: Path) -> None:
    names = ("RLE", "JPLL", "J2KR", "JLSL")
    frames = [decoded(shared / "real" / f"xa_cerebral_{name}.dcm") for name in names]
    assert [len(several) for several in frames] == [1, 1, 1, 1]
    sums = {hashlib.sha256(several[0].pixels.tobytes()).hexdigest() for several in frames}
    assert len(sums) == 1
    assert frames[0][0].pixels.shape == (1024, 1024)
    assert frames[0][0].pixels.max() < 1 << 10


@pytest.mark.parametrize(("name", "most"), [("J2KI", 8), ("JLSN", 4)])
def test_lossy_files_of_that_frame_are_near(shared: Path, name: str, most: int) -> None:
    exact = decoded(shared / "real" / "xa_cerebral_RLE.dcm")[0].pixels.astype(int)
    lossy = decoded(shared / "real" / f"xa_cerebral_{name}.dcm")[0].pixels
    assert 0 < np.abs(exact - lossy).max() <= most


def test_file_that_no_decoder_reads_names_syntax_and_way_out(shared: Path) -> None:
    with pytest.raises(SourceError) as caught:
        decoded(shared / "real" / "xa_cerebral_JPLY.dcm")
    message = str(caught.value)
    wanted = ["JPEG Extended", "1.2.840.10008.1.2.4.51", "pylibjpeg-libjpeg", "dcmdjpeg"]
    assert [word for word in wanted if word not in message] == []
    assert "\n" not in message
    assert not isinstance(caught.value, SourceEndedEarly)


@pytest.mark.parametrize(
    "name",
    ["xa_coronary_cine_96f", "rf_shoulder_kwire", "cr_ankle_monochrome1_rle", "xa_cerebral_J2KI"],
)
def test_real_file_is_as_pydicom_reads_it_whole(shared: Path, name: str) -> None:
    path = shared / "real" / f"{name}.dcm"
    whole = pixel_array(path, raw=True)
    whole = whole if whole.ndim == 3 else whole[np.newaxis]
    found = decoded(path)
    assert len(found) == len(whole)
    assert_same(found, list(whole))


@pytest.mark.parametrize("bits", [8, 12])
def test_jpeg_extended_is_read_where_it_has_eight_bits(tmp_path: Path, bits: int) -> None:
    import imagecodecs

    frames = smooth(2, bits=bits)
    streams = [imagecodecs.jpeg8_encode(frame, 95, bitspersample=bits) for frame in frames]
    path = write(tmp_path / "x.dcm", frames, uids.JPEGExtended12Bit, encapsulate(streams))
    if bits == 8:
        found = decoded(path)
        assert np.abs(found[1].pixels.astype(int) - frames[1]).max() < 6
    else:
        with pytest.raises(SourceError, match=r"JPEG Extended .* and this has 12"):
            decoded(path)


@pytest.mark.parametrize(
    ("syntax", "words"),
    [
        (uids.DeflatedExplicitVRLittleEndian, ["Deflated", "dcmconv"]),
        (uids.MPEG4HP41, ["MPEG-4", "1.2.840.10008.1.2.4.102", "uncompressed"]),
        (UID("1.2.3.4.5"), ["1.2.3.4.5", "uncompressed"]),
    ],
)
def test_syntax_that_nothing_here_reads_is_named(
    tmp_path: Path, syntax: UID, words: list[str]
) -> None:
    path = write(tmp_path / "x.dcm", noise(2))
    meta = b"1.2.840.10008.1.2.1\x00"
    content = path.read_bytes()
    assert content.count(meta) == 1
    other = syntax.encode().ljust(len(syntax) + len(syntax) % 2, b"\0")
    at = content.index(meta)
    content = content[: at - 2] + len(other).to_bytes(2, "little") + other + content[at + 20 :]
    # The length of group 2 grows by as much.
    grown = int.from_bytes(content[140:144], "little") + len(other) - len(meta)
    content = content[:140] + grown.to_bytes(4, "little") + content[144:]
    if syntax == uids.DeflatedExplicitVRLittleEndian:
        import zlib

        end = 144 + grown
        squeezed = zlib.compress(content[end:])[2:-4]
        content = content[:end] + squeezed + b"\0" * (len(squeezed) % 2)
    path.write_bytes(content)
    with pytest.raises(SourceError) as caught:
        open_source(path)
    assert [word for word in words if word not in str(caught.value)] == []


@pytest.mark.parametrize("share", [0.3, 0.9, 0.995])
@pytest.mark.parametrize("syntax", LOSSLESS + LOSSY, ids=lambda uid: uid.keyword)
def test_half_a_frame_is_never_shown_as_a_whole_one(
    tmp_path: Path, syntax: UID, share: float
) -> None:
    """In a file that is whole itself: its writer lost part of the second frame."""
    bits = 8 if syntax == uids.JPEGBaseline8Bit else 12
    frames = noise(3, rows=40, columns=48, bits=bits)
    encode = rle_encoded if syntax == uids.RLELossless else ENCODERS[syntax]
    streams = [bytes(encode(frame)) for frame in frames]
    streams[1] = streams[1][: int(share * len(streams[1]))]
    path = write(tmp_path / "x.dcm", frames, syntax, encapsulate(streams))
    source = open_source(path)
    running = source.frames()
    assert next(running).index == 0
    with pytest.raises(SourceEndedEarly, match="1 of 3 frames are complete"):
        next(running)


@pytest.mark.parametrize("rubbish", [b"", b"\0", b"\xff", b"\xd9\x00\x1c\x45", b"\xff" * 9])
@pytest.mark.parametrize("syntax", JPEG, ids=lambda uid: uid.keyword)
def test_bytes_after_the_end_of_a_stream_do_no_harm(
    tmp_path: Path, syntax: UID, rubbish: bytes
) -> None:
    """Recorders of cine films leave some."""
    frames = smooth(1, bits=8)
    stream = bytes(ENCODERS[syntax](frames[0])) + rubbish
    path = write(tmp_path / "x.dcm", frames, syntax, encapsulate([stream]))
    assert np.abs(decoded(path)[0].pixels.astype(int) - frames[0]).max() <= 5


@pytest.mark.parametrize(
    ("stream", "words"),
    [
        (b"", "no start marker"),
        (b"\xff\xd8\xff", "no frame header"),
        (b"\xff\xd8" + b"\xff\xc4\x00\x02" * 3, "no frame header"),
        (b"\xff\xd8\xff\xc3\x00\x0b", "0 rows and 0 columns"),
        (b"\xff\xd8\xff\xc9\x00\x0b" + bytes(9), "another process"),
        (b"\xff\xd8\xff\xc3\x00\x0b\x0c\xff\xff\xff\xff\x01" + bytes(9), "65535 rows"),
        (b"\xff\xd8\xff\xc3\x00\x0b\x0c\x00\x0c\x00\x10\x03" + bytes(9), "3 samples"),
    ],
)
def test_stream_that_is_no_frame_is_refused_unread(
    tmp_path: Path, stream: bytes, words: str
) -> None:
    path = write(
        tmp_path / "x.dcm", noise(1), uids.JPEGLosslessSV1, encapsulate([stream + b"\0\0"])
    )
    with pytest.raises(SourceError, match=words):
        decoded(path)


def test_baseline_by_name_and_lossless_by_nature_is_refused(tmp_path: Path) -> None:
    frames = noise(1, bits=8)
    stream = ENCODERS[uids.JPEGLosslessSV1](frames[0])
    path = write(tmp_path / "x.dcm", frames, uids.JPEGBaseline8Bit, encapsulate([stream]))
    with pytest.raises(SourceError, match="another process"):
        decoded(path)


@pytest.mark.parametrize("syntax", [uids.JPEGLSLossless, uids.JPEG2000Lossless, uids.RLELossless])
def test_stream_of_another_size_than_promised_is_refused(tmp_path: Path, syntax: UID) -> None:
    frame = noise(1, rows=16, columns=12)[0]
    encode = rle_encoded if syntax == uids.RLELossless else ENCODERS[syntax]
    stream = bytes(encode(frame))
    path = write(tmp_path / "x.dcm", noise(1, rows=24, columns=16), syntax, encapsulate([stream]))
    with pytest.raises(SourceError, match=syntax.name.partition(" ")[0]):
        decoded(path)


def test_gpl_decoder_is_not_needed_and_not_used() -> None:
    assert importlib.util.find_spec("libjpeg") is None
    for syntax in (*JPEG, uids.JPEGExtended12Bit, *uids.JPEGLSTransferSyntaxes):
        assert "pylibjpeg" not in get_decoder(syntax).available_plugins


@pytest.mark.parametrize("syntax", [uids.JPEGLSLossless, uids.JPEG2000Lossless, uids.RLELossless])
def test_decoder_that_is_not_installed_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, syntax: UID
) -> None:
    path = write(tmp_path / "x.dcm", noise(1), syntax)
    there = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "imagecodecs" else there(name)
    )
    with pytest.raises(SourceError, match="Install imagecodecs"):
        open_source(path)


@pytest.mark.parametrize("bits", [8, 10, 12, 16])
@pytest.mark.parametrize(
    ("syntax", "plugin"),
    [
        (uids.JPEGLSLossless, "pyjpegls"),
        (uids.JPEGLSNearLossless, "pyjpegls"),
        (uids.JPEG2000Lossless, "pylibjpeg"),
        (uids.JPEG2000, "pylibjpeg"),
        (uids.HTJ2KLossless, "pylibjpeg"),
    ],
    ids=lambda given: getattr(given, "keyword", given),
)
def test_second_decoder_gives_the_same(tmp_path: Path, syntax: UID, plugin: str, bits: int) -> None:
    frame = smooth(1, rows=70, columns=90, bits=bits)[0]
    path = write(tmp_path / "x.dcm", [frame], syntax, BitsStored=bits, HighBit=bits - 1)
    assert_same(decoded(path), [pixel_array(path, raw=True, decoding_plugin=plugin)])


@pytest.mark.parametrize(
    "syntax",
    [uids.JPEGLosslessSV1, uids.JPEGLSLossless, uids.JPEG2000Lossless, uids.HTJ2KLossless],
    ids=lambda uid: uid.keyword,
)
def test_other_threads_work_while_a_stream_is_decoded(syntax: UID) -> None:
    """A decoder that keeps the interpreter would hold up the fold for as long as it takes."""
    frame = noise(1, rows=2000, columns=2000)[0]
    stream = bytes(ENCODERS[syntax](frame))
    # A busy machine may give nobody a turn; three times in a row it does not.
    assert any(
        share_of_time_for_others(lambda: stream_decoded(stream, syntax)) > 0.5 for _ in range(3)
    )
