"""Attack the port of a C-arm that sends 7.5 images/s in ten ways: latency, memory, stalls.

`python benchmarks/attacked.py` takes a minute. Targets during each attack: every image of the
C-arm is analysed, p99 from its first byte to the decision is below 100 ms, resident memory of the
monitoring process below 600 MB, and no other thread of it stalls for longer than the display may.
Monitoring, attack and sender are processes of their own, on the loopback interface; they share the
machine's cores. The attacks are in tests/support/attacked_sessions.py.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent / "tests" / "support"))

import attacked_sessions

MOST_MB, MOST_P99_MS = 600.0, 100.0


def main() -> int:
    """Print a line for each attack; return 1 if a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=5.0, help="for each attack")
    parser.add_argument("--attack", choices=attacked_sessions.ATTACKS, help="this one alone")
    given = parser.parse_args()
    names = [given.attack] if given.attack else list(attacked_sessions.ATTACKS)
    print(f"{'attack':24}  sent decided repeated dropped refused    p50    p99  still   memory")
    worst = 0
    with attacked_sessions.attacked_room() as attacked:
        for name in names:
            found = attacked(name, given.seconds)
            print(
                f"{name:24} {found.sent:5} {found.decided:7} {found.repeated:8}"
                f" {found.dropped:7} {found.refused:7}"
                f" {found.p50_ms:6.1f} {found.p99_ms:6.1f} {found.still_ms:6.1f}"
                f" {found.resident_mb:5.0f} MB",
                flush=True,
            )
            analysed = found.decided == found.sent and not found.repeated
            reached = found.resident_mb < MOST_MB and found.p99_ms < MOST_P99_MS
            worst |= not (analysed and reached)
    return int(worst)


if __name__ == "__main__":
    sys.exit(main())
