"""A session with a C-arm that sends, and strangers on the same port: three processes.

One watches, one attacks, and this one is the C-arm: no lock and no memory is shared, nor is the
address from which they send. What the strangers do is in `ATTACKS`. `python attacked_sessions.py
watch` and `attack NAME PORT` are those processes; benchmarks/attacked.py and
tests/test_attacked_sessions.py begin them.
"""

from __future__ import annotations

import itertools
import json
import os
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

REPOSITORY = Path(__file__).resolve().parents[2]

from raw_sender import (  # noqa: E402
    ACCEPTED,
    COMMAND,
    DATA,
    LAST,
    RawSender,
    command,
    data,
    data_set,
)

CASE = REPOSITORY / "sample_dicom" / "epidural.case.json"
FRAMES_HELD = 54
FRAMES_PER_S = 7.5
TICK_S = 0.01
UID_LETTERS = 30


@dataclass(frozen=True)
class Outcome:
    """What a session made of an attack.

    Parameters
    ----------
    sent, decided, repeated, dropped, lost, refused : int
        Frames: of the C-arm; decided on; of these, taken for held images, which are not analysed;
        left out for newer ones; known to be lost; of the C-arm that were not taken.
    p50_ms, p99_ms : float
        From the first byte that the C-arm sends until the decision.
    still_ms : float
        Longest time for which another thread of the watching process stood still.
    resident_mb : float
        Most resident memory of that process until then.
    said : str
        What its status says at the end.
    """

    sent: int
    decided: int
    repeated: int
    dropped: int
    lost: int
    refused: int
    p50_ms: float
    p99_ms: float
    still_ms: float
    resident_mb: float
    said: str


class Watcher:
    """The process that watches."""

    def __init__(self) -> None:
        self._process = _process("watch")
        self.port = int(self._line())

    def told(self) -> dict[str, Any]:
        """What happened since it was asked last."""
        assert self._process.stdin is not None
        self._process.stdin.write("tell\n")
        self._process.stdin.flush()
        return json.loads(self._line())

    def close(self) -> None:
        _end(self._process)

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()


class CArm:
    """Sends single frames at a fixed rate, on a new connection for every fifth."""

    def __init__(self, port: int) -> None:
        self._port, self._connection = port, None
        self._objects = _objects()
        self._number = 0

    def send(self, seconds: float) -> tuple[list[float], int]:
        """When each frame was sent, and how many were not taken."""
        start_s, sent_s, refused = time.monotonic(), [], 0
        for index in range(round(seconds * FRAMES_PER_S)):
            time.sleep(max(start_s + index / FRAMES_PER_S - time.monotonic(), 0.0))
            self._number += 1
            content = next(self._objects)(self._number)
            sent_s.append(time.monotonic())
            refused += not self._store(content)
        return sent_s, refused

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()

    def _store(self, content: bytes) -> bool:
        if self._connection is None or self._number % 5 == 0:
            self.close()
            self._connection = RawSender(self._port, "CARM", "127.0.0.2")
            if self._connection.associate() != ACCEPTED:
                self._connection = None
                return False
        with suppress(OSError):
            if self._connection.store(content, 1 << 17) == 0:
                return True
        self._connection = None
        return False


@contextmanager
def attacked_room() -> Iterator[Callable[[str, float], Outcome]]:
    """Give what runs an attack for some seconds beside a C-arm that sends all the time."""
    watcher = Watcher()
    carm = CArm(watcher.port)
    try:
        # The baseline is learnt before anybody disturbs.
        _outcome(watcher, *carm.send(4.0))

        def attacked(name: str, seconds: float) -> Outcome:
            attacker = _process("attack", name, str(watcher.port))
            try:
                assert attacker.stdout is not None
                assert attacker.stdout.readline() == "begun\n"
                sent_s, refused = carm.send(seconds)
                return _outcome(watcher, sent_s, refused)
            finally:
                _end(attacker)

        yield attacked
    finally:
        carm.close()
        watcher.close()


