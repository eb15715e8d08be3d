"""Notices about a recording: behind, full, caught up, stopped."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from leakwatch.core.messages import counted, join_texts, text
from leakwatch.live.status import Recording


@dataclass(slots=True)
class _Reported:
    """Notices given since a recording last caught up, and frames lost until then."""

    behind_s: float = 0.0
    full: bool = False
    stopped: bool = False
    lost: int = 0


class RecordingNotices:
    """Notices about recordings, each given once.

    Parameters
    ----------
    behind_after_s : float
        From the settings. A recording has caught up at half of it; otherwise a disk that is only
        slightly too slow would be reported repeatedly.
    """

    def __init__(self, behind_after_s: float) -> None:
        self._caught_up_s = behind_after_s / 2.0
        self._reported: dict[int, _Reported] = {}

    def take_new(self, recordings: Mapping[int, Recording], last: bool = False) -> list[str]:
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
            texts += self._notices_of(one, self._reported.setdefault(key, _Reported()), last)
        return texts

    def _notices_of(self, one: Recording, reported: _Reported, last: bool) -> list[str]:
        if one.failure:
            new, reported.stopped = not reported.stopped, True
            what = text(
                "recording of {output} stopped: {failure}", output=one.name, failure=one.failure
            )
            return [what] if new else []
        texts: list[str] = []
        if one.late and not reported.behind_s:
            behind_s = math.ceil(one.behind_s)
            texts.append(
                text(
                    "recording of {output} is {behind_s} s behind",
                    output=one.name,
                    behind_s=behind_s,
                )
            )
        if one.lost > reported.lost and not reported.full:
            reported.full = True
            texts.append(
                text(
                    "recording of {output} accepts no more frames until it has caught up",
                    output=one.name,
                )
            )
        if one.late:
            reported.behind_s = max(reported.behind_s, one.behind_s)
        if last and reported.full:
            lost = _lost_text(one, reported)
            texts.append(text("recording of {output}: {lost}", output=one.name, lost=lost))
        elif (reported.behind_s or reported.full) and self._has_caught_up(one):
            texts.append(_caught_up_text(one, reported))
            reported.behind_s, reported.full, reported.lost = 0.0, False, one.lost
        return texts

    def _has_caught_up(self, one: Recording) -> bool:
        return not one.full and one.behind_s <= self._caught_up_s


def _caught_up_text(one: Recording, reported: _Reported) -> str:
    caught_up = text("recording of {output} has caught up", output=one.name)
    if reported.behind_s:
        caught_up = text(
            "recording of {output} has caught up; it was up to {behind_s} s behind",
            output=one.name,
            behind_s=math.ceil(reported.behind_s),
        )
    return join_texts((caught_up, _lost_text(one, reported))) if reported.full else caught_up


def _lost_text(one: Recording, reported: _Reported) -> str:
    lost = one.lost - reported.lost
    return counted("{count} frame was lost", "{count} frames were lost", count=lost)
