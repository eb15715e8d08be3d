"""A real scheduler and two workers on loopback, each in a process of its own."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import small_set
from typer.testing import CliRunner

from leakwatch.bench.report_file import load_report
from leakwatch.cli import app

pytest.importorskip("distributed", reason="needs the extra `cluster`")

STARTED_S = 20.0


@contextmanager
def started(arguments: list[str], log: Path, ready: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process that runs, and said `ready`, while the block does."""
    with log.open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "distributed.cli." + arguments[0], *arguments[1:]],
            stdout=said,
            stderr=said,
            cwd=log.parent,
        )
    try:
        until = time.monotonic() + STARTED_S
        while ready not in log.read_text():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.05)
        yield process
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """The address of the scheduler, and two workers."""
    with ExitStack() as running:
        log = tmp_path / "scheduler.log"
        options = ["dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard"]
        running.enter_context(started(options, log, "Scheduler at:"))
        address = log.read_text().partition("Scheduler at:")[2].split()[0]
        workers = []
        for number in range(2):
            options = ["dask_worker", address, "--nthreads", "1", "--no-nanny", "--no-dashboard"]
            options += ["--host", "127.0.0.1", "--local-directory", str(tmp_path / f"w{number}")]
            log = tmp_path / f"worker{number}.log"
            workers.append(running.enter_context(started(options, log, "Registered to")))
        yield address, workers


def test_the_case_of_a_worker_that_is_killed_is_run_again(
    cluster: tuple[str, list[subprocess.Popen[bytes]]], tmp_path: Path
) -> None:
    address, workers = cluster
    small_set.write_set(tmp_path / "set", "a", "b", "c", "d")
    flag = tmp_path / "flag"
    arguments = ["bench", str(tmp_path / "set"), "--out", str(tmp_path / "out")]
    arguments += ["--detector", small_set.command("kill-once", flag), "--scheduler", address]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    # The detector of one case killed the worker that had called it.
    assert flag.read_text() == "killed"
    assert sorted(worker.poll() is None for worker in workers) == [False, True]
    rows = load_report(tmp_path / "out" / "report.json").cases
    assert [(row.name, row.status, row.delay_frames) for row in rows] == [
        (name, "done", 1) for name in "abcd"
    ]
