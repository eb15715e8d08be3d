"""Dice coefficient of detected and drawn cement."""

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
from leakwatch.core.geometry import WorkingGrid, enlarge
from leakwatch.core.messages import text
from leakwatch.core.results import Cement, Snapshot


class MaskScorer:
    """Dice coefficients of the frames of a case with drawn masks.

    Parameters
    ----------
    masks : mapping of int to Path
        Frame and its PNG.
    """

    def __init__(self, masks: Mapping[int, Path]) -> None:
        self._masks = masks
        self._dice: list[tuple[int, float]] = []

    def add(self, snapshot: Snapshot, settings: Settings) -> None:
        """Add a frame of LeakWatch, if it has a mask.

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
        found = render_cement_mask(snapshot.observation.cement, acquisition, settings)
        self._append(snapshot.frame.index, true, found)

    def add_mask(self, acquisition: Acquisition, frame: int, found: BoolImage) -> None:
        """Add a frame of the naive detector, if it has a mask.

        Raises
        ------
        CaseError
            Its PNG is no mask of this sequence.
        """
        path = self._masks.get(frame)
        if path is not None:
            self._append(frame, read_mask(path, acquisition), found)

    def add_folder(self, folder: Path, acquisition: Acquisition) -> None:
        """Add the PNG files written by another detector; a frame without one has no cement."""
        if not folder.is_dir():
            return
        for frame, path in self._masks.items():
            mine, true = folder / f"{frame:06d}.png", read_mask(path, acquisition)
            found = read_mask(mine, acquisition) if mine.is_file() else np.zeros_like(true)
            self._append(frame, true, found)

    def _append(self, frame: int, true: BoolImage, found: BoolImage) -> None:
        value = compute_dice(true, found)
        if value is not None:
            self._dice.append((frame, value))

    @property
    def dice(self) -> tuple[tuple[int, float], ...]:
        """Frame and Dice coefficient of each frame with drawn cement."""
        return tuple(self._dice)


def compute_dice(true: BoolImage, found: BoolImage) -> float | None:
    """Return twice the common area over the sum of both (Dice 1945); None if `true` is empty."""
    if not true.any():
        return None
    return float(2.0 * np.count_nonzero(true & found) / (true.sum() + found.sum()))


def read_mask(path: Path, acquisition: Acquisition) -> BoolImage:
    """Return the pixels that are not 0 in a single-channel PNG of the size of a frame.

    Raises
    ------
    CaseError
        It cannot be read, has several channels, or another size.
    """
    wanted = (acquisition.rows, acquisition.columns)
    values = None
    try:
        with Image.open(path) as image:
            found: tuple[int, ...] = (image.height, image.width)
            if found == wanted:  # checked first, since a few bytes may announce gigabytes
                values = np.asarray(image)
                found = values.shape
    except (OSError, ValueError, Image.DecompressionBombError, Image.DecompressionBombWarning) as e:
        raise CaseError(
            text("{path}: cannot be read as a mask: {error}. Give a PNG.", path=path, error=str(e))
        ) from e
    if values is None or found != wanted:
        raise CaseError(
            text(
                "{path}: expected one channel of {rows} rows and {columns} columns, as in the "
                "frames; found shape {found}. Draw the mask on the frames themselves.",
                path=path,
                rows=wanted[0],
                columns=wanted[1],
                found=found,
            )
        )
    return np.asarray(values != 0)


def mask_outlines_px(mask: BoolImage) -> tuple[PointArray, ...]:
    """Return the contours of a mask, ``(n, 2)`` each, (column, row), through its border pixels."""
    found, _ = cv2.findContours(mask.view(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return tuple(read_only(one[:, 0, :].astype(np.float64)) for one in found)


def render_cement_mask(
    cement: Cement | None, acquisition: Acquisition, settings: Settings
) -> BoolImage:
    """Return the mask within the contours of a `Cement`, ``(rows, columns)`` of the frame.

    Contours are shifted with the anatomy, so that vertices are between pixels of the working grid.
    They are rounded, which moves an edge by at most half a pixel.
    """
    rows, columns = acquisition.rows, acquisition.columns
    grid = WorkingGrid.for_frame(rows, columns, settings.intensity.target_columns)
    working = np.zeros((grid.rows, grid.columns), np.uint8)
    if cement is not None and cement.contours_px:
        corners = [np.rint(grid.to_working(one)).astype(np.int32) for one in cement.contours_px]
        cv2.fillPoly(working, corners, 1)
    mask: BoolImage = enlarge(working != 0, grid, rows, columns)
    return mask
