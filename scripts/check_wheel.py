"""Build sdist and wheel into dist/, and try the wheel where neither checkout nor extra is.

The wheel is built from the sdist, so that this holds all that it takes. It is installed with what
it declares into an empty environment and run from an empty folder: the sample case has to come
out, and each command that needs an extra has to name it. Then the extras are lent from the
environment that runs this, which holds them all and was installed by their names, and have to work.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DIST = ROOT / "dist"
SAMPLE = ("epidural.dcm", "epidural.case.json")
SAMPLE_LINE = "54 frames (2 of them UNKNOWN); first STOP at 4.93 s, frame 37"
# What a command is to say where its extra is absent.
NEEDS = {
    "simulate --list": "sim",
    "train --list": "sim",
    "bench . --out bench": "bench",
    "report case --out report": "report",
    "replay epidural.dcm --record frame.png": "gui",
    "run folder:. --no-window": "net",
    "run scp://127.0.0.1:11112 --no-window": "net",
    "run dicomweb+http://127.0.0.1:1/rs?study=1.2 --no-window": "net",
    "run igtl://127.0.0.1:18944 --no-window": "igtl",
    "calibrate cannula epidural.dcm --gauge 11 --point 20,20 --point 30,20": "calibrate",
}
IN_WHEEL = (
    "leakwatch/py.typed",
    "leakwatch/__main__.py",
    "leakwatch/typeface/DejaVuSans.ttf",
    "leakwatch/simulator/scenarios/epidural.toml",
    "leakwatch/simulator/suites/standard.toml",
)
IN_SDIST = ("tests/conftest.py", "sample_dicom/epidural.dcm", "docs/README.md", "CHANGELOG.md")
IMPORT_ALL = """
import importlib, pkgutil, leakwatch
for module in pkgutil.walk_packages(leakwatch.__path__, "leakwatch."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
"""


class WheelError(Exception):
    """The wheel is not what it should be."""


def check(holds: bool, words: str) -> None:
    """Refuse the wheel where something does not hold."""
    if not holds:
        raise WheelError(words)


def say(words: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


def done_or_told(*command: str | Path) -> None:
    """Run a command, and show what it printed only where it fails."""
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    words = " ".join(map(str, command))
    check(done.returncode == 0, f"{words}: exit code {done.returncode}:\n{done.stdout[-5000:]}")


def built() -> tuple[Path, Path]:
    """Build both, and return sdist and wheel."""
    shutil.rmtree(DIST, ignore_errors=True)
    done_or_told(sys.executable, "-m", "build", "--no-isolation", "--outdir", DIST, ROOT)
    (sdist,), (wheel,) = DIST.glob("*.tar.gz"), DIST.glob("*.whl")
    return sdist, wheel


def check_contents(sdist: Path, wheel: Path) -> None:
    """Hold what is in both against what should be."""
    with zipfile.ZipFile(wheel) as archive:
        inside = set(archive.namelist())
    with tarfile.open(sdist) as archive:
        sources = {name.partition("/")[2] for name in archive.getnames()}
    tops = {name.partition("/")[0].partition("-")[0] for name in inside}
    check(tops == {"leakwatch", "leakwatch_fluoro"}, f"the wheel holds {sorted(tops)}")
    tracked = subprocess.run(
        ["git", "ls-files", "leakwatch", "tests", "sample_dicom"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    ).stdout.split()  # fmt: skip
    # Catalogues as text are sources of the binary ones.
    package = {
        name for name in tracked if name.startswith("leakwatch/") and not name.endswith(".po")
    }
    lacks = sorted({*IN_WHEEL, *package} - inside)
    check(not lacks, f"the wheel lacks {lacks}")
    lacks = sorted({*IN_SDIST, *tracked} - sources)
    check(not lacks, f"the sdist lacks {lacks}")


class Place:
    """An environment with the wheel, and an empty folder to run it in.

    Parameters
    ----------
    folder : Path
        Empty.
    wheel : Path
    """

    def __init__(self, folder: Path, wheel: Path) -> None:
        self.environment, self.work = folder / "env", folder / "work"
        self.work.mkdir()
        for name in SAMPLE:
            shutil.copy(ROOT / "sample_dicom" / name, self.work)
        # Without a pip of its own, which takes as long as the rest: that of this one installs.
        done_or_told(sys.executable, "-m", "venv", "--without-pip", self.environment)
        self.bin = self.environment / ("Scripts" if os.name == "nt" else "bin")
        pip = (sys.executable, "-m", "pip", "--python", self.bin / "python")
        done_or_told(*pip, "install", "--no-compile", wheel)
        done_or_told(*pip, "check")

    def run(self, *command: str, code: int = 0) -> str:
        """Run a program of the environment; return what it printed."""
        apart = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        done = subprocess.run(
            [self.bin / command[0], *command[1:]],
            cwd=self.work,
            env=apart | {"QT_QPA_PLATFORM": "offscreen", "XDG_DATA_HOME": str(self.work / "data")},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300, check=False,
        )  # fmt: skip
        words = f"{' '.join(command)}: exit code {done.returncode}, not {code}:\n{done.stdout}"
        check(done.returncode == code, words)
        return done.stdout

    def lend(self, extras: str) -> None:
        """Let it import what lies in another folder, behind its own."""
        site = next((self.environment / "lib").glob("python*/site-packages"), None)
        site = site or self.environment / "Lib" / "site-packages"
        (site / "lent.pth").write_text(f"{extras}\n", "utf-8")


def check_alone(place: Place, version: str) -> None:
    """Run what the base promises, and what it only names."""
    found = place.run("python", "-c", "import leakwatch; print(leakwatch.__file__)")
    check(str(place.environment) in found, f"another leakwatch is imported: {found}")
    for command in (("leakwatch",), ("python", "-m", "leakwatch")):
        said = place.run(*command, "--version").strip()
        check(said == f"leakwatch {version}", f"{command} says {said!r}")
    said = place.run("leakwatch", "analyze", "epidural.dcm", "--out", "alone")
    check(SAMPLE_LINE in said, f"the sample case came out otherwise:\n{said}")
    check("[report]" in said and "[video]" in said, f"what is left out is not said:\n{said}")
    lines = (place.work / "alone" / "frames.jsonl").read_text("utf-8").count("\n")
    check(lines == 54, f"frames.jsonl has {lines} lines")
    for command, extra in NEEDS.items():
        said = place.run("leakwatch", *command.split(), code=2)
        check(f"pip install 'leakwatch-fluoro[{extra}]'" in said, f"{command}: {said}")


def check_with_extras(place: Place) -> None:
    """Run what the extras add, from the wheel."""
    place.lend(sysconfig.get_path("purelib"))
    place.run("python", "-W", "error", "-c", IMPORT_ALL)
    said = place.run("leakwatch", "analyze", "epidural.dcm", "--out", "all")
    check("left out" not in said, said)
    place.run("leakwatch", "replay", "epidural.dcm", "--record", "frame.png", "--frame", "45")
    check("standard" in place.run("leakwatch", "simulate", "--list"), "no suite is listed")
    place.run("leakwatch", "train", "--list")
    for name in ("all/trend.png", "all/overlay.mp4", "frame.png"):
        check((place.work / name).stat().st_size > 0, f"{name} is empty")


def main() -> None:
    """Build, look, install, run."""
    say("Building sdist and wheel ...")
    sdist, wheel = built()
    check_contents(sdist, wheel)
    with tempfile.TemporaryDirectory() as folder:
        say(f"Installing {wheel.name} into an empty environment ...")
        place = Place(Path(folder), wheel)
        say("Running it without extras ...")
        check_alone(place, wheel.name.split("-")[1])
        say("Running it with all extras ...")
        check_with_extras(place)
    say(f"dist/{sdist.name} and dist/{wheel.name} work.")


if __name__ == "__main__":
    try:
        main()
    except WheelError as error:
        sys.exit(f"check_wheel: {error}")
