"""The one typeface: DejaVu Sans, which comes with matplotlib, so that no system font is needed."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl

FONT_FAMILY = "DejaVu Sans"


def font_path(bold: bool = False) -> Path:
    """Return the path of the TrueType file."""
    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    return Path(mpl.get_data_path()) / "fonts" / "ttf" / name
