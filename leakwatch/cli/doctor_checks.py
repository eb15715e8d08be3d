"""Checks of `leakwatch doctor`: functions that return findings, run independently."""

from __future__ import annotations

import errno
import importlib
import importlib.metadata
import os
import platform
import re
import shutil
import socket
import stat
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from leakwatch import __version__
from leakwatch.cli.doctor_probe import probed
from leakwatch.core.messages import text

# Extras for developers, and one that only the tests use.
_OF_DEVELOPERS = frozenset({"dev", "verify"})
_PROBE_BYTES = 1 << 20  # written to each folder, and removed: reveals a quota


class State(StrEnum):
    """Result of a check."""

    OK = "ok"
    ABSENT = "absent"  # optional, and not installed
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report.

    Parameters
    ----------
    group, name : str
    state : State
    found : str
    todo : str
        What to do; empty if all is well.
    needed : bool
        Whether `leakwatch analyze` requires it.
    """

    group: str
    name: str
    state: State
    found: str
    todo: str = ""
    needed: bool = False

    @property
    def stands_in_the_way(self) -> bool:
        """Return whether `analyze` fails because of it."""
        return self.needed and self.state is not State.OK


@dataclass(frozen=True, slots=True)
class Check:
    """A group of findings.

    Parameters
    ----------
    group : str
    look : callable
        May raise any exception.
    needed : bool
        Whether a crash counts as a fault of something that `analyze` requires.
    todo : str
        What to do if it crashes.
    """

    group: str
    look: Callable[[], Iterable[Finding]]
    needed: bool = False
    todo: str = ""

    def findings(self) -> tuple[Finding, ...]:
        """Return the findings; a crash is one as well. Does not raise."""
        found: list[Finding] = []
        try:
            found.extend(self.look())
        # The checks are independent: a fault in one is reported, and the others are run.
        except Exception as error:  # noqa: BLE001
            said = f"{type(error).__name__}: {error}"
            found.append(Finding(self.group, "check", State.FAILED, said, self.todo, self.needed))
        return tuple(found)


@cache
def _modules() -> Mapping[str, list[str]]:
    """Return the distributions of each installed module."""
    return importlib.metadata.packages_distributions()


def distribution() -> str:
    """Return the name under which LeakWatch was installed."""
    return (_modules().get("leakwatch") or ["leakwatch"])[0]


def _required(extra: str | None) -> tuple[str, ...]:
    """Return the names of the distributions that LeakWatch, or one of its extras, requires."""
    names = []
    for line in importlib.metadata.requires(distribution()) or []:
        asked = re.search(r"extra\s*==\s*['\"]([\w.-]+)['\"]", line)
        if (asked and asked.group(1)) == extra:
            names.append(re.split(r"[\s\[<>=!~;(]", line, maxsplit=1)[0])
    return tuple(names)


def versions() -> Iterator[Finding]:
    """Yield versions of program, Python, system, and required libraries."""
    group = "versions"
    yield Finding(group, "LeakWatch", State.OK, __version__)
    yield Finding(group, "Python", State.OK, platform.python_version())
    yield Finding(group, "system", State.OK, f"{platform.platform()}, {os.cpu_count()} cores")
    for name in _required(None):
        inside = [module for module, of in _modules().items() if name in of and module[:1] != "_"]
        yield _library(group, name, inside)


def _library(group: str, name: str, modules: Sequence[str]) -> Finding:
    todo = f"pip install --force-reinstall '{name}'"
    try:
        version = importlib.metadata.version(name)
        for module in modules:
            importlib.import_module(module)
    except importlib.metadata.PackageNotFoundError:
        return Finding(
            group, name, State.FAILED, text("not installed"), f"pip install '{name}'", True
        )
    # For example a missing system library, or another build of it.
    except Exception as error:  # noqa: BLE001
        what = f"{type(error).__name__}: {error}"
        said = text("cannot be loaded: {error}", error=what)
        return Finding(group, name, State.FAILED, said, todo, needed=True)
    return Finding(group, name, State.OK, version, needed=True)


def extras() -> Iterator[Finding]:
    """Yield optional extras, and how to install them."""
    own = distribution()
    known = importlib.metadata.metadata(own).get_all("Provides-Extra") or []
    for extra in sorted(set(known) - _OF_DEVELOPERS):
        found, absent = [], []
        for name in _required(extra):
            try:
                found.append(f"{name} {importlib.metadata.version(name)}")
            except importlib.metadata.PackageNotFoundError:
                absent.append(name)
        if absent:
            said = text("not installed: {names}", names=", ".join(absent))
            todo = f"pip install '{own}[{extra}]'"
            yield Finding("extras", extra, State.ABSENT, said, todo)
        else:
            yield Finding("extras", extra, State.OK, ", ".join(found))


def decoders() -> Iterator[Finding]:
    """Yield transfer syntaxes; each decoder is tried."""
    from leakwatch.sources.decoder_trials import tried_decoders

    for one in tried_decoders():
        name = f"{one.name} ({one.uid})"
        if one.fault:
            said = f"{one.library}: {one.fault}"
            todo = "pip install --force-reinstall imagecodecs"
            yield Finding("decoders", name, State.FAILED, said, todo, needed=True)
        else:
            yield Finding("decoders", name, State.OK, one.library, needed=True)


def folders(named: Sequence[tuple[str, Path, bool]]) -> Iterator[Finding]:
    """Yield whether LeakWatch can write to its folders.

    Parameters
    ----------
    named : sequence of (str, Path, bool)
        Purpose of each folder, its path, and whether `analyze` requires it.
    """
    for name, folder, needed in named:
        there = folder
        while not there.exists() and there != there.parent:
            there = there.parent
        where: str = str(folder)
        if there != folder:
            where = text("{folder}, to be created in {parent}", folder=folder, parent=there)
        try:
            _write_into(there)
            free = shutil.disk_usage(there).free / 1e9
            mode = stat.filemode(there.stat().st_mode)
            said = text(
                "{folder}: writable ({mode}), {free_gb:.1f} GB free",
                folder=where,
                mode=mode,
                free_gb=free,
            )
            yield Finding("folders", name, State.OK, said, needed=needed)
        except OSError as error:
            fault = error.strerror or str(error)
            said = text("{folder}: cannot be written: {fault}", folder=where, fault=fault)
            todo = text("Free disk space, set its permissions, or choose another folder.")
            yield Finding("folders", name, State.FAILED, said, todo, needed)


def _write_into(folder: Path) -> None:
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(bytes(_PROBE_BYTES))
        file.flush()
        os.fsync(file.fileno())


def port(host: str, number: int) -> Iterator[Finding]:
    """Yield whether objects of a C-arm could be received on a port."""
    where = f"{host}:{number}"
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as one:
        if sys.platform != "win32":  # as the server does
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            one.bind((host, number))
        except (OSError, OverflowError) as error:
            code = getattr(error, "errno", None)
            todo = _PORT_TODO.get(code or 0, text("Choose another host or port."))
            said = getattr(error, "strerror", None) or str(error)
            yield Finding("ports", "C-STORE", State.FAILED, f"{where}: {said}", todo)
            return
    yield Finding("ports", "C-STORE", State.OK, text("{address}: available", address=where))


_PORT_TODO = {
    errno.EADDRINUSE: text("The port is in use: end the other program, or choose another port."),
    errno.EACCES: text("Ports below 1024 need administrator rights: choose a higher one."),
    errno.EADDRNOTAVAIL: text("This computer has no such address: see `ip addr` or `ipconfig`."),
}


def displays() -> Iterator[Finding]:
    """Yield screens with their scale."""
    none = text("none: windows cannot be displayed; --no-window works")
    yield from _devices("displays", "screen", "screens", none, "gui")


def sound() -> Iterator[Finding]:
    """Yield sound outputs for alarms."""
    none = text("none: alarms are visible but not audible")
    yield from _devices("sound", "output", "sound_outputs", none, "sound")


def _devices(group: str, name: str, probe: str, none: str, extra: str) -> Iterator[Finding]:
    try:
        found = probed(probe)
    except ModuleNotFoundError as error:
        todo = f"pip install '{distribution()}[{extra}]'"
        yield Finding(
            group, name, State.ABSENT, text("{name} is not installed", name=error.name), todo
        )
        return
    if not found:
        yield Finding(group, name, State.ABSENT, none)
    for number, one in enumerate(found, 1):
        yield Finding(group, f"{name} {number}", State.OK, one)


def video() -> Iterator[Finding]:
    """Yield frame grabbers and cameras; none is opened, since a session may be using it."""
    if sys.platform != "linux":
        none = text("the system lists none; `leakwatch run video:0` tries the first")
        yield from _devices("video", "input", "cameras", none, "sound")
        return
    paths = sorted(Path("/dev").glob("video*"), key=lambda one: (len(one.name), one.name))
    if not paths:
        yield Finding("video", "device", State.ABSENT, text("none: no frame grabber is connected"))
    for path in paths:
        named = Path("/sys/class/video4linux") / path.name / "name"
        called = named.read_text("utf-8", "replace").strip() if named.exists() else text("no name")
        if os.access(path, os.R_OK | os.W_OK):
            yield Finding("video", str(path), State.OK, called)
        else:
            todo = text("Add the user to the group that owns it, usually `video`.")
            said = text("{device}: no permission", device=called)
            yield Finding("video", str(path), State.FAILED, said, todo)


def analysis() -> Iterator[Finding]:
    """Yield whether frames can be analysed: a few synthetic ones."""
    import numpy as np

    from leakwatch.alerting import rules
    from leakwatch.config import Settings
    from leakwatch.core.frame import Acquisition, Frame, PixelFormat
    from leakwatch.core.marks import Marks
    from leakwatch.core.spacing import Calibration, SpacingRung
    from leakwatch.pipeline import stages

    rows = columns = 128
    acquisition = Acquisition(rows, columns, PixelFormat("MONOCHROME2", 12))
    noise = np.random.default_rng(1)
    still = noise.normal(2000.0, 200.0, (rows, columns))
    settings = Settings()
    unknown = Calibration(None, None, SpacingRung.NONE, "a test")
    vision = stages.initial_state(settings, Marks(), unknown)
    alerts = rules.initial_state(settings)
    frames = 3
    for index in range(frames):
        pixels = (still + noise.normal(0.0, 20.0, still.shape)).astype(np.uint16)
        frame = Frame(index, index / 15.0, pixels, acquisition)
        vision, seen = stages.step(vision, frame)
        alerts, alert = rules.decide(alerts, seen)
    said = text(
        "{frames} frames were analysed; the last is {level}", frames=frames, level=alert.level
    )
    yield Finding("analysis", "frames", State.OK, said, needed=True)


def as_json(one: Finding, redact: Callable[[str], str]) -> dict[str, Any]:
    """Return a finding for JSON, to be sent by e-mail."""
    return {
        "group": one.group,
        "name": one.name,
        "state": one.state,
        "found": redact(one.found),
        "todo": one.todo,
        "needed": one.needed,
    }
