"""One or two tubes of steel fitted to profiles across a line, in one least squares.

The lines and widths of the tubes are found by Levenberg-Marquardt; at each step the attenuation of
their steel and of their lumen follows by linear least squares, and is never negative.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from leakwatch.core.arrays import Array

_FINE = 0.1  # pixels: steps at which a tube's profile is computed
_LUMEN = 0.76  # of the diameter: 0.72 to 0.82 for 8 to 13 gauge, after ISO 9626
_BEHIND = 3  # what lies behind at each place: a parabola across the line
_PARAMETERS = 3  # of a tube: offset, slope, width
_STEPS_PX = (0.05, 0.05, 0.1)  # of the numerical derivatives; that of the slope at the far end
_FIRST_ITERATIONS = 4  # from every start; the best goes on
_ITERATIONS = 12
_CONVERGED = 1e-3  # a smaller share of the sum of squares that a step gains is the last
_STARTS = (0.5, 0.65, 0.9)  # of the widest tube: 2.4, 3.1 and 4.2 mm
_SHORTEST_ARM = 2  # stations on either side of a crossing


@dataclass(frozen=True, slots=True)
class Stations:
    """Mean profiles across a line at some places along it.

    Parameters
    ----------
    profiles : ndarray
        ``(n, 2 half + 1)`` attenuation, less what is beside it, at steps of a pixel.
    at : ndarray
        ``(n,)`` places along the line, pixels.
    blur : float
        Sigma of an edge of steel, pixels.
    """

    profiles: Array
    at: Array
    blur: float

    @property
    def across(self) -> Array:
        """Distance of each place of a profile from the line, pixels."""
        half = (self.profiles.shape[1] - 1) // 2
        return np.arange(-half, half + 1)


@dataclass(frozen=True, slots=True)
class Tube:
    """A straight tube near a line.

    Parameters
    ----------
    offset, slope : float
        Its distance from the line at place 0, and how much more a pixel farther along.
    width : float
        Outer diameter, pixels.
    hollow, solid : float
        Attenuation on the axis of two solid rods, the first without its lumen: what fills a lumen
        adds, and attenuates no more than steel.
    """

    offset: float
    slope: float
    width: float
    hollow: float = 0.0
    solid: float = 0.0

    def off(self, at: float) -> float:
        """Return its distance from the line at a place along it."""
        return self.offset + self.slope * at

    def attenuation(self, away: Array, blur: float) -> Array:
        """Return what it attenuates so far from its axis."""
        at, hollow, solid = _chords(self.width, blur)
        total: Array = np.interp(away, at, self.hollow * hollow + self.solid * solid, 0.0, 0.0)
        return total


def fit_one(stations: Stations, widths: tuple[float, float]) -> tuple[Tube, float]:
    """Return the tube that explains the profiles best, and the share of them that it leaves.

    Parameters
    ----------
    stations : Stations
    widths : (float, float)
        Least and largest width, pixels.
    """
    starts = [np.array([0.0, 0.0, share * widths[1]]) for share in _STARTS[::2]]
    tubes, left = _best(stations, starts, widths)
    return tubes[0], left


def fit_two(stations: Stations, widths: tuple[float, float]) -> tuple[list[Tube], float]:
    """Return the two tubes that explain the profiles best, and the share that they leave.

    They begin along both edges of what is seen, once side by side and once with a crossing where it
    is narrowest.
    """
    low, high = _edges(stations)
    total = np.convolve(high - low, np.ones(3) / 3.0, "valid")
    crossing = 1 + int(np.argmin(total))
    starts = []
    for width in (share * widths[1] for share in _STARTS):
        one, other = low + width / 2, high - width / 2
        starts.append(_start(stations.at, one, other, width))
        if _SHORTEST_ARM <= crossing <= len(low) - 1 - _SHORTEST_ARM:
            before = np.arange(len(low)) < crossing
            crossed = np.where(before, one, other), np.where(before, other, one)
            starts.append(_start(stations.at, *crossed, width))
    return _best(stations, starts, widths)


def _start(at: Array, one: Array, other: Array, width: float) -> Array:
    first, second = np.polyfit(at, one, 1), np.polyfit(at, other, 1)
    return np.array([first[1], first[0], width, second[1], second[0], width])


def _edges(stations: Stations) -> tuple[Array, Array]:
    """Return both places across the line, at each station, where half of the most is reached."""
    level = np.partition(stations.profiles, -3, axis=1)[:, -3] / 2.0
    above = stations.profiles > level[:, None]
    first = np.argmax(above, axis=1)
    last = above.shape[1] - 1 - np.argmax(above[:, ::-1], axis=1)
    return stations.across[first] - 0.5, stations.across[last] + 0.5


def _best(
    stations: Stations, starts: Sequence[Array], widths: tuple[float, float]
) -> tuple[list[Tube], float]:
    fits = [_Fit(stations, widths, start) for start in starts]
    for one in fits:
        one.minimize(_FIRST_ITERATIONS)
    best = min(fits, key=lambda one: one.squares)
    best.minimize(_ITERATIONS)
    return best.tubes(), best.squares / max(best.total, 1e-12)


class _Fit:
    """Levenberg-Marquardt over lines and widths; amplitudes follow by linear least squares."""

    def __init__(self, stations: Stations, widths: tuple[float, float], start: Array) -> None:
        across = stations.across
        powers = [(across / across[-1]) ** power for power in range(_BEHIND)]
        behind = np.linalg.qr(np.stack(powers, axis=1))[0]
        self._stations = stations
        self._project = np.eye(len(across)) - behind @ behind.T
        self._data = (stations.profiles @ self._project).ravel()
        self.total = float(self._data @ self._data)
        count = len(start) // _PARAMETERS
        reach, farthest = float(across[-1]), float(np.abs(stations.at).max())
        self._low = np.array([-reach, -1.0, widths[0]] * count)
        self._high = np.array([reach, 1.0, widths[1]] * count)
        offset, slope, width = _STEPS_PX
        self._steps = np.array([offset, slope / farthest, width] * count)
        self.parameters = np.clip(start, self._low, self._high)
        self._left, self._amplitudes = self._residual(self.parameters)
        self.squares = float(self._left @ self._left)

    def tubes(self) -> list[Tube]:
        lines = self.parameters.reshape(-1, _PARAMETERS)
        both = self._amplitudes.reshape(-1, 2)
        return [
            Tube(*map(float, line), *map(float, two)) for line, two in zip(lines, both, strict=True)
        ]

    def _residual(self, parameters: Array) -> tuple[Array, Array]:
        columns = []
        for offset, slope, width in parameters.reshape(-1, _PARAMETERS):
            axis = offset + slope * self._stations.at
            away = self._stations.across - axis[:, None]
            at, *chords = _chords(width, self._stations.blur)
            columns += [
                (np.interp(away, at, one, 0.0, 0.0) @ self._project).ravel() for one in chords
            ]
        design = np.stack(columns, axis=1)
        amplitudes = _least_squares(design, self._data)
        return self._data - design @ amplitudes, amplitudes

    def minimize(self, iterations: int) -> None:
        damping = 1e-2
        for _ in range(iterations):
            moved = self.parameters + np.diag(self._steps)
            changes = [self._residual(one)[0] - self._left for one in moved]
            slopes = np.stack(changes, axis=1) / self._steps
            normal, gradient = slopes.T @ slopes, slopes.T @ self._left
            before = self.squares
            for _ in range(3):
                damped = normal + np.diag(damping * np.diag(normal) + 1e-12)
                if self._accept(self.parameters - np.linalg.solve(damped, gradient)):
                    damping *= 0.3
                    break
                damping *= 5.0
            if self.squares > (1.0 - _CONVERGED) * before:
                return

    def _accept(self, parameters: Array) -> bool:
        parameters = np.clip(parameters, self._low, self._high)
        left, amplitudes = self._residual(parameters)
        squares = float(left @ left)
        if squares >= self.squares:
            return False
        self.parameters, self._left, self._amplitudes = parameters, left, amplitudes
        self.squares = squares
        return True


def _least_squares(design: Array, data: Array) -> Array:
    """Return amplitudes of least squares that are not negative: steel and cement only add."""
    normal, right = design.T @ design, design.T @ data
    used = np.ones(len(right), np.bool_)
    amplitudes = np.zeros(len(right))
    while used.any():
        some = np.ix_(used, used)
        found = np.linalg.lstsq(normal[some], right[used], rcond=None)[0]
        if (found >= 0.0).all():
            amplitudes[used] = found
            break
        used[np.flatnonzero(used)[found < 0.0]] = False
    return amplitudes


def _chords(width: float, blur: float) -> tuple[Array, Array, Array]:
    """Return distances from the axis, and the blurred ways through a tube and a rod."""
    radius, reach = width / 2.0, 4.0 * blur
    at = np.arange(-radius - reach, radius + reach + _FINE, _FINE)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + _FINE, _FINE) / blur) ** 2)
    kernel /= kernel.sum()
    ways = [
        2.0 * np.sqrt(np.maximum((share * radius) ** 2 - at**2, 0.0)) / width
        for share in (1.0, _LUMEN)
    ]
    solid, lumen = (np.convolve(way, kernel, "same") for way in ways)
    return at, solid - lumen, solid
