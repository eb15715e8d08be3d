"""Processing by a C-arm: what each step does to noise, edges, motion and large shades."""

from __future__ import annotations

import numpy as np
import pytest

from leakwatch.simulator.scenario.scenario_room import ProcessingSection
from leakwatch.simulator.xray.picture_processing import PictureProcessing

SIZE, SET = 120, 0.3
OPEN = np.ones((SIZE, SIZE))


def process(pictures: list[np.ndarray], field: np.ndarray = OPEN, **keys: object) -> np.ndarray:
    """The last of some pictures, processed."""
    section = ProcessingSection(**keys)  # type: ignore[arg-type]
    processing = PictureProcessing(section, pitch_mm=0.4, set_value=SET)
    shown = pictures[0]
    for pulse, picture in enumerate(pictures):
        shown = processing.process(picture, field, float(pulse))
    return shown


def noisy(seed: int, level: np.ndarray | float = SET) -> np.ndarray:
    noise = np.random.default_rng(seed).standard_normal((SIZE, SIZE))
    return np.asarray(level * (1.0 + 0.05 * noise))


def step() -> np.ndarray:
    """Dark on the left, bright on the right, by a fifth."""
    picture = np.full((SIZE, SIZE), SET)
    picture[:, : SIZE // 2] *= 0.8
    return picture


def test_without_a_step_the_picture_stays() -> None:
    assert process([step()]) == pytest.approx(step())


def test_a_recursive_filter_takes_noise_away() -> None:
    shown = process([noisy(seed) for seed in range(12)], recursive=0.6)
    # Weights a (1-a)^k: the variance falls to (1 - a) / (1 + a).
    assert shown.std() / noisy(0).std() == pytest.approx(np.sqrt(0.4 / 1.6), rel=0.05)


@pytest.mark.parametrize(("detection", "left"), [(False, 0.6), (True, 0.0)])
def test_what_moved_is_left_behind_unless_motion_is_detected(detection: bool, left: float) -> None:
    before, after = np.full((SIZE, SIZE), SET), np.full((SIZE, SIZE), SET)
    after[40:80, 40:80] *= 0.5
    pictures = [noisy(1, before), noisy(2, before), noisy(3, after)]
    shown = process(pictures, recursive=0.6, motion_detection=detection)
    change = np.log(shown[45:75, 45:75]).mean() - np.log(SET)
    assert change / np.log(0.5) == pytest.approx(1.0 - left, abs=0.05)
    # Beside it, noise is filtered in both cases.
    assert shown[:30].std() < 0.75 * noisy(0).std()


def test_after_a_pause_the_filter_begins_anew() -> None:
    processing = PictureProcessing(ProcessingSection(recursive=0.8), 0.4, SET)
    processing.process(noisy(1), OPEN, 0.0)
    assert processing.process(noisy(2), OPEN, 40.0) == pytest.approx(noisy(2))


def test_edges_are_raised_and_planes_stay() -> None:
    shown = process([step()], edge_gain=1.0, edge_mm=0.8)
    line = np.log(shown[SIZE // 2] / SET)
    assert line[10] == pytest.approx(np.log(0.8), abs=1e-3)
    assert line[-10] == pytest.approx(0.0, abs=1e-3)
    assert line.max() > 0.05
    assert line.min() < np.log(0.8) - 0.05


def test_the_shutter_makes_no_edge() -> None:
    field = OPEN.copy()
    field[:, :20] = 0.0
    picture = np.where(field > 0.0, SET, 0.0)
    shown = process([picture], field, edge_gain=2.0)
    assert shown[:, 20:] == pytest.approx(np.full((SIZE, SIZE - 20), SET), rel=1e-3)


def test_local_contrast_raises_what_is_small_against_a_large_shade() -> None:
    shade = SET * np.exp(np.linspace(-1.5, 1.0, SIZE))[None, :] * np.ones((SIZE, 1))
    spots = shade.copy()
    spots[55:65, 15:25] *= 0.9
    plain = np.log(shade) - np.log(spots)
    shown = np.log(process([noisy(1, shade)], local_contrast=0.5)) - np.log(
        process([noisy(1, spots)], local_contrast=0.5)
    )
    assert shown[57:63, 17:23].mean() > 1.2 * plain[57:63, 17:23].mean()


def test_the_display_curve_is_steep_in_the_middle_and_leaves_the_set_value() -> None:
    picture = np.full((SIZE, SIZE), SET)
    assert process([picture], display_slope=1.5) == pytest.approx(picture)
    ramp = SET * np.exp(np.linspace(-4.0, 4.0, SIZE))[None, :] * np.ones((SIZE, 1))
    shown = process([ramp], display_slope=1.5)[0]
    assert (np.diff(shown) > 0.0).all()
    assert 0.0 < shown[0] < 0.01
    assert 0.98 < shown[-1] < 1.0
