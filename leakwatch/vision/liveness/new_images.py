"""Recognition of new images: quantum noise never falls twice in the same way.

A picture that is held, repeated in a loop, or held in a part of it is told from a live one by its
noise, and not by its content: anatomy may lie still, and a clock may tick over a held picture.
Noise is compared tile by tile with that of every frame of the last seconds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import cv2
import numpy as np

from leakwatch.config import LivenessSettings
from leakwatch.core.arrays import Array, BoolImage, FloatImage, PointArray, read_only
from leakwatch.vision.image_processing.medians import SIGMA_PER_MAD, medians, middle
from leakwatch.vision.image_processing.patches import Window
from leakwatch.vision.liveness.held_lines import LinesState, compare_lines, learnt_lines
from leakwatch.vision.liveness.noise_phase import (
    SpectrumHistory,
    compare_spectrum,
    spectrum_of,
    square_in,
)

# Passes noise and stops what is smooth over three pixels: a second difference along each axis.
# Divided by the root of its energy, so that white noise keeps its standard deviation.
_SECOND_DIFFERENCE = (np.array([1.0, -2.0, 1.0]) / math.sqrt(6.0)).astype(np.float32)
# A change of noise, not yet believed, that makes learning begin anew.
_RESTART_FACTOR = 4.0
# Frames of a block of a history.
_BLOCK_FRAMES = 16


@dataclass(frozen=True, slots=True)
class Tiles:
    """Squares of pixels in which noise is compared, spread evenly over a window of the image.

    Parameters
    ----------
    window : (slice, slice)
        Rows and columns of the working grid.
    places : ndarray of intp
        ``(tiles, pixels)``, flat places within the window.
    square : (slice, slice)
        Where noise is compared as a whole.
    """

    window: Window
    places: Array
    square: Window


@dataclass(frozen=True, slots=True)
class NoiseHistory:
    """Noise of some frames, oldest first.

    Parameters
    ----------
    blocks : tuple of ndarray
        Each ``(frames, tiles, pixels)``, float32: appending copies one block and not all.
    energies : tuple of ndarray
        Of each block, ``(frames, tiles)``: the sum of its squares over pixels.
    times_s : tuple of float
        Of those frames.
    """

    blocks: tuple[FloatImage, ...] = ()
    energies: tuple[FloatImage, ...] = ()
    times_s: tuple[float, ...] = ()

    def with_frame(
        self, noise: FloatImage, time_s: float, settings: LivenessSettings
    ) -> NoiseHistory:
        """Return the history with one more frame, and without what is too old or too much."""
        energy, times_s = _compute_energy(noise), (*self.times_s, time_s)
        if self.blocks and len(self.blocks[-1]) < _BLOCK_FRAMES:
            blocks = (*self.blocks[:-1], _append(self.blocks[-1], noise))
            energies = (*self.energies[:-1], _append(self.energies[-1], energy))
        else:
            blocks, energies = (*self.blocks, noise[None]), (*self.energies, energy[None])
        while len(blocks) > 2:  # whatever the pause between frames was, the last ones are kept
            oldest = len(blocks[0])
            seconds = time_s - times_s[oldest - 1]
            if len(times_s) <= settings.max_frames and seconds <= settings.window_s:
                break
            blocks, energies, times_s = blocks[1:], energies[1:], times_s[oldest:]
        return NoiseHistory(blocks, energies, times_s)


def _append(block: FloatImage, newest: FloatImage) -> FloatImage:
    return read_only(np.concatenate([block, newest[None]]))


def _compute_energy(noise: FloatImage) -> FloatImage:
    """Return the sum of squares of each tile."""
    energy: FloatImage = np.einsum("tk,tk->t", noise, noise)
    return energy


@dataclass(frozen=True, slots=True)
class LivenessState:
    """Noise of the last frames, and its level in frames that are new.

    Parameters
    ----------
    tiles : Tiles or None
        None before the first frame.
    fresh : NoiseHistory
        Noise of the last frames that were new: they are kept while a picture is held, however long.
    repeated : NoiseHistory
        Noise of the last frames that were not.
    variance : ndarray or None
        ``(tiles,)``: half the mean square of the difference between two new frames running; None
        until two frames were seen that differ as frames do.
    pairs : int
        How many pairs of frames that is learnt from.
    new_s : float
        Time of the last frame that was new.
    last_s : float
        Time of the last frame.
    strange_s : float or None
        Since when frames differ from each other as new ones do, with less noise than is known.
    lines : LinesState
    spectra : SpectrumHistory
    """

    tiles: Tiles | None = None
    fresh: NoiseHistory = NoiseHistory()
    repeated: NoiseHistory = NoiseHistory()
    variance: Array | None = None
    pairs: int = 0
    new_s: float = -math.inf
    last_s: float = -math.inf
    strange_s: float | None = None
    lines: LinesState = field(default_factory=LinesState)
    spectra: SpectrumHistory = field(default_factory=SpectrumHistory)


@dataclass(frozen=True, slots=True)
class Liveness:
    """Result for the noise of one frame.

    Parameters
    ----------
    repeated_share : float
        Share of the tiles whose noise is that of one earlier frame; the largest over all of them.
    told_share : float
        Share of the exposed tiles that have noise enough to tell.
    is_new : bool
        The picture was not seen before, in no part of the window.
    is_repeated : bool
        It shows an earlier one again, all over the window.
    is_partly_repeated : bool
        It shows an earlier one again at least in a part of the window.
    held_s : float
        How long ago the last new picture came; 0.0 where this one is new.
    clock_stands : bool
        The frame came no later than the one before: then `held_s` says nothing.
    """

    repeated_share: float
    told_share: float
    is_new: bool
    is_repeated: bool
    is_partly_repeated: bool
    held_s: float
    clock_stands: bool = False


@dataclass(frozen=True, slots=True)
class _Compared:
    """A frame against each earlier one, the newest that was new last; each ``(frames, tiles)``.

    `change` is half the mean square of the difference of their noise, `kept` how much of the
    earlier one's noise is in this frame (1: all of it), `growth` this frame's variance over the
    earlier one's. `times_s` are the earlier frames', ``(frames,)``.
    """

    change: Array
    kept: Array
    growth: Array
    times_s: Array


def _pass_band(attenuation: FloatImage, window: Window) -> FloatImage:
    rows, columns = window
    # One more pixel to each side, so that the window's rim is filtered with its neighbours.
    wider = attenuation[rows.start - 1 : rows.stop + 1, columns.start - 1 : columns.stop + 1]
    kernel = _SECOND_DIFFERENCE
    passed: FloatImage = cv2.sepFilter2D(np.ascontiguousarray(wider), cv2.CV_32F, kernel, kernel)
    return passed[1:-1, 1:-1]


def _measure_noise(attenuation: FloatImage, tiles: Tiles) -> FloatImage:
    noise: FloatImage = _pass_band(attenuation, tiles.window).ravel()[tiles.places]
    # Edges of metal are a hundred times as large as noise, and would hide it. Where most pixels
    # are alike, as in a picture with little noise and few grey levels, the others are the noise.
    usual = SIGMA_PER_MAD * medians(np.abs(noise))[:, None]
    limit = np.maximum(4.0 * usual, 2.0 * np.sqrt(np.square(noise).mean(axis=1, keepdims=True)))
    return read_only(np.clip(noise, -limit, limit, out=noise))


def _values(image: BoolImage, tiles: Tiles) -> Array:
    values: Array = image[tiles.window].ravel()[tiles.places]
    return values


def _compare(state: LivenessState, noise: FloatImage) -> _Compared:
    energy = _compute_energy(noise)
    blocks = (*state.repeated.blocks, *state.fresh.blocks)
    common = np.concatenate([np.einsum("ntk,tk->nt", block, noise) for block in blocks])
    earlier = np.concatenate([*state.repeated.energies, *state.fresh.energies])
    least = np.float32(1e-20)
    return _Compared(
        (earlier + energy - 2.0 * common) / (2.0 * noise.shape[1]),
        common / np.maximum(earlier, least),
        energy / np.maximum(earlier, least),
        np.array(state.repeated.times_s + state.fresh.times_s),
    )


@dataclass(frozen=True, slots=True)
class LivenessCheck:
    """Comparison of a frame's noise with that of the last seconds."""

    settings: LivenessSettings

    def tiles_over(self, points: PointArray | None, reach: float, shape: tuple[int, int]) -> Tiles:
        """Lay tiles over the monitored region.

        Parameters
        ----------
        points : ndarray or None
            ``(n, 2)`` marks, working pixels in the frame; None: the middle of the picture is
            watched.
        reach : float
            How far around the marks, working pixels.
        shape : (int, int)
            Rows and columns of the working grid.
        """
        rows, columns = shape
        if points is None:
            low, high = np.array([columns / 6, rows / 6]), np.array([columns * 5 / 6, rows * 5 / 6])
        else:
            low, high = points.min(axis=0) - reach, points.max(axis=0) + reach
        edge = np.array([columns, rows])
        low = np.clip(np.floor(low), 1, edge - 2).astype(int)
        high = np.clip(np.ceil(high), low + 1, edge - 1).astype(int)
        window = (slice(int(low[1]), int(high[1])), slice(int(low[0]), int(high[0])))
        high_px, wide_px = int(high[1] - low[1]), int(high[0] - low[0])
        tops, height = self._steps(high_px)
        lefts, width = self._steps(wide_px)
        inside = np.arange(height)[:, None] * wide_px + np.arange(width)
        corners = (tops[:, None] * wide_px + lefts).ravel()
        square = square_in(window, shape, self.settings)
        return Tiles(window, read_only(corners[:, None] + inside.ravel()), square)

    def compare(
        self, state: LivenessState, attenuation: FloatImage, exposed: BoolImage, time_s: float
    ) -> tuple[LivenessState, Liveness]:
        """Compare a frame's noise with that of the last seconds.

        Parameters
        ----------
        state : LivenessState
            With its tiles.
        attenuation : ndarray
            Log attenuation as it came, working grid.
        exposed : ndarray of bool
            What the beam reaches and no clipping spoils, working grid.
        time_s : float

        Returns
        -------
        LivenessState, Liveness
            Every frame's noise is kept, new or not: a loop repeats what was a repetition. What is
            learnt of noise comes from new frames alone.
        """
        assert state.tiles is not None
        tiles, stands = state.tiles, time_s <= state.last_s
        noise = _measure_noise(attenuation, tiles)
        lines, held_lines = compare_lines(
            state.lines, attenuation, exposed, tiles.window, self.settings
        )
        spectrum = spectrum_of(_pass_band(attenuation, tiles.square))
        like = compare_spectrum(state.spectra, spectrum, time_s, self.settings)
        spectra = state.spectra.with_frame(spectrum, time_s, self.settings)
        state = replace(state, last_s=time_s, lines=lines, spectra=spectra)
        if not state.fresh.blocks:
            fresh = state.fresh.with_frame(noise, time_s, self.settings)
            return replace(state, fresh=fresh, new_s=time_s), Liveness(
                0.0, 1.0, True, False, False, 0.0
            )
        earlier = _compare(state, noise)
        learning = self._learnt(state, noise, earlier)
        usable = _values(exposed, tiles).mean(axis=1) >= self.settings.min_exposed_share
        shares, told_share = self._shares(learning, noise, usable, earlier, time_s)
        most, tiles_share = self.settings.max_repeated_share, float(shares.max())
        enough, is_like = (
            told_share >= self.settings.min_told_share,
            spectra.hold(like, self.settings),
        )
        partly = is_like or (enough and tiles_share > most)
        partly |= held_lines.share > self.settings.max_lines_share
        repeated_share = 1.0 if is_like else max(tiles_share, held_lines.share)
        if enough and not partly:
            fresh = state.fresh.with_frame(noise, time_s, self.settings)
            lines = learnt_lines(lines, held_lines, self.settings)
            spectra = spectra.with_usual(like, self.settings)
            new = replace(
                learning, fresh=fresh, lines=lines, spectra=spectra, new_s=time_s, strange_s=None
            )
            return new, Liveness(repeated_share, told_share, True, False, False, 0.0)
        repeated = state.repeated.with_frame(noise, time_s, self.settings)
        is_repeated = is_like or (enough and tiles_share >= 1.0 - most)
        state = self._with_strange(state, noise, usable, earlier, partly, time_s)
        # A picture that was shown before is as old as that, whenever it was last told to be new.
        held_s = max(time_s - state.new_s, like.age_s if is_like else 0.0)
        seen = Liveness(repeated_share, told_share, False, is_repeated, partly, held_s, stands)
        return replace(state, repeated=repeated), seen

    def _steps(self, length: int) -> tuple[Array, int]:
        """Return where tiles begin along one side, and how long they are."""
        count = min(self.settings.tiles_across, length)
        size = min(self.settings.tile_px, length // count)
        starts: Array = np.round(np.linspace(0, length - size, count)).astype(np.intp)
        return starts, size

    def _learnt(self, state: LivenessState, noise: FloatImage, earlier: _Compared) -> LivenessState:
        """Learn from one more frame, as if it were new, how much noise differs between frames."""
        newest, known = earlier.change[-1], state.variance
        if known is None:
            # A held picture that is digitised again differs too, by far less than its own noise.
            own = np.square(noise).mean(axis=1)
            differs = middle(newest) >= self.settings.first_share * middle(own) > 0.0
            return replace(state, variance=read_only(newest), pairs=1) if differs else state
        larger = middle(newest) > _RESTART_FACTOR * middle(known)
        if larger and state.pairs < self.settings.learnt_pairs:
            return replace(state, variance=read_only(newest), pairs=1)
        share = max(1.0 / (state.pairs + 1), self.settings.newest_share)
        variance = known + share * (newest - known)
        return replace(state, variance=read_only(variance), pairs=state.pairs + 1)

    def _with_strange(
        self,
        state: LivenessState,
        noise: FloatImage,
        usable: BoolImage,
        earlier: _Compared,
        is_repeated: bool,
        time_s: float,
    ) -> LivenessState:
        """Forget how large noise was where frames went on being new with less of it.

        Snow on the cable, or a filter that is switched on, must not make all that follows no
        picture.
        """
        if is_repeated or not usable.any():
            return replace(state, strange_s=None)
        own = np.square(noise).mean(axis=1)
        differs = np.median((earlier.change / np.maximum(own, 1e-20))[:, usable], axis=1)
        if differs.min() < self.settings.relearnt_share:
            return replace(state, strange_s=None)
        if state.strange_s is None:
            return replace(state, strange_s=time_s)
        if time_s - state.strange_s < self.settings.relearnt_s:
            return state
        # Compared with this frame next, and not with the last one that had more noise.
        fresh = state.fresh.with_frame(noise, time_s, self.settings)
        return replace(state, fresh=fresh, variance=None, pairs=0, strange_s=None)

    def _shares(
        self,
        state: LivenessState,
        noise: FloatImage,
        usable: BoolImage,
        earlier: _Compared,
        time_s: float,
    ) -> tuple[Array, float]:
        """Return the share of tiles that repeat each earlier frame, and of those that can."""
        if state.variance is None:
            # Two frames that hardly differ, with nothing to compare with: the second is the first.
            return np.ones(len(earlier.times_s)), 1.0
        # Few exposed tiles tell nothing, however many of them have noise.
        count = max(int(np.count_nonzero(usable)), len(usable) // 4, 1)
        variance = state.variance
        told = usable & (variance > 0.0)
        told &= np.square(noise).mean(axis=1) >= self.settings.repeat_share * variance
        old = time_s - earlier.times_s > self.settings.settled_s
        limits = np.where(old, self.settings.repeat_share, self.settings.recent_share)
        same = earlier.change < limits[:, None] * variance
        # Live anatomy that lies still keeps its own fine detail, beside noise that is as large as
        # ever and new. A picture held keeps its noise too, and another noise makes it more, or
        # less.
        odd = (earlier.change < self.settings.held_share * variance) | (
            earlier.growth > self.settings.held_growth
        )
        alike = earlier.kept > self.settings.held_kept
        # A frame that is all noise keeps something of any other by chance.
        alike &= earlier.kept > self.settings.held_correlation * np.sqrt(earlier.growth)
        same |= old[:, None] & alike & odd
        tellers = int(np.count_nonzero(told))
        shares: Array = (same & told).sum(axis=1) / max(tellers, len(usable) // 2, 1)
        return shares, tellers / count
