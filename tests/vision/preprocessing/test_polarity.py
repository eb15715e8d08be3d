"""Pictures are inverted here, and what is real is right as it is: both truths are known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from leakwatch.case_files.settings_file import load_settings
from leakwatch.config import PolaritySettings
from leakwatch.core.errors import SourceError
from leakwatch.core.geometry import WorkingGrid
from leakwatch.sources.stored.opening import open_source
from leakwatch.vision.preprocessing.intensity import log_attenuation, more_value_is_more_beam
from leakwatch.vision.preprocessing.polarity import Polarity, PolarityCheck

CHECK = PolarityCheck(PolaritySettings())
TOP = 255.0
INVERTED = "0043_bright_bone.dcm"


def told(values: np.ndarray) -> Polarity:
    """Of stored values that grow with the beam."""
    return CHECK.check(-np.log(np.maximum(values, 0.5)).astype(np.float32)).verdict


def body(seed: int = 1) -> np.ndarray:
    """Tissue and three bodies in it, stored values; no edge of the field."""
    rng = np.random.default_rng(seed)
    values = np.full((512, 512), 120.0) + 40.0 * rng.random((8, 8)).repeat(64, 0).repeat(64, 1)
    for top in (40, 200, 360):
        values[top : top + 110, 180:330] -= 50.0
    return cv2.GaussianBlur(values, (0, 0), 3.0) + rng.normal(0.0, 2.0, values.shape)


def shuttered(margin: int) -> np.ndarray:
    values = body()
    inside = np.zeros(values.shape, bool)
    inside[margin:-margin, margin:-margin] = True
    return np.where(inside, values, 4.0)


def round_field() -> np.ndarray:
    row, column = np.mgrid[:512, :512]
    return np.where(np.hypot(row - 256, column - 256) < 240, body(), 4.0)


def with_air(side: int = 1) -> np.ndarray:
    """The open beam behind the patient, into which the skin fades."""
    column = np.arange(512) if side == 1 else np.arange(511, -1, -1)
    air = np.clip((column - 340.0) / 90.0, 0.0, 1.0) ** 0.5
    return body() * (1.0 - air) + 250.0 * air


@pytest.mark.parametrize(
    "values", [shuttered(40), shuttered(120), round_field(), with_air(1), with_air(-1)]
)
def test_both_polarities_are_told(values: np.ndarray) -> None:
    assert told(values) is Polarity.AGREES
    assert told(TOP - values) is Polarity.CONTRADICTS


@pytest.mark.parametrize(
    "values",
    [
        body(),  # tissue from border to border
        np.full((512, 512), 100.0),
        np.where(np.arange(512)[:, None] > 380, 3.0, body()),  # a blade from below
        np.where(np.arange(512)[None, :] > 400, 3.0, body()),  # and from one side
        np.where(np.arange(512)[None, :] > 400, 252.0, body()),
    ],
)
def test_what_may_be_either_is_not_told(values: np.ndarray) -> None:
    assert told(values) is Polarity.CANNOT_TELL
    assert told(TOP - values) is Polarity.CANNOT_TELL


@pytest.mark.parametrize("size", [64, 255, 512])
def test_any_size_has_a_verdict(size: int) -> None:
    small = cv2.resize(shuttered(60), (size, size), interpolation=cv2.INTER_AREA)
    assert told(TOP - small) in (Polarity.CONTRADICTS, Polarity.CANNOT_TELL)


def verdicts(path: Path) -> tuple[Polarity, Polarity]:
    """As the tags say, and the other way round."""
    settings = load_settings(None)
    source = open_source(path)
    try:
        frame = next(iter(source.frames()))
    finally:
        source.close()
    grid = WorkingGrid.for_frame(*frame.pixels.shape, settings.intensity.target_columns)
    meaning = frame.acquisition.pixel_format
    sign = -1 if more_value_is_more_beam(meaning) else 1
    here, there = (
        CHECK.check(log_attenuation(frame.pixels, one, grid)).verdict
        for one in (meaning, replace(meaning, relationship_sign=sign))
    )
    return here, there


def test_no_sample_is_contradicted(repository: Path) -> None:
    for path in sorted((repository / "sample_dicom").glob("*.dcm")):
        assert verdicts(path)[0] is not Polarity.CONTRADICTS, path.name


def test_no_file_that_is_right_is_contradicted_and_most_that_are_inverted_are(shared: Path) -> None:
    told_wrong = []
    for folder in ("real/lateral", "real", "cases", "room"):
        for path in sorted((shared / folder).glob("*.dcm")):
            if path.name == INVERTED:
                continue
            try:
                here, there = verdicts(path)
            except SourceError:  # one that no decoder reads is among them
                continue
            assert here is not Polarity.CONTRADICTS, path.name
            assert there is not Polarity.AGREES, path.name
            told_wrong.append(there is Polarity.CONTRADICTS)
    assert np.mean(told_wrong) > 0.6


def test_an_export_that_was_inverted_without_saying_so_is_told(shared: Path) -> None:
    assert verdicts(shared / "real" / "lateral" / INVERTED)[0] is Polarity.CONTRADICTS
