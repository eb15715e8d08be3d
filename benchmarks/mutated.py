"""Send damaged objects through every way in of a live session: no crash, no hang, no CLEAR.

`python benchmarks/mutated.py --count 10000` takes about an hour. Each way in has a process of its
own, so that a crash of a decoder shows; one that says nothing for two minutes hangs. What counts as
CLEAR over no picture is told in tests/mutated_sessions.py, which does the work: a part of it runs
with the tests. The same seed gives the same damage. A failure names its object: `--source KIND
--first NUMBER --count 1 --pictures DIR` sends it again, after those that came before it in the same
session, and keeps the frames that failed.
"""

from __future__ import annotations

import argparse
import os
import queue
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np

TESTS = Path(__file__).resolve().parent.parent / "tests"
KINDS = ("folder", "scp", "dicomweb", "igtl", "replay", "video")
SILENT_S = 120.0


def main() -> int:
    """Print a line for each way in; 1 where anything failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=1000, help="objects for each way in")
    parser.add_argument("--first", type=int, default=0, help="number of the first of them")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--pictures", type=Path, help="folder for frames of failures, as .npy")
    parser.add_argument("--source", default=",".join(KINDS), help="some of them, by commas")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        return child(given.source, given)
    outcomes = [parent(kind, given) for kind in given.source.split(",")]
    return int(any(outcomes))


def child(kind: str, given: argparse.Namespace) -> int:
    """Do it; a line after each batch."""
    sys.path[:0] = [str(TESTS), str(TESTS / "sources")]
    import mutated_sessions

    def told(_: int, found: mutated_sessions.Found) -> None:
        print(f"{found}; {len(found.failures)} failures", flush=True)

    found = mutated_sessions.run(kind, given.count, given.seed, told, given.first)
    if given.pictures is not None:
        given.pictures.mkdir(parents=True, exist_ok=True)
        for number, picture in enumerate(found.pictures):
            np.save(given.pictures / f"{kind}-{number}.npy", picture)
    for failure in found.failures[:20]:
        print(f"FAILURE {failure}", flush=True)
    return int(bool(found.failures))


def parent(kind: str, given: argparse.Namespace) -> int:
    """Watch over a child; 0 where all went well."""
    command = [sys.executable, __file__, "--child", "--source", kind]
    command += ["--count", str(given.count), "--first", str(given.first)]
    command += ["--seed", str(given.seed)]
    if given.pictures is not None:
        command += ["--pictures", str(given.pictures)]
    quiet = os.environ | {"OPENCV_FFMPEG_LOGLEVEL": "-8", "RUST_BACKTRACE": "0"}
    start_s, last = time.monotonic(), ""
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=quiet
    ) as process:
        lines: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=read_lines, args=(process, lines), daemon=True).start()
        while True:
            try:
                line = lines.get(timeout=SILENT_S)
            except queue.Empty:
                process.kill()
                print(f"{kind}: HANGS after {last}")
                return 1
            if line is None:
                break
            if line.startswith("FAILURE"):
                print(f"{kind}: {line}")
            else:
                last = line
                if sys.stderr.isatty():
                    print(f"\r{kind}: {last}", end="", file=sys.stderr)
    seconds = time.monotonic() - start_s
    print(f"{kind}: {last}; exit code {process.returncode}, {seconds:.0f} s", flush=True)
    return process.returncode


def read_lines(process: subprocess.Popen[str], lines: queue.Queue[str | None]) -> None:
    """Lines of a child as they come, and None at its end."""
    assert process.stdout is not None
    for line in process.stdout:
        lines.put(line.strip())
    lines.put(None)


if __name__ == "__main__":
    sys.exit(main())
