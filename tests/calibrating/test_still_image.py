"""Which frames of a sequence make the picture that is measured."""

from __future__ import annotations

from pathlib import Path

import injection
import pydicom
import pytest

from leakwatch.calibrating.still_image import still_image
from leakwatch.config import Settings


@pytest.mark.parametrize(("turning_from", "averaged"), [(3, 3), (1, 1), (injection.FRAMES, 16)])
def test_frames_after_the_c_arm_turned_are_not_averaged(
    tmp_path: Path, turning_from: int, averaged: int
) -> None:
    path = tmp_path / "x.dcm"
    injection.write_dicom(path)
    dataset = pydicom.dcmread(path)
    dataset.PositionerPrimaryAngle = -90
    turned = [4.0 * max(index + 1 - turning_from, 0) for index in range(injection.FRAMES)]
    dataset.PositionerPrimaryAngleIncrement = turned
    dataset.save_as(path)

    picture = still_image(path, Settings())

    assert picture.frames == averaged
    assert picture.acquisition.geometry.primary_angle_deg == -90.0
