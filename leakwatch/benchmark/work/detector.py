"""Detectors: LeakWatch, the naive one, a Python class, or any program that writes frames.jsonl."""

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
from leakwatch.core.messages import text

LEAKWATCH, NAIVE = "leakwatch", "naive"
LOG_NAME = "detector.log"
_PLACEHOLDERS = ("dicom", "case", "out")
_LONGEST_LINE = 300
# Signals that end a program while a detector runs.
_ENDS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
# Time limit of an external detector for one case: ample for any, but less than a night.
LIMIT_S = 900.0


class DetectorError(Exception):
    """A detector failed on one case, which is its result."""


@dataclass(frozen=True, slots=True)
class Detector:
    """A detector.

    Parameters
    ----------
    name : str
        ``leakwatch``, ``naive``, the name of another package's detector, or the given command.
    command : tuple of str
        Program and arguments of an external one, with placeholders for paths; else empty.
    limit_s : float
        Time limit of an external one for a case.
    identity : str
        Of a detector in Python: results are kept as long as it is the same; else empty.
    make : callable or None
        The detector itself, if a program passed it; it cannot be sent to another process.
    """

    name: str
    command: tuple[str, ...] = ()
    limit_s: float = LIMIT_S
    identity: str = ""
    make: MakeDetector | None = None


def parse_detector(given: str, limit_s: float | None = None) -> Detector:
    """Return the detector given by ``--detector``, with its ``--timeout``.

    Raises
    ------
    BenchError
        It is neither a name nor a command with placeholders for paths.
    ExtensionError
        The package of a detector with this name cannot be used.
    """
    if given in (LEAKWATCH, NAIVE):
        return Detector(given)
    if given in extension_names(DETECTORS):
        return Detector(given, identity=extension_identity(DETECTORS, given))
    try:
        command = tuple(shlex.split(given))
    except ValueError as error:
        raise BenchError(
            text(
                "--detector {detector}: {error}. Close the quotes.",
                detector=given,
                error=str(error),
            )
        ) from error
    wanted = text(
        "Give {names}, or a command such as '{example}'",
        names=", ".join((LEAKWATCH, NAIVE, *extension_names(DETECTORS))),
        example="prog {dicom} --case {case} --out {out}",
    )
    places = set(re.findall(r"\{(\w+)\}", given))
    unknown = sorted(places - set(_PLACEHOLDERS))
    if unknown:
        raise BenchError(
            text(
                "--detector {detector}: {{{placeholder}}} is not a placeholder for a path. "
                "{wanted}.",
                detector=given,
                placeholder=unknown[0],
                wanted=wanted,
            )
        )
    if "out" not in places or not places & {"dicom", "case"}:
        raise BenchError(
            text(
                "--detector {detector}: {{out}}, and {{dicom}} or {{case}}, are required. "
                "{wanted}.",
                detector=given,
                wanted=wanted,
            )
        )
    return Detector(given, command, LIMIT_S if limit_s is None else limit_s)


def run_command(detector: Detector, sequence: Path, case_path: Path, out: Path) -> None:
    """Run an external detector on one case; its output is written to detector.log.

    Parameters
    ----------
    detector : Detector
        With a command.
    sequence, case_path : Path
    out : Path
        Existing folder in which it has to write frames.jsonl.

    Raises
    ------
    DetectorError
        It cannot be started, takes too long, or its exit code is not 0.
    """
    paths = dict(zip(_PLACEHOLDERS, (sequence, case_path, out), strict=True))
    arguments = [_fill_placeholders(part, paths) for part in detector.command]
    log = out / LOG_NAME
    try:
        with log.open("wb") as said:
            # Its own process group, so that all its child processes can be ended.
            process = subprocess.Popen(
                arguments, stdin=subprocess.DEVNULL, stdout=said, stderr=said, process_group=0
            )
    except OSError as error:
        raise DetectorError(
            text(
                "{program} cannot be started: {reason}. Correct --detector.",
                program=arguments[0],
                reason=error.strerror,
            )
        ) from error
    code = _exit_code(process, detector.limit_s)
    if code != 0:
        lines = log.read_text("utf-8", "replace").strip().splitlines() or ["no output"]
        raise DetectorError(
            text("exit code {code}: {last_line}", code=code, last_line=lines[-1][:_LONGEST_LINE])
        )


def _exit_code(process: subprocess.Popen[bytes], limit_s: float) -> int:
    try:
        with _forward_signals(process):
            return process.wait(limit_s)
    except subprocess.TimeoutExpired as error:
        raise DetectorError(
            text(
                "it was ended after {limit_s:g} s. Increase the limit with --timeout, or correct "
                "the detector.",
                limit_s=limit_s,
            )
        ) from error
    finally:
        _end(process)
        process.wait()


@contextmanager
def _forward_signals(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """End the process together with this one, as signals do not reach its process group."""
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


def _fill_placeholders(part: str, paths: dict[str, Path]) -> str:
    return re.sub(r"\{(\w+)\}", lambda place: str(paths[place[1]]), part)
