"""Detectors of a run: made once, with their settings and the scale of its working grid."""

from __future__ import annotations

from dataclasses import dataclass

from leakwatch.config import Settings
from leakwatch.core.geometry import Scale
from leakwatch.vision.background.baseline import BaselineComparator
from leakwatch.vision.background.breathing import BreathingFilter
from leakwatch.vision.background.false_cement import FalseCementModel
from leakwatch.vision.cannula.cannulas import CannulaDetector
from leakwatch.vision.cement.cement_mask import CementSegmenter
from leakwatch.vision.liveness.new_images import LivenessCheck
from leakwatch.vision.preprocessing.lag import LagFilter
from leakwatch.vision.registration.motion import AnatomyMatcher
from leakwatch.vision.registration.rotation import RotationEstimator
from leakwatch.vision.registration.sameness import TileComparator
from leakwatch.vision.vertebra.projected_marks import MarkPlacer
from leakwatch.vision.vessels.tubular import TubeDetector


@dataclass(frozen=True, slots=True)
class Detectors:
    """Detectors that the stages of a run use, fixed by its first frame.

    Parameters
    ----------
    liveness : LivenessCheck
    lag : LagFilter
    anatomy : AnatomyMatcher
    rotation : RotationEstimator
    tiles : TileComparator
    marks : MarkPlacer
    baseline : BaselineComparator
    breathing : BreathingFilter
    false_cement : FalseCementModel
    cannulas : CannulaDetector
    cement : CementSegmenter
    tubes : TubeDetector
    """

    liveness: LivenessCheck
    lag: LagFilter
    anatomy: AnatomyMatcher
    rotation: RotationEstimator
    tiles: TileComparator
    marks: MarkPlacer
    baseline: BaselineComparator
    breathing: BreathingFilter
    false_cement: FalseCementModel
    cannulas: CannulaDetector
    cement: CementSegmenter
    tubes: TubeDetector

    @classmethod
    def at(cls, scale: Scale, settings: Settings) -> Detectors:
        """Return the detectors for a working grid."""
        return cls(
            LivenessCheck(settings.liveness),
            LagFilter(settings.intensity),
            AnatomyMatcher(settings.motion),
            RotationEstimator(settings.motion),
            TileComparator(settings.same),
            MarkPlacer(scale, settings.cement),
            BaselineComparator(scale, settings.baseline),
            BreathingFilter(settings.breathing),
            FalseCementModel(scale, settings.cement),
            CannulaDetector(scale, settings.instruments),
            CementSegmenter(scale, settings.cement),
            TubeDetector(scale, settings.tubular),
        )
