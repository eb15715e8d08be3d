"""Disable each term of the detector in turn, and measure its effect.

    leakwatch simulate --suite standard --out out/suite
    python benchmarks/ablation.py out/suite ../shared/cases ../shared/room

Cases come from folders with NAME.case.json and NAME.truth.json. The first line of the table is the
complete detector; each other line is the detector without one term. A term is useful if a figure is
worse without it; a term without effect may be deleted. Milliseconds are CPU time of reading,
analysis and alarm per frame; all terms are measured on a case before the next case, so that they
have the same load.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import cv2
import msgspec
import numpy as np

from leakwatch.benchmark.cases.dataset import BenchCase, collect_cases, contract_cases
from leakwatch.benchmark.metrics.metrics import Score, score
from leakwatch.case_files.run_records import frame_record
from leakwatch.case_files.settings_file import load_settings
from leakwatch.config import Settings
from leakwatch.runner.stored_run import open_run

SETTLED_FRAMES = 4  # of each case, whose time is not counted: they fill caches


@dataclass(frozen=True)
class Term:
    """A term of the detector, and how it is disabled.

    Parameters
    ----------
    name, what : str
        As in the table: a short name, and what it does.
    settings : dict of str to object
        Settings that switch it off, by ``section.name``.
    functions : dict of str to function
        What stands in for functions of the detector, by dotted path.
    """

    name: str
    what: str
    settings: dict[str, object] = field(default_factory=dict)
    functions: dict[str, Callable[..., Any]] = field(default_factory=dict)


def _first(first: Any, *_: Any, **__: Any) -> Any:
    return first


def _second(_: Any, second: Any, *__: Any, **___: Any) -> Any:
    return second


def _with_none(_: Any, patches: Any, *__: Any) -> Any:
    return patches, None


def _none(*_: Any, **__: Any) -> None:
    return None


def _offset_alone(more: Any, still: Any, offset: float, *_: Any) -> Any:
    return np.full_like(more, np.float32(offset))


def _no_thin_cement(smooth: Any, *_: Any) -> Any:
    return np.zeros_like(smooth)


def _no_excess(cannula: Any, place: Any, *_: Any) -> Any:
    return np.zeros(place.shape, np.float32)


def _keeps_all(near_by: Any, *_: Any) -> Any:
    return np.zeros_like(near_by.seen) if near_by.mask is None else near_by.mask


def _no_skirt(smooth: Any, *_: Any) -> Any:
    return np.zeros_like(smooth)


def _no_steps(*_: Any) -> float:
    return 1.0


def _newest_alone(*_: Any) -> float:
    return 1.0


def _ones_like_first(first: Any, *_: Any) -> Any:
    return np.ones_like(first)


def _quantum_noise(*_: Any) -> float:
    return 0.5


def _true(*_: Any, **__: Any) -> bool:
    return True


def _zeros_like_second(_: Any, strengths: Any, *__: Any) -> Any:
    return np.zeros_like(strengths)


VISION = "leakwatch.vision"
BASELINE = f"{VISION}.background.baseline.BaselineComparator"
TERMS = (
    Term("as it is", "nothing is switched off"),
    Term(
        "lag",
        "takes the afterglow of the frame before out of a frame",
        functions={f"{VISION}.preprocessing.lag.LagFilter._estimate_fraction": lambda *_: 0.0},
    ),
    Term(
        "extrapolated steps",
        "lengthens the steps of registration to where their series ends",
        functions={f"{VISION}.registration.motion._all_steps": _no_steps},
    ),
    Term(
        "contrast of the baseline",
        "fits the baseline's own detail: a step of the tube voltage",
        functions={
            f"{VISION}.background.baseline.BaselineComparator._with_contrast_of_baseline": _first
        },
    ),
    Term(
        "shading",
        "fits what is broader than cement",
        functions={f"{BASELINE}._shading": _offset_alone},
    ),
    Term("breathing", "fits patterns that breathe", {"breathing.patterns": 0}),
    Term(
        "breathing: lasting",
        "leaves what stays for longer than a breath",
        functions={f"{VISION}.background.breathing.BreathingFilter._lasting": _zeros_like_second},
    ),
    Term(
        "breathing: bounded",
        "takes no breath to be much deeper than the last ones",
        {"breathing.max_deeper_share": 1e9},
    ),
    Term(
        "residual variation",
        "raises the limit where the baseline was restless",
        {"cement.variation_factor": 0.0},
    ),
    Term(
        "artefacts of edges",
        "raises the limit at steep edges",
        {"cement.artefact_px": 0.0, "cement.cannula_artefact_px": 0.0},
    ),
    Term(
        "noise by attenuation",
        "raises the limit where less of the beam comes through",
        functions={f"{VISION}.background.false_cement._shape_noise": _ones_like_first},
    ),
    Term(
        "noise of the baseline",
        "measures how noise grows with attenuation; else it is that of quanta",
        functions={f"{VISION}.background.false_cement._fit_noise_exponent": _quantum_noise},
    ),
    Term(
        "running mean",
        "averages frames where noise asks for it",
        functions={f"{VISION}.cement.averaging.AttenuationAverage._share": _newest_alone},
    ),
    Term(
        "thin cement",
        "finds what stands out of its surroundings",
        functions={f"{VISION}.cement.thin_cement.ThinCement.over_limit": _no_thin_cement},
    ),
    Term(
        "two frames",
        "new cement must be seen twice",
        functions={f"{VISION}.cement.cement_mask.CementSegmenter._confirmed": _second},
    ),
    Term(
        "sure at first sight",
        "large or clear cement needs one frame",
        {"cement.sure_area_mm2": 50.0, "cement.sure_factor": 10.0},
    ),
    Term(
        "early caution", "doubles the limit while the baseline learns", {"cement.early_factor": 1.0}
    ),
    Term(
        "sudden",
        "rejects more at once than can flow, unless it ends as cement does",
        functions={f"{VISION}.cement.cement_patches.CementPatches.without_sudden": _second},
    ),
    Term(
        "stands out",
        "what is new must end as cement does, with nothing taken away beside it",
        functions={f"{VISION}.cement.cement_patches.CementPatches.stands_out": _true},
    ),
    Term("origin", "the first cement appears near the cannula's tip", {"cement.origin_mm": 60.0}),
    Term("remote", "cement may appear away from cement", {"cement.remote_area_mm2": 60.0}),
    Term(
        "beyond reach",
        "what goes on beyond the reach of cement came from elsewhere",
        {"cement.beyond_mm": 500.0},
    ),
    Term("rotation", "follows the anatomy's rotation in the image", {"motion.min_turn_deg": 90.0}),
    Term(
        "skirt",
        "takes away what blur lays around dense cement",
        functions={f"{VISION}.cement.cement_mask.CementSegmenter._skirt": _no_skirt},
    ),
    Term(
        "cement goes",
        "lets known cement vanish where its attenuation does",
        functions={f"{VISION}.cement.cement_mask.CementSegmenter._kept": _keeps_all},
    ),
    Term(
        "bridge",
        "joins cement behind the cannula",
        functions={f"{VISION}.cement.cement_mask.bridge_behind": _first},
    ),
    Term(
        "fill",
        "fills small holes",
        functions={f"{VISION}.cement.cement_mask.CementSegmenter._filled": _first},
    ),
    Term("cannula", "finds and follows cannulas", {"instruments.max_rods": 0}),
    Term(
        "working cannula",
        "finds cannulas wider than a needle: 8 gauge",
        {"instruments.sheath_mm": 3.6},
    ),
    Term("second cannula", "finds a second one", {"instruments.max_rods": 1}),
    Term(
        "crossing cannulas",
        "fits two that cross or touch at once",
        {"instruments.max_left_by_two": 0.0},
    ),
    Term(
        "joint poses",
        "follows each cannula without what the others changed",
        functions={f"{VISION}.cannula.cannulas.find_change": _none},
    ),
    Term(
        "cannula: lumen",
        "explains a stylet that is drawn, and cement in the lumen",
        functions={f"{VISION}.cannula.lumen.LumenReader.read": _none},
    ),
    Term(
        "cannula: steel",
        "scales what changes its looks by steel without edges of bone",
        functions={
            f"{VISION}.cannula.cannula_measurement.CannulaMeasurer._contrast_of_steel": _first
        },
    ),
    Term(
        "cannula: contrast",
        "explains scatter onto the cannula",
        functions={f"{VISION}.cannula.appearance.AppearanceTracker.measure_change": _none},
    ),
    Term(
        "cannula: stripes",
        "explains what its model leaves all along it",
        functions={f"{VISION}.cannula.appearance.AppearanceTracker.measure_missed": _none},
    ),
    Term(
        "cannula: excess",
        "finds cement behind the cannula",
        functions={f"{VISION}.cannula.excess.ExcessMeasurer.measure": _no_excess},
    ),
    Term(
        "cannula: traces",
        "raises the limit where a cannula that moved lay",
        functions={f"{VISION}.cannula.traces.TraceMeasurer.measure": _none},
    ),
    Term(
        "cannula: drawn back",
        "follows its front end outwards",
        functions={f"{VISION}.cannula.tracking.follow_front": _first},
    ),
    Term(
        "residual shift",
        "takes out what registration left of the anatomy's motion",
        {"cement.residual_px": 5.0},
    ),
    Term(
        "broad sheets",
        "says UNKNOWN where shading and breathing may hide a sheet of cement",
        {"sensitive.max_broad_mm": 15.0},
    ),
    Term(
        "foreign objects",
        "rejects what reaches in from the edge of the field: forceps, a hand",
        functions={f"{VISION}.cement.foreign_object.ForeignObjects.reject": _with_none},
    ),
    Term(
        "stripes on a cannula",
        "rejects what is new on a cannula and narrower than blur",
        functions={f"{VISION}.cement.cement_patches.CementPatches.without_stripes": _second},
    ),
    Term("tubes: evenness", "a tube is evenly wide", {"tubular.min_evenness": 0.0}),
    Term("wall alone", "no outline, no tubes", {"tubular.min_length_mm": 25.0}),
)


@dataclass(frozen=True)
class Outcome:
    """Result of one case without one term."""

    term: str
    case: str
    score: Score | None
    cpu_ms: float
    why: str = ""


@dataclass(frozen=True)
class Line:
    """Line of the table."""

    term: Term
    cases: int
    false: int
    due: int
    in_time: int
    late: int
    delay_s: float
    delay_p95_s: float
    distance_mm: float
    area_error: float
    unknown: float
    one_sigma: float
    cpu_ms: float
    failed: int


def main() -> int:
    """Measure, and print the table as Markdown."""
    arguments = _arguments()
    settings = load_settings(None)
    terms = [one for one in TERMS if _is_wanted(one, arguments.terms)]
    cases = [case for folder in arguments.folders for case in _cases(folder, arguments.every)]
    outcomes: list[Outcome] = []
    with ProcessPoolExecutor(arguments.jobs) as pool:
        jobs = [
            pool.submit(follow_case, case, [term.name for term in terms], settings)
            for case in cases
        ]
        for at, job in enumerate(jobs):
            outcomes += job.result()
            print(f"{at + 1} of {len(cases)}: {outcomes[-1].case}", file=sys.stderr)
            if arguments.json:  # after each case: the whole takes hours
                arguments.json.write_text(json.dumps([_plain(one) for one in outcomes]), "utf-8")
    print("\n".join(table([line_of(term, outcomes) for term in terms])))
    return 0


def follow_case(case: BenchCase, names: Sequence[str], settings: Settings) -> list[Outcome]:
    """Analyse one case once without each term.

    Parameters
    ----------
    case : BenchCase
    names : sequence of str
        Of the terms, which hold functions and cannot be sent to another process.
    settings : Settings
    """
    cv2.setNumThreads(1)
    found = []
    for term in (one for one in TERMS if one.name in names):
        seconds: list[float] = []
        try:
            with without(term, settings) as changed:
                run = open_run(case.case_path, changed)
                try:
                    records = [frame_record(one) for one in _timed(run.iter_snapshots(), seconds)]
                finally:
                    run.source.close()
            scored = score(case.truth, tuple(records), case.reference_frame)
        # A term may be needed by another: that is a result.
        except Exception as error:  # noqa: BLE001
            found.append(
                Outcome(term.name, case.name, None, 0.0, f"{type(error).__name__}: {error}")
            )
            continue
        cpu_ms = 1000.0 * float(np.mean(seconds[SETTLED_FRAMES:] or seconds))
        found.append(Outcome(term.name, case.name, scored, cpu_ms))
    return found


@contextmanager
def without(term: Term, settings: Settings) -> Iterator[Settings]:
    """Disable a term in this context, and yield the settings for it."""
    for name, value in term.settings.items():
        section, key = name.split(".")
        part = msgspec.structs.replace(getattr(settings, section), **{key: value})
        settings = msgspec.structs.replace(settings, **{section: part})
    with ExitStack() as stack:
        for name, function in term.functions.items():
            # Methods as well: what stands in for one has no use for the object.
            stack.enter_context(patch(name, staticmethod(function)))
        yield settings


def line_of(term: Term, outcomes: Sequence[Outcome]) -> Line:
    """Sum up one term over all cases."""
    mine = [one for one in outcomes if one.term == term.name]
    scores = [one.score for one in mine if one.score is not None]
    stops = [one.stop for one in scores]
    due = [one for one in stops if one.due_frame is not None]
    delays = [one.delay_s for one in due if one.delay_s is not None and not one.false] or [np.nan]
    return Line(
        term,
        len(scores),
        sum(one.false for one in stops),
        len(due),
        sum(one.given_in_time for one in due),
        sum(one.delay_s is not None and one.delay_s > 0.6 for one in due),
        float(np.median(delays)),
        float(np.percentile(delays, 95)),
        _mean(one.distance_mae_mm for one in scores),
        _mean(one.area_error for one in scores),
        _mean(one.unknown_share for one in scores),
        _mean(one.within_1_sigma for one in scores),
        float(np.mean([one.cpu_ms for one in mine if one.score is not None] or [np.nan])),
        sum(one.score is None for one in mine),
    )


def table(lines: Sequence[Line]) -> list[str]:
    """Return the table as lines of Markdown."""
    head = (
        "| Without | What it does | False STOPs | Due STOPs in time | Later than 0.6 s | Delay, s, "
        "median / p95 | Distance, mm | Area, % | UNKNOWN, % | 1 sigma | ms |"
    )
    rows = [head, "| --- | --- " + "| ---: " * 9 + "|"]
    for one in lines:
        failed = f" ({one.failed} cases failed)" if one.failed else ""
        rows.append(
            f"| {one.term.name}{failed} | {one.term.what} | {one.false} of {one.cases} | "
            f"{one.in_time} of {one.due} | {one.late} | "
            f"{one.delay_s:.2f} / {one.delay_p95_s:.2f} | "
            f"{one.distance_mm:.3f} | {100 * one.area_error:.1f} | {100 * one.unknown:.1f} | "
            f"{one.one_sigma:.2f} | {one.cpu_ms:.1f} |"
        )
    return rows


def _timed(snapshots: Iterator[Any], seconds: list[float]) -> Iterator[Any]:
    while True:
        begin = time.thread_time()
        snapshot = next(snapshots, None)
        if snapshot is None:
            return
        seconds.append(time.thread_time() - begin)
        yield snapshot


def _cases(folder: Path, every: int) -> list[BenchCase]:
    return sorted(collect_cases(folder, contract_cases).cases, key=lambda one: one.name)[::every]


def _is_wanted(term: Term, wanted: Sequence[str]) -> bool:
    return not wanted or term is TERMS[0] or any(one in term.name for one in wanted)


def _mean(values: Iterator[float | None]) -> float:
    known = [one for one in values if one is not None]
    return float(np.mean(known)) if known else float("nan")


def _plain(one: Outcome) -> dict[str, Any]:
    stop = None if one.score is None else one.score.stop
    return {
        "term": one.term,
        "case": one.case,
        "why": one.why,
        "stop": stop and stop.stop_frame,
        "due": stop and stop.due_frame,
        "false": stop and stop.false,
        "delay_s": stop and stop.delay_s,
        "distance_mm": one.score and one.score.distance_mae_mm,
        "unknown": one.score and one.score.unknown_share,
    }


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", type=Path, nargs="+", help="folders of cases with truth")
    parser.add_argument("--every", type=int, default=1, help="every Nth case of each folder")
    parser.add_argument("--terms", nargs="*", default=(), help="parts of names; default: all")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--json", type=Path, help="every outcome")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
