"""Two live sessions that a test feeds by hand, on its own clock."""

from __future__ import annotations

import time
from dataclasses import replace

import injection
from injection import FRAME_S
from live_room import CASE, PATIENCE_S, SETTINGS, Clock, KeptSink, ScriptedSource

from leakwatch.live.case_setup import Setup
from leakwatch.live.live_session import LiveSession
from leakwatch.live.two_planes import TwoPlanes

FEW = list(injection.frames())
CALM = 5  # frames without cement


class TwoRooms:
    """Both planes, fed by hand, frame by frame."""

    def __init__(self, second_case=CASE):
        self.clock = Clock()
        self.sources = (ScriptedSource(), ScriptedSource())
        self.sinks = (KeptSink(), KeptSink())
        self.fed, self.offsets_s = [0, 0], []
        cases = (CASE, second_case)
        self.sessions = [
            LiveSession(source, Setup(SETTINGS, case), {"kept": sink}, clock=self.clock)
            for source, case, sink in zip(self.sources, cases, self.sinks, strict=True)
        ]
        self.planes = TwoPlanes(*self.sessions, self.offsets_s.append)

    def __enter__(self):
        self.planes.start()
        return self

    def __exit__(self, *_):
        self.planes.close()

    def feed(self, frame, *numbers, step_s=FRAME_S):
        """Let `frame` arrive in planes `numbers`, a step later, and wait until it is decided on."""
        self.clock.now_s += step_s
        for number in numbers or (0, 1):
            self.sources[number].fed.put(replace(frame, received_s=self.clock.now_s))
            self.fed[number] += 1
            self.until(
                lambda status, number=number: (
                    status.frames == self.fed[number]
                    and status.decision.received_s == self.clock.now_s
                ),
                number,
            )

    def run(self, frames, *numbers):
        levels = []
        for frame in frames:
            self.feed(frame, *numbers)
            levels.append(self.shown().level)
        return levels

    def until(self, holds, number=1):
        end_s = time.monotonic() + PATIENCE_S
        while not holds(self.sessions[number].status):
            assert time.monotonic() < end_s, self.sessions[number].status
            time.sleep(0.001)

    def shown(self):
        """What is displayed of both planes."""
        return self.planes.look()[1]

    def plane(self, number):
        return self.planes.look()[0][number]
