"""What a pixel is taken for without millimetres: truth is the size that bodies have."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from leakwatch.case_files.case_file import CASE_SUFFIX, load_case
from leakwatch.case_files.truth_file import load_truth, truth_path
from leakwatch.config import Settings
from leakwatch.core.arrays import read_only
from leakwatch.core.marks import Marks
from leakwatch.vision.vertebra.nominal_scale import nominal_scale

SETTINGS = Settings()


def test_without_marks_the_picture_has_a_usual_width() -> None:
    scale = nominal_scale(Marks(), 512, SETTINGS)
    assert scale.mm_per_px == pytest.approx(130.0 / 512)
    assert scale.spread == SETTINGS.tubular.nominal_field_spread


def test_a_wall_is_as_high_as_a_body_of_its_level() -> None:
    wall = read_only(np.array([[100.0, 50.0], [100.0, 150.0]]))
    scale = nominal_scale(Marks(posterior_wall_px=wall, vertebra="L3"), 512, SETTINGS)
    assert scale.mm_per_px == pytest.approx(0.26)  # Panjabi: 26 mm
    assert scale.spread < nominal_scale(Marks(posterior_wall_px=wall), 512, SETTINGS).spread


def test_marks_that_are_no_body_are_not_believed() -> None:
    speck = read_only(np.array([[100.0, 50.0], [100.0, 52.0]]))
    assert nominal_scale(Marks(posterior_wall_px=speck), 512, SETTINGS) == nominal_scale(
        Marks(), 512, SETTINGS
    )
    flat = read_only(np.array([[10.0, 10.0], [20.0, 10.0], [30.0, 10.0]]))
    assert nominal_scale(Marks(body_outline_px=flat), 512, SETTINGS) == nominal_scale(
        Marks(), 512, SETTINGS
    )


def test_one_sigma_to_the_safe_side_is_more_pixels() -> None:
    scale = nominal_scale(Marks(), 512, SETTINGS)
    assert scale.widest_px(1.0) == pytest.approx(1.35 / scale.mm_per_px)


@pytest.mark.parametrize("folder", ["cases", "room"])
def test_marked_bodies_tell_the_scale_of_real_anatomy(shared: Path, folder: str) -> None:
    for path in sorted((shared / folder).glob(f"*{CASE_SUFFIX}")):
        case, truth = load_case(path), load_truth(truth_path(path))
        columns = 512
        scale = nominal_scale(case.marks, columns, SETTINGS)
        off = abs(math.log(scale.mm_per_px / truth.mm_per_px))
        assert off < 2.0 * scale.spread, (path.name, json.dumps(case.marks.vertebra))
