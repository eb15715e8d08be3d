"""Which source gives the factor of the volume, and what is said without one."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import msgspec
import numpy as np
import pytest

from leakwatch.config import Settings
from leakwatch.core.arrays import read_only
from leakwatch.core.frame import Acquisition, Frame, IntensityRelationship, PixelFormat, View
from leakwatch.core.geometry import Scale
from leakwatch.core.marks import Marks
from leakwatch.core.spacing import Calibration, SpacingRung
from leakwatch.core.volume import NO_INPUTS, CementInputs, FactorSource, SyringeReading
from leakwatch.pipeline.volume import Measured, VolumeRun, VolumeState, follow_volume, kept_factor
from leakwatch.vision.cannula.lumen import LumenContent
from leakwatch.vision.cement.xray_contrast import (
    Opacifier,
    Tube,
    beam_behind_trunk,
    bore_integral,
    steel_integral,
    thickness_curve,
)

MM = 0.5  # of a working pixel
SETTINGS = Settings()
LIN = PixelFormat("MONOCHROME2", 12, IntensityRelationship.LIN)
KNOWN = Calibration(0.25, 0.005, SpacingRung.CASE, "case")
UNKNOWN = Calibration(None, None, SpacingRung.NONE, "none")
SCATTER, OPACIFIER = 0.4, Opacifier("BaSO4", 0.19)
BEAM = beam_behind_trunk(80.0, SETTINGS.volume)
TUBE = Tube(3.05, 2.39, 1.0 / np.cos(np.radians(SETTINGS.volume.lean_deg)))
SQUARE = np.s_[40:60, 50:80]  # 600 pixels, 150 mm2


def acquisition(**changes: Any) -> Acquisition:
    return replace(Acquisition(200, 240, LIN, tube_kv=80.0), **changes)


def run(cement: CementInputs = NO_INPUTS, **changes: Any) -> VolumeRun:
    whole = VolumeRun(
        acquisition(), 0, Scale(MM), KNOWN, Marks(View.LATERAL, cement=cement), SETTINGS
    )
    return replace(whole, **changes)


def cannula() -> Any:
    """A rod as an empty tube of 11G looks behind the scatter."""
    profile = np.array([0.2, 1.0, 1.0, 1.0, 1.0, 1.0, 0.2], np.float32)
    contrast = steel_integral(BEAM, TUBE, SCATTER) / (float(profile.sum()) * MM)
    return SimpleNamespace(
        profile=profile, contrast=np.full(80, contrast), steps=80, width=3.05 / MM
    )


def full_bore(opacifier: Opacifier = OPACIFIER) -> LumenContent:
    """Its bore, full of cement."""
    rod = cannula()
    seen = bore_integral(BEAM, TUBE, opacifier, SCATTER) / (rod.contrast[0] * MM)
    profile = np.full(7, seen / 7, np.float32)
    return LumenContent(profile, profile, 0.0)


def measured(index: int, thickness_mm: float = 4.0, time_s: float | None = None, **changes: Any):
    """A square of cement, its thickness the same everywhere."""
    curve = thickness_curve(BEAM, OPACIFIER, SCATTER)
    mask = np.zeros((100, 120), bool)
    mask[SQUARE] = thickness_mm > 0.0
    amount = float(np.interp(thickness_mm, curve.thickness_mm, curve.added))
    added = np.where(mask, amount, 0.0).astype(np.float32)
    frame = Frame(
        index,
        index / 10 if time_s is None else time_s,
        read_only(np.zeros((200, 240), np.uint16)),
        acquisition(),
    )
    whole = Measured(
        frame,
        np.full((100, 120), -6.0, np.float32),
        added,
        np.ones((100, 120), bool),
        mask,
        SQUARE if mask.any() else None,
        cannula(),
        None,
    )
    return replace(whole, **changes)


def volume_ml(thickness_mm: float) -> float:
    return 600 * MM**2 * thickness_mm / 1000.0


def test_without_any_source_there_is_growth_and_the_reason() -> None:
    state = VolumeState()
    for index, thickness_mm in ((0, 1.0), (60, 1.5), (100, 2.0), (101, 2.0)):
        state = follow_volume(state, measured(index, thickness_mm), run())
    assert (state.now.ml, state.now.sigma_ml, state.now.source) == (None, None, None)
    assert state.now.why == "neither a syringe reading nor product or gauge is known"
    assert state.now.growth == pytest.approx(0.93, abs=0.08)  # twice as thick; contrast bends
    assert state.now.amount_mm2 is not None


def test_growth_is_unknown_where_nothing_was_seen_long_enough_ago() -> None:
    state = follow_volume(VolumeState(), measured(0, 0.0), run())
    state = follow_volume(state, measured(50, 1.0), run())
    assert state.now.growth is None
    state = follow_volume(state, measured(110, 1.0), run())
    assert state.now.growth is None  # ten seconds ago there was no cement
    state = follow_volume(state, measured(160, 1.0), run())
    assert state.now.growth == pytest.approx(0.0, abs=1e-6)


def test_a_reading_of_the_syringe_gives_the_volume_from_its_frame_on() -> None:
    inputs = run(CementInputs(syringe=(SyringeReading(5, 0.8),)))
    state = follow_volume(VolumeState(), measured(4, 4.0), inputs)
    assert state.now.ml is None
    state = follow_volume(state, measured(5, 4.0), inputs)
    assert state.now.ml == pytest.approx(0.8)
    assert state.now.source is FactorSource.SYRINGE
    assert state.now.sigma_ml == pytest.approx(np.hypot(0.1, 0.8 * 0.03 * np.sqrt(2)), rel=0.01)
    double = measured(6, 4.0)
    double = replace(double, added=2.0 * double.added)
    assert follow_volume(state, double, inputs).now.ml == pytest.approx(1.6)


def test_typed_twice_the_last_one_counts() -> None:
    inputs = run(CementInputs(syringe=(SyringeReading(5, 0.3), SyringeReading(7, 0.9))))
    state = follow_volume(VolumeState(), measured(5), inputs)
    assert state.now.ml == pytest.approx(0.3)
    state = follow_volume(state, measured(7), inputs)
    assert state.now.ml == pytest.approx(0.9)
    # Both before a frame was assessed: only the last can be held against it.
    state = follow_volume(VolumeState(), measured(7), inputs)
    assert (state.now.ml, state.now.refused) == (pytest.approx(0.9), "")


def test_typed_before_any_cement_is_seen_it_is_refused_for_good() -> None:
    inputs = run(CementInputs(syringe=(SyringeReading(2, 0.5),)))
    state = follow_volume(VolumeState(), measured(3, 0.0), inputs)
    assert state.now.refused == "no cement was detected then"
    state = follow_volume(state, measured(4, 3.0), inputs)
    assert (state.now.ml, state.now.refused) == (None, "no cement was detected then")


@pytest.mark.parametrize("ml", [0.1, 20.0])
def test_a_reading_that_no_cement_can_explain_is_refused_and_the_factor_stays(ml: float) -> None:
    good = SyringeReading(1, 0.6)
    inputs = run(CementInputs(syringe=(good, SyringeReading(2, ml))))
    thick = measured(1, 4.0)
    state = follow_volume(VolumeState(), thick, inputs)
    scaled = 8.0 if ml == 0.1 else 0.5
    state = follow_volume(state, replace(measured(2), added=scaled * thick.added), inputs)
    assert state.now.refused == f"no cement looks like that at {ml:g} mL"
    assert state.now.ml == pytest.approx(0.6 * scaled)


def test_a_reading_waits_for_an_assessed_frame_but_not_long() -> None:
    inputs = run(CementInputs(syringe=(SyringeReading(5, 0.6),)))
    before = follow_volume(VolumeState(), measured(4), inputs)
    assert follow_volume(before, measured(20), inputs).now.ml == pytest.approx(0.6)
    late = follow_volume(before, measured(40), inputs)
    assert late.now.refused == "no image was assessed for 4 s then"
    # The pedal was off: frames 4 and 5 are 30 s apart, and nothing was injected unseen.
    after_pause = follow_volume(before, measured(5, time_s=30.4), inputs)
    assert after_pause.now.ml == pytest.approx(0.6)


def test_a_reading_of_another_baseline_is_left_out() -> None:
    inputs = run(CementInputs(syringe=(SyringeReading(5, 0.6),)), first_frame=9)
    state = follow_volume(VolumeState(), measured(10), inputs)
    assert (state.now.ml, state.now.refused) == (None, "")


def test_cement_that_leaves_the_picture_has_no_volume() -> None:
    inputs = run(CementInputs(syringe=(SyringeReading(1, 0.6), SyringeReading(3, 0.9))))
    state = follow_volume(VolumeState(), measured(1), inputs)
    assert state.now.ml == pytest.approx(0.6)
    blades = np.ones((100, 120), bool)
    blades[:, 80:] = False  # the cement reaches the blade
    state = follow_volume(state, measured(3, seen=blades), inputs)
    edge = "cement reaches the edge of what the image shows"
    assert (state.now.ml, state.now.why, state.now.refused) == (None, edge, edge)
    assert state.now.growth is None
    state = follow_volume(state, measured(4), inputs)  # and it comes back
    assert (state.now.ml, state.now.why) == (pytest.approx(0.6), "")


@pytest.mark.parametrize("side", range(4))
def test_the_border_of_the_picture_is_an_edge_as_well(side: int) -> None:
    mask = np.zeros((100, 120), bool)
    box = (np.s_[0:20, 50:80], np.s_[80:100, 50:80], np.s_[40:60, 0:30], np.s_[40:60, 90:120])[side]
    mask[box] = True
    state = follow_volume(VolumeState(), measured(1, mask=mask, box=box), run())
    assert state.now.why == "cement reaches the edge of what the image shows"


@pytest.mark.parametrize(
    ("pixel_format", "dark"),
    [
        (LIN, 0.69),  # -ln(0.5): a stored value of 0
        (replace(LIN, relationship=IntensityRelationship.LOG), 0.0),
        (replace(LIN, relationship=IntensityRelationship.DISP, bits_stored=8), 0.0),  # value 1
    ],
)
def test_saturated_cement_has_no_volume(pixel_format: PixelFormat, dark: float) -> None:
    there = measured(1)
    attenuation = there.attenuation.copy()
    attenuation[45:50, 55:60] = dark  # 25 pixels of 600
    frame = replace(there.frame, acquisition=acquisition(pixel_format=pixel_format))
    inputs = run(CementInputs(syringe=(SyringeReading(1, 0.6),)))
    state = follow_volume(
        VolumeState(), replace(there, attenuation=attenuation, frame=frame), inputs
    )
    dark_text = "cement is as dark as the image can be"
    assert (state.now.ml, state.now.why, state.now.refused) == (None, dark_text, dark_text)
    # A pixel less than that share is noise.
    attenuation[45:50, 55:60] = -6.0
    attenuation[45, 55] = dark
    state = follow_volume(
        VolumeState(), replace(there, attenuation=attenuation, frame=frame), inputs
    )
    assert state.now.ml == pytest.approx(0.6)


@pytest.mark.parametrize("gauge", [11, None])
@pytest.mark.parametrize("thickness_mm", [2.0, 5.0, 12.0])
def test_a_product_and_the_scatter_that_a_cannula_shows_give_the_volume(
    gauge: Any, thickness_mm: float
) -> None:
    inputs = run(CementInputs("BaSO4 30 %", gauge))
    state = follow_volume(VolumeState(), measured(3, thickness_mm), inputs)
    assert state.now.source is FactorSource.PRODUCT
    assert state.now.ml == pytest.approx(volume_ml(thickness_mm), rel=0.02)


def test_settings_give_what_a_case_does_not() -> None:
    volume = msgspec.structs.replace(SETTINGS.volume, product="BaSO4 30 %", gauge=11)
    settings = msgspec.structs.replace(SETTINGS, volume=volume)
    state = follow_volume(VolumeState(), measured(3), run(settings=settings))
    assert state.now.ml == pytest.approx(volume_ml(4.0), rel=0.02)
    other = run(CementInputs("BaSO4 10 %", 11), settings=settings)
    more = follow_volume(VolumeState(), measured(3), other).now.ml
    assert more is not None
    assert more > 2.0 * volume_ml(4.0)  # the same contrast, of a fainter cement


def test_cement_in_a_known_bore_gives_the_volume_once_it_was_seen_long_enough() -> None:
    inputs, state = run(CementInputs(gauge=11)), VolumeState()
    state = follow_volume(state, measured(0), inputs)
    waiting = "no cement is seen in the cannula yet"
    assert (state.now.ml, state.now.why) == (None, waiting)
    for index in range(1, 11):
        state = follow_volume(state, measured(index, content=full_bore()), inputs)
        assert (state.now.ml, state.now.why) == (None, waiting)
    state = follow_volume(state, measured(11, content=full_bore()), inputs)
    assert state.now.source is FactorSource.LUMEN
    assert state.now.ml == pytest.approx(volume_ml(4.0), rel=0.02)
    # Noise afterwards does not move it: its contrast is a mean, and in the end it is settled.
    for index in range(12, 80):
        state = follow_volume(state, measured(index, content=full_bore()), inputs)
    settled = state.factor
    state = follow_volume(state, measured(80, content=full_bore(Opacifier("BaSO4", 0.4))), inputs)
    assert state.factor is settled


def test_faint_cement_in_the_bore_gives_no_volume() -> None:
    inputs, state = run(CementInputs(gauge=11)), VolumeState()
    for index in range(70):
        faint = full_bore(Opacifier("BaSO4", 0.03))
        state = follow_volume(state, measured(index, content=faint), inputs)
    assert (state.now.ml, state.factor) == (None, None)
    assert state.now.why == "the cement in the cannula is too faint: enter the syringe"


def test_a_syringe_goes_before_everything_else_and_nothing_replaces_it() -> None:
    inputs = run(CementInputs("BaSO4 30 %", 11, (SyringeReading(5, 0.9),)))
    state = follow_volume(VolumeState(), measured(4), inputs)
    assert state.now.source is FactorSource.PRODUCT
    state = follow_volume(state, measured(5), inputs)
    assert (state.now.source, state.now.ml) == (FactorSource.SYRINGE, pytest.approx(0.9))
    inputs = run(CementInputs(None, 11, (SyringeReading(15, 0.9),)))
    state = VolumeState()
    for index in range(100):
        state = follow_volume(state, measured(index, content=full_bore()), inputs)
    assert (state.now.source, state.now.ml) == (FactorSource.SYRINGE, pytest.approx(0.9))


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"calibration": UNKNOWN}, "the pixel spacing at the vertebra is unknown"),
        ({"acquisition": acquisition(tube_kv=None)}, "the header has no tube voltage"),
        (
            {"acquisition": acquisition(pixel_format=replace(LIN, relationship=None))},
            "the image is not linear in X-ray intensity",
        ),
        (
            {"marks": Marks(View.AP, cement=CementInputs("BaSO4 30 %"))},
            "no cannula is seen in a lateral view",
        ),
    ],
)
def test_a_product_alone_says_what_it_lacks(changes: dict[str, Any], why: str) -> None:
    inputs = replace(run(CementInputs("BaSO4 30 %")), **changes)
    state = follow_volume(VolumeState(), measured(3), inputs)
    assert state.now.ml is None
    assert state.now.why.startswith(why)


def test_a_rod_that_is_no_empty_tube_of_its_gauge_gives_no_factor() -> None:
    solid = cannula()
    solid.contrast = 3.0 * solid.contrast  # the stylet is in it
    state = follow_volume(
        VolumeState(), measured(3, cannula=solid), run(CementInputs("BaSO4 30 %", 11))
    )
    assert state.now.ml is None
    assert state.now.why.startswith("the cannula does not look like an empty tube of its gauge")
    without = follow_volume(
        VolumeState(), measured(3, cannula=None), run(CementInputs("BaSO4 30 %", 11))
    )
    assert without.now.why.startswith("no cannula is seen in a lateral view")


def test_a_syringe_needs_no_millimetres_and_any_pixels() -> None:
    display = acquisition(pixel_format=replace(LIN, relationship=IntensityRelationship.DISP))
    inputs = run(
        CementInputs(syringe=(SyringeReading(1, 0.6),)), calibration=UNKNOWN, acquisition=display
    )
    state = follow_volume(VolumeState(), measured(1), inputs)
    assert (state.now.ml, state.now.amount_mm2) == (pytest.approx(0.6), None)


def test_another_baseline_keeps_the_factor_of_the_same_cement() -> None:
    inputs = run(CementInputs(syringe=(SyringeReading(1, 0.6),)))
    before = follow_volume(VolumeState(), measured(1), inputs)
    kept = kept_factor(before, calibrated=True)
    state = follow_volume(kept, measured(30), replace(inputs, first_frame=20))
    assert (state.now.ml, state.now.source) == (pytest.approx(0.6), FactorSource.SYRINGE)
    assert kept_factor(before, calibrated=False) == VolumeState()


def test_a_clock_that_goes_back_does_not_break_growth() -> None:
    state = follow_volume(VolumeState(), measured(0, time_s=100.0), run())
    state = follow_volume(state, measured(1, time_s=3.0), run())
    state = follow_volume(state, measured(2, time_s=13.5), run())
    assert state.now.growth == pytest.approx(0.0, abs=1e-6)
