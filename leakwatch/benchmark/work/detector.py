"""What is judged: LeakWatch, the naive baseline, a detector in Python, or any program that writes
frames.jsonl.
"""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from leakwatch.core.errors import BenchError
from leakwatch.core.extensions import DETECTORS, MakeDetector, extension_identity, extension_names
from leakwatch.core.interruption import handle_signals, known_signals

LEAKWATCH, NAIVE = "leakwatch", "naive"
LOG_NAME = "detector.log"
_PLACES = ("dicom", "case", "out")
_LONGEST_LINE = 300
# What ends a program that has a detector running.
_ENDS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
# Of an external detector for one case: above what any needs, below a night.
LIMIT_S = 900.0


class DetectorError(Exception):
    """A detector did not do its work on one case: that is its result."""


@dataclass(frozen=True, slots=True)
class Detector:
    """Which detector.

    Parameters
    ----------
    name : str
        ``leakwatch``, ``naive``, that of another package's detector, or the command as it was
        given.
    command : tuple of str
        Program and arguments of an external one, with its places for paths; else empty.
    limit_s : float
        Most seconds that an external one may take for a case.
    identity : str
        Of a detector in Python: results are kept as long as it is the same; else empty.
    make : callable or None
        The detector itself, where a program handed it over; it cannot go to another process.
    """

    name: str
    command: tuple[str, ...] = ()
    limit_s: float = LIMIT_S
    identity: str = ""
    make: MakeDetector | None = None


def parse_detector(text: str, limit_s: float | None = None) -> Detector:
    """The detector that ``--detector`` names, with its ``--timeout``.

    Raises
    ------
    BenchError
        It is neither a name nor a command with places for its paths.
    ExtensionError
        The package that brings a detector of this name cannot be used.
    """
    if text in (LEAKWATCH, NAIVE):
        return Detector(text)
    if text in extension_names(DETECTORS):
        return Detector(text, identity=extension_identity(DETECTORS, text))
    try:
        command = tuple(shlex.split(text))
    except ValueError as error:
        raise BenchError(f"--detector {text}: {error}. Close the quotes.") from error
    names = ", ".join((LEAKWATCH, NAIVE, *extension_names(DETECTORS)))
    wanted = f"Give {names}, or a command such as 'prog {{dicom}} --case {{case}} --out {{out}}'"
    places = set(re.findall(r"\{(\w+)\}", text))
    unknown = sorted(places - set(_PLACES))
    if unknown:
        raise BenchError(f"--detector {text}: {{{unknown[0]}}} is no place for a path. {wanted}.")
    if "out" not in places or not places & {"dicom", "case"}:
        raise BenchError(
            f"--detector {text}: it needs {{out}}, and {{dicom}} or {{case}}. {wanted}."
        )
    return Detector(text, command, LIMIT_S if limit_s is None else limit_s)


def run_command(detector: Detector, sequence: Path, case_path: Path, out: Path) -> None:
    """Run an external detector over one case; what it says goes into detector.log.

    Parameters
    ----------
    detector : Detector
        With a command.
    sequence, case_path : Path
    out : Path
        Folder, where it shall write frames.jsonl; exists.

    Raises
    ------
    DetectorError
        It cannot be started, takes too long, or its exit code is not 0.
    """
    paths = dict(zip(_PLACES, (sequence, case_path, out), strict=True))
    arguments = [_filled(part, paths) for part in detector.command]
    log = out / LOG_NAME
    try:
        with log.open("wb") as said:
            # A group of its own, so that it can be ended with all that it started.
            process = subprocess.Popen(
                arguments, stdin=subprocess.DEVNULL, stdout=said, stderr=said, process_group=0
            )
    except OSError as error:
        raise DetectorError(f"{arguments[0]} cannot be started: {error.strerror}") from error
    code = _exit_code(process, detector.limit_s)
    if code != 0:
        lines = log.read_text("utf-8", "replace").strip().splitlines() or ["it said nothing"]
        raise DetectorError(f"exit code {code}: {lines[-1][:_LONGEST_LINE]}")


def _exit_code(process: subprocess.Popen[bytes], limit_s: float) -> int:
    try:
        with _ended_with_us(process):
            return process.wait(limit_s)
    except subprocess.TimeoutExpired as error:
        raise DetectorError(
            f"it was ended after {limit_s:g} s. Give it more with --timeout, or mend it."
        ) from error
    finally:
        _end(process)
        process.wait()


@contextmanager
def _ended_with_us(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Ctrl-C does not reach another group, and what ends a program ends it without a word."""
    before = {int(one): signal.getsignal(one) for one in known_signals(*_ENDS)}

    def end_both(number: int, _frame: FrameType | None) -> None:
        _end(process)
        signal.signal(number, before[number])
        signal.raise_signal(number)

    with handle_signals(end_both, *_ENDS):
        yield


def _end(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError, PermissionError):
        if sys.platform == "win32":  # there are no groups: what it started may go on
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)


def _filled(part: str, paths: dict[str, Path]) -> str:
    return re.sub(r"\{(\w+)\}", lambda place: str(paths[place[1]]), part)
