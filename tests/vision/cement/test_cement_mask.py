"""Segmentation of cement: truth is what was added to noise."""

from __future__ import annotations

import math
from dataclasses import replace

import cv2
import numpy as np
import pytest
from scene import COLUMNS, MM_PER_PX, ROWS, disc, tube

from leakwatch.config import CementSettings
from leakwatch.core.arrays import read_only
from leakwatch.core.geometry import Scale
from leakwatch.vision.background.baseline import Added, Baseline
from leakwatch.vision.background.false_cement import FalseCementModel
from leakwatch.vision.cannula.hidden_area import CoveredByCannula
from leakwatch.vision.cement import cement_mask

SETTINGS = CementSettings()
SCALE = Scale(MM_PER_PX)
SEGMENTER = cement_mask.CementSegmenter(SCALE, SETTINGS)
MODEL = FalseCementModel(SCALE, SETTINGS)
SEEN = np.ones((ROWS, COLUMNS), bool)
FLAT = Baseline(np.ones((ROWS, COLUMNS), np.float32), SEEN, 16)
NOISE = 0.025  # of a working pixel at full dose


class Sequence:
    """Folds pictures of added attenuation, with the noise of quanta, into masks."""

    def __init__(
        self, noise: float = NOISE, fps: float = 7.5, origin: np.ndarray | None = None
    ) -> None:
        self.rng = np.random.default_rng(4)
        self.noise, self.fps, self.origin = noise, fps, origin
        self.behind = MODEL.background(FLAT, None)
        self.state = cement_mask.CementState()
        self.count = 0

    def show(
        self,
        added: np.ndarray | None = None,
        instrument: np.ndarray | None = None,
        seen: np.ndarray = SEEN,
        lies: np.ndarray | None = None,
    ) -> np.ndarray:
        image = self.rng.normal(0.0, self.noise, (ROWS, COLUMNS)).astype(np.float32)
        if added is not None:
            image += added
        shown = Added(read_only(image * seen), seen, 0.0)
        mean = SEGMENTER.average.with_frame(self.state.mean, shown, self.count / self.fps)
        self.state = replace(self.state, mean=mean)
        cannula = CoveredByCannula(
            instrument, instrument, instrument if lies is None else lies, (1.0, 0.0)
        )
        self.state = SEGMENTER.segment(
            self.state, seen, self.behind, self.origin, cannula, 1.0
        ).state
        self.count += 1
        assert self.state.mask is not None
        return self.state.mask

    def many(self, count: int, added: np.ndarray | None = None) -> np.ndarray:
        for _ in range(count):
            mask = self.show(added)
        return mask


def thickness_mm(radius_mm: float, column: float = 140, row: float = 120) -> np.ndarray:
    """Chord through a ball, mm."""
    return disc(column, row, radius_mm / MM_PER_PX, 2 * radius_mm)


def blurred(mm: np.ndarray) -> np.ndarray:
    """What a detector shows of a thickness in mm."""
    return cv2.GaussianBlur(mm * np.float32(SETTINGS.attenuation_per_mm), (0, 0), 0.9)


@pytest.mark.parametrize("noise", [NOISE, 2 * NOISE])
@pytest.mark.parametrize("radius_mm", [3.0, 6.0, 10.0])
def test_outline_of_a_ball(radius_mm: float, noise: float) -> None:
    ball = thickness_mm(radius_mm)
    mask = Sequence(noise).many(12, blurred(ball))
    drawn_mm, found_mm = (
        np.sqrt(np.count_nonzero(one) / np.pi) * MM_PER_PX for one in (ball > 0, mask)
    )
    assert found_mm == pytest.approx(drawn_mm, abs=0.6)  # blur, on pixels of 0.45 mm


@pytest.mark.parametrize("noise", [0.3 * NOISE, NOISE, 2 * NOISE, 4 * NOISE])
def test_noise_alone_is_never_cement(noise: float) -> None:
    sequence = Sequence(noise)
    for _ in range(80):
        assert not sequence.show().any()


def test_a_faint_vein_of_two_millimetres_is_seen_within_a_second() -> None:
    bolus = blurred(thickness_mm(6.0))
    vein = tube([(150, 120), (165, 120), (185, 105), (200, 100)], 2.0 / MM_PER_PX, 0.1)
    sequence = Sequence()
    sequence.many(10, bolus)
    mask = sequence.many(8, np.maximum(bolus, vein))
    beyond = (vein > 0.08) & (bolus == 0)
    assert (mask & beyond).sum() > 0.8 * beyond.sum()


def test_one_frame_is_not_enough_for_a_new_patch_and_two_are() -> None:
    ball = blurred(thickness_mm(4.0))
    sequence = Sequence()
    sequence.many(5)
    assert not sequence.show(ball).any()
    assert sequence.show(ball)[120, 140]


