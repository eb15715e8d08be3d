"""Temporary files for received objects, which are not decoded here."""

from __future__ import annotations

import itertools
import os
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from leakwatch.core.errors import SourceError
from leakwatch.core.messages import text
from leakwatch.files.private_files import make_private_folder, new_private_file
from leakwatch.sources.arrival.leftovers import InUse, new_folder, remove_folder, remove_incomplete


class Spool:
    """A folder for raw objects.

    Parameters
    ----------
    keep : Path or None
        Where objects stay. None: a folder that only this user may read, which goes with `close`,
        or with the next start where this process is killed: the objects name the patient.

    Raises
    ------
    SourceError
        The folder cannot be made.
    """

    def __init__(self, keep: Path | None = None) -> None:
        self.kept = keep is not None
        # Two sessions may keep into one folder.
        self._prefix = f"{time.strftime('%Y%m%dT%H%M%S')}-{os.getpid()}"
        self._count = itertools.count(1)
        try:
            if keep is None:
                self._folder, self._in_use = new_folder()
            else:
                self._folder = keep
                make_private_folder(keep)
                remove_incomplete(keep)
                self._in_use = InUse(keep, self._prefix)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise SourceError(
                text(
                    "{folder}: no folder for received objects can be created: {reason}. Name "
                    "another one with keep=FOLDER.",
                    folder=keep or tempfile.gettempdir(),
                    reason=reason,
                )
            ) from error
        self._begun: set[SpoolFile] = set()

    def path(self) -> Path:
        """Return an unused path; thread-safe."""
        return self._folder / f"{self._prefix}-{next(self._count):06d}.dcm"

    def begin(self) -> SpoolFile:
        """Begin an object; its file is complete or absent.

        Raises
        ------
        OSError
            The disk is full, or gone.
        """
        file = SpoolFile(self.path(), self._begun)
        self._begun.add(file)
        return file

    def close(self) -> None:
        """Remove incomplete objects, and all objects unless they are kept."""
        for file in list(self._begun):
            file.abandon()
        if not self.kept:
            with suppress(OSError):
                remove_folder(self._folder)
        with suppress(OSError):
            self._in_use.release()


class SpoolFile:
    """A file for an object that arrives in parts. Used on one thread at a time.

    Parameters
    ----------
    path : Path
        Path when it is complete.
    begun : set of SpoolFile
        It removes itself from this set when it is complete or abandoned.

    Raises
    ------
    OSError
        The disk is full, or gone.
    """

    def __init__(self, path: Path, begun: set[SpoolFile]) -> None:
        self._path, self._part, self._begun = path, path.with_suffix(".part"), begun
        self._file = new_private_file(self._part)

    def write(self, data: bytes) -> None:
        """Write a part.

        Raises
        ------
        OSError
            The disk is full, or gone.
        """
        self._file.write(data)

    def finish(self) -> Path:
        """Complete the object, and return its path.

        Raises
        ------
        OSError
            The disk is full, or gone.
        """
        try:
            self._file.close()
            self._part.replace(self._path)
        except OSError:
            self.abandon()
            raise
        self._begun.discard(self)
        return self._path

    def abandon(self) -> None:
        """Remove the object unless it was finished."""
        with suppress(OSError):  # what could not be written is not wanted
            self._file.close()
        self._part.unlink(missing_ok=True)
        self._begun.discard(self)
