"""Blinding methods: their type, the scene that they change, and conversion of stored values.

Methods work on values that increase with X-ray intensity, whatever the polarity of a sequence, and
use marks and truth for the position of the vertebra in each frame.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from leakwatch.core.arrays import Array, FloatImage, PointArray, read_only
from leakwatch.core.frame import IntensityRelationship, PixelFormat
from leakwatch.core.marks import Side
from leakwatch.vision.image_processing.patches import Window
from leakwatch.vision.preprocessing.intensity import more_value_is_more_beam

# Depth of a body without an outline: that of a lumbar vertebra.
BODY_DEPTH_MM = 34.0
# Seed of all random numbers of a method, together with the frame number.
SEED = 20

Values = npt.NDArray[np.float64]


class Kind(StrEnum):
    """Expectation of a detector during a blinding method."""

    BLIND = "blind"  # the vertebra is not visible: no frame may be CLEAR or WATCH
    PAUSE = "pause"  # the same temporarily; afterwards a due STOP must be given
    HARMLESS = "harmless"  # all is visible: due STOPs are given, and few frames are UNKNOWN


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """A sequence with its truth, and the first changed frame.

    Parameters
    ----------
    pixels : tuple of ndarray
        Stored values of every frame.
    times_s : tuple of float
        Times of those frames.
    pixel_format : PixelFormat
    start : int
        First changed frame; at least 2.
    before : int
        Number of cement-free frames at the start.
    outline_px : ndarray
        ``(n, 2)``, the body on the reference frame.
    offsets_px : ndarray
        ``(frames, 2)``, shift of the anatomy from the reference frame.
    front : int
        1: anterior is to the right; -1: to the left.
    mm_per_px : float
    other : tuple of ndarray
        Stored values of another patient's frames, of the same size and format; may be empty.
    """

    pixels: tuple[Array, ...]
    times_s: tuple[float, ...]
    pixel_format: PixelFormat
    start: int
    before: int
    outline_px: PointArray
    offsets_px: Values
    front: int
    mm_per_px: float
    other: tuple[Array, ...] = ()

    @property
    def top(self) -> float:
        """Maximum intensity of a pixel."""
        return float((1 << self.pixel_format.bits_stored) - 1)

    @property
    def last(self) -> int:
        """Last unchanged frame."""
        return self.start - 1

    @property
    def _last_two(self) -> tuple[int, int]:
        return self.last, self.last - 1

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of a frame."""
        rows, columns = self.pixels[0].shape
        return rows, columns

    def px(self, length_mm: float) -> float:
        """Return a length at the vertebra in pixels."""
        return length_mm / self.mm_per_px

    def since_s(self, at: int) -> float:
        """Return the time of frame `at` after the first changed one."""
        return self.times_s[at] - self.times_s[self.start]

    def frames_in(self, seconds: float) -> int:
        """Return the number of frames in a time; at least 1."""
        fps = (len(self.times_s) - 1) / (self.times_s[-1] - self.times_s[0])
        return max(round(seconds * fps), 1)

    def beam(self, at: int) -> FloatImage:
        """Return a copy of frame `at` as intensity, from 0 to `top`."""
        return to_beam(self.pixels[at], self.pixel_format)

    def body(self, at: int, more_mm: float = 0.0) -> Window:
        """Return rows and columns of the body in frame `at`, extended by `more_mm`."""
        points = self.outline_px + self.offsets_px[at]
        more = self.px(more_mm)
        left, top = np.floor(points.min(axis=0) - more)
        right, bottom = np.ceil(points.max(axis=0) + more)
        rows, columns = self.shape
        return _span(top, bottom, rows), _span(left, right, columns)

    def random(self, at: int) -> np.random.Generator:
        """Return a random generator for frame `at`, with the same numbers at each call."""
        return np.random.default_rng((SEED, at))

    def noise_gain(self) -> float:
        """Return variance over intensity of the noise in the two frames before the change."""
        # Every fourth line and column are enough for medians.
        one, two = (to_beam(self.pixels[at][::4, ::4], self.pixel_format) for at in self._last_two)
        # The median of a squared normal deviate is 0.455; a difference has the noise of both.
        variance = float(np.median(np.square(one - two))) / (2.0 * 0.455)
        return variance / max(float(np.median(one)), 1.0)


Change = Callable[[Scene, int], FloatImage]


