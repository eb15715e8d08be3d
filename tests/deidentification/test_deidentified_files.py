"""A copy contains every sample of the pixels and no other byte of their stream."""

from __future__ import annotations

import struct
import tracemalloc
from pathlib import Path

import imagecodecs
import numpy as np
import pydicom
import pydicom.uid as uids
import pytest
from dicom_writing import ENCODERS, noise, rle_encoded, sequence_item, smooth, write
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom.encaps import encapsulate
from pydicom.uid import UID
from typer.testing import CliRunner

from leakwatch.cli.program import app
from leakwatch.core.marks import Marks
from leakwatch.deidentification import deidentified_pixels
from leakwatch.deidentification.deidentified_files import CopyResult, copy_deidentified
from leakwatch.sinks.recording.recorded_header import PlaceInStudy, make_recorded_header
from leakwatch.sources.stored.opening import open_source

SECRET = b"DOE^JOHN"
FRAMES = noise(3)


def copied(path: Path, pictures_checked: bool = False) -> Path:
    """Return the copy of a file."""
    out = path.with_suffix(".out")
    done = copy_deidentified(path, out, pictures_checked)
    assert done.refused == ()
    return out / "00001.dcm"


def refused(path: Path, pictures_checked: bool = False) -> str:
    """Return why a file is not copied."""
    out = path.with_suffix(".out")
    done = copy_deidentified(path, out, pictures_checked)
    assert not done.written
    assert list(out.iterdir()) == []
    (reason,) = done.refused
    assert "\n" not in reason
    return reason


def pixels_of(path: Path) -> np.ndarray:
    return np.stack([frame.pixels for frame in open_source(path).frames()])


def assert_same_without_secret(path: Path) -> None:
    clean = copied(path)
    np.testing.assert_array_equal(pixels_of(clean), pixels_of(path))
    content = clean.read_bytes()
    assert SECRET in path.read_bytes()
    assert SECRET not in content
    assert b"Nobody" not in content  # the patient of `write`


def jpeg_with(stream: bytes, marker: int) -> bytes:
    return stream[:2] + segment(marker) + stream[2:]


def segment(marker: int, front: bytes = b"") -> bytes:
    body = front + SECRET
    return bytes((0xFF, marker)) + struct.pack(">H", 2 + len(body)) + body


def encoded(frame: np.ndarray, syntax: UID) -> bytes:
    return bytes(ENCODERS[syntax](frame))


@pytest.mark.parametrize("marker", [0xFE, *range(0xE0, 0xF0)])
@pytest.mark.parametrize(
    "syntax",
    [uids.JPEGBaseline8Bit, uids.JPEGLosslessSV1, uids.JPEGLSLossless, uids.JPEGLSNearLossless],
    ids=lambda uid: uid.keyword,
)
def test_comments_and_application_data_of_jpeg_and_jpeg_ls(tmp_path, syntax, marker):
    bits = 8 if syntax == uids.JPEGBaseline8Bit else 12
    frames = smooth(2, bits=bits)
    streams = [jpeg_with(encoded(frame, syntax), marker) for frame in frames]
    path = write(tmp_path / "x.dcm", frames, syntax, encapsulate(streams))
    assert_same_without_secret(path)


@pytest.mark.parametrize("syntax", [uids.JPEG2000Lossless, uids.JPEG2000, uids.HTJ2KLossless])
def test_comments_of_jpeg_2000(tmp_path, syntax):
    streams = []
    for frame in FRAMES:
        stream = encoded(frame, syntax)
        at = stream.index(b"\xff\x52")
        streams.append(stream[:at] + segment(0x64, b"\0\1") + stream[at:])
    assert_same_without_secret(write(tmp_path / "x.dcm", FRAMES, syntax, encapsulate(streams)))


@pytest.mark.parametrize("syntax", [*ENCODERS, uids.RLELossless], ids=lambda uid: uid.keyword)
def test_bytes_after_the_end_of_a_stream(tmp_path, syntax):
    frames = smooth(2, bits=8 if syntax == uids.JPEGBaseline8Bit else 12)
    encoder = rle_encoded if syntax == uids.RLELossless else ENCODERS[syntax]
    streams = [bytes(encoder(frame)) + SECRET for frame in frames]
    path = write(tmp_path / "x.dcm", frames, syntax, encapsulate(streams))
    done = copy_deidentified(path, tmp_path / "out")
    if done.refused:  # by the decoder, as damaged: right as well
        assert syntax == uids.RLELossless
        return
    assert SECRET not in (tmp_path / "out" / "00001.dcm").read_bytes()


