"""A live source that does what a test says, and a session on a clock that the test moves."""

from __future__ import annotations

import time
from dataclasses import replace
from queue import Queue

import injection

from leakwatch.config import Settings
from leakwatch.core.marks import CaseFile
from leakwatch.core.protocols import Link, LinkStatus
from leakwatch.live.case_setup import Setup
from leakwatch.live.live_session import LiveSession
from leakwatch.live.status import displayed_status

SETTINGS = Settings()
CASE = CaseFile("", injection.MARKS, injection.MM_PER_PX, 0.005)
OPEN = LinkStatus(Link.OPEN, "a test", fluoroscopy_on=True)
END = object()
# Never reached on a machine that works: only how long a test hangs before it fails.
PATIENCE_S = 20.0


class Clock:
    """Time that passes when the test says so."""

    def __init__(self, now_s=1000.0):
        self.now_s = now_s

    def __call__(self):
        return self.now_s


class ScriptedSource:
    """Gives what is fed: frames, errors to raise, `END`."""

    def __init__(self):
        self.status = OPEN
        self.number_of_frames = None
        self.fed = Queue()
        self.closed = False

    def frames(self):
        while (item := self.fed.get()) is not END:
            if isinstance(item, BaseException):
                raise item
            yield item

    def close(self):
        self.closed = True
        self.fed.put(END)


class Room:
    """A session that is fed by hand."""

    def __init__(self, sinks=None, setup=None, settings=SETTINGS, open_alarms=None):
        self.clock, self.source = Clock(), ScriptedSource()
        self.settings, self.sinks = settings, sinks or {}
        alarms = open_alarms(settings, self.clock) if open_alarms else ()
        self.session = LiveSession(
            self.source, setup or Setup(settings, CASE), sinks, clock=self.clock, alarms=alarms
        )
        self.fed = 0

    def __enter__(self):
        self.session.start()
        return self

    def __exit__(self, *_):
        self.session.close()

    def feed(self, frame, step_s=injection.FRAME_S):
        """Let `frame` arrive a step later, and wait until it is decided on."""
        self.clock.now_s += step_s
        self.source.fed.put(replace(frame, received_s=self.clock.now_s))
        self.fed += 1
        # A frame is counted a moment before it is shown: a busy machine may stop between.
        self.until(
            lambda status: (
                status.frames == self.fed
                and status.decision is not None
                and status.decision.received_s == self.clock.now_s
            )
        )

    def run(self, frames):
        """Feed all of `frames`, and give the level that is shown at each."""
        levels = []
        for frame in frames:
            self.feed(frame)
            levels.append(self.shown().level)
        return levels

    def until(self, holds):
        """Wait until `holds` of the status."""
        end_s = time.monotonic() + PATIENCE_S
        while not holds(self.session.status):
            assert time.monotonic() < end_s, self.session.status
            time.sleep(0.001)
        return self.session.status

    def sink(self, name):
        """One of the sinks that were given."""
        return self.sinks[name]

    def shown(self):
        """What a window shows now."""
        return displayed_status(self.session.status, self.clock.now_s, self.settings)


class KeptSink:
    """Keeps what it is given; may fail or hang first."""

    def __init__(self, before=lambda snapshot: None):
        self.before, self.snapshots, self.closed = before, [], False

    def append(self, snapshot):
        self.before(snapshot)
        self.snapshots.append(snapshot)

    def close(self):
        self.closed = True

    @property
    def events(self):
        return [event for snapshot in self.snapshots for event in snapshot.alert.events]

    @property
    def texts(self):
        return [event.text for event in self.events if event.text]