@dataclass(frozen=True, slots=True)
class BlindingMethod:
    """A method that hides, interrupts or harmlessly changes the image.

    Parameters
    ----------
    name : str
    kind : Kind
    why : str
        Its usual cause.
    change : callable
        ``(scene, at)`` to the image shown as frame `at`, as intensity. Pure.
    with_cement : bool
        It starts after cement is visible, otherwise before.
    lasts_s : float
        Duration; afterwards frames are live again.
    is_silent : bool
        No frames arrive during it.
    pause_s : float
        Time without frames, of which none is lost: beam and injection pause.
    """

    name: str
    kind: Kind
    why: str
    change: Change
    with_cement: bool = False
    lasts_s: float = math.inf
    is_silent: bool = False
    pause_s: float = 0.0


def apply_method(method: BlindingMethod, scene: Scene, at: int) -> Array | None:
    """Return the stored values shown as frame `at`.

    Parameters
    ----------
    method : Way
    scene : Scene
    at : int
        At least ``scene.start``.

    Returns
    -------
    ndarray or None
        Of the shape and type of the sequence; None if no frame arrives.
    """
    # Half a microsecond: times are decimal fractions of seconds.
    if scene.since_s(at) >= method.lasts_s - 5e-7:
        return scene.pixels[at]
    if method.is_silent:
        return None
    return to_stored(method.change(scene, at), scene.pixel_format, scene.pixels[at].dtype)


def to_beam(pixels: Array, pixel_format: PixelFormat) -> FloatImage:
    """Convert stored values to intensity from 0 on, float32."""
    values = pixels.astype(np.float32)
    if pixel_format.signed:
        values += np.float32(1 << (pixel_format.bits_stored - 1))
    if not more_value_is_more_beam(pixel_format):
        values = np.float32((1 << pixel_format.bits_stored) - 1) - values
    return values


def to_stored(beam: FloatImage, pixel_format: PixelFormat, dtype: np.dtype[np.generic]) -> Array:
    """Convert intensity to stored values, rounded and clipped to the range of the format."""
    top = (1 << pixel_format.bits_stored) - 1
    values = np.clip(np.rint(beam), 0, top)
    if not more_value_is_more_beam(pixel_format):
        values = top - values
    if pixel_format.signed:
        values = values - (1 << (pixel_format.bits_stored - 1))
    return read_only(values.astype(dtype))


def attenuate(scene: Scene, beam: FloatImage, left: Array | float, at: int) -> FloatImage:
    """Attenuate the beam to a share, with the noise of fewer quanta.

    Parameters
    ----------
    scene : Scene
    beam : ndarray
    left : ndarray or float
        0.0 to 1.0, to be broadcast to `beam`.
    at : int
        Number of the frame, for the noise.
    """
    share = np.clip(np.asarray(left, np.float32), np.float32(1e-3), np.float32(1.0))
    if scene.pixel_format.relationship is IntensityRelationship.LOG:
        step = np.log(share) * np.float32(scene.top / math.log(scene.top + 1.0))
        return np.asarray(np.maximum(beam + step, 0.0), np.float32)
    # A thinned Poisson process: its variance decreases with its mean, not with the square.
    more = np.sqrt(scene.noise_gain() * np.maximum(beam, 1.0) * share * (1.0 - share))
    noise = scene.random(at).standard_normal(beam.shape, np.float32)
    return np.asarray(beam * share + noise * more, np.float32)


def find_body(
    wall_px: PointArray | None, outline_px: PointArray | None, side: Side | None, mm_per_px: float
) -> tuple[PointArray, int] | None:
    """Return the outline of a body, and the anterior side as 1 (right) or -1 (left).

    Parameters
    ----------
    wall_px, outline_px : ndarray or None
        Marks. Without an outline the depth of a lumbar body is assumed.
    side : Side or None
        Anterior side of the image.
    mm_per_px : float

    Returns
    -------
    (ndarray, int) or None
        None without marks.
    """
    front = -1 if side is Side.LEFT else 1
    if outline_px is not None:
        if side is None and wall_px is not None:
            front = 1 if outline_px[:, 0].mean() > wall_px[:, 0].mean() else -1
        return outline_px, front
    if wall_px is None:
        return None
    depth = np.array([front * BODY_DEPTH_MM / mm_per_px, 0.0])
    return np.vstack([wall_px, wall_px[::-1] + depth]), front


def _span(low: float, high: float, length: int) -> slice:
    start = int(np.clip(low, 0, length - 1))
    return slice(start, int(np.clip(high, start + 1, length)))
