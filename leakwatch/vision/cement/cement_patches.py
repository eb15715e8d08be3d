"""Patches that may be cement: where they lie, how large they are, and how they end."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from leakwatch.config import CementSettings
from leakwatch.core.arrays import Array, BoolImage, FloatImage
from leakwatch.core.geometry import Scale
from leakwatch.vision.cement.detection_limit import NearCement
from leakwatch.vision.image_processing.medians import percentile
from leakwatch.vision.image_processing.patches import Patches, around, near, patches_of


@dataclass(frozen=True, slots=True)
class CementPatches:
    """Choice of the components over the limit that can be cement, at the scale of a run."""

    scale: Scale
    settings: CementSettings

    def find(self, near_by: NearCement, over: FloatImage, skirt: FloatImage) -> BoolImage:
        """Return the patches over the limit that are large enough, and where cement can be."""
        above = (over > 1.0) & (near_by.smooth > skirt) & near_by.seen
        if near_by.cannula.moves is not None:
            above &= ~near_by.cannula.moves
        found = patches_of(above)
        keep = found.area >= self.scale.px2(self.settings.min_area_mm2)
        patches = np.zeros_like(above)
        if not keep.any():
            return patches
        keep &= found.which(over.ravel()[found.at] > self.settings.seed_factor)
        if keep.any():
            large = found.area >= self.scale.px2(self.settings.remote_area_mm2)
            keep &= self._rooted(near_by, found, keep, large)
        patches.ravel()[found.at[keep[found.labels]]] = True
        return patches

    def _rooted(
        self, near_by: NearCement, found: Patches, keep: BoolImage, large: BoolImage
    ) -> BoolImage:
        """Return which patches lie where cement can have come from, or look as if they did."""
        mask = near_by.mask
        rooted = np.zeros(len(found.area), np.bool_)
        if mask is None or not mask.any():
            origin = near_by.origin
            reached = np.ones(len(found.area), np.bool_) if origin is None else found.touch(origin)
        else:
            rooted = found.touch(mask)
            if rooted[1:].all():
                return rooted
            away = cv2.distanceTransform((~mask).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_3)
            away = away.ravel()[found.at]
            reached = found.which(away <= self.scale.px(self.settings.gap_mm))
            reached |= large & found.which(away <= self.scale.px(self.settings.remote_mm))
            for on_cannula in (near_by.cannula.lies, near_by.cannula.covers):
                if on_cannula is not None:
                    # Away from cement, what lies on a cannula is in its lumen, or a trace of its
                    # motion.
                    reached &= found.which(~on_cannula.ravel()[found.at])
        for label in np.flatnonzero(reached & ~rooted & keep):
            row, column = np.divmod(found.at[found.labels == label], near_by.smooth.shape[1])
            rooted[label] = self.stands_out(near_by, row, column)
        return rooted

    def without_sudden(self, near_by: NearCement, patches: BoolImage) -> BoolImage:
        """Return the patches without what is new, more than can flow at once, and not like cement.

        A shadow of tissue that breathes may touch cement, and must not be taken for its growth.
        """
        if near_by.mask is None or not near_by.mask.any():
            return patches
        fresh = (patches & ~near_by.mask).view(np.uint8)
        most = self.scale.px2(self.settings.sudden_mm2)
        if cv2.countNonZero(fresh) <= most:
            return patches
        _, labels, stats, _ = cv2.connectedComponentsWithStats(fresh, connectivity=8)
        for label in np.flatnonzero(stats[1:, cv2.CC_STAT_AREA] > most) + 1:
            piece = labels == label
            row, column = np.nonzero(piece)
            framed = np.pad(piece.view(np.uint8), 1)
            deep = cv2.distanceTransform(framed, cv2.DIST_L2, cv2.DIST_MASK_5)
            # As wide as a vein somewhere; else it is the artefact of a bone's edge.
            wide = 2.0 * float(deep.max()) >= self.scale.px(self.settings.sudden_width_mm)
            rim = near(near_by.mask, near_by.rim)[row, column].all()
            if not (wide or rim) or not self.stands_out(near_by, row, column):
                patches = patches & ~piece
        return patches

    def without_stripes(self, near_by: NearCement, patches: BoolImage) -> BoolImage:
        """Return the patches without what is new on a cannula and narrower than cement can look.

        An error of the cannula's pose or width adds stripes along its wall. They are as narrow as
        the error and the blur of the wall; cement behind a cannula is as wide as what it fills.
        """
        if near_by.cannula.lies is None:
            return patches
        fresh = patches & near_by.cannula.lies
        if near_by.mask is not None:
            fresh &= ~near_by.mask
        if not fresh.any():
            return patches
        size = 2 * max(round(self.scale.px(self.settings.stripe_mm) / 2), 1) + 1
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
        part = around(fresh, size)
        whole = patches[part] if near_by.mask is None else (patches | near_by.mask)[part]
        wide = cv2.morphologyEx(whole.view(np.uint8), cv2.MORPH_OPEN, disc).view(np.bool_)
        result = patches.copy()
        result[part] &= wide | ~fresh[part]
        return result

    def stands_out(self, near_by: NearCement, row: Array, column: Array) -> bool:
        """Return whether a patch that hangs on no cement looks like cement, not like moved tissue.

        Cement ends within its blur. Fat, muscle and bowel that breathe past the spine leave shadows
        that fade over many millimetres, or edges with as much taken away beside them.

        Parameters
        ----------
        near_by : NearCement
        row, column : ndarray
            Where the patch is, in its window.
        """
        rows, columns = row + near_by.window[0].start, column + near_by.window[1].start
        counts = near_by.whole_seen
        if near_by.whole_mask is not None:
            counts = counts & ~near_by.whole_mask
        settings = self.settings
        blur = max(self.scale.px(settings.blur_mm), 1.0)  # the outermost pixels are a pixel deep
        reach = max(round(self.scale.px(settings.beside_mm)) + 1, math.ceil(2.0 * blur))
        top, left = max(int(rows.min()) - reach, 0), max(int(columns.min()) - reach, 0)
        window = np.s_[top : int(rows.max()) + reach + 1, left : int(columns.max()) + reach + 1]
        sigma = self.scale.px(settings.smooth_mm)
        added = cv2.GaussianBlur(near_by.whole[window], (0, 0), sigma)
        inside = np.zeros(added.shape, np.bool_)
        inside[rows - top, columns - left] = True
        away = cv2.distanceTransform((~inside).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5)
        depth = cv2.distanceTransform(inside.view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5)
        beside = counts[window] & (away > blur)
        ring, around = beside & (away <= 2 * blur), beside & (away <= reach)
        if not ring.any():
            return False
        rim = float(added[inside & (depth <= blur)].mean())
        faded = float(added[ring].mean()) <= settings.max_beside_share * rim
        taken = percentile(added[around], 5.0) < -settings.max_taken_share * rim
        return faded and not taken
