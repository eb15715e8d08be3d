"""Listing of devices in a separate process: ``python -m leakwatch.cli.doctor_probe NAME``.

A driver that hangs or crashes ends this process, and not the one that asks.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from leakwatch.core.messages import text

# Time limit for a sound server that does not answer, s.
PATIENCE_S = 20.0
NAMES = ("screens", "sound_outputs", "cameras")


class ProbeError(Exception):
    """Process that ended without an answer."""


def probed(name: str) -> list[str]:
    """Return the devices that a probe finds.

    Parameters
    ----------
    name : str
        One of `NAMES`, a function of `leakwatch.gui.devices`.

    Raises
    ------
    ModuleNotFoundError
        An extra is not installed.
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
        raise ProbeError(text("no answer within {limit_s:g} s", limit_s=PATIENCE_S)) from error
    try:
        answer: dict[str, Any] = json.JSONDecoder().decode(done.stdout.splitlines()[-1])
    except (ValueError, IndexError) as error:
        raise ProbeError(text("it ended with exit code {code}", code=done.returncode)) from error
    if "absent" in answer:
        raise ModuleNotFoundError(answer["error"], name=answer["absent"])
    if "error" in answer:
        raise ProbeError(answer["error"])
    return [str(one) for one in answer["found"]]


def main(name: str) -> None:
    """Write the answer of a probe as JSON, whatever happens."""
    try:
        if name not in NAMES:
            raise ValueError(name)
        from leakwatch.gui import devices

        answer: dict[str, Any] = {"found": getattr(devices, name)()}
    except ImportError as error:
        answer = {"absent": error.name or "a part", "error": str(error)}
    # Reported by the process that asked.
    except Exception as error:  # noqa: BLE001
        answer = {"error": f"{type(error).__name__}: {error}"}
    sys.stdout.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main(sys.argv[-1])
