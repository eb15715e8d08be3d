"""What a way of blinding is made of: the scene that it changes, and how a changed frame is stored.

Ways work on values that grow with the beam, whatever the polarity of a sequence, and know from the
marks and from the truth where the vertebra lies in each frame.
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

# How far a body reaches in front of its wall where nobody outlined it: that of a lumbar vertebra.
BODY_DEPTH_MM = 34.0
# Of every random number that a way uses, with the number of the frame.
SEED = 20

Values = npt.NDArray[np.float64]


class Kind(StrEnum):
    """What is to be expected of a detector while a way is at work."""

    BLIND = "blind"  # the vertebra cannot be seen: no frame may be CLEAR or WATCH
    PAUSE = "pause"  # the same for a while; afterwards the STOP that is due must come
    HARMLESS = "harmless"  # all can be seen: due STOPs come, and hardly a frame is UNKNOWN


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """A sequence whose truth is known, and the frame from which on it is changed.

    Parameters
    ----------
    pixels : tuple of ndarray
        Stored values of every frame.
    times_s : tuple of float
        Of those frames.
    pixel_format : PixelFormat
    start : int
        First frame that is changed; at least 2.
    before : int
        So many frames at the beginning hold no cement.
    outline_px : ndarray
        ``(n, 2)``, the body on the reference frame.
    offsets_px : ndarray
        ``(frames, 2)``, where the anatomy lies in each frame, from the reference frame.
    front : int
        1: the body lies to the right of its wall; -1: to the left.
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
        """Largest value that a pixel can have, as beam."""
        return float((1 << self.pixel_format.bits_stored) - 1)

    @property
    def last(self) -> int:
        """The frame before the first that is changed."""
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
        """Return how long frame `at` comes after the first that is changed."""
        return self.times_s[at] - self.times_s[self.start]

    def frames_in(self, seconds: float) -> int:
        """Return how many frames come in a time; at least 1."""
        fps = (len(self.times_s) - 1) / (self.times_s[-1] - self.times_s[0])
        return max(round(seconds * fps), 1)

    def beam(self, at: int) -> FloatImage:
        """Return a copy of frame `at` whose values grow with the beam, from 0 to `top`."""
        return as_beam(self.pixels[at], self.pixel_format)

    def body(self, at: int, more_mm: float = 0.0) -> Window:
        """Return rows and columns of the body in frame `at`, and of `more_mm` around it."""
        points = self.outline_px + self.offsets_px[at]
        more = self.px(more_mm)
        left, top = np.floor(points.min(axis=0) - more)
        right, bottom = np.ceil(points.max(axis=0) + more)
        rows, columns = self.shape
        return _span(top, bottom, rows), _span(left, right, columns)

    def random(self, at: int) -> np.random.Generator:
        """Return random numbers for frame `at`, the same whenever it is asked for."""
        return np.random.default_rng((SEED, at))

    def noise_gain(self) -> float:
        """Return the variance of noise over the beam, of the two frames before the change."""
        # Every fourth line and column are enough for medians.
        one, two = (as_beam(self.pixels[at][::4, ::4], self.pixel_format) for at in self._last_two)
        # The median of a squared normal deviate is 0.455; a difference has the noise of both.
        variance = float(np.median(np.square(one - two))) / (2.0 * 0.455)
        return variance / max(float(np.median(one)), 1.0)


Change = Callable[[Scene, int], FloatImage]


@dataclass(frozen=True, slots=True)
class Way:
    """A way in which a picture is taken away, interrupted or changed without harm.

    Parameters
    ----------
    name : str
    kind : Kind
    why : str
        What in a room or a cable does it.
    change : callable
        ``(scene, at)`` to the picture that is shown as frame `at`, as beam. Pure.
    with_cement : bool
        It begins when cement has been seen, and else before.
    lasts_s : float
        Afterwards frames are live again.
    is_silent : bool
        No frames come while it lasts.
    pause_s : float
        No frames come for so long, and none is lost: beam and injection pause.
    """

    name: str
    kind: Kind
    why: str
    change: Change
    with_cement: bool = False
    lasts_s: float = math.inf
    is_silent: bool = False
    pause_s: float = 0.0


def shown(way: Way, scene: Scene, at: int) -> Array | None:
    """Return the stored values that are shown as frame `at`.

    Parameters
    ----------
    way : Way
    scene : Scene
    at : int
        At least ``scene.start``.

    Returns
    -------
    ndarray or None
        Of the shape and type of the sequence's own; None where no frame comes.
    """
    # Half a microsecond: times are decimal fractions of seconds.
    if scene.since_s(at) >= way.lasts_s - 5e-7:
        return scene.pixels[at]
    if way.is_silent:
        return None
    return as_stored(way.change(scene, at), scene.pixel_format, scene.pixels[at].dtype)


def as_beam(pixels: Array, pixel_format: PixelFormat) -> FloatImage:
    """Return stored values as values that grow with the beam, from 0 on, float32."""
    values = pixels.astype(np.float32)
    if pixel_format.signed:
        values += np.float32(1 << (pixel_format.bits_stored - 1))
    if not more_value_is_more_beam(pixel_format):
        values = np.float32((1 << pixel_format.bits_stored) - 1) - values
    return values


def as_stored(beam: FloatImage, pixel_format: PixelFormat, dtype: np.dtype[np.generic]) -> Array:
    """Return the inverse of `as_beam`, rounded and cut to the range of the format."""
    top = (1 << pixel_format.bits_stored) - 1
    values = np.clip(np.rint(beam), 0, top)
    if not more_value_is_more_beam(pixel_format):
        values = top - values
    if pixel_format.signed:
        values = values - (1 << (pixel_format.bits_stored - 1))
    return read_only(values.astype(dtype))


def behind(scene: Scene, beam: FloatImage, left: Array | float, at: int) -> FloatImage:
    """Return a beam of which a share is left, with the noise that fewer quanta have.

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
    # A thinned Poisson stream: its variance falls as the mean does, and not as its square.
    more = np.sqrt(scene.noise_gain() * np.maximum(beam, 1.0) * share * (1.0 - share))
    noise = scene.random(at).standard_normal(beam.shape, np.float32)
    return np.asarray(beam * share + noise * more, np.float32)


def body_of(
    wall_px: PointArray | None, outline_px: PointArray | None, side: Side | None, mm_per_px: float
) -> tuple[PointArray, int] | None:
    """Return the outline of a body, and to which side of its wall it lies.

    Parameters
    ----------
    wall_px, outline_px : ndarray or None
        Marks. Without an outline the body is as deep as a lumbar one.
    side : Side or None
        Of the image, that is anterior.
    mm_per_px : float

    Returns
    -------
    (ndarray, int) or None
        None where nothing is marked.
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
