"""Table of all methods that hide or freeze the image, for the measurement of blindness."""

from __future__ import annotations

from functools import partial

from leakwatch.benchmark.blinding import blinding_changed as changed
from leakwatch.benchmark.blinding import blinding_frozen as frozen
from leakwatch.benchmark.blinding import blinding_hidden as hidden
from leakwatch.benchmark.blinding.blinding import BlindingMethod, Kind

_BLIND, _PAUSE, _HARMLESS = Kind.BLIND, Kind.PAUSE, Kind.HARMLESS

BLINDING_METHODS = (
    BlindingMethod(
        "frozen", _BLIND, "last image hold after the pedal is lifted", frozen.frozen, True
    ),
    BlindingMethod(
        "frozen-noise", _BLIND, "a grabber digitises a frozen image again", frozen.frozen_with_noise
    ),
    BlindingMethod(
        "frozen-drifting",
        _BLIND,
        "brightness of a monitor output oscillates",
        frozen.frozen_drifting,
    ),
    BlindingMethod("frozen-jittering", _BLIND, "an analogue link jitters", frozen.frozen_jittering),
    BlindingMethod(
        "mean-frozen", _BLIND, "last image hold of the mean of eight", frozen.mean_frozen, True
    ),
    BlindingMethod(
        "frozen-clock", _BLIND, "a clock runs on a frozen image", frozen.frozen_with_clock
    ),
    BlindingMethod(
        "frozen-cursor", _BLIND, "a cursor moves on a frozen image", frozen.frozen_with_cursor, True
    ),
    BlindingMethod(
        "loop-1s", _BLIND, "a review loop of the last second", partial(frozen.loop, seconds=1.0)
    ),
    BlindingMethod(
        "loop-2s", _BLIND, "a review loop of the last 2 s", partial(frozen.loop, seconds=2.0), True
    ),
    BlindingMethod(
        "loop-4s", _BLIND, "a review loop of the last 4 s", partial(frozen.loop, seconds=4.0)
    ),
    BlindingMethod(
        "loop-jittering",
        _BLIND,
        "a review loop over an analogue link",
        partial(frozen.loop_jittering, seconds=2.0),
    ),
    BlindingMethod(
        "loop-digitised",
        _BLIND,
        "a review loop over a link and a grabber",
        partial(frozen.loop_digitised, seconds=1.5),
        True,
    ),
    BlindingMethod(
        "back-and-forth", _BLIND, "a review loop that reverses at its ends", frozen.back_and_forth
    ),
    BlindingMethod(
        "loop-before", _BLIND, "an earlier sequence is reviewed", frozen.loop_before_cement, True
    ),
    BlindingMethod(
        "body-frozen", _BLIND, "a decoder drops the blocks over the body", frozen.body_frozen, True
    ),
    BlindingMethod(
        "strip-frozen", _BLIND, "a decoder drops one slice of lines", frozen.strip_frozen
    ),
    BlindingMethod("half-frozen", _BLIND, "one of two detector taps is frozen", frozen.half_frozen),
    BlindingMethod(
        "lines-frozen", _BLIND, "one field of interlaced video is frozen", frozen.one_field_frozen
    ),
    BlindingMethod(
        "blade-left", _BLIND, "the collimator is closed", partial(hidden.blade, side="left")
    ),
    BlindingMethod(
        "blade-right", _BLIND, "the collimator is closed", partial(hidden.blade, side="right"), True
    ),
    BlindingMethod(
        "blade-top", _BLIND, "the collimator is closed", partial(hidden.blade, side="top")
    ),
    BlindingMethod(
        "blade-bottom",
        _BLIND,
        "the collimator is closed",
        partial(hidden.blade, side="bottom"),
        True,
    ),
    BlindingMethod("iris", _BLIND, "the iris is closed", hidden.iris),
    BlindingMethod(
        "wedge", _BLIND, "a wedge filter is moved over the wall", hidden.wedge_filter, True
    ),
    BlindingMethod(
        "body-saturated",
        _BLIND,
        "automatic exposure control reacts to dense metal",
        hidden.body_saturated,
    ),
    BlindingMethod(
        "anterior-saturated",
        _BLIND,
        "lung in front of the body is saturated",
        hidden.anterior_saturated,
        True,
    ),
    BlindingMethod("overexposed", _BLIND, "dose is increased manually", hidden.overexposed),
    BlindingMethod(
        "steel", _BLIND, "an instrument tray lies on the patient", hidden.steel_plate, True
    ),
    BlindingMethod("hand", _BLIND, "a hand in a lead glove is in the beam", hidden.hand),
    BlindingMethod("black-bar", _BLIND, "a menu opens over the wall", hidden.black_bar),
    BlindingMethod("grey-box", _BLIND, "a window opens over the body", hidden.grey_body, True),
    BlindingMethod(
        "noise-box", _BLIND, "a window with dither opens over the body", hidden.noise_over_body
    ),
    BlindingMethod("dead-rows", _BLIND, "lines of the detector die", hidden.dead_rows),
    BlindingMethod("black", _BLIND, "the tube or the cable fails", hidden.black),
    BlindingMethod("blurred", _BLIND, "a display filter or wrong focus", changed.blurred, True),
    BlindingMethod(
        "motion-blurred", _BLIND, "the table moves during the pulse", changed.motion_blurred
    ),
    BlindingMethod("torn", _BLIND, "a link loses synchronization", changed.torn),
    BlindingMethod("mirrored", _BLIND, "the display is flipped horizontally", changed.mirrored),
    BlindingMethod(
        "upside-down", _BLIND, "the display is flipped vertically", changed.upside_down, True
    ),
    BlindingMethod("inverted", _BLIND, "the display is inverted", changed.inverted),
    BlindingMethod(
        "turned-10",
        _BLIND,
        "the image is rotated on the display",
        partial(changed.turned, degrees=10.0),
    ),
    BlindingMethod(
        "magnified",
        _BLIND,
        "the display is zoomed by a quarter",
        partial(changed.turned, degrees=0.0, scale=1.25),
        True,
    ),
    BlindingMethod(
        "next-vertebra", _BLIND, "the table is moved by a vertebra", changed.one_vertebra_up
    ),
    BlindingMethod("other-patient", _BLIND, "another study is opened", changed.other_patient),
    BlindingMethod(
        "before-cement",
        _BLIND,
        "a processor shows its mask with live noise",
        changed.before_cement_with_noise,
        True,
    ),
    BlindingMethod(
        "hold-1s", _PAUSE, "the pedal is lifted for a moment", frozen.frozen, False, 1.0
    ),
    BlindingMethod("hold-2s", _PAUSE, "the pedal is lifted for 2 s", frozen.frozen, True, 2.0),
    BlindingMethod("hold-4s", _PAUSE, "the pedal is lifted for 4 s", frozen.frozen, False, 4.0),
    BlindingMethod("gap-2s", _PAUSE, "the network loses 2 s", frozen.as_it_is, True, 2.0, True),
    BlindingMethod(
        "pause-60s", _PAUSE, "one frame per minute", frozen.as_it_is, False, 0.0, False, 60.0
    ),
    BlindingMethod(
        "pause-600s", _PAUSE, "more cement is mixed", frozen.as_it_is, True, 0.0, False, 600.0
    ),
    BlindingMethod("as-it-is", _HARMLESS, "nothing: the unchanged case", frozen.as_it_is),
    BlindingMethod("8-bit", _HARMLESS, "grey levels of a frame grabber", changed.eight_bits),
    BlindingMethod(
        "clock", _HARMLESS, "the C-arm writes the time into a corner", changed.clock, True
    ),
    BlindingMethod("twice", _HARMLESS, "a display shows each pulse twice", frozen.each_twice),
    BlindingMethod("drift", _HARMLESS, "brightness control follows the cement", changed.drifting),
    BlindingMethod("dose-0.7", _HARMLESS, "the dose is lowered", changed.lower_dose, True),
    BlindingMethod(
        "lead-far", _HARMLESS, "a blade closes far from the vertebra", hidden.lead_far_away
    ),
)
