"""Detection of complete files in a folder by repeated scans."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from stat import S_ISREG

from leakwatch.config import LiveDicomSettings
from leakwatch.sources.dicom.dicom_header import (
    HeaderDamaged,
    NotAnImage,
    NotDicom,
    OtherObject,
    read_header,
)
from leakwatch.sources.dicom.element_values import number
from leakwatch.sources.dicom.frame_offsets import NoWholeFrame, find_frames

# Names that copying programs give to unfinished files, which they rename at the end.
_UNFINISHED = (".tmp", ".temp", ".part", ".partial", ".filepart", ".crdownload", ".writing", ".swp")
_MARKED_FROM = 132  # bytes needed to recognise a DICOM file (PS3.10 7.1)


class _Is(Enum):
    WHOLE = auto()
    CUT = auto()
    USELESS = auto()


@dataclass(slots=True)
class _File:
    size: int
    modified_ns: int
    changed_s: float
    closed: bool = False
    judged: bool = False
    given: bool = False


@dataclass(frozen=True, slots=True)
class CompleteFile:
    """A file that is complete.

    Parameters
    ----------
    path : Path
    received_s : float
        When its last change was seen, monotonic.
    order : tuple
        Sorts files that were found at the same time.
    """

    path: Path
    received_s: float
    order: tuple[float, int, str]


class CompleteFiles:
    """State of the files in one folder.

    Parameters
    ----------
    folder : Path
    settings : LiveDicomSettings
    """

    def __init__(self, folder: Path, settings: LiveDicomSettings) -> None:
        self._folder, self._settings = folder, settings
        self._files: dict[str, _File] = {}

    def pass_over(self, now_s: float) -> int:
        """Ignore files that exist already, and return their number.

        Raises
        ------
        OSError
            The folder cannot be read.
        """
        for name, stat in self._listed():
            file = _File(stat.st_size, stat.st_mtime_ns, now_s, given=True)
            self._files[name] = file
        return len(self._files)

    def scan(self, now_s: float) -> list[CompleteFile]:
        """Scan all files, and return those that became complete, in order.

        Raises
        ------
        OSError
            The folder cannot be read.
        """
        listed = dict(self._listed())
        for gone in self._files.keys() - listed.keys():
            del self._files[gone]
        found = (self._look(name, stat, now_s, False) for name, stat in listed.items())
        return sorted((one for one in found if one is not None), key=lambda one: one.order)

    def touched(self, name: str, now_s: float, closed: bool) -> CompleteFile | None:
        """Check one file that was changed; return None if it is incomplete or gone.

        Parameters
        ----------
        name : str
        now_s : float
            When it was.
        closed : bool
            Its writer closed it.
        """
        if _is_unfinished(name):
            return None
        try:
            stat = (self._folder / name).stat()
        except OSError:
            return None
        if not S_ISREG(stat.st_mode):
            return None
        return self._look(name, stat, now_s, closed)

    @property
    def waits(self) -> bool:
        """Return whether a file waits that may be complete without another change."""
        return any(not file.given for file in self._files.values())

    def _listed(self) -> Iterator[tuple[str, os.stat_result]]:
        with os.scandir(self._folder) as entries:
            for entry in entries:
                if _is_unfinished(entry.name):
                    continue
                try:
                    if entry.is_file():
                        yield entry.name, entry.stat()
                except OSError:  # it went meanwhile
                    continue

    def _look(
        self, name: str, stat: os.stat_result, now_s: float, closed: bool
    ) -> CompleteFile | None:
        file = self._files.get(name)
        if file is None or (stat.st_size, stat.st_mtime_ns) != (file.size, file.modified_ns):
            file = self._files[name] = _File(stat.st_size, stat.st_mtime_ns, now_s)
        if file.given:
            return None
        if closed and not file.closed:
            file.closed, file.judged = True, False
        quiet_s = now_s - file.changed_s
        settled = file.closed or quiet_s >= self._settings.settle_s
        is_ = _Is.CUT
        path = self._folder / name
        order = (float("inf"), stat.st_mtime_ns, name)
        if settled and not file.judged:
            file.judged = True
            is_, instance = _judged(path, stat.st_size, self._settings)
            order = (instance, stat.st_mtime_ns, name)
        if is_ is _Is.CUT and quiet_s < self._settings.partial_s:
            return None
        file.given = True
        return CompleteFile(path, file.changed_s, order)


def _judged(path: Path, size: int, settings: LiveDicomSettings) -> tuple[_Is, float]:
    """Return whether a file is complete, cut or useless, and its Instance Number."""
    try:
        header = read_header(path, most=settings)
        instance = number(header.dataset, "InstanceNumber")
        ended = find_frames(header, settings).ended
    except NotDicom:
        return (_Is.USELESS if size >= _MARKED_FROM else _Is.CUT), float("inf")
    except OtherObject:
        return _Is.USELESS, float("inf")
    except (NotAnImage, HeaderDamaged, NoWholeFrame):
        return _Is.CUT, float("inf")
    # Untrusted bytes may fail in any way; the decoder reports the fault.
    except Exception:  # noqa: BLE001
        return _Is.USELESS, float("inf")
    order = float("inf") if instance is None else instance
    return (_Is.WHOLE if ended else _Is.CUT), order


def _is_unfinished(name: str) -> bool:
    return name.startswith((".", "~")) or name.lower().endswith(_UNFINISHED)
