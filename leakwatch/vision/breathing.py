"""How breathing changes the picture: a few patterns, learnt beside the cement, and taken out.

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
from leakwatch.model import Array, BoolImage, FloatImage, read_only
from leakwatch.vision.baseline import Added
from leakwatch.vision.robust import median

_EVERY = 4  # what breathes is soft: a quarter of the working grid, some 1 mm a pixel, holds it
_LEAST_SHARE = 0.25  # of a coarse pixel that must count
_FITTED = 3  # every third coarse pixel tells how strong the patterns are, well enough


@dataclass(frozen=True, slots=True)
class Breathing:
    """What moves past the spine, in reference coordinates on a quarter of the working grid.

    Parameters
    ----------
    patterns : ndarray
        ``(k, rows * columns)``, float32, orthonormal.
    sizes : ndarray
        ``(k,)``, their singular values over all frames.
    shares : ndarray
        ``(k,)``, of the picture that each takes up: its participation ratio.
    slow : ndarray
        ``(rows * columns,)``, what does not change within a breath: it is not learnt.
    time_s : float
        Of the last frame.
    """

    patterns: Array
    sizes: Array
    shares: Array
    slow: Array
    time_s: float


def without_breathing(
    breathing: Breathing | None,
    added: Added,
    changed: BoolImage | None,
    time_s: float,
    settings: BreathingSettings,
) -> tuple[Breathing, Added]:
    """What was added, less what breathing adds; and the patterns with this frame.

    Parameters
    ----------
    breathing : Breathing or None
        Of the frames before.
    added : Added
    changed : ndarray of bool or None
        Cement and instruments, with their rims.
    time_s : float
        Of this frame.
    settings : BreathingSettings

    Returns
    -------
    Breathing, Added
    """
    coarse, still = _coarse(added.image, added.seen if changed is None else added.seen & ~changed)
    if breathing is None:
        empty = np.zeros((0, len(coarse)), np.float32)
        none = np.zeros(0)
        return Breathing(empty, none, none, read_only(coarse * still), time_s), added
    counts = _without_outliers(coarse, breathing.patterns, still, settings)
    strengths = _strengths(coarse, breathing.patterns, counts, settings)
    share = 1.0 - math.exp(-max(time_s - breathing.time_s, 1e-3) / settings.slow_s)
    slow = breathing.slow + np.float32(share) * (coarse - breathing.slow) * still
    quick = coarse - slow
    within = _strengths(quick, breathing.patterns, counts, settings)
    learnt = _learnt(breathing, within, (quick - within @ breathing.patterns) * still, settings)
    learnt = replace(learnt, slow=read_only(slow), time_s=time_s)
    if len(strengths) == 0:
        return learnt, added
    # What is in one place only is cement that is not known yet, and not breathing.
    pattern = (strengths * (breathing.shares >= settings.least_share)) @ breathing.patterns
    image = cv2.subtract(added.image, _fine(pattern, added.seen))
    return learnt, replace(added, image=cv2.copyTo(image, added.seen.view(np.uint8)))


def _coarse(image: FloatImage, where: BoolImage) -> tuple[Array, BoolImage]:
    """Means over coarse pixels, flat, of what counts; and which have enough of it."""
    rows, columns = image.shape
    size = (-(-columns // _EVERY), -(-rows // _EVERY))
    weight = where.view(np.uint8)
    part = cv2.copyTo(image, weight)
    total = cv2.resize(part, size, interpolation=cv2.INTER_AREA).ravel()
    share = cv2.resize(weight.astype(np.float32), size, interpolation=cv2.INTER_AREA).ravel()
    return total / np.maximum(share, np.float32(_LEAST_SHARE)), share >= _LEAST_SHARE


def _fine(pattern: Array, seen: BoolImage) -> FloatImage:
    """A pattern on the working grid; at the edge of the field from the pixels within."""
    rows, columns = seen.shape
    shape = (-(-rows // _EVERY), -(-columns // _EVERY))
    whole: FloatImage = cv2.resize(
        pattern.reshape(shape), (columns, rows), interpolation=cv2.INTER_LINEAR
    )
    if pattern.all():
        return whole
    known = (pattern != 0.0).astype(np.float32).reshape(shape)
    share = cv2.resize(known, (columns, rows), interpolation=cv2.INTER_LINEAR)
    fine: FloatImage = cv2.divide(whole, cv2.max(share, _LEAST_SHARE))
    return fine


def _strengths(
    coarse: Array, patterns: Array, counts: BoolImage, settings: BreathingSettings
) -> Array:
    """How strong each pattern is, from some of the pixels that count."""
    some = patterns[:, ::_FITTED]
    told = some * counts[::_FITTED].astype(np.float32)
    normal = told @ some.T + np.float32(settings.least_told / _FITTED) * np.eye(len(patterns))
    strengths: Array = np.linalg.solve(normal, told @ coarse[::_FITTED]).astype(np.float32)
    return strengths


def _without_outliers(
    coarse: Array, patterns: Array, still: BoolImage, settings: BreathingSettings
) -> BoolImage:
    """What is still, less what is no breathing, nor noise."""
    rest = np.abs(coarse - _strengths(coarse, patterns, still, settings) @ patterns)
    limit = settings.outlier_factor * median(rest[::_FITTED][still[::_FITTED]])
    counts: BoolImage = still & (rest <= limit)
    return counts


def _learnt(
    breathing: Breathing, strengths: Array, rest: Array, settings: BreathingSettings
) -> Breathing:
    """One more frame: incremental principal components (doi:10.1007/s11263-007-0075-7)."""
    length = float(np.linalg.norm(rest))
    fresh = (rest / max(length, 1e-6)).astype(np.float32)[None]
    count = len(breathing.sizes)
    joint = np.zeros((count + 1, count + 2))
    joint[:count, :count] = np.diag(breathing.sizes)
    joint[:count, -1], joint[-1, -1] = strengths, length
    turn, sizes, _ = np.linalg.svd(joint, full_matrices=False)
    kept = min(count + 1, settings.patterns)
    basis = np.concatenate([breathing.patterns, fresh])
    patterns = turn.T[:kept].astype(np.float32) @ basis
    squares = patterns * patterns
    places = max(int(np.count_nonzero(patterns.any(axis=0))), 1)
    share = 1.0 / np.maximum((squares * squares).sum(axis=1) * places, 1e-6)
    return replace(
        breathing,
        patterns=read_only(patterns),
        sizes=read_only(sizes[:kept]),
        shares=read_only(share),
    )
