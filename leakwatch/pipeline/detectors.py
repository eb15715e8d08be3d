"""Detectors of a run: made once, with their settings and the scale of its working grid."""

from __future__ import annotations

from dataclasses import dataclass

from leakwatch.config import Settings
from leakwatch.core.geometry import Scale
from leakwatch.vision.background.baseline import BaselineComparator
from leakwatch.vision.background.breathing import BreathingFilter
from leakwatch.vision.cannula.cannulas import CannulaDetector
from leakwatch.vision.cement.cement_mask import CementSegmenter
from leakwatch.vision.liveness.new_images import LivenessCheck
from leakwatch.vision.registration.sameness import TileComparator


@dataclass(frozen=True, slots=True)
class Detectors:
    """Detectors that the stages of a run use, fixed by its first frame.

    Parameters
    ----------
    liveness : LivenessCheck
    tiles : TileComparator
    baseline : BaselineComparator
    breathing : BreathingFilter
    cannulas : CannulaDetector
    cement : CementSegmenter
    """

    liveness: LivenessCheck
    tiles: TileComparator
    baseline: BaselineComparator
    breathing: BreathingFilter
    cannulas: CannulaDetector
    cement: CementSegmenter

    @classmethod
    def at(cls, scale: Scale, settings: Settings) -> Detectors:
        """Return the detectors for a working grid."""
        return cls(
            LivenessCheck(settings.liveness),
            TileComparator(settings.same),
            BaselineComparator(scale, settings.baseline),
            BreathingFilter(settings.breathing),
            CannulaDetector(scale, settings.instruments),
            CementSegmenter(scale, settings.cement),
        )
