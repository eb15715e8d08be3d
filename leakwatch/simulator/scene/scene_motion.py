"""Motion: breathing, jolts and moves of the table, and a hand on the cannula.

Millimetres in the patient's axes. Movements are small against the distance to the source, so that
in a picture each is a shift: one of the spine and what is fastened to it, one of the wall of the
trunk with its ribs, one of the organs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Track = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Breath:
    """Breathing.

    Parameters
    ----------
    period_s : float
    spine_mm, wall_mm, organs_mm : tuple of float
        From breathing out to breathing in, along right, anterior, superior: of the spine, of the
        wall of the trunk with the ribs, of the organs (the diaphragm moves down).
    organs_lag_s : float
        How much later the organs come.
    irregular : float
        Standard deviation of depth and period from breath to breath, as a share.
    tremble_mm : float
        Standard deviation of what heart and stand add from frame to frame, to the spine.
    """

    period_s: float
    spine_mm: tuple[float, float, float]
    wall_mm: tuple[float, float, float]
    organs_mm: tuple[float, float, float]
    organs_lag_s: float
    irregular: float
    tremble_mm: float = 0.0


@dataclass(frozen=True, slots=True)
class Jolt:
    """A jolt that moves the patient and leaves the table at its new position.

    Parameters
    ----------
    at_s : float
    by_mm : tuple of float
        Where everything lies afterwards, relative to before.
    over_s : float
        How long it takes.
    swing_mm : float
        Swing that a bump leaves behind, along the same direction; it dies away.
    """

    at_s: float
    by_mm: tuple[float, float, float]
    over_s: float
    swing_mm: float


@dataclass(frozen=True, slots=True)
class CannulaMove:
    """Rotation or withdrawal of the cannula by hand.

    Parameters
    ----------
    at_s, over_s : float
    turn_deg : float
        Swing about the pedicle, in the plane of a lateral view.
    withdraw_mm : float
    """

    at_s: float
    over_s: float
    turn_deg: float
    withdraw_mm: float


@dataclass(frozen=True, slots=True)
class OrganRhythm:
    """Breathing of wall and organs that is not the spine's.

    Parameters
    ----------
    period_s : float
    rest : int
        Exponent of the resting phase, even.
    inhale_share : float
        Share of a breath that goes in.
    irregular : float
        As in `Breath`.
    """

    period_s: float
    rest: int
    inhale_share: float
    irregular: float


_SWING_HZ, _SWING_DIES_S = 2.2, 0.45
_BREATHS_BEFORE = 4  # begun before time 0: no lag reaches back beyond them
_SHORTEST_SHARE = 0.4  # a breath is never shorter than this share of the period
_PAUSE = 4  # exponent: rest at the end of breathing out, doi:10.1118/1.598836
_EVEN = 0.5  # share of a breath that goes in, where in and out take as long
# An unsteady hand: slow drifts to tremor, Hz; the faster, the less of it, by this exponent.
_UNREST_HZ, _UNREST_FALL = (0.13, 0.31, 0.57, 0.9, 1.7), 0.8


@dataclass(frozen=True, slots=True)
class Tracks:
    """Positions over time, mm, ``(n, 3)`` each."""

    spine: Track
    wall: Track
    organs: Track


def breathing_tracks(
    times_s: Track,
    breath: Breath,
    pushes: Sequence[Jolt],
    rng: np.random.Generator,
    apart: tuple[OrganRhythm, np.random.Generator] | None = None,
) -> Tracks:
    """Return positions by breathing and jolts; the spine also has a tremor.

    Parameters
    ----------
    times_s : ndarray
    breath : Breath
    pushes : sequence of Jolt
    rng : numpy.random.Generator
    apart : tuple or None
        Rhythm of wall and organs, and what makes it irregular; None: that of `breath`.
    """
    seed = rng.integers(2**32)
    wave = breathing_wave(times_s, breath, np.random.default_rng(seed))[:, None]
    late_s = times_s - breath.organs_lag_s
    late = breathing_wave(late_s, breath, np.random.default_rng(seed))[:, None]
    tremble = breath.tremble_mm * rng.standard_normal((len(times_s), 3))
    pushed = _pushed(times_s, pushes)
    ribs = wave
    if apart is not None:
        ribs = late = rhythm_wave(times_s, *apart)[:, None]
    return Tracks(
        wave * np.array(breath.spine_mm) + pushed + tremble,
        ribs * np.array(breath.wall_mm) + pushed,
        late * np.array(breath.organs_mm) + pushed,
    )


def breathing_wave(times_s: Track, breath: Breath, rng: np.random.Generator) -> Track:
    """Return breathing depth, 0 to about 1, after Lujan (doi:10.1118/1.598577): ``1 - cos^4``."""
    own = OrganRhythm(breath.period_s, _PAUSE, _EVEN, breath.irregular)
    return rhythm_wave(times_s, own, rng)


def rhythm_wave(times_s: Track, breath: OrganRhythm, rng: np.random.Generator) -> Track:
    """Return breathing depth, 0 to about 1, of any shape."""
    # Breaths are counted from one time, whatever times are asked for: what comes later lags.
    first = -(_BREATHS_BEFORE + rng.random()) * breath.period_s
    last = max(float(times_s.max()), 0.0)
    count = int(np.ceil((last - first) / breath.period_s / _SHORTEST_SHARE)) + 2
    vary = 1.0 + breath.irregular * np.clip(rng.standard_normal((2, count)), -2.0, 2.0)
    starts = first + np.append(0.0, np.cumsum(breath.period_s * vary[0]))
    number = np.clip(np.searchsorted(starts, times_s, side="right") - 1, 0, count - 1)
    phase = (times_s - starts[number]) / (starts[number + 1] - starts[number])
    if breath.inhale_share != _EVEN:
        share = breath.inhale_share
        going_in, going_out = phase / share, (phase - share) / (1.0 - share)
        phase = _EVEN * np.where(phase < share, going_in, 1.0 + going_out)
    wave: Track = vary[1][number] * (1.0 - np.cos(np.pi * phase) ** breath.rest)
    return wave


def _pushed(times_s: Track, pushes: Sequence[Jolt]) -> Track:
    track = np.zeros((len(times_s), 3))
    for push in pushes:
        by = np.array(push.by_mm)
        since = times_s - push.at_s
        track += smooth_step(since, push.over_s)[:, None] * by
        length = float(np.linalg.norm(by))
        if push.swing_mm and length:
            track += push.swing_mm * dying_swing(since)[:, None] * by / length
    return track


def dying_swing(since_s: Track) -> Track:
    """Return the swing that a bump leaves, from -1 to 1, by the time since it."""
    swing = np.where(since_s > 0, np.exp(-since_s.clip(0) / _SWING_DIES_S), 0.0)
    return swing * np.sin(2 * np.pi * _SWING_HZ * since_s)


def unrest(times_s: Track, rng: np.random.Generator) -> Track:
    """Return smooth random motion of standard deviation 1 over a long time, ``(n,)``."""
    phases = rng.uniform(0.0, 2.0 * np.pi, len(_UNREST_HZ))
    heights = np.array(_UNREST_HZ) ** -_UNREST_FALL
    waves = [
        height * np.sin(2.0 * np.pi * hertz * times_s + phase)
        for hertz, height, phase in zip(_UNREST_HZ, heights, phases, strict=True)
    ]
    motion: Track = np.sqrt(2.0 / (heights**2).sum()) * np.sum(waves, axis=0)
    return motion


def smooth_step(since_s: Track, over_s: float) -> Track:
    """Return a smooth step from 0 to 1 over `over_s`."""
    share = np.clip(since_s / max(over_s, 1e-9), 0.0, 1.0)
    step: Track = share * share * (3.0 - 2.0 * share)
    return step


def cannula_track(times_s: Track, moves: Sequence[CannulaMove]) -> tuple[Track, Track]:
    """Turn in degrees and withdrawal in mm at each time, ``(n,)`` both."""
    turn, withdraw = np.zeros(len(times_s)), np.zeros(len(times_s))
    for move in moves:
        done = smooth_step(times_s - move.at_s, move.over_s)
        turn += move.turn_deg * done
        withdraw += move.withdraw_mm * done
    return turn, withdraw
