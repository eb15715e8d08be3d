"""A folder into which DICOM files are written during acquisition."""

from __future__ import annotations

import platform
import queue
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from watchdog.events import (
    FileClosedEvent,
    FileCreatedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver

from leakwatch.config import LiveDicomSettings, Settings
from leakwatch.core.errors import SourceError
from leakwatch.core.messages import text
from leakwatch.core.plural import counted_noun
from leakwatch.sources.arrival.arrival_source import ArrivalSource
from leakwatch.sources.arrival.arrived_frames import ArrivedObject
from leakwatch.sources.arrival.complete_files import CompleteFile, CompleteFiles
from leakwatch.sources.arrival.source_options import options_of, yes

# File systems without notifications of changes by other machines: types of proc(5) mountinfo.
_NETWORK_TYPES = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs"}
)
_MOUNTS = Path("/proc/self/mountinfo")


def is_on_network(folder: Path, mounts: Path = _MOUNTS) -> bool:
    """Return whether `folder` is on a mount that another machine may change.

    Parameters
    ----------
    folder : Path
    mounts : Path
        A table of mounts as in proc(5); where there is none (no Linux), nobody knows: False.
    """
    try:
        lines = mounts.read_text(errors="replace").splitlines()
    except OSError:
        return False
    folder = folder.resolve()
    best, kind = -1, ""
    for line in lines:
        left, _, right = line.partition(" - ")
        fields, kinds = left.split(), right.split()
        if len(fields) < 5 or not kinds:
            continue
        point = Path(fields[4].replace("\\040", " "))
        depth = len(point.parts)
        if (folder == point or point in folder.parents) and depth >= best:
            best, kind = depth, kinds[0]
    return kind in _NETWORK_TYPES or kind.startswith("fuse")


_OPTIONS = ("existing", "poll")
# Reading a file causes events too, which are not subscribed to.
_EVENTS: list[type[FileSystemEvent]] = [
    FileClosedEvent,
    FileCreatedEvent,
    FileModifiedEvent,
    FileMovedEvent,
]
# Longest wait of `close` for its thread, s; reading from a hanging share may take longer.
_JOIN_S = 0.5


@dataclass(frozen=True, slots=True)
class FolderOptions:
    """Options of a watched folder.

    Parameters
    ----------
    folder : Path
    existing : bool
        Use files that exist already, too.
    poll : bool
        Scan the folder repeatedly instead of relying on notifications.
    """

    folder: Path
    existing: bool = False
    poll: bool = False


def from_spec(rest: str, settings: Settings) -> WatchedFolder:
    """Open a folder given as ``folder:``.

    Parameters
    ----------
    rest : str
        ``PATH`` or ``PATH?existing=yes&poll=yes``.
    settings : Settings

    Raises
    ------
    SourceError
        There is no such folder, or an option is not known.
    """
    path, mark, query = rest.rpartition("?")
    if not mark or Path(rest).is_dir():  # a name may have a question mark
        path, query = rest, ""
    options = options_of(query, _OPTIONS, f"folder:{path}")
    existing = yes(options, "existing", f"folder:{path}")
    poll = yes(options, "poll", f"folder:{path}")
    return WatchedFolder(FolderOptions(Path(path), existing, poll), settings.live_dicom)


