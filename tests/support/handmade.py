"""Frames, observations and alerts made by hand, for what stands behind the fold."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from leakwatch.core.arrays import read_only
from leakwatch.core.frame import (
    Acquisition,
    Frame,
    IntensityRelationship,
    PixelFormat,
    TimeSource,
    View,
)
from leakwatch.core.marks import Marks, Side
from leakwatch.core.results import (
    Alert,
    Cement,
    Level,
    Observation,
    Quality,
    Reason,
    Snapshot,
    Tube,
    WallDistance,
)
from leakwatch.core.spacing import Calibration, SpacingRung

ROWS, COLUMNS, MM_PER_PX, FRAME_S = 96, 128, 0.25, 0.125
CALIBRATION = Calibration(
    MM_PER_PX, 0.005, SpacingRung.IMAGER_PIXEL_SPACING_GEOMETRY, "ImagerPixelSpacing*SOD/SID"
)
UNCALIBRATED = Calibration(None, None, SpacingRung.NONE, "no spacing in the tags")
WALL = read_only(np.array([[90.0, 20.0], [88.0, 48.0], [90.0, 76.0]]))
MARKS = Marks(view=View.LATERAL, posterior_wall_px=WALL, anterior=Side.LEFT)
ACQUISITION = Acquisition(
    rows=ROWS,
    columns=COLUMNS,
    pixel_format=PixelFormat("MONOCHROME2", 12, IntensityRelationship.LIN),
    time_source=TimeSource.FRAME_TIME,
    number_of_frames=20,
    modality="XA",
)


def make_frame(index: int = 0, acquisition: Acquisition = ACQUISITION) -> Frame:
    """A frame with a gradient, noise and a bolus that grows to the right by a pixel a frame."""
    rng = np.random.default_rng(index)
    column = np.arange(acquisition.columns)
    pixels = 1000.0 + 4.0 * column + rng.normal(0.0, 12.0, (acquisition.rows, acquisition.columns))
    pixels[40:56, 40 : 50 + index] *= 0.6
    stored = read_only(pixels.astype(np.uint16))
    return Frame(index, index * FRAME_S, stored, acquisition)


def make_observation(index: int = 0, **changes: Any) -> Observation:
    """Cement from column 40 to 50 + index, in front of a wall at column 88."""
    right = 50.0 + index
    contour = np.array([[40.0, 40.0], [right, 40.0], [right, 55.0], [40.0, 55.0]])
    gap_px = 88.0 - right
    observation = Observation(
        frame=index,
        time_s=index * FRAME_S,
        shift_px=(0.0, 0.0),
        wall_px=WALL,
        outline_px=None,
        wall_distance=WallDistance(gap_px, gap_px * MM_PER_PX, 0.4, (right, 48.0), (88.0, 48.0)),
        cement=Cement((read_only(contour),), 150.0, 9.4, 0.1),
        tubes=(),
        unavailable=(),
        calibration=CALIBRATION,
        quality=Quality(registration_score=0.97, baseline_frames=6, baseline_assumed=False),
    )
    return replace(observation, **changes)


def make_tube(confirmed: bool = True) -> Tube:
    """A tube that runs upwards from the bolus."""
    path = read_only(np.array([[60.0, 40.0], [62.0, 25.0], [60.0, 8.0]]))
    return Tube(path, 32.2, 6.0, 8.05, 1.5, confirmed)


def make_alert(level: Level = Level.CLEAR, *reasons: Reason, **changes: Any) -> Alert:
    """An alert of `level`, latched where it is STOP."""
    return replace(Alert(level, reasons, level is Level.STOP, level), **changes)


def make_snapshot(
    index: int = 0,
    alert: Alert | None = None,
    observation: Observation | None = None,
    acquisition: Acquisition = ACQUISITION,
) -> Snapshot:
    """A snapshot of `make_frame` and `make_observation`."""
    seen = make_observation(index) if observation is None else observation
    return Snapshot(make_frame(index, acquisition), seen, alert or make_alert(), 6.2)
