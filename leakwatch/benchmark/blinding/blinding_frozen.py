"""Blinding methods that repeat earlier images: frozen images, parts of them, and loops."""

from __future__ import annotations

import cv2
import numpy as np

from leakwatch.benchmark.blinding.blinding import Scene
from leakwatch.core.arrays import FloatImage

# Noise of a frame grabber, relative to the quantum noise of a frame.
LINK_NOISE = 0.3
# Frames of the mean shown by a last image hold with noise reduction.
MEAN_FRAMES = 8
CURSOR_MM = 4.0


def as_it_is(scene: Scene, at: int) -> FloatImage:
    """Return the unchanged frame."""
    return scene.beam(at)


def frozen(scene: Scene, at: int) -> FloatImage:
    """Show the last image."""
    return scene.beam(scene.last)


def frozen_with_noise(scene: Scene, at: int) -> FloatImage:
    """Show the last image, digitised again for each frame."""
    return with_noise(scene, frozen(scene, at), LINK_NOISE, at)


def frozen_drifting(scene: Scene, at: int) -> FloatImage:
    """Show the last image with brightness that oscillates by 10 % in four seconds."""
    swing = 1.0 + 0.1 * np.sin(0.5 * np.pi * scene.since_s(at))
    return frozen(scene, at) * np.float32(swing)


def frozen_jittering(scene: Scene, at: int) -> FloatImage:
    """Show the last image, shifted by up to a pixel: an analogue link with jitter."""
    return _jittering(scene, frozen(scene, at), at)


def mean_frozen(scene: Scene, at: int) -> FloatImage:
    """Show the mean of the last frames, as a last image hold with noise reduction does."""
    first = max(scene.start - MEAN_FRAMES, 0)
    total = sum(scene.beam(one) for one in range(first, scene.start))
    return np.asarray(total, np.float32) / np.float32(scene.start - first)


def frozen_with_clock(scene: Scene, at: int) -> FloatImage:
    """Show the last image with a running clock."""
    return with_clock(scene, frozen(scene, at), at)


def frozen_with_cursor(scene: Scene, at: int) -> FloatImage:
    """Show the last image with a cursor that moves over the body."""
    image = frozen(scene, at)
    rows, columns = scene.body(scene.last)
    angle = 2.0 * np.pi * scene.since_s(at) / 3.0
    middle = (
        round(_within(columns, 0.5 + 0.25 * np.cos(angle))),
        round(_within(rows, 0.5 + 0.25 * np.sin(angle))),
    )
    size = max(round(scene.px(CURSOR_MM)), 2)
    drawn = np.zeros(image.shape, np.uint8)
    cv2.drawMarker(drawn, middle, 255, cv2.MARKER_CROSS, size, 1)
    image[drawn > 0] = scene.top
    return image


def loop(scene: Scene, at: int, seconds: float) -> FloatImage:
    """Repeat the last seconds."""
    count = min(scene.frames_in(seconds), scene.start)
    return scene.beam(scene.start - count + (at - scene.start) % count)


def loop_jittering(scene: Scene, at: int, seconds: float) -> FloatImage:
    """Repeat the last seconds through an analogue link with jitter."""
    return _jittering(scene, loop(scene, at, seconds), at)


def loop_digitised(scene: Scene, at: int, seconds: float) -> FloatImage:
    """Repeat the last seconds, shifted slightly and digitised again each time."""
    return with_noise(scene, loop_jittering(scene, at, seconds), LINK_NOISE, at)


def back_and_forth(scene: Scene, at: int) -> FloatImage:
    """Repeat the last two seconds backwards and forwards."""
    count = min(scene.frames_in(2.0), scene.start)
    turn = (at - scene.start) % (2 * count)
    back = turn if turn < count else 2 * count - 1 - turn
    return scene.beam(scene.last - back)


def loop_before_cement(scene: Scene, at: int) -> FloatImage:
    """Repeat the cement-free frames."""
    return scene.beam((at - scene.start) % max(scene.before, 1))


def body_frozen(scene: Scene, at: int) -> FloatImage:
    """Freeze the rectangle of the body; its surroundings are live."""
    image, box = scene.beam(at), scene.body(scene.last, 2.0)
    image[box] = scene.beam(scene.last)[box]
    return image


def strip_frozen(scene: Scene, at: int) -> FloatImage:
    """Freeze the lines of the middle third of the body."""
    image, (rows, _) = scene.beam(at), scene.body(scene.last)
    third = (rows.stop - rows.start) // 3
    strip = slice(rows.start + third, rows.stop - third)
    image[strip] = scene.beam(scene.last)[strip]
    return image


def one_field_frozen(scene: Scene, at: int) -> FloatImage:
    """Freeze one of the two fields of an interlaced image."""
    image = scene.beam(at)
    image[1::2] = scene.beam(scene.last)[1::2]
    return image


def half_frozen(scene: Scene, at: int) -> FloatImage:
    """Freeze the half of the image that contains the wall."""
    image, (_, columns) = scene.beam(at), scene.body(scene.last)
    middle = (columns.start + columns.stop) // 2
    side = slice(0, middle) if scene.front > 0 else slice(middle, None)
    image[:, side] = scene.beam(scene.last)[:, side]
    return image


def each_twice(scene: Scene, at: int) -> FloatImage:
    """Show each image twice: a display with twice the pulse rate."""
    return scene.beam(at - (at - scene.start) % 2)


def with_noise(scene: Scene, beam: FloatImage, share: float, at: int) -> FloatImage:
    """Add noise to an image, relative to that of a live frame."""
    sigma = share * np.sqrt(scene.noise_gain() * np.maximum(beam, 1.0))
    noise = scene.random(at).standard_normal(beam.shape, np.float32)
    return np.asarray(beam + noise * sigma, np.float32)


def with_clock(scene: Scene, beam: FloatImage, at: int) -> FloatImage:
    """Draw a running clock in the corner farthest from the body."""
    rows, columns = scene.shape
    high, wide = max(rows // 20, 10), max(columns // 4, 60)
    body_rows, body_columns = scene.body(at)
    is_low = body_rows.start + body_rows.stop < rows
    is_right = body_columns.start + body_columns.stop < columns
    where = (columns - wide if is_right else 2, rows - 4 if is_low else high + 2)
    seconds = int(10.0 * scene.times_s[at])
    text = f"{seconds // 600:02d}:{seconds // 10 % 60:02d}.{seconds % 10}"
    font, scale = cv2.FONT_HERSHEY_SIMPLEX, high / 22.0
    drawn = np.zeros(beam.shape, np.uint8)
    cv2.putText(drawn, text, where, font, scale, 255, max(high // 10, 1))
    beam[drawn > 127] = scene.top
    return beam


def _jittering(scene: Scene, beam: FloatImage, at: int) -> FloatImage:
    column, row = scene.random(at).uniform(-1.0, 1.0, 2)
    matrix = np.array([[1, 0, column], [0, 1, row]], np.float32)
    moved: FloatImage = cv2.warpAffine(
        beam, matrix, scene.shape[::-1], borderMode=cv2.BORDER_REPLICATE
    )
    return moved


def _within(span: slice, share: float) -> float:
    return float(span.start + share * (span.stop - span.start))
