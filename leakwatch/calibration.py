"""Millimetres at the vertebra for one pixel: the ladder of sources, best first.

Imager Pixel Spacing (0018,1164) lies at the detector (PS3.3 10.7.1). The vertebra is nearer to the
source and looks larger than it is: taken raw it makes 3.6 mm read 5.0. It counts only together
with the distances, or the magnification, that bring it to the vertebra.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Sequence
from pathlib import Path

import msgspec

from leakwatch.calibration_file import CalibrationFile, Spacing
from leakwatch.config import CalibrationSettings
from leakwatch.errors import CalibrationError
from leakwatch.model import (
    Acquisition,
    Calibration,
    CaseFile,
    ProjectionGeometry,
    SpacingRung,
    View,
)