def test_unused_entries_of_an_rle_header(tmp_path):
    streams = [rle_encoded(frame) for frame in FRAMES]
    streams = [stream[:40] + SECRET + stream[48:] for stream in streams]
    path = write(tmp_path / "x.dcm", FRAMES, uids.RLELossless, encapsulate(streams))
    assert_same_without_secret(path)


def test_what_follows_the_frames(tmp_path):
    data = b"".join(frame.tobytes() for frame in FRAMES)
    # It may be a part of a picture of another size: nobody can tell.
    path = write(tmp_path / "x.dcm", FRAMES, pixel_data=data + SECRET)
    assert "another size than the header states" in refused(path)
    streams = [encoded(frame, uids.JPEGLSLossless) for frame in FRAMES]
    more = encapsulate([*streams, SECRET])
    assert_same_without_secret(write(tmp_path / "y.dcm", FRAMES, uids.JPEGLSLossless, more))


def test_elements_after_pixel_data_in_the_preamble_or_the_meta_group(tmp_path):
    path = write(tmp_path / "x.dcm", FRAMES)
    dataset = pydicom.dcmread(path)
    dataset.preamble = SECRET * 16
    dataset.file_meta.PrivateInformationCreatorUID = "1.2.3"
    dataset.file_meta.PrivateInformation = SECRET
    dataset.file_meta.SourceApplicationEntityTitle = SECRET.decode()
    dataset.file_meta.ImplementationVersionName = SECRET.decode()
    dataset.add_new(0x7FE10010, "LO", "A MAKER")
    dataset.add_new(0x7FE11001, "OB", SECRET)
    dataset.add_new(0xFFFAFFFA, "SQ", [sequence_item(CertificateOfSigner=SECRET)])
    dataset.add_new(0xFFFCFFFC, "OB", SECRET)
    dataset.save_as(path)
    path.write_bytes(path.read_bytes() + b"\0" * 8)
    assert_same_without_secret(path)


@pytest.mark.parametrize("syntax", [uids.ExplicitVRLittleEndian, uids.RLELossless])
@given(stored=st.integers(9, 16), signed=st.booleans(), lift=st.integers(0, 4))
@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_bits_that_no_sample_uses_are_cleared_and_values_stay(
    tmp_path_factory, syntax, stored, signed, lift
):
    lift = min(lift, 16 - stored)
    words = np.random.default_rng(stored).integers(0, 1 << 16, (5, 8)).astype(np.uint16)
    path = write(
        tmp_path_factory.mktemp("bits") / "x.dcm", [words], syntax,
        BitsStored=stored, HighBit=stored - 1 + lift, PixelRepresentation=int(signed),
    )  # fmt: skip
    found = pydicom.dcmread(copied(path))
    for old, new in zip(words.ravel().tolist(), found.pixel_array.ravel().tolist(), strict=True):
        value = (old >> lift) % (1 << stored)
        sign = signed and value >> (stored - 1)
        assert new == value - (1 << stored if sign else 0)
    assert (found.BitsStored, found.HighBit) == (stored, stored - 1)


def test_bits_above_those_stored_of_8(tmp_path):
    words = np.arange(192, dtype=np.uint8).reshape(12, 16) | 0x80
    path = write(tmp_path / "x.dcm", [words], BitsStored=8, HighBit=7)
    np.testing.assert_array_equal(pixels_of(copied(path))[0], words)


@pytest.mark.parametrize(("position", "inside"), [(11, True), (3, True), (12, False), (0, False)])
def test_an_overlay_in_unused_bits_is_refused(tmp_path, position, inside):
    path = write(tmp_path / "x.dcm", FRAMES)
    dataset = pydicom.dcmread(path)
    dataset.add_new(0x60020102, "US", position)
    dataset.save_as(path)
    if inside:
        assert "Overlay Bit Position" in refused(path)
    else:
        np.testing.assert_array_equal(pixels_of(copied(path)), FRAMES)


