"""Cement flow through bone: the order in which voxels fill, with exact injected volume.

Cement takes the way of least resistance. Spongy bone is a random resistance; the front moves on at
the voxel that costs least to reach (Dijkstra, doi:10.1007/BF01386390; invasion percolation,
doi:10.1088/0305-4470/16/14/028). Early cement is thin and seeks the easy ways, so that it grows
fingers; as it ages it stiffens and pushes on evenly. A leak is a way of its own, which opens at a
given volume and from then on takes its share of what is injected.
"""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from leakwatch.core.errors import ConfigError
from leakwatch.core.messages import text
from leakwatch.simulator.anatomy.voxel_grid import Grid

Field = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Index = npt.NDArray[np.int64]

MM3_PER_ML = 1000.0


@dataclass(frozen=True, slots=True)
class BoneResistance:
    """Resistance of bone to cement.

    Parameters
    ----------
    grid : Grid
    roughness : ndarray
        ``grid.shape``, normal noise: how much harder than its neighbours a voxel is to fill.
    cost : ndarray
        ``grid.shape``, mean resistance, infinite where cement cannot go.
    pore : ndarray
        ``grid.shape``, share of a voxel that cement can take, 0 to 1.
    """

    grid: Grid
    roughness: Field
    cost: Field
    pore: Field


@dataclass(frozen=True, slots=True)
class LeakRegion:
    """Region of a leak.

    Parameters
    ----------
    pore : ndarray
        ``grid.shape``, share of each voxel that belongs to the way, 0 to 1.
    opens_ml : float
        Injected volume at which it opens.
    share : float
        Of what is injected after that.
    capacity_ml : float
        What it can take; less where the region holds less.
    fingering : float
        How strongly the front follows roughness in it.
    """

    pore: Field
    opens_ml: float
    share: float
    capacity_ml: float
    fingering: float


@dataclass(frozen=True, slots=True)
class FillOrder:
    """Voxels in the order of filling.

    Parameters
    ----------
    voxels : ndarray
        ``(n,)``, flat indices into the grid.
    pore_mm3 : ndarray
        ``(n,)``, what each holds when full.
    front_mm : float or None
        Thickness of the front in which they fill together; None: about a voxel.
    """

    voxels: Index
    pore_mm3: Field
    front_mm: float | None = None

    @property
    def capacity_ml(self) -> float:
        """Total capacity."""
        return float(self.pore_mm3.sum()) / MM3_PER_ML


@dataclass(frozen=True, slots=True)
class CementFlow:
    """An injection: the positions of cement for any injected volume.

    Parameters
    ----------
    grid : Grid
    body : Stream
        From the tip of the cannula through spongy bone.
    leaks : tuple of (LeakRegion, Stream)
    """

    grid: Grid
    body: FillOrder
    leaks: tuple[tuple[LeakRegion, FillOrder], ...]

    def volumes_ml(self, injected_ml: float) -> list[float]:
        """Return the volumes in the body and in each leak, with the sum `injected_ml`."""
        leaked: list[float] = []
        for region, stream in self.leaks:
            capacity = min(region.capacity_ml, stream.capacity_ml)
            since = max(injected_ml - region.opens_ml, 0.0)
            leaked.append(min(since * region.share, capacity))
        return [injected_ml - sum(leaked), *leaked]

    def filled(self, injected_ml: float) -> list[Field]:
        """Return cement in the voxels of body and leaks, mm3, body first."""
        streams = [self.body, *(stream for _, stream in self.leaks)]
        volumes = self.volumes_ml(injected_ml)
        return [
            filled_mm3(stream, volume * MM3_PER_ML)
            for stream, volume in zip(streams, volumes, strict=True)
        ]


# The front is this thick, so that area and edge grow smoothly: a voxel or so of the surface.
_FRONT_VOXELS = 1.2


def filled_mm3(stream: FillOrder, volume_mm3: float) -> Field:
    """Return the cement in each voxel after `volume_mm3` has flowed into a region.

    Voxels fill in order, those of the front together. The sum is the volume, to rounding; what
    the stream cannot hold stays in the last of it.
    """
    full = stream.pore_mm3
    if volume_mm3 <= 0.0 or len(full) == 0:
        return np.zeros(len(full))
    if volume_mm3 >= full.sum():
        return full.copy()
    begins = np.cumsum(full) - full
    front_mm = stream.front_mm
    if front_mm is None:
        front_mm = _FRONT_VOXELS * float(np.cbrt(full.mean()))
    width = max(_surface_mm2(volume_mm3) * front_mm, float(full.max()))
    low, high = 0.0, float(begins[-1]) + 2.0 * width
    for _ in range(60):  # halving: down to the last bit of a double
        middle = (low + high) / 2
        reached = full * np.clip((middle - begins) / width, 0.0, 1.0)
        low, high = (middle, high) if reached.sum() < volume_mm3 else (low, middle)
    reached = full * np.clip((high - begins) / width, 0.0, 1.0)
    exact: Field = reached * (volume_mm3 / reached.sum())
    return np.minimum(exact, full)


