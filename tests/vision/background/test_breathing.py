"""Breathing is taken out, and cement is not."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from leakwatch.config import BreathingSettings
from leakwatch.core.arrays import BoolImage, FloatImage
from leakwatch.vision.background.baseline import Added
from leakwatch.vision.background.breathing import Breathing, BreathingFilter

FILTER = BreathingFilter(BreathingSettings())
SIZE = 256  # pixels of 0.5 mm
NOISE = 0.012
# A breath of four seconds at 15 frames/s.
BREATH = 60


def gut(rng: np.random.Generator) -> FloatImage:
    """Soft shadows, broader and larger than the picture, so that they can be moved through it."""
    large = rng.standard_normal((SIZE + 80, SIZE)).astype(np.float32)
    soft = cv2.GaussianBlur(large, (0, 0), 8.0)
    return soft * np.float32(0.05 / soft.std())


def pictures(
    frames: int, seed: int = 1, breath: float = 1.0, seen: BoolImage | None = None
) -> list[Added]:
    """What breathing and noise add to the first picture."""
    rng = np.random.default_rng(seed)
    shadows = gut(rng)
    everywhere = np.ones((SIZE, SIZE), np.bool_) if seen is None else seen
    made = []
    for index in range(frames):
        # 16 mm, and still for half of the time, as people breathe.
        down = breath * 32.0 * (1.0 - np.cos(np.pi * index / BREATH) ** 4)
        whole, part = divmod(down, 1.0)
        top = int(whole)
        here = (1 - part) * shadows[top : top + SIZE] + part * shadows[top + 1 : top + 1 + SIZE]
        added = here - shadows[:SIZE] + NOISE * rng.standard_normal((SIZE, SIZE))
        made.append(Added(np.where(everywhere, added, 0.0).astype(np.float32), everywhere, 0.0))
    return made


def without_breathing(
    state: Breathing | None, added: Added, changed: BoolImage | None, time_s: float
) -> tuple[Breathing, Added]:
    breath = FILTER.breath_of(state, added, changed)
    steady = FILTER.without_breath(added, state, breath)
    return FILTER.with_breath(state, breath, None, time_s), steady


def followed(
    frames: list[Added], changed: BoolImage | None = None
) -> tuple[Breathing | None, list[Added]]:
    state: Breathing | None = None
    out = []
    for index, added in enumerate(frames):
        state, steady = without_breathing(state, added, changed, index / 15.0)
        out.append(steady)
    return state, out


def left_of(more: FloatImage, frames: list[Added]) -> list[float]:
    """What is left on the average of something that comes after one breath, frame by frame."""
    filled = [
        added if index < BREATH else Added(added.image + more, added.seen, 0.0)
        for index, added in enumerate(frames)
    ]
    pairs = zip(followed(filled)[1], followed(frames)[1], strict=True)
    return [float((one.image - other.image)[more > 0].mean()) for one, other in pairs]


def shadows_left(one: Added, where: BoolImage | None = None) -> float:
    soft = cv2.GaussianBlur(one.image, (0, 0), 3.0)
    return float(soft.std() if where is None else soft[where].std())


def vein(thickness_log: float) -> FloatImage:
    """A tube of 2 x 20 mm."""
    image = np.zeros((SIZE, SIZE), np.float32)
    cv2.line(image, (100, 120), (140, 120), thickness_log, 4)
    return image


def test_a_breath_that_was_seen_before_leaves_little() -> None:
    frames = pictures(2 * BREATH)
    _, out = followed(frames)
    for index in range(BREATH + 10, 2 * BREATH - 10, 10):
        assert shadows_left(frames[index]) > 0.03
        assert shadows_left(out[index]) < 0.25 * shadows_left(frames[index])


def test_even_the_first_breath_leaves_less_than_half() -> None:
    frames = pictures(BREATH)
    _, out = followed(frames)
    for index in range(15, BREATH - 10, 5):
        assert shadows_left(out[index]) < 0.5 * shadows_left(frames[index])


@pytest.mark.parametrize("breath", [0.0, 1.0])
def test_a_faint_vein_that_nobody_knows_stays(breath: float) -> None:
    # As thin as the edge of cement, and never among what is known: for four seconds.
    left = left_of(vein(0.03), pictures(2 * BREATH, breath=breath))
    assert min(left[BREATH:]) > 0.8 * 0.03


@pytest.mark.parametrize("breath", [0.0, 1.0])
def test_what_is_wide_and_never_goes_is_given_back(breath: float) -> None:
    # 24 mm across and thin: broad enough to be taken for breathing, for as long as a breath takes.
    wide = np.zeros((SIZE, SIZE), np.float32)
    cv2.circle(wide, (120, 120), 24, 0.03, -1)
    assert left_of(wide, pictures(4 * BREATH, breath=breath))[-1] > 0.5 * 0.03


def test_cement_and_instruments_say_nothing() -> None:
    changed = np.zeros((SIZE, SIZE), np.bool_)
    changed[100:140, 60:200] = True
    frames = pictures(BREATH)
    dense = [
        Added(np.where(changed, 1.0, added.image).astype(np.float32), added.seen, 0.0)
        for added in frames
    ]
    _, plain = followed(frames, changed)
    _, out = followed(dense, changed)
    for one, other in zip(plain, out, strict=True):
        np.testing.assert_array_equal(one.image[~changed], other.image[~changed])


def test_it_is_taken_out_up_to_the_edge_of_the_field_and_nothing_beyond() -> None:
    rows, columns = np.mgrid[:SIZE, :SIZE]
    away = np.hypot(rows - SIZE / 2, columns - SIZE / 2)
    seen = away < 101.3
    frames = pictures(2 * BREATH, seen=seen)
    _, out = followed(frames)
    edge = seen & (away > 92)
    for index in range(BREATH + 20, 2 * BREATH - 20, 10):
        inner = np.where(edge, out[index].image, 0.0)
        before = np.where(edge, frames[index].image, 0.0)
        assert np.sqrt((inner[edge] ** 2).mean()) < 0.6 * np.sqrt((before[edge] ** 2).mean())
        assert not out[index].image[~seen].any()


def test_the_first_frame_passes_and_nothing_is_changed_in_place() -> None:
    added = pictures(2)[1]
    before = added.image.copy()
    state, out = without_breathing(None, added, None, 0.0)
    assert out is added
    again, _ = without_breathing(state, added, None, 0.2)
    np.testing.assert_array_equal(added.image, before)
    assert not again.patterns.flags.writeable


def test_where_all_is_cement_nothing_is_taken_out_and_nothing_fails() -> None:
    state, _ = followed(pictures(20))
    everywhere = np.ones((SIZE, SIZE), np.bool_)
    added = pictures(30)[29]
    _, out = without_breathing(state, added, everywhere, 2.0)
    assert np.isfinite(out.image).all()
    np.testing.assert_allclose(out.image, added.image, atol=1e-5)


def test_patterns_stay_square_to_each_other_for_minutes() -> None:
    frames = pictures(2 * BREATH)
    state: Breathing | None = None
    for index in range(20 * BREATH):
        state, _ = without_breathing(state, frames[index % len(frames)], None, index / 15.0)
    assert state is not None
    np.testing.assert_allclose(
        state.patterns @ state.patterns.T, np.eye(len(state.sizes)), atol=1e-4
    )
    assert np.isfinite(state.sizes).all()


def test_after_a_pause_the_first_frame_is_not_learnt_from() -> None:
    frames = pictures(30)
    state, _ = followed(frames)
    assert state is not None
    tube = Added(frames[-1].image + vein(0.09), frames[-1].seen, 0.0)
    later, _ = without_breathing(state, tube, None, 10.0)
    np.testing.assert_array_equal(later.patterns, state.patterns)
    at_once, _ = without_breathing(state, tube, None, 2.0)
    assert np.abs(at_once.patterns - state.patterns).max() > 0.0


@pytest.mark.parametrize("pause_s", [1.0, 300.0, 86400.0])
def test_a_breath_after_a_pause_leaves_as_little_as_before(pause_s: float) -> None:
    frames = pictures(4 * BREATH)
    at, state = 150, followed(frames[:150])[0]
    for index in range(at, len(frames)):
        state, steady = without_breathing(state, frames[index], None, index / 15.0 + pause_s)
        assert shadows_left(steady) < 0.25 * max(shadows_left(frames[index]), 0.01)
        assert len(state.recent) < 90


def test_a_clock_that_goes_back_makes_nothing_grow() -> None:
    state: Breathing | None = None
    added = pictures(1)[0]
    for count in range(120):
        state, _ = without_breathing(state, added, None, -0.2 * count)
        assert len(state.recent) < 90


def test_what_comes_during_a_pause_is_not_taken_for_a_breath_deeper_than_any_before() -> None:
    frames = pictures(2 * BREATH + BREATH // 2)
    state, _ = followed(frames)
    deepest = cv2.GaussianBlur(frames[BREATH // 2].image, (0, 0), 3.0)
    # As large as six of those breaths, in the same places: an unusual case, and the hardest.
    sheet = 5.0 * np.maximum(deepest, 0.0) - 5.0 * np.maximum(-deepest, 0.0)
    after = Added((frames[-1].image + sheet).astype(np.float32), frames[-1].seen, 0.0)
    breath = FILTER.breath_of(state, after, None)
    left = FILTER.without_breath(after, state, breath).image
    share = float((left * sheet).sum() / (sheet * sheet).sum())
    assert share > 0.7
    deeper = Added((1.2 * frames[BREATH // 2].image).astype(np.float32), after.seen, 0.0)
    breath = FILTER.breath_of(state, deeper, None)
    assert shadows_left(FILTER.without_breath(deeper, state, breath)) < 0.4 * shadows_left(deeper)


def test_no_patterns_at_all_may_be_wanted() -> None:
    none = BreathingFilter(BreathingSettings(patterns=0))
    state: Breathing | None = None
    for index, added in enumerate(pictures(4)):
        breath = none.breath_of(state, added, None)
        assert none.without_breath(added, state, breath) is added
        state = none.with_breath(state, breath, None, index / 7.5)
    assert state is not None
    assert len(state.patterns) == 0
