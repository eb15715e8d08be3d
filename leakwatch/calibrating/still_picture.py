"""One picture to measure on, at full resolution."""

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
from leakwatch.sources.stored.opening import open_source
from leakwatch.vision.preprocessing import intensity

# Frames that are averaged at most: noise falls with the root of their number.
_MOST_FRAMES = 16


@dataclass(frozen=True, slots=True)
class StillPicture:
    """A picture of a sequence.

    Parameters
    ----------
    attenuation : ndarray
        ``(rows, columns)`` of the frame, log attenuation: metal is bright.
    exposed : ndarray of bool
        Where the X-rays reach, without the blurred rim.
    acquisition : Acquisition
    frames : int
        How many were averaged.
    """

    attenuation: FloatImage
    exposed: BoolImage
    acquisition: Acquisition
    frames: int

    @property
    def beam(self) -> FloatImage:
        """Relative intensity of the beam, where the pixels tell it."""
        middle = np.float32(np.median(self.attenuation[self.exposed]))
        beam: FloatImage = np.exp(middle - self.attenuation)
        return beam


def still_picture(path: Path, settings: Settings, frame: int | None = None) -> StillPicture:
    """Read a frame, or the average of the first ones of a sequence in which nothing moves.

    Raises
    ------
    CalibrationError
        There is no such frame, or nothing is exposed in it.
    SourceError
        It cannot be read.
    """
    source = open_source(path)
    try:
        first = 0 if frame is None else frame
        wanted = _MOST_FRAMES if frame is None else 1
        # As long as the C-arm stays: geometry and zoom are those of the first.
        frames: list[Frame] = []
        for each in islice(source.frames(first), wanted):
            if frames and each.acquisition is not frames[0].acquisition:
                break
            frames.append(each)
    finally:
        source.close()
    if not frames:
        raise CalibrationError(
            f"{path}: there is no frame {first}: the last one is {source.number_of_frames - 1}. "
            "Choose another frame."
        )
    return averaged(frames, settings, str(path))


def averaged(frames: Sequence[Frame], settings: Settings, name: str) -> StillPicture:
    """Average frames in which nothing moves; one at least.

    Raises
    ------
    CalibrationError
        Nothing is exposed in them.
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
        raise CalibrationError(f"{name}: nothing is exposed in it. Choose another frame.")
    return StillPicture(read_only(attenuation), read_only(exposed), acquisition, len(frames))
