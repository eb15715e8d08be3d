"""Send damaged objects by every source type: no crash, no hang, no CLEAR, bounded memory.

`python benchmarks/mutated.py --count 10000` damages bytes of the input of live sessions, and takes
about an hour. `--damage structure` damages objects systematically, in the 19 kinds of
tests/support/object_mutants.py, and also uses files, folders, recorded sessions, cases and
`deidentify`; `--objects 10000` distributes this number of objects, in about half an hour. Each
source type has its own process, so that a crash of a decoder is detected; one without output for
two minutes hangs, and one with memory beyond 600 MB fails. The definition of CLEAR without an image
is in tests/support/mutated_sessions.py and mutated_files.py, which do the work and partly run with
the tests. The same seed gives the same damage. A failure names its object: `--source KIND
--first NUMBER --count 1 --pictures DIR` sends it again, after those before it in the same session,
and saves the failed frames.
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import resource
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import mutated_sessions

TESTS = Path(__file__).resolve().parent.parent / "tests" / "support"
LIVE = ("folder", "scp", "dicomweb", "igtl", "replay", "video")
STORED = ("file", "stored-folder", "session", "case", "deidentify")
# OpenIGTLink and videos are no DICOM.
WAYS = {"bytes": LIVE, "structure": (*STORED, "folder", "scp", "dicomweb", "replay")}
SILENT_S = 120.0
MOST_MB = 600
SAY_EVERY = 25


def main() -> int:
    """Print a line for each source type; return 1 if anything failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=1000, help="objects for each way in")
    parser.add_argument("--first", type=int, default=0, help="number of the first of them")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--pictures", type=Path, help="folder for frames of failures, as .npy")
    parser.add_argument("--source", help="some of them, by commas")
    parser.add_argument("--damage", choices=tuple(WAYS), default="bytes")
    parser.add_argument("--objects", type=int, help="instead of --count: for all ways together")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        return child(given.source, given)
    ways = WAYS[given.damage] if given.source is None else tuple(given.source.split(","))
    if given.objects is not None:
        given.count = -(-given.objects // len(ways))
    rows: list[dict[str, object]] = []
    outcomes = [parent(way, given, rows) for way in ways]
    print_table(rows)
    return int(any(outcomes))


def print_table(rows: list[dict[str, object]]) -> None:
    """Print the result of each source type."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    lines = [columns, *([str(row.get(name, "")) for name in columns] for row in rows)]
    widths = [max(len(line[at]) for line in lines) for at in range(len(columns))]
    for line in lines:
        cells = [cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True)]
        print("  ".join([line[0].ljust(widths[0]), *cells]))


def child(kind: str, given: argparse.Namespace) -> int:
    """Run one source type, and print a line after each batch."""
    sys.path.insert(0, str(TESTS))
    import mutated_files
    import mutated_sessions

    def told(number: int, found: mutated_sessions.Found) -> None:
        if number % SAY_EVERY and number != given.first + given.count:
            return
        peak = f"{peak_mb():.0f} MB at most"
        print(f"{found}; {peak}; {len(found.failures)} failures", flush=True)

    if kind in STORED:
        found = mutated_files.run(kind, given.count, given.seed, told, given.first)
    else:
        found = mutated_sessions.run(
            kind, given.count, given.seed, told, given.first, given.damage == "structure"
        )
    if peak_mb() > MOST_MB:
        found.failures.append(f"memory grew to {peak_mb():.0f} MB; {MOST_MB} are allowed")
    if given.pictures is not None:
        given.pictures.mkdir(parents=True, exist_ok=True)
        for number, picture in enumerate(found.pictures):
            np.save(given.pictures / f"{kind}-{number}.npy", picture)
    for failure in found.failures[:20]:
        print(f"FAILURE {failure}", flush=True)
    print(f"ROW {json.dumps(row_of(kind, found))}", flush=True)
    return int(bool(found.failures))


def row_of(kind: str, found: mutated_sessions.Found) -> dict[str, object]:
    """Return a row of the table."""
    levels = {name: found.levels[name] for name in ("CLEAR", "WATCH", "STOP", "UNKNOWN", "copied")}
    return {
        "way in": kind,
        "objects": found.objects,
        **levels,
        "refused": found.refused,
        "slowest s": f"{found.slowest_s:.1f}" if found.slowest_s else "",
        "MB": f"{peak_mb():.0f}",
        "failures": len(found.failures),
    }


def peak_mb() -> float:
    """Return the peak memory of this process, megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def parent(kind: str, given: argparse.Namespace, rows: list[dict[str, object]]) -> int:
    """Supervise a child process, and add its row; return 0 without failures."""
    command = [sys.executable, __file__, "--child", "--source", kind]
    command += ["--count", str(given.count), "--first", str(given.first)]
    command += ["--seed", str(given.seed), "--damage", given.damage]
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
                rows.append({"way in": kind, "failures": "hangs"})
                return 1
            if line is None:
                break
            if line.startswith("FAILURE"):
                print(f"{kind}: {line}")
            elif line.startswith("ROW"):
                rows.append(json.loads(line.removeprefix("ROW")))
            else:
                last = line
                if sys.stderr.isatty():
                    print(f"\r{kind}: {last}", end="", file=sys.stderr)
    seconds = time.monotonic() - start_s
    print(f"{kind}: {last}; exit code {process.returncode}, {seconds:.0f} s", flush=True)
    if not rows or rows[-1]["way in"] != kind:
        rows.append({"way in": kind, "failures": f"crash ({process.returncode})"})
    return process.returncode


def read_lines(process: subprocess.Popen[str], lines: queue.Queue[str | None]) -> None:
    """Put the lines of a child process into a queue, and None at its end."""
    assert process.stdout is not None
    for line in process.stdout:
        lines.put(line.strip())
    lines.put(None)


if __name__ == "__main__":
    sys.exit(main())
