"""Make sample_dicom/ again from its scenarios, and write sample_dicom/MANIFEST.toml.

The same code, libraries and seeds give the same bytes; a test makes one sequence and compares.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "sample_dicom"
NAMES = ("contained", "epidural")
# What computes and encodes the pixels: another version may round differently.
LIBRARIES = ("numpy", "scipy", "opencv-python-headless", "pydicom", "pyjpegls")

HEAD = """\
# Two simulated injections: analytic anatomy, no patient. Written by scripts/make_samples.py.
# sha256 is of each file. `made_with`: other versions of these may round differently.

"""


def command(name: str) -> str:
    """The command that makes a sequence."""
    return f"leakwatch simulate {name} --out sample_dicom"


def entry(name: str) -> str:
    """One [[sequence]] of the manifest."""
    from leakwatch.case_files.truth_file import load_truth
    from leakwatch.simulator.scenario.scenario import load_scenario

    scenario = load_scenario(name)
    truth = load_truth(FOLDER / f"{name}.truth.json")
    lines = [
        "[[sequence]]",
        f'name = "{name}"',
        f'title = "{scenario.title}"',
        f'command = "{command(name)}"',
        f"seed = {scenario.seed}",
        f'leak = "{truth.leak}"',
        "[sequence.sha256]",
    ]
    for path in sorted(FOLDER.glob(f"{name}.*")):
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        lines += [f'"{path.name}" = "{digest}"']
    return "\n".join(lines) + "\n"


def main() -> None:
    """Run the commands and write the manifest."""
    FOLDER.mkdir(exist_ok=True)
    for name in NAMES:
        words = [str(Path(sys.executable).parent / "leakwatch"), *command(name).split()[1:]]
        subprocess.run(words, cwd=FOLDER.parent, check=True)
    versions = [f'"{name}" = "{importlib.metadata.version(name)}"' for name in LIBRARIES]
    text = "\n".join([HEAD + "[made_with]", *versions, "", *(entry(name) for name in NAMES)])
    (FOLDER / "MANIFEST.toml").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
