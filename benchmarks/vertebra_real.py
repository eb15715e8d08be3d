"""Measure the detection from one click on real lateral radiographs: correct, wrong, or uncertain.

Requires the radiographs of LEAKWATCH_SHARED (default: ../shared), `real/lateral`, with annotated
corners. Each is clicked in its original and mirrored orientation, at the centre of each body
including the sacrum and around it, with and without the anterior side, and with and without
calibration.

A wall is wrong if it is the anterior one, or farther from the annotated one than `WRONG_MM` and
than `WRONG_SIGMAS` of its stated standard deviation. Annotations are accurate to a millimetre or
two, and the pixel spacing of these files to a tenth.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from leakwatch.case_files.settings_file import load_settings
from leakwatch.config import Settings
from leakwatch.core.arrays import PointArray, read_only
from leakwatch.core.marks import Side
from leakwatch.marking.one_click import Prepared, mark_body, prepare
from leakwatch.runner.stored_run import AnalysisRun, open_run

REPOSITORY = Path(__file__).resolve().parent.parent
# Clicks, as shares of half the depth and half the height of the body.
CLICKS = ((0.0, 0.0), (0.35, 0.3), (-0.35, 0.3), (0.35, -0.3), (-0.35, -0.3))
WRONG_MM, WRONG_SIGMAS = 3.0, 4.0
# The sacrum is the last; its corners are those of its first segment.
KINDS = ("lumbar", "sacrum")


@dataclass(frozen=True)
class Asked:
    """What the user provides in addition to the click."""

    side: bool
    millimetres: bool

    def __str__(self) -> str:
        side = "side given" if self.side else "side not given"
        return f"{side}, {'millimetres' if self.millimetres else 'no millimetres'}"


ASKED = (Asked(True, True), Asked(True, False), Asked(False, True), Asked(False, False))


@dataclass(frozen=True)
class Answer:
    """Result of one click."""

    where: str
    kind: str
    asked: Asked
    sure: bool
    side_known: bool
    wrong_side: bool
    error_mm: float
    behind_mm: float
    sigma_mm: float

    @property
    def is_wrong(self) -> bool:
        """Return whether the wall is the anterior one, or too far off."""
        return self.wrong_side or (
            self.error_mm > WRONG_MM or self.error_mm > WRONG_SIGMAS * self.sigma_mm
        )


def main() -> int:
    """Print the table; exit code 2 without radiographs."""
    arguments = _arguments()
    folder: Path = arguments.folder
    if not (folder / "truth.json").exists():
        print(f"no radiographs at {folder}: LEAKWATCH_SHARED names another place", file=sys.stderr)
        return 2
    answers = list(measured(folder, load_settings(None)))
    print_table(answers)
    if arguments.each:
        for one in answers:
            if one.sure and one.is_wrong:
                print(one)
    return 0


def _arguments() -> argparse.Namespace:
    shared = Path(os.environ.get("LEAKWATCH_SHARED", REPOSITORY.parent / "shared"))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=shared / "real" / "lateral")
    parser.add_argument("--each", action="store_true", help="print each that is sure and wrong")
    return parser.parse_args()


def measured(folder: Path, settings: Settings) -> Iterator[Answer]:
    """Click every body of every radiograph under every condition."""
    truth = json.loads((folder / "truth.json").read_bytes())
    for name, about in truth.items():
        run = open_run(folder / f"{name}.dcm", settings)
        try:
            whole = prepare(run)
        finally:
            run.source.close()
        bodies = [{k: np.array(v) for k, v in one.items()} for one in about["vertebrae"]]
        for mirror in (False, True):
            width = run.acquisition.columns
            prepared = mirrored(whole, width) if mirror else whole
            for number, body in enumerate(bodies):
                corners = {k: _mirrored(v, width) for k, v in body.items()} if mirror else body
                kind = KINDS[number == len(bodies) - 1]
                where = f"{name}{'m' if mirror else ''}.{number}"
                yield from _of_body(prepared, run, corners, where, kind)


def mirrored(prepared: Prepared, width: int) -> Prepared:
    """Return the mirrored radiograph."""
    picture = prepared.picture
    assert picture.attenuation.shape[1] * picture.grid.binning in (width, width - 1)
    flipped = replace(
        picture,
        attenuation=read_only(np.ascontiguousarray(picture.attenuation[:, ::-1])),
        seen=read_only(np.ascontiguousarray(picture.seen[:, ::-1])),
        cannula=None if picture.cannula is None else read_only(picture.cannula[:, ::-1].copy()),
    )
    ends = prepared.cannula_px
    if ends is not None:
        ends = ((width - 1 - ends[0][0], ends[0][1]), (width - 1 - ends[1][0], ends[1][1]))
    return replace(prepared, picture=flipped, cannula_px=ends)


def _mirrored(point: PointArray, width: int) -> PointArray:
    return np.array([width - 1 - point[0], point[1]])


def without_millimetres(prepared: Prepared, run: AnalysisRun) -> Prepared:
    """Return the file without its pixel spacing."""
    grid = prepared.picture.grid
    nominal = run.settings.tubular.nominal_field_mm / (grid.columns * grid.binning)
    picture = replace(prepared.picture, mm_per_px=nominal, calibrated=False)
    return replace(prepared, picture=picture)


def _of_body(
    prepared: Prepared, run: AnalysisRun, corners: dict[str, PointArray], where: str, kind: str
) -> Iterator[Answer]:
    posterior = (corners["post_up"] + corners["post_low"]) / 2
    front = (corners["ant_up"] + corners["ant_low"]) / 2
    up = (corners["ant_up"] + corners["post_up"] - corners["ant_low"] - corners["post_low"]) / 4
    anterior = Side.RIGHT if front[0] > posterior[0] else Side.LEFT
    for asked in ASKED:
        given = prepared if asked.millimetres else without_millimetres(prepared, run)
        for forward, high in CLICKS:
            at = (posterior + front) / 2 + forward * (front - posterior) / 2 + high * up
            body = mark_body(
                given,
                (float(at[0]), float(at[1])),
                run,
                anterior=anterior if asked.side else None,
            )
            wall = body.posterior_wall_px
            mm_per_px = prepared.picture.mm_per_px
            off = behind_px(wall, corners["post_low"], corners["post_up"], front) * mm_per_px
            middle = wall.mean(axis=0)
            wrong = np.hypot(*(middle - front)) < np.hypot(*(middle - posterior))
            yield Answer(
                where, kind, asked, body.wall.unsure is None,
                body.side_known, bool(wrong),
                float(np.abs(off).mean()), float(off.mean()), body.wall.sigma_mm,
            )  # fmt: skip


def behind_px(wall: PointArray, low: PointArray, high: PointArray, front: PointArray) -> PointArray:
    """Return distances of the detected wall posterior of the annotated one, along that one."""
    along = (high - low) / np.hypot(*(high - low))
    back = np.array([-along[1], along[0]])
    if (front - low) @ back > 0:
        back = -back
    t, off = (wall - low) @ along, (wall - low) @ back
    order = np.argsort(t)
    places = np.linspace(0.0, float(np.hypot(*(high - low))), 30)
    behind: PointArray = np.interp(places, t[order], off[order])
    return behind


def print_table(answers: list[Answer]) -> None:
    """Print a line for each condition and kind of body."""
    print("| asked | body | clicks | sure and right | sure and wrong | of these on the front | "
          "unsure | sure: error median mm | p90 mm |")  # fmt: skip
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for asked in ASKED:
        for kind in KINDS:
            group = [a for a in answers if a.asked == asked and a.kind == kind]
            sure = [a for a in group if a.sure]
            wrong = [a for a in sure if a.is_wrong]
            error = [a.error_mm for a in sure] or [float("nan")]
            cells = (
                str(asked), kind, len(group), len(sure) - len(wrong), len(wrong),
                sum(a.wrong_side for a in wrong), len(group) - len(sure),
                f"{np.median(error):.2f}", f"{np.percentile(error, 90):.2f}",
            )  # fmt: skip
            print(f"| {' | '.join(map(str, cells))} |")


if __name__ == "__main__":
    sys.exit(main())