def test_a_flash_of_one_frame_leaves_nothing() -> None:
    sequence = Sequence()
    sequence.many(5)
    sequence.show(blurred(thickness_mm(1.5)))
    for _ in range(10):
        assert not sequence.show().any()


def test_cement_that_fades_a_little_stays() -> None:
    ball = blurred(thickness_mm(6.0))
    sequence = Sequence()
    full = sequence.many(10, ball).sum()
    assert sequence.many(10, 0.8 * ball).sum() > 0.93 * full


def test_cement_behind_an_instrument_or_outside_the_field_stays() -> None:
    ball = blurred(thickness_mm(6.0))
    sequence = Sequence()
    before = sequence.many(10, ball).copy()
    hidden = np.zeros((ROWS, COLUMNS), bool)
    hidden[:, 135:145] = True
    covered = np.where(hidden, -0.3, ball).astype(np.float32)
    for _ in range(5):
        during = sequence.show(covered, instrument=hidden)
    assert not (before & hidden & ~during).any()
    for _ in range(5):
        during = sequence.show(ball, seen=~hidden)
    assert not (before & hidden & ~during).any()


def test_first_cement_appears_at_its_origin_only() -> None:
    origin = np.zeros((ROWS, COLUMNS), bool)
    origin[110:130, 130:150] = True
    away = blurred(thickness_mm(4.0, 60, 60))
    assert not Sequence(origin=origin).many(6, away).any()
    at = blurred(thickness_mm(4.0))
    assert Sequence(origin=origin).many(6, at)[120, 140]


def test_far_from_cement_only_a_large_patch_counts() -> None:
    bolus = blurred(thickness_mm(5.0))
    near_mm, away_mm = 10.0, 40.0

    def beside(gap_mm: float, radius_mm: float) -> tuple[np.ndarray, tuple[int, int]]:
        column = 140 + round((5.0 + gap_mm + radius_mm) / MM_PER_PX)
        return blurred(thickness_mm(radius_mm, column)), (120, column)

    for gap_mm, radius_mm, counts in [(near_mm, 2.5, True), (away_mm, 2.5, False)]:
        sequence = Sequence()
        sequence.many(6, bolus)
        patch, place = beside(gap_mm, radius_mm)
        assert sequence.many(6, bolus + patch)[place] == counts


def test_edges_of_anatomy_raise_the_limit() -> None:
    step = np.ones((ROWS, COLUMNS), np.float32)
    step[:, 140:] += 0.5
    behind = MODEL.background(Baseline(step, SEEN, 16), None)
    # A step of 0.5, smoothed by 2 px, is steepest at 0.5 / (2 sqrt(2 pi)) per pixel.
    steepest = 0.5 / (2.0 * np.sqrt(2.0 * np.pi))
    assert behind.artefact[120, 140] == pytest.approx(SETTINGS.artefact_px * steepest, rel=0.1)
    assert behind.artefact[120, 60] < 1e-6
    # Denser anatomy lets fewer quanta through: noise grows with half the attenuation.
    assert behind.noise_shape[120, 220] / behind.noise_shape[120, 60] == pytest.approx(
        np.exp(0.25), rel=1e-3
    )


@pytest.mark.parametrize("exponent", [0.5, 0.8, 1.1])
def test_noise_behind_dense_anatomy_is_that_of_the_baseline(exponent: float) -> None:
    """Coarse grey levels, and noise of the detector, grow faster than that of quanta."""
    dense = np.ones((ROWS, COLUMNS), np.float32) + np.linspace(0.0, 2.0, COLUMNS, dtype=np.float32)
    rng, variation = np.random.default_rng(8), None
    for _ in range(14):
        noise = rng.normal(0.0, 0.01 * np.exp(exponent * dense)).astype(np.float32)
        variation = MODEL.with_variation(variation, Added(noise, SEEN, 0.0))
    behind = MODEL.background(Baseline(dense, SEEN, 14), variation)
    truth = np.exp(exponent * (dense[120, 220] - dense[120, 60]))
    assert behind.noise_shape[120, 220] / behind.noise_shape[120, 60] == pytest.approx(
        truth, rel=0.12
    )
    # What noise explains is not motion as well.
    assert np.median(behind.artefact) < 0.01


def test_outlines_go_around_the_mask() -> None:
    mask = np.zeros((60, 80), bool)
    mask[20:41, 30:61] = True
    mask[28:31, 40:45] = False
    outlines = cement_mask.contours_px(mask)
    assert len(outlines) == 2
    outer = max(outlines, key=len if len(outlines[0]) != len(outlines[1]) else np.ptp)
    columns, rows = np.concatenate(outlines).T
    assert (columns.min(), columns.max(), rows.min(), rows.max()) == (30, 60, 20, 40)
    assert not outer.flags.writeable
    assert cement_mask.contours_px(np.zeros((60, 80), bool)) == ()


