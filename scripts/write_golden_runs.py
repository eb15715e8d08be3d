"""Write the golden runs of tests/golden anew: all, or those that are named.

Read tests/golden/README.md first: it says when this is allowed.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY / "tests" / "golden"))

from golden_cases import NAMES, SHARED, GoldenCases, shared_snapshots  # noqa: E402
from golden_lines import differences, golden_line, read_lines, write_lines  # noqa: E402


def main() -> None:
    """Write, and tell what changed."""
    parser = argparse.ArgumentParser(description=__doc__)
    every = [*NAMES, *(f"shared-{name}" for name in SHARED)]
    parser.add_argument("names", nargs="*", metavar="NAME", help="of a run; all where none")
    names = parser.parse_args().names or every
    if unknown := set(names) - set(every):
        parser.error(f"there is no run {', '.join(sorted(unknown))}. Runs: {', '.join(every)}.")
    shared = Path(os.environ.get("LEAKWATCH_SHARED", REPOSITORY.parent / "shared"))
    with tempfile.TemporaryDirectory() as folder:
        cases = GoldenCases(REPOSITORY, Path(folder))
        for name in names:
            if name.startswith("shared-"):
                if not (shared / "cases").is_dir():
                    sys.stdout.write(f"{name}: left as it is, as there is no {shared}/cases\n")
                    continue
                snapshots = shared_snapshots(shared, name.removeprefix("shared-"))
            else:
                snapshots = cases.snapshots(name)
            _write(name, [golden_line(one) for one in snapshots])


def _write(name: str, lines: list[dict[str, object]]) -> None:
    try:
        changed = len(list(differences(name, read_lines(name), lines)))
        sys.stdout.write(f"{name}: {len(lines)} frames, {changed} differences from before\n")
    except FileNotFoundError:
        sys.stdout.write(f"{name}: {len(lines)} frames, new\n")
    write_lines(name, lines)


if __name__ == "__main__":
    main()
