"""Recorded frames: every pixel and time as it was, in files that others read too."""

from __future__ import annotations

import resource
import shutil
import signal
import subprocess
import sys
from dataclasses import replace

import injection
import jpeg_ls
import numpy as np
import pydicom
import pytest
from handmade import ACQUISITION, CALIBRATION, MARKS, make_frame, make_observation, make_snapshot
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.tag import Tag
from thread_turns import share_of_time_for_others

from leakwatch.alerting import rules
from leakwatch.calibration.spacing_ladder import resolve_calibration
from leakwatch.case_files.case_file import load_case
from leakwatch.case_files.run_records import frame_line
from leakwatch.case_files.session_file import load_session, read_recorded_frames
from leakwatch.case_files.settings_file import load_settings
from leakwatch.config import Settings
from leakwatch.core.arrays import read_only
from leakwatch.core.errors import SinkError
from leakwatch.core.frame import IntensityRelationship, PixelFormat, ProjectionGeometry, Shutter
from leakwatch.core.geometry import WorkingGrid
from leakwatch.core.marks import CaseFile, Marks
from leakwatch.core.results import Level
from leakwatch.core.spacing import Calibration, SpacingRung
from leakwatch.pipeline import stages
from leakwatch.pipeline.fold import fold
from leakwatch.sinks.recording import frame_recorder
from leakwatch.sinks.recording.frame_recorder import FrameRecorder, Recording
from leakwatch.sinks.recording.growing_dicom import HEADER_BYTES
from leakwatch.sinks.recording.lossless_pixels import Compression, compressed
from leakwatch.sinks.workers.sink_worker import SinkWorker
from leakwatch.sources.dicom.dicom_file import DicomFile
from leakwatch.sources.stored.opening import open_source
from leakwatch.sources.stored.recorded_session import RecordedSession
from leakwatch.vision.preprocessing.intensity import (
    attenuation_scale_known,
    log_attenuation,
    more_value_is_more_beam,
)

RECORDING = Recording(MARKS, CALIBRATION, Settings(), "test")
PART = "fluoroscopy-001.dcm"


def record(folder, snapshots, recording=RECORDING):
    recorder = FrameRecorder(folder, recording)
    for snapshot in snapshots:
        recorder.append(snapshot)
    recorder.close()


def with_frame(index, **changes):
    snapshot = make_snapshot(index)
    return replace(snapshot, frame=replace(snapshot.frame, **changes))


def test_tube_voltage_is_kept_and_its_changes_begin_no_new_file(tmp_path):
    acquisition = make_snapshot(0).frame.acquisition
    steps = [replace(acquisition, tube_kv=tube_kv) for tube_kv in (72.5, 72.5, 74.0)]
    record(tmp_path, [with_frame(at, acquisition=one) for at, one in enumerate(steps)])
    assert [path.name for path in tmp_path.glob("*.dcm")] == [PART]
    assert open_source(tmp_path).acquisition.tube_kv == 72.5


@pytest.mark.parametrize(
    ("compression", "plugin"),
    [(Compression.RLE, "pydicom"), (Compression.RLE, "pylibjpeg"), (Compression.JPEG_LS, "gdcm")],
)
@pytest.mark.filterwarnings("ignore:The number of bytes of compressed")  # as they may be
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_any_frame_comes_back_by_other_decoders(compression, plugin, data):
    kind = data.draw(st.sampled_from([np.uint8, np.uint16]))
    least = 1 if compression is Compression.RLE else 2  # smaller ones gdcm does not read
    shape = data.draw(st.tuples(st.integers(least, 5), st.integers(least, 140)))
    top = np.iinfo(kind).max
    numbers = st.sampled_from([0, 1, 2, 127, 128, 129, 255, top - 1, top])
    pixels = data.draw(arrays.arrays(kind, shape, elements=numbers, fill=numbers))
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = compression.transfer_syntax
    dataset.Rows, dataset.Columns = shape
    dataset.SamplesPerPixel, dataset.PixelRepresentation = 1, 0
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.BitsAllocated = dataset.BitsStored = 8 * pixels.itemsize
    stream = compressed(pixels, compression)
    assert len(stream) % 2 == 0
    dataset.PixelData = encapsulate([stream])
    dataset.pixel_array_options(decoding_plugin=plugin)
    assert np.array_equal(dataset.pixel_array, pixels)


