"""Rejection of what comes from beyond the reach of cement: instruments, hands, organs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from leakwatch.config import CementSettings
from leakwatch.core.arrays import Array, BoolImage
from leakwatch.core.geometry import Scale
from leakwatch.vision.cement.averaging import AttenuationAverage
from leakwatch.vision.cement.detection_limit import NearCement
from leakwatch.vision.image_processing.medians import middle
from leakwatch.vision.image_processing.patches import Window, near, patches_of

_EDGE_PX = 3.0  # smoothing and the blades' penumbra blur the edge of the field by so much
# Of a patch's attenuation, what hangs together with it has at least: edges of organs fade along
# their length.
_SAME_SHARE = 1.0 / 3.0
_FILLED = 2  # any value that no mask has
_MOST_PATCHES = 12  # the largest of a frame are followed; a frame with more is no usual one


@dataclass(frozen=True)
class ForeignObjects:
    """Rejection of foreign objects from beyond the reach of cement."""

    scale: Scale
    settings: CementSettings

    @cached_property
    def average(self) -> AttenuationAverage:
        """Smoothing of new attenuation, with the same settings."""
        return AttenuationAverage(self.scale, self.settings)

    def reject(
        self, near_by: NearCement, patches: BoolImage, reach: Window
    ) -> tuple[BoolImage, BoolImage | None]:
        """Return the patches without what comes from beyond the reach of cement.

        Cement comes from known cement, or from the tip of the cannula, and flows at 16 mm/s at
        most. What is new and goes on, at least a third as dense, beyond the region that cement can
        have reached came from elsewhere: the edge of a diaphragm, a pelvis or bowel that moves
        apart from the spine. If it goes on up to the edge of the field, it is an object: forceps, a
        guide, a hand.

        Parameters
        ----------
        near_by : NearCement
        patches : ndarray of bool
            What may be cement, as large as `near_by.smooth`.
        reach : (slice, slice)
            Rows and columns of the picture that cement can have reached.

        Returns
        -------
        ndarray of bool, ndarray of bool or None
            Patches; those of them that belong to an object, None where there is none.
        """
        fresh = patches
        if near_by.mask is not None:
            fresh = patches & ~near_by.mask
            if not (fresh & ~near(near_by.mask, near_by.rim)).any():
                return patches, None
        if not fresh.any():
            return patches, None
        leaving = _find_at_border(fresh, near_by.window, reach)
        beyond = self._beyond(near_by)
        foreign, moved = self._from_elsewhere(near_by, fresh, leaving, beyond)
        return patches & ~(foreign | moved), foreign if foreign.any() else None

    def _beyond(self, near_by: NearCement) -> BoolImage:
        """Return where no cement can be: too far from known cement, or from its origin."""
        far = np.ones(near_by.whole_seen.shape, np.uint8)
        known = near_by.mask is not None and bool(near_by.mask.any())
        start = near_by.mask if known else near_by.origin
        if start is None:
            return np.zeros(far.shape, np.bool_)
        far[near_by.window][start] = 0
        away = cv2.distanceTransform(far, cv2.DIST_L2, cv2.DIST_MASK_3)
        farthest = self.scale.px(self.settings.remote_mm + self.settings.beyond_mm)
        return np.asarray(away > farthest, np.bool_)

    def _from_elsewhere(
        self, near_by: NearCement, fresh: BoolImage, leaving: BoolImage, beyond: BoolImage
    ) -> tuple[BoolImage, BoolImage]:
        """Return the parts of `fresh` that belong to an object, and to anatomy that moved."""
        seen = near_by.whole_seen
        if near_by.whole_mask is not None:
            seen = seen & ~near_by.whole_mask
        image = self.average.smooth(near_by.whole)
        edge = near(~near_by.whole_seen, _EDGE_PX)
        edge[:2], edge[-2:], edge[:, :2], edge[:, -2:] = True, True, True, True
        foreign, moved = np.zeros_like(fresh), np.zeros_like(fresh)
        found = patches_of(fresh)
        leave = found.touch(leaving)
        # What fills during a pause may be long, and hangs on known cement.
        attached = leave & False
        if near_by.mask is not None:
            attached = found.touch(near(near_by.mask, 1.0))
        for label in 1 + np.argsort(found.area[1:])[::-1][:_MOST_PATCHES]:
            at = found.at[found.labels == label]
            dense = middle(near_by.smooth.ravel()[at])
            whole = _find_connected((image > _SAME_SHARE * dense) & seen, at, near_by.window)
            if leave[label] and (whole & edge).any():
                foreign.ravel()[at] = True
            elif not attached[label] and (whole & beyond).any():
                moved.ravel()[at] = True
        return foreign, moved


def _find_at_border(fresh: BoolImage, window: Window, reach: Window) -> BoolImage:
    """Return the pixels of the outermost rows and columns of what can have been reached."""
    at = np.zeros_like(fresh)
    for axis in (0, 1):
        lines = np.moveaxis(at, axis, 0)
        of_fresh = np.moveaxis(fresh, axis, 0)
        if window[axis].start == reach[axis].start:
            lines[0] |= of_fresh[0]
        if window[axis].stop == reach[axis].stop:
            lines[-1] |= of_fresh[-1]
    return at


def _find_connected(mask: BoolImage, at: Array, window: Window) -> BoolImage:
    """Return what of a mask hangs together with any of the flat places `at` of a window."""
    filled = mask.astype(np.uint8)
    part = filled[window]
    row, column = np.divmod(at, part.shape[1])
    top, left = window[0].start, window[1].start
    # What is filled costs no more than its own size, the labels of the whole picture much more.
    while (left_over := np.flatnonzero(part[row, column] == 1)).size:
        first = left_over[0]
        seed = (int(column[first]) + left, int(row[first]) + top)
        cv2.floodFill(filled, None, seed, _FILLED, flags=8)
    connected: BoolImage = filled == _FILLED
    return connected
