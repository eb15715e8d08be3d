"""Sources, sinks and detectors of other packages: found, used, and told where they fail."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from installed_example import install, install_example

import leakwatch
from leakwatch.config import Settings
from leakwatch.core.errors import ExtensionError, SourceError
from leakwatch.core.extensions import DETECTORS, SINKS, SOURCES, extension_names, load_extension
from leakwatch.sinks.extension_sink import open_sinks
from leakwatch.sources.live_sources import open_live
from leakwatch.sources.video.stored_video import open_stored

SAMPLES = Path(__file__).resolve().parent.parent.parent / "sample_dicom"
PROGRAM = [sys.executable, "-c", "from leakwatch.cli import main; main()"]


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of installed packages."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    return folder


def write_npz(path: Path, frames: int) -> Path:
    """Write the first frames of the sample as a NumPy file."""
    with leakwatch.open_sequence(SAMPLES / "epidural.dcm") as sequence:
        images, times_s = sequence.images()[:frames], sequence.times_s()[:frames]
    np.savez(path, images=images, times_s=times_s, bits_stored=12)
    return path


@pytest.fixture
def npz(tmp_path: Path) -> Path:
    """Two seconds of the sample as a NumPy file."""
    return write_npz(tmp_path / "epidural.npz", 16)


def run(site: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """What the program says and does, with the packages in `site` installed."""
    path = os.pathsep.join([str(site), *filter(None, [os.environ.get("PYTHONPATH")])])
    return subprocess.run(
        [*PROGRAM, *arguments],
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def test_a_named_source_is_analysed_and_a_named_sink_gets_every_level(
    site: Path, tmp_path: Path
) -> None:
    install_example(site)
    npz = write_npz(tmp_path / "epidural.npz", 54)
    levels, out = tmp_path / "levels.txt", tmp_path / "out"
    case = str(SAMPLES / "epidural.case.json")
    done = run(
        site,
        *("analyze", f"numpy:{npz}", "--case", case, "--no-video"),
        *("--sink", f"levels:{levels}", "-o", str(out)),
    )
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in (out / "frames.jsonl").read_text("utf-8").splitlines()]
    changes = [one["level"] for one in lines]
    changes = [new for old, new in zip(["", *changes], changes, strict=False) if new != old]
    assert changes[0] == "UNKNOWN"
    assert changes[-1] == "STOP"
    assert [line.split()[1] for line in levels.read_text("utf-8").splitlines()] == changes
    assert "levels" not in done.stdout.splitlines()[1]


def test_a_stored_source_is_played_live_at_its_own_times(site: Path, npz: Path) -> None:
    install_example(site)
    done = run(site, "run", f"numpy:{npz}", "--no-window", "--no-record")
    assert done.returncode == 0, done.stderr
    assert "16 frames" in done.stdout
    assert f"replay of numpy:{npz}" in done.stderr


def test_a_named_detector_is_evaluated(site: Path, tmp_path: Path) -> None:
    install_example(site)
    out = tmp_path / "bench"
    done = run(site, "bench", str(SAMPLES), "--detector", "darkening", "-o", str(out))
    assert done.returncode == 0, done.stderr
    report = json.loads((out / "report.json").read_text("utf-8"))
    assert report["detector"] == "darkening"
    assert [case["status"] for case in report["cases"]] == ["done", "done"]


LIVE = """
from leakwatch.core.frame import Acquisition, Frame, PixelFormat
from leakwatch.core.protocols import Link, LinkStatus
import numpy as np

class Live:
    number_of_frames = None
    def __init__(self, rest):
        self.rest = rest
    @property
    def status(self):
        if self.rest == "raises": raise RuntimeError("no cable")
        return 3 if self.rest == "number" else LinkStatus(Link.OPEN, "the example is plugged in")
    def frames(self):
        shared = Acquisition(64, 64, PixelFormat("MONOCHROME2", 12))
        yield Frame(0, 0.0, np.ones((64, 64), np.uint16), shared)
    def close(self): pass
