"""The cement-free picture: truth is the scene's noiseless attenuation."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from scene import COLUMNS, MARGIN, MM_PER_PX, ROWS, Scene, disc

from leakwatch.config import BaselineSettings
from leakwatch.core.arrays import read_only
from leakwatch.core.geometry import Scale, WorkingGrid
from leakwatch.vision.background import baseline
from leakwatch.vision.preprocessing import intensity

SETTINGS = BaselineSettings()
COMPARATOR = baseline.BaselineComparator(Scale(MM_PER_PX), SETTINGS)
GRID = WorkingGrid(ROWS, COLUMNS, 1)
SEEN = np.ones((ROWS, COLUMNS), bool)
INNER = np.s_[30:-30, 30:-30]


def attenuation(scene: Scene, **drawn: object) -> np.ndarray:
    return intensity.log_attenuation(scene.pixels(**drawn), scene.pixel_format, GRID)  # type: ignore[arg-type]


def averaged(scene: Scene, frames: int, **drawn: object) -> baseline.Baseline:
    mean = None
    for _ in range(frames):
        mean = baseline.with_frame(mean, attenuation(scene, **drawn), SEEN)
    assert mean is not None
    return mean


def compared(
    reference: baseline.Baseline,
    image: np.ndarray,
    seen: np.ndarray = SEEN,
    changed: np.ndarray | None = None,
) -> baseline.Added:
    more = image - reference.mean
    return COMPARATOR.added_attenuation(reference, more, seen, changed)


def test_sixteen_frames_leave_a_quarter_of_the_noise() -> None:
    scene = Scene(shutter_px=0)
    clean = scene.base[MARGIN:-MARGIN, MARGIN:-MARGIN]

    def noise(image: np.ndarray) -> float:
        difference = (image - clean)[INNER]
        return float(np.std(difference - difference.mean()))

    one, many = noise(attenuation(scene)), noise(averaged(scene, 16).mean)
    assert many == pytest.approx(one / 4, rel=0.1)


def test_brightness_steps_between_baseline_frames_do_not_blur_it() -> None:
    scene = Scene(dose=1e6, shutter_px=0)
    steady = averaged(scene, 2).mean
    mean = None
    for gain in (1.0, 0.7, 0.85, 0.9):
        mean = baseline.with_frame(mean, attenuation(scene, gain=gain), SEEN)
    assert mean is not None
    assert np.abs(mean.mean - steady)[INNER].max() < 0.01


@pytest.mark.parametrize("shift", [(3.0, -4.0), (2.5, 1.25)])
def test_moved_back_onto_the_reference(shift: tuple[float, float]) -> None:
    scene = Scene(dose=1e6, shutter_px=0)
    still, moved = attenuation(scene), attenuation(scene, shift=shift)
    back = baseline.to_reference(moved, shift)
    # Half a pixel's linear interpolation costs some contrast of the finest anatomy.
    assert np.abs(back - still)[INNER].mean() < 0.004


def test_what_comes_from_beyond_the_border_is_its_last_pixel() -> None:
    image = np.arange(12, dtype=np.float32).reshape(3, 4)
    back = baseline.to_reference(image, (-1.5, 0.25))
    assert back[0] == pytest.approx([1.0, 1.0, 1.5, 2.5])
    back = baseline.to_reference(image, (2.0, 5.0))
    assert back == pytest.approx(np.tile([10.0, 11.0, 11.0, 11.0], (3, 1)))


def test_field_moves_with_the_anatomy() -> None:
    exposed = np.zeros((ROWS, COLUMNS), bool)
    exposed[50:100, 60:120] = True
    seen = baseline.seen_in_reference(exposed, (10.0, -5.0))
    rows, columns = np.nonzero(seen)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (55, 104, 50, 109)


@pytest.mark.parametrize("gain", [0.6, 1.0, 1.5])
def test_brightness_is_taken_out_and_told(gain: float) -> None:
    scene = Scene(shutter_px=0)
    reference = averaged(scene, 8)
    added = compared(reference, attenuation(scene, gain=gain))
    assert added.gain_log == pytest.approx(np.log(gain), abs=0.01)
    assert abs(np.median(added.image[INNER])) < 0.005


def test_slow_shading_goes_and_cement_stays() -> None:
    scene = Scene(dose=1e6, shutter_px=0)
    reference = averaged(scene, 2)
    rows, columns = np.mgrid[:ROWS, :COLUMNS]
    shading = (0.06 * (columns / COLUMNS - 0.5) + 0.04 * (rows / ROWS - 0.5)).astype(np.float32)
    cement = disc(140, 120, 12, 0.4)
    frame = attenuation(scene, added=cement) + shading
    added = compared(reference, frame, changed=cement > 0)
    error = (added.image - cement)[INNER]
    assert np.abs(error).mean() < 0.006
    assert added.image[120, 140] == pytest.approx(0.4, abs=0.02)


def test_what_is_not_exposed_adds_nothing() -> None:
    scene = Scene(shutter_px=0)
    reference = averaged(scene, 4)
    seen = SEEN.copy()
    seen[:, :90] = False
    dark = attenuation(scene) + 2.0 * (~seen).astype(np.float32)
    added = compared(reference, dark, seen)
    assert not added.image[:, :90].any()
    assert not added.seen[:, :90].any()
    assert abs(np.median(added.image[30:-30, 100:-30])) < 0.005


WATCHED = np.zeros((ROWS, COLUMNS), bool)
WATCHED[60:160, 60:180] = True


def added(scene: Scene, image: np.ndarray) -> baseline.Added:
    known = averaged(scene, 8)
    return compared(known, image)


def watch(seen: baseline.Added) -> baseline.Watched | None:
    return COMPARATOR.watch(seen, WATCHED)


def is_accepted(scene: Scene, image: np.ndarray, covered: np.ndarray | None = None) -> bool:
    seen = added(scene, image)
    there = watch(seen)
    return COMPARATOR.is_taken_away(there, baseline.explained(there, covered, None, 0.0))


@pytest.mark.parametrize("dose", [1.0, 0.25])
def test_noise_and_cement_take_nothing_away(dose: float) -> None:
    scene = Scene(dose=dose, shutter_px=0)
    bolus = disc(120.0, 110.0, 20.0, 0.5)
    assert not is_accepted(scene, attenuation(scene))
    assert not is_accepted(scene, attenuation(scene, added=bolus))


def test_damaged_pixels_take_away() -> None:
    scene, rng = Scene(shutter_px=0), np.random.default_rng(3)
    image = attenuation(scene)
    noise, torn = image.copy(), image.copy()
    noise[100:] = -np.log(rng.integers(1, 4096, image[100:].shape)).astype(np.float32)
    torn[:, 60:] = np.roll(torn[:, 60:], 40, axis=0)
    assert is_accepted(scene, noise)
    assert is_accepted(scene, torn)
    # Where nothing is watched it may be what it likes; where an instrument was, too.
    nothing = COMPARATOR.watch(added(scene, noise), None)
    assert not COMPARATOR.is_taken_away(nothing, None)
    assert not is_accepted(scene, noise, np.ones_like(WATCHED))


def test_what_lay_in_the_baseline_and_is_gone() -> None:
    scene = Scene(shutter_px=0)
    with_tool = averaged(scene, 8, added=disc(120.0, 110.0, 25.0, 1.0))
    without = compared(with_tool, attenuation(scene))
    assert COMPARATOR.is_taken_away(watch(without), None)


def is_changed(
    scene: Scene,
    image: np.ndarray,
    known: np.ndarray | None = None,
    cement: np.ndarray | None = None,
) -> bool:
    seen = added(scene, image)
    there = watch(seen)
    return COMPARATOR.is_changed(there, baseline.explained(there, None, known, 0.0), cement)


def shade(left: int, log: float) -> np.ndarray:
    over = np.zeros((ROWS, COLUMNS), np.float32)
    over[:, left:] = log
    return over


@pytest.mark.parametrize("dose", [1.0, 0.25])
def test_noise_and_a_vein_that_fills_change_too_little(dose: float) -> None:
    scene = Scene(dose=dose, shutter_px=0)
    vein = np.zeros((ROWS, COLUMNS), np.float32)
    vein[100:108, 60:180] = 0.1
    assert not is_changed(scene, attenuation(scene))
    assert not is_changed(scene, attenuation(scene, added=vein))


def test_what_lies_over_the_anatomy_and_is_no_cement_changes_it() -> None:
    scene = Scene(shutter_px=0)
    hand = attenuation(scene, added=shade(140, 0.2))  # 40 of the 120 columns that are watched
    assert is_changed(scene, hand)
    assert not is_changed(scene, attenuation(scene, added=shade(162, 0.2)))  # 18 of them
    # Where nothing is watched, and where an instrument or cement explains it, it may be so.
    nothing = COMPARATOR.watch(added(scene, hand), None)
    assert not COMPARATOR.is_changed(nothing, None, None)
    explained = shade(140, 1.0) > 0
    assert not is_changed(scene, hand, known=explained)
    assert not is_changed(scene, hand, cement=explained)


def test_torn_anatomy_is_changed() -> None:
    scene = Scene(shutter_px=0)
    torn = attenuation(scene)
    torn[:, 60:] = np.roll(torn[:, 60:], 40, axis=0)
    assert is_changed(scene, torn)


def test_another_tube_voltage_changes_the_anatomy_and_the_rod_by_shares_of_their_own() -> None:
    """What the cannula lost of its contrast is out already, and must not be put in again."""
    rng = np.random.default_rng(3)
    detail = 0.2 * cv2.GaussianBlur(rng.normal(0.0, 20.0, (ROWS, COLUMNS)), (0, 0), 3.0)
    anatomy = read_only((1.0 + detail).astype(np.float32))
    steel = np.zeros((ROWS, COLUMNS), np.float32)
    steel[100:110] = 0.4
    reference = baseline.Baseline(read_only(anatomy + steel), SEEN, 16)
    less_contrast = read_only((0.85 * detail).astype(np.float32) + 1.0)
    added = COMPARATOR.added_attenuation(reference, less_contrast - anatomy, SEEN, None, anatomy)
    assert added.image[INNER].std() < 0.6 * (less_contrast - anatomy)[INNER].std()
    on_rod = added.image[102:108, 30:-30]
    assert float(on_rod.mean()) == pytest.approx(0.0, abs=0.005)
