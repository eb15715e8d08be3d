"""The table of all ways of blinding."""

from __future__ import annotations

from functools import partial

from leakwatch.benchmark.blinding import blinding_changed as changed
from leakwatch.benchmark.blinding import blinding_held as held
from leakwatch.benchmark.blinding import blinding_hidden as hidden
from leakwatch.benchmark.blinding.blinding import Kind, Way

_BLIND, _PAUSE, _HARMLESS = Kind.BLIND, Kind.PAUSE, Kind.HARMLESS

WAYS = (
    Way("held", _BLIND, "the pedal is lifted, and the last image stays", held.held, True),
    Way("held-noise", _BLIND, "a grabber digitises a held image anew", held.held_with_noise),
    Way("held-drifting", _BLIND, "a monitor output swings over a held image", held.held_drifting),
    Way("held-trembling", _BLIND, "an analogue link trembles", held.held_trembling),
    Way("mean-held", _BLIND, "a last-image hold of the mean of eight", held.mean_held, True),
    Way("held-clock", _BLIND, "a clock ticks over a held image", held.held_with_clock),
    Way("held-cursor", _BLIND, "somebody points into a held image", held.held_with_cursor, True),
    Way("loop-1s", _BLIND, "a review loop of the last second", partial(held.loop, seconds=1.0)),
    Way("loop-2s", _BLIND, "a review loop of the last 2 s", partial(held.loop, seconds=2.0), True),
    Way("loop-4s", _BLIND, "a review loop of the last 4 s", partial(held.loop, seconds=4.0)),
    Way(
        "loop-trembling",
        _BLIND,
        "a review loop over an analogue link",
        partial(held.loop_trembling, seconds=2.0),
    ),
    Way(
        "loop-digitised",
        _BLIND,
        "a review loop over a link and a grabber",
        partial(held.loop_digitised, seconds=1.5),
        True,
    ),
    Way("back-and-forth", _BLIND, "a review loop that turns at its ends", held.back_and_forth),
    Way("loop-before", _BLIND, "an earlier run is reviewed", held.loop_before_cement, True),
    Way("body-held", _BLIND, "a decoder drops the blocks over the body", held.body_held, True),
    Way("strip-held", _BLIND, "a decoder drops one slice of lines", held.strip_held),
    Way("half-held", _BLIND, "one tap of a detector's two stands still", held.half_held),
    Way("lines-held", _BLIND, "one field of interlaced video stands", held.every_second_line_held),
    Way("blade-left", _BLIND, "the collimator is closed", partial(hidden.blade, side="left")),
    Way(
        "blade-right", _BLIND, "the collimator is closed", partial(hidden.blade, side="right"), True
    ),
    Way("blade-top", _BLIND, "the collimator is closed", partial(hidden.blade, side="top")),
    Way(
        "blade-bottom",
        _BLIND,
        "the collimator is closed",
        partial(hidden.blade, side="bottom"),
        True,
    ),
    Way("iris", _BLIND, "the iris is closed", hidden.iris),
    Way("wedge", _BLIND, "a wedge filter is pushed over the wall", hidden.wedge_filter, True),
    Way("body-burnt", _BLIND, "automatic dose sees something dense", hidden.body_burnt_out),
    Way("front-burnt", _BLIND, "lung beside the body is clipped", hidden.front_burnt_out, True),
    Way("overexposed", _BLIND, "dose is raised by hand", hidden.overexposed),
    Way("steel", _BLIND, "an instrument tray lies on the patient", hidden.steel_plate, True),
    Way("hand", _BLIND, "a hand in a lead glove is in the beam", hidden.hand),
    Way("black-bar", _BLIND, "a menu opens over the wall", hidden.black_bar),
    Way("grey-box", _BLIND, "a window opens over the body", hidden.grey_body, True),
    Way("noise-box", _BLIND, "a window with dither opens over the body", hidden.noise_over_body),
    Way("dead-rows", _BLIND, "lines of the detector die", hidden.dead_rows),
    Way("black", _BLIND, "the tube or the cable fails", hidden.black),
    Way("blurred", _BLIND, "a display filter or a bad focus", changed.blurred, True),
    Way("motion-blurred", _BLIND, "the table is driven during the pulse", changed.motion_blurred),
    Way("torn", _BLIND, "a link loses its line", changed.torn),
    Way("mirrored", _BLIND, "somebody mirrors the display", changed.mirrored),
    Way("upside-down", _BLIND, "somebody turns the display over", changed.upside_down, True),
    Way("inverted", _BLIND, "somebody inverts the display", changed.inverted),
    Way(
        "turned-10",
        _BLIND,
        "the picture is turned on the display",
        partial(changed.turned, degrees=10.0),
    ),
    Way(
        "magnified",
        _BLIND,
        "the display is zoomed by a quarter",
        partial(changed.turned, degrees=0.0, scale=1.25),
        True,
    ),
    Way("next-vertebra", _BLIND, "the table is driven by a vertebra", changed.one_vertebra_up),
    Way("other-patient", _BLIND, "another study is opened", changed.other_patient),
    Way(
        "before-cement",
        _BLIND,
        "a processor shows its mask with live noise",
        changed.before_cement_with_noise,
        True,
    ),
    Way("hold-1s", _PAUSE, "the pedal is lifted for a moment", held.held, False, 1.0),
    Way("hold-2s", _PAUSE, "the pedal is lifted for 2 s", held.held, True, 2.0),
    Way("hold-4s", _PAUSE, "the pedal is lifted for 4 s", held.held, False, 4.0),
    Way("gap-2s", _PAUSE, "the network loses 2 s", held.as_it_is, True, 2.0, True),
    Way("pause-60s", _PAUSE, "a look every minute", held.as_it_is, False, 0.0, False, 60.0),
    Way("pause-600s", _PAUSE, "cement is mixed again", held.as_it_is, True, 0.0, False, 600.0),
    Way("as-it-is", _HARMLESS, "nothing: what a case gives by itself", held.as_it_is),
    Way("8-bit", _HARMLESS, "a video grabber's greys", changed.eight_bits),
    Way("clock", _HARMLESS, "the C-arm writes the time into a corner", changed.clock, True),
    Way("twice", _HARMLESS, "a display shows each pulse twice", held.each_twice),
    Way("drift", _HARMLESS, "brightness control follows the cement", changed.drifting),
    Way("dose-0.7", _HARMLESS, "the dose is lowered", changed.lower_dose, True),
    Way("lead-far", _HARMLESS, "a blade closes far from the vertebra", hidden.lead_far_away),
)