def test_a_kept_element_that_is_sent_as_a_sequence(tmp_path):
    path = write(tmp_path / "x.dcm", FRAMES)
    dataset = pydicom.dcmread(path)
    for tag in (0x00180060, 0x00080008, 0x00280301, 0x00080018):
        dataset[tag] = pydicom.DataElement(tag, "SQ", [sequence_item(PatientName=SECRET.decode())])
    dataset.save_as(path, enforce_file_format=False)
    clean = copy_deidentified(path, tmp_path / "out")
    assert all(SECRET not in one.read_bytes() for one in (tmp_path / "out").iterdir())
    assert clean.written + len(clean.refused) == 1


def test_lookup_tables_are_removed(tmp_path):
    item = sequence_item(LUTDescriptor=[4, 0, 16], LUTExplanation=SECRET.decode())
    item.add_new(0x00283006, "OW", SECRET)
    path = write(
        tmp_path / "x.dcm", FRAMES,
        ModalityLUTSequence=[item], VOILUTSequence=[item],
        PixelIntensityRelationshipLUTSequence=[item],
    )  # fmt: skip
    assert_same_without_secret(path)


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("word", ["YES", "yes", "Y", "True", "YES ", "MAYBE"])
def test_a_burned_in_annotation_is_refused(tmp_path, word):
    path = write(tmp_path / "x.dcm", FRAMES, BurnedInAnnotation=word)
    assert "Burned In Annotation is" in refused(path)
    assert "--mask" in refused(path.rename(tmp_path / "y.dcm"), pictures_checked=True)


CAPTURE = {"SOPClassUID": uids.SecondaryCaptureImageStorage}


@pytest.mark.parametrize(
    "tags",
    [
        CAPTURE,
        {"SOPClassUID": uids.MultiFrameGrayscaleWordSecondaryCaptureImageStorage},
        {"ConversionType": "DF"},
        {"ImageType": ["DERIVED", "SECONDARY", "SCREEN SAVE"]},
    ],
)
def test_a_screen_capture_is_copied_only_if_the_user_checked_it(tmp_path, tags):
    path = write(tmp_path / "x.dcm", FRAMES, **tags)
    assert "--pictures-checked" in refused(path)
    assert open_source(path).acquisition.burned_in_annotation is True
    clean = copied(path.rename(tmp_path / "y.dcm"), pictures_checked=True)
    assert pydicom.dcmread(clean).BurnedInAnnotation == "NO"
    said = write(tmp_path / "z.dcm", FRAMES, BurnedInAnnotation="NO", **tags)
    np.testing.assert_array_equal(pixels_of(copied(said)), FRAMES)
    assert open_source(said).acquisition.burned_in_annotation is False


def test_an_image_from_a_digital_interface_is_not_a_screen_capture(tmp_path):
    path = write(tmp_path / "x.dcm", FRAMES, ConversionType="DI")
    assert open_source(path).acquisition.burned_in_annotation is None
    np.testing.assert_array_equal(pixels_of(copied(path)), FRAMES)


@pytest.mark.parametrize("planes", [0, 1])
def test_a_copy_in_colour_is_read_the_same(tmp_path, planes):
    colours = np.random.default_rng(1).integers(0, 255, (5, 7, 3)).astype(np.uint8)
    stored = colours if not planes else np.moveaxis(colours, 2, 0)
    path = write(
        tmp_path / "x.dcm", [colours[..., 0]], pixel_data=stored.tobytes() + SECRET + b"!",
        SamplesPerPixel=3, PhotometricInterpretation="RGB", PlanarConfiguration=planes,
        Rows=5, Columns=7, **CAPTURE,
    )  # fmt: skip
    assert "--pictures-checked" in refused(path)
    clean = copied(path.rename(tmp_path / "y.dcm"), pictures_checked=True)
    dataset = pydicom.dcmread(clean)
    np.testing.assert_array_equal(dataset.pixel_array, colours)
    assert SECRET not in clean.read_bytes()


def test_a_compressed_colour_image_is_refused(tmp_path):
    colours = np.zeros((5, 7, 3), np.uint8)
    stream = encapsulate([bytes(imagecodecs.jpeg8_encode(colours))])
    path = write(
        tmp_path / "x.dcm", [colours[..., 0]], uids.JPEGBaseline8Bit, stream,
        SamplesPerPixel=3, PhotometricInterpretation="YBR_FULL_422", PlanarConfiguration=0,
    )  # fmt: skip
    assert "Export it uncompressed" in refused(path, pictures_checked=True)


