"""A scenario that runs within seconds."""

from __future__ import annotations

import msgspec

from leakwatch.simulator.scenario.scenario import Scenario

SMALL = {
    "name": "small",
    "seed": 7,
    "anatomy": {"level": "L2"},
    "carm": {"rows": 200, "columns": 224, "pitch_mm": 0.6},
    "sequence": {"fps": 5.0, "duration_s": 5.0},
    "injection": {"start_s": 1.6, "volume_ml": 1.5, "rate_ml_s": 0.6},
    "leaks": [{"path": "basivertebral", "opens_ml": 0.7}],
}


# The picture in coarser pixels.
COARSE = {"rows": 100, "columns": 112, "pitch_mm": 1.2}
STILL = {"spine_mm": [0, 0, 0], "wall_mm": [0, 0, 0], "organs_mm": [0, 0, 0], "tremble_mm": 0.0}


def still_scenario(frames: int, fps: float, **changes: object) -> Scenario:
    """A still film with cement from the second frame on, with some sections changed."""
    still: dict[str, object] = {
        "sequence": {"fps": fps, "duration_s": frames / fps},
        "injection": {"start_s": 0.1, "volume_ml": 0.8, "rate_ml_s": 1.0},
        "leaks": [],
        "carm": COARSE,
        "motion": STILL,
        "brightness": {"enabled": False, "drift_per_s": 0.0},
    }
    return small_scenario(**(still | changes))


def small_scenario(**changes: object) -> Scenario:
    """A scenario that runs within seconds, with some sections changed."""
    return msgspec.convert(SMALL | changes, Scenario)