def _surface_mm2(volume_mm3: float) -> float:
    """Return the surface of a ball of a volume."""
    return float(4.836 * volume_mm3 ** (2.0 / 3.0))


# Below this share a voxel at the rim of a leak stays with the bone.
_OWNED_SHARE = 0.1


def flow_cement(
    resistance: BoneResistance,
    tip: tuple[int, int, int],
    leaks: Sequence[LeakRegion],
    total_ml: float,
    fingering: tuple[float, float],
    age_at: Callable[[float], float] | None = None,
    front_mm: float | None = None,
) -> CementFlow:
    """Simulate the flow of `total_ml` from `tip`.

    Parameters
    ----------
    resistance : Ground
    tip : tuple of int
        Voxel at the tip of the cannula.
    leaks : sequence of LeakRegion
        In any order.
    total_ml : float
    fingering : tuple of float
        How strongly the front follows roughness when the cement is thin, and when it is stiff.
    age_at : callable or None
        Injected volume, mL, to how far the cement has stiffened, 0 to 1; None: it is stiff when
        the last drop comes.
    front_mm : float or None
        See `FillOrder`; of the cement in the body.

    Raises
    ------
    ConfigError
        There is no room for that much.
    """
    ordered = sorted(leaks, key=lambda leak: leak.opens_ml)
    owned = np.zeros(resistance.grid.shape, np.int64)
    for number, leak in enumerate(ordered, start=1):
        owned[(leak.pore > _OWNED_SHARE) & (owned == 0)] = number
    opens_mm3 = [_body_volume_at_opening(ordered, number) for number in range(len(ordered))]
    ageing = _age_by_share(total_ml) if age_at is None else _age_in_body(ordered, total_ml, age_at)
    # Half of a soft front lies beyond the voxels that would be full without it.
    reach_mm3 = total_ml * MM3_PER_ML
    reach_mm3 += 0.0 if front_mm is None else _surface_mm2(reach_mm3) * front_mm / 2.0
    body = _percolate(resistance, [tip], reach_mm3, fingering, owned, opens_mm3, ageing)
    body = replace(body, front_mm=front_mm)
    if body.capacity_ml < total_ml:
        raise ConfigError(
            text(
                "the body has a capacity of {capacity_ml:.2f} mL of cement, less than the "
                "{total_ml:g} mL to be injected. Inject less, or let the cement come nearer to "
                "the wall.",
                capacity_ml=body.capacity_ml,
                total_ml=total_ml,
            )
        )
    taken = np.zeros(resistance.grid.shape, bool)
    taken.ravel()[body.voxels] = True
    streams = []
    for number, leak in enumerate(ordered, start=1):
        mine = (owned == number) & ~taken
        streams.append((leak, _leak_stream(resistance, mine, body, opens_mm3[number - 1], leak)))
    return CementFlow(resistance.grid, body, tuple(streams))


def _body_volume_at_opening(leaks: Sequence[LeakRegion], number: int) -> float:
    """Return the cement in the body, mm3, when leak `number` opens."""
    opens = leaks[number].opens_ml
    gone = sum(
        min((opens - leak.opens_ml) * leak.share, leak.capacity_ml) for leak in leaks[:number]
    )
    return (opens - gone) * MM3_PER_ML


_Ageing = Callable[[float], float]  # cement in the body, mm3, to its age, 0 to 1
_STEPS_OF_VOLUME = 2000


def _age_by_share(total_ml: float) -> _Ageing:
    volume_mm3 = total_ml * MM3_PER_ML
    return lambda held_mm3: min(held_mm3 / volume_mm3, 1.0)


def _age_in_body(leaks: Sequence[LeakRegion], total_ml: float, age_at: _Ageing) -> _Ageing:
    """Return the age by the volume in the body, including what has leaked."""
    injected = np.linspace(0.0, total_ml, _STEPS_OF_VOLUME + 1)
    leaked = np.zeros(injected.shape)
    for leak in leaks:
        leaked += np.clip((injected - leak.opens_ml) * leak.share, 0.0, leak.capacity_ml)
    held_mm3 = (injected - leaked) * MM3_PER_ML
    ages = np.array([age_at(float(volume)) for volume in injected])
    return lambda held: float(np.interp(held, held_mm3, ages))


