"""Turns of the patient in the plane of the picture, about its centre.

A camera that rolls about its central ray sees the same projection, rotated: nothing has to be
projected anew, and no distance changes.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from leakwatch.core.arrays import PointArray
from leakwatch.simulator.scenario.scenario_room import PatientTurnSection
from leakwatch.simulator.scene.scene_motion import Track, dying_swing, smooth_step

Image = npt.NDArray[np.float64]

_SPLINE_PX = 3  # that cubic interpolation needs beside what is turned into the picture


def turn_track(times_s: Track, turns: Sequence[PatientTurnSection]) -> Track:
    """Return the turn at each time, degrees, positive clockwise; ``(n,)``."""
    track = np.zeros(len(times_s))
    for turn in turns:
        since = times_s - turn.at_s
        track += turn.by_deg * smooth_step(since, turn.over_s)
        if turn.swing_deg:
            track += turn.swing_deg * dying_swing(since)
    return track


def turned_points(points_px: PointArray, turn_deg: float, rows: int, columns: int) -> PointArray:
    """Return points after a clockwise turn about the centre of the picture, ``(n, 2)``."""
    centre = _centre_px(rows, columns)
    turned: PointArray = centre + (np.asarray(points_px) - centre) @ _matrix(turn_deg).T
    return turned


def border_px(turn_deg: Track, rows: int, columns: int) -> int:
    """Return how wide a border of the unturned picture comes into the turned one."""
    widest = float(np.abs(turn_deg).max(initial=0.0))
    if widest == 0.0:
        return 0
    corner = np.array([[0.0, 0.0], [0.0, rows - 1.0], [columns - 1.0, 0.0]])
    seen = np.concatenate(
        [turned_points(corner, turn, rows, columns) for turn in (widest, -widest)]
    )
    return int(np.ceil(-seen.min())) + _SPLINE_PX


def turned_picture(image: Image, turn_deg: float, border: int) -> Image:
    """Return a picture turned clockwise about its centre, without its border.

    Parameters
    ----------
    image : ndarray
        ``(rows, columns)`` with a border on all sides.
    turn_deg : float
    border : int
    """
    rows, columns = (size - 2 * border for size in image.shape)
    if turn_deg == 0.0:
        return image[border : border + rows, border : border + columns]
    column, row = np.meshgrid(np.arange(columns), np.arange(rows))
    places = np.stack([column.ravel(), row.ravel()], axis=1).astype(np.float64)
    sources = turned_points(places, -turn_deg, rows, columns) + border
    maps = sources.astype(np.float32).reshape(rows, columns, 2)
    # OpenCV interpolates single precision exactly, and double only to a 32nd of a pixel.
    single = image.astype(np.float32)
    turned = cv2.remap(single, maps, None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(turned, np.float64)


def _centre_px(rows: int, columns: int) -> PointArray:
    return np.array([(columns - 1) / 2, (rows - 1) / 2])


def _matrix(turn_deg: float) -> PointArray:
    """Return the rotation; rows count downwards, so that a positive angle is clockwise."""
    angle = np.radians(turn_deg)
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
