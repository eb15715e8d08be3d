"""Frame times: from the best tag that gives them, else assumed and said so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dicom_writing import noise, sequence_item, write
from pydicom.tag import Tag

from leakwatch.core.frame import TimeSource
from leakwatch.sources.stored.opening import open_source


def times(path: Path, count: int = 4, **tags: Any) -> tuple[TimeSource, list[float], str]:
    """Source, seconds and notes of a file of `count` frames; without Frame Time of its own."""
    if count > 1:
        tags.setdefault("FrameTime", None)
    written = write(path / "x.dcm", noise(count), **tags)
    frames = list(open_source(written).frames())
    run = frames[0].acquisition
    return run.time_source, [frame.time_s for frame in frames], " ".join(run.notes)


def groups(*moments: str | None, keyword: str = "FrameReferenceDateTime") -> list[Any]:
    """Per-frame functional groups with a clock time each."""
    return [
        sequence_item(
            FrameContentSequence=[sequence_item(**({} if moment is None else {keyword: moment}))]
        )
        for moment in moments
    ]


CLOCK = ["20200101235959.90", "20200102000000.00", "20200102000000.15", "20200102000000.30"]
PAUSED = ["20200102000005.00", "20200102000005.10"]


def test_frame_time(tmp_path: Path) -> None:
    source, seconds, notes = times(tmp_path, FrameTime=66.7)
    assert source is TimeSource.FRAME_TIME
    assert seconds == pytest.approx([0.0, 0.0667, 0.1334, 0.2001])
    assert "frames/s" not in notes


def test_frame_time_vector(tmp_path: Path) -> None:
    """Increments; the first belongs to no frame before it, whatever it says."""
    source, seconds, _ = times(tmp_path, FrameTimeVector=[50, 100, 200, 50.5])
    assert source is TimeSource.FRAME_TIME_VECTOR
    assert seconds == pytest.approx([0.0, 0.1, 0.3, 0.3505])


def test_frame_time_goes_before_vector(tmp_path: Path) -> None:
    tags: dict[str, Any] = {"FrameTime": 100, "FrameTimeVector": [0, 50, 50, 50]}
    assert times(tmp_path, **tags)[0] is TimeSource.FRAME_TIME
    source, seconds, _ = times(tmp_path, FrameIncrementPointer=Tag("FrameTimeVector"), **tags)
    assert (source, seconds) == (
        TimeSource.FRAME_TIME_VECTOR,
        pytest.approx([0.0, 0.05, 0.1, 0.15]),
    )


@pytest.mark.parametrize("keyword", ["FrameReferenceDateTime", "FrameAcquisitionDateTime"])
def test_functional_groups(tmp_path: Path, keyword: str) -> None:
    sequence = groups(*CLOCK, keyword=keyword)
    source, seconds, _ = times(tmp_path, PerFrameFunctionalGroupsSequence=sequence)
    assert source is TimeSource.FUNCTIONAL_GROUPS
    assert seconds == pytest.approx([0.0, 0.1, 0.25, 0.4])  # over midnight


def test_recommended_display_frame_rate(tmp_path: Path) -> None:
    source, seconds, _ = times(tmp_path, RecommendedDisplayFrameRate=8)
    assert source is TimeSource.RECOMMENDED_DISPLAY_FRAME_RATE
    assert seconds == [0.0, 0.125, 0.25, 0.375]


def test_cine_rate_goes_before_what_tells_only_how_to_show(tmp_path: Path) -> None:
    source, seconds, notes = times(tmp_path, CineRate=30, RecommendedDisplayFrameRate=10)
    assert source is TimeSource.CINE_RATE
    assert seconds == pytest.approx([0.0, 1 / 30, 2 / 30, 3 / 30])
    assert "No tag" not in notes


def test_actual_frame_duration(tmp_path: Path) -> None:
    source, seconds, _ = times(tmp_path, ActualFrameDuration=133)
    assert source is TimeSource.ACTUAL_FRAME_DURATION
    assert seconds == pytest.approx([0.0, 0.133, 0.266, 0.399])


def test_pointer_may_name_several(tmp_path: Path) -> None:
    pointer = [Tag("FrameTimeVector"), Tag("FrameTime")]
    vector = [0, 125, 2000, 125]
    source, seconds, _ = times(
        tmp_path, FrameTime=125, FrameTimeVector=vector, FrameIncrementPointer=pointer
    )
    assert source is TimeSource.FRAME_TIME_VECTOR
    assert seconds == pytest.approx([0.0, 0.125, 2.125, 2.25])


@pytest.mark.parametrize(
    ("tags", "words"),
    [
        (
            {"FrameTime": "33.3", "FrameTimeVector": [0, 125, 125, 125]},
            ["FrameTimeVector says 8 frames/s", "FrameTime 30", "FrameTime is followed"],
        ),
        (
            {"FrameTime": 125, "FrameTimeVector": [0, 125, 4000, 125]},
            ["by FrameTimeVector the sequence has pauses and takes 4.25 s", "FrameTime 0.375 s"],
        ),
        (
            {
                "FrameTime": 100,
                "PerFrameFunctionalGroupsSequence": groups(*CLOCK[:2], *PAUSED),
            },
            ["by FrameReferenceDateTime the sequence has pauses and takes 5.2 s"],
        ),
        ({"FrameTime": "133.333", "CineRate": 15}, ["CineRate says 15 frames/s", "FrameTime 7.5"]),
        ({"CineRate": 30, "ActualFrameDuration": 133}, ["ActualFrameDuration says 7.52"]),
        (
            {"FrameTime": 500, "PerFrameFunctionalGroupsSequence": groups(*CLOCK)},
            ["FrameReferenceDateTime says 7.5 frames/s", "FrameTime 2"],
        ),
    ],
)
def test_rates_that_contradict_each_other_are_told(
    tmp_path: Path, tags: dict[str, Any], words: list[str]
) -> None:
    written = write(tmp_path / "x.dcm", noise(4), **({"FrameTime": None} | tags))
    (doubt,) = open_source(written).acquisition.time_doubts
    assert all(word in doubt for word in words), doubt


@pytest.mark.parametrize(
    "tags",
    [
        {"FrameTime": "133.333", "CineRate": 7},
        {"FrameTime": "133.333", "CineRate": 8, "RecommendedDisplayFrameRate": 8},
        # A pause is no rate, and the vector that knows of it is followed.
        {
            "FrameTime": 125,
            "FrameTimeVector": [0, 125, 4000, 125],
            "FrameIncrementPointer": Tag("FrameTimeVector"),
        },
    ],
)
def test_rates_that_agree_are_not_told(tmp_path: Path, tags: dict[str, Any]) -> None:
    written = write(tmp_path / "x.dcm", noise(4), **tags)
    assert open_source(written).acquisition.time_doubts == ()


def test_groups_whose_day_is_not_counted_on_pass_midnight(tmp_path: Path) -> None:
    moments = [f"20200101{moment[8:]}" for moment in CLOCK]
    source, seconds, _ = times(tmp_path, PerFrameFunctionalGroupsSequence=groups(*moments))
    assert source is TimeSource.FUNCTIONAL_GROUPS
    assert seconds == pytest.approx([0.0, 0.1, 0.25, 0.4])


def test_nothing_is_assumed_and_flagged(tmp_path: Path) -> None:
    source, seconds, notes = times(tmp_path)
    assert source is TimeSource.ASSUMED
    assert seconds == pytest.approx([0.0, 1 / 15, 2 / 15, 3 / 15])
    assert "No tag gives frame times: 15 frames/s are assumed." in notes


def test_single_frame_needs_no_assumption(tmp_path: Path) -> None:
    source, seconds, notes = times(tmp_path, count=1)
    assert (source, seconds) == (TimeSource.ASSUMED, [0.0])
    assert "assumed" not in notes


@pytest.mark.parametrize(
    ("tags", "keyword"),
    [
        ({"FrameTime": 0}, "FrameTime"),
        ({"FrameTime": -33}, "FrameTime"),
        ({"FrameTime": 0.033}, "FrameTime"),  # seconds
        ({"FrameTime": 33_000}, "FrameTime"),  # microseconds
        ({"FrameTimeVector": [0, 33, 33]}, "FrameTimeVector"),
        ({"FrameTimeVector": [0, 33, 0, 33]}, "FrameTimeVector"),
        ({"FrameTimeVector": [0, 33, -33, 99]}, "FrameTimeVector"),
    ],
)
def test_impossible_times_are_passed_over_and_told(
    tmp_path: Path, tags: dict[str, Any], keyword: str
) -> None:
    source, seconds, notes = times(tmp_path, RecommendedDisplayFrameRate=10, **tags)
    assert source is TimeSource.RECOMMENDED_DISPLAY_FRAME_RATE
    assert seconds == pytest.approx([0.0, 0.1, 0.2, 0.3])
    assert f"{keyword} does not give times for 4 frames" in notes


@pytest.mark.parametrize("rate", [0, 0.001, 5000, -5])
def test_impossible_display_rate_is_passed_over(tmp_path: Path, rate: float) -> None:
    source, _, notes = times(tmp_path, RecommendedDisplayFrameRate=str(int(rate)))
    assert source is TimeSource.ASSUMED
    assert "15 frames/s" in notes


@pytest.mark.parametrize(
    "moments",
    [
        [*CLOCK[:3], None],
        [CLOCK[0], CLOCK[2], CLOCK[1], CLOCK[3]],
        [CLOCK[0], CLOCK[0], CLOCK[1], CLOCK[2]],
        CLOCK[:3],
        [*CLOCK[:3], "20200102000000.30+0100"],
    ],
    ids=["one missing", "back in time", "twice the same", "too few", "time zone of one"],
)
def test_groups_that_do_not_time_every_frame_are_passed_over(
    tmp_path: Path, moments: list[str | None]
) -> None:
    sequence = groups(*moments)
    source, seconds, notes = times(tmp_path, PerFrameFunctionalGroupsSequence=sequence)
    assert source is TimeSource.ASSUMED
    assert "FrameReferenceDateTime does not grow from frame to frame" in notes
    assert seconds == pytest.approx([0.0, 1 / 15, 2 / 15, 3 / 15])


def test_times_are_those_of_the_real_cine(shared: Path) -> None:
    source = open_source(shared / "real" / "xa_coronary_cine_96f.dcm")
    seconds = [frame.time_s for frame in source.frames()]
    np.testing.assert_allclose(np.diff(seconds), 0.033)
    assert source.acquisition.time_source is TimeSource.FRAME_TIME


def test_number_of_frames_that_lies_takes_no_memory(tmp_path: Path) -> None:
    path = write(tmp_path / "x.dcm", noise(2), NumberOfFrames=2_000_000_000)
    source = open_source(path)
    assert source.number_of_frames == 2_000_000_000
    running = source.frames()
    assert [next(running).time_s, next(running).time_s] == pytest.approx([0.0, 0.1])
    source.close()