"""


@pytest.mark.parametrize(
    ("rest", "told"),
    [
        ("works", "the example is plugged in"),
        ("raises", "source cable failed: RuntimeError: no cable"),
        ("number", "expected a LinkStatus as its status, found int"),
    ],
)
def test_a_source_with_a_status_is_live_whatever_its_status_does(
    site: Path, rest: str, told: str
) -> None:
    install(site, "plugged", LIVE, {SOURCES: {"cable": "plugged:Live"}})
    done = run(site, "run", f"cable:{rest}", "--no-window", "--no-record")
    assert done.returncode == 0, done.stderr
    assert told in done.stderr
    assert "1 frame " in done.stdout


def test_nothing_is_imported_that_nobody_named(site: Path) -> None:
    install(site, "explodes", "raise RuntimeError('imported')", {SOURCES: {"bang": "explodes:go"}})
    assert "bang" in extension_names(SOURCES)
    open_stored(SAMPLES / "epidural.dcm", Settings().live_video).close()
    assert "explodes" not in sys.modules
    with pytest.raises(ExtensionError, match=r"explodes 1\.0 cannot be loaded.*imported") as raised:
        open_live("bang:1", Settings())
    assert "reinstall" in str(raised.value)


def test_a_name_that_nobody_declares_is_told_with_those_that_are_there(site: Path) -> None:
    install_example(site)
    with pytest.raises(ExtensionError, match=r"sink none: no installed .* Found: levels\."):
        open_sinks(["none:x"])
    with pytest.raises(SourceError, match="numpy:"):
        open_live("nowhere:x", Settings())
    with pytest.raises(leakwatch.LeakWatchError, match="darkening"):
        leakwatch.evaluate(SAMPLES, "darkness")


def test_a_module_that_ends_the_program_is_told_of(site: Path) -> None:
    install(site, "ends", "import sys\nsys.exit(0)", {SINKS: {"over": "ends:go"}})
    with pytest.raises(ExtensionError, match=r"ends 1\.0 cannot be loaded.*SystemExit"):
        open_sinks(["over"])


def test_a_sink_takes_no_place_of_the_recording_and_is_opened_once(
    site: Path, npz: Path, tmp_path: Path
) -> None:
    code = "class Frames:\n def __init__(self, rest): ...\n def append(self, one): ...\n"
    code += " def close(self): ...\n"
    install(site, "taking", code, {SINKS: {"frames": "taking:Frames"}})
    with pytest.raises(ExtensionError, match="--sink frames: is given twice"):
        open_sinks(["frames", "frames"])
    install_example(site)
    out = tmp_path / "out"
    done = run(site, "run", f"numpy:{npz}", "--no-window", "-o", str(out), "--sink", "frames")
    assert done.returncode == 0, done.stderr
    assert list(out.glob("*.dcm")) != []


def test_two_packages_of_one_name_are_refused(site: Path) -> None:
    for name in ("first_one", "second_one"):
        install(site, name, "def go(rest): ...", {SINKS: {"same": f"{name}:go"}})
    with pytest.raises(ExtensionError, match=r"first_one 1\.0 and second_one 1\.0"):
        load_extension(SINKS, "same")


FAILING = """
from leakwatch.core.frame import Acquisition, Frame, PixelFormat
import numpy as np

SHARED = Acquisition(64, 64, PixelFormat("MONOCHROME2", 12))
GOOD = np.ones((64, 64), np.uint16)

class Source:
    number_of_frames = None
    def __init__(self, rest):
        self.rest = rest
        if rest == "opening": raise RuntimeError("no cable")
    def frames(self):
        if self.rest == "first": raise KeyError("gone")
        yield Frame(0, 0.0, GOOD, SHARED)
        if self.rest == "later": raise KeyError("gone")
        if self.rest == "array": yield GOOD
        if self.rest == "floats": yield Frame(1, 0.1, GOOD * 0.5, SHARED)
        if self.rest == "size": yield Frame(1, 0.1, GOOD[:9], SHARED)
        if self.rest == "number": yield Frame(0, 0.1, GOOD, SHARED)
    def close(self): raise RuntimeError("twice")

