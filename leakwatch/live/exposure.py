"""How much X-ray was used: pulses and time with the beam on, from the frames that came. Pure.

A monitor sees frames, not the tube: last-image hold counts nothing, a lost frame counts as a pulse.
"""

from __future__ import annotations

from dataclasses import dataclass

from leakwatch.core.frame import Frame


@dataclass(frozen=True, slots=True)
class Exposure:
    """What was counted until now.

    Parameters
    ----------
    pulses : int
    beam_s : float
        Seconds with the beam on.
    last : Frame or None
        The last pulse; None where the beam was off since.
    step_s : float
        From one pulse to the next, as it was last.
    """

    pulses: int = 0
    beam_s: float = 0.0
    last: Frame | None = None
    step_s: float = 0.0


def exposed(before: Exposure, frame: Frame, held: bool, pause_s: float) -> Exposure:
    """Count a frame.

    Parameters
    ----------
    before : Exposure
    frame : Frame
        As the session numbers and times it: a gap in the numbers is a lost frame.
    held : bool
        It shows an earlier picture again: the beam is off.
    pause_s : float
        A longer step between two frames is a pause, in which the beam was off.
    """
    if held:
        return Exposure(before.pulses, before.beam_s, None, before.step_s)
    last = before.last
    if last is None or frame.time_s - last.time_s > pause_s:
        # The first of a series lasts as long as others do.
        return Exposure(before.pulses + 1, before.beam_s + before.step_s, frame, before.step_s)
    pulses = max(frame.index - last.index, 1)
    step_s = frame.time_s - last.time_s
    return Exposure(before.pulses + pulses, before.beam_s + step_s, frame, step_s / pulses)
