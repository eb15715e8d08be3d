"""Measure the detection of a vertebral body from one click, and from its posterior wall alone.

Requires cases with marks: those of `leakwatch simulate --suite standard`, and those with real
anatomy in LEAKWATCH_SHARED (default: ../shared). Their marks are the truth; simulated errors of the
user in them are part of the measured error.

Half of the vertebrae was held out during development. Set afterwards, with all vertebrae:
``back_hollow``, ``rise``, ``bow``, ``back_lean``, ``line_beyond``, ``hint_reach``, and the limits
and evidence below which a side is uncertain.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.path import Path as Polygon

from leakwatch.case_files.case_file import CASE_SUFFIX, load_case
from leakwatch.case_files.settings_file import load_settings
from leakwatch.config import Settings
from leakwatch.core.arrays import PointArray
from leakwatch.core.geometry import distance_to_polyline
from leakwatch.core.marks import Marks, Side
from leakwatch.marking.one_click import Prepared, mark_body, prepare
from leakwatch.runner.stored_run import AnalysisRun, open_run
from leakwatch.vision.vertebra.body_outline import BodyFinder, Part
from leakwatch.vision.vertebra.body_size import expected_size

REPOSITORY = Path(__file__).resolve().parent.parent
CLICK_REACH_MM = 5.0
SIDES = ("upper endplate", "lower endplate", "anterior wall")
# Corners belong to two sides: so much of each side is left out at both ends.
CORNER_SHARE = 0.12
# The vertebrae that the search was made with, by CT and level; all others were held back.
SEEN = {
    ("l3_1p5mm_ct.nii.gz", "L3"),
    ("lumbar_3mm_example_ct.nii.gz", "L1"),
    ("lumbar_3mm_example_ct.nii.gz", "L5"),
    ("anterior-vein", "T9"),
}


@dataclass(frozen=True)
class Given:
    """What the user provides in addition to the click."""

    words: str
    level: bool
    points: int


GIVEN = (
    Given("the level is given", True, 0),
    Given("the level is not given", False, 0),
    Given("and one point on the posterior wall", False, 1),
    Given("and two points on the posterior wall", False, 2),
)
# How far a hand is off across the wall, one sigma, and the part of the wall that it points at.
HAND_MM, POINTED_SHARES = 0.4, (0.15, 0.85)


@dataclass(frozen=True)
class Case:
    """One prepared sequence, with its true marks in frame coordinates."""

    name: str
    vertebra: str
    held_back: bool
    run: AnalysisRun
    prepared: Prepared
    marks: Marks

    @property
    def mm_per_px(self) -> float:
        return self.prepared.picture.mm_per_px


@dataclass(frozen=True)
class Click:
    """Result of one click: mean distance of the true wall to the detected one."""

    vertebra: str
    held_back: bool
    error_mm: float
    ahead_mm: float
    sigma_mm: float
    unsure: bool


@dataclass(frozen=True)
class Found:
    """One side from a marked wall; `outside_mm` is positive outside the body."""

    vertebra: str
    held_back: bool
    side: str
    outside_mm: PointArray
    sigma_mm: float
    unsure: bool


def main() -> int:
    """Print the figures; exit code 2 without cases."""
    arguments = _arguments()
    paths = [path for folder in arguments.folders for path in folder.glob(f"*{CASE_SUFFIX}")]
    if not paths:
        print("no cases: make them with `leakwatch simulate --suite standard`", file=sys.stderr)
        return 2
    settings = load_settings(None)
    rng = np.random.default_rng(arguments.seed)
    clicks: dict[Given, list[Click]] = {given: [] for given in GIVEN}
    found: list[Found] = []
    times: list[float] = []
    for path in sorted(paths):
        case = opened(path, settings)
        places = scattered(case, arguments.clicks, rng)
        for given, list_ in clicks.items():
            list_ += [clicked(case, place, given, rng) for place in places]
        if case.marks.body_outline_px is not None:
            found += from_wall(case, settings, times)
    for given, list_ in clicks.items():
        print(f"\nFrom a click; {given.words}")
        print_clicks(list_)
    print("\nFrom the marked wall alone")
    print_found(found)
    print(f"\nFrom the wall: median {np.median(times):.0f} ms, worst {np.max(times):.0f} ms a run")
    return 0


def _arguments() -> argparse.Namespace:
    shared = Path(os.environ.get("LEAKWATCH_SHARED", REPOSITORY.parent / "shared"))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", type=Path, nargs="*", default=[shared / "cases"])
    parser.add_argument("--clicks", type=int, default=3, help="for each case")
    parser.add_argument("--seed", type=int, default=7)
    return parser.parse_args()


def opened(path: Path, settings: Settings) -> Case:
    """Average the baseline of a case without its marks, as `leakwatch mark` does."""
    marks = load_case(path).marks
    name = path.name.removesuffix(CASE_SUFFIX)
    scenario = path.with_name(f"{name}.scenario.json")
    source = name
    if scenario.exists():
        source = json.loads(scenario.read_bytes())["anatomy"].get("ct") or "formulas"
    run = open_run(path.with_name(load_case(path).dicom_path), settings)
    try:
        prepared = prepare(run, marks.reference_frame)
    finally:
        run.source.close()
    key = (source, marks.vertebra or "")
    label = f"{source[:6]} {marks.vertebra}"
    return Case(name, label, key not in SEEN, run, prepared, marks)


def scattered(case: Case, count: int, rng: np.random.Generator) -> list[PointArray]:
    """Return clicks, uniformly on a disc around the centre of the body."""
    reach = CLICK_REACH_MM / case.mm_per_px * np.sqrt(rng.random(count))
    angle = 2 * np.pi * rng.random(count)
    offsets = np.stack([reach * np.cos(angle), reach * np.sin(angle)], axis=1)
    return list(_middle(case) + offsets)


def _middle(case: Case) -> PointArray:
    if case.marks.body_outline_px is not None:
        outline = case.marks.body_outline_px
        middle: PointArray = (outline.min(axis=0) + outline.max(axis=0)) / 2
        return middle
    wall = case.marks.posterior_wall_px
    assert wall is not None
    size, _ = expected_size(case.marks.vertebra, case.run.settings.vertebra)
    forward = np.array([1.0 if case.marks.anterior is Side.RIGHT else -1.0, 0.0])
    return wall.mean(axis=0) + forward * size.depth_mm / 2 / case.mm_per_px


def clicked(case: Case, place: PointArray, given: Given, rng: np.random.Generator) -> Click:
    """Find the body from one click and compare its wall with the true one."""
    at = (float(place[0]), float(place[1]))
    assert case.marks.posterior_wall_px is not None
    true = _dense(case.marks.posterior_wall_px)
    body = mark_body(
        case.prepared,
        at,
        case.run,
        anterior=case.marks.anterior,
        level=case.marks.vertebra if given.level else None,
        hints_px=pointed(true, given.points, case.mm_per_px, rng),
    )
    error = distance_to_polyline(true, body.posterior_wall_px).mean() * case.mm_per_px
    sign = 1.0 if case.marks.anterior is Side.RIGHT else -1.0
    by_row = body.posterior_wall_px[np.argsort(body.posterior_wall_px[:, 1])]
    ahead = sign * (np.interp(true[:, 1], by_row[:, 1], by_row[:, 0]) - true[:, 0]).mean()
    return Click(
        case.vertebra,
        case.held_back,
        float(error),
        float(ahead) * case.mm_per_px,
        body.wall.sigma_mm,
        body.wall.unsure is not None,
    )


def pointed(wall: PointArray, count: int, mm_per_px: float, rng: np.random.Generator) -> PointArray:
    """Return points on a wall as set by a user, one in each equal part of it."""
    low, high = POINTED_SHARES
    shares = low + (high - low) * (np.arange(count) + rng.random(count)) / max(count, 1)
    points = wall[np.round(shares * (len(wall) - 1)).astype(int)]
    along = wall[-1] - wall[0]
    across = np.array([-along[1], along[0]]) / np.hypot(*along)
    error: PointArray = rng.normal(0.0, HAND_MM / mm_per_px, count)[:, None] * across
    return points + error


def from_wall(case: Case, settings: Settings, times: list[float]) -> list[Found]:
    """Find the sides from the wall as it is marked, nothing else given, and compare them."""
    marks, shift = case.marks, np.array(case.prepared.shift_px)
    assert marks.posterior_wall_px is not None
    assert marks.body_outline_px is not None
    assert marks.anterior is not None
    started = time.perf_counter()
    body = BodyFinder(settings.vertebra).from_wall(
        case.prepared.picture, marks.posterior_wall_px - shift, marks.anterior
    )
    times.append((time.perf_counter() - started) * 1e3)
    true = marks.body_outline_px - shift
    parts = (body.upper, body.lower, body.front)
    return [
        Found(case.vertebra, case.held_back, side, _outside(part, true, case), part.sigma_mm,
              part.unsure is not None)
        for side, part in zip(SIDES, parts, strict=True)
    ]  # fmt: skip


def _outside(part: Part, outline_px: PointArray, case: Case) -> PointArray:
    line = _dense(part.line_px)
    skip = int(CORNER_SHARE * len(line))
    line = line[skip : len(line) - skip]
    closed = np.vstack([outline_px, outline_px[:1]])
    distance = distance_to_polyline(line, closed) * case.mm_per_px
    signed: PointArray = np.where(Polygon(closed).contains_points(line), -distance, distance)
    return signed


def _dense(line: PointArray, count: int = 60) -> PointArray:
    run = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
    at = np.linspace(0.0, run[-1], count)
    return np.stack([np.interp(at, run, axis) for axis in line.T], axis=1)


def print_clicks(clicks: list[Click]) -> None:
    """Print a line for each half and each vertebra."""
    print("| | clicks | unsure | wall error median mm | p90 mm | in front + mm | within sigma |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    groups = [("held back", [c for c in clicks if c.held_back])]
    groups += [("seen", [c for c in clicks if not c.held_back])]
    for held_back in (True, False):
        names = sorted({c.vertebra for c in clicks if c.held_back is held_back})
        groups += [(f"- {n}", [c for c in clicks if c.vertebra == n and c.held_back is held_back])
                   for n in names]  # fmt: skip
    for name, group in groups:
        sure = [c for c in group if not c.unsure]
        cells = [name, str(len(group)), str(len(group) - len(sure)), *_figures(sure)]
        print(f"| {' | '.join(cells)} |")
    unsure = [c.error_mm for c in clicks if c.held_back and c.unsure]
    if unsure:
        print(f"held back, where unsure: median {np.median(unsure):.2f} mm")
    print_by_doubt(clicks)


def print_by_doubt(clicks: list[Click]) -> None:
    """Print the error of all clicks by fifths of stated uncertainty, which must rank the error."""
    print("\n| sigma mm | clicks | unsure | wall error median mm | p90 mm |")
    print("| --- | --- | --- | --- | --- |")
    by_doubt = sorted(clicks, key=lambda click: click.sigma_mm)
    for part in np.array_split(np.arange(len(by_doubt)), 5):
        fifth = [by_doubt[index] for index in part]
        if fifth:
            error = [click.error_mm for click in fifth]
            print(
                f"| {fifth[0].sigma_mm:.2f} to {fifth[-1].sigma_mm:.2f} | {len(fifth)} | "
                f"{sum(click.unsure for click in fifth)} | {np.median(error):.2f} | "
                f"{np.percentile(error, 90):.2f} |"
            )


def _figures(sure: list[Click]) -> list[str]:
    if not sure:
        return ["-"] * 4
    error = [c.error_mm for c in sure]
    ahead = float(np.median([c.ahead_mm for c in sure]))
    within = np.mean([abs(c.ahead_mm) <= c.sigma_mm for c in sure])
    p90 = np.percentile(error, 90)
    return [f"{np.median(error):.2f}", f"{p90:.2f}", f"{ahead:+.2f}", f"{within:.0%}"]


def print_found(found: list[Found]) -> None:
    """Print a line for each side and half, reliable and uncertain separately."""
    print("| side | cases | distance mm | p90 mm | bias out + mm | body beyond it, p95 | worst |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for side in SIDES:
        for held_back in (True, False):
            for unsure in (False, True):
                rows = [
                    f for f in found if (f.side, f.held_back, f.unsure) == (side, held_back, unsure)
                ]
                half = "held back" if held_back else "seen"
                label = f"{side}, {half}, {'unsure' if unsure else 'sure'}"
                print(f"| {' | '.join([label, str(len(rows)), *_distances(rows)])} |")


def _distances(rows: list[Found]) -> list[str]:
    if not rows:
        return ["-"] * 5
    means = [float(np.abs(f.outside_mm).mean()) for f in rows]
    points = np.concatenate([f.outside_mm for f in rows])
    return [
        f"{np.mean(means):.2f}",
        f"{np.percentile(means, 90):.2f}",
        f"{points.mean():+.2f}",
        f"{np.percentile(-points, 95):.2f}",
        f"{np.max(-points):.2f}",
    ]


if __name__ == "__main__":
    sys.exit(main())
