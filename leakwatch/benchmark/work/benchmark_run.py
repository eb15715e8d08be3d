"""Execution of a benchmark: find the cases, run the detector on those that are missing.

The results of every case are kept in the output folder, so that an aborted benchmark continues
where it stopped, and scores can be computed again without running the detector.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from leakwatch.benchmark.cases.dataset import Adapter, BenchCase, BenchSet
from leakwatch.benchmark.cases.manifest import find_cases
from leakwatch.benchmark.pictures.overlay import OVERLAY_NAME
from leakwatch.benchmark.work.case_work import DONE, WORK_NAME, CaseWork, Job, Worked, do_case
from leakwatch.benchmark.work.cluster_workers import run_on_cluster
from leakwatch.benchmark.work.detector import LEAKWATCH, NAIVE, Detector
from leakwatch.benchmark.work.fingerprint import inputs_hash, masks_hash, program_hash, run_hash
from leakwatch.benchmark.work.local_workers import run_in_processes
from leakwatch.config import Settings
from leakwatch.core.errors import BenchError
from leakwatch.core.messages import text
from leakwatch.files.bounded_input import MOST_DOCUMENT_BYTES, parse_json, read_at_most
from leakwatch.files.private_files import make_private_folder, replace_private_file

CASES_FOLDER = "cases"


@dataclass(frozen=True, slots=True)
class Request:
    """Options of a benchmark.

    Parameters
    ----------
    folder, out : Path
        Folder of the data set, and of the results.
    detector : Detector
    settings : Settings
        Settings of LeakWatch.
    wall_only : bool
        Use the wall as the only mark.
    jobs : int
        Number of parallel processes on this machine.
    scheduler : str or None
        Address of a Dask scheduler, to use its cluster instead.
    adapter : Adapter or None
        Adapter of another kind of data set.
    in_this_process : bool
        One case after another in this process, for a detector that cannot be sent to another.
    """

    folder: Path
    out: Path
    detector: Detector
    settings: Settings
    wall_only: bool = False
    jobs: int = 1
    scheduler: str | None = None
    adapter: Adapter | None = None
    in_this_process: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """Jobs of a benchmark.

    Parameters
    ----------
    request : Request
    bench_set : BenchSet
    jobs : tuple of Job
        One per case.
    to_do : tuple of Job
        Jobs without a valid result.
    """

    request: Request
    bench_set: BenchSet
    jobs: tuple[Job, ...]
    to_do: tuple[Job, ...]

    @property
    def frames_to_process(self) -> int:
        """Number of frames to process, for a progress bar."""
        return sum(job.case.truth.frames for job in self.to_do)


def make_plan(request: Request) -> Plan:
    """Find the cases, and those that are not done.

    Raises
    ------
    BenchError
        There is no case, the options contradict each other, or `out` cannot be created.
    """
    _check(request)
    bench_set = find_cases(request.folder, request.adapter)
    jobs = tuple(_job(case, request) for case in bench_set.cases)
    try:
        make_private_folder(request.out / CASES_FOLDER)
    except OSError as error:
        raise BenchError(
            text(
                "{output} cannot be created: {reason}. Choose another --out.",
                output=request.out,
                reason=error.strerror,
            )
        ) from error
    return Plan(request, bench_set, jobs, tuple(job for job in jobs if not _is_done(job, request)))


def run_plan(plan: Plan) -> Iterator[BenchCase]:
    """Process missing cases, write each result at once, and yield its case.

    Raises
    ------
    BenchError
        The cluster cannot be used, or a result cannot be written.
    """
    if not plan.to_do:
        return
    request = plan.request
    results: Iterator[tuple[Job, Worked]]
    if request.in_this_process:
        results = ((job, do_case(job)) for job in plan.to_do)
    elif request.scheduler is not None:
        results = run_on_cluster(plan.to_do, request.scheduler)
    else:
        results = run_in_processes(plan.to_do, request.jobs)
    for job, worked in results:
        write_work(case_folder(request.out, job.case.name), worked)
        yield job.case


def case_folder(out: Path, name: str) -> Path:
    """Return the folder of the results of a case."""
    return out / CASES_FOLDER / name


def write_work(folder: Path, worked: Worked) -> None:
    """Write the files of a case; work.json last, so that the others are complete.

    Raises
    ------
    BenchError
        A file cannot be written.
    """
    try:
        make_private_folder(folder)
        (folder / WORK_NAME).unlink(missing_ok=True)
        for old in (*folder.glob("*.jsonl"), *folder.glob("worst-*.jpg"), *folder.glob("*.log")):
            old.unlink()
        (folder / OVERLAY_NAME).unlink(missing_ok=True)
        for name, data in worked.files.items():
            replace_private_file(folder / name, data)
        told = msgspec.json.encode(worked.work, enc_hook=str) + b"\n"
        replace_private_file(folder / WORK_NAME, told)
    except OSError as error:
        raise BenchError(
            text(
                "{folder} cannot be written: {reason}. Free some disk space or choose another "
                "--out; completed cases are kept.",
                folder=folder,
                reason=error.strerror,
            )
        ) from error


def read_work(folder: Path) -> CaseWork | None:
    """Return the work.json of a case; None if there is no valid one."""
    try:
        found = parse_json(read_at_most(folder / WORK_NAME, MOST_DOCUMENT_BYTES))
        return msgspec.convert(found, CaseWork, str_keys=True)
    except (OSError, ValueError):
        return None


def _check(request: Request) -> None:
    name = request.detector.name
    if name != LEAKWATCH and request.settings != Settings():
        raise BenchError(
            text("--settings apply to LeakWatch only. Omit them for another detector.")
        )
    if name == NAIVE and request.wall_only:
        raise BenchError(text("the naive detector needs the anterior side. Omit --wall-only."))


def _job(case: BenchCase, request: Request) -> Job:
    try:
        inputs, masks = inputs_hash(case), masks_hash(case)
    except OSError as error:
        raise BenchError(
            text(
                "{filename}: cannot be read: {reason}. Check the files of {case}.",
                filename=error.filename,
                reason=error.strerror,
                case=case.name,
            )
        ) from error
    fingerprint = run_hash((inputs, masks), request.detector, request.settings, request.wall_only)
    return Job(
        case,
        request.detector,
        request.settings,
        request.wall_only,
        inputs,
        masks,
        fingerprint,
        program_hash(),
    )


def _is_done(job: Job, request: Request) -> bool:
    """Return whether a case is done; failed ones are repeated, as the machine may be the cause."""
    work = read_work(case_folder(request.out, job.case.name))
    return work is not None and work.fingerprint == job.fingerprint and work.status == DONE
