"""Notices about a recording: behind, full, caught up, stopped."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from leakwatch.core.messages import counted, join_texts, text
from leakwatch.live.status import Recording


@dataclass(slots=True)
class _Told:
    """Notices given since a recording last caught up, and frames lost until then."""

    behind_s: float = 0.0
    full: bool = False
    stopped: bool = False
    lost: int = 0


class RecordingNews:
    """Notices about recordings, each given once.

    Parameters
    ----------
    behind_after_s : float
        From the settings. A recording has caught up at half of it; otherwise a disk that is only
        slightly too slow would be reported repeatedly.
    """

    def __init__(self, behind_after_s: float) -> None:
        self._caught_up_s = behind_after_s / 2.0
        self._told: dict[int, _Told] = {}

    def new(self, recordings: Mapping[int, Recording], last: bool = False) -> list[str]:
        """Return new notices, for the events and the operator.

        Parameters
        ----------
        recordings : mapping of int to Recording
            Current state of each, by a number that is constant while it runs.
        last : bool
            Whether the session ends: lost frames are then reported.
        """
        texts = []
        for key, one in recordings.items():
            texts += self._news(one, self._told.setdefault(key, _Told()), last)
        return texts

    def _news(self, one: Recording, told: _Told, last: bool) -> list[str]:
        if one.failure:
            new, told.stopped = not told.stopped, True
            what = text(
                "recording of {output} stopped: {failure}", output=one.name, failure=one.failure
            )
            return [what] if new else []
        texts: list[str] = []
        if one.late and not told.behind_s:
            behind_s = math.ceil(one.behind_s)
            texts.append(
                text(
                    "recording of {output} is {behind_s} s behind",
                    output=one.name,
                    behind_s=behind_s,
                )
            )
        if one.lost > told.lost and not told.full:
            told.full = True
            texts.append(
                text(
                    "recording of {output} accepts no more frames until it has caught up",
                    output=one.name,
                )
            )
        if one.late:
            told.behind_s = max(told.behind_s, one.behind_s)
        if last and told.full:
            lost = _left_out(one, told)
            texts.append(text("recording of {output}: {lost}", output=one.name, lost=lost))
        elif (told.behind_s or told.full) and self._is_whole(one):
            texts.append(_caught_up(one, told))
            told.behind_s, told.full, told.lost = 0.0, False, one.lost
        return texts

    def _is_whole(self, one: Recording) -> bool:
        return not one.full and one.behind_s <= self._caught_up_s


def _caught_up(one: Recording, told: _Told) -> str:
    said = text("recording of {output} has caught up", output=one.name)
    if told.behind_s:
        said = text(
            "recording of {output} has caught up; it was up to {behind_s} s behind",
            output=one.name,
            behind_s=math.ceil(told.behind_s),
        )
    return join_texts((said, _left_out(one, told))) if told.full else said


def _left_out(one: Recording, told: _Told) -> str:
    lost = one.lost - told.lost
    return counted("{count} frame was lost", "{count} frames were lost", count=lost)
