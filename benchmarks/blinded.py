"""Blind cases in many ways, and count the frames that were CLEAR or WATCH all the same.

    leakwatch simulate --suite standard --out out/suite
    python benchmarks/blinded.py out/suite

The last line is the figure: frames that were CLEAR or WATCH while the vertebra could not be seen.
It is meant to be 0; exit code 1 where it is not, and 3 where a case could not be judged. Frames
count from a second after a way begins. `--list` says what each way is; they are functions in
leakwatch/benchmark/blinding/blinding_*.py.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import msgspec

from leakwatch.benchmark.blinding.blinded import Outcome, judge_case
from leakwatch.benchmark.blinding.blinding import Kind, Way
from leakwatch.benchmark.blinding.blinding_ways import WAYS
from leakwatch.benchmark.cases.dataset import BenchCase
from leakwatch.benchmark.cases.manifest import find_cases
from leakwatch.case_files.case_file import load_case
from leakwatch.case_files.settings_file import load_settings
from leakwatch.core.errors import BenchError, LeakWatchError

TITLES = (
    "way",
    "kind",
    "cases",
    "blind",
    "CLEAR/WATCH",
    "STOP",
    "unseen",
    "missed",
    "of due",
    "false",
    "UNKNOWN",
)


def main() -> int:
    """Judge, print the table, and return the exit code."""
    given = _arguments()
    if given.list:
        print("\n".join(f"{way.name:15} {way.kind:9} {way.why}" for way in WAYS))
        return 0
    try:
        ways = chosen(given.ways)
        cases = find_cases(given.cases_folder).cases
        sample = spread(cases, given.cases or len(cases))
        others = [_other(case, cases) for case in sample]
    except LeakWatchError as error:
        print(f"blinded: {error}", file=sys.stderr)
        return 2
    outcomes, failed = judged(sample, others, ways, given)
    print("\n".join(table(outcomes, ways)))
    figure = sum(len(one.seeing) for one in outcomes)
    blind = sum(one.blind for one in outcomes)
    print(f"\nCLEAR or WATCH while blind: {figure} of {blind} frames; {_count(sample)}")
    return 3 if failed else int(figure > 0)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("cases_folder", type=Path, nargs="?", default=Path("sample_dicom"), metavar="CASES")
    add("--cases", type=int, metavar="N", help="N cases, spread evenly over the set; default: all")
    add("--ways", help="some of the ways, by commas; default: all")
    add("--start", type=float, metavar="SECONDS", help="when ways begin; default: by the truth")
    add("--jobs", type=int, default=1, help="cases at a time, each in a process")
    add("--json", type=Path, metavar="FILE", help="every outcome, with the frames that count")
    add("--list", action="store_true", help="say what each way is, and end")
    return parser.parse_args()


def chosen(names: str | None) -> tuple[Way, ...]:
    """Return the ways of some names.

    Raises
    ------
    BenchError
        There is no way of a name.
    """
    if names is None:
        return WAYS
    by_name = {way.name: way for way in WAYS}
    unknown = [name for name in names.split(",") if name not in by_name]
    if unknown:
        raise BenchError(f"there is no way {unknown[0]!r}. Known: {', '.join(by_name)}.")
    return tuple(by_name[name] for name in names.split(","))


def judged(
    cases: Sequence[BenchCase],
    others: Sequence[BenchCase | None],
    ways: Sequence[Way],
    given: argparse.Namespace,
) -> tuple[list[Outcome], int]:
    """Return all outcomes, and how many cases could not be judged."""
    outcomes: list[Outcome] = []
    failed = 0
    settings = load_settings(None)
    with ProcessPoolExecutor(given.jobs) as pool:
        works = [
            pool.submit(judge_case, case, ways, settings, other, given.start)
            for case, other in zip(cases, others, strict=True)
        ]
        for number, (case, work) in enumerate(zip(cases, works, strict=True), start=1):
            try:
                outcomes += work.result()
                _keep(outcomes, given.json)
                print(f"{number} of {len(cases)}: {case.name}", file=sys.stderr)
            except LeakWatchError as error:
                failed += 1
                print(f"{number} of {len(cases)}: not judged: {error}", file=sys.stderr)
    return outcomes, failed


def _keep(outcomes: Sequence[Outcome], path: Path | None) -> None:
    """Write what is known after each case: a run of an hour may be broken off."""
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(msgspec.json.format(msgspec.json.encode(outcomes)))


def spread(cases: Sequence[BenchCase], count: int) -> Sequence[BenchCase]:
    """Return some of the cases, evenly spread over the set."""
    return cases[:: max(len(cases) // max(count, 1), 1)][:count]


def _other(case: BenchCase, cases: Sequence[BenchCase]) -> BenchCase | None:
    """Return a case of another vertebra, from the other half of the set."""
    vertebra = load_case(case.case_path).marks.vertebra
    at = next(i for i, one in enumerate(cases) if one.name == case.name) + len(cases) // 2
    around = [cases[(at + step) % len(cases)] for step in range(len(cases))]
    for one in around:
        theirs = load_case(one.case_path).marks.vertebra
        if one.name != case.name and (theirs is None or theirs != vertebra):
            return one
    return None


def table(outcomes: Sequence[Outcome], ways: Sequence[Way]) -> Iterator[str]:
    """Yield the lines of the table, one for each way."""
    yield _line(*TITLES)
    for way in ways:
        found = [one for one in outcomes if one.way == way.name]
        if found:
            yield _row(way, found)


def _count(cases: Sequence[BenchCase]) -> str:
    return "1 case" if len(cases) == 1 else f"{len(cases)} cases"


def _row(way: Way, found: Sequence[Outcome]) -> str:
    frames = sum(one.frames for one in found)
    unknown = sum(one.unknown for one in found) / max(frames, 1)
    is_judged = way.kind is not Kind.BLIND
    return _line(
        way.name,
        way.kind.value,
        str(len(found)),
        str(sum(one.blind for one in found)),
        str(sum(len(one.seeing) for one in found)),
        str(sum(one.stops for one in found)),
        str(sum(one.unseen for one in found)),
        str(sum(one.missed for one in found)) if is_judged else "-",
        str(sum(one.due for one in found)) if is_judged else "-",
        str(sum(one.false for one in found)),
        f"{unknown:.2f}",
    )


def _line(first: str, *rest: str) -> str:
    return f"{first:15}" + "".join(f"{one:>11}" for one in rest)


if __name__ == "__main__":
    sys.exit(main())
