"""Posterior line of the spine: posterior walls, one above the other, over the discs too.

It is seen where a body's own edges are not: in the thorax, behind ribs and lungs; and it tells how
a wall leans better than the 20 mm of one body do.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from leakwatch.config import VertebraSettings
from leakwatch.core.arrays import Array, PointArray
from leakwatch.vision.vertebra.body_sides import (
    Direction,
    Edge,
    Shape,
    SideSearch,
    normal_prior,
    shape_prior,
)
from leakwatch.vision.vertebra.straightened_patch import Patch

_STEP_MM, _STEP_DEG = 0.25, 1.5
_LEAN_DEG = 12.0
_NEAR_MM = 4.0  # about the body's own edge: further away, it is another one
# Where only the tilt is asked for: rough, and through half a neighbour on either side of any body.
_ROUGH_MM, _TILTED_HALF_MM, _TILT_DEG = 0.5, 24.0, 36.0


@dataclass(frozen=True)
class PosteriorLine:
    """Line along the posterior walls of the bodies above and below."""

    settings: VertebraSettings

    @cached_property
    def search(self) -> SideSearch:
        """Search for one side of a body, with the same settings."""
        return SideSearch(self.settings)

    def tilts(
        self, patch: Patch, reach_mm: tuple[float, float], half_depth_mm: float
    ) -> tuple[Array, Array]:
        """Return what the posterior line says of the tilt of the spine.

        Parameters
        ----------
        patch : Patch
            At the click, along the picture.
        reach_mm : (float, float)
            How far behind the click it may run.
        half_depth_mm : float
            Where it is expected.

        Returns
        -------
        tilt_deg, log_likelihood : ndarray
        """
        offsets = np.arange(*reach_mm, _ROUGH_MM)
        turns = np.arange(-_TILT_DEG, _TILT_DEG + 1e-6, _STEP_DEG)
        half = _TILTED_HALF_MM
        shape = Shape(Direction.BACK, -half, half, 0.0, 0.0, half)
        lines = self.search.candidates(patch, shape, offsets, turns, np.zeros(1))
        place_sd = float(
            np.hypot(self.settings.centre_sd_mm, self.settings.depth_sd * half_depth_mm)
        )
        score = lines.score + normal_prior(lines.offset, half_depth_mm, place_sd)
        by_turn = np.logaddexp.reduce(score.reshape(len(offsets), len(turns)), axis=0)
        lean = normal_prior(turns[:, None] - turns, 0.0, self.settings.lean_sd_deg)
        return turns, np.logaddexp.reduce(lean + by_turn, axis=1)

    def in_line(self, patch: Patch, back: Edge, half_mm: float, hints_mm: PointArray) -> Edge:
        """Return the posterior edge of a body, placed by the line that goes on beyond its ends.

        Parameters
        ----------
        patch : Patch
            In the axes of `back`.
        back : Edge
            The edge as the body alone shows it.
        half_mm : float
            Half the height of the body.
        hints_mm : ndarray
            ``(h, 2)``, points that a person set on the wall in the midline.
        """
        end = half_mm + self.settings.line_beyond_mm
        shape = Shape(Direction.BACK, -end, end, 0.0, 0.0, half_mm)
        offsets = float(back.at(0.0)) + np.arange(-_NEAR_MM, _NEAR_MM + 1e-6, _STEP_MM)
        leans = np.arange(-_LEAN_DEG, _LEAN_DEG + 1e-6, _STEP_DEG)
        lines = self.search.candidates(patch, shape, offsets, leans, np.zeros(1))
        prior = shape_prior(lines, self.settings.back_lean_sd_deg, 0.0, self.settings.hollow_sd_mm)
        prior = prior + self.search.hint_prior(
            lines, hints_mm, self.settings.back_hollow_mm, self.settings.back_hollow_sd_mm
        )
        line = self.search.weighed(lines, prior, back.along_mm)
        # What speaks for another edge, further away, still does.
        sigma = np.hypot(line.sigma_mm, back.far_mm)
        return replace(
            line,
            sigma_mm=sigma,
            exposed=back.exposed,
            other_mm=back.other_mm,
            far_mm=back.far_mm,
        )