class WatchedFolder(ArrivalSource):
    """Frames of the files that appear in a folder; a `leakwatch.core.protocols.LiveSource`.

    A file is read when it is complete, and is not moved. A file that is renamed into place, or
    written in several parts, is one object.

    Parameters
    ----------
    options : FolderOptions
    settings : LiveDicomSettings

    Raises
    ------
    SourceError
        It is no folder, or cannot be read.
    """

    def __init__(self, options: FolderOptions, settings: LiveDicomSettings | None = None) -> None:
        self._settings = settings or LiveDicomSettings()
        self._folder = options.folder
        self._polls = options.poll or is_on_network(options.folder)
        super().__init__("watched folder", self._settings, keep=True)
        self._files = CompleteFiles(options.folder, self._settings)
        self._events: queue.SimpleQueue[_Touched | None] = queue.SimpleQueue()
        self._observer: BaseObserver | None = None
        self._is_there = True
        self._begin(options.existing)
        self._thread = threading.Thread(target=self._watch, name="watched folder", daemon=True)
        self._thread.start()

    def _end(self) -> None:
        self._events.put(None)
        self._disarm()
        self._thread.join(_JOIN_S)

    def _begin(self, existing: bool) -> None:
        if not self._folder.is_dir():
            what = (
                text("is not a folder")
                if self._folder.exists()
                else text("there is no such folder")
            )
            raise SourceError(
                text(
                    "folder:{folder}: {what}. Give the folder that is written to.",
                    folder=self._folder,
                    what=what,
                )
            )
        self._arm()  # before the first scan: a file in between is seen twice rather than never
        try:
            passed_over = 0 if existing else self._files.pass_over(time.monotonic())
        except OSError as error:
            self._disarm()
            reason = error.strerror or type(error).__name__
            raise SourceError(
                text(
                    "folder:{folder}: cannot be read: {reason}. Check the path and its "
                    "permissions.",
                    folder=self._folder,
                    reason=reason,
                )
            ) from error
        if passed_over:
            self._log.note(
                text(
                    "skipped: {files} that existed already (?existing=yes uses them too)",
                    files=counted_noun(passed_over, "file"),
                )
            )

    def _arm(self) -> None:
        """Subscribe to file system notifications, if available."""
        if self._polls:
            return
        try:
            self._observer = observer = _observer()
            observer.schedule(_Handler(self._events), str(self._folder), event_filter=_EVENTS)
            observer.start()
        except OSError:  # no watches left, or none on this kind of disk
            self._polls = True

    def _disarm(self) -> None:
        observer, self._observer = self._observer, None
        if observer is not None:
            observer.stop()  # also if it could not be started: it has system resources
            with suppress(RuntimeError):
                observer.join(_JOIN_S)

    def _watch(self) -> None:
        try:
            self._look_on()
        # After any fault the folder is no longer monitored, which must be reported.
        except Exception as error:
            self._log.is_lost(
                text(
                    "monitoring of the folder stopped ({name}). Restart the session",
                    name=type(error).__name__,
                )
            )
            raise

    def _look_on(self) -> None:
        settings = self._settings
        usual_s = settings.network_scan_s if self._polls else settings.scan_s
        next_scan_s = time.monotonic()
        while not self._closed.is_set():
            try:
                touched = self._events.get(timeout=max(0.0, next_scan_s - time.monotonic()))
            except queue.Empty:
                self._scan()
                step_s = min(settings.settle_s, usual_s) if self._files.waits else usual_s
                next_scan_s = time.monotonic() + step_s
                continue
            if touched is not None:
                whole = self._files.touched(touched.name, touched.at_s, touched.closed)
                if whole is not None:
                    self._give(whole)
                if self._files.waits:
                    next_scan_s = min(next_scan_s, time.monotonic() + settings.settle_s)

    def _scan(self) -> None:
        try:
            found = self._files.scan(time.monotonic())
        except OSError as error:
            if self._is_there:
                reason = error.strerror or type(error).__name__
                self._log.is_lost(
                    text("the folder is gone ({reason}); waiting until it is back", reason=reason)
                )
                self._disarm()
            self._is_there = False
            return
        if not self._is_there:
            self._is_there = True
            self._arm()
            self._log.is_waiting()
        for whole in found:
            self._give(whole)

    def _give(self, whole: CompleteFile) -> None:
        self._arrived.put(ArrivedObject(whole.path, whole.received_s))


@dataclass(frozen=True, slots=True)
class _Touched:
    name: str
    at_s: float
    closed: bool


def _observer() -> BaseObserver:
    """Return an observer that distinguishes moved files from new ones, if possible."""
    if platform.system() == "Linux":
        from watchdog.observers.inotify import InotifyObserver

        return InotifyObserver(generate_full_events=True)
    return Observer()


class _Handler(FileSystemEventHandler):
    """Handler that forwards which file was changed, and when."""

    def __init__(self, events: queue.SimpleQueue[_Touched | None]) -> None:
        self._events = events

    def on_any_event(self, event: FileSystemEvent) -> None:
        moved = isinstance(event, FileMovedEvent)
        path = Path(str(event.dest_path if moved else event.src_path))
        if path.name and not event.is_directory:  # none: it was moved away
            complete = moved or isinstance(event, FileClosedEvent)
            self._events.put(_Touched(path.name, time.monotonic(), complete))
