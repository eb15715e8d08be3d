"""A watched folder, into which other processes write."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pydicom.uid as uids
import pytest
from dicom_writing import noise, smooth, write
from live_watching import stacked, watching

from leakwatch.config import LiveDicomSettings, Settings
from leakwatch.core.errors import SourceError
from leakwatch.core.frame import TimeSource
from leakwatch.core.protocols import Link
from leakwatch.sources.arrival import watched_folder
from leakwatch.sources.arrival.watched_folder import FolderOptions, WatchedFolder
from leakwatch.sources.live_sources import open_live

QUICK = LiveDicomSettings(partial_s=0.6, settle_s=0.1, scan_s=0.1, network_scan_s=0.05)
# Nothing may depend on what is decided while a slow machine writes.
PATIENT = LiveDicomSettings(partial_s=60.0, scan_s=0.1, network_scan_s=0.05)
POLLED = pytest.mark.parametrize("poll", [False, True], ids=["told", "polled"])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "watched").mkdir()
    return tmp_path / "watched"


def opened(folder: Path, settings: LiveDicomSettings = QUICK, **options: bool) -> WatchedFolder:
    return WatchedFolder(FolderOptions(folder, **options), settings)


def shell(script: str, *arguments: object) -> None:
    """Run by another process."""
    subprocess.run(["/bin/sh", "-c", script, "sh", *map(str, arguments)], check=True)


def in_pieces(file: Path, place: Path, size: int, pause_s: float = 0.3) -> None:
    """Another process writes `size` bytes of it, closes, waits, and writes the rest."""
    script = 'head -c $3 "$1" > "$2"; sleep $4; tail -c +$(($3 + 1)) "$1" >> "$2"'
    shell(script, file, place, size, pause_s)


@pytest.mark.parametrize(
    ("cut", "poll"),
    [
        ("head", False),
        ("mark", False),
        ("pixels", False),
        ("last byte", False),
        ("mark", True),
        ("last byte", True),
    ],
)
def test_a_file_in_two_pieces_is_one_sequence(tmp_path, folder, poll, cut):
    frames = noise(3)
    file = write(tmp_path / "a.dcm", frames)
    size = file.stat().st_size
    at = {"head": 500, "mark": 60, "pixels": size - 500, "last byte": size - 1}[cut]
    with watching(opened(folder, PATIENT, poll=poll)) as watch:
        in_pieces(file, folder / "a.dcm", at)
        assert np.array_equal(stacked(watch.frames(3)), frames)
        assert watch.status.link is Link.OPEN
        assert watch.status.frames_lost == 0


def test_a_compressed_frame_whose_second_fragment_is_late(tmp_path, folder):
    frames = smooth(2)
    file = write(tmp_path / "a.dcm", frames, uids.JPEGLSLossless, offset_table=False)
    with watching(opened(folder, PATIENT)) as watch:
        in_pieces(file, folder / "a.dcm", file.stat().st_size - 8)  # all but the end of the items
        assert np.array_equal(stacked(watch.frames(2)), frames)


@POLLED
def test_what_is_renamed_into_place_comes_once(tmp_path, folder, poll):
    frames = noise(2)
    write(tmp_path / "a.dcm", frames)
    write(tmp_path / "b.dcm", frames[:1], InstanceNumber=2)
    with watching(opened(folder, poll=poll)) as watch:
        script = 'cp "$1" "$2/a.part"; sleep 0.3; mv "$2/a.part" "$2/a.dcm"'
        shell(script, tmp_path / "a.dcm", folder)
        watch.frames(2)
        shell('mv "$1" "$2"', tmp_path / "b.dcm", folder)  # from another folder
        assert np.array_equal(stacked(watch.frames(3)), [*frames, frames[0]])
        time.sleep(0.4)
        assert len(watch.got) == 3


@POLLED
def test_single_frames_in_the_order_of_their_instances(tmp_path, folder, poll):
    frames = noise(8)
    source = tmp_path / "source"
    source.mkdir()
    for index, pixels in enumerate(frames):
        write(source / f"{9 - index}.dcm", [pixels], InstanceNumber=index + 1)
    with watching(opened(folder, poll=poll)) as watch:
        script = 'for i in 9 8 7 6 5 4 3 2; do cp "$1/$i.dcm" "$2"; sleep 0.05; done'
        shell(script, source, folder)
        got = watch.frames(8)
    assert np.array_equal(stacked(got), frames)
    assert [frame.index for frame in got] == list(range(8))
    assert len({id(frame.acquisition) for frame in got}) == 1
    assert got[0].acquisition.time_source is TimeSource.ARRIVAL
    assert got[0].acquisition.number_of_frames is None
    times = [frame.time_s for frame in got]
    assert times[0] == 0.0
    assert times == sorted(set(times))
    assert all(frame.received_s <= time.monotonic() for frame in got)


def test_files_that_are_there_are_asked_for(tmp_path, folder):
    write(folder / "old.dcm", noise(1))
    write(tmp_path / "new.dcm", noise(2))
    with watching(opened(folder)) as watch:
        assert "skipped: 1 file that existed already" in watch.status.text
        assert watch.status.link is Link.WAITING
        shutil.copy(tmp_path / "new.dcm", folder)
        assert len(watch.frames(2)) == 2
    with watching(open_live(f"folder:{folder}?existing=yes&poll=yes", Settings())) as watch:
        assert len(watch.frames(3)) == 3


def test_a_missing_instance_is_a_gap(tmp_path, folder):
    with watching(opened(folder)) as watch:
        for number in (1, 2, 5):
            write(tmp_path / "a.dcm", noise(1, bits=8 + number % 2), InstanceNumber=number)
            (tmp_path / "a.dcm").rename(folder / f"{number}.dcm")
            watch.frames(min(number, 3))
        assert [frame.index for frame in watch.got] == [0, 1, 4]
        assert watch.status.frames_lost == 2


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("garbage", "is not a DICOM file"),
        ("colour", "is a colour image"),
        ("cut in the head", "contains no image"),
        ("cut in the pixels", "no frame of it is complete"),
        ("damaged stream", "could not be decoded"),
    ],
)
def test_what_cannot_be_used_is_said_and_the_next_frame_comes(tmp_path, folder, fault, said):
    secret = folder / "Doe^John.dcm"
    with watching(opened(folder)) as watch:
        write(folder / "good.dcm", noise(1))
        watch.frames(1)
        file = write(tmp_path / "a.dcm", noise(1))
        whole = file.read_bytes()
        if fault == "garbage":
            secret.write_bytes(os.urandom(2000))
        elif fault == "colour":
            write(secret, noise(1), PhotometricInterpretation="RGB", SamplesPerPixel=3)
        elif fault == "damaged stream":
            write(secret, smooth(1), uids.JPEGLosslessSV1, pixel_data=_without_end())
        else:
            secret.write_bytes(whole[: 500 if fault == "cut in the head" else -100])
        status = watch.said(said)
        assert status.link is Link.LOST
        assert status.frames_lost == 1
        assert "Doe" not in status.text
        write(folder / "next.dcm", noise(1, bits=8))
        last = watch.frames(2)[1]
        assert last.index == 2
        assert watch.status.link is Link.OPEN
        assert said in watch.status.text  # for a while


def _without_end() -> bytes:
    from dicom_writing import ENCODERS
    from pydicom.encaps import encapsulate

    stream = bytes(ENCODERS[uids.JPEGLosslessSV1](smooth(1)[0]))
    return encapsulate([stream[: len(stream) // 2]])


def test_the_whole_frames_of_a_file_that_stays_cut(tmp_path, folder):
    frames = noise(4)
    whole = write(tmp_path / "a.dcm", frames).read_bytes()
    with watching(opened(folder)) as watch:
        (folder / "a.dcm").write_bytes(whole[: -int(1.5 * frames[0].nbytes)])
        assert np.array_equal(stacked(watch.frames(2)), frames[:2])
        status = watch.said("2 of 4 frames are complete")
        assert (status.link, status.frames_lost) == (Link.LOST, 2)
        write(folder / "b.dcm", noise(1, bits=8))
        assert watch.frames(3)[2].index == 4


def test_reports_and_directories_beside_the_frames_are_no_fault(tmp_path, folder):
    dose = write(tmp_path / "a.dcm", noise(1), SOPClassUID=uids.XRayRadiationDoseSRStorage)
    report = dose.read_bytes()
    with watching(opened(folder)) as watch:
        (folder / "report.dcm").write_bytes(report[: report.index(b"\xe0\x7f\x10\x00")])
        write(folder / "a.dcm", noise(1))
        watch.frames(1)
        time.sleep(0.3)
        assert watch.status.link is Link.OPEN
        assert watch.status.frames_lost == 0


def test_a_slice_of_a_ct_beside_the_frames_is_told_and_is_no_lost_frame(folder):
    with watching(opened(folder)) as watch:
        write(folder / "a.dcm", noise(1))
        watch.frames(1)
        write(folder / "b.dcm", noise(1), SOPClassUID=uids.CTImageStorage, Modality="CT")
        status = watch.said("is not a projection image (a CT image")
        assert (status.link, status.frames_lost) == (Link.OPEN, 0)
        write(folder / "c.dcm", noise(1))
        assert watch.frames(2)[1].index == 1


def test_a_run_that_is_over_is_given_frame_by_frame_and_is_not_the_present(folder):
    with watching(opened(folder)) as watch:
        write(folder / "run.dcm", noise(9))  # 0.1 s each
        got = watch.frames(9)
        assert watch.status.fluoroscopy_on is False
        assert [frame.time_s for frame in got] == pytest.approx([0.1 * at for at in range(9)])
        assert len({frame.received_s for frame in got}) == 1
        write(folder / "now.dcm", noise(1, bits=8))
        watch.frames(10)
        assert watch.status.fluoroscopy_on is None


def test_another_size_and_another_patient_are_another_run(folder):
    with watching(opened(folder)) as watch:
        write(folder / "1.dcm", noise(1))
        write(folder / "2.dcm", noise(1, rows=20), SOPInstanceUID="1.2.3")
        watch.frames(2)
        write(folder / "3.dcm", noise(1), PatientName="Somebody^Else")
        first, larger, other = watch.frames(3)
    assert larger.acquisition is not first.acquisition
    assert larger.acquisition.rows == 20
    assert larger.acquisition.subject == first.acquisition.subject != ""
    assert other.acquisition.subject not in ("", first.acquisition.subject)
    assert "Nobody" not in repr(first.acquisition)


def test_two_series_at_once_are_not_mixed(tmp_path, folder):
    with watching(opened(folder, LiveDicomSettings(series_quiet_s=0.4))) as watch:
        for index in range(12):
            for series in ("1.1", "1.2"):
                place = folder / f"{series}-{index}.dcm"
                tags = {"SeriesInstanceUID": series, "InstanceNumber": index + 1}
                write(tmp_path / "a.dcm", noise(1, rows=12 + int(series[-1])), **tags)
                (tmp_path / "a.dcm").rename(place)
            time.sleep(0.1)
        status = watch.said("a second series arrived at the same time")
        assert status.link is Link.OPEN
        # What waits when the first one ends is shown, after it.
        sizes = [frame.pixels.shape[0] for frame in watch.frames(13)]
    assert sizes == sorted(sizes)
    assert sizes.count(13) == 12


def test_the_same_object_again_is_left_out(folder):
    with watching(opened(folder)) as watch:
        write(folder / "1.dcm", noise(2), SOPInstanceUID="1.2.3")
        watch.frames(2)
        shutil.copy(folder / "1.dcm", folder / "2.dcm")
        watch.said("an object arrived a second time")
        (folder / "1.dcm").touch()
        write(folder / "3.dcm", noise(1, bits=8))
        assert len(watch.frames(3)) == 3


@POLLED
def test_a_folder_that_vanishes_and_comes_back(tmp_path, folder, poll):
    with watching(opened(folder, poll=poll)) as watch:
        write(folder / "1.dcm", noise(1))
        watch.frames(1)
        folder.rename(tmp_path / "elsewhere")
        assert watch.said("the folder is gone").link is Link.LOST
        (tmp_path / "elsewhere").rename(folder)
        watch.until(lambda: watch.status.link is Link.WAITING, "is back")
        write(folder / "2.dcm", noise(1, bits=8))
        assert len(watch.frames(2)) == 2


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("folder:{there}/nowhere", "there is no such folder"),
        ("folder:{file}", "is not a folder"),
        ("folder:{there}?exsting=yes", "option 'exsting' is not known. Known are: existing, poll"),
        ("folder:{there}?existing=perhaps", "existing is 'perhaps'. Write existing=yes"),
        ("folder:{there}?poll=yes&poll=no", "'poll' is given twice"),
    ],
)
def test_what_is_no_folder_is_refused(tmp_path, spec, said):
    file = write(tmp_path / "a.dcm", noise(1))
    with pytest.raises(SourceError) as error:
        open_live(spec.format(there=tmp_path, file=file), Settings())
    assert said in str(error.value)


def test_a_folder_with_a_question_mark(tmp_path):
    folder = tmp_path / "why?poll=yes"
    folder.mkdir()
    with watching(open_live(f"folder:{folder}", Settings())) as watch:
        write(folder / "1.dcm", noise(1))
        watch.frames(1)


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts in /proc")
def test_nothing_of_the_system_is_held_after_the_end(tmp_path):
    """A machine has 128 of them, and each one that is not given back is gone until the end."""

    def held():
        count = 0
        for one in Path("/proc/self/fd").iterdir():
            with suppress(OSError):  # that of this very listing
                count += "inotify" in str(one.readlink())
        return count

    before = held()
    for _ in range(3):
        with watching(WatchedFolder(FolderOptions(tmp_path))):
            assert held() > before
    assert held() == before


def test_where_the_system_gives_no_watch_the_folder_is_looked_through(tmp_path, monkeypatch):
    def none_left():
        raise OSError(24, "inotify instance limit reached")

    monkeypatch.setattr(watched_folder, "_observer", none_left)
    with watching(WatchedFolder(FolderOptions(tmp_path), QUICK)) as watch:
        write(tmp_path / "a.dcm", noise(1))
        watch.frames(1)
