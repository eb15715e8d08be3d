"""A whole benchmark: find the cases, do what is not done yet, score all, write the report.

Below the output folder every case keeps what its detector wrote, so that a run that was broken off
goes on where it stopped, and scores can be taken again without running anything.
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
from leakwatch.files.bounded_input import MOST_DOCUMENT_BYTES, parse_json, read_at_most

CASES_FOLDER = "cases"


@dataclass(frozen=True, slots=True)
class Request:
    """What a person asks for.

    Parameters
    ----------
    folder, out : Path
        Of the set; of the results.
    detector : Detector
    settings : Settings
        Of LeakWatch.
    wall_only : bool
        Use no mark but the wall.
    jobs : int
        Cases at a time on this machine.
    scheduler : str or None
        Address of a Dask scheduler, which then has the cases instead.
    adapter : Adapter or None
        Of a set of another shape.
    in_this_process : bool
        One case after the other, here: for a detector that cannot go to another process.
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
    """What there is to do.

    Parameters
    ----------
    request : Request
    bench_set : BenchSet
    jobs : tuple of Job
        One for every case.
    to_do : tuple of Job
        Those whose result is not there, or does not hold any more.
    """

    request: Request
    bench_set: BenchSet
    jobs: tuple[Job, ...]
    to_do: tuple[Job, ...]

    @property
    def frames_to_do(self) -> int:
        """For a progress bar."""
        return sum(job.case.truth.frames for job in self.to_do)


def make_plan(request: Request) -> Plan:
    """Find the cases, and which of them are done.

    Raises
    ------
    BenchError
        There is no case, what is asked for contradicts itself, or `out` cannot be made.
    """
    _check(request)
    bench_set = find_cases(request.folder, request.adapter)
    jobs = tuple(_job(case, request) for case in bench_set.cases)
    try:
        (request.out / CASES_FOLDER).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BenchError(
            f"{request.out} cannot be made: {error.strerror}. Choose another --out."
        ) from error
    return Plan(request, bench_set, jobs, tuple(job for job in jobs if not _is_done(job, request)))


def carry_out(plan: Plan) -> Iterator[BenchCase]:
    """Do what there is to do and write each result at once; yields every case when it is written.

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
    """Where the results of a case lie."""
    return out / CASES_FOLDER / name


def write_work(folder: Path, worked: Worked) -> None:
    """Write the files of a case; work.json last, so that it speaks for whole files only.

    Raises
    ------
    BenchError
        A file cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / WORK_NAME).unlink(missing_ok=True)
        for old in (*folder.glob("*.jsonl"), *folder.glob("worst-*.jpg"), *folder.glob("*.log")):
            old.unlink()
        (folder / OVERLAY_NAME).unlink(missing_ok=True)
        for name, data in worked.files.items():
            (folder / name).write_bytes(data)
        (folder / WORK_NAME).write_bytes(msgspec.json.encode(worked.work) + b"\n")
    except OSError as error:
        raise BenchError(
            f"{folder} cannot be written: {error.strerror}. Free some space or choose another "
            "--out; what is done stays."
        ) from error


def read_work(folder: Path) -> CaseWork | None:
    """The work.json of a case; None where there is none that can be read."""
    try:
        found = parse_json(read_at_most(folder / WORK_NAME, MOST_DOCUMENT_BYTES))
        return msgspec.convert(found, CaseWork, str_keys=True)
    except (OSError, ValueError):
        return None


def _check(request: Request) -> None:
    name = request.detector.name
    if name != LEAKWATCH and request.settings != Settings():
        raise BenchError("--settings are those of LeakWatch. Leave them out for another detector.")
    if name == NAIVE and request.wall_only:
        raise BenchError("the naive detector needs the anterior side. Leave out --wall-only.")


def _job(case: BenchCase, request: Request) -> Job:
    try:
        inputs, masks = inputs_hash(case), masks_hash(case)
    except OSError as error:
        raise BenchError(
            f"{error.filename}: cannot be read: {error.strerror}. Check the files of {case.name}."
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
    """What failed is tried again: it may have been the machine's fault."""
    work = read_work(case_folder(request.out, job.case.name))
    return work is not None and work.fingerprint == job.fingerprint and work.status == DONE
