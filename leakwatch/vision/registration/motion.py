"""Shift of the anatomy since the reference frame, and its reliability."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np

from leakwatch.config import MotionSettings
from leakwatch.core.arrays import Array, BoolImage, FloatImage, Point, PointArray, read_only
from leakwatch.vision.image_processing.medians import SIGMA_PER_MAD, median
from leakwatch.vision.image_processing.resampling import warped

# Largest ratio of one step to the step before; it makes a step five times as long.
_MAX_RATIO = 0.8


@dataclass(frozen=True, slots=True)
class MatchedRows:
    """Matched rows in one piece of memory: all that every step of a match needs.

    Parameters
    ----------
    image, across, down : ndarray
        Every other row of a reference's window, and the gradient per pixel there.
    products : tuple of ndarray
        Of `across` with itself, with `down`, and of `down` with itself.
    """

    image: FloatImage
    across: FloatImage
    down: FloatImage
    products: tuple[FloatImage, FloatImage, FloatImage]


@dataclass(frozen=True, slots=True)
class RegistrationReference:
    """Anatomy that frames are matched with: band-passed, on the registration grid.

    The registration grid is the working grid at half its resolution: anatomy that carries the
    match is smooth, noise is not.

    Parameters
    ----------
    mean : ndarray
        Band-passed reference, the mean of `frames` frames, each moved onto the first.
    rows : MatchedRows
        What of it is matched.
    frames : int
    weight : ndarray
        float32, 0 where a pixel must not speak (shutter, cannula, far from the vertebra).
    window : tuple of int
        (left, top, right, bottom) of the area with weight, registration grid, right and bottom
        excluded.
    """

    mean: FloatImage
    rows: MatchedRows
    frames: int
    weight: FloatImage
    window: tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Registration:
    """Position of the reference's anatomy in a frame.

    Parameters
    ----------
    shift : Point
        In registration pixels: a point at p in the reference lies at p + shift.
    sigma : float
        Standard deviation of the shift from noise alone (Cramer-Rao), registration pixels.
    score : float
        Normalised correlation of the band-passed anatomy after the match, -1 to 1.
    """

    shift: Point
    sigma: float
    score: float


@dataclass(frozen=True, slots=True)
class MatchedField:
    """Exposed field as registration needs it, on the registration grid.

    Parameters
    ----------
    exposed : ndarray of bool
    weight : ndarray
        The same as float32.
    fine, broad : ndarray
        The weight, smoothed as the anatomy is.
    open : ndarray of uint8
        Where the band-pass does not see just one side of the field's edge.
    """

    exposed: BoolImage
    weight: FloatImage
    fine: FloatImage
    broad: FloatImage
    open: Array


@dataclass(frozen=True, slots=True)
class AnatomyMatcher:
    """Matching of frames with the reference anatomy, with its settings.

    A frame passes `field_of` and `band_pass`; the first one becomes the reference
    (`start_reference`), and `register` tells where the anatomy of the others is.
    """

    settings: MotionSettings

    def field_of(self, exposed: BoolImage, before: MatchedField | None) -> MatchedField:
        """Return the exposed field of a frame; that of the frame `before` where nothing changed.

        Parameters
        ----------
        exposed : ndarray of bool
            ``(rows // 2, columns // 2)``, registration grid.
        before : MatchedField or None
        """
        if before is not None and np.array_equal(before.exposed, exposed):
            return before
        weight = exposed.astype(np.float32)
        fine = cv2.GaussianBlur(weight, (0, 0), self.settings.fine_sigma_px) + np.float32(1e-3)
        broad = self._filter_broad(weight) + np.float32(1e-3)
        rim = np.ones((2 * self.settings.field_margin_px + 1,) * 2, np.uint8)
        open_ = cv2.erode(exposed.view(np.uint8), rim, borderValue=0)
        parts = (exposed, weight, fine, broad, open_)
        return MatchedField(*(read_only(part) for part in parts))

    def band_pass(self, attenuation: FloatImage, field: MatchedField) -> FloatImage:
        """Filter the anatomy to the scales that carry a match, on the registration grid.

        A difference of Gaussians, normalised by the exposed area so that the shutter's edge, which
        does not move with the patient, leaves no mark (normalised convolution,
        doi:10.1109/CVPR.1993.341081).

        Parameters
        ----------
        attenuation : ndarray
            ``(rows, columns)``, working grid.
        field : MatchedField

        Returns
        -------
        ndarray
            ``(rows // 2, columns // 2)``, float32; 0 outside the exposed area.
        """
        rows, columns = field.weight.shape
        small = cv2.resize(attenuation, (columns, rows), interpolation=cv2.INTER_AREA)
        small *= field.weight
        passed: FloatImage = cv2.GaussianBlur(small, (0, 0), self.settings.fine_sigma_px)
        passed /= field.fine
        passed -= self._filter_broad(small) / field.broad
        passed *= field.weight
        return passed

    def start_reference(
        self, passed: FloatImage, field: MatchedField, centre: Point | None
    ) -> RegistrationReference:
        """Make the first frame the reference.

        Parameters
        ----------
        passed : ndarray
            From `band_pass`.
        field : MatchedField
            Of this frame.
        centre : Point or None
            Where the vertebra is, registration grid; None: the middle of the exposed area.
        """
        rows, columns = passed.shape
        weight = field.open.astype(np.float32)
        if centre is None:
            centre = (columns / 2, rows / 2)
        half_wide, half_high = self.settings.half_width_px, self.settings.half_height_px
        left, top = max(0, round(centre[0]) - half_wide), max(0, round(centre[1]) - half_high)
        right, bottom = min(columns, left + 2 * half_wide), min(rows, top + 2 * half_high)
        inside = np.zeros_like(weight)
        inside[top:bottom, left:right] = 1.0
        weight *= inside
        filled = np.argwhere(weight > 0)
        if len(filled):
            (top, left), (bottom, right) = filled.min(axis=0), filled.max(axis=0) + 1
        window = (int(left), int(top), int(right), int(bottom))
        rows_ = _cut_matched_rows(passed, window)
        return RegistrationReference(read_only(passed), rows_, 1, read_only(weight), window)

    def shows_anatomy(self, reference: RegistrationReference) -> bool:
        """Return whether there is something that other frames can be matched with."""
        speaks = reference.weight > 0
        contrast = float(reference.mean[speaks].std()) if speaks.any() else 0.0
        return contrast >= self.settings.min_contrast

    def register(
        self,
        reference: RegistrationReference,
        passed: FloatImage,
        field: MatchedField,
        expected: Point,
        excluded: BoolImage | None,
    ) -> Registration | None:
        """Match a frame with the reference: coarse search, then least squares to sub-pixel.

        The fine step is Lucas and Kanade's, with the reference's own gradients (inverse
        compositional, doi:10.1023/B:VISI.0000011205.11775.fd) and with Geman-McClure weights on the
        residual, so that what moves on its own (cannula, cement) does not pull.

        Parameters
        ----------
        reference : RegistrationReference
        passed : ndarray
            Frame from `band_pass`.
        field : MatchedField
            Of the frame.
        expected : Point
            Shift of the frame before, registration pixels.
        excluded : ndarray of bool or None
            Where the reference must not speak in this frame (cement, dilated); registration grid.

        Returns
        -------
        Registration or None
            None where too little anatomy is exposed to match.
        """
        left, top, right, bottom = reference.window
        weight = reference.weight[top:bottom, left:right]
        if excluded is not None:
            weight = weight * ~excluded[top:bottom, left:right]
        if float(weight.sum()) < self.settings.min_pixels:
            return None
        target = reference.mean[top:bottom, left:right]
        fine = self._match_finely(reference, weight, passed, field.open, expected)
        if fine is not None and fine.score >= self.settings.trusted_score:
            return fine
        coarse = self._match_coarsely(target, weight, passed, expected, reference.window)
        again = self._match_finely(reference, weight, passed, field.open, coarse)
        candidates = [match for match in (fine, again) if match is not None]
        return max(candidates, key=lambda match: match.score, default=None)

    def _filter_broad(self, image: FloatImage) -> FloatImage:
        """Return what is broader than the anatomy that carries a match."""
        # Smooth at a quarter of the size: the same picture for a tenth of the time.
        rows, columns = image.shape
        quarter = cv2.resize(image, (columns // 4, rows // 4), interpolation=cv2.INTER_AREA)
        quarter = cv2.GaussianBlur(quarter, (0, 0), self.settings.broad_sigma_px / 4)
        broad: FloatImage = cv2.resize(quarter, (columns, rows), interpolation=cv2.INTER_LINEAR)
        return broad

    def _match_finely(
        self,
        reference: RegistrationReference,
        weight: FloatImage,
        passed: FloatImage,
        open_: Array,
        start: Point,
    ) -> Registration | None:
        left, top, _, _ = reference.window
        rows, target = reference.rows, reference.rows.image
        shift = np.array(start, np.float64)
        matrix = np.array([[1, 0, left + shift[0]], [0, 2, top + shift[1]]], np.float32)
        # The shutter stands still while the anatomy moves under it.
        size = (target.shape[1], target.shape[0])
        weight = weight[::2] * warped(open_, matrix, size, cv2.INTER_NEAREST)
        speaks = weight > 0
        if int(np.count_nonzero(speaks)) < self.settings.min_pixels // 2:
            return None
        # Every 5th pixel each way gives the median of thousands.
        some = speaks[::5, ::5]
        before = None
        robust = self.settings.robust
        for _ in range(self.settings.max_iterations):
            matrix = np.array([[1, 0, left + shift[0]], [0, 2, top + shift[1]]], np.float32)
            moved = warped(passed, matrix, size)
            residual, width = centred(moved - target, some)
            trust = trusted(residual, width, weight, robust)
            first, mixed, last = (float(np.vdot(trust, product)) for product in rows.products)
            normal = (first, mixed, last)
            if condition(normal) > self.settings.max_condition:
                return None
            residual *= trust
            pull = (float(np.vdot(rows.across, residual)), float(np.vdot(rows.down, residual)))
            change = _solve(normal, pull)
            shift -= np.multiply(change, _all_steps(change, before))
            before = change if before is None else None
            if math.hypot(change[0], change[1]) < self.settings.converged_px:
                break
        else:
            return None
        if max(abs(shift)) > self.settings.max_shift_px:
            return None
        # Half the trace of the normal matrix's inverse: the mean of both axes' variances.
        sigma = width * math.sqrt((normal[0] + normal[2]) / _determinant(normal) / 2)
        return Registration((float(shift[0]), float(shift[1])), sigma, _score(moved, target, trust))

    def _match_coarsely(
        self,
        target: FloatImage,
        weight: FloatImage,
        passed: FloatImage,
        expected: Point,
        window: tuple[int, int, int, int],
    ) -> Point:
        """Find the best whole-pixel shift at half the resolution, by template matching."""
        reach = self.settings.search_px
        left, top, right, bottom = window
        padded = cv2.copyMakeBorder(passed, *4 * (reach,), cv2.BORDER_CONSTANT, value=0)
        area = padded[top : bottom + 2 * reach, left : right + 2 * reach]
        half_target = cv2.resize(target * (weight > 0), None, fx=0.5, fy=0.5)
        half_area = cv2.resize(area, None, fx=0.5, fy=0.5)
        scores = cv2.matchTemplate(half_area, half_target, cv2.TM_CCOEFF_NORMED)
        _, _, _, (column, row) = cv2.minMaxLoc(scores)
        return (2.0 * column - reach, 2.0 * row - reach)


def with_frame(
    reference: RegistrationReference, passed: FloatImage, shift: Point
) -> RegistrationReference:
    """Return the reference with one more frame in its mean."""
    moved = _move_back(passed, shift)
    share = 1.0 / (reference.frames + 1)
    mean = cv2.addWeighted(reference.mean, 1.0 - share, moved, share, 0.0)
    rows = _cut_matched_rows(mean, reference.window)
    return replace(reference, mean=read_only(mean), rows=rows, frames=reference.frames + 1)


def without(reference: RegistrationReference, excluded: BoolImage) -> RegistrationReference:
    """Return the reference with no weight where `excluded` (registration grid) is True."""
    weight = np.where(excluded, np.float32(0), reference.weight)
    return replace(reference, weight=read_only(weight))


def _cut_matched_rows(image: FloatImage, window: tuple[int, int, int, int]) -> MatchedRows:
    # Every other row says nearly as much as all: neighbours are smoothed together.
    left, top, right, bottom = window
    slopes = (
        cv2.Sobel(image, cv2.CV_32F, 1, 0, ksize=3, scale=1 / 8),
        cv2.Sobel(image, cv2.CV_32F, 0, 1, ksize=3, scale=1 / 8),
    )
    parts = (image, *slopes)
    rows, across, down = (read_only(part[top:bottom:2, left:right].copy()) for part in parts)
    products = (read_only(across * across), read_only(across * down), read_only(down * down))
    return MatchedRows(rows, across, down, products)


def _move_back(passed: FloatImage, shift: Point) -> FloatImage:
    rows, columns = passed.shape
    matrix = np.array([[1, 0, shift[0]], [0, 1, shift[1]]], np.float32)
    moved: FloatImage = warped(passed, matrix, (columns, rows), cv2.INTER_CUBIC)
    return moved


# A symmetric 2 x 2 matrix: its first, mixed and last entry. NumPy's own solver takes longer to
# call than all that is here.
_Symmetric = tuple[float, float, float]


def _all_steps(change: Point, before: Point | None) -> float:
    """Return the factor that makes a step as long as all later ones together (Aitken).

    Noise and a turn in the picture's plane make each step too short, by a fifth up to four fifths:
    then the lengths of the steps form a geometric series.
    """
    if before is None:
        return 1.0
    along = change[0] * before[0] + change[1] * before[1]
    ratio = along / max(before[0] ** 2 + before[1] ** 2, 1e-12)
    return 1.0 / (1.0 - min(max(ratio, 0.0), _MAX_RATIO))


def _determinant(normal: _Symmetric) -> float:
    return normal[0] * normal[2] - normal[1] ** 2


def _solve(normal: _Symmetric, pull: tuple[float, float]) -> tuple[float, float]:
    determinant = _determinant(normal)
    return (
        (normal[2] * pull[0] - normal[1] * pull[1]) / determinant,
        (normal[0] * pull[1] - normal[1] * pull[0]) / determinant,
    )


def condition(normal: _Symmetric) -> float:
    """Return the ratio of the eigenvalues of a symmetric 2 x 2 matrix."""
    half_trace = (normal[0] + normal[2]) / 2
    spread = math.hypot((normal[0] - normal[2]) / 2, normal[1])
    return float((half_trace + spread) / max(half_trace - spread, 1e-12))


def trusted(residual: FloatImage, width: float, weight: FloatImage, robust: float) -> FloatImage:
    """Return the weights with those of Geman and McClure: what differs by much hardly counts.

    Parameters
    ----------
    residual : ndarray
        Without its brightness, from `centred`.
    width : float
        Its spread.
    weight : ndarray
    robust : float
        So many spreads count a quarter.
    """
    trust: FloatImage = np.square(residual * np.float32(1.0 / (robust * width)))
    trust += np.float32(1.0)
    np.divide(weight, np.square(trust, out=trust), out=trust)
    return trust


def centred(residual: FloatImage, where: BoolImage) -> tuple[FloatImage, float]:
    """Return a residual without its brightness, and its spread, from every 5th pixel each way."""
    some = residual[::5, ::5][where]
    middle = median(some)
    residual -= np.float32(middle)
    return residual, SIGMA_PER_MAD * median(np.abs(some - middle)) + 1e-6


def _score(moved: FloatImage, target: FloatImage, trust: FloatImage) -> float:
    total = float(trust.sum()) + 1e-9
    a = moved - float(np.vdot(trust, moved)) / total
    b = target - float(np.vdot(trust, target)) / total
    weighted = trust * a
    size = math.sqrt(float(np.vdot(weighted, a)) * float(np.vdot(trust * b, b)))
    return float(np.vdot(weighted, b)) / max(size, 1e-12)


def to_registration_grid(points: PointArray) -> PointArray:
    """Convert working pixels to registration pixels; ``(n, 2)`` or ``(2,)``."""
    return (np.asarray(points, np.float64) - 0.5) / 2
