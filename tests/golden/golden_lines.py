"""What a golden line says of a frame, how far it may differ, and how two are compared."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np

from leakwatch.core.results import Snapshot

RUNS = Path(__file__).resolve().parent / "runs"


@dataclass(frozen=True)
class Tolerance:
    """A number may differ by `absolute`, or by `relative` of the wanted value where that is more.

    Parameters
    ----------
    absolute, relative : float
        In the unit of the field.
    digits : int
        That are stored: a tenth of the tolerance.
    why : str
    """

    absolute: float
    relative: float
    digits: int
    why: str


_PLACE = Tolerance(0.05, 0.0, 3, "positions come from fits to 0.01 px; other BLAS, FFT, OpenCV")
_MM = Tolerance(0.05, 0.002, 3, "a tenth of sigma_mm, and less than a coarse pixel's tenth")
_SIGMA = Tolerance(0.002, 0.01, 4, "from medians and fits over the frame: smooth")
_AREA = Tolerance(2.0, 0.005, 2, "single pixels at the threshold flip with the last bit")
_RATIO = Tolerance(1e-4, 0.01, 6, "from means over the frame: smooth")
_EXACT = Tolerance(0.0, 0.0, 0, "a decision, a name or a count: what the operator is told")

# The one table of fields. What is neither number nor list of numbers must be equal.
TOLERANCES: dict[str, Tolerance] = {
    "frame": _EXACT,
    "time_s": Tolerance(1e-6, 0.0, 6, "read from the file"),
    "level": _EXACT,
    "current_level": _EXACT,
    "reasons": _EXACT,
    "latched": _EXACT,
    "unavailable": _EXACT,
    "events": _EXACT,
    "failing": _EXACT,
    "repeated": _EXACT,
    "baseline_frames": _EXACT,
    "baseline_assumed": _EXACT,
    "scale_unknown": _EXACT,
    "shift_px": _PLACE,
    "wall_px": _PLACE,
    "sides_px": _PLACE,
    "shift_sigma_px": _SIGMA,
    "score": Tolerance(0.001, 0.0, 5, "a correlation over the frame: smooth"),
    "noise": _RATIO,
    "gain_log": Tolerance(0.001, 0.0, 5, "a mean over the frame: smooth"),
    "mm_per_px": Tolerance(2e-6, 0.0, 6, "from the tags: a quotient of numbers in the file"),
    "distance_px": Tolerance(0.1, 0.0, 3, "to the next pixel of a mask, of which ends flip"),
    "distance_mm": _MM,
    "sigma_mm": _SIGMA,
    "sigma_px": _SIGMA,
    "front_px": Tolerance(0.5, 0.0, 2, "the nearest pixel: two may be nearly as near"),
    "wall_at_px": Tolerance(0.5, 0.0, 2, "as `front_px`, on the wall"),
    "area_px": _AREA,
    "area_mm2": Tolerance(0.5, 0.005, 3, "as `area_px`: 2 px of up to 0.45 mm"),
    "amount_mm2": Tolerance(0.07, 0.005, 3, "a sum over the mask: as its area"),
    "outside_px": _AREA,
    "outside_at_px": Tolerance(1.5, 0.0, 2, "the farthest pixel: two may be nearly as far"),
    "contours": _EXACT,
    "contour_points": Tolerance(3.0, 0.02, 0, "a flipped pixel at an edge takes or gives two"),
    "tube_confirmed": _EXACT,
    "tube_length_px": Tolerance(0.75, 0.0, 2, "a centre line is one pixel longer or not"),
    "tube_width_px": Tolerance(0.1, 0.01, 3, "a mean along the tube"),
    "tube_end_px": Tolerance(1.5, 0.0, 2, "as the length: the last pixel of a centre line"),
    "time_to_margin_s": Tolerance(0.05, 0.02, 3, "a quotient: distance over speed"),
    "evidence": Tolerance(0.002, 0.02, 5, "the number behind a condition; each has its own unit"),
}


def golden_line(snapshot: Snapshot) -> dict[str, Any]:
    """Return what a run says of a frame: numbers rounded, and nothing that is None or empty.

    `current_level` is given where it is not the level, and `outside_px` where it is not 0. The text
    of an event is left out: words may be mended, and its kind and reason are here. So is the time
    that the frame took.
    """
    line = _told(snapshot) | _seen(snapshot) | _cement(snapshot)
    said = {name: _rounded(name, value) for name, value in line.items()}
    return {name: value for name, value in said.items() if not _says_nothing(value)}


def _says_nothing(value: Any) -> bool:
    return value is None or value is False or value in ([], {})


def _told(snapshot: Snapshot) -> dict[str, Any]:
    observation, alert = snapshot.observation, snapshot.alert
    shown = observation.conditions
    return {
        "frame": observation.frame,
        "time_s": observation.time_s,
        "level": alert.level.value,
        "current_level": None if alert.current_level is alert.level else alert.current_level.value,
        "reasons": [reason.value for reason in alert.reasons],
        "latched": alert.latched,
        "unavailable": [reason.value for reason in observation.unavailable],
        "events": [
            " ".join(part for part in (one.kind, one.level, one.reason) if part is not None)
            for one in alert.events
        ],
        "failing": [one.condition.value for one in shown if not one.holds],
        "evidence": {one.condition.value: one.value for one in shown if one.value is not None},
        "time_to_margin_s": alert.time_to_margin_s,
    }


def _seen(snapshot: Snapshot) -> dict[str, Any]:
    observation = snapshot.observation
    quality, wall = observation.quality, observation.wall_distance
    line = {
        "repeated": observation.repeated,
        "mm_per_px": observation.calibration.mm_per_px or observation.nominal_mm_per_px,
        "shift_px": observation.shift_px,
        "wall_px": _ends(observation.wall_px),
        "sides_px": [part for side in observation.found_px for part in _ends(side) or ()],
        "score": quality.registration_score,
        "shift_sigma_px": quality.shift_sigma_px,
        "noise": quality.noise_sigma,
        "gain_log": quality.gain_log,
        "baseline_frames": quality.baseline_frames,
        "baseline_assumed": quality.baseline_assumed,
        "scale_unknown": not quality.attenuation_scale_known,
    }
    if wall is not None:
        line |= {
            "distance_px": wall.distance_px,
            "distance_mm": wall.distance_mm,
            "sigma_mm": wall.sigma_mm,
            "sigma_px": wall.sigma_px,
            "front_px": wall.at_px,
            "wall_at_px": wall.wall_px,
        }
    return line


def _cement(snapshot: Snapshot) -> dict[str, Any]:
    cement, tubes = snapshot.observation.cement, snapshot.observation.tubes
    if cement is None:
        return {}
    return {
        "area_px": cement.area_px,
        "area_mm2": cement.area_mm2,
        "amount_mm2": cement.volume.amount_mm2,
        "outside_px": cement.outside_px or None,
        "outside_at_px": cement.outside_at_px,
        "contours": len(cement.contours_px),
        "contour_points": sum(len(one) for one in cement.contours_px),
        "tube_confirmed": [one.confirmed for one in tubes],
        "tube_length_px": [one.length_px for one in tubes],
        "tube_width_px": [one.width_px for one in tubes],
        "tube_end_px": [part for one in tubes for part in one.path_px[-1]],
    }


def _ends(line: np.ndarray | None) -> list[float] | None:
    return None if line is None else [*line[0], *line[-1]]


def _rounded(name: str, value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(name, part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(name, part) for part in value]
    if isinstance(value, float | np.floating):
        # Adding 0.0 makes -0.0 a plain zero.
        return round(float(value), TOLERANCES[name].digits) + 0.0
    return value


def differences(
    case: str, wanted: Iterable[dict[str, Any]], found: Iterable[dict[str, Any]]
) -> Iterator[str]:
    """Yield a sentence for each field that differs by more than its tolerance."""
    for at, (old, new) in enumerate(zip_longest(wanted, found)):
        if old is None or new is None:
            yield f"{case}, line {at}: {'one line too many' if old is None else 'no line'}"
            return
        for name in dict.fromkeys([*old, *new]):
            one, other = old.get(name), new.get(name)
            allowed = TOLERANCES.get(name, _EXACT)  # a field that is no more
            if not _alike(one, other, allowed):
                yield (
                    f"{case}, frame {old['frame']}, {name}: wanted {one}, found {other}, "
                    f"tolerance {allowed.absolute} or {100 * allowed.relative:g} %"
                )


def _alike(wanted: Any, found: Any, allowed: Tolerance) -> bool:
    if isinstance(wanted, dict) and isinstance(found, dict):
        return wanted.keys() == found.keys() and all(
            _alike(part, found[key], allowed) for key, part in wanted.items()
        )
    if isinstance(wanted, list) and isinstance(found, list):
        return len(wanted) == len(found) and all(
            _alike(one, other, allowed) for one, other in zip(wanted, found, strict=True)
        )
    if isinstance(wanted, int | float) and isinstance(found, int | float):
        # Half of the last stored digit may be lost on both sides.
        spare = 10.0**-allowed.digits if allowed.absolute > 0.0 else 0.0
        most = max(allowed.absolute, allowed.relative * abs(wanted)) + spare
        return math.isclose(wanted, found, rel_tol=0.0, abs_tol=most)
    return bool(wanted == found)


def read_lines(name: str) -> list[dict[str, Any]]:
    """Return the stored lines of a case."""
    return [json.loads(line) for line in (RUNS / f"{name}.jsonl").read_text().splitlines()]


def write_lines(name: str, lines: Iterable[dict[str, Any]]) -> None:
    """Store the lines of a case in place of those before."""
    text = "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines)
    (RUNS / f"{name}.jsonl").write_text(text)