class Sink:
    def __init__(self, rest):
        if rest == "opening": raise RuntimeError("no room")
    def append(self, snapshot): raise RuntimeError("broken pipe")
    def close(self): raise RuntimeError("twice")

def nothing(rest): return 3
VALUE = 3

class Detector:
    def __init__(self, marks, calibration): pass
    def step(self, frame):
        if frame.index == 4: raise ZeroDivisionError("oops")
        class Said: level = "CLEAR"
        return Said
class Vague(Detector):
    def step(self, frame): return "STOP"
"""
POINTS = {
    SOURCES: {"bad": "failing:Source", "none": "failing:nothing", "value": "failing:VALUE"},
    SINKS: {"bad": "failing:Sink", "none": "failing:nothing"},
    DETECTORS: {"bad": "failing:Detector", "none": "failing:nothing", "vague": "failing:Vague"},
}


@pytest.fixture
def failing(site: Path) -> Path:
    install(site, "failing", FAILING, POINTS)
    return site


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ("opening", "source bad failed: RuntimeError: no cable"),
        ("first", "source bad failed: KeyError: 'gone'"),
        ("later", "source bad failed: KeyError: 'gone'"),
        ("array", "expected frames .* found ndarray"),
        ("floats", "expected pixels of uint8.* found float64"),
        ("size", r"expected pixels of shape \(64, 64\), found \(9, 64\)"),
        ("number", "expected increasing numbers"),
    ],
)
def test_a_source_that_fails_is_told_of(failing: Path, how: str, told: str) -> None:
    def read() -> None:
        source = open_stored(Path(f"bad:{how}"), Settings().live_video)
        try:
            list(source.frames())
        finally:
            source.close()

    with pytest.raises(SourceError, match=told) as raised:
        read()
    assert "author" in str(raised.value)


def test_what_is_no_source_is_refused(failing: Path) -> None:
    with pytest.raises(SourceError, match="found int without frames"):
        open_live("none:x", Settings())
    with pytest.raises(ExtensionError, match="failing:VALUE is int"):
        open_live("value:x", Settings())


def test_what_is_no_sink_is_refused(failing: Path) -> None:
    with pytest.raises(ExtensionError, match="found int without append"):
        open_sinks(["none"])
    with pytest.raises(leakwatch.LeakWatchError, match="no room"):
        open_sinks(["bad:opening"])


def test_a_sink_that_fails_costs_no_line(failing: Path, tmp_path: Path) -> None:
    sample, out = str(SAMPLES / "contained.dcm"), tmp_path / "out"
    done = run(failing, "analyze", sample, "--no-video", "--sink", "bad", "-o", str(out))
    assert done.returncode == 0, done.stderr
    assert "degraded: sink bad failed: RuntimeError: broken pipe" in done.stderr
    assert len((out / "frames.jsonl").read_text("utf-8").splitlines()) == 54


def test_a_sink_that_fails_ends_no_live_session(failing: Path, npz: Path) -> None:
    install_example(failing)
    done = run(failing, "run", f"numpy:{npz}", "--no-window", "--no-record", "--sink", "bad")
    assert done.returncode == 2
    assert "16 frames" in done.stdout
    assert "sink bad stopped: sink bad failed: RuntimeError: broken pipe" in done.stderr
    assert "the output of sink bad is incomplete" in done.stderr


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("bad", "frame 4: ZeroDivisionError: oops"),
        ("none", "it cannot be made: TypeError"),
        ("vague", r"frame 0: str is no leakwatch\.Detection"),
    ],
)
def test_a_detector_that_fails_is_told_of_case_by_case(failing: Path, name: str, told: str) -> None:
    found = leakwatch.evaluate(SAMPLES, name)
    assert [row.status for row in found.cases] == ["failed", "failed"]
    assert all(told.replace("\\", "") in (row.why or "") for row in found.cases)
