"""Apply blinding methods to cases, and count the frames that were CLEAR or WATCH even so.

    leakwatch simulate --suite standard --out out/suite
    python benchmarks/blinded.py out/suite

The last line is the result: frames that were CLEAR or WATCH without a visible vertebra. It must be
0; exit code 1 if it is not, and 3 if a case could not be evaluated. Frames count from a second
after a method starts. `--list` describes the methods, which are functions in
leakwatch/benchmark/blinding/blinding_*.py.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import msgspec

from leakwatch.benchmark.blinding.blinded import Outcome, evaluate_case
from leakwatch.benchmark.blinding.blinding import BlindingMethod, Kind
from leakwatch.benchmark.blinding.blinding_methods import BLINDING_METHODS
from leakwatch.benchmark.cases.dataset import BenchCase
from leakwatch.benchmark.cases.manifest import find_cases
from leakwatch.case_files.case_file import load_case
from leakwatch.case_files.settings_file import load_settings
from leakwatch.core.errors import BenchError, LeakWatchError

TITLES = (
    "method",
    "kind",
    "cases",
    "blind",
    "CLEAR/WATCH",
    "STOP",
    "undetected",
    "missed",
    "of due",
    "false",
    "UNKNOWN",
)


def main() -> int:
    """Evaluate, print the table, and return the exit code."""
    given = _arguments()
    if given.list:
        print(
            "\n".join(
                f"{method.name:15} {method.kind:9} {method.why}" for method in BLINDING_METHODS
            )
        )
        return 0
    try:
        methods = chosen(given.methods)
        cases = find_cases(given.cases_folder).cases
        sample = spread(cases, given.cases or len(cases))
        others = [_other(case, cases) for case in sample]
    except LeakWatchError as error:
        print(f"blinded: {error}", file=sys.stderr)
        return 2
    outcomes, failed = evaluate(sample, others, methods, given)
    print("\n".join(table(outcomes, methods)))
    figure = sum(len(one.assessed) for one in outcomes)
    blind = sum(one.blind for one in outcomes)
    print(
        f"\nCLEAR or WATCH without a visible vertebra: {figure} of {blind} frames; {_count(sample)}"
    )
    return 3 if failed else int(figure > 0)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("cases_folder", type=Path, nargs="?", default=Path("sample_dicom"), metavar="CASES")
    add(
        "--cases",
        type=int,
        metavar="N",
        help="N cases, evenly spaced in the data set; default: all",
    )
    names = "names of blinding methods, separated by commas; default: all"
    add("--methods", "--ways", dest="methods", metavar="NAMES", help=names)
    add("--start", type=float, metavar="SECONDS", help="when methods start; default: by the truth")
    add("--jobs", type=int, default=1, help="number of parallel processes")
    add("--json", type=Path, metavar="FILE", help="write every result, with its frames")
    add("--list", action="store_true", help="list the blinding methods, and exit")
    return parser.parse_args()


def chosen(names: str | None) -> tuple[BlindingMethod, ...]:
    """Return the blinding methods with some names.

    Raises
    ------
    BenchError
        A name is unknown.
    """
    if names is None:
        return BLINDING_METHODS
    by_name = {method.name: method for method in BLINDING_METHODS}
    unknown = [name for name in names.split(",") if name not in by_name]
    if unknown:
        raise BenchError(
            f"unknown blinding method {unknown[0]!r}. Choose from: {', '.join(by_name)}."
        )
    return tuple(by_name[name] for name in names.split(","))


def evaluate(
    cases: Sequence[BenchCase],
    others: Sequence[BenchCase | None],
    methods: Sequence[BlindingMethod],
    given: argparse.Namespace,
) -> tuple[list[Outcome], int]:
    """Return all outcomes, and the number of cases that could not be evaluated."""
    outcomes: list[Outcome] = []
    failed = 0
    settings = load_settings(None)
    with ProcessPoolExecutor(given.jobs) as pool:
        works = [
            pool.submit(evaluate_case, case, methods, settings, other, given.start)
            for case, other in zip(cases, others, strict=True)
        ]
        for number, (case, work) in enumerate(zip(cases, works, strict=True), start=1):
            try:
                outcomes += work.result()
                _keep(outcomes, given.json)
                print(f"{number} of {len(cases)}: {case.name}", file=sys.stderr)
            except LeakWatchError as error:
                failed += 1
                print(f"{number} of {len(cases)}: not evaluated: {error}", file=sys.stderr)
    return outcomes, failed


def _keep(outcomes: Sequence[Outcome], path: Path | None) -> None:
    """Write all results after each case, as a run of an hour may be aborted."""
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(msgspec.json.format(msgspec.json.encode(outcomes)))


def spread(cases: Sequence[BenchCase], count: int) -> Sequence[BenchCase]:
    """Return some of the cases, evenly spaced in the data set."""
    return cases[:: max(len(cases) // max(count, 1), 1)][:count]


def _other(case: BenchCase, cases: Sequence[BenchCase]) -> BenchCase | None:
    """Return a case of another vertebra, from the other half of the data set."""
    vertebra = load_case(case.case_path).marks.vertebra
    at = next(i for i, one in enumerate(cases) if one.name == case.name) + len(cases) // 2
    around = [cases[(at + step) % len(cases)] for step in range(len(cases))]
    for one in around:
        theirs = load_case(one.case_path).marks.vertebra
        if one.name != case.name and (theirs is None or theirs != vertebra):
            return one
    return None


def table(outcomes: Sequence[Outcome], methods: Sequence[BlindingMethod]) -> Iterator[str]:
    """Yield the lines of the table, one per blinding method."""
    yield _line(*TITLES)
    for method in methods:
        found = [one for one in outcomes if one.method == method.name]
        if found:
            yield _row(method, found)


def _count(cases: Sequence[BenchCase]) -> str:
    return "1 case" if len(cases) == 1 else f"{len(cases)} cases"


def _row(method: BlindingMethod, found: Sequence[Outcome]) -> str:
    frames = sum(one.frames for one in found)
    unknown = sum(one.unknown for one in found) / max(frames, 1)
    is_scored = method.kind is not Kind.BLIND
    return _line(
        method.name,
        method.kind.value,
        str(len(found)),
        str(sum(one.blind for one in found)),
        str(sum(len(one.assessed) for one in found)),
        str(sum(one.stops for one in found)),
        str(sum(one.undetected for one in found)),
        str(sum(one.missed for one in found)) if is_scored else "-",
        str(sum(one.due for one in found)) if is_scored else "-",
        str(sum(one.false for one in found)),
        f"{unknown:.2f}",
    )


def _line(first: str, *rest: str) -> str:
    return f"{first:15}" + "".join(f"{one:>11}" for one in rest)


if __name__ == "__main__":
    sys.exit(main())
