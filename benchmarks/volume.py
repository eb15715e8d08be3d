"""Measure the error of the volume with each source of its factor, and without any.

Requires simulated cases, whose truth has the injected volume: those of LEAKWATCH_SHARED (default:
../shared), and folders made by `leakwatch simulate --suite`, whose scenario files give the product
and the gauge. The limits of a faint bore (`bore_sigma_log`, `most_lumen_sigma`) were set on the 12
cases of the standard suite with linear pixels and cement in the cannula. All else was chosen on
physical grounds, while the errors on these cases were watched.

The reading of the syringe is the truth, rounded to 0.1 mL as a person would type it, at the first
frame with half of the final volume. Frames before it have no volume.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import msgspec
import numpy as np

from leakwatch.benchmark.metrics.metrics import SIZE_FROM_SHARE
from leakwatch.case_files.case_file import CASE_SUFFIX
from leakwatch.config import Settings
from leakwatch.core.volume import CementInputs, CementVolume, Gauge, SyringeReading
from leakwatch.runner.stored_run import open_run

REPOSITORY = Path(__file__).resolve().parent.parent
OWN = "as in the scenario"
SOURCES = ("nothing", "syringe", "product", "product and gauge", "lumen")


@dataclass(frozen=True)
class Case:
    """A case with what its makers know."""

    path: Path
    ml: np.ndarray
    share: float | None
    gauge: Gauge | None


def cases(folders: list[Path]) -> Iterator[Case]:
    """All cases with a truth below the folders."""
    for folder in folders:
        for path in sorted(folder.rglob(f"*{CASE_SUFFIX}")):
            stem = str(path).removesuffix(CASE_SUFFIX)
            truth, scenario = Path(f"{stem}.truth.json"), Path(f"{stem}.scenario.json")
            if not truth.exists():
                continue
            ml = np.array([frame["ml"] for frame in json.loads(truth.read_text())["frames"]])
            share = gauge = None
            if scenario.exists():
                known = json.loads(scenario.read_text())
                share = known["injection"]["barium_sulphate_share"]
                gauge = known["cannula"]["gauge"]
            yield Case(path, ml, share, gauge)


def inputs(case: Case, source: str) -> CementInputs | None:
    """What a person gives; None if it is not known of this case."""
    if source == "nothing":
        return CementInputs()
    if source == "syringe":
        at = int(np.argmax(case.ml >= 0.5 * case.ml[-1]))
        return CementInputs(syringe=(SyringeReading(at, round(float(case.ml[at]), 1)),))
    if case.share is None or case.gauge is None:
        return None
    gauge = None if source == "product" else case.gauge
    return CementInputs(None if source == "lumen" else OWN, gauge)


def volumes(case: Case, given: CementInputs) -> dict[int, CementVolume]:
    """The volume of each assessed frame."""
    settings = Settings()
    if given.product is not None:
        own = msgspec.structs.replace(settings.volume, products=((OWN, "BaSO4", case.share),))
        settings = msgspec.structs.replace(settings, volume=own)
    run = open_run(case.path, settings)
    run = replace(run, marks=replace(run.marks, cement=given))
    try:
        return {
            one.frame.index: one.observation.cement.volume
            for one in run.iter_snapshots()
            if one.observation.cement is not None
        }
    finally:
        run.source.close()


def measure(case: Case, source: str) -> tuple[float | None, float | None, str]:
    """Median ratio and relative error of a case, and why there is no volume."""
    given = inputs(case, source)
    if given is None:
        return None, None, "product and gauge are not known"
    found = volumes(case, given)
    ratios = [
        one.ml / case.ml[frame]
        for frame, one in found.items()
        if one.ml is not None and case.ml[frame] > SIZE_FROM_SHARE * case.ml.max()
    ]
    if not ratios:
        last = [one for one in found.values() if one.amount_mm2]
        return None, None, str(last[-1].refused or last[-1].why) if last else "no cement"
    return float(np.median(ratios)), float(np.median(np.abs(np.array(ratios) - 1.0))), ""


def main() -> int:
    """Print the error of each case and source, then their medians."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--source", choices=SOURCES, action="append", help="only this one")
    parser.add_argument("--every", type=int, default=1, help="only every Nth case")
    given = parser.parse_args()
    sources = given.source or SOURCES
    shared = Path(os.environ.get("LEAKWATCH_SHARED", REPOSITORY.parent / "shared"))
    folders = given.folders or [shared / "cases", shared / "room"]
    cv2.setNumThreads(1)
    errors: dict[str, list[tuple[float, float]]] = defaultdict(list)
    reasons: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for case in list(cases(folders))[:: given.every]:
        cells = []
        for source in sources:
            ratio, error, why = measure(case, source)
            if ratio is None or error is None:
                reasons[source][why] += 1
                cells.append(f"{'–':>11}")
            else:
                errors[source].append((ratio, error))
                cells.append(f"{ratio:5.2f} {100 * error:4.0f} %")
        print(f"{case.path.name.removesuffix(CASE_SUFFIX):32}", *cells, flush=True)
    for source in sources:
        known = np.array(errors[source] or [(np.nan, np.nan)])
        print(
            f"{source:20} {len(errors[source]):3} cases, ratio {np.median(known[:, 0]):.2f}, error "
            f"median {100 * np.median(known[:, 1]):.1f} %, "
            f"90th percentile {100 * np.quantile(known[:, 1], 0.9):.0f} %; without volume:",
            "; ".join(f"{count}: {why}" for why, count in reasons[source].items()) or "none",
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
