"""Production of a suite in a folder: existing cases are kept, failures are reported."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from leakwatch import __version__
from leakwatch.case_files.truth_file import MASKS_SUFFIX
from leakwatch.core.errors import SinkError
from leakwatch.core.messages import text
from leakwatch.simulator.ct.ct_folder import find_ct_folder, named_files
from leakwatch.simulator.scenario.scenario_sections import plain
from leakwatch.simulator.scene.scene import frame_times_s
from leakwatch.simulator.suite.case_processes import Died, run_in_processes
from leakwatch.simulator.suite.suite_anatomy import OtherAnatomy, replace_anatomy
from leakwatch.simulator.suite.suite_case import SUFFIXES, Made, Work, make_case
from leakwatch.simulator.suite.suite_file import Suite, SuiteCase, expand
from leakwatch.simulator.suite.suite_index import (
    INDEX_NAME,
    IndexedCase,
    NotMade,
    SuiteIndex,
    load_index,
    write_index,
)

_PARTIAL = ".partial"  # removed by the next run after an interruption


@dataclass(frozen=True, slots=True)
class SuitePlan:
    """Cases to make and to keep.

    Parameters
    ----------
    suite : Suite
    cases : tuple of SuiteCase
        All cases, in the suite's order.
    fingerprints : tuple of str
        Hash of scenario, CT files and program version of each case.
    kept : dict of str to IndexedCase
        Existing cases with masks, by name.
    without_masks : frozenset of str
        Names of cases that lack only masks.
    ct_folder : Path or None
    out : Path
    """

    suite: Suite
    cases: tuple[SuiteCase, ...]
    fingerprints: tuple[str, ...]
    kept: dict[str, IndexedCase]
    without_masks: frozenset[str]
    ct_folder: Path | None
    out: Path

    @property
    def to_make(self) -> list[SuiteCase]:
        """Missing cases, the longest first, to balance the processes."""
        left = [case for case in self.cases if case.scenario.name not in self.kept]
        return sorted(left, key=_pixels, reverse=True)

    @property
    def frames_to_make(self) -> int:
        """Number of frames of all missing cases."""
        return sum(number_of_frames(case) for case in self.to_make)


def plan_suite(
    suite: Suite,
    out: Path,
    seed: int | None = None,
    ct_folder: Path | None = None,
    other: OtherAnatomy | None = None,
) -> SuitePlan:
    """Expand a suite, find its CTs, and check existing cases.

    Parameters
    ----------
    suite : Suite
    out : Path
    seed : int or None
        Replaces that of the suite.
    ct_folder : Path or None
        See `ct_folder.find_ct_folder`.
    other : OtherAnatomy or None
        Replaces the anatomy of all cases, and `ct_folder`.

    Raises
    ------
    ConfigError
        A case violates the schema, or a CT is missing.
    """
    cases = replace_anatomy(expand(suite, seed), other)
    ct_folder = ct_folder if other is None else other.folder
    wanted = sorted({name for case in cases for name in named_files(case.scenario)})
    folder = find_ct_folder(wanted, ct_folder) if wanted else None
    digests = {name: _digest(folder / name) for name in wanted if folder is not None}
    prints = tuple(_fingerprint(case, digests) for case in cases)
    known = {made.name: made for made in load_index(out / INDEX_NAME).cases}
    there = {
        case.scenario.name: known[case.scenario.name]
        for case, fingerprint in zip(cases, prints, strict=True)
        if _is_there(known.get(case.scenario.name), fingerprint, out)
    }
    without_masks = frozenset(
        name for name in there if not (out / f"{name}{MASKS_SUFFIX}").is_dir()
    )
    kept = {name: made for name, made in there.items() if name not in without_masks}
    return SuitePlan(suite, cases, prints, kept, without_masks, folder, out)


def run_suite(
    plan: SuitePlan,
    jobs: int,
    on_frames: Callable[[int], None] = lambda _: None,
    make: Callable[[Work], Made | str] = make_case,
) -> SuiteIndex:
    """Make the missing cases.

    Parameters
    ----------
    plan : SuitePlan
    jobs : int
        Number of processes.
    on_frames : callable
        Called with the number of frames of each completed case.
    make : callable
        Function of a module, as it is sent to other processes.

    Returns
    -------
    SuiteIndex
        As written to the folder.

    Raises
    ------
    SinkError
        The folder cannot be written to.
    """
    made, failed = dict(plan.kept), dict[str, str]()
    fingerprints = dict(zip(_names(plan.cases), plan.fingerprints, strict=True))
    with _partial_folder(plan.out) as partial:
        index = _index(plan, made, failed)
        write_index(index, plan.out)
        work = [_work(case, plan, partial) for case in plan.to_make]
        for task, result in run_in_processes(make, work, jobs):
            name = task.case.scenario.name
            if isinstance(result, Made):
                made[name] = _to_indexed(task.case, result, fingerprints[name])
            else:
                failed[name] = _death_text(result) if isinstance(result, Died) else result
            index = _index(plan, made, failed)
            write_index(index, plan.out)
            on_frames(number_of_frames(task.case))
    return index


def _work(case: SuiteCase, plan: SuitePlan, partial: Path) -> Work:
    only_masks = case.scenario.name in plan.without_masks
    return Work(case, plan.ct_folder, plan.out, partial, only_masks)


def number_of_frames(case: SuiteCase) -> int:
    """Return the number of frames of a case."""
    return len(frame_times_s(case.scenario))


def _pixels(case: SuiteCase) -> int:
    carm = case.scenario.carm
    return number_of_frames(case) * carm.rows * carm.columns


def _names(cases: Sequence[SuiteCase]) -> list[str]:
    return [case.scenario.name for case in cases]


def _digest(path: Path) -> str:
    """Return the hash of a file, or of all files of a folder."""
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    digest = hashlib.sha256()
    for file in files:
        if file.is_file():
            digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def _fingerprint(case: SuiteCase, digests: dict[str, str]) -> str:
    files = [digests[name] for name in named_files(case.scenario)]
    what = [__version__, case.expect, msgspec.json.encode(plain(case.scenario)).decode(), *files]
    return hashlib.sha256("\n".join(what).encode()).hexdigest()


def _is_there(made: IndexedCase | None, fingerprint: str, out: Path) -> bool:
    if made is None or made.fingerprint != fingerprint:
        return False
    return all((out / f"{made.name}{suffix}").is_file() for suffix in SUFFIXES)


@contextmanager
def _partial_folder(out: Path) -> Iterator[Path]:
    partial = out / _PARTIAL
    try:
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
    except OSError as error:
        raise SinkError(
            text(
                "{output}: cannot be written: {reason}. Choose another --out.",
                output=out,
                reason=error.strerror,
            )
        ) from (error)
    try:
        yield partial
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _death_text(died: Died) -> str:
    if died.exit_code is not None and died.exit_code < 0:
        how = text("signal {number}", number=-died.exit_code)
    else:
        how = text("exit code {number}", number=died.exit_code)
    return text(
        "its process ended ({how}), perhaps for lack of memory. Use fewer --jobs, and run the same "
        "command again.",
        how=how,
    )


def _index(plan: SuitePlan, made: dict[str, IndexedCase], failed: dict[str, str]) -> SuiteIndex:
    names = _names(plan.cases)
    return SuiteIndex(
        suite=plan.suite.name,
        program=__version__,
        cases=[made[name] for name in names if name in made],
        not_made=[NotMade(name, failed[name]) for name in names if name in failed],
    )


def _to_indexed(case: SuiteCase, made: Made, fingerprint: str) -> IndexedCase:
    scenario = case.scenario
    return IndexedCase(
        name=scenario.name,
        kind=case.entry,
        expect=case.expect,
        paths=[str(leak.path) for leak in scenario.leaks],
        leak=made.truth_leak,
        ct=scenario.anatomy.ct,
        vertebra=scenario.anatomy.level,
        seed=scenario.seed,
        fps=scenario.sequence.fps,
        frames=made.frames,
        rows=scenario.carm.rows,
        columns=scenario.carm.columns,
        quanta_per_mm2=scenario.detector.quanta_per_mm2,
        due_frame=made.due_frame,
        least_distance_mm=made.least_distance_mm,
        fingerprint=fingerprint,
    )
