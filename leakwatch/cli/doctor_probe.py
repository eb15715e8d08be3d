"""A look at devices in a process of its own: ``python -m leakwatch.cli.doctor_probe NAME``.

A driver that hangs or crashes takes this process with it, and not the one that asks.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

# A sound server that does not answer is given up after this, s.
PATIENCE_S = 20.0
NAMES = ("screens", "sound_outputs", "cameras")


class ProbeError(Exception):
    """The process ended without an answer."""


def probed(name: str) -> list[str]:
    """Return what a probe finds.

    Parameters
    ----------
    name : str
        One of `NAMES`, a function of `leakwatch.gui.devices`.

    Raises
    ------
    ModuleNotFoundError
        An extra is absent.
    ProbeError
        It crashed, hung, or raised.
    """
    try:
        done = subprocess.run(
            [sys.executable, "-m", "leakwatch.cli.doctor_probe", name],
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ProbeError(f"no answer within {PATIENCE_S:g} s") from error
    try:
        answer: dict[str, Any] = json.JSONDecoder().decode(done.stdout.splitlines()[-1])
    except (ValueError, IndexError) as error:
        raise ProbeError(f"it ended with exit code {done.returncode}") from error
    if "absent" in answer:
        raise ModuleNotFoundError(answer["error"], name=answer["absent"])
    if "error" in answer:
        raise ProbeError(answer["error"])
    return [str(one) for one in answer["found"]]


def main(name: str) -> None:
    """Write the answer of a probe as JSON, whatever happens."""
    try:
        if name not in NAMES:
            raise ValueError(f"{name} is no probe")
        from leakwatch.gui import devices

        answer: dict[str, Any] = {"found": getattr(devices, name)()}
    except ImportError as error:
        answer = {"absent": error.name or "a part", "error": str(error)}
    # Told by whoever asked.
    except Exception as error:  # noqa: BLE001
        answer = {"error": f"{type(error).__name__}: {error}"}
    sys.stdout.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main(sys.argv[-1])
