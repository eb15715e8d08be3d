"""When an alarm sounds: at once where it gets more urgent, then again and again. Pure; no clock."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from leakwatch.config import SoundSettings
from leakwatch.live.status import Alarm

_URGENCY = {Alarm.NONE: 0, Alarm.LOW: 1, Alarm.MEDIUM: 2, Alarm.HIGH: 3}


@dataclass(frozen=True, slots=True)
class Voice:
    """What sounded until now.

    Parameters
    ----------
    alarm : Alarm
        That holds.
    since_s : float
        When the last burst of it began, or when it was taken over from a more urgent one.
    low_s : float
        When the last tone of low priority sounded.
    silent : bool
        A person paused the sound.
    """

    alarm: Alarm = Alarm.NONE
    since_s: float = -math.inf
    low_s: float = -math.inf
    silent: bool = False


def voiced(
    voice: Voice, alarm: Alarm, silent: bool, now_s: float, settings: SoundSettings
) -> tuple[Voice, Alarm]:
    """Tell whether a burst begins now.

    Parameters
    ----------
    voice : Voice
    alarm : Alarm
        That holds now.
    silent : bool
        A person paused the sound.
    now_s : float
    settings : SoundSettings

    Returns
    -------
    Voice, Alarm
        The burst that begins; `Alarm.NONE`: none does.
    """
    if silent:
        return replace(voice, alarm=alarm, silent=True), Alarm.NONE
    worse = _URGENCY[alarm] > _URGENCY[voice.alarm] or (voice.silent and alarm is not Alarm.NONE)
    every_s = {Alarm.HIGH: settings.high_every_s, Alarm.MEDIUM: settings.medium_every_s}
    due = worse or now_s - voice.since_s >= every_s.get(alarm, math.inf)
    if alarm is Alarm.LOW:
        due = worse and now_s - voice.low_s >= settings.low_every_s
    if alarm is Alarm.NONE:
        due = False
    if not due:
        # A less urgent alarm that was there all the time waits for its turn.
        since_s = voice.since_s if alarm is voice.alarm else now_s
        return replace(voice, alarm=alarm, since_s=since_s, silent=False), Alarm.NONE
    low_s = now_s if alarm is Alarm.LOW else voice.low_s
    return Voice(alarm, now_s, low_s), alarm
