"""Timing and waveform of alarm sounds: pulses and bursts after IEC 60601-1-8. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from leakwatch.config import SoundSettings
from leakwatch.core.messages import text
from leakwatch.live.status import Alarm

Samples = npt.NDArray[np.int16]

# The first harmonics are as strong as the fundamental, higher ones fade: all within 15 dB.
FADING = 0.8
# Half of a high-priority burst: three pulses, then two.
HALF = (3, 2)


@dataclass(frozen=True, slots=True)
class Burst:
    """One alarm burst.

    Parameters
    ----------
    starts_s : tuple of float
        Start of each pulse.
    pulse_s : float
    fundamental_hz : float
    """

    starts_s: tuple[float, ...]
    pulse_s: float
    fundamental_hz: float

    @property
    def length_s(self) -> float:
        """Time until the end of the last pulse."""
        return self.starts_s[-1] + self.pulse_s


def burst(alarm: Alarm, settings: SoundSettings) -> Burst:
    """Return the burst of a priority: ten pulses, three, or one.

    Parameters
    ----------
    alarm : Alarm
        Any but `Alarm.NONE`.
    settings : SoundSettings
    """
    if alarm is Alarm.HIGH:
        return _high(settings)
    step_s = settings.pulse_s + settings.gap_s
    if alarm is Alarm.MEDIUM:
        return Burst((0.0, step_s, 2.0 * step_s), settings.pulse_s, settings.medium_hz)
    return Burst((0.0,), settings.pulse_s, settings.low_hz)


def _high(settings: SoundSettings) -> Burst:
    """Return 3 + 2 pulses twice, with a pause between; one pulse is omitted between 3 and 2."""
    step_s = settings.high_pulse_s + settings.high_gap_s
    three, two = HALF
    half = [step_s * place for place in range(three)]
    half += [step_s * (three + 1 + place) for place in range(two)]
    second_s = half[-1] + settings.high_pulse_s + settings.high_pause_s
    starts = (*half, *(second_s + start for start in half))
    return Burst(starts, settings.high_pulse_s, settings.high_hz)


def samples(what: Burst, settings: SoundSettings) -> Samples:
    """Return the burst as mono PCM.

    Parameters
    ----------
    what : Burst
    settings : SoundSettings

    Returns
    -------
    ndarray
        ``(n,)``, int16, `SoundSettings.rate_hz`.
    """
    rate = settings.rate_hz
    pulse = _pulse(what, settings)
    whole = np.zeros(round(what.length_s * rate) + 1)
    for start_s in what.starts_s:
        first = round(start_s * rate)
        whole[first : first + len(pulse)] += pulse[: len(whole) - first]
    return np.round(whole * settings.volume * np.iinfo(np.int16).max).astype(np.int16)


def _pulse(what: Burst, settings: SoundSettings) -> npt.NDArray[np.float64]:
    """Return fundamental and harmonics with half-cosine ramps, normalised to 1.0."""
    time_s = np.arange(round(what.pulse_s * settings.rate_hz)) / settings.rate_hz
    wave = np.zeros_like(time_s)
    for order in range(1, settings.harmonics + 2):
        phase = 2.0 * np.pi * order * what.fundamental_hz * time_s
        wave += FADING ** (order - 1) * np.sin(phase)
    ramp_s = settings.rise_share * what.pulse_s
    nearest_end_s = np.minimum(time_s, what.pulse_s - time_s)
    wave *= 0.5 - 0.5 * np.cos(np.pi * np.clip(nearest_end_s / ramp_s, 0.0, 1.0))
    loudest = float(np.abs(wave).max())
    return np.asarray(wave / loudest, np.float64)


_URGENCY = {Alarm.NONE: 0, Alarm.LOW: 1, Alarm.MEDIUM: 2, Alarm.HIGH: 3}


@dataclass(frozen=True, slots=True)
class AlarmState:
    """State of the alarm sound.

    Parameters
    ----------
    alarm : Alarm
        Current alarm.
    since_s : float
        Start of its last burst, or time at which it replaced a more urgent alarm.
    low_s : float
        Time of the last low-priority tone.
    silent : bool
        Whether the operator paused the sound.
    """

    alarm: Alarm = Alarm.NONE
    since_s: float = -math.inf
    low_s: float = -math.inf
    silent: bool = False


def next_burst(
    before: AlarmState, alarm: Alarm, silent: bool, now_s: float, settings: SoundSettings
) -> tuple[AlarmState, Alarm]:
    """Return the new state, and the burst that starts now.

    Parameters
    ----------
    before : AlarmState
    alarm : Alarm
        Current alarm.
    silent : bool
        Whether the operator paused the sound.
    now_s : float
    settings : SoundSettings

    Returns
    -------
    AlarmState, Alarm
        The burst that starts; `Alarm.NONE` if none does.
    """
    if silent:
        return replace(before, alarm=alarm, silent=True), Alarm.NONE
    worse = _URGENCY[alarm] > _URGENCY[before.alarm] or (before.silent and alarm is not Alarm.NONE)
    every_s = {Alarm.HIGH: settings.high_every_s, Alarm.MEDIUM: settings.medium_every_s}
    due = worse or now_s - before.since_s >= every_s.get(alarm, math.inf)
    if alarm is Alarm.LOW:
        due = worse and now_s - before.low_s >= settings.low_every_s
    if alarm is Alarm.NONE:
        due = False
    if not due:
        # A less urgent alarm that was active all the time waits for its interval.
        since_s = before.since_s if alarm is before.alarm else now_s
        return replace(before, alarm=alarm, since_s=since_s, silent=False), Alarm.NONE
    low_s = now_s if alarm is Alarm.LOW else before.low_s
    return AlarmState(alarm, now_s, low_s), alarm


UNAVAILABLE = text("AUDIO UNAVAILABLE")
