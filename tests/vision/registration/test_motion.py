"""Registration: truth is the shift that the scene was drawn with."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from scene import COLUMNS, ROWS, Scene, breath, disc, rod

from leakwatch.config import IntensitySettings, MotionSettings
from leakwatch.core.geometry import WorkingGrid
from leakwatch.vision.preprocessing import intensity
from leakwatch.vision.registration import motion

SETTINGS = MotionSettings()
MATCHER = motion.AnatomyMatcher(SETTINGS)
GRID = WorkingGrid(ROWS, COLUMNS, 1)


def passed(scene: Scene, **drawn: object) -> tuple[np.ndarray, motion.MatchedField]:
    raw = intensity.log_attenuation(scene.pixels(**drawn), scene.pixel_format, GRID)  # type: ignore[arg-type]
    field = intensity.exposed_field(raw, IntensitySettings())
    exposed = intensity.field_on_grid(field, ROWS // 2, COLUMNS // 2)
    where = MATCHER.field_of(exposed, None)
    return MATCHER.band_pass(raw, where), where


def reference(scene: Scene, **drawn: object) -> motion.RegistrationReference:
    image, field = passed(scene, **drawn)
    return MATCHER.start_reference(image, field, None)


def matched(
    start: motion.RegistrationReference,
    looked: tuple[np.ndarray, motion.MatchedField],
    expected: tuple[float, float] = (0.0, 0.0),
) -> motion.Registration | None:
    return MATCHER.register(start, *looked, expected, None)


def found(match: motion.Registration | None) -> np.ndarray:
    assert match is not None
    return 2 * np.array(match.shift)


@pytest.mark.parametrize("dose", [1.0, 0.25])
def test_breathing_is_followed_to_a_tenth_of_a_pixel(dose: float) -> None:
    scene = Scene(dose=dose)
    start, errors, at = reference(scene), [], (0.0, 0.0)
    for index in range(1, 30):
        match = matched(start, passed(scene, shift=breath(index)), at)
        assert match is not None
        at = match.shift
        errors.append(np.hypot(*(found(match) - np.array(breath(index)))))
    assert np.percentile(errors, 95) < 0.2


@pytest.mark.parametrize(("degrees", "dose"), [(3.0, 0.005), (5.0, 0.005), (5.0, 0.01)])
def test_a_turned_patient_at_a_low_dose_is_followed(degrees: float, dose: float) -> None:
    """Each step of the fit is too short then, and ten of them did not come to an end."""
    start = reference(Scene(dose=dose))
    turned = Scene(dose=dose, seed=5)
    rows, columns = turned.base.shape
    matrix = cv2.getRotationMatrix2D(((columns - 1) / 2, (rows - 1) / 2), degrees, 1.0)
    turned.base = cv2.warpAffine(turned.base, matrix, (columns, rows), flags=cv2.INTER_CUBIC)
    for shift in ((0.0, 0.0), (1.3, -2.6), (-4.0, 5.0)):
        match = matched(start, passed(turned, shift=shift))
        assert found(match) == pytest.approx(shift, abs=0.8)


@pytest.mark.parametrize("bump", [(14.0, -9.0), (-22.0, 25.0)])
def test_a_table_bump_between_two_frames_is_found(bump: tuple[float, float]) -> None:
    scene = Scene()
    start = reference(scene)
    match = matched(start, passed(scene, shift=bump))
    assert found(match) == pytest.approx(bump, abs=0.3)


def test_brightness_does_not_move_anything() -> None:
    scene = Scene()
    start = reference(scene)
    match = matched(start, passed(scene, shift=(2.0, 1.0), gain=0.6))
    assert found(match) == pytest.approx((2.0, 1.0), abs=0.15)


def test_growing_cement_and_a_turning_rod_do_not_pull() -> None:
    scene = Scene()
    first = rod((130.0, 120.0), 6.0, 6.0, 0.35)
    start = reference(scene, added=first)
    turned = rod((130.0, 120.0), 9.0, 6.0, 0.35) + disc(140.0, 122.0, 22.0, 0.5)
    match = matched(start, passed(scene, shift=(1.5, -2.5), added=turned))
    assert found(match) == pytest.approx((1.5, -2.5), abs=0.35)


def test_another_anatomy_scores_badly() -> None:
    start = reference(Scene())
    other = Scene(seed=5)
    other.base = np.roll(other.base[::-1, ::-1], (31, 17), axis=(0, 1))
    match = matched(start, passed(other))
    assert match is None or match.score < SETTINGS.min_score


def test_the_field_is_made_anew_where_a_blade_moved() -> None:
    _, field = passed(Scene())
    assert MATCHER.field_of(field.exposed.copy(), field) is field
    narrower = field.exposed.copy()
    narrower[:40] = False
    moved = MATCHER.field_of(narrower, field)
    assert not moved.weight[:40].any()
    assert not moved.open[: 40 + SETTINGS.field_margin_px].any()


def test_no_anatomy_is_no_match() -> None:
    scene = Scene()
    start = reference(scene)
    nothing = np.ones((ROWS // 2, COLUMNS // 2), bool)
    image, field = passed(scene)
    assert MATCHER.register(start, image, field, (0.0, 0.0), nothing) is None


def test_stated_sigma_covers_the_error_of_noise() -> None:
    errors, sigmas = [], []
    for seed in range(12):
        scene = Scene(dose=0.1, seed=seed)
        start = reference(scene)
        match = matched(start, passed(scene))
        assert match is not None
        errors.append(found(match))
        sigmas.append(2 * match.sigma)
    # Both frames are noisy and neighbours are smoothed together: within a factor of three.
    measured = float(np.std(errors))
    assert measured / 4 < np.mean(sigmas) < measured * 3


def test_reference_mean_gets_less_noisy_with_frames() -> None:
    scene = Scene(dose=0.2)
    start = reference(scene)
    clean, _ = passed(Scene(dose=1e6))
    grown = start
    for index in range(1, 9):
        image, _ = passed(scene, shift=breath(index))
        grown = motion.with_frame(grown, image, (breath(index)[0] / 2, breath(index)[1] / 2))
    inner = np.s_[20:-20, 20:-20]
    assert grown.frames == 9
    assert np.std((grown.mean - clean)[inner]) < 0.6 * np.std((start.mean - clean)[inner])


def test_a_blank_or_smeared_picture_is_no_reference() -> None:
    image, field = passed(Scene())
    assert MATCHER.shows_anatomy(MATCHER.start_reference(image, field, None))
    for empty in (np.zeros_like(image), 0.05 * image):
        blank = MATCHER.start_reference(empty, field, None)
        assert not MATCHER.shows_anatomy(blank)
    dark = MATCHER.field_of(np.zeros_like(field.exposed), field)
    unseen = MATCHER.start_reference(image, dark, None)
    assert not MATCHER.shows_anatomy(unseen)
