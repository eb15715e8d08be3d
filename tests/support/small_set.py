"""A set of small cases, and a detector that does as its first argument says.

Run as a program it is that detector: ``small_set.py BEHAVIOUR CASE OUT [FLAG]``. It needs nothing
but the standard library, so that it starts at once.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

FRAMES, FPS = 16, 8.0
DUE = 12
NEAREST_MM = 4.0


def truth(due: int | None = DUE, leak: str = "near") -> dict[str, object]:
    """A NAME.truth.json for the sequence of `injection`: cement comes 1 mm nearer a frame."""
    frames = [
        {
            "ml": 0.1 * i,
            "dx": 0.0,
            "dy": 0.0,
            "distance_mm": None if i < 6 else NEAREST_MM + (FRAMES - 1 - i),
            "leak_length_mm": 0.0,
            "area_mm2": 5.0 * max(0, i - 5),
        }
        for i in range(FRAMES)
    ]
    return {
        "schema": "leakwatch.truth/1",
        "fps": FPS,
        "mm_per_px": 0.25,
        "leak": leak,
        "breach_5mm_frame": due,
        "leak_visible_frame": None,
        "frames": frames,
    }


def write_set(folder: Path, *names: str) -> None:
    """Cases over one sequence each, all alike; NAME tells no more than the name."""
    import injection

    folder.mkdir(parents=True, exist_ok=True)
    first = folder / f"{names[0]}.dcm"
    injection.write_dicom(first)
    for name in names:
        path = folder / f"{name}.dcm"
        if path != first:
            path.write_bytes(first.read_bytes())
        injection.write_case(folder / f"{name}.case.json", path)
        (folder / f"{name}.truth.json").write_text(json.dumps(truth()))


def command(behaviour: str, *more: object) -> str:
    """What to give as ``--detector``."""
    arguments = " ".join(str(one) for one in more)
    return f"{sys.executable} {Path(__file__).resolve()} {behaviour} {{case}} {{out}} {arguments}"


def lines(case_path: Path, stop_from: int = DUE + 1, error_mm: float = 0.2) -> list[str]:
    """frames.jsonl as a good detector writes it: STOP a frame late, each distance 0.2 mm off."""
    told = json.loads(case_path.with_name(case_path.name.replace(".case.", ".truth.")).read_text())
    found = []
    for index, true in enumerate(told["frames"]):
        distance = true["distance_mm"]
        stopped = index >= stop_from
        line = {
            "frame": index,
            "time_s": index / FPS,
            "level": "STOP" if stopped else "CLEAR",
            "reasons": ["posterior_margin"] if stopped else [],
            "distance_mm": None if distance is None else distance + error_mm,
            "distance_sigma_mm": None if distance is None else 0.3,
            "area_mm2": true["area_mm2"],
            "volume_ml": None,
            "tubular_length_mm": 0.0,
            "shift_px": [0.0, 0.0],
            "quality": {},
            "latency_ms": 3.0,
        }
        found.append(json.dumps(line))
    return found


def main(behaviour: str, case: str, out: str, flag: str = "") -> int:
    """Be the detector."""
    written = lines(Path(case))
    if behaviour == "kill-once" and not Path(flag).exists():
        # No file: the content of one that the command names is part of what a result depends on.
        Path(flag).mkdir()
        os.kill(os.getppid(), signal.SIGKILL)
        return 1
    if behaviour == "kill-always":
        with Path(flag).open("a") as file:
            file.write("killed\n")
        os.kill(os.getppid(), signal.SIGKILL)
        return 1
    if behaviour == "kill":
        os.kill(int(flag), signal.SIGKILL)
    if behaviour == "hang":
        # With a child, which must end with it.
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        Path(flag).write_text(f"{child.pid}")
        time.sleep(60)
    if behaviour == "crash":
        sys.stderr.write("loading\nmodel not found\n")
        return 7
    if behaviour == "few":
        written = written[:-3]
    if behaviour == "nan":
        written[8] = written[8].replace('"distance_mm": 11.2', '"distance_mm": NaN')
    if behaviour == "infinite":
        written[8] = written[8].replace('"distance_mm": 11.2', '"distance_mm": 1e999')
    if behaviour == "count":
        with Path(flag).open("a") as file:
            file.write(f"{Path(case).name}\n")
    if behaviour != "nothing":
        (Path(out) / "frames.jsonl").write_text("\n".join(written) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
