"""Steps of the tube voltage: another spectrum, and so another contrast."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from leakwatch.simulator.scenario.scenario_room import KvStepSection
from leakwatch.simulator.xray.beam import Beam, Image
from leakwatch.simulator.xray.brightness import measured

MakeBeam = Callable[[float], Beam]
Expose = Callable[[Beam], Image]


class TubeVoltage:
    """Beam at any time, and the output that goes with it.

    A generator lowers the current as it raises the voltage; how far is told by the brightness of
    the picture right after the step. From then on that output is kept.

    Parameters
    ----------
    kvp : float
        Before any step.
    steps : sequence of KvStepSection
        In order of time.
    make : callable
        Tube voltage to beam.
    """

    def __init__(self, kvp: float, steps: Sequence[KvStepSection], make: MakeBeam) -> None:
        self._steps, self._make = list(steps), make
        self.kvp, self.beam, self._output = kvp, make(kvp), 1.0

    def signal(self, time_s: float, expose: Expose) -> Image:
        """Return the signal at a time; call it in order of time.

        Parameters
        ----------
        time_s : float
        expose : callable
            Beam to signal at the detector.
        """
        signal = expose(self.beam)
        while self._steps and self._steps[0].at_s <= time_s:
            step, before = self._steps.pop(0), measured(signal)
            self.kvp, self.beam = step.kvp, self._make(step.kvp)
            signal = expose(self.beam)
            self._output *= step.brightness * before / measured(signal)
        return signal if self._output == 1.0 else signal * self._output
