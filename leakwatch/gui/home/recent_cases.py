"""Files and folders that were opened last, kept beside the case library. No Qt."""

from __future__ import annotations

import json
from pathlib import Path

from leakwatch.files.bounded_input import parse_json, read_at_most
from leakwatch.files.private_files import make_private_folder, replace_private_file

RECENT_NAME = "recent.json"
# As many as fit beside the tasks in a window of 1280 x 800.
MOST_RECENT = 8


class RecentCases:
    """List of paths, newest first. A list that cannot be read or written is an empty one.

    Parameters
    ----------
    folder : Path
        Of the case library.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / RECENT_NAME

    def paths(self) -> tuple[Path, ...]:
        """Return those that still exist."""
        return tuple(path for path in self._listed() if path.exists())

    def add(self, path: Path) -> None:
        """Put a path first."""
        full = path.absolute()
        listed = [full, *(one for one in self._listed() if one != full)][:MOST_RECENT]
        try:
            make_private_folder(self._path.parent)
            replace_private_file(self._path, json.dumps([str(one) for one in listed]).encode())
        except OSError:  # convenience only: a full disk must not keep a case from being opened
            return

    def _listed(self) -> list[Path]:
        try:
            found = parse_json(read_at_most(self._path))
        except (OSError, ValueError):
            return []
        if not isinstance(found, list):
            return []
        return [Path(one) for one in found if isinstance(one, str) and one and "\0" not in one]
