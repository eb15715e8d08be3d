"""Bundled typeface, DejaVu Sans, so that no system font is needed."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

FONT_FAMILY = "DejaVu Sans"


def font_path(bold: bool = False) -> Path:
    """Return the path of the TrueType file."""
    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    return Path(str(files("leakwatch") / "typeface" / name))
