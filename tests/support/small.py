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


def small_scenario(**changes: object) -> Scenario:
    """A scenario that runs within seconds, with some sections changed."""
    return msgspec.convert(SMALL | changes, Scenario)
