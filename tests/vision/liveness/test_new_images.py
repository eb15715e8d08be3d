"""A picture that is held is told by its noise, and a live one never taken for it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from scene import FORMAT, FPS, Scene, breath

from leakwatch.config import LivenessSettings
from leakwatch.core.arrays import read_only
from leakwatch.core.geometry import WorkingGrid
from leakwatch.vision.liveness.new_images import Liveness, LivenessCheck, LivenessState
from leakwatch.vision.preprocessing.intensity import log_attenuation

CHECK = LivenessCheck(LivenessSettings())
ROWS, COLUMNS = 240, 280
GRID = WorkingGrid(ROWS, COLUMNS, 1)
MARKED = np.array([[110.0, 60.0], [170.0, 180.0]])
HELD_FROM = 20


def seen(pictures: list[np.ndarray], step_s: float = 1.0 / FPS) -> list[Liveness]:
    """What liveness says of each of some pictures of stored values."""
    state = LivenessState(CHECK.tiles_over(MARKED, 30.0, (ROWS, COLUMNS)))
    exposed, told = np.ones((ROWS, COLUMNS), bool), []
    for index, pixels in enumerate(pictures):
        values = np.clip(np.round(pixels), 0, 4095).astype(np.uint16)
        raw = read_only(log_attenuation(values, FORMAT, GRID))
        state, one = CHECK.compare(state, raw, exposed, index * step_s)
        told.append(one)
    return told


def live(count: int = 60, lag: float = 0.0, moves: bool = True) -> list[np.ndarray]:
    scene = Scene(lag=lag)
    return [
        scene.pixels(breath(index) if moves else (0.0, 0.0)).astype(float) for index in range(count)
    ]


def changed_from(pictures: list[np.ndarray], change) -> list[np.ndarray]:
    return [
        picture if index < HELD_FROM else change(index, picture)
        for index, picture in enumerate(pictures)
    ]


@pytest.mark.parametrize("lag", [0.0, 0.4, 0.6])
@pytest.mark.parametrize("moves", [True, False])
def test_a_live_picture_is_new_in_every_frame(lag: float, moves: bool) -> None:
    assert all(one.is_new for one in seen(live(lag=lag, moves=moves)))


def test_a_live_picture_that_is_digitised_to_eight_bits_is_new() -> None:
    coarse = [np.floor(picture / 16.0) * 16.0 for picture in live()]
    assert all(one.is_new for one in seen(coarse))


RNG = np.random.default_rng(4)
PICTURES = live()


def held(_: int, picture: np.ndarray) -> np.ndarray:
    return PICTURES[HELD_FROM - 1]


def with_a_counter(index: int, picture: np.ndarray) -> np.ndarray:
    shown = PICTURES[HELD_FROM - 1].copy()
    shown[3, 3] = index
    shown[100:110, 120:150] = 4000.0 if index % 2 else 0.0  # a cursor that blinks on the body
    return shown


def with_another_noise(share: float):
    sigma = share * 25.0  # of the quanta's, which is some 25 here
    return lambda _, picture: PICTURES[HELD_FROM - 1] + RNG.normal(0.0, sigma, picture.shape)


def looped(index: int, picture: np.ndarray) -> np.ndarray:
    return PICTURES[HELD_FROM - 16 + (index - HELD_FROM) % 16]


def in_turn(index: int, picture: np.ndarray) -> np.ndarray:
    return PICTURES[HELD_FROM - 1 - index % 2]


def lower_part(_: int, picture: np.ndarray) -> np.ndarray:
    return np.vstack([picture[:90], PICTURES[HELD_FROM - 1][90:]])


def mean_held(_: int, picture: np.ndarray) -> np.ndarray:
    return np.mean(PICTURES[HELD_FROM - 6 : HELD_FROM], axis=0)


def trembling(reach_px: float):
    def moved(index: int, picture: np.ndarray) -> np.ndarray:
        column, row = np.random.default_rng(index).uniform(-reach_px, reach_px, 2)
        matrix = np.array([[1.0, 0.0, column], [0.0, 1.0, row]])
        size = picture.shape[::-1]
        return cv2.warpAffine(
            PICTURES[HELD_FROM - 1], matrix, size, borderMode=cv2.BORDER_REPLICATE
        )

    return moved


def dim_noisy_and_trembling(index: int, picture: np.ndarray) -> np.ndarray:
    dim = (0.9 + 0.1 * np.sin(index)) * trembling(1.0)(index, picture)
    return dim + RNG.normal(0.0, 5.0, picture.shape)


def mean_with_noise(_: int, picture: np.ndarray) -> np.ndarray:
    mean = np.mean(PICTURES[HELD_FROM - 4 : HELD_FROM], axis=0)
    return mean + RNG.normal(0.0, 8.0, picture.shape)


def one_field(_: int, picture: np.ndarray) -> np.ndarray:
    shown = picture.copy()
    shown[::2] = PICTURES[HELD_FROM - 1][::2]
    return shown


def strip(rows: slice):
    def shown(_: int, picture: np.ndarray) -> np.ndarray:
        partly = picture.copy()
        partly[rows] = PICTURES[HELD_FROM - 1][rows]
        return partly

    return shown


def block(_: int, picture: np.ndarray) -> np.ndarray:
    shown = picture.copy()
    shown[80:130, 120:170] = PICTURES[HELD_FROM - 1][80:130, 120:170]
    return shown


WAYS = {
    "held": held,
    "trembles by half a pixel": trembling(0.5),
    "trembles by two pixels": trembling(2.0),
    "dim, noisy and trembling": dim_noisy_and_trembling,
    "mean with another noise": mean_with_noise,
    "one field of two": one_field,
    **{f"strip from line {top}": strip(slice(top, top + 14)) for top in range(60, 90, 5)},
    "block over the body": block,
    "counter and cursor": with_a_counter,
    "a tenth of the noise": with_another_noise(0.1),
    "half of the noise": with_another_noise(0.5),
    "as much noise again": with_another_noise(1.0),
    "loop of 2 s": looped,
    "two in turn": in_turn,
    "lower part": lower_part,
    "mean held": mean_held,
}


@pytest.mark.parametrize("keeps", [0.5, 0.7])
def test_a_live_picture_through_a_recursive_filter_is_new_once_the_filter_has_settled(
    keeps: float,
) -> None:
    shown: list[np.ndarray] = []
    for picture in live():
        shown.append(picture if not shown else keeps * shown[-1] + (1.0 - keeps) * picture)
    assert all(one.is_new for one in seen(shown)[8:])


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
def test_a_picture_that_is_not_live_is_held_within_a_second(way) -> None:
    told = seen(changed_from(PICTURES, way))
    late = told[HELD_FROM + round(FPS) :]
    assert not any(one.is_new for one in late)
    assert all(one.held_s > 0.5 for one in late)


def test_a_hold_longer_than_the_window_is_told_to_its_end() -> None:
    long = [*PICTURES[:HELD_FROM], *[PICTURES[HELD_FROM - 1]] * 200]
    told = seen(long)
    assert not any(one.is_new for one in told[HELD_FROM:])
    assert told[-1].held_s == pytest.approx(200 / FPS)


def test_what_goes_on_live_after_a_hold_is_new_at_once() -> None:
    pictures = [*PICTURES[:30], *[PICTURES[29]] * 15, *PICTURES[30:]]
    told = seen(pictures)
    assert not any(one.is_new for one in told[30:45])
    assert all(one.is_new for one in told[45:])


def test_each_picture_shown_four_times_is_new_once() -> None:
    told = seen([PICTURES[index // 4] for index in range(80)], 1.0 / (4 * FPS))
    assert [one.is_new for one in told] == [index % 4 == 0 for index in range(80)]
    assert max(one.held_s for one in told) < 0.2


def test_a_picture_of_noise_alone_is_new_and_repeats_nothing() -> None:
    noise = np.random.default_rng(2).integers(0, 4096, (ROWS, COLUMNS)).astype(float)
    told = seen([*PICTURES[:HELD_FROM], noise])
    assert told[-1].is_new


@pytest.mark.parametrize("value", [0.0, 2000.0, 4095.0])
def test_an_even_picture_has_no_noise_that_could_tell(value: float) -> None:
    told = seen([*PICTURES[:HELD_FROM], np.full((ROWS, COLUMNS), value)])
    assert not told[-1].is_new
    assert not told[-1].is_repeated


def test_a_pause_of_an_hour_between_live_frames_is_no_hold() -> None:
    state = LivenessState(CHECK.tiles_over(MARKED, 30.0, (ROWS, COLUMNS)))
    exposed = np.ones((ROWS, COLUMNS), bool)
    for index, pixels in enumerate(PICTURES):
        raw = log_attenuation(pixels.astype(np.uint16), FORMAT, GRID)
        time_s = index / FPS + (3600.0 if index >= 30 else 0.0)
        state, told = CHECK.compare(state, raw, exposed, time_s)
        assert told.is_new


@pytest.mark.parametrize("shape", [(64, 64), (64, 500), (4, 4), (37, 41)])
def test_tiles_lie_within_pictures_of_any_size(shape: tuple[int, int]) -> None:
    for points in (None, np.array([[0.0, 0.0], [shape[1] - 1.0, shape[0] - 1.0]])):
        tiles = CHECK.tiles_over(points, 30.0, shape)
        rows, columns = tiles.window
        assert 1 <= rows.start < rows.stop <= shape[0] - 1
        assert 1 <= columns.start < columns.stop <= shape[1] - 1
        size = (rows.stop - rows.start) * (columns.stop - columns.start)
        assert tiles.places.min() >= 0
        assert tiles.places.max() < size


def test_a_picture_that_is_covered_everywhere_tells_nothing_and_warns_of_nothing() -> None:
    state = LivenessState(CHECK.tiles_over(MARKED, 30.0, (ROWS, COLUMNS)))
    covered = np.zeros((ROWS, COLUMNS), bool)
    for index, pixels in enumerate(PICTURES[:5]):
        exposed = np.ones((ROWS, COLUMNS), bool) if index < 3 else covered
        raw = log_attenuation(pixels.astype(np.uint16), FORMAT, GRID)
        state, told = CHECK.compare(state, raw, exposed, index / FPS)
    assert not told.is_new
    assert not told.is_repeated
