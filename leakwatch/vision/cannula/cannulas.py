"""Detection of all cannulas in a picture: two lie side by side where both pedicles are used.

Each is found and tracked in the picture without the others, so that one does not disturb the other.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property, reduce

import numpy as np

from leakwatch.config import InstrumentSettings
from leakwatch.core.arrays import Array, BoolImage, FloatImage, Point, read_only
from leakwatch.core.geometry import Scale
from leakwatch.vision.background.baseline import Baseline
from leakwatch.vision.cannula.appearance import Appearance
from leakwatch.vision.cannula.cannula_layers import draw_cannula
from leakwatch.vision.cannula.cannula_model import Cannula
from leakwatch.vision.cannula.cannula_search import CannulaSearch
from leakwatch.vision.cannula.pair_search import PairSearch
from leakwatch.vision.cannula.tracking import CannulaState, CannulaTracker, Tracked, find_change
from leakwatch.vision.vertebra.posterior_wall import Wall


@dataclass(frozen=True, slots=True)
class Cannulas:
    """What earlier frames say of every cannula, the clearest first.

    Parameters
    ----------
    states : tuple of CannulaState
        Each was found in the baseline without those before it.
    """

    states: tuple[CannulaState, ...] = ()

    @property
    def cannula(self) -> Cannula | None:
        """The clearest one; None where none was found."""
        return self.states[0].cannula if self.states else None

    @property
    def without(self) -> FloatImage | None:
        """The baseline's picture without any of them."""
        return self.states[-1].without if self.states else None

    @property
    def footprint(self) -> BoolImage | None:
        """Mask of where they were in the baseline, with a rim."""
        return _any_of(one.footprint for one in self.states)

    @property
    def hidden(self) -> BoolImage | None:
        """Mask, with a rim, of those that were not in their place in the last frame."""
        return _any_of(one.hidden for one in self.states)

    @property
    def lies(self) -> BoolImage | None:
        """Mask of where they lay in the last frame, with a rim."""
        return _any_of(one.hidden if one.moved else one.footprint for one in self.states)

    def without_transient_state(self) -> Cannulas:
        """Return the same without what is learnt again within moments."""
        kept = (
            replace(one, hidden=None, appearance=Appearance(), time_s=None) for one in self.states
        )
        return Cannulas(tuple(kept))


@dataclass(frozen=True)
class CannulaDetector:
    """Detection of all cannulas, with its settings, at the scale of a run."""

    scale: Scale
    settings: InstrumentSettings

    @cached_property
    def search(self) -> CannulaSearch:
        """Search for one of them in the baseline."""
        return CannulaSearch(self.scale, self.settings)

    @cached_property
    def pairs(self) -> PairSearch:
        """Search for two that cross or touch."""
        return PairSearch(self.scale, self.settings)

    @cached_property
    def tracker(self) -> CannulaTracker:
        """Tracking of one of them from frame to frame."""
        return CannulaTracker(self.scale, self.settings)

    def find(self, baseline: Baseline, wall: Wall | None, tip: Point | None) -> Cannulas:
        """Find the cannulas in the baseline, each in the picture without those found before.

        Parameters
        ----------
        baseline : Baseline
        wall : Wall or None
            They are looked for behind it.
        tip : Point or None
            Marked tip of the first, working pixels.
        """
        states: list[CannulaState] = []
        if not self.search.is_possible or self.settings.max_rods < 1:
            return Cannulas()
        line = self.search.lines.find(baseline, wall, tip, crowded=True)
        if line is not None and self.settings.max_rods > 1:
            pair = self.pairs.find(baseline, line, tip)
            if pair is not None:
                return self._both(pair, baseline)
        while len(states) < self.settings.max_rods:
            beside = states[0].cannula if states else None
            found = self.search.find(baseline, wall, tip, beside, None if states else line)
            if found.cannula is None or found.without is None:
                break
            if states and not self._is_alike(found.cannula, states[0].cannula):
                break
            states.append(found)
            baseline, tip = replace(baseline, mean=found.without), None
        return Cannulas(tuple(states))

    def track(
        self,
        state: Cannulas,
        baseline: Baseline,
        moved: FloatImage,
        cement: BoolImage | None,
        time_s: float,
    ) -> Tracked[Cannulas]:
        """Track each cannula in the frame without those before it.

        Parameters
        ----------
        state : Cannulas
        baseline, moved, cement, time_s
            As for ``CannulaTracker.track``.
        """
        found: list[Tracked[CannulaState]] = []
        after = [find_change(one, baseline.mean.shape) for one in state.states[1:]]
        for at, last in enumerate(state.states or (CannulaState(),)):
            if at > 0:
                before = state.states[at - 1].without
                assert before is not None
                baseline = replace(baseline, mean=before)
                moved = read_only(found[-1].added + before)
            # What the next ones changed as well is no change of this one.
            others = [image for image in after[at:] if image is not None]
            changed = sum(others, np.float32(0.0)) if others else None
            seen = moved if changed is None else read_only(moved - changed)
            one = self.tracker.track(last, baseline, seen, cement, time_s)
            if changed is not None:
                one = replace(one, added=read_only(one.added + changed))
            found.append(one)
        return Tracked(
            Cannulas(tuple(one.state for one in found) if state.states else ()),
            found[-1].added,
            _any_of(one.moves for one in found),
            _any_of(one.covers for one in found),
            _most_of(one.artefact for one in found),
            _most_of(one.excess for one in found),
        )

    def _both(self, pair: tuple[Cannula, Cannula], baseline: Baseline) -> Cannulas:
        """Return the state of two cannulas that were measured together."""
        picture = baseline.mean
        steel_first, steel_second = (draw_cannula(one, picture.shape) for one in pair)
        first = self.search.initial_state(pair[0], picture, picture - steel_second)
        left = picture - steel_first
        return Cannulas((first, self.search.initial_state(pair[1], left, left)))

    def _is_alike(self, one: Cannula, first: Cannula | None) -> bool:
        """Return whether another is of steel as the first is; bone has a fifth of its contrast."""
        assert first is not None
        least = self.settings.min_contrast_of_first * float(np.median(first.contrast))
        return float(np.median(one.contrast)) >= least


def _any_of(masks: Iterable[BoolImage | None]) -> BoolImage | None:
    known = [mask for mask in masks if mask is not None]
    return known[0] if len(known) == 1 else _joined(known, np.logical_or)


def _most_of(images: Iterable[FloatImage | None]) -> FloatImage | None:
    known = [image for image in images if image is not None]
    return known[0] if len(known) == 1 else _joined(known, np.maximum)


def _joined(images: list[Array], join: np.ufunc) -> Array | None:
    return read_only(reduce(join, images)) if images else None
