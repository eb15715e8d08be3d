"""Evidence is shown, never assumed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scene import FORMAT, MM_PER_PX, Scene, breath, disc, rod

from leakwatch.config import Settings
from leakwatch.core.arrays import FloatImage, read_only
from leakwatch.core.frame import View
from leakwatch.core.marks import Marks, Side
from leakwatch.core.results import Condition, Evidence
from leakwatch.core.spacing import Calibration, SpacingRung
from leakwatch.pipeline import stages
from leakwatch.pipeline.evidence import check_matching, compared_tiles
from leakwatch.pipeline.state import PipelineState
from leakwatch.vision.registration import motion

LONG_S = 60.0
MARKS = Marks(
    view=View.LATERAL,
    baseline_frames=(0, 8),
    posterior_wall_px=read_only(np.array([[110.0, 70.0], [110.0, 170.0]])),
    needle_tip_px=(160.0, 120.0),
    anterior=Side.RIGHT,
)


def fold_small_bolus() -> PipelineState:
    """Return the state after a small bolus of cement in the middle of the vertebra."""
    state = stages.initial_state(
        Settings(), MARKS, Calibration(MM_PER_PX, 0.005, SpacingRung.CASE, "case")
    )
    scene = Scene(pixel_format=FORMAT)
    for index in range(25):
        added = rod((160, 120), 5, 5.5, 0.35)
        if index > 10:
            added = added + disc(160, 120, 10, 0.5)
        state, _ = stages.step(state, scene.frame(index, shift=breath(index), added=added))
    assert state.cement.mask is not None
    assert state.cement.mask.any()
    return state


def match_another_image(state: PipelineState, passed: FloatImage, time_s: float) -> Evidence:
    reference, field = state.reference, state.matched_field
    assert reference is not None
    assert field is not None
    nowhere = motion.Registration((0.0, 0.0), 0.0, 1.0)
    tiles = compared_tiles(state, reference)
    return check_matching(state, tiles, passed, field, nowhere, time_s)


def test_an_image_that_did_not_match_matches_again_only_where_that_is_shown() -> None:
    """After a minute unseen cement may lie nearly anywhere, and noise hides the rest."""
    state = replace(fold_small_bolus(), mismatched=True)
    reference, mean = state.reference, state.cement.mean
    assert reference is not None
    assert mean is not None
    later_s = mean.time_s + LONG_S
    noise = np.random.default_rng(7).normal(0.0, 1.0, reference.mean.shape).astype(np.float32)
    found = match_another_image(state, noise, later_s)
    assert found.condition is Condition.SAME
    assert not found.holds
    assert match_another_image(state, reference.mean, later_s).holds