@pytest.mark.parametrize(
    "kind",
    [
        uids.EncapsulatedPDFStorage,
        uids.XRayRadiationDoseSRStorage,
        uids.MediaStorageDirectoryStorage,
        uids.CTImageStorage,
        uids.SegmentationStorage,
        uids.GrayscaleSoftcopyPresentationStateStorage,
        UID("1.2.840.113619.4.26"),
    ],
    ids=lambda uid: uid.name,
)
def test_an_object_that_would_be_incomplete_is_refused(tmp_path, kind):
    path = write(tmp_path / "x.dcm", FRAMES, SOPClassUID=kind)
    assert "its SOP Class is" in refused(path)
    dataset = pydicom.dcmread(path)
    del dataset.PixelData, dataset.SOPClassUID
    dataset.save_as(tmp_path / "y.dcm", enforce_file_format=False)
    assert "its SOP Class is" in refused(tmp_path / "y.dcm")


def test_an_image_without_pixels_or_with_fewer_is_refused(tmp_path):
    path = write(tmp_path / "x.dcm", FRAMES, NumberOfFrames=4)
    assert "3 of 4 frames are complete" in refused(path)
    dataset = pydicom.dcmread(path)
    del dataset.PixelData
    dataset.save_as(tmp_path / "y.dcm")
    assert "contains no image" in refused(tmp_path / "y.dcm")


def test_what_was_compressed_with_loss_stays_marked_so(tmp_path):
    frames = smooth(2, bits=8)
    path = write(tmp_path / "x.dcm", frames, uids.JPEGBaseline8Bit)
    clean = copied(path)
    assert open_source(clean).acquisition.compressed_with_loss
    assert pydicom.dcmread(clean).file_meta.TransferSyntaxUID == uids.JPEGLSLossless


@pytest.mark.parametrize(
    "syntax", [uids.ImplicitVRLittleEndian, uids.ExplicitVRBigEndian, uids.JPEGLosslessSV1]
)
@pytest.mark.parametrize("bits", [8, 12])
def test_samples_are_the_same_in_every_syntax(tmp_path, syntax, bits):
    frames = noise(3, 5, 7, bits)
    clean = copied(write(tmp_path / "x.dcm", frames, syntax, FrameTime=40.0))
    np.testing.assert_array_equal(pydicom.dcmread(clean).pixel_array, frames)
    assert [frame.time_s for frame in open_source(clean).frames()] == [0.0, 0.04, 0.08]


@pytest.mark.parametrize(
    "name", ["xa_coronary_cine_96f.dcm", "rf_shoulder_kwire.dcm", "cr_ankle_monochrome1_rle.dcm"]
)
def test_real_sequences_are_read_the_same(name, shared, tmp_path):
    copy_deidentified(shared / "real" / name, tmp_path / "out")
    old, new = open_source(shared / "real" / name), open_source(tmp_path / "out" / "00001.dcm")
    syntax = f"transfer_syntax_uid='{old.acquisition.transfer_syntax_uid}'"
    said = repr(new.acquisition).replace("transfer_syntax_uid='1.2.840.10008.1.2.4.80'", syntax)
    said = said.replace("transfer_syntax_uid='1.2.840.10008.1.2.1'", syntax)
    assert said == repr(old.acquisition)
    for one, two in zip(old.frames(), new.frames(), strict=True):
        assert one.time_s == two.time_s
        assert np.array_equal(one.pixels, two.pixels)


def in_a_folder(folder, **changes):
    """Three single frames of a session, named after the patient, and a note."""
    folder.mkdir()
    (folder / "notes.txt").write_bytes(SECRET)
    for number, time in enumerate(("101112.5", "101113.0", "101112.0")):
        write(
            folder / f"{SECRET.decode()}{number}.dcm", FRAMES[:1],
            SOPInstanceUID=f"1.2.3.{number + 1}", StudyInstanceUID="1.2.3",
            AcquisitionDate="20240229", AcquisitionTime=time, **changes,
        )  # fmt: skip


def run(*arguments):
    return CliRunner().invoke(app, ["deidentify", *(str(argument) for argument in arguments)])