@pytest.mark.parametrize("compression", Compression)
@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.int16])
def test_any_kind_of_word_is_read_back(compression, kind, tmp_path):
    low, high = np.iinfo(kind).min, np.iinfo(kind).max
    pixels = np.random.default_rng(2).integers(low, high, (40, 31), kind, endpoint=True)
    form = PixelFormat("MONOCHROME2", 8 * pixels.itemsize, signed=low < 0)
    acquisition = replace(ACQUISITION, rows=40, columns=31, pixel_format=form)
    snapshots = [with_frame(i, pixels=pixels, acquisition=acquisition) for i in range(2)]
    record(tmp_path, snapshots, replace(RECORDING, compression=compression))
    for frame in open_source(tmp_path).frames():
        # XA has no signed words: the same values, from zero on.
        assert frame.pixels.dtype == np.dtype(f"u{pixels.itemsize}")
        assert np.array_equal(frame.pixels.astype(int) + low, pixels)


@pytest.mark.parametrize(
    ("program", "compression"), [("dcmdrle", Compression.RLE), ("dcmdjpls", Compression.JPEG_LS)]
)
def test_dcmtk_reads_the_same(program, compression, tmp_path):
    if shutil.which(program) is None:
        pytest.skip(f"no {program} here; scripts/system-packages peers installs it")
    record(tmp_path, map(make_snapshot, range(3)), replace(RECORDING, compression=compression))
    subprocess.run([program, tmp_path / PART, tmp_path / "plain.dcm"], check=True)
    plain = pydicom.dcmread(tmp_path / "plain.dcm").pixel_array
    assert np.array_equal(plain, np.stack([make_frame(index).pixels for index in range(3)]))


GEOMETRY = ProjectionGeometry(
    sid_mm=1050.0,
    sod_mm=700.0,
    magnification=1.5,
    imager_pixel_spacing_mm=(0.308, 0.308),
    primary_angle_deg=-89.5,
    secondary_angle_deg=2.0,
)
FORMATS = {
    "lin": PixelFormat("MONOCHROME2", 12, IntensityRelationship.LIN),
    "display": PixelFormat("MONOCHROME2", 12, IntensityRelationship.DISP, 1),
    "log": PixelFormat("MONOCHROME2", 12, IntensityRelationship.LOG),
    "radiograph": PixelFormat("MONOCHROME2", 12, IntensityRelationship.LIN, bone_is_bright=True),
}
SHUTTERS = {
    "none": None,
    "rectangle": Shutter(left=3.0, right=120.0, top=2.0, bottom=90.0),
    "circle": Shutter(centre_px=(64.0, 48.0), radius_px=45.0),
    "polygon": Shutter(vertices_px=read_only(np.array([[2.0, 2.0], [120.0, 3.0], [60.0, 90.0]]))),
}


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("shutter", SHUTTERS)
def test_a_recorded_run_is_judged_like_its_source(form, shutter, tmp_path):
    """Polarity, geometry, calibration and shutter survive; dciodvfy has nothing to say."""
    acquisition = replace(
        ACQUISITION,
        pixel_format=FORMATS[form],
        geometry=GEOMETRY,
        shutter=SHUTTERS[shutter],
        patient_orientation=("A", "F"),
        number_of_frames=None,
    )
    record(tmp_path, [with_frame(i, acquisition=acquisition) for i in range(3)])
    read = DicomFile(tmp_path / PART).acquisition
    assert read.geometry == GEOMETRY
    assert repr(read.shutter) == repr(SHUTTERS[shutter])
    assert read.patient_orientation == ("A", "F")
    no_case = CaseFile("", MARKS)
    used = Settings().calibration
    assert resolve_calibration(read, no_case, None, used) == resolve_calibration(
        acquisition, no_case, None, used
    )
    assert more_value_is_more_beam(read.pixel_format) == more_value_is_more_beam(FORMATS[form])
    assert attenuation_scale_known(read.pixel_format) == attenuation_scale_known(FORMATS[form])
    validator = shutil.which("dciodvfy")
    if validator is not None and form != "radiograph":  # of which XA knows nothing
        part = tmp_path / PART
        done = subprocess.run([validator, part], capture_output=True, text=True, check=False)
        assert (done.returncode, (done.stdout + done.stderr).split()) == (0, ["XAImage"])


