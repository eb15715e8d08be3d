"""Hashes of inputs, program and options, which show whether a result is still valid."""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
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
    """Return the hash of the content of every file of a case, except for masks.

    Reports are compared over cases with the same hash, whether masks were added or not.
    """
    masks = {path for _, path in case.truth.masks}
    return _hash([source for source in case.sources if source not in masks])


def masks_hash(case: BenchCase) -> str:
    """Return the hash of the masks of a case; empty if there are none."""
    return _hash([path for _, path in case.truth.masks]) if case.truth.masks else ""


def _hash(sources: Sequence[Path]) -> str:
    digest = hashlib.sha256()
    for source in sources:
        files = sorted(p for p in source.rglob("*") if p.is_file()) if source.is_dir() else [source]
        for path in files:
            digest.update(os.fsencode(path.name) + b"\0")
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


@cache
def program_hash() -> str:
    """Return the hash of LeakWatch's code and of the libraries for its computations.

    The version alone is not sufficient, since two checkouts of it may differ.
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
    """Return the hash of everything on which a result depends; `inputs` are hashes of its files.

    Files among the arguments of an external detector are included by content, but not the files
    that they use.
    """
    digest = hashlib.sha256(f"{' '.join(inputs)} {program_hash()} {wall_only}".encode())
    digest.update(msgspec.json.encode(settings))
    digest.update(msgspec.json.encode([detector.name, *detector.command]))
    digest.update(detector.identity.encode())
    for part in detector.command:
        if Path(part).is_file():
            digest.update(hashlib.sha256(Path(part).read_bytes()).digest())
    return digest.hexdigest()
