"""Millimetres from the two ends of an object; expected numbers are worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leakwatch.calibrating.known_size import (
    GAUGES_MM,
    KnownObject,
    ObjectToMeasure,
    measure_spacing,
    outer_diameter_mm,
)
from leakwatch.config import CalibrationSettings
from leakwatch.core.errors import CalibrationError
from leakwatch.core.frame import ProjectionGeometry
from leakwatch.core.spacing import Distortion
from leakwatch.simulator.scene.steel_cannula import DIAMETERS_MM

SETTINGS = CalibrationSettings()
C_ARM = ProjectionGeometry(sid_mm=1000.0, sod_mm=750.0)


def measured(asked, ends, sigma=1.0, geometry=C_ARM):
    return measure_spacing(asked, np.array(ends), sigma, geometry, SETTINGS)


def test_a_ruler():
    found = measured(ObjectToMeasure(KnownObject.RULER, 50.0), [[10, 20], [130, 180]])
    assert found.size_px == pytest.approx(200.0)
    assert found.mm_per_px == pytest.approx(0.25)
    tilt = math.sqrt(3) / 2 * math.radians(8.0) ** 2
    assert found.parts == pytest.approx(
        {"points": math.sqrt(2) / 200, "depth": 15 / 750, "tilt": tilt}
    )
    assert found.mm_per_px_sigma == pytest.approx(0.25 * math.hypot(*found.parts.values()))


def test_a_cannula_that_leans_looks_shorter():
    ends = [[0, 0], [400, 0]]
    flat = measured(ObjectToMeasure(KnownObject.CANNULA_LENGTH, 100.0), ends)
    leaning = measured(ObjectToMeasure(KnownObject.CANNULA_LENGTH, 100.0, tilt_deg=20.0), ends)
    assert leaning.mm_per_px == pytest.approx(flat.mm_per_px * math.cos(math.radians(20.0)))
    assert leaning.parts["tilt"] > flat.parts["tilt"]
    # Across, a lean changes nothing.
    across = ObjectToMeasure(KnownObject.CANNULA_WIDTH, 3.05, tilt_deg=20.0)
    assert measured(across, [[0, 0], [0, 12.2]]).mm_per_px == pytest.approx(0.25)


def test_depth_counts_more_the_nearer_the_source_is():
    asked = ObjectToMeasure(KnownObject.SPHERE, 25.0, depth_sigma_mm=20.0)
    near, unknown = (
        measured(asked, [[0, 0], [100, 0]], geometry=one)
        for one in (ProjectionGeometry(sod_mm=600.0), ProjectionGeometry())
    )
    assert near.parts["depth"] == pytest.approx(20 / 600)
    assert unknown.parts["depth"] == pytest.approx(20 / SETTINGS.min_sod_mm)


def test_the_distortion_is_taken_out_before():
    bend = Distortion(400, 400, 1, (0.0, 28.2, 0.0), (0.0, 0.0, 28.2), 1e4, 0.5)
    asked = ObjectToMeasure(KnownObject.RULER, 50.0, distortion=bend)
    found = measured(asked, [[100, 200], [300, 200]])
    assert found.size_px == pytest.approx(200 * (1 + 28.2 / (199.5 * math.sqrt(2))))
    assert found.parts["distortion"] == pytest.approx(math.sqrt(2) * 0.5 / found.size_px)


@given(
    st.floats(0.05, 1.0),
    st.floats(0, 2 * math.pi),
    st.floats(20, 200),
    st.tuples(st.floats(-50, 50), st.floats(-50, 50)),
)
def test_place_and_direction_do_not_matter(spacing, angle, size_mm, at):
    way = np.array([math.cos(angle), math.sin(angle)])
    ends = np.array(at) + np.outer([0, size_mm / spacing], way)
    found = measured(ObjectToMeasure(KnownObject.RULER, size_mm), ends)
    assert found.mm_per_px == pytest.approx(spacing)
    swapped = measured(ObjectToMeasure(KnownObject.RULER, size_mm), ends[::-1])
    assert swapped.mm_per_px_sigma == pytest.approx(found.mm_per_px_sigma)


@pytest.mark.parametrize(
    ("size_mm", "ends", "words"),
    [
        (50.0, [[10, 10], [11, 10]], "1.0 pixels apart"),
        (0.0, [[10, 10], [90, 10]], "a size of 0 mm"),
        (math.nan, [[10, 10], [90, 10]], "a size of nan"),
        (500.0, [[10, 10], [90, 10]], "6.25 mm/px"),
        (1.0, [[10, 10], [90, 10]], "0.0125 mm/px"),
    ],
)
def test_what_cannot_be_is_refused(size_mm, ends, words):
    with pytest.raises(CalibrationError, match=words):
        measured(ObjectToMeasure(KnownObject.RULER, size_mm), ends)


def test_gauges():
    for gauge, (outer, _) in DIAMETERS_MM.items():
        assert outer_diameter_mm(gauge) == outer
    assert sorted(GAUGES_MM.values(), reverse=True) == list(GAUGES_MM.values())
    with pytest.raises(CalibrationError, match="unknown gauge 7"):
        outer_diameter_mm(7)