def blob(column: float, row: float, sigma_mm: float, peak: float) -> np.ndarray:
    """A soft shadow, as tissue makes one that moves past the spine."""
    rows, columns = np.mgrid[:ROWS, :COLUMNS]
    away_mm = np.hypot(columns - column, rows - row) * MM_PER_PX
    return (peak * np.exp(-0.5 * (away_mm / sigma_mm) ** 2)).astype(np.float32)


def test_a_shadow_that_fades_slowly_is_no_cement_and_a_sharp_patch_is() -> None:
    bolus = blurred(thickness_mm(5.0))
    for patch, counts in [
        (blob(186, 120, 4.0, 0.12), False),
        (blurred(thickness_mm(2.5, 186)), True),
    ]:
        sequence = Sequence()
        sequence.many(6, bolus)
        assert sequence.many(6, bolus + patch)[120, 186] == counts


@pytest.mark.parametrize(("length_mm", "at_once"), [(14.0, True), (0.3, False)])
def test_a_vein_that_stands_out_is_seen_in_its_first_frame(length_mm: float, at_once: bool) -> None:
    bolus, row = blurred(thickness_mm(5.0)), 90.0
    vein = tube([(170.0, row), (170.0 + length_mm / MM_PER_PX, row)], 2.0 / MM_PER_PX, 0.1)
    sequence = Sequence()
    sequence.many(6, bolus)
    middle = round(170 + length_mm / MM_PER_PX / 2)
    assert sequence.show(bolus + vein)[int(row), middle] == at_once


def test_dense_cement_is_not_drawn_as_wide_as_its_blur() -> None:
    areas = []
    for dense in (1.0, 6.0):
        sequence = Sequence(noise=0.002)
        mask = sequence.many(6, dense * blurred(thickness_mm(6.0)))
        areas.append(np.count_nonzero(mask) * MM_PER_PX**2)
    # A ball of 6 mm is 113 mm2; without an edge of its own the dense one would be 150.
    assert areas[1] == pytest.approx(np.pi * 6.0**2, rel=0.12)
    assert areas[0] <= areas[1] * 1.05


def test_a_patch_with_as_much_taken_away_beside_it_moved_there() -> None:
    bolus = blurred(thickness_mm(5.0))
    came, went = blurred(thickness_mm(2.5, 186)), blurred(thickness_mm(2.5, 186, 133))
    sequence = Sequence()
    sequence.many(6, bolus)
    assert not sequence.many(6, bolus + came - went)[120, 186]


def test_caution_raises_the_limit_and_infinite_caution_sees_nothing() -> None:
    added = Added(read_only(blurred(thickness_mm(3.0))), SEEN, 0.0)
    areas = []
    for caution in (1.0, 2.0, np.inf):
        state = cement_mask.CementState()
        for index in range(4):
            mean = SEGMENTER.average.with_frame(state.mean, added, index / 7.5)
            state = replace(state, mean=mean)
            state = SEGMENTER.segment(
                state,
                SEEN,
                MODEL.background(FLAT, None),
                None,
                CoveredByCannula(),
                caution,
            ).state
        assert state.mask is not None
        areas.append(np.count_nonzero(state.mask))
    assert areas[0] > areas[1] > areas[2] == 0


def test_what_moves_before_the_injection_raises_the_limit_there_only() -> None:
    rng, variation = np.random.default_rng(5), None
    for index in range(14):
        noise = rng.normal(0, NOISE, (ROWS, COLUMNS)).astype(np.float32)
        shadow = np.float32(np.sin(index / 2)) * blob(80, 80, 4.0, 0.06)
        variation = MODEL.with_variation(variation, Added(noise + shadow, SEEN, 0.0))
    artefact = MODEL.background(FLAT, variation).artefact
    assert artefact[80, 80] == pytest.approx(
        SETTINGS.variation_factor * 0.06 / np.sqrt(2), rel=0.35
    )
    assert np.median(artefact[150:, 150:]) < 0.005


def test_cement_on_both_sides_of_an_instrument_is_behind_it_too() -> None:
    rod = np.zeros((ROWS, COLUMNS), bool)
    rod[117:124, :150] = True
    ball = thickness_mm(6.0)
    # Too little behind the rod to be found there, and enough to be kept.
    seen = np.where(rod, np.minimum(ball, 0.8 * SETTINGS.edge_mm), ball)
    sequence = Sequence()
    for _ in range(8):
        mask = sequence.show(blurred(seen).astype(np.float32), instrument=rod)
    assert mask[120, 135:148].all()
    assert not mask[120, :120].any()


