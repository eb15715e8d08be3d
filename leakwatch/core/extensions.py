"""Sources, sinks and detectors of other packages, found by their entry points.

A package declares what it brings in its pyproject.toml::

    [project.entry-points."leakwatch.sources"]
    toy = "my_package:open_source"

Nothing of another package is imported before a person names it. How to write one:
docs/how-to/extend.md.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from sys import modules
from typing import Any, Final, Protocol

from leakwatch.core.arrays import BoolImage
from leakwatch.core.errors import ExtensionError
from leakwatch.core.frame import Frame
from leakwatch.core.marks import Marks
from leakwatch.core.messages import text
from leakwatch.core.results import Level, Reason
from leakwatch.core.spacing import Calibration

SOURCES: Final = "leakwatch.sources"
SINKS: Final = "leakwatch.sinks"
DETECTORS: Final = "leakwatch.detectors"
_KINDS = {SOURCES: "source", SINKS: "sink", DETECTORS: "detector"}


@dataclass(frozen=True, slots=True)
class Detection:
    """Result of a detector for one frame.

    Parameters
    ----------
    level : Level
        Also as text: "CLEAR", "WATCH", "STOP" or "UNKNOWN".
    distance_mm : float or None
        From the cement to the posterior wall, negative behind it; None: not measured.
    distance_sigma_mm, area_mm2, volume_ml : float or None
    reasons : tuple of Reason
    mask : ndarray of bool or None
        Cement, ``(rows, columns)``; compared with masks that were drawn, where a set has them.
    """

    level: Level | str
    distance_mm: float | None = None
    distance_sigma_mm: float | None = None
    area_mm2: float | None = None
    volume_ml: float | None = None
    reasons: tuple[Reason, ...] = ()
    mask: BoolImage | None = None


class SteppedDetector(Protocol):
    """A detector that is given one frame after the other."""

    def step(self, frame: Frame) -> Any:
        """Return a `Detection`, or whatever has its fields, such as a `leakwatch.FrameResult`."""


class MakeDetector(Protocol):
    """Entry point of a detector: makes a new one for each case."""

    def __call__(self, marks: Marks, calibration: Calibration) -> SteppedDetector:
        """Return a detector for a run with these marks and millimetres."""


def extension_names(group: str) -> tuple[str, ...]:
    """Return the names that installed packages declare; imports none of them.

    Parameters
    ----------
    group : str
        `SOURCES`, `SINKS` or `DETECTORS`.
    """
    return tuple(sorted({one.name for one in entry_points(group=group)}))


def load_extension(group: str, name: str) -> Callable[..., Any]:
    """Import what a package declares by a name.

    Parameters
    ----------
    group : str
        `SOURCES`, `SINKS` or `DETECTORS`.
    name : str

    Returns
    -------
    callable

    Raises
    ------
    ExtensionError
        Nobody, or more than one package, declares it, or it cannot be imported.
    """
    point = _entry_point(group, name)
    kind = _KINDS[group]
    try:
        loaded = point.load()
    # It is somebody's code: whatever it raises, or if it ends itself, the person must be told.
    except (Exception, SystemExit) as error:
        raise ExtensionError(
            text(
                "{kind} {name} of {package} cannot be loaded ({value}): {what}. Correct or "
                "reinstall that package.",
                kind=kind,
                name=name,
                package=_package(point),
                value=point.value,
                what=f"{type(error).__name__}: {error}",
            )
        ) from error
    if not callable(loaded):
        raise ExtensionError(
            text(
                "{kind} {name} of {package}: {value} is {found}, which cannot be called. Let its "
                "entry point name a function or a class.",
                kind=kind,
                name=name,
                package=_package(point),
                value=point.value,
                found=type(loaded).__name__,
            )
        )
    found: Callable[..., Any] = loaded
    return found


def extension_identity(group: str, name: str) -> str:
    """Return package, version and a hash of the module behind a name, which is imported for it.

    Results are kept as long as it is the same. What the module imports is not seen.

    Raises
    ------
    ExtensionError
        As `load_extension`.
    """
    load_extension(group, name)
    point = _entry_point(group, name)
    file: Any = getattr(modules.get(point.module), "__file__", None)
    code = ""
    with suppress(OSError, TypeError):  # a module in an archive, or without a file
        code = hashlib.sha256(Path(file).read_bytes()).hexdigest()
    return f"{_package(point)} {point.value} {code}"


def lacking_method(found: object, names: tuple[str, ...]) -> str:
    """Return the first of these methods that an object has not; empty where it has all.

    Parameters
    ----------
    found : object
        Of another package: even looking at it may raise.
    names : tuple of str
    """
    for name in names:
        try:
            has = callable(getattr(found, name, None))
        except Exception:  # noqa: BLE001
            has = False
        if not has:
            return name
    return ""


def failed(kind: str, name: str, error: BaseException) -> str:
    """Return the message for an error raised by another package."""
    return text(
        "{kind} {name} failed: {error_type}: {error}. It is part of another package: tell its "
        "author.",
        kind=kind,
        name=name,
        error_type=type(error).__name__,
        error=str(error),
    )


def _entry_point(group: str, name: str) -> EntryPoint:
    found = list({(one.value, _package(one)): one for one in _declared(group, name)}.values())
    if len(found) == 1:
        return found[0]
    kind = _KINDS[group]
    if found:
        packages = " and ".join(sorted(_package(one) for one in found))
        raise ExtensionError(
            text(
                "{kind} {name}: {packages} declare one each. Uninstall all but one of them.",
                kind=kind,
                name=name,
                packages=packages,
            )
        )
    known = ", ".join(extension_names(group)) or "none"
    raise ExtensionError(
        text(
            "{kind} {name}: no installed package declares it. Found: {known}. Install the package "
            "that provides it, or correct the name.",
            kind=kind,
            name=name,
            known=known,
        )
    )


def _declared(group: str, name: str) -> list[EntryPoint]:
    return list(entry_points(group=group, name=name))


def _package(point: EntryPoint) -> str:
    dist = point.dist
    return "an unknown package" if dist is None else f"{dist.name} {dist.version}"
