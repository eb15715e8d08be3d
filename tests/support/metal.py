"""Pictures of metal of known size, drawn by the formulas of a bar and a ball, nothing of ours."""

from __future__ import annotations

import cv2
import numpy as np

from leakwatch.calibrating.still_image import StillImage
from leakwatch.core.arrays import read_only
from leakwatch.core.frame import Acquisition, PixelFormat, ProjectionGeometry

ROWS, COLUMNS, FINE = 220, 260, 5
GEOMETRY = ProjectionGeometry(sid_mm=1000.0, sod_mm=700.0)


def picture(length_mm: np.ndarray, per_mm: float = 0.45, seed: int = 4) -> StillImage:
    """Metal of that length along each ray, before bone and soft tissue, with scatter and noise."""
    rng = np.random.default_rng(seed)
    down, across = np.mgrid[:ROWS, :COLUMNS]
    tissue = 0.3 * np.sin(across / 60.0) + 0.2 * np.cos(down / 45.0)
    beam = np.exp(-per_mm * length_mm)
    beam = cv2.resize(beam, (COLUMNS, ROWS), interpolation=cv2.INTER_AREA)
    beam = cv2.GaussianBlur(beam, (0, 0), 0.9) * np.exp(-tissue)
    beam = 0.7 * beam + 0.3
    beam *= 1.0 + rng.normal(0.0, 0.02, beam.shape)
    attenuation = -np.log(beam).astype(np.float32)
    exposed = np.ones((ROWS, COLUMNS), bool)
    acquisition = Acquisition(ROWS, COLUMNS, PixelFormat("MONOCHROME2", 12), GEOMETRY)
    return StillImage(read_only(attenuation), read_only(exposed), acquisition, 1)


def fine_places() -> np.ndarray:
    """``(rows, columns, 2)`` of the samples of each pixel."""
    axes = [(np.arange(n * FINE) + 0.5) / FINE - 0.5 for n in (COLUMNS, ROWS)]
    return np.stack(np.meshgrid(*axes), axis=-1)


def tube_mm(
    middle: np.ndarray, turn_deg: float, outer_px: float, bore_px: float, mm_per_px: float
) -> np.ndarray:
    """Steel of an endless tube, mm along each ray."""
    turn = np.radians(turn_deg)
    off = (fine_places() - middle) @ np.array([-np.sin(turn), np.cos(turn)])
    outer, bore = (
        2 * np.sqrt(np.maximum((width / 2) ** 2 - off**2, 0.0)) for width in (outer_px, bore_px)
    )
    return (outer - bore) * mm_per_px


def ball_mm(middle: np.ndarray, diameter_px: float, mm_per_px: float) -> np.ndarray:
    """Steel of a ball, mm along each ray."""
    off2 = ((fine_places() - middle) ** 2).sum(axis=-1)
    return 2 * np.sqrt(np.maximum((diameter_px / 2) ** 2 - off2, 0.0)) * mm_per_px
