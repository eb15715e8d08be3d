"""Patterns of change by breathing, acquired away from the cement and subtracted.

Ribs, gut and the trunk's wall breathe past the spine, which registration keeps still. What that
does to a picture is nearly the same from breath to breath: it lies in the space of the first few
principal components of the pictures so far. Learnt is only what changes within a breath, and beside
what is known as cement: a vein that fills changes once, and stays.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np

from leakwatch.config import BreathingSettings
from leakwatch.core.arrays import Array, BoolImage, FloatImage, read_only
from leakwatch.vision.background.baseline import Added
from leakwatch.vision.image_processing.medians import median
from leakwatch.vision.image_processing.normal_equations import solve_normal

_EVERY = 4  # what breathes is soft: a quarter of the working grid, some 1 mm a pixel, holds it
_LEAST_SHARE = 0.25  # of a coarse pixel that must count
_FITTED = 3  # every third coarse pixel tells how strong the patterns are, well enough


@dataclass(frozen=True, slots=True)
class Breathing:
    """Patterns of breathing, in reference coordinates on a quarter of the working grid.

    Parameters
    ----------
    patterns : ndarray
        ``(k, rows * columns)``, float32, orthonormal.
    sizes : ndarray
        ``(k,)``, their singular values over the frames, the last minute's mostly.
    shares : ndarray
        ``(k,)``, of the picture that each takes up: its participation ratio.
    recent : ndarray
        ``(n, 1 + k)``, times and strengths of the last frames that were learnt from.
    slow : ndarray
        ``(rows * columns,)``, what does not change within a breath: it is not learnt.
    time_s : float
        Of the last frame.
    """

    patterns: Array
    sizes: Array
    shares: Array
    recent: Array
    slow: Array
    time_s: float


@dataclass(frozen=True, slots=True)
class Breath:
    """Strength of each pattern in one frame, and the pixels that it was estimated from.

    Parameters
    ----------
    coarse : ndarray
        ``(rows * columns,)``, what was added, on a quarter of the working grid.
    still : ndarray of bool
        Where it is seen, and neither cement nor instrument.
    counts : ndarray of bool
        The part of some of it that agrees with the patterns.
    strengths : ndarray
        ``(k,)``.
    """

    coarse: Array
    still: BoolImage
    counts: BoolImage
    strengths: Array


@dataclass(frozen=True, slots=True)
class BreathingFilter:
    """Patterns of breathing: acquired from frames, estimated in one, and subtracted."""

    settings: BreathingSettings

    def breath_of(
        self, breathing: Breathing | None, added: Added, changed: BoolImage | None
    ) -> Breath:
        """Return how strong breathing is in a frame.

        Parameters
        ----------
        breathing : Breathing or None
            Of the frames before.
        added : Added
        changed : ndarray of bool or None
            Cement and instruments, with their rims.
        """
        unchanged = added.seen if changed is None else added.seen & ~changed
        coarse, still = _make_coarse(added.image, unchanged)
        if breathing is None:
            return Breath(coarse, still, still[::_FITTED], np.zeros(0, np.float32))
        patterns, some = _some(breathing.patterns), coarse[::_FITTED]
        counts = self._without_outliers(some, patterns, still[::_FITTED])
        return Breath(coarse, still, counts, self._strengths(some, patterns, counts))

    def without_breath(self, added: Added, breathing: Breathing | None, breath: Breath) -> Added:
        """Return what was added, less what breathing adds."""
        if breathing is None or len(breath.strengths) == 0:
            return added
        # What is in one place only is cement that is not known yet, and not breathing; and so is
        # what came and never went.
        strengths = self._bounded(breathing, breath.strengths)
        strengths = strengths - self._lasting(breathing, strengths)
        pattern = (strengths * (breathing.shares >= self.settings.least_share)) @ breathing.patterns
        image = cv2.subtract(added.image, _resample_to_fine(pattern, added.image.shape))
        return replace(added, image=cv2.copyTo(image, added.seen.view(np.uint8)))

    def with_breath(
        self, breathing: Breathing | None, breath: Breath, cement: BoolImage | None, time_s: float
    ) -> Breathing:
        """Return the patterns with one more frame.

        Parameters
        ----------
        breathing : Breathing or None
        breath : Breath
            Of this frame.
        cement : ndarray of bool or None
            What this frame shows of it.
        time_s : float
            Of this frame.
        """
        elapsed_s = 0.0 if breathing is None else time_s - breathing.time_s
        if breathing is not None and 0.0 <= elapsed_s < self.settings.every_s:
            return breathing
        if breathing is not None and not 0.0 <= elapsed_s <= self.settings.gap_s:
            return _resume_after_pause(breathing, time_s)
        still = breath.still if cement is None else breath.still & ~_find_touched(cement)
        if breathing is None:
            empty = read_only(np.zeros((0, len(still)), np.float32))
            none = read_only(np.zeros(0))
            recent = read_only(np.zeros((0, 1)))
            return Breathing(empty, none, none, recent, read_only(breath.coarse * still), time_s)
        left = breath.coarse - breath.strengths @ breathing.patterns
        still = still & (np.abs(left) <= self.settings.sudden_log)
        share = 1.0 - math.exp(-max(elapsed_s, 1e-3) / self.settings.slow_s)
        slow = breathing.slow + np.float32(share) * (breath.coarse - breathing.slow) * still
        quick = breath.coarse - slow
        patterns, some = _some(breathing.patterns), quick[::_FITTED]
        within = self._strengths(some, patterns, breath.counts)
        kept = math.exp(-max(elapsed_s, 0.0) / (2.0 * self.settings.forget_s))
        recent = np.vstack([breathing.recent, [time_s, *breath.strengths]])
        # One older than the window tells that it is full.
        first = max(int(np.searchsorted(recent[:, 0], time_s - self.settings.comes_back_s)) - 1, 0)
        breathing = replace(breathing, sizes=breathing.sizes * kept, recent=recent[first:])
        learnt = self._learnt(breathing, within, (quick - within @ breathing.patterns) * still)
        return replace(learnt, slow=read_only(slow), time_s=time_s)

    def _lasting(self, breathing: Breathing, strengths: Array) -> Array:
        """Return the part of each pattern's strength that outlasts a breath."""
        recent = breathing.recent
        if len(recent) == 0 or breathing.time_s - recent[0, 0] < self.settings.comes_back_s:
            return np.zeros_like(strengths)
        all_of_it = np.vstack([recent[:, 1:], strengths])
        least, most = all_of_it.min(axis=0), all_of_it.max(axis=0)
        lasting: Array = np.maximum(least, 0.0) + np.minimum(most, 0.0)
        return lasting.astype(np.float32)

    def _bounded(self, breathing: Breathing, strengths: Array) -> Array:
        """Return strengths that breathing can have, by those of the last breath.

        Cement that came during a pause is not known yet, and the fit would take part of it for a
        breath that is deeper than any before.
        """
        recent = breathing.recent
        if len(recent) == 0 or breathing.time_s - recent[0, 0] < self.settings.slow_s:
            return strengths
        least, most = recent[:, 1:].min(axis=0), recent[:, 1:].max(axis=0)
        more = self.settings.max_deeper_share * (most - least)
        bounded: Array = np.clip(strengths, least - more, most + more).astype(np.float32)
        return bounded

    def _strengths(self, some: Array, patterns: Array, counts: BoolImage) -> Array:
        """Return how strong each pattern is, from those of some pixels that count."""
        if len(patterns) == 0:
            return np.zeros(0, np.float32)
        told = patterns * counts
        normal = (told @ patterns.T).astype(np.float64)
        normal.flat[:: len(patterns) + 1] += self.settings.least_told / _FITTED
        return solve_normal(normal, told @ some).astype(np.float32)

    def _without_outliers(self, some: Array, patterns: Array, still: BoolImage) -> BoolImage:
        """Return what is still, less what is neither breathing nor noise."""
        rest = np.abs(some - self._strengths(some, patterns, still) @ patterns)
        counts: BoolImage = still & (rest <= self.settings.outlier_factor * median(rest[still]))
        return counts

    def _learnt(self, breathing: Breathing, strengths: Array, rest: Array) -> Breathing:
        """Return the patterns with one more frame.

        Incremental principal components (doi:10.1007/s11263-007-0075-7).
        """
        length = float(np.linalg.norm(rest))
        fresh = (rest / max(length, 1e-6)).astype(np.float32)[None]
        count = len(breathing.sizes)
        joint = np.zeros((count + 1, count + 2))
        joint[:count, :count] = np.diag(breathing.sizes)
        joint[:count, -1], joint[-1, -1] = strengths, length
        basis = np.concatenate([breathing.patterns, fresh])
        # Fitted beside cement only, the rest is not quite square to the patterns.
        # Row by row: of so few rows a product with their own transpose takes twice as long.
        common = np.stack([basis @ row for row in basis]).astype(np.float64)
        square = np.linalg.cholesky(common + 1e-6 * np.eye(count + 1))
        turn, sizes, _ = np.linalg.svd(square.T @ joint, full_matrices=False)
        kept = min(count + 1, self.settings.patterns)
        mixed = np.linalg.solve(square.T, turn[:, :kept]).T
        patterns = mixed.astype(np.float32) @ basis
        # The same strengths, of the patterns as they are now.
        carried = breathing.recent[:, 1:] @ (mixed @ common[:, :count]).T
        squares = patterns * patterns
        places = max(int(np.count_nonzero(squares.sum(axis=0))), 1)
        share = 1.0 / np.maximum(np.einsum("kn,kn->k", squares, squares) * places, 1e-6)
        return replace(
            breathing,
            patterns=read_only(patterns),
            sizes=read_only(sizes[:kept]),
            shares=read_only(share),
            recent=read_only(np.hstack([breathing.recent[:, :1], carried])),
        )


