"""Attenuation added since baseline -> cement: a mask with hysteresis in space and time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import cv2
import numpy as np

from leakwatch.config import CementSettings
from leakwatch.core.arrays import BoolImage, FloatImage, PointArray, read_only
from leakwatch.core.geometry import Scale
from leakwatch.vision.background.baseline import Added
from leakwatch.vision.background.false_cement import Background
from leakwatch.vision.cannula.hidden_area import CoveredByCannula, bridge_behind
from leakwatch.vision.cement.averaging import AttenuationAverage, RunningMean
from leakwatch.vision.cement.cement_patches import CementPatches
from leakwatch.vision.cement.detection_limit import DetectionLimit, NearCement, noise_near, within
from leakwatch.vision.cement.foreign_object import ForeignObjects
from leakwatch.vision.image_processing.medians import middle
from leakwatch.vision.image_processing.patches import Window, around, inside, near


@dataclass(frozen=True, slots=True)
class CementState:
    """Cement in earlier frames, in reference coordinates on the working grid.

    Parameters
    ----------
    mean : RunningMean or None
        Added attenuation, averaged over the last moments.
    candidate : ndarray of bool or None
        What the last frame took for cement.
    mask : ndarray of bool or None
        Confirmed cement, and what is inferred from it.
    inferred : ndarray of bool or None
        The part of it that was not seen: behind the cannula, and in small holes.
    box : (slice, slice) or None
        Rows and columns of `mask`; None where there is no cement.
    """

    mean: RunningMean | None = None
    candidate: BoolImage | None = None
    mask: BoolImage | None = None
    inferred: BoolImage | None = None
    box: Window | None = None


@dataclass(frozen=True, slots=True)
class Segmentation:
    """Cement in one frame.

    Parameters
    ----------
    state : CementState
    noise : float
        Of the smoothed mean where `noise_shape` is 1.
    foreign : bool
        An object that came in from the edge of the field lies where cement may be.
    """

    state: CementState
    noise: float
    foreign: bool


@dataclass(frozen=True)
class CementSegmenter:
    """Segmentation of cement, with its settings, at the scale of a run."""

    scale: Scale
    settings: CementSettings

    @cached_property
    def average(self) -> AttenuationAverage:
        """Average over time and space that is segmented."""
        return AttenuationAverage(self.scale, self.settings)

    @cached_property
    def limit(self) -> DetectionLimit:
        """Limit of what counts as cement."""
        return DetectionLimit(self.scale, self.settings)

    @cached_property
    def patches(self) -> CementPatches:
        """Choice of connected components over the limit."""
        return CementPatches(self.scale, self.settings)

    @cached_property
    def foreign(self) -> ForeignObjects:
        """Rejection of foreign objects from beyond the reach of cement."""
        return ForeignObjects(self.scale, self.settings)

    def segment(
        self,
        state: CementState,
        seen: BoolImage,
        behind: Background,
        origin: BoolImage | None,
        cannula: CoveredByCannula,
        caution: float,
    ) -> Segmentation:
        """Decide which pixels are cement.

        A pixel is a candidate when the smoothed mean exceeds the edge thickness of cement, the
        noise and the artefacts there, in a patch that somewhere exceeds them clearly, and that lies
        near cement or (the first) at its origin. Two frames running confirm it; growth by a rim,
        and what is too large for noise and ends as cement does, need one. Confirmed cement does not
        vanish: it goes only where the attenuation clearly does.

        Parameters
        ----------
        state : CementState
            With the mean that the newest frame is part of.
        seen : ndarray of bool
        behind : Background
        origin : ndarray of bool or None
            Where the first cement may appear; None: anywhere.
        cannula : CoveredByCannula
        caution : float
            Factor on the limit: above 1 while the baseline still learns, infinite where a person
            said that there is no cement yet.

        Returns
        -------
        Segmentation
        """
        assert state.mean is not None
        window = self.limit.window_near(state.box, origin, seen.shape)
        near_by = NearCement(
            self.average.smooth(state.mean.image[window]),
            seen[window],
            behind.noise_shape[window],
            behind.artefact[window],
            within(state.mask, window),
            within(state.inferred, window),
            within(state.candidate, window),
            within(origin, window),
            cannula.within(window),
            state.mean.image,
            # What a cannula adds or takes away is no surroundings that cement could stand out of.
            seen if cannula.lies is None else seen & ~cannula.lies,
            state.mask,
            window,
            self.scale.px(self.grown_mm(state.mean.step_s)),
        )
        noise = noise_near(near_by)
        near_by, over = self.limit.over_limit(near_by, noise, caution)
        skirt = self._skirt(near_by.smooth)
        patches = self.patches.find(near_by, over, skirt)
        foreign = None
        if origin is not None:
            patches, foreign = self.foreign.reject(near_by, patches, window)
        patches = self.patches.without_sudden(near_by, patches)
        patches = self.patches.without_stripes(near_by, patches)
        mask = self._confirmed(near_by, patches, over)
        mask |= self._kept(near_by, skirt)
        seen_there = mask
        if mask.any():
            reach_px = self.scale.px(self.settings.notch_mm) / 2
            mask = bridge_behind(mask, near_by.smooth, near_by.cannula, reach_px, self._least_kept)
            mask = self._filled(mask)
        new = replace(
            state,
            candidate=_place(patches, near_by.window, seen),
            mask=_place(mask, near_by.window, seen),
            inferred=_place(mask & ~seen_there, near_by.window, seen),
            box=inside(near_by.window, around(mask, 0)) if mask.any() else None,
        )
        return Segmentation(new, noise, foreign is not None)

    def grown_mm(self, step_s: float) -> float:
        """Return how far known cement can have grown since the last frame, mm.

        Parameters
        ----------
        step_s : float
            Since then. Pauses of minutes are usual: what came meanwhile lies no farther from known
            cement than new cement is looked for, however long it took.
        """
        farthest_mm = max(self.settings.rim_mm, self.settings.remote_mm)
        return min(max(self.settings.rim_mm, self.settings.growth_mm_s * step_s), farthest_mm)

    def can_see(self, noise: float) -> bool:
        """Return whether cement that matters stands out of what differs from the baseline.

        Where it does not, the picture is no longer that of the baseline: turned, or moved within.

        Parameters
        ----------
        noise : float
            From `segment`.
        """
        most = self.settings.blind_mm * self.settings.attenuation_per_mm
        return self.settings.grow_sigmas * noise <= most

    def least_thickness_mm(
        self, noise: float, behind: Background, where: tuple[Window, BoolImage] | None
    ) -> float:
        """Return the thickness of cement, along the beam, that would stand out in most of an area.

        Parameters
        ----------
        noise : float
            From `segment`.
        behind : Background
        where : (window, ndarray of bool) or None
            Rows and columns, and what of them counts. None, or an empty area: the middle of the
            picture's noise counts.
        """
        least = self.settings.grow_sigmas * noise
        if where is not None and where[1].any():
            window, part = where
            shape, artefact = behind.noise_shape[window][part], behind.artefact[window][part]
            least = middle(least * shape + artefact)
        return max(least / self.settings.attenuation_per_mm, self.settings.edge_mm)

    @property
    def _least_kept(self) -> float:
        """Attenuation that is kept as cement where there was cement before."""
        return self.settings.keep_share * self.settings.edge_mm * self.settings.attenuation_per_mm

    def _skirt(self, smooth: FloatImage) -> FloatImage:
        """Return what blur lays around denser cement: a share of the most within its reach."""
        size = 2 * max(round(self.scale.px(self.settings.skirt_mm)), 1) + 1
        most = cv2.dilate(smooth, np.ones((size, size), np.uint8))
        skirt: FloatImage = most * np.float32(self.settings.skirt_share)
        return skirt

    def _confirmed(self, near_by: NearCement, patches: BoolImage, over: FloatImage) -> BoolImage:
        """Return what was a candidate before, a rim around cement, and what is sure at once."""
        if near_by.candidate is None:
            return np.zeros_like(patches)
        known = near_by.candidate
        if near_by.mask is None or not near_by.mask.any():
            return patches & near(patches & known, near_by.rim)
        sure = patches & (over > self.settings.sure_factor)
        known = known | near(near_by.mask | sure, near_by.rim)
        confirmed = patches & known
        fresh = (patches & ~known).view(np.uint8)
        if cv2.countNonZero(fresh) < self.scale.px2(self.settings.sure_area_mm2):
            return confirmed
        _, labels, stats, _ = cv2.connectedComponentsWithStats(fresh, connectivity=8)
        large = stats[:, cv2.CC_STAT_AREA] >= self.scale.px2(self.settings.sure_area_mm2)
        for label in np.flatnonzero(large[1:]) + 1:
            row, column = np.nonzero(labels == label)
            if self.patches.stands_out(near_by, row, column):
                confirmed[row, column] = True
        return confirmed

    def _kept(self, near_by: NearCement, skirt: FloatImage) -> BoolImage:
        """Return the confirmed cement that is still there, or cannot be seen to have gone."""
        if near_by.mask is None:
            return np.zeros_like(near_by.seen)
        artefact = near_by.cannula.artefact
        least = np.float32(self._least_kept) + (0.0 if artefact is None else artefact)
        there = (near_by.smooth > np.maximum(skirt, least)) | ~near_by.seen
        if near_by.cannula.moves is not None:
            there |= near_by.cannula.moves
        if near_by.inferred is not None:
            there &= ~near_by.inferred
        kept: BoolImage = near_by.mask & there
        return kept

    def _filled(self, mask: BoolImage) -> BoolImage:
        """Fill small holes in cement, such as the end of a cannula leaves."""
        contours, _ = cv2.findContours(mask.view(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
        filled = mask.view(np.uint8).copy()
        largest = self.scale.px2(self.settings.hole_mm2)
        for contour in contours:
            if cv2.contourArea(contour) <= largest:
                cv2.drawContours(filled, [contour], -1, 1, cv2.FILLED)
        result: BoolImage = filled.view(np.bool_)
        return result


def _place(part: BoolImage, window: Window, like: BoolImage) -> BoolImage:
    whole = np.zeros_like(like)
    whole[window] = part
    return read_only(whole)


def share_left(
    known: CementState,
    added: Added,
    covered: BoolImage | None,
    least_px: float,
) -> float:
    """Return how much of what known cement added is left in a frame; 1.0 for too little cement.

    Parameters
    ----------
    known : CementState
        Of the frame before.
    added : Added
        Of this frame.
    covered : ndarray of bool or None
        Where the cannula may hide it.
    least_px : float
        Less cement than this, in working pixels, tells nothing.
    """
    if known.mask is None or known.mean is None or known.box is None:
        return 1.0
    box = known.box
    where = known.mask[box] & added.seen[box]
    if known.inferred is not None:
        where &= ~known.inferred[box]
    if covered is not None:
        where &= ~covered[box]
    if int(np.count_nonzero(where)) < least_px:
        return 1.0
    before = float(known.mean.image[box][where].sum())
    return float(added.image[box][where].sum()) / max(before, 1e-9)


def contours_px(mask: BoolImage) -> tuple[PointArray, ...]:
    """Return the outlines of a mask, outer and inner, each ``(n, 2)`` in the mask's own pixels."""
    if not mask.any():
        return ()
    found, _ = cv2.findContours(mask.view(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    return tuple(read_only(contour[:, 0, :].astype(np.float64)) for contour in found)