@pytest.mark.parametrize(("width_mm", "taken"), [(0.5, False), (2.5, True)])
def test_sudden_cement_is_as_wide_as_a_vein(width_mm: float, taken: bool) -> None:
    """The edge of a bone that moved a little is as long at once, and as wide as blur makes it."""
    segmenter = cement_mask.CementSegmenter(Scale(0.2), SETTINGS)
    state = cement_mask.CementState()
    rng, behind = np.random.default_rng(2), MODEL.background(FLAT, None)
    bolus = disc(60, 120, 30, 0.4)
    way = [(88, 120), (270, 105), (270, 12), (100, 12), (100, 58), (235, 58)]
    new = tube([(float(x), float(y)) for x, y in way], width_mm / 0.2, 0.09)
    for count in range(12):
        image = rng.normal(0.0, 0.004, (ROWS, COLUMNS)) + bolus
        image = image + (new if count >= 8 else 0.0)
        shown = Added(read_only(image.astype(np.float32)), SEEN, 0.0)
        mean = segmenter.average.with_frame(state.mean, shown, count / 7.5)
        state = segmenter.segment(
            replace(state, mean=mean), SEEN, behind, None, CoveredByCannula(), 1.0
        ).state
    assert state.mask is not None
    share = state.mask[new > 0.07].mean()
    assert share > 0.9 if taken else share < 0.5


def test_a_shadow_that_touches_cement_is_not_its_growth() -> None:
    bolus = blurred(thickness_mm(6.0))
    row, column = np.mgrid[:ROWS, :COLUMNS]
    away = ((column - 190) ** 2 + (row - 120) ** 2) / (2 * (9.0 / MM_PER_PX) ** 2)
    shadow = (0.06 * np.exp(-away)).astype(np.float32)
    sequence = Sequence(0.3 * NOISE)
    sequence.many(8, bolus)
    for _ in range(4):
        mask = sequence.show(bolus + shadow)
    assert mask[120, 140]
    assert mask[:, 170:].sum() * MM_PER_PX**2 < 20.0


@pytest.mark.parametrize("pause_s", [0.0, 5.0, 300.0, 86400.0, math.inf])
def test_growth_has_a_bound_whatever_the_pause(pause_s: float) -> None:
    grown_mm = SEGMENTER.grown_mm(pause_s)
    assert SETTINGS.rim_mm <= grown_mm <= SETTINGS.remote_mm
    if pause_s == 0.0:
        assert grown_mm == SETTINGS.rim_mm


@pytest.mark.parametrize("pause_s", [5.0, 300.0, 1800.0, 86400.0])
def test_cement_that_came_in_a_pause_is_found_in_its_first_frame(pause_s: float) -> None:
    before, after = blurred(thickness_mm(5.0)), blurred(thickness_mm(9.0) + thickness_mm(6.0, 185))
    sequence = Sequence()
    sequence.many(8, before)
    sequence.count += round(pause_s * sequence.fps)
    mask = sequence.show(after)
    new = after > 2.0 * SETTINGS.edge_mm * SETTINGS.attenuation_per_mm
    assert mask[new].mean() > 0.9
    assert mask[~new].mean() < 0.03


@pytest.mark.parametrize("mm_per_px", [0.02, 2.0, 20.0])
@pytest.mark.parametrize("ball_px", [0, 40])
def test_a_scale_at_the_end_of_its_range_breaks_nothing(mm_per_px: float, ball_px: int) -> None:
    segmenter = cement_mask.CementSegmenter(Scale(mm_per_px), SETTINGS)
    state = cement_mask.CementState()
    rng, behind = np.random.default_rng(2), MODEL.background(FLAT, None)
    added = disc(140, 120, ball_px, 0.3) if ball_px else np.zeros((ROWS, COLUMNS), np.float32)
    for count in range(5):
        image = added + rng.normal(0.0, 0.004, (ROWS, COLUMNS))
        shown = Added(read_only(image.astype(np.float32)), SEEN, 0.0)
        mean = segmenter.average.with_frame(state.mean, shown, count / 7.5)
        state = segmenter.segment(
            replace(state, mean=mean), SEEN, behind, None, CoveredByCannula(), 1.0
        ).state
    assert state.mask is not None
    if not ball_px:
        assert not state.mask.any()


@pytest.mark.parametrize(("width_mm", "is_cement"), [(0.5, False), (2.5, True)])
def test_what_is_new_on_a_rod_is_wider_than_a_stripe(width_mm: float, is_cement: bool) -> None:
    """An error of a rod's pose leaves a stripe along its wall."""
    sequence, rod = Sequence(), tube([(0, 120), (140, 120)], 4.0 / MM_PER_PX, 1.0) > 0
    bolus = blurred(thickness_mm(6.0))
    on_wall = tube([(90, 121), (140, 121)], width_mm / MM_PER_PX, 0.07)
    sequence.many(8, bolus)
    for _ in range(8):
        mask = sequence.show(np.maximum(bolus, on_wall), lies=read_only(rod))
    assert bool(mask[121, 100:115].all()) == is_cement
