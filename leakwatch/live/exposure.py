"""X-ray exposure: pulses and beam-on time, estimated from the frames received. Pure.

A monitor sees frames, not the tube: last image hold is not counted, a lost frame counts as a pulse.
"""

from __future__ import annotations

from dataclasses import dataclass

from leakwatch.core.frame import Frame


@dataclass(frozen=True, slots=True)
class Exposure:
    """Exposure of a session.

    Parameters
    ----------
    pulses : int
    beam_s : float
        Beam-on time, s.
    last : Frame or None
        The last pulse; None if the beam has been off since.
    step_s : float
        Latest interval between two pulses.
    """

    pulses: int = 0
    beam_s: float = 0.0
    last: Frame | None = None
    step_s: float = 0.0


def count_exposure(before: Exposure, frame: Frame, frozen: bool, pause_s: float) -> Exposure:
    """Return the exposure after one more frame.

    Parameters
    ----------
    before : Exposure
    frame : Frame
        With the index and time of the session: a gap in the indices is a lost frame.
    frozen : bool
        Whether the image is frozen: the beam is off.
    pause_s : float
        During a longer interval between two frames the beam was off.
    """
    if frozen:
        return Exposure(before.pulses, before.beam_s, None, before.step_s)
    last = before.last
    if last is None or frame.time_s - last.time_s > pause_s:
        # The first pulse of a series is taken to last as long as the others.
        return Exposure(before.pulses + 1, before.beam_s + before.step_s, frame, before.step_s)
    pulses = max(frame.index - last.index, 1)
    step_s = frame.time_s - last.time_s
    return Exposure(before.pulses + pulses, before.beam_s + step_s, frame, step_s / pulses)
