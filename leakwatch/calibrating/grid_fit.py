"""Fit of the distortion of an image intensifier to the crossings of a grid."""

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
from leakwatch.core.messages import text
from leakwatch.core.spacing import Distortion

# Degrees in order of preference: there must be three crossings per coefficient.
_DEGREES = (5, 3)
_CROSSINGS_PER_TERM = 3
# Crossings beyond this many standard deviations are other objects: a clip, a letter.
_OUTLIER_SIGMAS, _MIN_OUTLIER_PX = 4.5, 0.5
_MAX_OUTLIERS = 0.1


@dataclass(frozen=True, slots=True)
class MeasuredGrid:
    """Result of the measurement of a grid.

    Parameters
    ----------
    distortion : Distortion
    crossings : int
        Number of crossings used.
    shown_px, fitted_px : ndarray
        ``(n, 2)``, detected positions of crossings, and their positions by the fitted distortion.
    residual_p95_px : float
        95th percentile of the distance between both.
    mm_per_px : float
        In the plane of the grid, at the centre of the frame.
    mm_per_px_sigma : float
        Contribution of the fit alone.
    max_displacement_px : float
        Largest displacement of a crossing by the distortion.
    """

    distortion: Distortion
    crossings: int
    shown_px: PointArray
    fitted_px: PointArray
    residual_p95_px: float
    mm_per_px: float
    mm_per_px_sigma: float
    max_displacement_px: float


def measure_grid(
    crossings: Crossings, exposed: BoolImage, pitch_mm: float, settings: CalibrationSettings
) -> MeasuredGrid:
    """Fit the distortion to a grid.

    A polynomial maps image positions to the plane of the grid. Rotation, position and scale of the
    grid are removed at the centre of the frame, where pincushion and S-shaped distortion vanish
    (doi:10.1118/1.598487).

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
        There are too few crossings, they cover too little of the image or do not form a regular
        grid, or the plate was not parallel to the detector.
    """
    kept = np.ones(len(crossings.shown_px), bool)
    plane, degree = _fit_plane(crossings, kept, exposed)
    off = np.hypot(*_residuals_px(plane, degree, crossings, exposed).T)
    limit = max(_OUTLIER_SIGMAS * float(np.median(off)) / 1.18, _MIN_OUTLIER_PX)
    kept = off <= limit
    if np.mean(~kept) > _MAX_OUTLIERS:
        raise CalibrationError(
            text(
                "{share:.0%} of the crossings are not at the positions of a regular grid. Use a "
                "sharp image of the plate alone, with equal distances between wires or beads.",
                share=np.mean(~kept),
            )
        )
    plane, degree = _fit_plane(crossings, kept, exposed)
    off_px = _residuals_px(plane, degree, crossings, exposed)[kept]
    _check_coverage(crossings.shown_px[kept], exposed, settings)
    return _make_result(
        plane, degree, crossings.shown_px[kept], off_px, exposed, pitch_mm, settings
    )


def check_spacing(
    mm_per_px: float, tagged_mm: tuple[float, float] | None, settings: CalibrationSettings
) -> None:
    """Check the pixel spacing measured with a grid on the detector against the header.

    Parameters
    ----------
    mm_per_px : float
        In the plane of the grid.
    tagged_mm : (float, float) or None
        Imager Pixel Spacing; None: no check.
    settings : CalibrationSettings

    Raises
    ------
    CalibrationError
        They contradict each other: a wrong pitch would make every distance wrong.
    """
    if tagged_mm is None:
        return
    tagged = (tagged_mm[0] + tagged_mm[1]) / 2
    off = mm_per_px / tagged - 1.0
    if abs(off) > settings.conflict_share:
        raise CalibrationError(
            text(
                "the grid gives {mm_per_px:.4f} mm per pixel at the detector, {deviation:+.0%} "
                "relative to the {tagged:.4f} of the header (Imager Pixel Spacing). Check "
                "--pitch, and whether the plate was on the detector. If the header is wrong and "
                "the grid is right: --against-tags.",
                mm_per_px=mm_per_px,
                deviation=off,
                tagged=tagged,
            )
        )


def _unit(shown: PointArray, exposed: BoolImage) -> PointArray:
    middle = _middle(exposed)
    unit: PointArray = (shown - middle) / float(np.hypot(*middle))
    return unit


