"""Videos as a C-arm's screen gives them: grey fluoroscopy amid black, with text in it."""

from __future__ import annotations

from pathlib import Path

import cv2
import injection
import numpy as np

ROWS, COLUMNS = 300, 400
# Where the fluoroscopy is on the screen, and where a name stands in it.
REGION, NAME = (100, 30, 340, 270), (104, 34, 180, 54)
SPEC = "roi=100,30,340,270&mask=104,34,180,54"
RATE_HZ = 1.0 / injection.FRAME_S


def fluoroscopy(frames: int = injection.FRAMES) -> np.ndarray:
    """The injection by hand in 8 bits, ``(frames, 240, 240)``."""
    return (injection.stack(frames) * (1.5 * 255 / 4095)).clip(0, 255).astype(np.uint8)


def screens(frames: int = injection.FRAMES) -> list[np.ndarray]:
    """The same on a screen, ``(300, 400, 3)``, with a name in it."""
    return [screen(pixels) for pixels in fluoroscopy(frames)]


def screen(pixels: np.ndarray) -> np.ndarray:
    picture = np.zeros((ROWS, COLUMNS, 3), np.uint8)
    left, top, right, bottom = REGION
    picture[top:bottom, left:right] = pixels[..., None]
    left, top, right, bottom = NAME
    cv2.putText(picture, "DOE JOHN", (left + 2, bottom - 5), 0, 0.45, (255, 255, 255))
    return picture


def coloured(picture: np.ndarray, corner: tuple[int, int] = (200, 120)) -> np.ndarray:
    """The same with an orange square of 40 x 40 pixels in it."""
    column, row = corner
    painted = picture.copy()
    painted[row : row + 40, column : column + 40] = (0, 128, 255)
    return painted


def write(path: Path, pictures: list[np.ndarray], codec: str = "FFV1", rate_hz=RATE_HZ) -> Path:
    """A video file; FFV1 is without loss."""
    rows, columns = pictures[0].shape[:2]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*codec), rate_hz, (columns, rows))
    assert writer.isOpened(), codec
    for picture in pictures:
        writer.write(picture)
    writer.release()
    return path
