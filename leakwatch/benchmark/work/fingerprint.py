"""Hashes that tell whether a result still holds: of its inputs, the program, and how it ran."""

from __future__ import annotations

import hashlib
import importlib.metadata
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import msgspec

from leakwatch import __version__
from leakwatch.benchmark.cases.dataset import BenchCase
from leakwatch.benchmark.work.detector import Detector
from leakwatch.config import Settings

PACKAGE = Path(__file__).resolve().parents[2]

# Parts of the program that no result of a case depends on.
_APART = ("api", "gui", "simulator")
# Other versions of these may round differently.
_LIBRARIES = ("imagecodecs", "numpy", "opencv-python-headless", "scipy")


def inputs_hash(case: BenchCase) -> str:
    """Hash of the content of every file that the result of a case depends on, but its masks.

    Reports are compared case by case where it is the same; masks that were drawn later, or more of
    them, leave it as it is.
    """
    masks = {path for _, path in case.truth.masks}
    return _hash([source for source in case.sources if source not in masks])


def masks_hash(case: BenchCase) -> str:
    """Hash of the masks of a case; empty where it has none."""
    return _hash([path for _, path in case.truth.masks]) if case.truth.masks else ""


def _hash(sources: Sequence[Path]) -> str:
    digest = hashlib.sha256()
    for source in sources:
        files = sorted(p for p in source.rglob("*") if p.is_file()) if source.is_dir() else [source]
        for path in files:
            digest.update(path.name.encode() + b"\0")
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


@cache
def program_hash() -> str:
    """Hash of LeakWatch's own code and of the libraries that it counts with.

    Two checkouts of one version may differ, so that the version alone does not tell.
    """
    digest = hashlib.sha256(__version__.encode())
    for path in sorted(PACKAGE.rglob("*.py")):
        place = path.relative_to(PACKAGE)
        if place.parts[0] not in _APART:
            digest.update(place.as_posix().encode() + b"\0" + path.read_bytes())
    for name in _LIBRARIES:
        digest.update(f"{name}=={importlib.metadata.version(name)}".encode())
    return digest.hexdigest()


def run_hash(inputs: Sequence[str], detector: Detector, settings: Settings, wall_only: bool) -> str:
    """Hash of all that the result of a case depends on; `inputs` are the hashes of its files.

    Files among the arguments of an external detector count with their content; what they call is
    not seen.
    """
    digest = hashlib.sha256(f"{' '.join(inputs)} {program_hash()} {wall_only}".encode())
    digest.update(msgspec.json.encode(settings))
    digest.update(msgspec.json.encode([detector.name, *detector.command]))
    digest.update(detector.identity.encode())
    for part in detector.command:
        if Path(part).is_file():
            digest.update(hashlib.sha256(Path(part).read_bytes()).digest())
    return digest.hexdigest()
