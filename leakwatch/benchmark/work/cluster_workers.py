"""Cases on an existing Dask cluster: it has the workers, this program has the list.

Paths must lead to the same files on every worker. Nothing is written there: results come back as
data.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import CancelledError
from contextlib import suppress
from typing import TYPE_CHECKING

from leakwatch.benchmark.work.case_work import Job, Worked, do_case
from leakwatch.benchmark.work.local_workers import died
from leakwatch.core.errors import BenchError, missing_extra

if TYPE_CHECKING:
    from distributed import Client, Future

CONNECT_S = 10.0
# How often it is looked whether there are workers at all, and how long there may be none: a batch
# system takes a while to start another one.
LOOK_S, ALONE_S = 2.0, 120.0
_AGAIN = "What is done is kept: see to the cluster, and give the same command again."


def run_on_cluster(jobs: Sequence[Job], address: str) -> Iterator[tuple[Job, Worked]]:
    """Do every job on the cluster's workers; results come as they are ready.

    The case of a worker that dies is run again on another one, until the scheduler takes the case
    for the cause (``distributed.scheduler.allowed-failures``, 3 deaths).

    Parameters
    ----------
    jobs : sequence of Job
    address : str
        Of the scheduler, ``tcp://HOST:PORT``.

    Yields
    ------
    Job, Worked

    Raises
    ------
    BenchError
        `distributed` is not installed, the scheduler does not answer or is lost, or it has no
        workers. What was yielded until then holds.
    """
    client = connect(address)
    try:
        futures = {client.submit(do_case, job, pure=False): job for job in jobs}
        for future in _ended(client, futures, address):
            job = futures.pop(future)
            if future.status == "finished":
                yield job, future.result()
            elif future.status == "error":
                # `do_case` raises nothing: what comes is of the cluster.
                why = type(future.exception()).__name__
                yield job, died(job, f"the cluster gave it up: {why}")
            else:
                # No case is to blame, and none is judged by it.
                raise BenchError(
                    f"--scheduler {address}: it was lost with {len(futures) + 1} cases to do. "
                    f"{_AGAIN}"
                )
            future.release()
        # Where the caller stops early, closing the client takes the rest off the cluster.
    finally:
        client.close()


def _ended(client: Client, futures: Mapping[Future, Job], address: str) -> Iterator[Future]:
    """Futures as they end, until the caller has taken all out of `futures`."""
    from distributed import wait

    alone_since: float | None = None
    while futures:
        ended = [future for future in futures if future.status != "pending"]
        yield from ended
        if ended:
            alone_since = None
            continue
        # Each future is looked at above, whatever `wait` makes of those that were cancelled.
        with client.as_current(), suppress(TimeoutError, CancelledError):
            wait(list(futures), timeout=LOOK_S, return_when="FIRST_COMPLETED")
        if _may_have_workers(client):
            alone_since = None
            continue
        now = time.monotonic()
        alone_since = now if alone_since is None else alone_since
        if now - alone_since >= ALONE_S:
            raise BenchError(
                f"--scheduler {address}: it has had no worker for {ALONE_S:g} s, with "
                f"{len(futures)} cases to do. {_AGAIN}"
            )


def _may_have_workers(client: Client) -> bool:
    """False only where the scheduler says that there are none."""
    try:
        return client.status != "running" or bool(client.nthreads())
    except OSError:  # it is being lost: its futures will tell
        return True


def connect(address: str) -> Client:
    """A client of the scheduler, once it has a worker.

    Raises
    ------
    BenchError
        See `run_on_cluster`.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise BenchError(missing_extra("--scheduler", "cluster", error)) from error
    try:
        client = Client(address, timeout=CONNECT_S, set_as_default=False)
    except (OSError, ValueError) as error:
        raise BenchError(
            f"--scheduler {address}: does not answer: {error}. Start it with `dask scheduler`, or "
            "correct the address."
        ) from error
    try:
        client.wait_for_workers(1, timeout=CONNECT_S)
    except TimeoutError as error:
        client.close()
        raise BenchError(
            f"--scheduler {address}: has no workers. Start some with `dask worker {address}`."
        ) from error
    return client