@pytest.mark.parametrize(
    "form",
    [
        PixelFormat("MONOCHROME1", 12, IntensityRelationship.LIN),
        PixelFormat("MONOCHROME1", 16, IntensityRelationship.LOG, signed=True),
        PixelFormat("MONOCHROME1", 12, IntensityRelationship.LIN, 1),
        PixelFormat("MONOCHROME1", 12, IntensityRelationship.LIN, bone_is_bright=True),
    ],
    ids=["usual", "signed", "sign says the opposite", "radiograph"],
)
def test_monochrome1_is_turned_round_since_xa_has_none_and_says_the_same(form, tmp_path):
    acquisition = replace(ACQUISITION, pixel_format=form)
    plain = make_frame(0).pixels
    pixels = plain.astype(np.int16) - 2000 if form.signed else plain
    record(tmp_path, [with_frame(0, pixels=read_only(pixels), acquisition=acquisition)])
    assert pydicom.dcmread(tmp_path / PART).PhotometricInterpretation == "MONOCHROME2"
    (read,) = open_source(tmp_path).frames()
    top = 2**15 - 1 if form.signed else 4095
    assert np.array_equal(read.pixels.astype(int), top - pixels.astype(int))
    grid = WorkingGrid(*pixels.shape, 1)
    before = log_attenuation(pixels, form, grid)
    assert np.array_equal(log_attenuation(read.pixels, read.acquisition.pixel_format, grid), before)
    validator = shutil.which("dciodvfy")
    if validator is not None and read.acquisition.pixel_format.relationship_sign is None:
        done = subprocess.run(
            [validator, tmp_path / PART], capture_output=True, text=True, check=False
        )
        assert (done.returncode, (done.stdout + done.stderr).split()) == (0, ["XAImage"])


def test_nothing_but_the_acquisition_is_written(tmp_path):
    """No element that may name a patient, a person, a place or a day."""
    source = replace(ACQUISITION, notes=("Text on DOE^JOHN",), subject="DOE^JOHN")
    record(tmp_path, [with_frame(i, acquisition=source) for i in range(2)])
    for path in tmp_path.iterdir():
        assert b"DOE" not in path.read_bytes()
    dataset = pydicom.dcmread(tmp_path / PART)
    assert dataset.PatientIdentityRemoved == "YES"
    personal = {e.keyword: str(e.value) for e in dataset if e.VR in ("DA", "TM", "DT", "PN")}
    name = str(dataset.PatientID).replace("-", "^")
    assert {keyword: value for keyword, value in personal.items() if value} == {
        "StudyDate": "20000101",
        "StudyTime": "000000",
        "PatientName": name,
    }
    assert name.startswith("LEAKWATCH^")
    assert all(not element.tag.is_private for element in dataset)


def test_times_are_kept_to_the_last_digit_and_in_the_tags_to_a_microsecond(tmp_path):
    times = [0.0, 0.1333333333, 0.2666666667, 0.4, 1.9000004, 2.0333338]
    record(tmp_path, [with_frame(i, time_s=time) for i, time in enumerate(times)])
    assert [frame.time_s for frame in open_source(tmp_path).frames()] == times
    dataset = pydicom.dcmread(tmp_path / PART)
    assert dataset.FrameIncrementPointer == Tag("FrameTimeVector")
    from_tags = np.cumsum(np.array(dataset.FrameTimeVector, dtype=float)) / 1000.0
    assert np.abs(from_tags - times).max() < 0.6e-6
    assert np.abs([f.time_s for f in DicomFile(tmp_path / PART).frames()] - from_tags).max() < 1e-9


def test_even_times_are_one_frame_time(tmp_path):
    record(tmp_path, [with_frame(i, time_s=i / 7.5) for i in range(4)])
    dataset = pydicom.dcmread(tmp_path / PART)
    assert float(dataset.FrameTime) == pytest.approx(1000.0 / 7.5)
    assert "FrameTimeVector" not in dataset


def test_the_longest_file_has_room_for_its_times(tmp_path):
    """The largest steps that can be, for as many frames as a file may hold."""
    recorder = FrameRecorder(tmp_path, RECORDING)
    recorder.append(make_snapshot(0))
    part = recorder._part
    steps = 99.999 + 1e-3 * (np.arange(frame_recorder.PART_FRAMES) % 2)
    part.times_s[:] = np.cumsum(steps).tolist()
    recorder.close()
    dataset = pydicom.dcmread(tmp_path / PART, stop_before_pixels=True)
    assert len(dataset.FrameTimeVector) == frame_recorder.PART_FRAMES
    assert (tmp_path / PART).read_bytes()[HEADER_BYTES : HEADER_BYTES + 4] == b"\xe0\x7f\x10\x00"


