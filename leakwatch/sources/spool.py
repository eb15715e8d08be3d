"""Objects on the disk, as they arrived, before anybody looks into them."""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
import time
from pathlib import Path

from leakwatch.errors import SourceError


class Spool:
    """A folder for raw objects.

    Parameters
    ----------
    keep : Path or None
        Where objects stay. None: a folder that only this user may read, which goes with `close`:
        the objects name the patient.

    Raises
    ------
    SourceError
        The folder cannot be made.
    """

    def __init__(self, keep: Path | None = None) -> None:
        self.kept = keep is not None
        try:
            if keep is None:
                self._folder = Path(tempfile.mkdtemp(prefix="leakwatch-"))
            else:
                self._folder = keep
                keep.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise SourceError(
                f"{keep or tempfile.gettempdir()}: no folder for what arrives can be made: "
                f"{reason}. Name another one with keep=FOLDER."
            ) from error
        # Two sessions may keep into one folder.
        self._prefix = f"{time.strftime('%Y%m%dT%H%M%S')}-{os.getpid()}"
        self._count = itertools.count(1)

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
            part.write_bytes(content)
            part.replace(path)
        except OSError:
            part.unlink(missing_ok=True)
            raise
        return path

    def close(self) -> None:
        """Remove what is not kept."""
        if not self.kept:
            shutil.rmtree(self._folder, ignore_errors=True)
