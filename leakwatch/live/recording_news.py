"""What is told of a recording as it happens: behind, full, whole again, stopped."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from leakwatch.live.status import Recording


@dataclass(slots=True)
class _Told:
    """Of one recording, since it last had caught up; and how many frames it had lost then."""

    behind_s: float = 0.0
    full: bool = False
    stopped: bool = False
    lost: int = 0


class RecordingNews:
    """Tells each change once.

    Parameters
    ----------
    behind_after_s : float
        As in the settings. Half of it is caught up, or a disk that is just too slow were told of
        again and again.
    """

    def __init__(self, behind_after_s: float) -> None:
        self._caught_up_s = behind_after_s / 2.0
        self._told: dict[int, _Told] = {}

    def new(self, recordings: Mapping[int, Recording], last: bool = False) -> list[str]:
        """What is new, for the events and the person.

        Parameters
        ----------
        recordings : mapping of int to Recording
            As they are now, each by a number that stays the same while it runs.
        last : bool
            The session ends: what was left out is counted.
        """
        texts = []
        for key, one in recordings.items():
            texts += self._news(one, self._told.setdefault(key, _Told()), last)
        return texts

    def _news(self, one: Recording, told: _Told, last: bool) -> list[str]:
        if one.failure:
            new, told.stopped = not told.stopped, True
            return [f"recording of {one.name} stopped: {one.failure}"] if new else []
        texts = []
        if one.late and not told.behind_s:
            texts.append(f"recording of {one.name} is {math.ceil(one.behind_s)} s behind")
        if one.lost > told.lost and not told.full:
            told.full = True
            texts.append(f"recording of {one.name} takes no more frames until it has caught up")
        if one.late:
            told.behind_s = max(told.behind_s, one.behind_s)
        if last and told.full:
            texts.append(f"recording of {one.name}: {_left_out(one, told)}")
        elif (told.behind_s or told.full) and self._is_whole(one):
            texts.append(_caught_up(one, told))
            told.behind_s, told.full, told.lost = 0.0, False, one.lost
        return texts

    def _is_whole(self, one: Recording) -> bool:
        return not one.full and one.behind_s <= self._caught_up_s


def frames_are(count: int) -> str:
    """The words behind a number of frames."""
    return "frame is" if count == 1 else "frames are"


def _caught_up(one: Recording, told: _Told) -> str:
    said = f"recording of {one.name} has caught up"
    if told.behind_s:
        said += f"; it was up to {math.ceil(told.behind_s)} s behind"
    return f"{said}; {_left_out(one, told)}" if told.full else said


def _left_out(one: Recording, told: _Told) -> str:
    lost = one.lost - told.lost
    return f"{lost} {frames_are(lost)} not in it"