def test_a_folder_is_copied_as_one_session(tmp_path):
    in_a_folder(tmp_path / "in")
    said = run(tmp_path / "in", "--out", tmp_path / "out")
    assert said.exit_code == 0, said.output
    assert "3 files written" in said.stdout
    assert "1 files are not DICOM" in said.stderr
    assert "3 of the files do not state whether they have burned-in" in said.stderr
    copies = sorted((tmp_path / "out").iterdir())
    assert [path.name for path in copies] == ["00001.dcm", "00002.dcm", "00003.dcm"]
    heads = [pydicom.dcmread(path) for path in copies]
    assert [float(head.AcquisitionTime) for head in heads] == [0.5, 1.0, 0.0]
    assert len({head.StudyInstanceUID for head in heads}) == 1
    assert len({head.SOPInstanceUID for head in heads}) == 3
    assert all(SECRET not in path.read_bytes() for path in copies)
    again = run(tmp_path / "in", "--out", tmp_path / "out")
    assert (again.exit_code, "is not empty" in again.stderr) == (2, True)


def test_files_with_burned_in_annotation_are_refused_one_by_one(tmp_path):
    in_a_folder(tmp_path / "in", BurnedInAnnotation="YES")
    write(tmp_path / "in" / "clean.dcm", FRAMES)
    said = run(tmp_path / "in", "--out", tmp_path / "out")
    assert said.exit_code == 2
    assert said.stderr.count("not copied") == 3
    assert "1 files written" in said.stdout


def test_the_option_of_checked_images(tmp_path):
    in_a_folder(tmp_path / "in", **CAPTURE)
    assert run(tmp_path / "in", "--out", tmp_path / "a").exit_code == 2
    assert run(tmp_path / "in", "--out", tmp_path / "b", "--pictures-checked").exit_code == 0
    assert len(list((tmp_path / "b").iterdir())) == 3


@pytest.mark.parametrize("content", [None, "no picture"])
def test_nothing_to_copy_is_a_clear_error(tmp_path, content):
    if content is not None:
        (tmp_path / "a").write_text(content)
    said = run(tmp_path / "a", "--out", tmp_path / "out")
    assert said.exit_code == 2
    assert "Check the path" in said.stderr


def test_a_deflated_file_is_refused_before_it_is_inflated(tmp_path):
    path = write(tmp_path / "x.dcm", FRAMES, uids.DeflatedExplicitVRLittleEndian)
    write(tmp_path / "y.dcm", FRAMES)
    done = copy_deidentified(tmp_path, tmp_path / "out")
    assert (done.written, len(done.refused)) == (1, 1)
    assert str(path) in done.refused[0]
    assert "dcmconv" in done.refused[0]
    assert isinstance(done, CopyResult)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_recorded_header_contains_no_untrusted_text(tmp_path):
    path = write(
        tmp_path / "x.dcm", FRAMES,
        Manufacturer=SECRET.decode(), ManufacturerModelName=SECRET.decode(),
        PatientOrientation=["DOE", "JOHN"], PixelSpacing=[0.2, 0.2],
        PixelSpacingCalibrationType="DOE JOHN",
    )  # fmt: skip
    acquisition = open_source(path).acquisition
    assert acquisition.patient_orientation is None
    place = PlaceInStudy(UID("2.25.1"), UID("2.25.2"), 1)
    head = make_recorded_header(acquisition, 16, Marks(), uids.RLELossless, place)
    head.save_as(tmp_path / "head.dcm")
    content = (tmp_path / "head.dcm").read_bytes()
    assert not any(part in content for part in (b"DOE", b"JOHN"))


def test_what_is_large_and_not_kept_is_never_read(tmp_path):
    path = write(tmp_path / "x.dcm", FRAMES)
    dataset = pydicom.dcmread(path)
    dataset.add_new(0x00290010, "LO", "A MAKER")
    dataset.add_new(0x00291001, "OB", SECRET * 3_000_000)
    dataset.add_new(0x00281408, "OW", SECRET * 1_000_000)
    dataset.save_as(path)
    del dataset
    tracemalloc.start()
    try:
        clean = copied(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8e6
    np.testing.assert_array_equal(pixels_of(clean), FRAMES)


def test_a_full_disk_leaves_no_half_copy(tmp_path, monkeypatch):
    path = write(tmp_path / "x.dcm", FRAMES)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(deidentified_pixels, "_write_native", full)
    assert "No space left on device. Check permissions and free disk space" in refused(path)
