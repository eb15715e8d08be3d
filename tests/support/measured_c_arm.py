"""A C-arm, its frames, and a calibration file of it: what several tests of millimetres share."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from leakwatch.core.frame import Acquisition, PixelFormat, ProjectionGeometry, View
from leakwatch.core.marks import CaseFile, Marks

CASE = CaseFile("a.dcm", Marks(view=View.LATERAL))
# 0.36 mm at the detector, magnified 1.5 times: 0.24 mm at the vertebra.
C_ARM = ProjectionGeometry(
    sid_mm=1050.0,
    sod_mm=700.0,
    imager_pixel_spacing_mm=(0.36, 0.36),
    primary_angle_deg=90.0,
    secondary_angle_deg=0.0,
)
NOTHING = ProjectionGeometry()

MEASURED = """
schema = "leakwatch.calibration/1"
name = "Room 2, lateral"
[applies_to]
columns = 512
rows = 400
manufacturer = "Maker of C-arms"
view = "lateral"
sid_mm = 1050.0
primary_angle_deg = 90.0
secondary_angle_deg = 0.0
imager_pixel_spacing_mm = 0.36
[measured]
mm_per_px = 0.25
mm_per_px_sigma = 0.004
"""
GEOMETRY = "[geometry]\nimager_pixel_spacing_mm = 0.3\nsid_mm = 1000\nsod_mm = 600.0"


def acquisition(geometry: ProjectionGeometry = NOTHING, **changes: Any) -> Acquisition:
    run = Acquisition(
        rows=400,
        columns=512,
        pixel_format=PixelFormat("MONOCHROME2", 12),
        geometry=geometry,
        manufacturer="MAKER of  C-arms ",
    )
    return replace(run, **changes)


def toml(folder: Path, text: str = MEASURED, name: str = "room-2.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path
