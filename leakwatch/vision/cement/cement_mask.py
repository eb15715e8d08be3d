"""Attenuation added since baseline -> cement: a mask with hysteresis in space and time."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from leakwatch.config import CementSettings, Settings
from leakwatch.core.arrays import Array, BoolImage, FloatImage, PointArray, read_only
from leakwatch.core.geometry import Scale
from leakwatch.vision.background.baseline import Added
from leakwatch.vision.background.false_cement import Background
from leakwatch.vision.cannula.hidden_area import CoveredByCannula, bridged
from leakwatch.vision.cement.averaging import RunningMean, smoothed
from leakwatch.vision.cement.detection_limit import (
    NearCement,
    noise_near,
    over_limit,
    window_near,
    within,
)
from leakwatch.vision.cement.foreign_object import reject_foreign_objects
from leakwatch.vision.image_processing.medians import middle
from leakwatch.vision.image_processing.patches import (
    Patches,
    Window,
    around,
    inside,
    near,
    patches_of,
    stands_out,
)


@dataclass(frozen=True, slots=True)
class CementState:
    """What earlier frames say of cement, in reference coordinates on the working grid.

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


def segment(
    state: CementState,
    seen: BoolImage,
    behind: Background,
    origin: BoolImage | None,
    cannula: CoveredByCannula,
    caution: float,
    scale: Scale,
    settings: CementSettings,
) -> Segmentation:
    """Decide which pixels are cement.

    A pixel is a candidate when the smoothed mean exceeds the edge thickness of cement, the noise
    and the ghosts there, in a patch that somewhere exceeds them clearly, and that lies near
    cement or (the first) at its origin. Two frames running confirm it; growth by a rim, and what is
    too large for noise and ends as cement does, need one.
    Confirmed cement does not vanish: it goes only where the attenuation clearly does.

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
        Factor on the limit: above 1 while the baseline still learns, infinite where a person said
        that there is no cement yet.
    scale : Scale
    settings : CementSettings

    Returns
    -------
    Segmentation
    """
    assert state.mean is not None
    window = window_near(state.box, origin, seen.shape, scale, settings)
    near_by = NearCement(
        smoothed(state.mean.image[window], scale, settings),
        seen[window],
        behind.noise_shape[window],
        behind.ghost[window],
        within(state.mask, window),
        within(state.inferred, window),
        within(state.candidate, window),
        within(origin, window),
        cannula.within(window),
        state.mean.image,
        # What a cannula adds or takes away is no surroundings that cement could stand out of.
        seen if cannula.rod is None else seen & ~cannula.rod,
        state.mask,
        window,
        scale.px(grown_mm(state.mean.step_s, settings)),
    )
    noise = noise_near(near_by)
    near_by, over = over_limit(near_by, noise, caution, scale, settings)
    skirt = _skirt(near_by.smooth, scale, settings)
    patches = _patches(near_by, over, skirt, scale, settings)
    foreign = None
    if origin is not None:
        patches, foreign = reject_foreign_objects(near_by, patches, window, scale, settings)
    patches = _without_sudden(near_by, patches, scale, settings)
    patches = _without_stripes(near_by, patches, scale, settings)
    mask = _confirmed(near_by, patches, over, scale, settings)
    mask |= _kept(near_by, skirt, settings)
    seen_there = mask
    if mask.any():
        mask = _filled(
            bridged(mask, near_by.smooth, near_by.cannula, scale, settings), scale, settings
        )
    new = replace(
        state,
        candidate=_placed(patches, near_by.window, seen),
        mask=_placed(mask, near_by.window, seen),
        inferred=_placed(mask & ~seen_there, near_by.window, seen),
        box=inside(near_by.window, around(mask, 0)) if mask.any() else None,
    )
    return Segmentation(new, noise, foreign is not None)


def grown_mm(step_s: float, settings: CementSettings) -> float:
    """Return how far known cement can have grown since the last frame, mm.

    Parameters
    ----------
    step_s : float
        Since then. Pauses of minutes are usual: what came meanwhile lies no farther from known
        cement than new cement is looked for, however long it took.
    settings : CementSettings
    """
    farthest_mm = max(settings.rim_mm, settings.remote_mm)
    return min(max(settings.rim_mm, settings.growth_mm_s * step_s), farthest_mm)


def _placed(part: BoolImage, window: Window, like: BoolImage) -> BoolImage:
    whole = np.zeros_like(like)
    whole[window] = part
    return read_only(whole)


