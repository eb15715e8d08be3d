"""Processing of cases on an existing Dask cluster.

Paths must lead to the same files on every worker. Nothing is written there: results are returned
as data.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import CancelledError
from contextlib import suppress
from typing import TYPE_CHECKING

from leakwatch.benchmark.work.case_work import Job, Worked, do_case
from leakwatch.benchmark.work.local_workers import make_failed_result
from leakwatch.core.errors import BenchError, missing_extra
from leakwatch.core.messages import text

if TYPE_CHECKING:
    from distributed import Client, Future

CONNECT_S = 10.0
# Interval of checks for workers, and the longest time without any: a batch system may take a while
# to start new ones.
LOOK_S, ALONE_S = 2.0, 120.0
_AGAIN = text("Completed cases are kept: check the cluster, and run the same command again.")


def run_on_cluster(jobs: Sequence[Job], address: str) -> Iterator[tuple[Job, Worked]]:
    """Process jobs on the cluster's workers, and yield results as they complete.

    If a worker dies, its case is repeated on another one, until the scheduler takes the case for
    the cause (``distributed.scheduler.allowed-failures``, 3 deaths).

    Parameters
    ----------
    jobs : sequence of Job
    address : str
        Address of the scheduler, ``tcp://HOST:PORT``.

    Yields
    ------
    Job, Worked

    Raises
    ------
    BenchError
        `distributed` is not installed, the scheduler does not answer or is lost, or it has no
        workers. Results yielded before are valid.
    """
    client = connect(address)
    try:
        futures = {client.submit(do_case, job, pure=False): job for job in jobs}
        for future in _completed(client, futures, address):
            job = futures.pop(future)
            if future.status == "finished":
                yield job, future.result()
            elif future.status == "error":
                # `do_case` does not raise: the cluster is the cause.
                why = type(future.exception()).__name__
                yield job, make_failed_result(job, text("the cluster failed on it: {why}", why=why))
            else:
                # The cases are not the cause, so that none is marked as failed.
                raise BenchError(
                    text(
                        "--scheduler {address}: connection lost with {count} cases to process. "
                        "{remedy}",
                        address=address,
                        count=len(futures) + 1,
                        remedy=_AGAIN,
                    )
                )
            future.release()
        # If the caller stops early, closing the client cancels the remaining jobs.
    finally:
        client.close()


def _completed(client: Client, futures: Mapping[Future, Job], address: str) -> Iterator[Future]:
    """Yield futures as they complete, until the caller has removed all from `futures`."""
    from distributed import wait

    alone_since: float | None = None
    while futures:
        ended = [future for future in futures if future.status != "pending"]
        yield from ended
        if ended:
            alone_since = None
            continue
        # Cancelled futures are handled above, whatever `wait` raises for them.
        with client.as_current(), suppress(TimeoutError, CancelledError):
            wait(list(futures), timeout=LOOK_S, return_when="FIRST_COMPLETED")
        if _may_have_workers(client):
            alone_since = None
            continue
        now = time.monotonic()
        alone_since = now if alone_since is None else alone_since
        if now - alone_since >= ALONE_S:
            raise BenchError(
                text(
                    "--scheduler {address}: no worker for {waited_s:g} s, with {count} cases to "
                    "process. {remedy}",
                    address=address,
                    waited_s=ALONE_S,
                    count=len(futures),
                    remedy=_AGAIN,
                )
            )


def _may_have_workers(client: Client) -> bool:
    """Return False only if the scheduler states that there are no workers."""
    try:
        return client.status != "running" or bool(client.nthreads())
    except OSError:  # the connection is being lost, which the futures will show
        return True


def connect(address: str) -> Client:
    """Return a client of the scheduler as soon as it has a worker.

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
            text(
                "--scheduler {address}: no answer: {error}. Start it with `dask scheduler`, or "
                "correct the address.",
                address=address,
                error=str(error),
            )
        ) from error
    try:
        client.wait_for_workers(1, timeout=CONNECT_S)
    except TimeoutError as error:
        client.close()
        raise BenchError(
            text(
                "--scheduler {address}: no workers. Start some with `dask worker {address}`.",
                address=address,
            )
        ) from error
    return client
