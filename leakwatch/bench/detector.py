"""What is judged: LeakWatch, the naive baseline, or any program that writes frames.jsonl."""

from __future__ import annotations

import re
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path

from leakwatch.errors import BenchError

LEAKWATCH, NAIVE = "leakwatch", "naive"
LOG_NAME = "detector.log"
_PLACES = ("dicom", "case", "out")
_LONGEST_LINE = 300


class DetectorError(Exception):
    """A detector did not do its work on one case: that is its result."""


@dataclass(frozen=True, slots=True)
class Detector:
    """Which detector.

    Parameters
    ----------
    name : str
        ``leakwatch``, ``naive``, or the command as it was given.
    command : tuple of str
        Program and arguments of an external one, with its places for paths; else empty.
    """

    name: str
    command: tuple[str, ...] = ()


def parse_detector(text: str) -> Detector:
    """The detector that ``--detector`` names.

    Raises
    ------
    BenchError
        It is neither a name nor a command with places for its paths.
    """
    if text in (LEAKWATCH, NAIVE):
        return Detector(text)
    try:
        command = tuple(shlex.split(text))
    except ValueError as error:
        raise BenchError(f"--detector {text}: {error}. Close the quotes.") from error
    wanted = "Give leakwatch, naive, or a command such as 'prog {dicom} --case {case} --out {out}'"
    places = set(re.findall(r"\{(\w+)\}", text))
    unknown = sorted(places - set(_PLACES))
    if unknown:
        raise BenchError(f"--detector {text}: {{{unknown[0]}}} is no place for a path. {wanted}.")
    if "out" not in places or not places & {"dicom", "case"}:
        raise BenchError(
            f"--detector {text}: it needs {{out}}, and {{dicom}} or {{case}}. {wanted}."
        )
    return Detector(text, command)


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
        It cannot be started, or its exit code is not 0.
    """
    paths = dict(zip(_PLACES, (sequence, case_path, out), strict=True))
    arguments = [_filled(part, paths) for part in detector.command]
    log = out / LOG_NAME
    try:
        with log.open("wb") as said:
            done = subprocess.run(
                arguments, stdin=subprocess.DEVNULL, stdout=said, stderr=said, check=False
            )
    except OSError as error:
        raise DetectorError(f"{arguments[0]} cannot be started: {error.strerror}") from error
    if done.returncode != 0:
        lines = log.read_text("utf-8", "replace").strip().splitlines() or ["it said nothing"]
        raise DetectorError(f"exit code {done.returncode}: {lines[-1][:_LONGEST_LINE]}")


def _filled(part: str, paths: dict[str, Path]) -> str:
    return re.sub(r"\{(\w+)\}", lambda place: str(paths[place[1]]), part)
