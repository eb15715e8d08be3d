"""Objects on the disk, as they arrived, before anybody looks into them."""

from __future__ import annotations

import itertools
import os
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from leakwatch.errors import SourceError
from leakwatch.private_files import make_private_folder, new_private_file
from leakwatch.sources.leftovers import InUse, new_folder, remove_folder, remove_halves


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
                remove_halves(keep)
                self._in_use = InUse(keep, self._prefix)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise SourceError(
                f"{keep or tempfile.gettempdir()}: no folder for what arrives can be made: "
                f"{reason}. Name another one with keep=FOLDER."
            ) from error

    def path(self) -> Path:
        """A name that was not used yet; safe from any thread."""
        return self._folder / f"{self._prefix}-{next(self._count):06d}.dcm"

    def write(self, content: bytes) -> Path:
        """Write an object; its file is there in full or not at all.

        Raises
        ------
        OSError
            The disk is full, or gone.
        """
        path = self.path()
        part = path.with_suffix(".part")
        try:
            with new_private_file(part) as file:
                file.write(content)
            part.replace(path)
        except OSError:
            part.unlink(missing_ok=True)
            raise
        return path

    def close(self) -> None:
        """Remove what is not kept."""
        if not self.kept:
            with suppress(OSError):
                remove_folder(self._folder)
        with suppress(OSError):
            self._in_use.release()