def _outcome(watcher: Watcher, sent_s: list[float], refused: int) -> Outcome:
    end_s = time.monotonic() + 10.0
    told = watcher.told()
    while len(told["decided_s"]) + told["dropped"] < len(sent_s) - refused:
        if time.monotonic() > end_s:
            break
        time.sleep(0.05)
        more = watcher.told()
        told = more | {
            "decided_s": told["decided_s"] + more["decided_s"],
            "repeated": told["repeated"] + more["repeated"],
            "dropped": told["dropped"] + more["dropped"],
            "lost": told["lost"] + more["lost"],
            "still_s": max(told["still_s"], more["still_s"]),
        }
    decided_s = told["decided_s"]
    ages_ms = [float("nan")]
    if len(decided_s) == len(sent_s):
        ages_ms = (1e3 * (np.array(decided_s) - sent_s)).tolist()
    p50_ms, p99_ms = np.percentile(ages_ms, (50, 99)).tolist()
    return Outcome(
        len(sent_s),
        len(decided_s),
        told["repeated"],
        told["dropped"],
        told["lost"],
        refused,
        p50_ms,
        p99_ms,
        1e3 * told["still_s"],
        told["resident_mb"],
        told["said"],
    )


def _process(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, __file__, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def _objects() -> Iterator[Callable[[int], bytes]]:
    """Data sets of frames without end, each for a number that was not there before."""
    from dicom_writing import write  # at hand where pydicom is

    from leakwatch.benchmark.endless_frames import EndlessFrames
    from leakwatch.benchmark.latency import enlarge_case
    from leakwatch.config import Settings

    frames = enlarge_case(CASE, Settings(), FRAMES_HELD)[0]
    blank, stored = "9" * UID_LETTERS, BytesIO()
    write(stored, [frames[0].pixels], SOPInstanceUID=blank)  # type: ignore[arg-type]
    head, tail = data_set(stored.getvalue()).split(frames[0].pixels.tobytes())
    before, after = head.split(blank.encode())
    for pixels in EndlessFrames(frames).pixels():
        yield partial(_numbered, before, after + pixels.tobytes() + tail)


def _numbered(before: bytes, after: bytes, number: int) -> bytes:
    return before + f"1.{number}".ljust(UID_LETTERS, "\0").encode() + after


# What strangers do. Each runs until its process ends; several of each where that is worse.


def nothing(port: int) -> None:
    threading.Event().wait()


def ten_bytes(port: int) -> None:
    """A length of 4 GB, and four bytes of it, again and again."""
    while True:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(struct.pack(">BBL", 1, 0, 0xFFFFFFF0) + bytes(4))
            connection.recv(1)


def _associated(port: int, work: Callable[[RawSender], object]) -> None:
    """Do it over one association after another."""
    for number in itertools.count():
        with suppress(OSError), RawSender(port, f"S{number}") as stranger:
            if stranger.associate() == ACCEPTED:
                work(stranger)


def large_unit(port: int) -> None:
    """An association, a unit of 4 GB, and as much of it as goes."""
    head = struct.pack(">BBL", DATA, 0, 0xFFFFFFF0)
    _associated(port, lambda one: (one.send(head), one.send_until_cut(bytes(1 << 20), 1 << 33)))


def endless_object(port: int) -> None:
    """A data set that goes on."""
    first, more = data(command("1.2.3"), COMMAND | LAST), data(bytes(100_000), 0)
    _associated(port, lambda one: (one.send(first), one.send_until_cut(more, 1 << 40)))


def endless_command(port: int) -> None:
    """A command that goes on."""
    _associated(port, lambda one: one.send_until_cut(data(bytes(100_000), COMMAND), 1 << 40))


def unanswered(port: int) -> None:
    """Small objects without waiting for an answer."""
    small = data(command("1.2.3"), COMMAND | LAST) + data(bytes(100), LAST)
    _associated(port, lambda one: one.send_until_cut(small * 100, 1 << 40))


def tiny_units(port: int) -> None:
    """Parts of a data set of two bytes each."""
    first, more = data(command("1.2.3"), COMMAND | LAST), data(bytes(2), 0) * 1000
    _associated(port, lambda one: (one.send(first), one.send_until_cut(more, 1 << 40)))


def silent(port: int) -> None:
    """200 connections that say nothing, and as many associations as there are to be had."""
    held: list[Any] = []
    while True:
        with suppress(OSError):
            while len(held) < 200:
                held.append(socket.create_connection(("127.0.0.1", port)))
            stranger = RawSender(port, f"S{len(held)}")
            stranger.associate()
            held.append(stranger)
        for one in held[:100]:
            one.close()
        del held[:100]


def connecting(port: int) -> None:
    """Connections that are closed at once."""
    while True:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            pass


def asking(port: int) -> None:
    """Associations that are asked for and left."""
    _associated(port, lambda one: None)


ATTACKS: dict[str, tuple[Callable[[int], None], int]] = {
    "nothing": (nothing, 1),
    "ten bytes": (ten_bytes, 4),
    "a unit of 4 GB": (large_unit, 4),
    "an object without end": (endless_object, 4),
    "a command without end": (endless_command, 4),
    "no waiting for answers": (unanswered, 4),
    "units of two bytes": (tiny_units, 4),
    "silent connections": (silent, 2),
    "connections": (connecting, 4),
    "associations": (asking, 4),
}


def attack(name: str, port: int) -> None:
    """The process of the strangers, which have a machine of their own elsewhere."""
    os.nice(10)
    work, count = ATTACKS[name]
    threads = [threading.Thread(target=work, args=(port,), daemon=True) for _ in range(count)]
    for one in threads:
        one.start()
    _tell("begun")
    threads[0].join()


class Ticking(threading.Thread):
    """Another thread of the process, as a display is one: how long it stood still."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.still_s = 0.0

    def run(self) -> None:
        before_s = time.monotonic()
        while True:
            time.sleep(TICK_S)
            now_s = time.monotonic()
            self.still_s = max(self.still_s, now_s - before_s - TICK_S)
            before_s = now_s


def watch() -> None:
    """The process that watches; a line is told for each that is asked."""
    from leakwatch.benchmark.latency import enlarge_case
    from leakwatch.config import Settings
    from leakwatch.core.marks import CaseFile
    from leakwatch.core.results import Snapshot
    from leakwatch.live.case_setup import Setup
    from leakwatch.live.live_session import LiveSession
    from leakwatch.sources.storage_scp.scp_options import StoreOptions
    from leakwatch.sources.storage_scp.scp_source import StoreScp

    decided_s: list[float] = []
    repeated: list[bool] = []

    _, marks, scale = enlarge_case(CASE, Settings(), 1)
    case = CaseFile("", marks, scale.mm_per_px, scale.mm_per_px_sigma)
    source = StoreScp(StoreOptions())
    session = LiveSession(source, Setup(Settings(), case))
    give = session._fold._emit

    def give_and_note(snapshot: Snapshot) -> None:
        if snapshot.fault is None:
            repeated.append(snapshot.observation.repeated)
            decided_s.append(time.monotonic())
        give(snapshot)

    session._fold._emit = give_and_note
    session.start()
    ticking = Ticking()
    ticking.start()
    _tell(str(source.port))
    dropped = lost = 0
    for _ in sys.stdin:
        status, now = session.status, decided_s[:]
        again = sum(repeated[: len(now)])
        del decided_s[: len(now)], repeated[: len(now)]
        told = {
            "decided_s": now,
            "repeated": again,
            "dropped": status.dropped - dropped,
            "lost": status.link.frames_lost - lost,
            "still_s": ticking.still_s,
            "resident_mb": _most_resident_mb(),
            "said": status.link.text,
        }
        dropped, lost, ticking.still_s = status.dropped, status.link.frames_lost, 0.0
        _tell(json.dumps(told))


def _most_resident_mb() -> float:
    """The high-water mark that the system keeps."""
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    (found,) = (line for line in lines if line.startswith("VmHWM:"))
    return int(found.split()[1]) / 1024


if __name__ == "__main__":
    if sys.argv[1] == "watch":
        watch()
    else:
        attack(sys.argv[2], int(sys.argv[3]))
