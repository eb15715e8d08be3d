"""A folder of single frames: in the order in which they were acquired, and of one run only."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pydicom.uid as uids
import pytest
from dicom_writing import noise, sequence_item, write

from leakwatch.core.errors import SourceEndedEarly, SourceError
from leakwatch.core.frame import TimeSource
from leakwatch.sources.dicom.dicom_folder import DicomFolder
from leakwatch.sources.stored.opening import open_source

# Where frame i of a run is found among the files: their names say nothing of the order.
SHUFFLED = [2, 0, 3, 1]


def folder_of(folder: Path, tags: list[dict[str, Any]], **common: Any) -> Path:
    """A file for each of `tags`, named so that their order by name is `SHUFFLED`."""
    folder.mkdir(exist_ok=True)
    for index, (frame, own) in enumerate(zip(noise(len(tags)), tags, strict=True)):
        place = SHUFFLED.index(index) if len(tags) == 4 else index
        write(folder / f"IM{place}", [frame], **(common | own))
    return folder


def order(folder: Path) -> list[int]:
    """Which of the frames of `noise` come, in the order in which they come."""
    originals = noise(4)
    frames = list(open_source(folder).frames())
    assert [frame.index for frame in frames] == list(range(len(frames)))
    return [
        next(i for i, pixels in enumerate(originals) if np.array_equal(frame.pixels, pixels))
        for frame in frames
    ]


CLOCKS = ["235959.90", "000000.00", "000000.10", "000000.20"]
DATES = ["20200131", "20200201", "20200201", "20200201"]


def test_order_by_acquisition_time_over_midnight(tmp_path: Path) -> None:
    tags = [
        {"AcquisitionTime": clock, "AcquisitionDate": date, "InstanceNumber": 9 - index}
        for index, (clock, date) in enumerate(zip(CLOCKS, DATES, strict=True))
    ]
    folder = folder_of(tmp_path / "run", tags)
    assert order(folder) == [0, 1, 2, 3]
    source = open_source(folder)
    assert source.acquisition.time_source is TimeSource.ACQUISITION_TIME
    seconds = [frame.time_s for frame in source.frames()]
    assert seconds == pytest.approx([0.0, 0.1, 0.2, 0.3])


@pytest.mark.parametrize("date", [None, "20200131"], ids=["no date", "date of the study"])
@pytest.mark.parametrize("with_numbers", [True, False])
def test_midnight_passes_where_the_date_stands_still(
    tmp_path: Path, date: str | None, with_numbers: bool
) -> None:
    tags = [
        {"AcquisitionTime": clock}
        | ({"AcquisitionDate": date} if date else {})
        | ({"InstanceNumber": index} if with_numbers else {})
        for index, clock in enumerate(CLOCKS)
    ]
    folder = folder_of(tmp_path / "run", tags)
    assert order(folder) == [0, 1, 2, 3]
    source = open_source(folder)
    assert [frame.time_s for frame in source.frames()] == pytest.approx([0.0, 0.1, 0.2, 0.3])
    assert "passes midnight" in " ".join(source.acquisition.notes)
    assert source.acquisition.time_doubts == ()


def test_a_pause_of_half_a_day_is_no_midnight(tmp_path: Path) -> None:
    tags = [{"AcquisitionTime": clock} for clock in ("080000.5", "080001.5", "230000.5", "230001")]
    assert order(folder_of(tmp_path / "run", tags)) == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("tags", "words"),
    [
        (
            [{"AcquisitionTime": f"12000{n}.5", "InstanceNumber": 9 - n} for n in range(4)],
            ["3 of 3 times the Instance Number falls while AcquisitionTime grows"],
        ),
        (
            [{"AcquisitionTime": f"12000{n}.5", "FrameTime": 125} for n in range(4)],
            ["FrameTime says 8 frames/s and AcquisitionTime 1;"],
        ),
        (
            [
                {"AcquisitionDateTime": f"2020013112000{n}.5", "AcquisitionTime": f"12003{2 * n}.5"}
                for n in range(4)
            ],
            ["AcquisitionTime says 0.5 frames/s and AcquisitionDateTime 1;"],
        ),
        (
            [{"AcquisitionTime": f"12000{2 * (n // 2)}", "InstanceNumber": n} for n in range(4)],
            ["4 frames take 2 s by AcquisitionTime and 0.2 s by the assumed rate"],
        ),
        (
            [{"AcquisitionTime": f"12000{4 - n // 2}", "InstanceNumber": n} for n in range(4)],
            ["1 of 3 times AcquisitionTime falls while the Instance Number grows"],
        ),
    ],
    ids=["numbers back", "rate", "two clocks", "whole seconds", "whole seconds back"],
)
def test_what_contradicts_order_or_times_is_told(
    tmp_path: Path, tags: list[dict[str, Any]], words: list[str]
) -> None:
    doubts = open_source(folder_of(tmp_path / "run", tags)).acquisition.time_doubts
    assert len(doubts) == len(words)
    assert all(word in doubt for word, doubt in zip(words, doubts, strict=True)), doubts


def in_groups(moment: str) -> dict[str, Any]:
    """An enhanced object keeps its clock time in a functional group."""
    content = sequence_item(FrameReferenceDateTime=moment)
    groups = sequence_item(FrameContentSequence=[content])
    return {"PerFrameFunctionalGroupsSequence": [groups]}


@pytest.mark.parametrize("keyword", ["", "AcquisitionDateTime", "ContentTime"])
def test_other_clocks(tmp_path: Path, keyword: str) -> None:
    date = "" if keyword == "ContentTime" else "20200131"
    moments = [f"{date}12000{index}.5" for index in range(4)]
    tags = [{keyword: moment} if keyword else in_groups(moment) for moment in moments]
    folder = folder_of(tmp_path / "run", tags)
    assert order(folder) == [0, 1, 2, 3]
    assert open_source(folder).acquisition.time_source is TimeSource.ACQUISITION_TIME


@pytest.mark.parametrize(
    "clocks",
    [["120000"] * 4, ["120000", "120001", "120001", "120002"], ["120000", "120001", "", "120003"]],
    ids=["all the same", "two the same", "one without"],
)
def test_clock_that_does_not_tell_frames_apart_gives_way_to_instance_number(
    tmp_path: Path, clocks: list[str]
) -> None:
    tags = [
        {"AcquisitionTime": clock, "InstanceNumber": 10 + index}
        for index, clock in enumerate(clocks)
    ]
    folder = folder_of(tmp_path / "run", tags, FrameTime=125)
    assert order(folder) == [0, 1, 2, 3]
    source = open_source(folder)
    assert source.acquisition.time_source is TimeSource.FRAME_TIME
    assert [frame.time_s for frame in source.frames()] == [0.0, 0.125, 0.25, 0.375]


def test_instance_numbers_are_numbers(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "run", [{"InstanceNumber": n} for n in (2, 9, 10, 100)])
    assert order(folder) == [0, 1, 2, 3]
    run = open_source(folder).acquisition
    assert run.time_source is TimeSource.ASSUMED
    assert any("15 frames/s are assumed" in note for note in run.notes)
    assert any("95 Instance Numbers are missing" in note for note in run.notes)


def test_file_names_as_a_last_resort_are_told(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "run", [{}] * 4)
    assert order(folder) == SHUFFLED
    assert any("by file name" in note for note in open_source(folder).acquisition.notes)


def test_what_the_folder_is(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "run", [{"InstanceNumber": n} for n in range(4)])
    source = open_source(folder)
    assert isinstance(source, DicomFolder)
    assert source.number_of_frames == source.acquisition.number_of_frames == 4
    frames = list(source.frames())
    assert all(frame.acquisition is source.acquisition for frame in frames)
    source.close()


def test_other_files_are_passed_over(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "run", [{"InstanceNumber": n} for n in range(4)])
    (folder / "notes.txt").write_text("Not a frame.", encoding="utf-8")
    (folder / "empty").touch()
    (folder / "more").mkdir()
    report = write(folder / "SR", noise(1), SOPClassUID=uids.BasicTextSRStorage)
    content = report.read_bytes()
    report.write_bytes(content[: content.rindex(b"\xe0\x7f\x10\x00")])
    assert order(folder) == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"SeriesInstanceUID": "1.2.9"}, ["frames of 2 series"]),
        ({"PhotometricInterpretation": "MONOCHROME1"}, ["MONOCHROME1"]),
        ({"PixelIntensityRelationship": "LOG"}, ["LOG"]),
        ({"DistanceSourceToDetector": 1200}, ["sid_mm 1000 against 1200"]),
        ({"PositionerPrimaryAngle": 0}, ["primary_angle_deg 90 against 0"]),
        ({"ImagerPixelSpacing": [0.2, 0.2]}, ["imager_pixel_spacing_mm 0.3 against 0.2"]),
    ],
)
def test_frames_of_two_runs_are_refused(
    tmp_path: Path, other: dict[str, Any], words: list[str]
) -> None:
    common = {
        "DistanceSourceToDetector": 1000,
        "PositionerPrimaryAngle": 90,
        "ImagerPixelSpacing": [0.3, 0.3],
    }
    folder = folder_of(tmp_path / "run", [{}, {}, {}, other], **common)
    with pytest.raises(SourceError) as caught:
        open_source(folder)
    assert [word for word in [str(folder), *words] if word not in str(caught.value)] == []


def test_frames_of_two_sizes_are_refused(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "run", [{}] * 3)
    write(folder / "IM9", noise(1, 20, 10))
    with pytest.raises(SourceError, match="16 x 12 pixels against 10 x 20"):
        open_source(folder)


def test_breathing_of_the_tags_is_no_other_run(tmp_path: Path) -> None:
    """A C-arm that reports its angle to a tenth of a degree seldom reports the same twice."""
    tags = [{"PositionerPrimaryAngle": 90 + 0.1 * index} for index in range(4)]
    assert len(order(folder_of(tmp_path / "run", tags))) == 4


def test_multi_frame_file_in_a_folder_is_refused(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "run", [{}] * 3)
    write(folder / "IM9", noise(5))
    with pytest.raises(SourceError, match="IM9 contains 5 frames"):
        open_source(folder)


@pytest.mark.parametrize("others", [0, 2])
def test_folder_without_frames_is_refused(tmp_path: Path, others: int) -> None:
    for number in range(others):
        (tmp_path / f"{number}.txt").write_text("Not a frame.", encoding="utf-8")
    with pytest.raises(SourceError, match=rf"contains no DICOM image \({others} other files\)"):
        open_source(tmp_path)


def test_folder_with_a_picture_in_colour_is_refused(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "run", [{}] * 3)
    write(folder / "IM9", noise(1), PhotometricInterpretation="RGB", SamplesPerPixel=3)
    with pytest.raises(SourceError, match=r"IM9: is a colour image"):
        open_source(folder)


@pytest.mark.parametrize("damaged", [0, 2])
def test_frame_that_is_damaged_ends_the_sequence(tmp_path: Path, damaged: int) -> None:
    folder = folder_of(tmp_path / "run", [{"InstanceNumber": n} for n in range(4)])
    victim = folder / f"IM{SHUFFLED.index(damaged)}"
    victim.write_bytes(victim.read_bytes()[:-100])
    running = open_source(folder).frames()
    for index in range(damaged):
        assert next(running).index == index
    with pytest.raises(SourceError) as caught:
        next(running)
    assert isinstance(caught.value, SourceEndedEarly) == (damaged > 0)
    if damaged:
        assert "2 of 4 frames are complete" in str(caught.value)


def test_frame_that_goes_while_the_folder_is_read(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "run", [{"InstanceNumber": n} for n in range(4)])
    running = open_source(folder).frames()
    next(running)
    (folder / f"IM{SHUFFLED.index(1)}").unlink()
    with pytest.raises(SourceEndedEarly, match="1 of 4 frames are complete"):
        next(running)


def test_any_frame_is_read_again(tmp_path: Path) -> None:
    source = open_source(folder_of(tmp_path / "run", [{"InstanceNumber": n} for n in range(4)]))
    for first in (2, 0):
        again = list(source.frames(first))
        assert [frame.index for frame in again] == list(range(first, 4))
        np.testing.assert_array_equal(again[0].pixels, noise(4)[first])
    source.close()


def test_close_in_the_middle(tmp_path: Path) -> None:
    source = open_source(folder_of(tmp_path / "run", [{}] * 4))
    running = source.frames()
    next(running)
    source.close()
    source.close()
    assert list(running) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_folder_that_may_not_be_read(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "run", [{}] * 2)
    folder.chmod(0)
    try:
        with pytest.raises(SourceError, match="Permission denied"):
            open_source(folder)
    finally:
        folder.chmod(0o700)
