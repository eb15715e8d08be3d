"""From the crossings of a grid to the distortion of an image intensifier."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from leakwatch.calibrating.grid_crossings import Crossings
from leakwatch.config import CalibrationSettings
from leakwatch.core.arrays import Array, BoolImage, PointArray
from leakwatch.core.distortion import (
    MAX_SLOPE,
    count_terms,
    distort_px,
    polynomial_terms,
    steepest_slope,
    undistort_px,
)
from leakwatch.core.errors import CalibrationError
from leakwatch.core.spacing import Distortion

# Degrees that are tried, the best first: three times as many crossings as numbers are wanted.
_DEGREES = (5, 3)
_CROSSINGS_PER_TERM = 3
# Crossings further away than this many standard deviations are something else: a clip, a letter.
_OUTLIER_SIGMAS, _LEAST_OUTLIER_PX = 4.5, 0.5
_MAX_OUTLIERS = 0.1


@dataclass(frozen=True, slots=True)
class MeasuredGrid:
    """What a grid tells.

    Parameters
    ----------
    distortion : Distortion
    crossings : int
        That it rests on.
    shown_px, fitted_px : ndarray
        ``(n, 2)``, where crossings are seen, and where the distortion would show them.
    residual_p95_px : float
        95 % of them lie nearer together.
    mm_per_px : float
        In the plane of the grid, in the middle of the frame.
    mm_per_px_sigma : float
        By the fit alone.
    bent_px : float
        How far the distortion moves a crossing at most.
    """

    distortion: Distortion
    crossings: int
    shown_px: PointArray
    fitted_px: PointArray
    residual_p95_px: float
    mm_per_px: float
    mm_per_px_sigma: float
    bent_px: float


def measure_grid(
    crossings: Crossings, exposed: BoolImage, pitch_mm: float, settings: CalibrationSettings
) -> MeasuredGrid:
    """Fit the distortion to a grid.

    A polynomial takes what is shown to the plane of the grid. Turn, place and scale of the grid
    are taken out of it in the middle of the frame, where pincushion and S leave the picture as it
    is (doi:10.1118/1.598487).

    Parameters
    ----------
    crossings : Crossings
    exposed : ndarray of bool
        ``(rows, columns)`` of the frame.
    pitch_mm : float
    settings : CalibrationSettings

    Raises
    ------
    CalibrationError
        There are too few crossings, they cover too little of the picture, do not lie as those of a
        grid do, or the plate was not parallel to the detector.
    """
    kept = np.ones(len(crossings.shown_px), bool)
    plane, degree = _fitted(crossings, kept, exposed)
    off = np.hypot(*_off_px(plane, degree, crossings, exposed).T)
    limit = max(_OUTLIER_SIGMAS * float(np.median(off)) / 1.18, _LEAST_OUTLIER_PX)
    kept = off <= limit
    if np.mean(~kept) > _MAX_OUTLIERS:
        raise CalibrationError(
            f"{np.mean(~kept):.0%} of the crossings do not lie where those of a grid do. Give a "
            "sharp picture of the plate alone, with equal distances between wires or beads."
        )
    plane, degree = _fitted(crossings, kept, exposed)
    off_px = _off_px(plane, degree, crossings, exposed)[kept]
    _check_cover(crossings.shown_px[kept], exposed, settings)
    return _measured(plane, degree, crossings.shown_px[kept], off_px, exposed, pitch_mm, settings)


def check_spacing(
    mm_per_px: float, tagged_mm: tuple[float, float] | None, settings: CalibrationSettings
) -> None:
    """Hold the size of a pixel that a grid on the detector gives against the tags.

    Parameters
    ----------
    mm_per_px : float
        In the plane of the grid.
    tagged_mm : (float, float) or None
        Imager Pixel Spacing; None: nothing is held against it.
    settings : CalibrationSettings

    Raises
    ------
    CalibrationError
        They contradict each other: a wrong pitch would make every millimetre wrong.
    """
    if tagged_mm is None:
        return
    tagged = (tagged_mm[0] + tagged_mm[1]) / 2
    off = mm_per_px / tagged - 1.0
    if abs(off) > settings.conflict_share:
        raise CalibrationError(
            f"the grid says {mm_per_px:.4f} mm per pixel at the detector, {off:+.0%} against the "
            f"{tagged:.4f} of the tags (Imager Pixel Spacing). Check --pitch, and whether the "
            "plate lay on the detector. If the tags are wrong and the grid is right: "
            "--against-tags."
        )


def _unit(shown: PointArray, exposed: BoolImage) -> PointArray:
    middle = _middle(exposed)
    unit: PointArray = (shown - middle) / float(np.hypot(*middle))
    return unit


def _middle(exposed: BoolImage) -> PointArray:
    rows, columns = exposed.shape
    return np.array([(columns - 1) / 2, (rows - 1) / 2])


def _fitted(crossings: Crossings, kept: BoolImage, exposed: BoolImage) -> tuple[Array, int]:
    """Coefficients ``(terms, 2)`` from unit places to steps of the grid, and their degree."""
    count = int(kept.sum())
    fitting = [d for d in _DEGREES if count >= _CROSSINGS_PER_TERM * count_terms(d)]
    if not fitting:
        least = _CROSSINGS_PER_TERM * count_terms(_DEGREES[-1])
        raise CalibrationError(
            f"{count} crossings of the grid are found, and {least} are needed. Open the "
            "collimator, or take a plate with a smaller pitch."
        )
    degree = fitting[0]
    table = polynomial_terms(_unit(crossings.shown_px[kept], exposed), degree)
    plane, *_ = np.linalg.lstsq(table, crossings.index[kept], rcond=None)
    return plane, degree


def _similarity(plane: Array, exposed: BoolImage) -> tuple[Array, float]:
    """Steps of the grid to pixels as in the middle of the frame, ``(2, 2)``; and its skew.

    Skew: by which share the longer side of a step exceeds the shorter one, with its turn.
    """
    slopes = plane[1:3] / float(np.hypot(*_middle(exposed)))  # d(steps) by d(column, row)
    there = np.linalg.inv(slopes)
    left, sizes, right = np.linalg.svd(there)
    similar: Array = left @ right * float(np.sqrt(sizes[0] * sizes[1]))
    return similar, float(sizes[0] / sizes[1] - 1.0)


def _off_px(plane: Array, degree: int, crossings: Crossings, exposed: BoolImage) -> PointArray:
    similar, _ = _similarity(plane, exposed)
    steps = polynomial_terms(_unit(crossings.shown_px, exposed), degree) @ plane
    off: PointArray = (steps - crossings.index) @ similar
    return off


def _check_cover(shown: PointArray, exposed: BoolImage, settings: CalibrationSettings) -> None:
    """The part of the exposed field that lies within reach of a crossing."""
    rows, columns = np.nonzero(exposed)
    some = slice(None, None, max(len(rows) // 4000, 1))
    places = np.stack([columns[some], rows[some]], axis=1).astype(np.float64)
    apart = np.hypot(*(shown[:, None] - shown[None, :]).transpose(2, 0, 1))
    np.fill_diagonal(apart, np.inf)
    reach = 1.1 * float(np.median(apart.min(axis=1)))
    nearest = np.min([np.hypot(*(places - point).T) for point in shown], axis=0)
    share = float(np.mean(nearest <= reach))
    if share < settings.grid_min_cover:
        raise CalibrationError(
            f"the grid covers {share:.0%} of the exposed field; at least "
            f"{settings.grid_min_cover:.0%} are needed. Lay the plate over all of the picture."
        )


def _measured(
    plane: Array,
    degree: int,
    shown: PointArray,
    off_px: PointArray,
    exposed: BoolImage,
    pitch_mm: float,
    settings: CalibrationSettings,
) -> MeasuredGrid:
    similar, skew = _similarity(plane, exposed)
    residual = float(np.percentile(np.hypot(*off_px.T), 95))
    _check_fit(skew, residual, settings)
    sigma = float(np.sqrt((off_px**2).mean()))
    distortion = _distortion(plane @ similar, degree, shown, exposed, sigma)
    step_px = float(np.sqrt(abs(np.linalg.det(similar))))
    spacing = pitch_mm / step_px
    true = undistort_px(distortion, shown)
    return MeasuredGrid(
        distortion,
        len(shown),
        shown,
        distort_px(distortion, true - off_px),
        residual,
        spacing,
        spacing * 2 * sigma / float(np.ptp(shown, axis=0).mean()),
        float(np.hypot(*(true - shown).T).max()),
    )


def _check_fit(skew: float, residual_px: float, settings: CalibrationSettings) -> None:
    if skew > settings.grid_max_skew:
        raise CalibrationError(
            f"the grid is {skew:.1%} longer along one side than along the other in the middle of "
            "the picture. Lay the plate parallel to the detector; pixels must be square."
        )
    if residual_px > settings.grid_max_residual_px:
        raise CalibrationError(
            f"95 % of the crossings lie within {residual_px:.2f} pixels of where a smooth "
            f"distortion puts them; {settings.grid_max_residual_px:g} are allowed. Take a sharper "
            "picture of an even plate."
        )


def _distortion(
    moved: Array, degree: int, shown: PointArray, exposed: BoolImage, sigma_px: float
) -> Distortion:
    """From a polynomial that gives true places to one that gives what they are moved by."""
    moved = moved.copy()
    moved[0] = 0.0  # the middle of the frame stays
    moved[1:3] -= float(np.hypot(*_middle(exposed))) * np.eye(2)
    column, row = tuple(moved[:, 0].tolist()), tuple(moved[:, 1].tolist())
    reach = float(np.hypot(*(shown - _middle(exposed)).T).max())
    rows, columns = exposed.shape
    distortion = Distortion(rows, columns, degree, column, row, reach, sigma_px)
    slope = steepest_slope(distortion)
    if slope > MAX_SLOPE:
        raise CalibrationError(
            f"the grid is bent by {slope:.2f} pixels a pixel; no image intensifier bends beyond "
            f"{MAX_SLOPE:g}. Was the plate flat?"
        )
    return distortion
