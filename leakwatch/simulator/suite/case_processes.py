"""Parallel processes: the death of one does not affect others; Ctrl-C ends all at once."""

from __future__ import annotations

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, Final, Generic, TypeVar

import cv2

from leakwatch.core.interruption import end_quietly_on_ctrl_c

Task = TypeVar("Task")
Result = TypeVar("Result")

# Libraries of linear algebra read these when they are loaded.
_THREAD_VARIABLES: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True, slots=True)
class Died:
    """End of a process during a task.

    Parameters
    ----------
    exit_code : int or None
        Negative: the number of the signal that ended it.
    """

    exit_code: int | None


@dataclass(slots=True)
class _Worker(Generic[Task]):
    """A process, its pipe, and its current task."""

    process: BaseProcess
    pipe: Connection
    task: Task


def run_in_processes(
    do: Callable[[Task], Result], tasks: Sequence[Task], processes: int
) -> Iterator[tuple[Task, Result | Died]]:
    """Process tasks in parallel, and yield results as they complete.

    Each process begins from nothing and has one thread, so that a result does not depend on how
    many there are.

    Parameters
    ----------
    do : callable
        Of a module, as it is sent to the processes.
    tasks : sequence
    processes : int
        At most, and no more than there are tasks.

    Yields
    ------
    task, result
        `Died` where the process ended before it had one.
    """
    waiting = deque(tasks)
    workers: list[_Worker[Task]] = []
    try:
        with _one_thread_each():
            while waiting and len(workers) < processes:
                workers.append(_start_worker(do, waiting.popleft()))
        while workers:
            ready = wait([worker.pipe for worker in workers])
            for worker in [one for one in workers if one.pipe in ready]:
                result: Result | Died = _answer(worker)
                yield worker.task, result
                workers.remove(worker)
                if not waiting:
                    _release(worker)
                elif isinstance(result, Died):
                    with _one_thread_each():
                        workers.append(_start_worker(do, waiting.popleft()))
                else:
                    worker.task = waiting.popleft()
                    worker.pipe.send(worker.task)
                    workers.append(worker)
    finally:
        for worker in workers:
            worker.process.terminate()
            worker.process.join()


def _start_worker(do: Callable[[Task], Result], task: Task) -> _Worker[Task]:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, do), daemon=True)
    process.start()
    theirs.close()  # else its end would not be told from silence
    ours.send(task)
    return _Worker(process, ours, task)


def _serve(pipe: Connection, do: Callable[[Task], Result]) -> None:
    """Process tasks in a worker until there are no more."""
    end_quietly_on_ctrl_c()
    cv2.setNumThreads(1)
    while True:
        try:
            task = pipe.recv()
        except EOFError:
            return
        pipe.send(do(task))


def _answer(worker: _Worker[Task]) -> Any:
    try:
        return worker.pipe.recv()
    except (EOFError, ConnectionError):
        worker.process.join()
        return Died(worker.process.exitcode)


def _release(worker: _Worker[Task]) -> None:
    worker.pipe.close()
    worker.process.join()


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Limit processes started in this context to one thread each."""
    before = {name: os.environ.get(name) for name in _THREAD_VARIABLES}
    os.environ.update(dict.fromkeys(_THREAD_VARIABLES, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