def _skirt(smooth: FloatImage, scale: Scale, settings: CementSettings) -> FloatImage:
    """What blur lays around denser cement: a share of the most within its reach."""
    size = 2 * max(round(scale.px(settings.skirt_mm)), 1) + 1
    most = cv2.dilate(smooth, np.ones((size, size), np.uint8))
    skirt: FloatImage = most * np.float32(settings.skirt_share)
    return skirt


def _patches(
    near_by: NearCement, over: FloatImage, skirt: FloatImage, scale: Scale, settings: CementSettings
) -> BoolImage:
    above = (over > 1.0) & (near_by.smooth > skirt) & near_by.seen
    if near_by.cannula.moves is not None:
        above &= ~near_by.cannula.moves
    found = patches_of(above)
    keep = found.area >= scale.px2(settings.min_area_mm2)
    patches = np.zeros_like(above)
    if not keep.any():
        return patches
    keep &= found.which(over.ravel()[found.at] > settings.seed_factor)
    if keep.any():
        large = found.area >= scale.px2(settings.remote_area_mm2)
        keep &= _rooted(near_by, found, keep, large, scale, settings)
    patches.ravel()[found.at[keep[found.labels]]] = True
    return patches


def _rooted(
    near_by: NearCement,
    found: Patches,
    keep: BoolImage,
    large: BoolImage,
    scale: Scale,
    settings: CementSettings,
) -> BoolImage:
    """Which patches lie where cement can have come from; of those away from it, which look so."""
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
        reached = found.which(away <= scale.px(settings.gap_mm))
        reached |= large & found.which(away <= scale.px(settings.remote_mm))
        for on_rod in (near_by.cannula.rod, near_by.cannula.covers):
            if on_rod is not None:
                # Away from cement, what lies on a rod is in its lumen, or a trace of its motion.
                reached &= found.which(~on_rod.ravel()[found.at])
    for label in np.flatnonzero(reached & ~rooted & keep):
        row, column = np.divmod(found.at[found.labels == label], near_by.smooth.shape[1])
        rooted[label] = _stands_out(near_by, row, column, scale, settings)
    return rooted


def _stands_out(
    near_by: NearCement, row: Array, column: Array, scale: Scale, settings: CementSettings
) -> bool:
    top, left = (one.start for one in near_by.window)
    counts, cement = near_by.whole_seen, near_by.whole_mask
    if cement is not None:
        counts = counts & ~cement
    return stands_out(row + top, column + left, near_by.whole, counts, scale, settings)


def _without_sudden(
    near_by: NearCement, patches: BoolImage, scale: Scale, settings: CementSettings
) -> BoolImage:
    """Patches without what is new, more than cement can flow at once, and does not look like it.

    A shadow of tissue that breathes may touch cement, and must not be taken for its growth.
    """
    if near_by.mask is None or not near_by.mask.any():
        return patches
    fresh = (patches & ~near_by.mask).view(np.uint8)
    most = scale.px2(settings.sudden_mm2)
    if cv2.countNonZero(fresh) <= most:
        return patches
    _, labels, stats, _ = cv2.connectedComponentsWithStats(fresh, connectivity=8)
    for label in np.flatnonzero(stats[1:, cv2.CC_STAT_AREA] > most) + 1:
        piece = labels == label
        row, column = np.nonzero(piece)
        deep = cv2.distanceTransform(np.pad(piece.view(np.uint8), 1), cv2.DIST_L2, cv2.DIST_MASK_5)
        # As wide as a vein somewhere; else it is the ghost of a bone's edge.
        wide = 2.0 * float(deep.max()) >= scale.px(settings.sudden_width_mm)
        rim = near(near_by.mask, near_by.rim)[row, column].all()
        if not (wide or rim) or not _stands_out(near_by, row, column, scale, settings):
            patches = patches & ~piece
    return patches


def _without_stripes(
    near_by: NearCement, patches: BoolImage, scale: Scale, settings: CementSettings
) -> BoolImage:
    """Patches without what is new on a rod and narrower than blur leaves any cement.

    An error of the rod's pose or width adds stripes along its wall. They are as narrow as the error
    and the blur of the wall; cement behind a rod is as wide as what it fills.
    """
    rod = near_by.cannula.rod
    if rod is None:
        return patches
    fresh = patches & rod if near_by.mask is None else patches & rod & ~near_by.mask
    if not fresh.any():
        return patches
    size = 2 * max(round(scale.px(settings.stripe_mm) / 2), 1) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    part = around(fresh, size)
    whole = patches[part] if near_by.mask is None else (patches | near_by.mask)[part]
    wide = cv2.morphologyEx(whole.view(np.uint8), cv2.MORPH_OPEN, disc).view(np.bool_)
    result = patches.copy()
    result[part] &= wide | ~fresh[part]
    return result


