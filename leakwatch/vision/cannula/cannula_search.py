"""Search for one cannula in the baseline: a line on which one may lie, then its measurement.

Needles are looked for first, and where none is found, working cannulas, which are wider. Twice
each: with sides so near that another cannula may lie beside it, and then farther.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from leakwatch.config import InstrumentSettings
from leakwatch.core.arrays import FloatImage, Point, read_only
from leakwatch.core.geometry import Scale
from leakwatch.vision.background.baseline import Baseline
from leakwatch.vision.cannula.cannula_layers import draw_footprint, find_pixels
from leakwatch.vision.cannula.cannula_measurement import CannulaMeasurer, for_working_cannulas
from leakwatch.vision.cannula.cannula_model import Cannula
from leakwatch.vision.cannula.line_search import LineSearch
from leakwatch.vision.cannula.tracking import CannulaState
from leakwatch.vision.vertebra.posterior_wall import Wall


@dataclass(frozen=True)
class CannulaSearch:
    """Search for a cannula, with its settings, at the scale of a run."""

    scale: Scale
    settings: InstrumentSettings

    @cached_property
    def lines(self) -> LineSearch:
        """Search for the line of a needle."""
        return LineSearch(self.scale, self.settings)

    @cached_property
    def measurer(self) -> CannulaMeasurer:
        """Measurement of a needle."""
        return CannulaMeasurer(self.scale, self.settings)

    @cached_property
    def wider(self) -> CannulaSearch:
        """The same search for working cannulas: what lies beside one is told farther from it."""
        return CannulaSearch(self.scale, for_working_cannulas(self.settings))

    @property
    def is_possible(self) -> bool:
        """Return whether a needle is wider than a pixel; else it has no profile to follow."""
        return self.scale.px(self.settings.width_mm) >= 1.0

    def find(
        self,
        baseline: Baseline,
        wall: Wall | None,
        tip: Point | None,
        beside: Cannula | None = None,
        needle: tuple[Point, Point] | None = None,
    ) -> CannulaState:
        """Find the cannula in the baseline: the straightest, longest ridge of its width.

        Parameters
        ----------
        baseline : Baseline
        wall : Wall or None
            The cannula is looked for behind it, where nothing else is straight.
        tip : Point or None
            Marked tip, working pixels; else the front end is where the ridge ends.
        beside : Cannula or None
            One that was found before it. Its width is known to be a cannula's, so that the search
            for one that looks wider, where millimetres are a guess, is left out; and where it is a
            needle, so is another.
        needle : (Point, Point) or None
            The strongest line of a needle's width, where it is known already.
        """
        if not self.is_possible:
            return CannulaState()
        for search, crowded in self._searches(beside):
            line = needle or search.lines.find(baseline, wall, tip, crowded)
            needle = None
            if line is not None:
                cannula = search.measurer.measure(baseline, line, tip, crowded)
                if cannula is not None:
                    return search.initial_state(cannula, baseline.mean, baseline.mean)
        return CannulaState()

    def initial_state(
        self, cannula: Cannula, picture: FloatImage, alone: FloatImage
    ) -> CannulaState:
        """Return what is known of a cannula as soon as it is measured.

        Parameters
        ----------
        cannula : Cannula
        picture : ndarray
            The baseline, less the cannulas before it.
        alone : ndarray
            The same less all others, in which it was measured.
        """
        place = find_pixels(cannula, cannula.pose, picture.shape)
        without = picture.copy()
        without.ravel()[place.at] -= place.steel
        return CannulaState(
            cannula,
            place,
            draw_footprint(cannula, place, 0.0),
            cannula.pose,
            without=read_only(without),
            uncertainty=self.measurer.uncertainty_behind(cannula, alone),
        )

    def _searches(self, beside: Cannula | None) -> Iterator[tuple[CannulaSearch, bool]]:
        """Yield a search for each width, and whether another cannula may lie beside the one."""
        widest = self.scale.px(self.settings.width_mm)
        is_needle = beside is not None and beside.width <= widest
        searches = [self]
        if self.settings.sheath_mm > self.settings.width_mm and not is_needle:
            searches.append(self.wider)
        for search in searches:
            yield search, True
            if beside is None:
                yield search, False
