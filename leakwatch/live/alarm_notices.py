"""Notices about alarm outputs: a receiver does not answer, or answers again."""

from __future__ import annotations

from collections.abc import Sequence

from leakwatch.core.messages import text
from leakwatch.sinks.alarm_outputs.alarm_worker import AlarmOutputState


class AlarmNotices:
    """Notices about alarm outputs, each given once."""

    def __init__(self) -> None:
        self._failing: set[str] = set()

    def take_new(self, outputs: Sequence[AlarmOutputState]) -> list[str]:
        """Return new notices, for the events and the operator.

        Parameters
        ----------
        outputs : sequence of AlarmOutputState
            Current state of each.
        """
        texts: list[str] = []
        for one in outputs:
            if one.failure and one.name not in self._failing:
                self._failing.add(one.name)
                texts.append(
                    text(
                        "alarm output {output}: {failure}; it is tried again",
                        output=one.name,
                        failure=one.failure,
                    )
                )
            elif one.connected and one.name in self._failing:
                self._failing.remove(one.name)
                texts.append(text("alarm output {output} works again", output=one.name))
        return texts
