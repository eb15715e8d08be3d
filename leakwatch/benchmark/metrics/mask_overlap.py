"""Cement as a detector saw it against cement as it was drawn: Dice."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from leakwatch.config import Settings
from leakwatch.core.arrays import BoolImage, PointArray, read_only
from leakwatch.core.errors import CaseError
from leakwatch.core.frame import Acquisition
from leakwatch.core.geometry import WorkingGrid
from leakwatch.core.results import Cement, Snapshot


class MaskJudge:
    """Dice of every drawn frame of a case.

    Parameters
    ----------
    masks : mapping of int to Path
        Frame and its PNG.
    """

    def __init__(self, masks: Mapping[int, Path]) -> None:
        self._masks = masks
        self._dice: list[tuple[int, float]] = []

    def add(self, snapshot: Snapshot, settings: Settings) -> None:
        """Compare a frame of LeakWatch, where it was drawn.

        Raises
        ------
        CaseError
            Its PNG is no mask of this sequence.
        """
        path = self._masks.get(snapshot.frame.index)
        if path is None:
            return
        acquisition = snapshot.frame.acquisition
        true = read_mask(path, acquisition)
        found = cement_mask(snapshot.observation.cement, acquisition, settings)
        self._append(snapshot.frame.index, true, found)

    def add_mask(self, acquisition: Acquisition, frame: int, found: BoolImage) -> None:
        """Compare a frame of the naive detector, where it was drawn.

        Raises
        ------
        CaseError
            Its PNG is no mask of this sequence.
        """
        path = self._masks.get(frame)
        if path is not None:
            self._append(frame, read_mask(path, acquisition), found)

    def add_folder(self, folder: Path, acquisition: Acquisition) -> None:
        """Compare the PNG files that another detector wrote; a frame without one has no cement."""
        if not folder.is_dir():
            return
        for frame, path in self._masks.items():
            mine, true = folder / f"{frame:06d}.png", read_mask(path, acquisition)
            found = read_mask(mine, acquisition) if mine.is_file() else np.zeros_like(true)
            self._append(frame, true, found)

    def _append(self, frame: int, true: BoolImage, found: BoolImage) -> None:
        value = dice(true, found)
        if value is not None:
            self._dice.append((frame, value))

    @property
    def dice(self) -> tuple[tuple[int, float], ...]:
        """Frame and Dice, of the frames in which cement was drawn."""
        return tuple(self._dice)


def dice(true: BoolImage, found: BoolImage) -> float | None:
    """Twice the common area over the sum of both (Dice 1945); None where `true` is empty."""
    if not true.any():
        return None
    return float(2.0 * np.count_nonzero(true & found) / (true.sum() + found.sum()))


def read_mask(path: Path, acquisition: Acquisition) -> BoolImage:
    """What is not 0 in a PNG of one channel, of the size of a frame.

    Raises
    ------
    CaseError
        It cannot be read, has colours, or another size.
    """
    wanted = (acquisition.rows, acquisition.columns)
    values = None
    try:
        with Image.open(path) as image:
            found: tuple[int, ...] = (image.height, image.width)
            if found == wanted:  # a few bytes may announce gigabytes: the size comes first
                values = np.asarray(image)
                found = values.shape
    except (OSError, ValueError, Image.DecompressionBombError, Image.DecompressionBombWarning) as e:
        raise CaseError(f"{path}: cannot be read as a mask: {e}. Give a PNG.") from e
    if values is None or found != wanted:
        raise CaseError(
            f"{path}: expected one channel of {wanted[0]} rows and {wanted[1]} columns, as the "
            f"frames have; found shape {found}. Draw the mask on the frames themselves."
        )
    return np.asarray(values != 0)


def outlines_px(mask: BoolImage) -> tuple[PointArray, ...]:
    """Outlines of a mask, ``(n, 2)`` each, (column, row): through the pixels at its rim."""
    found, _ = cv2.findContours(mask.view(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return tuple(read_only(one[:, 0, :].astype(np.float64)) for one in found)


def cement_mask(cement: Cement | None, acquisition: Acquisition, settings: Settings) -> BoolImage:
    """The mask whose outlines a `Cement` holds, ``(rows, columns)`` of the frame.

    The anatomy's shift is applied to outlines as they are drawn, so that corners fall between
    pixels of the working grid: they are rounded, which moves an edge by half a pixel at most.
    """
    rows, columns = acquisition.rows, acquisition.columns
    grid = WorkingGrid.for_frame(rows, columns, settings.intensity.target_columns)
    working = np.zeros((grid.rows, grid.columns), np.uint8)
    if cement is not None and cement.contours_px:
        corners = [np.rint(grid.to_working(one)).astype(np.int32) for one in cement.contours_px]
        cv2.fillPoly(working, corners, 1)
    mask = np.zeros((rows, columns), bool)
    large = working.repeat(grid.binning, axis=0).repeat(grid.binning, axis=1)
    mask[: large.shape[0], : large.shape[1]] = large != 0
    return mask