def _middle(exposed: BoolImage) -> PointArray:
    rows, columns = exposed.shape
    return np.array([(columns - 1) / 2, (rows - 1) / 2])


def _fit_plane(crossings: Crossings, kept: BoolImage, exposed: BoolImage) -> tuple[Array, int]:
    """Return coefficients ``(terms, 2)`` from image positions to grid indices, and the degree."""
    count = int(kept.sum())
    fitting = [d for d in _DEGREES if count >= _CROSSINGS_PER_TERM * count_terms(d)]
    if not fitting:
        least = _CROSSINGS_PER_TERM * count_terms(_DEGREES[-1])
        raise CalibrationError(
            text(
                "{count} crossings of the grid were found, but {minimum} are needed. Open the "
                "collimator, or use a plate with a smaller pitch.",
                count=count,
                minimum=least,
            )
        )
    degree = fitting[0]
    table = polynomial_terms(_unit(crossings.shown_px[kept], exposed), degree)
    plane, *_ = np.linalg.lstsq(table, crossings.index[kept], rcond=None)
    return plane, degree


def _similarity(plane: Array, exposed: BoolImage) -> tuple[Array, float]:
    """Return the matrix from grid indices to pixels at the centre of the frame, and its skew.

    The skew is the ratio of the singular values minus 1.
    """
    slopes = plane[1:3] / float(np.hypot(*_middle(exposed)))  # d(steps) by d(column, row)
    there = np.linalg.inv(slopes)
    left, sizes, right = np.linalg.svd(there)
    similar: Array = left @ right * float(np.sqrt(sizes[0] * sizes[1]))
    return similar, float(sizes[0] / sizes[1] - 1.0)


def _residuals_px(
    plane: Array, degree: int, crossings: Crossings, exposed: BoolImage
) -> PointArray:
    similar, _ = _similarity(plane, exposed)
    steps = polynomial_terms(_unit(crossings.shown_px, exposed), degree) @ plane
    off: PointArray = (steps - crossings.index) @ similar
    return off


def _check_coverage(shown: PointArray, exposed: BoolImage, settings: CalibrationSettings) -> None:
    """Check the share of the exposed field that is near a crossing."""
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
            text(
                "the grid covers {share:.0%} of the exposed field; at least {minimum:.0%} are "
                "needed. Place the plate over the complete field.",
                share=share,
                minimum=settings.grid_min_cover,
            )
        )


def _make_result(
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
    distortion = _to_distortion(plane @ similar, degree, shown, exposed, sigma)
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
            text(
                "the grid is {elongation:.1%} longer in one direction than in the other at the "
                "centre of the image. Place the plate parallel to the detector; pixels must be "
                "square.",
                elongation=skew,
            )
        )
    if residual_px > settings.grid_max_residual_px:
        raise CalibrationError(
            text(
                "95 % of the crossings are within {residual_px:.2f} pixels of a smooth "
                "distortion; at most {maximum:g} are allowed. Use a sharper image of a flat plate.",
                residual_px=residual_px,
                maximum=settings.grid_max_residual_px,
            )
        )


def _to_distortion(
    moved: Array, degree: int, shown: PointArray, exposed: BoolImage, sigma_px: float
) -> Distortion:
    """Convert a polynomial of undistorted positions into one of displacements."""
    moved = moved.copy()
    moved[0] = 0.0  # the centre of the frame does not move
    moved[1:3] -= float(np.hypot(*_middle(exposed))) * np.eye(2)
    column, row = tuple(moved[:, 0].tolist()), tuple(moved[:, 1].tolist())
    reach = float(np.hypot(*(shown - _middle(exposed)).T).max())
    rows, columns = exposed.shape
    distortion = Distortion(rows, columns, degree, column, row, reach, sigma_px)
    slope = steepest_slope(distortion)
    if slope > MAX_SLOPE:
        raise CalibrationError(
            text(
                "the distortion of the grid changes by {slope:.2f} pixels per pixel; "
                "{max_slope:g} is the most of any image intensifier. Check that the plate is "
                "flat.",
                slope=slope,
                max_slope=MAX_SLOPE,
            )
        )
    return distortion
