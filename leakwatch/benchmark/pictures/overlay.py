"""overlay.webp: a short animation of a case.

A video of every frame takes ten times as long as the analysis; `leakwatch analyze` writes one.
"""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from leakwatch.benchmark.cases.case_truth import CaseTruth
from leakwatch.benchmark.pictures.case_pictures import CasePainter, Seen
from leakwatch.core.results import Level

OVERLAY_NAME = "overlay.webp"

# Evenly spaced frames; those in which a STOP is due and given are added.
MAX_FRAMES = 16
REDUCED_BY = 2  # relative to the size of the overlay video
MIN_SHOWN_S = 0.15  # for frames that follow each other closely
LAST_SHOWN_S = 2.0
QUALITY = 60


class Overlay:
    """Animation of selected frames of a case, drawn during the analysis.

    Parameters
    ----------
    truth : CaseTruth
    painter : CasePainter
    """

    def __init__(self, truth: CaseTruth, painter: CasePainter) -> None:
        self._painter, self._fps = painter, truth.fps
        spread = np.linspace(0, truth.frames - 1, min(MAX_FRAMES, truth.frames))
        self._chosen = {round(at) for at in spread} | {truth.due_frame}
        self._stopped = False
        self._drawn: list[tuple[int, Image.Image]] = []

    def add(self, frame: int, level: Level, seen: Seen) -> None:
        """Add the next frame."""
        first_stop = level is Level.STOP and not self._stopped
        self._stopped = self._stopped or first_stop
        if first_stop or frame in self._chosen:
            self._drawn.append((frame, self._painter.draw(seen).reduce(REDUCED_BY)))

    def encode(self) -> bytes:
        """Return the file, an endless animation at the speed of the sequence.

        Raises
        ------
        ValueError
            No frame was added.
        """
        if not self._drawn:
            raise ValueError("no frame was drawn")
        frames = np.array([frame for frame, _ in self._drawn])
        shown_s = np.append(np.diff(frames) / self._fps, LAST_SHOWN_S).clip(min=MIN_SHOWN_S)
        buffer = io.BytesIO()
        first, *others = [image for _, image in self._drawn]
        first.save(
            buffer,
            "WEBP",
            save_all=True,
            append_images=others,
            duration=[round(1000.0 * one) for one in shown_s],
            loop=0,
            quality=QUALITY,
            method=0,
        )
        return buffer.getvalue()