def _resume_after_pause(breathing: Breathing, time_s: float) -> Breathing:
    """Return the patterns as they were, without a frame that ends a pause.

    Much cement may have come meanwhile: first let it be found. What was seen before the pause stays
    as recent as it was: what came within a breath of that time, watched, is told by all of it.
    """
    recent = breathing.recent.copy()
    recent[:, 0] += time_s - breathing.time_s
    return replace(breathing, recent=read_only(recent), time_s=time_s)


def _make_coarse(image: FloatImage, where: BoolImage) -> tuple[Array, BoolImage]:
    """Return means over coarse pixels, flat, of what counts; and which have enough of it."""
    weight = where.view(np.uint8)
    total = _shrink(cv2.copyTo(image, weight)).ravel()
    share = _shrink(weight.astype(np.float32)).ravel()
    return total / np.maximum(share, np.float32(_LEAST_SHARE)), share >= _LEAST_SHARE


def _find_touched(mask: BoolImage) -> BoolImage:
    """Return the coarse pixels, flat, in which a mask has a part, but for what is narrower."""
    touched = np.zeros(_coarse_shape(mask.shape), np.bool_)
    for start in range(0, _EVERY, _EVERY // 2):
        some = mask[start::_EVERY, start::_EVERY]
        touched[: some.shape[0], : some.shape[1]] |= some
    return touched.ravel()


def _shrink(image: FloatImage) -> FloatImage:
    rows, columns = _coarse_shape(image.shape)
    small: FloatImage = cv2.resize(image, (columns, rows), interpolation=cv2.INTER_AREA)
    return small


def _coarse_shape(shape: tuple[int, ...]) -> tuple[int, int]:
    """Return rows and columns of coarse pixels; the last ones may be narrower."""
    return -(-shape[0] // _EVERY), -(-shape[1] // _EVERY)


def _resample_to_fine(pattern: Array, shape: tuple[int, ...]) -> FloatImage:
    """Return a pattern on the working grid; at the edge of the field from the pixels within."""
    small = pattern.reshape(_coarse_shape(shape))
    known = (small != 0.0).astype(np.float32)
    # Where nothing is known, at the edge of the field, its neighbours are.
    share = cv2.max(cv2.boxFilter(known, -1, (3, 3)), _LEAST_SHARE / 9)
    small = np.where(known, small, cv2.boxFilter(small, -1, (3, 3)) / share)
    fine: FloatImage = cv2.resize(small, shape[1::-1], interpolation=cv2.INTER_LINEAR)
    return fine


def _some(patterns: Array) -> Array:
    """Return every third pixel of the patterns, in one piece."""
    return np.ascontiguousarray(patterns[:, ::_FITTED])
