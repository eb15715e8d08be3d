"""Rotation of the anatomy in the plane of the image, apart from its shift."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from leakwatch.config import MotionSettings
from leakwatch.core.arrays import Array, BoolImage, FloatImage, Point, PointArray
from leakwatch.vision.image_processing.normal_equations import solve_normal
from leakwatch.vision.image_processing.resampling import warped
from leakwatch.vision.registration.motion import (
    MatchedField,
    Registration,
    RegistrationReference,
    centred,
    condition,
    trusted,
)


def rotate_back(
    attenuation: FloatImage, exposed: BoolImage, turn_rad: float, centre: Point
) -> tuple[FloatImage, BoolImage]:
    """Return a frame without the rotation of its anatomy.

    Parameters
    ----------
    attenuation : ndarray
        ``(rows, columns)``, working grid.
    exposed : ndarray of bool
    turn_rad : float
        Of the anatomy against the reference, clockwise on the screen.
    centre : Point
        Around which it turned, working pixels.
    """
    if turn_rad == 0.0:
        return attenuation, exposed
    matrix = _build_matrix(turn_rad, centre)
    size = (attenuation.shape[1], attenuation.shape[0])
    turned = warped(attenuation, matrix, size, cv2.INTER_LINEAR, cv2.BORDER_REPLICATE)
    open_ = warped(exposed.view(np.uint8), matrix, size, cv2.INTER_NEAREST)
    return turned, open_.view(np.bool_)


def rotate_points(points: PointArray, turn_rad: float, centre: Point) -> PointArray:
    """Return where points of a frame without rotation lie in the frame itself; ``(n, 2)``."""
    if turn_rad == 0.0:
        return points
    matrix = _build_matrix(turn_rad, centre)
    return np.asarray(points @ matrix[:, :2].T + matrix[:, 2], np.float64)


def _build_matrix(turn_rad: float, centre: Point) -> Array:
    cosine, sine = math.cos(turn_rad), math.sin(turn_rad)
    turn = np.array([[cosine, -sine], [sine, cosine]])
    return np.hstack([turn, (np.array(centre) - turn @ np.array(centre))[:, None]])


@dataclass(frozen=True, slots=True)
class RotationEstimator:
    """Estimation of the rotation of a frame that is registered, with its settings."""

    settings: MotionSettings

    def find(
        self,
        reference: RegistrationReference,
        passed: FloatImage,
        field: MatchedField,
        excluded: BoolImage | None,
        match: Registration,
        centre: Point,
    ) -> float:
        """Return the rotation that the shift of a frame leaves, radians; 0.0 where it is too small.

        One step of least squares in shift and rotation on the residual, with the weights of the
        registration; see `AnatomyMatcher.register`.

        Parameters
        ----------
        reference : RegistrationReference
        passed : ndarray
            The frame from `AnatomyMatcher.band_pass`.
        field : MatchedField
        excluded : ndarray of bool or None
            Where the reference does not hold; registration grid.
        match : Registration
            Of the frame, rotated back by what is known.
        centre : Point
            Registration pixels.
        """
        left, top, right, bottom = reference.window
        rows = reference.rows
        size = (rows.image.shape[1], rows.image.shape[0])
        matrix = np.array([[1, 0, left + match.shift[0]], [0, 2, top + match.shift[1]]], np.float32)
        weight = reference.weight[top:bottom, left:right][::2]
        weight = weight * warped(field.open, matrix, size, cv2.INTER_NEAREST)
        if excluded is not None:
            weight = weight * ~excluded[top:bottom, left:right][::2]
        some = weight[::5, ::5] > 0
        if not some.any():
            return 0.0
        residual, width = centred(warped(passed, matrix, size) - rows.image, some)
        trust = trusted(residual, width, weight, self.settings.robust)
        across = np.arange(left, left + size[0], dtype=np.float32) - np.float32(centre[0])
        down = np.arange(top, top + 2 * size[1], 2, dtype=np.float32)[:, None] - np.float32(
            centre[1]
        )
        around = rows.down * across - rows.across * down
        columns = np.stack([part.ravel() for part in (rows.across, rows.down, around)])
        weighted = columns * trust.ravel()
        normal = (weighted @ columns.T).astype(np.float64)
        pull = (weighted @ residual.ravel()).astype(np.float64)
        first, mixed, last = float(normal[0, 0]), float(normal[0, 1]), float(normal[1, 1])
        if condition((first, mixed, last)) > self.settings.max_condition:
            return 0.0
        turn_rad = float(solve_normal(normal, pull)[2])
        return turn_rad if abs(turn_rad) >= math.radians(self.settings.min_turn_deg) else 0.0
