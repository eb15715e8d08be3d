"""Where the C-arm stands at each frame of a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from dicom_writing import noise, write

from leakwatch.sources.dicom.dicom_file import DicomFile


def angles(path: Path) -> list[tuple[float | None, float | None]]:
    source = DicomFile(path)
    try:
        told = [frame.acquisition.geometry for frame in source.frames()]
    finally:
        source.close()
    return [(one.primary_angle_deg, one.secondary_angle_deg) for one in told]


@pytest.mark.parametrize(
    ("primary", "secondary", "expected"),
    [
        ([0, 30, 60, 0], None, [(-90, 5), (-60, 5), (-30, 5), (-90, 5)]),
        ([2, 2, 3, 4], [0, 1, 0, 0], [(-90, 5), (-90, 6), (-89, 5), (-88, 5)]),
        ([0, 30], None, [(-90, 5)] * 4),  # not as many as there are frames
        (None, None, [(-90, 5)] * 4),
    ],
)
def test_angles_of_each_frame(
    tmp_path: Path,
    primary: list[float] | None,
    secondary: list[float] | None,
    expected: list[tuple[float, float]],
) -> None:
    tags = {
        "PositionerPrimaryAngleIncrement": primary,
        "PositionerSecondaryAngleIncrement": secondary,
    }
    path = write(
        tmp_path / "a.dcm",
        noise(4),
        PositionerPrimaryAngle=-90,
        PositionerSecondaryAngle=5,
        **{name: value for name, value in tags.items() if value is not None},
    )
    assert angles(path) == expected


def test_increments_on_no_angle_say_nothing(tmp_path: Path) -> None:
    path = write(tmp_path / "a.dcm", noise(3), PositionerPrimaryAngleIncrement=[0, 40, 0])
    assert angles(path) == [(None, None)] * 3


@pytest.mark.parametrize(
    ("tags", "words"),
    [
        (
            {"PositionerPrimaryAngle": -90, "PositionerPrimaryAngleIncrement": [0, 40]},
            "Positioner Primary Angle Increment has 2 values for 3 frames",
        ),
        (
            {"PositionerSecondaryAngleIncrement": [0, 40, 0]},
            "Positioner Secondary Angle is not stated",
        ),
        ({"PositionerPrimaryAngleIncrement": [0, 0, 0]}, ""),
        ({"PositionerPrimaryAngle": 5, "PositionerPrimaryAngleIncrement": [0, 40, 0]}, ""),
    ],
)
def test_a_turn_that_cannot_be_followed_is_told(
    tmp_path: Path, tags: dict[str, Any], words: str
) -> None:
    source = DicomFile(write(tmp_path / "a.dcm", noise(3), **tags))
    told = [note for note in source.acquisition.notes if "The C-arm rotated" in note]
    source.close()
    assert bool(told) == bool(words)
    assert all(words in note for note in told)


def test_frames_at_the_same_angle_are_of_one_run(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.dcm",
        noise(4),
        PositionerPrimaryAngle=-90,
        PositionerPrimaryAngleIncrement=[0, 9, 9, 0],
    )
    source = DicomFile(path)
    shared = [frame.acquisition for frame in source.frames()]
    assert shared[0] is shared[3] is source.acquisition
    assert shared[1] is shared[2] is not shared[0]
