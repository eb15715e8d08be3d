"""Processing of cases in local processes, which do not affect each other if one dies."""

from __future__ import annotations

import multiprocessing
import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool

import cv2

from leakwatch.benchmark.work.case_work import FAILED, CaseWork, Job, Worked, do_case
from leakwatch.core.interruption import end_quietly_on_ctrl_c
from leakwatch.core.messages import text

# A process may die because of another one; a case with which two processes die is the cause.
MAX_DEATHS = 2


def run_in_processes(jobs: Sequence[Job], processes: int) -> Iterator[tuple[Job, Worked]]:
    """Process jobs in parallel, and yield results as they complete.

    Each process has its own pool, so that its death is attributed to its case, and affects no
    other.

    Parameters
    ----------
    jobs : sequence of Job
    processes : int
        Maximum number of processes.

    Yields
    ------
    Job, Worked
    """
    waiting = deque((job, 0) for job in jobs)
    slots = [_pool(processes) for _ in range(min(processes, len(jobs)))]
    idle = list(range(len(slots)))
    running: dict[Future[Worked], tuple[int, Job, int]] = {}
    try:
        while waiting or running:
            while waiting and idle:
                slot, (job, deaths) = idle.pop(), waiting.popleft()
                running[slots[slot].submit(do_case, job)] = (slot, job, deaths)
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                slot, job, deaths = running.pop(future)
                idle.append(slot)
                try:
                    yield job, future.result()
                except BrokenProcessPool:
                    slots[slot] = _pool(processes)
                    if deaths + 1 < MAX_DEATHS:
                        waiting.append((job, deaths + 1))
                    else:
                        yield (
                            job,
                            make_failed_result(
                                job, text("its process died {count} times", count=MAX_DEATHS)
                            ),
                        )
    finally:
        for pool in slots:
            pool.shutdown(wait=False, cancel_futures=True)


def make_failed_result(job: Job, why: str) -> Worked:
    """Return the result of a case whose processes died."""
    return Worked(CaseWork(job.fingerprint, FAILED, text("{why}. Run it alone.", why=why)), {})


def _pool(processes: int) -> ProcessPoolExecutor:
    context = multiprocessing.get_context("spawn")
    threads = max(1, (os.cpu_count() or 1) // processes)
    return ProcessPoolExecutor(1, context, initializer=_prepare, initargs=(threads,))


def _prepare(threads: int) -> None:
    """Prepare a worker: it ends quietly on Ctrl-C, and uses its share of the cores."""
    end_quietly_on_ctrl_c()
    cv2.setNumThreads(threads)