def test_lost_frames_keep_their_numbers(tmp_path):
    record(tmp_path, [make_snapshot(index) for index in (0, 1, 4, 5)])
    assert [frame.index for frame in open_source(tmp_path).frames()] == [0, 1, 4, 5]
    assert [frame.index for frame in open_source(tmp_path).frames(2)] == [4, 5]
    assert load_case(tmp_path / "session.case.json").dicom_path == "."


def test_a_run_that_changes_and_a_file_that_gets_long_begin_another(tmp_path, monkeypatch):
    monkeypatch.setattr(frame_recorder, "PART_FRAMES", 3)
    turned = replace(ACQUISITION, geometry=GEOMETRY)
    said_again = replace(ACQUISITION, notes=("again",))
    snapshots = [make_snapshot(index) for index in range(4)]
    snapshots += [with_frame(4, acquisition=said_again), with_frame(5, acquisition=turned)]
    record(tmp_path, snapshots)
    parts = [line.part for line in read_recorded_frames(tmp_path / "recording.jsonl")]
    assert parts == [1, 1, 1, 2, 2, 3]
    assert len(load_session(tmp_path / "session.json").parts) == 3
    source = open_source(tmp_path)
    assert isinstance(source, RecordedSession)
    read = list(source.frames())
    for frame, snapshot in zip(read, snapshots, strict=True):
        assert np.array_equal(frame.pixels, snapshot.frame.pixels)
    assert read[5].acquisition.geometry == GEOMETRY
    assert [frame.index for frame in source.frames(4)] == [4, 5]
    studies = {pydicom.dcmread(path).StudyInstanceUID for path in tmp_path.glob("*.dcm")}
    assert len(studies) == 1


def test_a_file_ends_before_its_size_needs_more_than_32_bits(tmp_path, monkeypatch):
    monkeypatch.setattr(frame_recorder, "PART_BYTES", HEADER_BYTES + 40_000)
    record(tmp_path, map(make_snapshot, range(6)))
    sizes = [path.stat().st_size for path in sorted(tmp_path.glob("*.dcm"))]
    assert len(sizes) > 1
    assert max(sizes) <= HEADER_BYTES + 40_000
    assert sum(1 for _ in open_source(tmp_path).frames()) == 6


def test_text_in_the_picture_is_refused_masked_or_kept_by_choice(tmp_path):
    told = replace(ACQUISITION, burned_in_annotation=True)
    snapshots = [with_frame(index, acquisition=told) for index in range(2)]
    for name in ("refused", "masked", "kept"):
        (tmp_path / name).mkdir()
    recorder = FrameRecorder(tmp_path / "refused", RECORDING)
    with pytest.raises(SinkError, match="--keep-identity"):
        recorder.append(snapshots[0])
    recorder.close()
    assert not list((tmp_path / "refused").glob("*.dcm"))
    assert load_session(tmp_path / "refused" / "session.json").state == "stopped"

    masks = ((0, 0, 40, 12), (100, 90, 900, 900))
    record(tmp_path / "masked", snapshots, replace(RECORDING, masks_px=masks))
    dataset = pydicom.dcmread(tmp_path / "masked" / PART)
    assert dataset.BurnedInAnnotation == "NO"
    assert not dataset.pixel_array[:, :12, :40].any()
    assert not dataset.pixel_array[:, 90:, 100:].any()
    assert np.array_equal(dataset.pixel_array[0, 12:90], snapshots[0].frame.pixels[12:90])
    # Black would be taken for dense cement when the case is folded again.
    again = next(open_source(tmp_path / "masked").frames())
    assert again.acquisition.masks_px == (
        (0, 0, 40, 12),
        (100, 90, ACQUISITION.columns, ACQUISITION.rows),
    )

    record(tmp_path / "kept", snapshots, replace(RECORDING, keep_identity=True))
    assert pydicom.dcmread(tmp_path / "kept" / PART).BurnedInAnnotation == "YES"
    assert load_session(tmp_path / "kept" / "session.json").identity == "kept by choice"


def test_settings_and_calibration_come_back(tmp_path):
    used = Settings()
    record(tmp_path, [make_snapshot(0)])
    assert load_settings(tmp_path / "settings.toml") == used
    assert load_session(tmp_path / "session.json").calibration == CALIBRATION


