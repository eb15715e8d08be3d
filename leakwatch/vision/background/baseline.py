"""Baseline image without cement, and its correction for drift of brightness and scatter."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache, reduce

import cv2
import numpy as np

from leakwatch.config import BaselineSettings
from leakwatch.core.arrays import Array, BoolImage, FloatImage, Point, read_only
from leakwatch.core.geometry import Scale
from leakwatch.vision.image_processing.medians import SIGMA_PER_MAD, median, percentile
from leakwatch.vision.image_processing.normal_equations import solve_normal
from leakwatch.vision.image_processing.patches import Window, around, grown, inside, near

_MOST = 95.0  # percent of an area
_SURFACE_EVERY = 2  # rows and columns: a quarter of the places tells what is so broad
_SURFACE_FITS, _OUTLIER_SIGMAS = 3, 2.5  # a sheet of cement must not bend the surface


@dataclass(frozen=True, slots=True)
class Baseline:
    """Mean log attenuation without cement, in reference coordinates on the working grid.

    Parameters
    ----------
    mean : ndarray
        ``(rows, columns)``, float32.
    seen : ndarray of bool
        Where every frame of the mean was exposed.
    frames : int
        How many frames it averages.
    """

    mean: FloatImage
    seen: BoolImage
    frames: int


def to_reference(image: FloatImage, shift: Point) -> FloatImage:
    """Move a frame's picture back onto the reference anatomy.

    Parameters
    ----------
    image : ndarray
        ``(rows, columns)``, working grid, in the frame.
    shift : Point
        Where the anatomy went, working pixels.
    """
    rows, columns = image.shape
    right, down = math.floor(shift[0]), math.floor(shift[1])
    part_right, part_down = shift[0] - right, shift[1] - down
    margins = (max(-down, 0), max(down + 1, 0), max(-right, 0), max(right + 1, 0))
    padded = cv2.copyMakeBorder(image, *margins, cv2.BORDER_REPLICATE)
    top, left = max(down, 0), max(right, 0)
    # Linear interpolation, first across and then down: a general warp takes four times as long.
    near = padded[top : top + rows + 1, left : left + columns]
    far = padded[top : top + rows + 1, left + 1 : left + columns + 1]
    across = cv2.addWeighted(near, 1.0 - part_right, far, part_right, 0.0)
    moved: FloatImage = cv2.addWeighted(across[:-1], 1.0 - part_down, across[1:], part_down, 0.0)
    return moved


def seen_in_reference(exposed: BoolImage, shift: Point) -> BoolImage:
    """Return the exposed field of a frame on the reference anatomy, to whole pixels."""
    right, down = round(shift[0]), round(shift[1])
    rows, columns = exposed.shape
    seen = np.zeros_like(exposed)
    seen[max(-down, 0) : rows - max(down, 0), max(-right, 0) : columns - max(right, 0)] = exposed[
        max(down, 0) : rows - max(-down, 0), max(right, 0) : columns - max(-right, 0)
    ]
    return seen


def with_frame(baseline: Baseline | None, moved: FloatImage, seen: BoolImage) -> Baseline:
    """Return the baseline with one more cement-free frame, `moved` onto the reference anatomy."""
    if baseline is None:
        return Baseline(read_only(moved), read_only(seen), 1)
    # Brightness control between baseline frames must not count as attenuation.
    common = baseline.seen & seen
    some = np.s_[::6, ::6]
    offset = median((moved[some] - baseline.mean[some])[common[some]])
    share = 1.0 / (baseline.frames + 1)
    mean = cv2.addWeighted(baseline.mean, 1.0 - share, moved, share, -share * offset)
    return Baseline(read_only(mean), read_only(common), baseline.frames + 1)


@dataclass(frozen=True, slots=True)
class Added:
    """Attenuation added since the baseline.

    Parameters
    ----------
    image : ndarray
        float32, natural log units; 0 where not seen.
    seen : ndarray of bool
    gain_log : float
        Brightness against the baseline that was taken out, natural log.
    shading : ndarray or None
        Coarse, ``(n, m)``, float32: the shading that was taken out, less what of it is as broad as
        the image. A sheet of cement is no narrower than that, and would be part of it.
    """

    image: FloatImage
    seen: BoolImage
    gain_log: float
    shading: FloatImage | None = None


def _find_still(seen: BoolImage, changed: BoolImage | None, step: int) -> BoolImage:
    """Return what is seen and did not change, of every `step`-th row and column."""
    some = np.s_[::step, ::step]
    return seen[some] if changed is None else seen[some] & ~changed[some]


def follow_broad(
    before: FloatImage | None, explained: Added, left: Added, elapsed_s: float, rise_log_s: float
) -> FloatImage | None:
    """Return the broad attenuation that shading and breathing have explained for a whole breath.

    Tissue that breathes comes and goes; a sheet of cement comes and stays. So this follows what is
    explained down at once, and up slowly.

    Parameters
    ----------
    before : ndarray or None
        Of the last frame; coarse, ``(n, m)``, float32.
    explained : Added
        Before breathing was taken out, with the shading that was.
    left : Added
        After it.
    elapsed_s : float
        Since the last frame.
    rise_log_s : float
        How fast it may rise, natural log per second.

    Returns
    -------
    ndarray or None
    """
    shading = explained.shading
    if shading is None:
        return before
    rows, columns = shading.shape
    # Breathing is taken out as soft as this: see `breathing.without_breath`.
    breath = cv2.subtract(explained.image[::4, ::4], left.image[::4, ::4])
    taken = shading + cv2.resize(breath, (columns, rows), interpolation=cv2.INTER_AREA)
    if before is None or before.shape != taken.shape:
        return read_only(np.minimum(taken, np.float32(0.0)))
    rise = np.float32(rise_log_s * min(max(elapsed_s, 0.0), 1.0))
    return read_only(np.minimum(taken, before + rise))


def most_within(broad: FloatImage | None, coarse: BoolImage | None) -> float:
    """Return the 95th percentile within an area; 0.0 for no area.

    Parameters
    ----------
    broad : ndarray or None
        From `follow_broad`.
    coarse : ndarray of bool or None
        From `coarse_area`.
    """
    if coarse is None or broad is None:
        return 0.0
    some = broad[coarse]
    return percentile(some, _MOST) if some.size else 0.0


def _subtract_broad(shading: FloatImage, seen: BoolImage) -> FloatImage:
    """Return shading less its second-order surface, by robust least squares.

    Scatter, glare and the heel effect are as broad as the image; cement and tissue are not.
    """
    rows, columns = shading.shape
    every, terms = _build_surface_terms(rows, columns)
    known = cv2.resize(seen.view(np.uint8), (columns, rows), interpolation=cv2.INTER_NEAREST)
    here = known[::_SURFACE_EVERY, ::_SURFACE_EVERY].ravel() > 0
    some, values = terms[here], shading[::_SURFACE_EVERY, ::_SURFACE_EVERY].ravel()[here]
    counts = np.ones(len(values), np.bool_)
    factors = np.zeros(terms.shape[1])
    for _ in range(_SURFACE_FITS):
        if np.count_nonzero(counts) < terms.shape[1]:
            break
        weighted = some.T * counts
        factors = solve_normal(weighted @ some, weighted @ values)
        left = np.abs(values - some @ factors)
        counts = left <= _OUTLIER_SIGMAS * SIGMA_PER_MAD * median(left) + 1e-6
    surface = (every @ factors).astype(np.float32).reshape(rows, columns)
    less: FloatImage = cv2.copyTo(cv2.subtract(shading, surface), known)
    return less


@lru_cache(maxsize=4)  # one for each scale, of which a session has one or two
def _build_surface_terms(rows: int, columns: int) -> tuple[Array, Array]:
    """Return the terms of a second-order surface at each place of a coarse image, and at some."""
    down, right = (axis.ravel() for axis in np.mgrid[-1 : 1 : rows * 1j, -1 : 1 : columns * 1j])
    terms = [np.ones_like(down), right, down, right * down, right**2, down**2]
    every = np.stack(terms, axis=1)
    some = every.reshape(rows, columns, -1)[::_SURFACE_EVERY, ::_SURFACE_EVERY]
    return read_only(every), read_only(some.reshape(-1, every.shape[1]))


@dataclass(frozen=True, slots=True)
class Watched:
    """Monitored region of one frame, cut to its window.

    Parameters
    ----------
    window : (slice, slice)
        Rows and columns, reference coordinates.
    inside : ndarray of bool
        What of the window is watched and seen.
    added, smooth : ndarray
        Added attenuation, and the same smoothed.
    """

    window: tuple[slice, slice]
    inside: BoolImage
    added: FloatImage
    smooth: FloatImage


def explained(
    watched: Watched | None, changed: BoolImage | None, hidden: BoolImage | None, rim_px: float
) -> BoolImage | None:
    """Return where the watched window may look different: near changes, and where it is hidden.

    Parameters
    ----------
    watched : Watched or None
    changed, hidden : ndarray of bool or None
        Reference coordinates.
    rim_px : float
        Around what changed, working pixels.
    """
    if watched is None:
        return None
    parts = []
    if changed is not None:
        rim = round(rim_px)
        wide = grown(watched.window, rim, changed.shape)
        top, left = (one.start - more.start for one, more in zip(watched.window, wide, strict=True))
        rows, columns = watched.inside.shape
        parts.append(near(changed[wide], rim)[top : top + rows, left : left + columns])
    if hidden is not None:
        parts.append(hidden[watched.window])
    return reduce(np.bitwise_or, parts) if parts else None


@dataclass(frozen=True, slots=True)
class BaselineComparator:
    """Comparison of frames with their baseline, with its settings, at the scale of a run."""

    scale: Scale
    settings: BaselineSettings

    def added_attenuation(
        self,
        baseline: Baseline,
        more: FloatImage,
        seen: BoolImage,
        changed: BoolImage | None,
        anatomy: FloatImage | None = None,
    ) -> Added:
        """Return what was added since the baseline, without brightness and slow shading.

        Brightness control is one number, the median over what did not change. Scatter, glare and
        offsets of the detector make it a smooth shading: what remains broader than cement ever is
        gets taken out too, from pixels that hold neither cement nor instrument.

        Parameters
        ----------
        baseline : Baseline
        more : ndarray
            Frame's log attenuation less the baseline's, instruments as they are now, in reference
            coordinates.
        seen : ndarray of bool
            Where the frame was exposed, reference coordinates.
        changed : ndarray of bool or None
            Cement and instruments known so far.
        anatomy : ndarray or None
            The baseline's picture without instruments, if `more` was corrected for their contrast.
        """
        seen = seen & baseline.seen
        some = np.s_[::6, ::6]
        offset = median(more[some][_find_still(seen, changed, 6)])
        # Every 4th pixel is plenty for what is so broad.
        still = _find_still(seen, changed, 4)
        more = self._with_contrast_of_baseline(
            more, baseline.mean if anatomy is None else anatomy, still, offset
        )
        shading = self._shading(more, still, offset)
        rows, columns = more.shape
        fine = cv2.resize(shading, (columns, rows), interpolation=cv2.INTER_LINEAR)
        added = cv2.subtract(more, fine)
        # Zero where not seen; a masked copy costs a third of a product.
        image = cv2.copyTo(added, seen.view(np.uint8))
        return Added(image, seen, -offset, read_only(_subtract_broad(shading, seen)))

    def coarse_area(self, area: BoolImage) -> BoolImage:
        """Return an area, in reference coordinates, on the grid of the shading."""
        size = self._shading_size(area.shape)
        share = cv2.resize(area.astype(np.float32), size, interpolation=cv2.INTER_AREA)
        coarse: BoolImage = share > 0.5
        return coarse

    def watch(
        self,
        added: Added,
        area: BoolImage | None,
        box: Window | None = None,
    ) -> Watched | None:
        """Return what is seen of the area that is watched.

        Parameters
        ----------
        added : Added
        area : ndarray of bool or None
            Reference coordinates; None where nothing is marked.
        box : (slice, slice) or None
            Rows and columns that hold the area; None: they are looked for.

        Returns
        -------
        Watched or None
            None where nothing of it is seen.
        """
        if area is None:
            return None
        if box is None:
            box = around(area, 0)
        shown = area[box] & added.seen[box]
        if not shown.any():
            return None
        part = around(shown, 0)
        window = inside(box, part)
        sigma = self.scale.px(self.settings.taken_smooth_mm)
        smooth = cv2.GaussianBlur(added.image[window], (0, 0), sigma)
        return Watched(window, shown[part], added.image[window], smooth)

    def is_taken_away(self, watched: Watched | None, covered: BoolImage | None) -> bool:
        """Return whether so much of the watched anatomy is gone that the image does not show it.

        Cement adds, motion is undone, and brightness is taken out: what is far below the baseline
        over more than an edge was decoded from damaged bytes, or something that lay in the baseline
        is gone. What is far above it may be cement: `is_changed` looks at that.

        Parameters
        ----------
        watched : Watched or None
            From `watch`.
        covered : ndarray of bool or None
            Cement and instruments in its window: a cannula that is drawn back takes away.
        """
        if watched is None:
            return False
        # Noise of damaged bytes is none where it is smooth.
        gone = watched.smooth < -self.settings.taken_log
        gone |= watched.added < -self.settings.taken_pixel_log
        inside = watched.inside if covered is None else watched.inside & ~covered
        taken = int(np.count_nonzero(inside & gone))
        return taken > self.settings.max_taken_share * int(np.count_nonzero(inside))

    def is_changed(
        self, watched: Watched | None, known: BoolImage | None, cement: BoolImage | None
    ) -> bool:
        """Return whether so much of the watched area changed, without cement, that it is hidden.

        A hand or a filter lies over it, or the picture was decoded too dark, or torn, from damaged
        bytes. Cement that is not confirmed yet is no cement for a frame.

        Parameters
        ----------
        watched : Watched or None
            From `watch`.
        known : ndarray of bool or None
            Cement of the frame before, and instruments, with their rims, in its window.
        cement : ndarray of bool or None
            Of this frame.
        """
        if watched is None:
            return False
        most = self.settings.max_changed_share * int(np.count_nonzero(watched.inside))
        changed = watched.inside & (np.abs(watched.smooth) > self.settings.changed_log)
        if known is not None:
            changed &= ~known
        if cement is not None and np.count_nonzero(changed) > most:
            changed &= ~near(cement, self.scale.px(1.0))[watched.window]
        return int(np.count_nonzero(changed)) > most

    def _with_contrast_of_baseline(
        self, more: FloatImage, anatomy: FloatImage, still: BoolImage, offset: float
    ) -> FloatImage:
        """Take out what another contrast of the anatomy adds: tube voltage, scatter, display curve.

        Attenuation falls with tube voltage, of bone more than of soft tissue. What that adds to the
        difference is a share of the baseline's own detail, found by least squares over what is
        still.
        """
        limit = self.settings.contrast_clip
        differs = np.clip(more[::4, ::4] - np.float32(offset), -limit, limit)
        detail, of_frame = self._details((anatomy[::4, ::4], differs), still)
        share = self._common_share(detail, of_frame)
        if share == 0.0:
            return more
        rows, columns = more.shape
        whole = cv2.resize(detail, (columns, rows), interpolation=cv2.INTER_LINEAR)
        true: FloatImage = cv2.addWeighted(more, 1.0, whole, -share, 0.0)
        return true

    def _common_share(self, detail: FloatImage, differs: FloatImage) -> float:
        """Return the share of the detail by which the whole image differs; 0.0 if parts disagree.

        What breathes past the spine differs too, in a part of the picture and by shares of its own.
        So of the tiles' shares the middle half must agree in sign, and the one nearest to 0 counts.
        """
        rows, columns = detail.shape
        side = max(round(self.scale.px(self.settings.contrast_tile_mm) / 4), 1)
        size = (max(columns // side, 1), max(rows // side, 1))
        energy, common = (
            cv2.resize(product, size, interpolation=cv2.INTER_AREA)
            for product in (detail * detail, detail * differs)
        )
        tells = energy >= self.settings.contrast_detail**2
        if int(np.count_nonzero(tells)) < self.settings.contrast_tiles:
            return 0.0
        shares = common[tells] / energy[tells]
        return max(percentile(shares, 25.0), 0.0) + min(percentile(shares, 75.0), 0.0)

    def _details(self, images: tuple[FloatImage, ...], still: BoolImage) -> list[FloatImage]:
        """Return coarse pictures' detail finer than shading, where they are still; else 0."""
        weight = still.astype(np.float32)
        sigma = self.scale.px(self.settings.shading_mm) / 4
        count = cv2.max(cv2.GaussianBlur(weight, (0, 0), sigma), 1e-3)
        details = []
        for image in images:
            broad = cv2.GaussianBlur(image * weight, (0, 0), sigma)
            broad /= count
            detail: FloatImage = cv2.subtract(image, broad)
            detail *= weight
            details.append(detail)
        return details

    def _shading_step(self) -> int:
        """Return the pixels between the places of the coarse grid of the shading."""
        return max(round(self.scale.px(self.settings.shading_mm) / 2), 4)

    def _shading_size(self, shape: tuple[int, ...]) -> tuple[int, int]:
        """Return columns and rows of the coarse grid of the shading."""
        step = self._shading_step()
        return max(shape[1] // step, 1), max(shape[0] // step, 1)

    def _shading(self, more: FloatImage, still: BoolImage, offset: float) -> FloatImage:
        """Return offset and slow shading of the pixels that stayed as they were, coarse."""
        # For what is so broad a grid of half its sigma is plenty.
        some = np.ascontiguousarray(more[::4, ::4])
        weight = still.astype(np.float32)
        limit = self.settings.shading_clip
        some -= np.float32(offset)
        np.clip(some, -limit, limit, out=some)
        some *= weight
        sigma = self.scale.px(self.settings.shading_mm)
        step, size = self._shading_step(), self._shading_size(more.shape)
        total = cv2.resize(some, size, interpolation=cv2.INTER_AREA)
        count = cv2.resize(weight, size, interpolation=cv2.INTER_AREA)
        total = cv2.GaussianBlur(total, (0, 0), sigma / step)
        count = cv2.GaussianBlur(count, (0, 0), sigma / step)
        # Far inside of what changed nothing is known of shading: there it is taken to be none.
        count += 0.02
        total /= count
        coarse: FloatImage = total + np.float32(offset)
        return coarse
