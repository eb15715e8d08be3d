"""Python interface: all names that ``import leakwatch`` provides.

For five lines from an array to levels and distances, see docs/how-to/use-from-python.md.
"""

from __future__ import annotations

from leakwatch.api.analysis import analyze
from leakwatch.api.evaluation import evaluate
from leakwatch.api.marks import make_marks
from leakwatch.api.monitor import Monitor
from leakwatch.api.result import FrameResult
from leakwatch.api.sequence import OpenedSequence, load_settings, open_sequence
from leakwatch.api.simulation import Simulated, simulate
from leakwatch.api.table import ResultTable
from leakwatch.config import Settings
from leakwatch.core.errors import LeakWatchError
from leakwatch.core.extensions import Detection
from leakwatch.core.frame import Frame
from leakwatch.core.marks import Marks
from leakwatch.core.results import Level, Reason
from leakwatch.core.spacing import Calibration

__all__ = [
    "Calibration",
    "Detection",
    "Frame",
    "FrameResult",
    "LeakWatchError",
    "Level",
    "Marks",
    "Monitor",
    "OpenedSequence",
    "Reason",
    "ResultTable",
    "Settings",
    "Simulated",
    "analyze",
    "evaluate",
    "load_settings",
    "make_marks",
    "open_sequence",
    "simulate",
]
