"""Comparison of a frame with the reference anatomy, in every part of the watched area."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from leakwatch.config import SameSettings
from leakwatch.core.arrays import Array, BoolImage, FloatImage, Point, read_only
from leakwatch.core.geometry import Scale
from leakwatch.vision.image_processing.medians import middle, percentile
from leakwatch.vision.image_processing.patches import Window
from leakwatch.vision.image_processing.resampling import warped
from leakwatch.vision.registration.motion import RegistrationReference


@dataclass(frozen=True, slots=True)
class Sameness:
    """Agreement of a frame with the reference, tile by tile.

    Parameters
    ----------
    offered : int
        How many tiles of the reference have detail.
    compared : int
        How many of them the frame shows.
    tiles : int
        In how many of those the frame's noise is less than the detail.
    explained : float
        Share of them in which the frame's detail correlates with the reference's, times the
        contrast of the frame's detail over the reference's, where that is less than 1: a blurred
        picture explains the more poorly the less is left of its detail.
    body_unlike : float
        Of the reference's detail within what is watched, the share that lies in tiles where it
        does not correlate.
    """

    offered: int
    compared: int
    tiles: int
    explained: float
    body_unlike: float


@dataclass(frozen=True, slots=True)
class ReferenceTiles:
    """Reference tiles for comparison; made once for each reference and area.

    Parameters
    ----------
    reference : RegistrationReference
    area : ndarray of bool or None
        What is watched, working grid in reference coordinates: what this was made for.
    window : (slice, slice)
        Rows and columns of the reference that are compared.
    mean, square : ndarray
        The reference there, and its square.
    known : ndarray of bool
        Where the reference has weight.
    body : ndarray
        Per tile, the share that is watched.
    whole_body : float
        The reference's detail within what is watched.
    """

    reference: RegistrationReference
    area: BoolImage | None
    window: Window
    mean: FloatImage
    square: FloatImage
    known: BoolImage
    body: Array
    whole_body: float


@dataclass(frozen=True, slots=True)
class _OfWeight:
    """Per tile of the reference: the share that counts, and mean and variance of that."""

    share: Array
    mean: Array
    variance: Array


@dataclass(frozen=True, slots=True)
class _Sums:
    """Per tile: shares that count and that are watched, and (co)variances of both pictures."""

    share: Array
    body: Array
    reference: Array
    frame: Array
    common: Array


@dataclass(frozen=True, slots=True)
class TileComparator:
    """Comparison of frames with the reference, tile by tile."""

    settings: SameSettings

    def reference_tiles(
        self, reference: RegistrationReference, area: BoolImage | None, window: Window
    ) -> ReferenceTiles:
        """Return what frames are compared with.

        Parameters
        ----------
        reference : RegistrationReference
        area : ndarray of bool or None
            The body and the wall with its margin, working grid in reference coordinates.
        window : (slice, slice)
            Rows and columns of the reference to compare.
        """
        mean = np.ascontiguousarray(reference.mean[window])
        square = mean * mean
        known = reference.weight[window] > 0
        watched = np.zeros(mean.shape, np.float32)
        if area is not None:
            rows, columns = reference.mean.shape
            watched[:] = area[::2, ::2][:rows, :columns][window]
        body = self._tile_means(watched)
        detail = self._detail(self._of_weight(mean, square, known.astype(np.float32)))
        whole_body = float(detail[body >= 0.5].sum())
        return ReferenceTiles(
            reference,
            area,
            window,
            read_only(mean),
            read_only(square),
            read_only(known),
            read_only(body),
            whole_body,
        )

    def compare(
        self,
        tiles: ReferenceTiles,
        passed: FloatImage,
        open_: Array,
        shift: Point,
        excluded: BoolImage | None,
    ) -> Sameness:
        """Correlate a frame with the reference in tiles.

        Parameters
        ----------
        tiles : ReferenceTiles
        passed : ndarray
            The frame from `AnatomyMatcher.band_pass`, registration grid.
        open_ : ndarray of uint8
            Where the frame may be compared, registration grid.
        shift : Point
            Of the anatomy, registration pixels.
        excluded : ndarray of bool or None
            Where the reference does not hold in this frame (cement, cannula), in the tiles' window.
        """
        rows, columns = tiles.window
        size = (columns.stop - columns.start, rows.stop - rows.start)
        left, top = columns.start + shift[0], rows.start + shift[1]
        matrix = np.array([[1, 0, left], [0, 1, top]], np.float32)
        moved = warped(passed, matrix, size)
        counts = warped(open_, matrix, size, cv2.INTER_NEAREST)
        holds = tiles.known if excluded is None else tiles.known & ~excluded
        weight = holds & (counts > 0)
        shown = weight.astype(np.float32)
        of_shown = self._of_weight(tiles.mean, tiles.square, shown)
        of_all = of_shown
        if not np.array_equal(weight, holds):
            of_all = self._of_weight(tiles.mean, tiles.square, holds.astype(np.float32))
        sums = self._tile_sums(tiles, of_shown, moved, shown)
        offered = int(np.count_nonzero(self._detail(of_all)))
        return self._judged(sums, offered, tiles.whole_body)

    def _of_weight(self, mean: FloatImage, square: FloatImage, weight: FloatImage) -> _OfWeight:
        share = self._tile_means(weight)
        most = np.maximum(share, 1e-6)
        within = self._tile_means(mean * weight) / most
        variance = self._tile_means(square * weight) / most - within * within
        return _OfWeight(share, within, variance)

    def _tile_sums(
        self, tiles: ReferenceTiles, of_shown: _OfWeight, moved: FloatImage, weight: FloatImage
    ) -> _Sums:
        most = np.maximum(of_shown.share, 1e-6)
        of_frame = moved * weight
        second = self._tile_means(of_frame) / most
        return _Sums(
            of_shown.share,
            tiles.body,
            of_shown.variance,
            self._tile_means(of_frame * moved) / most - second * second,
            self._tile_means(of_frame * tiles.mean) / most - of_shown.mean * second,
        )

    def _tile_means(self, image: FloatImage) -> Array:
        rows, columns = image.shape
        size = (max(columns // self.settings.tile_px, 1), max(rows // self.settings.tile_px, 1))
        small: FloatImage = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        return small.astype(np.float64)

    def _detail(self, of_weight: _OfWeight) -> Array:
        """Return the variance of the reference within each tile; 0.0 where it has no detail."""
        share, texture = of_weight.share, of_weight.variance
        there = (share >= self.settings.min_tile_share) & (texture >= self.settings.min_texture**2)
        return np.where(there, texture, 0.0)

    def _judged(self, sums: _Sums, offered: int, whole_body: float) -> Sameness:
        enough = sums.share >= self.settings.min_tile_share
        if not enough.any():
            return Sameness(offered, 0, 0, 1.0, 0.0)
        # What the two differ by, in the quieter half of the tiles: the frame's noise.
        rest = np.maximum(sums.reference + sums.frame - 2.0 * sums.common, 0.0)
        noise = percentile(rest[enough], 25.0)
        textured = enough & (sums.reference >= max(self.settings.min_texture**2, noise))
        count = int(np.count_nonzero(textured))
        compared = int(np.count_nonzero(enough & (sums.reference >= self.settings.min_texture**2)))
        if count == 0:
            return Sameness(offered, compared, 0, 1.0, 0.0)
        energy = sums.reference[textured]
        frame, common = np.maximum(sums.frame[textured], 1e-12), sums.common[textured]
        unlike = common / np.sqrt(energy * frame) < self.settings.min_correlation
        detail = min(max(middle(common / energy), 0.0), 1.0)
        explained = (1.0 - float(np.count_nonzero(unlike)) / count) * detail
        body = energy * (sums.body[textured] >= 0.5)
        # Where cement may be in most of the body, what is left of it tells nothing of all.
        tells = body.sum() >= self.settings.min_body_share * whole_body
        body_unlike = float(body[unlike].sum()) / max(float(body.sum()), 1e-12) if tells else 0.0
        return Sameness(offered, compared, count, explained, body_unlike)


def watched_window(
    area: BoolImage | None, reach_mm: float, scale: Scale, shape: tuple[int, int]
) -> Window:
    """Return rows and columns of the registration grid around what is watched.

    Parameters
    ----------
    area : ndarray of bool or None
        What is watched, working grid in reference coordinates; None: all of the picture.
    reach_mm : float
    scale : Scale
        Of the working grid.
    shape : (int, int)
        Rows and columns of the registration grid.
    """
    if area is None or not area.any():
        return slice(0, shape[0]), slice(0, shape[1])
    left, top, wide, high = cv2.boundingRect(area.view(np.uint8))
    reach = scale.px(reach_mm)
    return (
        slice(max(int(top - reach) // 2, 0), min(int(top + high + reach) // 2 + 1, shape[0])),
        slice(max(int(left - reach) // 2, 0), min(int(left + wide + reach) // 2 + 1, shape[1])),
    )