def _confirmed(
    near_by: NearCement,
    patches: BoolImage,
    over: FloatImage,
    scale: Scale,
    settings: CementSettings,
) -> BoolImage:
    """What was a candidate before, a rim around cement, and what is sure at first sight."""
    if near_by.candidate is None:
        return np.zeros_like(patches)
    known = near_by.candidate
    if near_by.mask is None or not near_by.mask.any():
        return patches & near(patches & known, near_by.rim)
    sure = patches & (over > settings.sure_factor)
    known = known | near(near_by.mask | sure, near_by.rim)
    confirmed = patches & known
    fresh = (patches & ~known).view(np.uint8)
    if cv2.countNonZero(fresh) < scale.px2(settings.sure_area_mm2):
        return confirmed
    _, labels, stats, _ = cv2.connectedComponentsWithStats(fresh, connectivity=8)
    large = stats[:, cv2.CC_STAT_AREA] >= scale.px2(settings.sure_area_mm2)
    for label in np.flatnonzero(large[1:]) + 1:
        row, column = np.nonzero(labels == label)
        if _stands_out(near_by, row, column, scale, settings):
            confirmed[row, column] = True
    return confirmed


def _kept(near_by: NearCement, skirt: FloatImage, settings: CementSettings) -> BoolImage:
    """Confirmed cement that is still there, or cannot be seen to have gone."""
    if near_by.mask is None:
        return np.zeros_like(near_by.seen)
    edge = settings.keep_share * settings.edge_mm * settings.attenuation_per_mm
    least = np.float32(edge) + (0.0 if near_by.cannula.ghost is None else near_by.cannula.ghost)
    there = (near_by.smooth > np.maximum(skirt, least)) | ~near_by.seen
    if near_by.cannula.moves is not None:
        there |= near_by.cannula.moves
    if near_by.inferred is not None:
        there &= ~near_by.inferred
    kept: BoolImage = near_by.mask & there
    return kept


def _filled(mask: BoolImage, scale: Scale, settings: CementSettings) -> BoolImage:
    """Fill small holes in cement, such as the end of a cannula leaves."""
    contours, _ = cv2.findContours(mask.view(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    filled = mask.view(np.uint8).copy()
    largest = scale.px2(settings.hole_mm2)
    for contour in contours:
        if cv2.contourArea(contour) <= largest:
            cv2.drawContours(filled, [contour], -1, 1, cv2.FILLED)
    result: BoolImage = filled.view(np.bool_)
    return result


def can_see(noise: float, settings: CementSettings) -> bool:
    """Whether cement that matters stands out of what differs from the baseline.

    Where it does not, the picture is no longer that of the baseline: turned, or moved within.

    Parameters
    ----------
    noise : float
        From `segment`.
    settings : CementSettings
    """
    return settings.grow_sigmas * noise <= settings.blind_mm * settings.attenuation_per_mm


def least_thickness_mm(
    noise: float,
    behind: Background,
    where: tuple[Window, BoolImage] | None,
    settings: CementSettings,
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
    settings : CementSettings
    """
    least = settings.grow_sigmas * noise
    if where is not None and where[1].any():
        window, part = where
        shape, ghost = behind.noise_shape[window][part], behind.ghost[window][part]
        least = middle(least * shape + ghost)
    return max(least / settings.attenuation_per_mm, settings.edge_mm)


def share_left(
    known: CementState,
    added: Added,
    covered: BoolImage | None,
    scale: Scale,
    settings: Settings,
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
    scale : Scale
    settings : Settings
    """
    if known.mask is None or known.mean is None or known.box is None:
        return 1.0
    box = known.box
    where = known.mask[box] & added.seen[box]
    if known.inferred is not None:
        where &= ~known.inferred[box]
    if covered is not None:
        where &= ~covered[box]
    if int(np.count_nonzero(where)) < scale.px2(settings.same.min_cement_mm2):
        return 1.0
    before = float(known.mean.image[box][where].sum())
    return float(added.image[box][where].sum()) / max(before, 1e-9)


def contours_px(mask: BoolImage) -> tuple[PointArray, ...]:
    """Outlines of a mask, outer and inner, each ``(n, 2)`` in the mask's own pixels."""
    if not mask.any():
        return ()
    found, _ = cv2.findContours(mask.view(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    return tuple(read_only(contour[:, 0, :].astype(np.float64)) for contour in found)
