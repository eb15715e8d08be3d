"""LeakWatch: watches fluoroscopy while bone cement is injected, and says stop before it leaks.

Research and training software; not a medical device.

The names in ``__all__`` are the interface for Python programs; docs/how-to/use-from-python.md shows
how to use them. They are imported when they are first used, so that ``import leakwatch`` is quick.
"""

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from leakwatch.api import (
        Calibration,
        Detection,
        Frame,
        FrameResult,
        LeakWatchError,
        Level,
        Marks,
        Monitor,
        OpenedSequence,
        Reason,
        ResultTable,
        Settings,
        Simulated,
        analyze,
        evaluate,
        load_settings,
        make_marks,
        open_sequence,
        simulate,
    )

# Matrices are small here. Where OpenBLAS works on them with a thread for each core, those threads
# wait for the next one in a loop, and take from decoding and drawing half of their time. It is read
# when NumPy is imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

__version__ = "0.2.0"

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
    "__version__",
    "analyze",
    "evaluate",
    "load_settings",
    "make_marks",
    "open_sequence",
    "simulate",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from leakwatch import api

    value = getattr(api, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