def test_millimetres_by_hand_are_in_the_case_and_those_of_the_tags_are_not(tmp_path):
    by_hand = Calibration(0.21, 0.004, SpacingRung.CASE, "case")
    for name, calibration, expected in (("tags", CALIBRATION, None), ("hand", by_hand, 0.21)):
        (tmp_path / name).mkdir()
        seen = make_observation(0, calibration=calibration)
        record(tmp_path / name, [make_snapshot(0, observation=seen)])
        assert load_session(tmp_path / name / "session.json").calibration == calibration
        case = load_case(tmp_path / name / "session.case.json")
        assert case.mm_per_px == expected
        assert np.array_equal(case.marks.posterior_wall_px, MARKS.posterior_wall_px)


def test_marks_that_a_person_changes_are_kept_at_once(tmp_path):
    recorder = FrameRecorder(tmp_path, replace(RECORDING, marks=Marks()))
    marks = [Marks(), Marks(), MARKS]
    recorder.follow_marks(lambda: marks.pop(0))
    case = tmp_path / "session.case.json"
    there = []
    for index in range(3):
        recorder.append(make_snapshot(index))
        there.append(case.exists())
    assert there == [False, False, True]
    assert np.array_equal(load_case(case).marks.posterior_wall_px, MARKS.posterior_wall_px)
    recorder.close()
    assert load_case(case).dicom_path == PART


def test_another_patient_is_another_study(tmp_path):
    other = replace(ACQUISITION, subject="b")
    record(tmp_path, [make_snapshot(0), with_frame(1, acquisition=other)])
    heads = [pydicom.dcmread(path, stop_before_pixels=True) for path in tmp_path.glob("*.dcm")]
    assert len({head.StudyInstanceUID for head in heads}) == 2
    assert len({head.PatientID for head in heads}) == 2


def test_a_folder_with_a_session_is_not_written_over(tmp_path):
    record(tmp_path, [make_snapshot(0)])
    with pytest.raises(SinkError, match="contains a recorded session already"):
        FrameRecorder(tmp_path, RECORDING)


@pytest.fixture
def small_disk():
    """Files may grow to a size and no further, as on a disk that is full."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    def limited(size):
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))

    yield limited
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    signal.signal(signal.SIGXFSZ, before)


@pytest.mark.skipif(sys.platform == "win32", reason="no such limit")
def test_on_a_full_disk_alarms_go_on_and_what_was_recorded_is_whole(tmp_path, small_disk):
    snapshots = list(fold(injection.frames(), *initial_states()))
    whole = [snapshot.alert.level for snapshot in snapshots]
    small_disk(HEADER_BYTES + 500_000)
    worker = SinkWorker(FrameRecorder(tmp_path, RECORDING))
    shown = []
    for snapshot in fold(injection.frames(), *initial_states()):
        worker.append(snapshot)
        shown.append(snapshot.alert.level)
    worker.close()
    small_disk(-1)
    assert shown == whole
    assert shown[-1] is Level.STOP
    assert "cannot be written: File too large" in str(worker.failure)
    session = load_session(tmp_path / "session.json")
    assert session.state == "stopped"
    assert "File too large" in session.reason
    assert 2 < session.frames < injection.FRAMES
    kept = pydicom.dcmread(tmp_path / PART).pixel_array
    assert np.array_equal(kept, injection.stack()[: session.frames])
    assert sum(1 for _ in open_source(tmp_path).frames()) == session.frames


def initial_states():
    used = Settings()
    vision = stages.initial_state(used, injection.MARKS, injection.CALIBRATION)
    return vision, rules.initial_state(used)


def test_folding_again_gives_the_same_lines(tmp_path):
    recorder = FrameRecorder(tmp_path, RECORDING)
    lines = []
    for snapshot in fold(injection.frames(), *initial_states()):
        recorder.append(snapshot)
        lines.append(frame_line(replace(snapshot, latency_ms=0.0)))
    recorder.close()
    again = [
        frame_line(replace(snapshot, latency_ms=0.0))
        for snapshot in fold(open_source(tmp_path).frames(), *initial_states())
    ]
    assert again == lines


def test_other_threads_run_while_a_frame_is_compressed():
    """An encoder that keeps the interpreter would hold up alerts for as long as it takes."""
    pixels = np.random.default_rng(0).integers(0, 4096, (3000, 3000)).astype(np.uint16)
    for compression in Compression:
        # A busy machine may give nobody a turn; three times in a row it does not.
        assert any(
            share_of_time_for_others(lambda how=compression: compressed(pixels, how)) > 0.5
            for _ in range(3)
        )
    # The measure tells: this one keeps it.
    assert share_of_time_for_others(lambda: jpeg_ls.encode_array(pixels)) < 0.3
