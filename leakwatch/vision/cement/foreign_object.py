"""Instruments and hands that come into the field: they reach from its edge, and cement does not."""

from __future__ import annotations

import cv2
import numpy as np

from leakwatch.config import CementSettings
from leakwatch.core.arrays import BoolImage
from leakwatch.core.geometry import Scale
from leakwatch.vision.cement.averaging import smoothed
from leakwatch.vision.cement.detection_limit import NearCement
from leakwatch.vision.image_processing.patches import Window, near, patches_of

_EDGE_PX = 3.0  # smoothing and the blades' penumbra blur the edge of the field by so much
_SAME_SHARE = 0.5  # of a patch's attenuation: what hangs together with it is at least as dense


def reject_foreign_objects(
    near_by: NearCement,
    patches: BoolImage,
    reach: Window,
    scale: Scale,
    settings: CementSettings,
) -> tuple[BoolImage, BoolImage | None]:
    """Return the patches without what reaches in from the edge of the field, and what that is.

    Cement comes from known cement, or from the tip of the cannula, and flows at 16 mm/s at most.
    What is new, goes on beyond the region that cement can have reached, and does so up to the edge
    of the field, came from outside: forceps, a guide, a hand.

    Parameters
    ----------
    near_by : NearCement
    patches : ndarray of bool
        What may be cement, as large as `near_by.smooth`.
    reach : (slice, slice)
        Rows and columns of the picture that cement can have reached.
    scale : Scale
    settings : CementSettings

    Returns
    -------
    ndarray of bool, ndarray of bool or None
        Patches; what was rejected, as large as they are, None where nothing was.
    """
    fresh = patches if near_by.mask is None else patches & ~near_by.mask
    leaving = _at_border(fresh, near_by.window, reach)
    if not leaving.any():
        return patches, None
    foreign = _connected_to_edge(near_by, fresh, leaving, scale, settings)
    if not foreign.any():
        return patches, None
    return patches & ~foreign, foreign


def _at_border(fresh: BoolImage, window: Window, reach: Window) -> BoolImage:
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


def _connected_to_edge(
    near_by: NearCement,
    fresh: BoolImage,
    leaving: BoolImage,
    scale: Scale,
    settings: CementSettings,
) -> BoolImage:
    """Return the parts of `fresh` that hang together with the edge of the exposed field."""
    seen = near_by.whole_seen
    if near_by.whole_mask is not None:
        seen = seen & ~near_by.whole_mask
    image = smoothed(near_by.whole, scale, settings)
    foreign = np.zeros_like(fresh)
    edge = near(~near_by.whole_seen, _EDGE_PX)
    edge[:2], edge[-2:], edge[:, :2], edge[:, -2:] = True, True, True, True
    found = patches_of(fresh)
    for label in np.flatnonzero(found.touch(leaving)):
        at = found.at[found.labels == label]
        dense = float(np.median(near_by.smooth.ravel()[at]))
        _, labels = cv2.connectedComponents(
            ((image > _SAME_SHARE * dense) & seen).view(np.uint8), connectivity=8
        )
        here = labels[near_by.window].ravel()[at]
        own = np.unique(here[here > 0])
        if np.isin(labels[edge], own).any():
            foreign.ravel()[at] = True
    return foreign
