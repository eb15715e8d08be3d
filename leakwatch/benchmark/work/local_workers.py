"""Cases in processes of this machine: one dies, the others go on."""

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

# A process may die of what another one did to the machine; a case that kills two is at fault.
MOST_DEATHS = 2


def run_in_processes(jobs: Sequence[Job], processes: int) -> Iterator[tuple[Job, Worked]]:
    """Do every job, some at a time; results come as they are ready.

    Each process has a pool of its own, so that its death is known to be of the case that it
    worked on, and breaks no other.

    Parameters
    ----------
    jobs : sequence of Job
    processes : int
        At most, and no more than there are jobs.

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
                    if deaths + 1 < MOST_DEATHS:
                        waiting.append((job, deaths + 1))
                    else:
                        yield (
                            job,
                            died(job, f"the process that worked on it died {MOST_DEATHS} times"),
                        )
    finally:
        for pool in slots:
            pool.shutdown(wait=False, cancel_futures=True)


def died(job: Job, why: str) -> Worked:
    """The result of a case whose processes died."""
    return Worked(CaseWork(job.fingerprint, FAILED, f"{why}. Look at it alone."), {})


def _pool(processes: int) -> ProcessPoolExecutor:
    context = multiprocessing.get_context("spawn")
    threads = max(1, (os.cpu_count() or 1) // processes)
    return ProcessPoolExecutor(1, context, initializer=_prepare, initargs=(threads,))


def _prepare(threads: int) -> None:
    """Ctrl-C ends a worker at once and quietly; and workers do not fight for the cores."""
    end_quietly_on_ctrl_c()
    cv2.setNumThreads(threads)