def _leak_stream(
    resistance: BoneResistance, mine: Mask, body: FillOrder, opens_mm3: float, leak: LeakRegion
) -> FillOrder:
    """Return the fill order of a leak, from its contact with the cement when it opens."""
    before = np.cumsum(body.pore_mm3) <= max(opens_mm3, float(body.pore_mm3[0]))
    touched = np.zeros(resistance.grid.shape, bool)
    touched.ravel()[body.voxels[before]] = True
    sources = np.argwhere(mine & _dilated(touched))
    if len(sources) == 0:
        nothing = np.empty(0, np.int64)
        return FillOrder(nothing, np.empty(0))
    cost = np.where(mine, 1.0, np.inf)
    ways = BoneResistance(
        resistance.grid, resistance.roughness, cost, np.where(mine, leak.pore, 0.0)
    )
    owned = np.zeros(resistance.grid.shape, np.int64)
    starts = [(int(i), int(j), int(k)) for i, j, k in sources]
    follow = (leak.fingering, leak.fingering)
    return _percolate(ways, starts, leak.capacity_ml * MM3_PER_ML, follow, owned, [])


def _dilated(mask: Mask) -> Mask:
    grown = mask.copy()
    for axis in range(3):
        grown |= np.roll(grown, 1, axis) | np.roll(grown, -1, axis)
    return grown


def _percolate(
    resistance: BoneResistance,
    starts: Sequence[tuple[int, int, int]],
    volume_mm3: float,
    fingering: tuple[float, float],
    owned: Index,
    opens_mm3: Sequence[float],
    ageing: _Ageing = lambda _: 0.0,
) -> FillOrder:
    """Return voxels in the order of least resistance from `starts`, for `volume_mm3` of cement.

    Voxels of a leak are filled while the leak is closed, but not afterwards.
    """
    shape = resistance.grid.shape
    steps = _neighbour_steps(shape, resistance.grid.spacing_mm)
    cost, rough = _framed(resistance.cost, np.inf), _framed(resistance.roughness, 0)
    pore = _framed(resistance.pore * resistance.grid.voxel_mm3, 0)
    owner = _framed(owned.astype(np.float64), 0)
    done = bytearray(cost.nbytes // 8)
    heap = [(0.0, _framed_index(start, shape)) for start in starts]
    order: list[int] = []
    held = 0.0
    # A margin: the soft front reaches a little beyond the voxels that the volume needs.
    wanted = volume_mm3 * 1.15 + 5.0
    while heap and held < wanted:
        reached, voxel = heapq.heappop(heap)
        if done[voxel]:
            continue
        done[voxel] = 1
        leak = int(owner[voxel])
        if leak and held >= opens_mm3[leak - 1]:
            continue
        order.append(voxel)
        held += pore[voxel]
        follow = fingering[0] + (fingering[1] - fingering[0]) * ageing(held)
        for step, length in steps:
            other = voxel + step
            if not done[other] and cost[other] < np.inf:
                step_cost = length * cost[other] * math.exp(follow * rough[other])
                heapq.heappush(heap, (reached + step_cost, other))
    voxels = _unframed(np.array(order, np.int64), shape)
    return FillOrder(voxels, resistance.pore.ravel()[voxels] * resistance.grid.voxel_mm3)


def _neighbour_steps(
    shape: tuple[int, int, int], spacing_mm: tuple[float, float, float]
) -> list[tuple[int, float]]:
    """Return flat index steps to 26 neighbours in a padded volume, and their lengths in mm."""
    strides = ((shape[1] + 2) * (shape[2] + 2), shape[2] + 2, 1)
    steps = []
    for move in itertools.product((-1, 0, 1), repeat=3):
        if any(move):
            length = float(np.hypot.reduce(np.array(move) * np.array(spacing_mm)))
            steps.append((sum(m * s for m, s in zip(move, strides, strict=True)), length))
    return steps


def _framed(volume: Field, value: float) -> memoryview[float]:
    """Return a flat copy padded by one voxel of `value`, so that all neighbours exist.

    A memoryview: reading one number of an array is many times dearer than one of a view.
    """
    flat = np.pad(volume.astype(np.float64), 1, constant_values=value).ravel()
    return memoryview(flat.data).cast("B").cast("d")


def _framed_index(voxel: tuple[int, int, int], shape: tuple[int, int, int]) -> int:
    i, j, k = (part + 1 for part in voxel)
    return (i * (shape[1] + 2) + j) * (shape[2] + 2) + k


def _unframed(voxels: Index, shape: tuple[int, int, int]) -> Index:
    rest, k = np.divmod(voxels, shape[2] + 2)
    i, j = np.divmod(rest, shape[1] + 2)
    flat: Index = ((i - 1) * shape[1] + (j - 1)) * shape[2] + (k - 1)
    return flat
