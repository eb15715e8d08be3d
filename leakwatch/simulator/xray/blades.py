"""Collimator blades that move during a sequence, in addition to the shutter."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from leakwatch.simulator.scenario.scenario_life import CollimationSection
from leakwatch.simulator.scenario.shutter import HALF_SHADOW_PX, Image
from leakwatch.simulator.scene.scene_motion import smooth_step


def open_spans(collimation: Sequence[CollimationSection], time_s: float) -> tuple[float, float]:
    """Return the shares of columns and rows that the blades leave open at a time."""
    columns, rows = 1.0, 1.0
    for section in collimation:
        done = float(smooth_step(np.array([time_s - section.at_s]), section.over_s)[0])
        columns += done * (section.columns_share - columns)
        rows += done * (section.rows_share - rows)
    return columns, rows


def open_between_blades(shares: tuple[float, float], rows: int, columns: int) -> Image:
    """Return the share of each pixel that the blades leave open, ``(rows, columns)``.

    Parameters
    ----------
    shares : tuple of float
        Of columns and of rows.
    rows, columns : int
    """
    sides = []
    for share, size in zip(shares, (columns, rows), strict=True):
        inside = share * size / 2 - np.abs(np.arange(size) - (size - 1) / 2)
        side = np.clip(0.5 + inside / (2 * HALF_SHADOW_PX), 0.0, 1.0)
        sides.append(np.ones(size) if share >= 1.0 else side)
    field: Image = sides[1][:, None] * sides[0][None, :]
    return field
