"""Cases on an existing Dask cluster: it has the workers, this program has the list.

Paths must lead to the same files on every worker. Nothing is written there: results come back as
data.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from leakwatch.bench.case_work import Job, Worked, do_case
from leakwatch.bench.local_workers import died
from leakwatch.errors import BenchError

if TYPE_CHECKING:
    from distributed import Client

CONNECT_S = 10.0


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
        `distributed` is not installed, the scheduler does not answer, or it has no workers.
    """
    client = connect(address)
    from distributed import as_completed

    try:
        futures = {client.submit(do_case, job, pure=False): job for job in jobs}
        for future in as_completed(futures, loop=client.loop, raise_errors=False):
            job = futures.pop(future)
            # `do_case` raises nothing: what comes is of the cluster.
            error = future.exception() if future.status != "finished" else None
            if future.status == "finished":
                yield job, future.result()
            else:
                yield job, died(job, f"the cluster gave it up: {type(error).__name__}")
            future.release()
        # Where the caller stops early, closing the client takes the rest off the cluster.
    finally:
        client.close()


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
        raise BenchError(
            "--scheduler needs the extra `cluster`. Install it with: pip install "
            "'leakwatch[cluster]'"
        ) from error
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
