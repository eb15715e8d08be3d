"""An image for measurements, at full resolution."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from leakwatch.config import Settings
from leakwatch.core.arrays import BoolImage, FloatImage, read_only
from leakwatch.core.errors import CalibrationError
from leakwatch.core.frame import Acquisition, Frame
from leakwatch.core.geometry import WorkingGrid
from leakwatch.core.messages import text
from leakwatch.sources.stored.opening import open_source
from leakwatch.vision.preprocessing import intensity

# Maximum number of averaged frames: noise decreases with its square root.
_MAX_FRAMES = 16


@dataclass(frozen=True, slots=True)
class StillImage:
    """A frame, or the mean of several, of a sequence.

    Parameters
    ----------
    attenuation : ndarray
        ``(rows, columns)`` of the frame, log attenuation: metal is bright.
    exposed : ndarray of bool
        Exposed field without its blurred rim.
    acquisition : Acquisition
    frames : int
        Number of averaged frames.
    """

    attenuation: FloatImage
    exposed: BoolImage
    acquisition: Acquisition
    frames: int

    @property
    def beam(self) -> FloatImage:
        """Relative X-ray intensity."""
        middle = np.float32(np.median(self.attenuation[self.exposed]))
        beam: FloatImage = np.exp(middle - self.attenuation)
        return beam


def still_image(path: Path, settings: Settings, frame: int | None = None) -> StillImage:
    """Read a frame, or the mean of the first ones of a sequence without motion.

    Raises
    ------
    CalibrationError
        There is no such frame, or it has no exposed field.
    SourceError
        The sequence cannot be read.
    """
    source = open_source(path)
    try:
        first = 0 if frame is None else frame
        wanted = _MAX_FRAMES if frame is None else 1
        # Only frames with the geometry and zoom of the first.
        frames: list[Frame] = []
        for each in islice(source.frames(first), wanted):
            if frames and each.acquisition is not frames[0].acquisition:
                break
            frames.append(each)
    finally:
        source.close()
    if not frames:
        raise CalibrationError(
            text(
                "{path}: there is no frame {first}: the last one is {last_frame}. Choose "
                "another frame.",
                path=path,
                first=first,
                last_frame=source.number_of_frames - 1,
            )
        )
    return average_frames(frames, settings, str(path))


def average_frames(frames: Sequence[Frame], settings: Settings, name: str) -> StillImage:
    """Average one or more frames without motion.

    Raises
    ------
    CalibrationError
        They have no exposed field.
    """
    acquisition = frames[0].acquisition
    grid = WorkingGrid(acquisition.rows, acquisition.columns, 1)
    attenuation: FloatImage = np.mean(
        [intensity.log_attenuation(one.pixels, acquisition.pixel_format, grid) for one in frames],
        axis=0,
    ).astype(np.float32)
    field = intensity.exposed_field(attenuation, settings.intensity)
    exposed = intensity.field_on_grid(field, grid.rows, grid.columns)
    if not exposed.any():
        raise CalibrationError(
            text("{name}: no exposed field in it. Choose another frame.", name=name)
        )
    return StillImage(read_only(attenuation), read_only(exposed), acquisition, len(frames))
