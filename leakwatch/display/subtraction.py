"""Subtraction: the current image minus a reference picture, so that what is new stands alone.

As the roadmap of a C-arm: both images as log attenuation, the reference moved to where the anatomy
is now. Cement adds its own attenuation whatever lies behind it. Where a shutter, a mask or clipped
values hide either image there is nothing to subtract, and the picture is blank.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from leakwatch.config import IntensitySettings, Settings
from leakwatch.core.arrays import Array, BoolImage, FloatImage, read_only
from leakwatch.core.frame import Frame
from leakwatch.core.geometry import WorkingGrid
from leakwatch.core.messages import text
from leakwatch.core.results import Snapshot
from leakwatch.display.grey_mapping import GreyImage
from leakwatch.display.references import Reference, is_compared
from leakwatch.vision.image_processing.resampling import warped
from leakwatch.vision.preprocessing import intensity

# Columns along the longer side: a pane beside the picture has no more pixels.
COLUMNS = 512
# Grey where nothing changed, and where nothing can be compared.
UNCHANGED, BLANK = 150, 12
# A pixel that is seen as a whole, and every how many rows and columns a median is taken.
FULLY, THINNING = 255, 4
# Of the compared area, the least that a subtraction needs: less is a closed shutter.
LEAST_SHARE = 0.02


@dataclass(frozen=True, slots=True, eq=False)
class Attenuation:
    """Log attenuation of a frame for display.

    Parameters
    ----------
    values : ndarray
        float32, ``(grid.rows, grid.columns)``.
    seen : ndarray of bool
        Where the beam reaches, and neither text masks nor clipping hide it.
    grid : WorkingGrid
    """

    values: FloatImage
    seen: BoolImage
    grid: WorkingGrid


@dataclass(frozen=True, slots=True, eq=False)
class Subtraction:
    """A subtracted image.

    Parameters
    ----------
    grey : ndarray or None
        uint8, more attenuation darker; None with a reason.
    grid : WorkingGrid or None
        Its grid.
    why : str
        Why there is none; empty if there is one.
    """

    grey: GreyImage | None
    grid: WorkingGrid | None = None
    why: str = ""


def attenuation_of(frame: Frame, settings: IntensitySettings) -> Attenuation:
    """Return the log attenuation of a frame on a grid for display."""
    rows, columns = frame.pixels.shape
    grid = WorkingGrid.for_frame(rows, columns, COLUMNS)
    acquisition = frame.acquisition
    values = intensity.log_attenuation(frame.pixels, acquisition.pixel_format, grid)
    field = intensity.exposed_field(values, settings)
    seen = intensity.field_on_grid(field, grid.rows, grid.columns)
    seen = seen & ~intensity.saturated(values, acquisition.pixel_format, settings)
    opened, _ = intensity.open_and_masked(acquisition, grid)
    if opened is not None:
        seen = seen & opened
    return Attenuation(read_only(values), read_only(seen), grid)


def obstacle_text(reference: Reference, now: Snapshot, baseline: object) -> str:
    """Return why an image cannot be compared with a reference; empty if it can.

    Parameters
    ----------
    reference : Reference
    now : Snapshot
    baseline : object
        Identity of the current baseline; see `Reference`.
    """
    before, seen = reference.snapshot.frame.acquisition, now.frame.acquisition
    obstacles = (
        (before.subject != seen.subject, text("another patient")),
        (
            (before.rows, before.columns) != (seen.rows, seen.columns),
            text("the size of the image changed"),
        ),
        (before.pixel_format != seen.pixel_format, text("the pixel format changed")),
        (
            not is_compared(reference.snapshot.observation),
            text("the position of the reference picture is unknown: choose another (E)"),
        ),
        (
            baseline != reference.baseline,
            text("a new baseline was taken since: choose another reference (E)"),
        ),
        (
            now.fault is not None or not is_compared(now.observation),
            text("registration has no match in this image"),
        ),
    )
    return next((why for holds, why in obstacles if holds), "")


class Subtractor:
    """Subtraction of one reference after the other; the attenuation of the reference is kept.

    Parameters
    ----------
    settings : Settings
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._kept: tuple[Reference, Attenuation] | None = None

    def subtract(self, reference: Reference, now: Snapshot, baseline: object) -> Subtraction:
        """Return `now` minus a reference.

        Parameters
        ----------
        reference : Reference
        now : Snapshot
            With its pixels.
        baseline : object
            Identity of the current baseline; see `Reference`.
        """
        why = obstacle_text(reference, now, baseline)
        if why:
            return Subtraction(None, None, why)
        if self._kept is None or self._kept[0] is not reference:
            made = attenuation_of(reference.snapshot.frame, self._settings.intensity)
            self._kept = (reference, made)
        before = self._kept[1]
        after = attenuation_of(now.frame, self._settings.intensity)
        change, seen = _change(before, after, _offset(reference, now, after.grid))
        if seen.mean() < LEAST_SHARE:
            return Subtraction(None, None, text("nothing is exposed in both images"))
        full = self._settings.window.subtraction_log
        return Subtraction(subtraction_grey(change, seen, full), after.grid)


def subtraction_grey(change: FloatImage, seen: BoolImage, full_log: float) -> GreyImage:
    """Return the greys of a change, darker where attenuation was added.

    Parameters
    ----------
    change : ndarray
        Of log attenuation.
    seen : ndarray of bool
        Where it is known.
    full_log : float
        Added log attenuation that is black.
    """
    grey = UNCHANGED - change * np.float32(UNCHANGED / full_log)
    np.clip(grey, 0.0, 255.0, out=grey)
    grey[~seen] = BLANK
    made: GreyImage = grey.astype(np.uint8)
    return made


def _offset(reference: Reference, now: Snapshot, grid: WorkingGrid) -> tuple[float, float]:
    """Return what to add to a point of the current grid to find it in the reference."""
    before, after = reference.snapshot.observation.shift_px, now.observation.shift_px
    assert before is not None
    assert after is not None
    return (before[0] - after[0]) / grid.binning, (before[1] - after[1]) / grid.binning


def _change(
    before: Attenuation, after: Attenuation, offset: tuple[float, float]
) -> tuple[FloatImage, BoolImage]:
    """Return the change of log attenuation, zero for most of the image, and where it is known."""
    moved = _moved(before.values, offset)
    # Interpolated like the image: a pixel with a hidden neighbour is hidden.
    inside = _moved(before.seen.view(np.uint8) * np.uint8(FULLY), offset)
    seen: BoolImage = after.seen & (inside == FULLY)
    change: FloatImage = after.values - moved
    if seen.any():
        # Brightness control changes all of it alike; cement covers far less than half.
        coarse = (slice(None, None, THINNING), slice(None, None, THINNING))
        known = change[coarse][seen[coarse]]
        change -= np.float32(np.median(known) if known.size else np.median(change[seen]))
    return change, seen


def _moved(image: Array, offset: tuple[float, float]) -> Array:
    rows, columns = image.shape
    matrix = np.array([[1.0, 0.0, offset[0]], [0.0, 1.0, offset[1]]])
    return warped(image, matrix, (columns, rows))
