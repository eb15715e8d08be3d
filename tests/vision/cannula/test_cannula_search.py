"""Settings at the ends of their ranges: truth is the cannula that was drawn."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from test_tracking import MM_PER_PX, SCALE, SEEN, SETTINGS, WALL, noisy, picture, sheath

from leakwatch.core.arrays import read_only
from leakwatch.vision.background.baseline import Baseline
from leakwatch.vision.cannula.cannula_search import CannulaSearch
from leakwatch.vision.cannula.tracking import CannulaTracker


@pytest.mark.parametrize("strip_mm", [3.0, 9.0])
def test_a_working_cannula_is_wider_than_a_narrow_strip(strip_mm: float) -> None:
    """Its surroundings are looked at, however narrow a strip is set."""
    settings = msgspec.structs.replace(SETTINGS, strip_mm=strip_mm)
    baseline = Baseline(noisy(sheath(5.0, 4.19, 3.43), 0.006), SEEN, 16)
    cannula = CannulaSearch(SCALE, settings).find(baseline, WALL, None).cannula
    assert cannula is not None
    assert cannula.width * MM_PER_PX == pytest.approx(4.19, abs=0.6)


@pytest.mark.parametrize("refinements", [1, 20])
def test_one_refinement_measures_a_cannula(refinements: int) -> None:
    settings = msgspec.structs.replace(SETTINGS, refinements=refinements)
    baseline = Baseline(noisy(picture(4.0), 0.006), SEEN, 16)
    cannula = CannulaSearch(SCALE, settings).find(baseline, WALL, None).cannula
    assert cannula is not None
    assert cannula.width * MM_PER_PX == pytest.approx(2.6, abs=0.6)


@pytest.mark.parametrize("share", [0.1, 1.0])
def test_any_share_of_the_outer_half_may_be_taken_for_traces(share: float) -> None:
    settings = msgspec.structs.replace(SETTINGS, trace_share=share)
    before, after = picture(4.0), picture(6.5)
    baseline = Baseline(noisy(before, 0.006), SEEN, 16)
    state = CannulaSearch(SCALE, settings).find(baseline, WALL, None)
    known = read_only(np.zeros_like(SEEN))
    tracked = CannulaTracker(SCALE, settings).track(state, baseline, noisy(after), known, 0.0)
    assert tracked.state.moved
    assert tracked.artefact is not None
    assert np.isfinite(tracked.artefact).all()
    assert 0.0 < tracked.artefact.max() < 0.2
