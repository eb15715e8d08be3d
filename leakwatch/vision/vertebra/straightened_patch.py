"""Image around a vertebral body, straightened along its depth and its height, in mm."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from leakwatch.config import VertebraSettings
from leakwatch.core.arrays import Array, BoolImage, FloatImage, PointArray, read_only
from leakwatch.core.geometry import WorkingGrid
from leakwatch.vision.image_processing.resampling import sampled, warped

# A robust root mean square: the strongest twentieth (metal, gas) counts as the rest at most.
_ROBUST_PERCENT = 95.0
# Below this share of seen pixels under the fine kernel, a value is made up by its neighbours.
_SEEN_SHARE = 0.3
_SOBEL_3 = 8.0  # sum of the absolute weights of cv2.Sobel's 3 x 3 kernel


@dataclass(frozen=True, slots=True)
class SpinePicture:
    """Baseline image in which a body is searched for; reference coordinates.

    Parameters
    ----------
    attenuation : ndarray
        ``(rows, columns)``, mean log attenuation on the working grid, see `baseline.Baseline`.
    seen : ndarray of bool
        Exposed in every frame of the mean.
    cannula : ndarray of bool or None
        Where a cannula lies over the anatomy, see `tracking.CannulaState`.
    grid : WorkingGrid
    mm_per_px : float
        Of a frame's pixel at the vertebra; nominal where `calibrated` is False.
    calibrated : bool
    """

    attenuation: FloatImage
    seen: BoolImage
    cannula: BoolImage | None
    grid: WorkingGrid
    mm_per_px: float
    calibrated: bool


@dataclass(frozen=True, slots=True)
class Axes:
    """Position of a patch: its centre, and the directions forward and up.

    Parameters
    ----------
    origin_px : ndarray
        ``(2,)``, frame pixels.
    forward, up : ndarray
        ``(2,)``, unit vectors in the picture: to the front, and to the head, of the patient.
    mm_per_px : float
        Of a frame pixel.
    """

    origin_px: PointArray
    forward: PointArray
    up: PointArray
    mm_per_px: float

    def to_px(self, points_mm: PointArray) -> PointArray:
        """Convert (forward, up) in mm, ``(n, 2)``, to frame pixels."""
        basis = np.stack([self.forward, self.up])
        points: PointArray = self.origin_px + np.asarray(points_mm) @ basis / self.mm_per_px
        return points

    def to_mm(self, points_px: PointArray) -> PointArray:
        """Convert frame pixels ``(n, 2)`` to (forward, up) in mm."""
        basis = np.stack([self.forward, self.up])
        offset = np.asarray(points_px, np.float64) - self.origin_px
        points: PointArray = offset @ basis.T * self.mm_per_px
        return points


@dataclass(frozen=True, slots=True)
class Patch:
    """Derivatives of the band-passed picture over (forward, up).

    Parameters
    ----------
    axes : Axes
    reach_mm, step_mm : float
        It spans -reach to +reach along both axes.
    slopes : ndarray
        ``(n, n, 4)``, float32: first derivatives along forward and up, second ones along both;
        in units of their root mean square.
    rest : ndarray
        ``(n, n, 3)``, float32: the mixed second derivative, the share of seen pixels, and the
        band-passed picture itself in units of its root mean square.
    """

    axes: Axes
    reach_mm: float
    step_mm: float
    slopes: FloatImage
    rest: FloatImage

    def drop_and_line(
        self, points: PointArray, outwards: PointArray, line_depth_mm: float
    ) -> tuple[Array, Array, Array]:
        """Return what supports an edge of bone at these points.

        Parameters
        ----------
        points, outwards : ndarray
            ``(n, k, 2)``, (forward, up): place in mm, and unit vector out of the bone.
        line_depth_mm : float
            How far inside the edge the bright line of its cortex runs.

        Returns
        -------
        drop : ndarray
            ``(n, k)``, how steeply attenuation falls outwards.
        line : ndarray
            ``(n, k)``, curvature across the bright line just inside.
        seen : ndarray of bool
            ``(n, k)``.
        """
        forward, up = outwards[..., 0], outwards[..., 1]
        first = self._sampled(self.slopes, points)
        seen = self._sampled(self.rest, points)[..., 1] > _SEEN_SHARE
        drop = -(first[..., 0] * forward + first[..., 1] * up)
        inside = points - line_depth_mm * outwards
        second = self._sampled(self.slopes, inside)
        mixed = self._sampled(self.rest, inside)[..., 0]
        line = -(second[..., 2] * forward**2 + second[..., 3] * up**2 + 2 * mixed * forward * up)
        return drop, line, seen

    def band(self, points: PointArray) -> tuple[Array, BoolImage]:
        """Return the attenuation at points ``(n, k, 2)``, and where it is seen, each ``(n, k)``."""
        rest = self._sampled(self.rest, points)
        seen: BoolImage = rest[..., 1] > _SEEN_SHARE
        return rest[..., 2], seen

    def _sampled(self, channels: FloatImage, points: PointArray) -> FloatImage:
        at = ((points + self.reach_mm) / self.step_mm).astype(np.float32)
        values: FloatImage = sampled(channels, at)
        return values


def make_patch(picture: SpinePicture, axes: Axes, settings: VertebraSettings) -> Patch:
    """Straighten and band-pass the picture around a body.

    What is not seen, and the cannula, count as absent: normalised convolution
    (doi:10.1109/CVPR.1993.341081) fills in from beside them.

    Parameters
    ----------
    picture : SpinePicture
    axes : Axes
    settings : VertebraSettings
    """
    weight = picture.seen.astype(np.float32)
    if picture.cannula is not None:
        weight[picture.cannula] = 0.0
    middle = float(picture.attenuation.mean())
    value = (picture.attenuation - np.float32(middle)) * weight
    value, weight = (_straighten(image, picture.grid, axes, settings) for image in (value, weight))
    fine, broad = (sigma / settings.step_mm for sigma in (settings.fine_mm, settings.broad_mm))
    share = _blur(weight, fine)
    band = _blur(value, fine) / (share + 1e-3)
    band -= _blur(value, broad) / (_blur(weight, broad) + 1e-3)
    band *= share > _SEEN_SHARE / 2
    return Patch(
        axes, settings.reach_mm, settings.step_mm, *_differentiate(band, share, settings.step_mm)
    )


def _straighten(
    image: FloatImage, grid: WorkingGrid, axes: Axes, settings: VertebraSettings
) -> FloatImage:
    side = 2 * round(settings.reach_mm / settings.step_mm) + 1
    working_mm = axes.mm_per_px * grid.binning
    step = settings.step_mm / working_mm
    corner = grid.to_working(axes.to_px(np.full((1, 2), -settings.reach_mm)))[0]
    matrix = np.stack([axes.forward * step, axes.up * step, corner], axis=1)
    # Half a step: what is finer than the patch's own grid would alias.
    smooth = cv2.GaussianBlur(image, (0, 0), max(step / 2, 0.3))
    straight: FloatImage = warped(smooth, matrix, (side, side))
    return straight


def _blur(image: FloatImage, sigma: float) -> FloatImage:
    blurred: FloatImage = cv2.GaussianBlur(image, (0, 0), sigma, borderType=cv2.BORDER_CONSTANT)
    return blurred


def _differentiate(
    band: FloatImage, share: FloatImage, step_mm: float
) -> tuple[FloatImage, FloatImage]:
    def along(image: FloatImage, forward: int, up: int) -> FloatImage:
        sum_: FloatImage = cv2.Sobel(image, cv2.CV_32F, forward, up, ksize=3)
        return sum_ / np.float32(_SOBEL_3 * step_mm)

    forward, up = along(band, 1, 0), along(band, 0, 1)
    second = along(forward, 1, 0), along(up, 0, 1), along(forward, 0, 1)
    seen = share > _SEEN_SHARE
    first_unit = _compute_robust_rms(forward[seen], up[seen])
    second_unit = _compute_robust_rms(second[0][seen], second[1][seen])
    slopes = np.dstack(
        [forward / first_unit, up / first_unit, second[0] / second_unit, second[1] / second_unit]
    )
    unit = _compute_robust_rms(band[seen], band[seen])
    rest = np.dstack([second[2] / second_unit, share, band / unit])
    return read_only(slopes.astype(np.float32)), read_only(rest.astype(np.float32))


def _compute_robust_rms(one: FloatImage, other: FloatImage) -> float:
    size = np.hypot(one, other)
    if size.size == 0:
        return math.inf
    capped = np.minimum(size, np.percentile(size, _ROBUST_PERCENT))
    return float(np.sqrt(np.mean(capped**2) / 2)) + 1e-9
