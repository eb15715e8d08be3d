"""Frames read back as the program reads them."""

from __future__ import annotations

from pathlib import Path

from leakwatch.core.frame import Frame
from leakwatch.sources.stored.opening import open_source


def frames_of(path: Path) -> list[Frame]:
    """All frames of a file or folder; what its source raises passes through."""
    source = open_source(path)
    try:
        return list(source.frames())
    finally:
        source.close()
