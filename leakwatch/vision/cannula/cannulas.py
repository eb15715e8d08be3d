"""All cannulas of a picture: two lie side by side where both pedicles are used."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import reduce

import numpy as np

from leakwatch.config import InstrumentSettings
from leakwatch.core.arrays import Array, BoolImage, FloatImage, Point, read_only
from leakwatch.core.geometry import Scale
from leakwatch.vision.background.baseline import Baseline
from leakwatch.vision.cannula.ridge import strongest_line
from leakwatch.vision.cannula.rod_model import Cannula
from leakwatch.vision.cannula.rod_pair import drawn, find_pair
from leakwatch.vision.cannula.tracking import (
    Followed,
    InstrumentState,
    changed_by,
    find,
    follow,
    initial_state,
)
from leakwatch.vision.vertebra.posterior_wall import Wall


@dataclass(frozen=True, slots=True)
class Cannulas:
    """What earlier frames say of every cannula, the clearest first.

    Parameters
    ----------
    rods : tuple of InstrumentState
        Each was found in the baseline without those before it.
    """

    rods: tuple[InstrumentState, ...] = ()

    @property
    def cannula(self) -> Cannula | None:
        """The clearest one; None where none was found."""
        return self.rods[0].cannula if self.rods else None

    @property
    def without(self) -> FloatImage | None:
        """The baseline's picture without any of them."""
        return self.rods[-1].without if self.rods else None

    @property
    def footprint(self) -> BoolImage | None:
        """Where they were in the baseline, with a rim."""
        return _any_of(rod.footprint for rod in self.rods)

    @property
    def hidden(self) -> BoolImage | None:
        """Where they lay in the last frame, with a rim, those that are not in their place."""
        return _any_of(rod.hidden for rod in self.rods)

    @property
    def lies(self) -> BoolImage | None:
        """Where they lay in the last frame, with a rim."""
        return _any_of(rod.hidden if rod.moved else rod.footprint for rod in self.rods)

    def without_transient_state(self) -> Cannulas:
        """Return the same without what is learnt again within moments."""
        kept = (
            replace(rod, hidden=None, content=None, change=None, time_s=None) for rod in self.rods
        )
        return Cannulas(tuple(kept))


def find_all(
    baseline: Baseline,
    wall: Wall | None,
    tip: Point | None,
    scale: Scale,
    settings: InstrumentSettings,
) -> Cannulas:
    """Find the cannulas in the baseline, each in the picture without those found before.

    Parameters
    ----------
    baseline, wall, tip, scale, settings
        As for `find`. A marked tip is that of the first.
    """
    rods: list[InstrumentState] = []
    if scale.px(settings.width_mm) < 1.0 or settings.max_rods < 1:
        return Cannulas()  # no wider than a pixel, a rod has no profile to follow it by
    line = strongest_line(baseline, wall, scale, settings, tip, crowded=True)
    if line is not None and settings.max_rods > 1:
        pair = find_pair(baseline, line, tip, scale, settings)
        if pair is not None:
            return _both(pair, baseline, scale, settings)
    while len(rods) < settings.max_rods:
        beside = rods[0].cannula if rods else None
        found = find(baseline, wall, tip, scale, settings, beside, None if rods else line)
        if found.cannula is None or found.without is None:
            break
        if rods and not _is_alike(found.cannula, rods[0].cannula, settings):
            break
        rods.append(found)
        baseline, tip = replace(baseline, mean=found.without), None
    return Cannulas(tuple(rods))


def _both(
    pair: tuple[Cannula, Cannula], baseline: Baseline, scale: Scale, settings: InstrumentSettings
) -> Cannulas:
    """Return the state of two rods that were measured together."""
    picture, shape = baseline.mean, baseline.mean.shape
    drawn_first, drawn_second = (drawn(rod, shape, scale, settings) for rod in pair)
    first = initial_state(pair[0], picture, picture - drawn_second, scale, settings)
    left = picture - drawn_first
    return Cannulas((first, initial_state(pair[1], left, left, scale, settings)))


def _is_alike(one: Cannula, first: Cannula | None, settings: InstrumentSettings) -> bool:
    """Tell whether another rod is of steel as the first is; bone has a fifth of its contrast."""
    assert first is not None
    least = settings.min_contrast_of_first * float(np.median(first.contrast))
    return float(np.median(one.contrast)) >= least


def follow_all(
    state: Cannulas,
    baseline: Baseline,
    moved: FloatImage,
    cement: BoolImage | None,
    time_s: float,
    scale: Scale,
    settings: InstrumentSettings,
) -> Followed[Cannulas]:
    """Follow each cannula in the frame without those before it.

    Parameters
    ----------
    state : Cannulas
    baseline, moved, cement, time_s, scale, settings
        As for `follow`.
    """
    found: list[Followed[InstrumentState]] = []
    shape = baseline.mean.shape
    after = [changed_by(rod, shape, scale, settings) for rod in state.rods[1:]]
    for at, rod in enumerate(state.rods or (InstrumentState(),)):
        if at > 0:
            before = state.rods[at - 1].without
            assert before is not None
            baseline, moved = replace(baseline, mean=before), read_only(found[-1].more + before)
        # What the next ones changed as well is no change of this one.
        others = [image for image in after[at:] if image is not None]
        changed = sum(others, np.float32(0.0)) if others else None
        seen = moved if changed is None else read_only(moved - changed)
        one = follow(rod, baseline, seen, cement, time_s, scale, settings)
        found.append(one if changed is None else replace(one, more=read_only(one.more + changed)))
    return Followed(
        Cannulas(tuple(one.state for one in found) if state.rods else ()),
        found[-1].more,
        _any_of(one.moves for one in found),
        _any_of(one.covers for one in found),
        _most_of(one.ghost for one in found),
        _most_of(one.excess for one in found),
    )


def _any_of(masks: Iterable[BoolImage | None]) -> BoolImage | None:
    known = [mask for mask in masks if mask is not None]
    return known[0] if len(known) == 1 else _joined(known, np.logical_or)


def _most_of(images: Iterable[FloatImage | None]) -> FloatImage | None:
    known = [image for image in images if image is not None]
    return known[0] if len(known) == 1 else _joined(known, np.maximum)


def _joined(images: list[Array], join: np.ufunc) -> Array | None:
    return read_only(reduce(join, images)) if images else None
