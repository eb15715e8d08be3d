"""A real scheduler and two workers on loopback, each in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import small_set
from typer.testing import CliRunner

from leakwatch.benchmark.report.report_file import load_report
from leakwatch.benchmark.work import cluster_workers
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
        try:
            process.wait(3)
        except subprocess.TimeoutExpired:  # a worker looks for its scheduler for a while
            process.kill()
            process.wait()


@dataclass(frozen=True)
class Cluster:
    """What runs, and where."""

    address: str
    scheduler: subprocess.Popen[bytes]
    workers: list[subprocess.Popen[bytes]]


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """A scheduler, and two workers."""
    with ExitStack() as running:
        log = tmp_path / "scheduler.log"
        options = ["dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard"]
        scheduler = running.enter_context(started(options, log, "Scheduler at:"))
        address = log.read_text().partition("Scheduler at:")[2].split()[0]
        workers = []
        for number in range(2):
            options = ["dask_worker", address, "--nthreads", "1", "--no-nanny", "--no-dashboard"]
            options += ["--host", "127.0.0.1", "--local-directory", str(tmp_path / f"w{number}")]
            log = tmp_path / f"worker{number}.log"
            workers.append(running.enter_context(started(options, log, "Registered to")))
        yield Cluster(address, scheduler, workers)


def bench(folder: Path, cluster: Cluster, detector: str) -> tuple[int, str]:
    """Exit code, and what was said."""
    arguments = ["bench", str(folder / "set"), "--out", str(folder / "out")]
    arguments += ["--detector", detector, "--scheduler", cluster.address]
    done = CliRunner().invoke(app, arguments)
    return done.exit_code, " ".join(done.output.split())


def test_the_case_of_a_worker_that_is_killed_is_run_again(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_set.write_set(tmp_path / "set", "a", "b", "c", "d")
    flag = tmp_path / "flag"
    kill_once = small_set.command("kill-once", flag)
    code, said = bench(tmp_path, cluster, kill_once)
    assert code == 0, said
    # The detector of one case killed the worker that had called it.
    assert flag.is_dir()
    assert sorted(worker.poll() is None for worker in cluster.workers) == [False, True]
    rows = load_report(tmp_path / "out" / "report.json").cases
    assert [(row.name, row.status, row.delay_frames) for row in rows] == [
        (name, "done", 1) for name in "abcd"
    ]

    # What is done is not done again.
    made = {name: tmp_path / "out" / "cases" / name / "work.json" for name in "abcd"}
    made["c"].unlink()
    before = {name: path.stat().st_mtime_ns for name, path in made.items() if name != "c"}
    assert bench(tmp_path, cluster, kill_once)[0] == 0
    assert load_report(tmp_path / "out" / "report.json").cases[2].status == "done"
    assert {name: made[name].stat().st_mtime_ns for name in before} == before

    # The other worker is killed as well, and nobody starts a new one.
    monkeypatch.setattr(cluster_workers, "LOOK_S", 0.2)
    monkeypatch.setattr(cluster_workers, "ALONE_S", 0.5)
    code, said = bench(tmp_path, cluster, small_set.command("kill-always", tmp_path / "killed"))
    assert code == 2
    assert "no worker for 0.5 s, with 4 cases to process" in said
    assert "Completed cases are kept" in said


def test_a_scheduler_that_is_lost_is_no_fault_of_the_cases(
    cluster: Cluster, tmp_path: Path
) -> None:
    small_set.write_set(tmp_path / "set", "a", "b", "c")
    code, said = bench(tmp_path, cluster, small_set.command("kill", cluster.scheduler.pid))
    assert code == 2
    assert "connection lost with" in said
    assert "run the same command again" in said
    # None was taken for one on which the detector failed.
    works = (tmp_path / "out").rglob("work.json")
    assert {json.loads(path.read_bytes())["status"] for path in works} <= {"done"}
    assert not (tmp_path / "out" / "report.json").exists()
