"""A small scene with exact truth: smooth bone-like anatomy that moves, quanta, cement, a rod."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

from leakwatch.core.arrays import read_only
from leakwatch.core.frame import Acquisition, Frame, IntensityRelationship, PixelFormat

ROWS, COLUMNS, MM_PER_PX, FPS = 240, 280, 0.45, 7.5
FORMAT = PixelFormat("MONOCHROME2", 12, IntensityRelationship.LIN)
ACQUISITION = Acquisition(ROWS, COLUMNS, FORMAT, patient_orientation=("A", "F"))
MARGIN = 40


def anatomy(seed: int = 3) -> np.ndarray:
    """Attenuation larger than a frame, so that it can move: blobs at vertebral scales."""
    rng = np.random.default_rng(seed)
    size = (ROWS + 2 * MARGIN, COLUMNS + 2 * MARGIN)
    coarse = cv2.GaussianBlur(rng.normal(size=size).astype(np.float32), (0, 0), 14.0)
    fine = cv2.GaussianBlur(rng.normal(size=size).astype(np.float32), (0, 0), 4.0)
    return 1.2 + 0.25 * coarse / coarse.std() + 0.05 * fine / fine.std()


@dataclass
class Scene:
    """Attenuation in reference coordinates, drawn shifted, noisy and lagged into frames."""

    base: np.ndarray = field(default_factory=anatomy)
    incident: float = 6000.0
    dose: float = 1.0
    lag: float = 0.0
    shutter_px: int = 10
    pixel_format: PixelFormat = FORMAT
    seed: int = 11

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng(self.seed)
        self.previous: np.ndarray | None = None

    def pixels(
        self,
        shift: tuple[float, float] = (0.0, 0.0),
        added: np.ndarray | None = None,
        gain: float = 1.0,
    ) -> np.ndarray:
        """One frame's stored values; `added` is attenuation in reference coordinates."""
        whole = self.base.copy()
        if added is not None:
            whole[MARGIN:-MARGIN, MARGIN:-MARGIN] += added
        matrix = np.float32([[1, 0, MARGIN - shift[0]], [0, 1, MARGIN - shift[1]]])
        flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
        shown = cv2.warpAffine(whole, matrix, (COLUMNS, ROWS), flags=flags)
        beam = self.incident * np.exp(-shown)
        # Quanta: a variance of a third of the mean at full dose.
        beam += self.rng.normal(size=beam.shape) * np.sqrt(beam / (3.0 * self.dose))
        if self.previous is not None and self.lag:
            beam = (1 - self.lag) * beam + self.lag * self.previous
        self.previous = beam
        stored = beam * gain
        rim = self.shutter_px
        if rim:
            keep = np.zeros_like(stored)
            keep[rim:-rim, rim:-rim] = 1
            stored = stored * keep
        stored = np.clip(np.round(stored), 0, 4095).astype(np.uint16)
        return 4095 - stored if self.pixel_format.photometric == "MONOCHROME1" else stored

    def frame(self, index: int, **drawn: object) -> Frame:
        """A `Frame` of `pixels`."""
        acquisition = Acquisition(ROWS, COLUMNS, self.pixel_format, patient_orientation=("A", "F"))
        return Frame(index, index / FPS, read_only(self.pixels(**drawn)), acquisition)  # type: ignore[arg-type]


def disc(column: float, row: float, radius: float, peak: float) -> np.ndarray:
    """Attenuation of a ball of cement: thick in the middle, thin at the rim."""
    rows, columns = np.mgrid[:ROWS, :COLUMNS]
    inside = 1.0 - ((columns - column) ** 2 + (rows - row) ** 2) / radius**2
    return (peak * np.sqrt(np.maximum(inside, 0.0))).astype(np.float32)


def tube(points: list[tuple[float, float]], width: float, peak: float) -> np.ndarray:
    """Attenuation of a filled tube along a polyline."""
    canvas = np.zeros((ROWS * 4, COLUMNS * 4), np.uint8)
    line = np.round(np.array(points) * 4 + 2).astype(np.int32)
    cv2.polylines(canvas, [line], False, 255, round(width * 4))
    small = cv2.resize(canvas, (COLUMNS, ROWS), interpolation=cv2.INTER_AREA)
    return (peak / 255.0) * cv2.GaussianBlur(small.astype(np.float32), (0, 0), 0.8)


def rod(front: tuple[float, float], degrees: float, width: float, peak: float) -> np.ndarray:
    """Attenuation of a straight steel rod from `front` to beyond the picture's left edge."""
    turn = np.deg2rad(degrees)
    end = (front[0] - 600 * np.cos(turn), front[1] - 600 * np.sin(turn))
    return tube([front, end], width, peak)


def breath(index: int, reach: float = 5.0) -> tuple[float, float]:
    """Where breathing has the anatomy at a frame: 3 s a breath."""
    phase = 2 * np.pi * index / (3.0 * FPS)
    return (0.25 * reach * np.sin(phase + 0.4), reach * np.sin(phase))
