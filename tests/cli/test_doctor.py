"""`leakwatch doctor`: what is here, what is not, what to do; nothing that breaks it breaks it."""

from __future__ import annotations

import importlib.metadata
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from leakwatch.cli import app, doctor_checks, doctor_probe
from leakwatch.cli.doctor_checks import Check, Finding, State
from leakwatch.sources.dicom.decoding import READABLE_SYNTAXES

PROBES = {"screens": ["1920 x 1080 at 2 pixels a point"], "sound_outputs": ["HDMI"], "cameras": []}


@pytest.fixture(autouse=True)
def no_process(monkeypatch):
    """Devices are as the test says."""
    monkeypatch.setattr(doctor_checks, "probed", lambda name: PROBES[name])


def run(*arguments):
    return CliRunner().invoke(app, ["doctor", *map(str, arguments)])


def report(*arguments):
    done = run("--json", *arguments)
    whole = json.loads(done.stdout)
    assert (done.exit_code == 0) == whole["analyze_works"]
    return whole


def of(whole, group):
    return {one["name"]: one for one in whole["findings"] if one["group"] == group}


def test_a_machine_that_is_well(tmp_path):
    whole = report("--out", tmp_path)
    assert whole["analyze_works"]
    groups = dict.fromkeys(one["group"] for one in whole["findings"])
    assert list(groups) == [
        "versions", "extras", "decoders", "analysis", "folders", "ports", "displays", "sound",
        "video",
    ]  # fmt: skip
    assert {"LeakWatch", "Python", "numpy", "pydicom"} <= set(of(whole, "versions"))
    decoders = of(whole, "decoders")
    assert len(decoders) == len(READABLE_SYNTAXES)
    assert {one["state"] for one in decoders.values()} == {"ok"}
    assert of(whole, "folders")["results"]["found"].startswith(f"{tmp_path}: writable")
    assert of(whole, "displays")["screen 1"]["found"] == PROBES["screens"][0]
    assert of(whole, "sound")["output 1"]["found"] == "HDMI"


def test_the_text_ends_with_what_matters(tmp_path):
    done = run("--out", tmp_path)
    assert done.exit_code == 0
    assert done.stdout.splitlines()[-1] == "`leakwatch analyze` works on this computer."


@pytest.mark.parametrize(
    "check", ["versions", "extras", "decoders", "analysis", "folders", "displays", "sound", "video"]
)
@pytest.mark.parametrize("error", [RuntimeError("oh"), OSError(5, "Input/output error")])
def test_a_check_that_breaks_is_a_line_and_the_others_are_made(monkeypatch, tmp_path, check, error):
    def broken(*given):
        raise error

    monkeypatch.setattr(doctor_checks, check, broken)
    done = run("--out", tmp_path)
    assert "Traceback" not in done.output
    assert f"!!  check: {type(error).__name__}: " in done.stdout
    assert done.stdout.count("!!") == 1
    needed = check in {"versions", "decoders", "analysis", "folders"}
    assert done.exit_code == (1 if needed else 0)
    if needed:
        assert done.stdout.splitlines()[-1].startswith(f"  {check}, check: ")


def test_what_a_check_found_before_it_broke_is_kept():
    def look():
        yield Finding("g", "one", State.OK, "fine")
        raise ValueError("then")

    found = Check("g", look, needed=True, todo="Do this.").findings()
    assert [one.name for one in found] == ["one", "check"]
    assert (found[1].found, found[1].todo) == ("ValueError: then", "Do this.")
    assert found[1].stands_in_the_way


def test_a_decoder_that_is_wrong_says_so(monkeypatch, tmp_path):
    from leakwatch.sources import decoder_trials

    whole = decoder_trials.stream_decoded
    monkeypatch.setattr(
        decoder_trials, "stream_decoded", lambda data, syntax: whole(data, syntax) + 9
    )
    said = of(report("--out", tmp_path), "decoders")
    wrong = [one for one in said.values() if one["state"] == "failed"]
    assert len(wrong) == len(READABLE_SYNTAXES) - 4  # native ones and RLE have no such decoder
    assert all("values are off by" in one["found"] for one in wrong)
    assert all("pip install" in one["todo"] for one in wrong)


def test_an_extra_that_is_absent_is_named_with_its_command(monkeypatch, tmp_path):
    version = importlib.metadata.version

    def without(name):
        if name == "highdicom":
            raise importlib.metadata.PackageNotFoundError(name)
        return version(name)

    monkeypatch.setattr(importlib.metadata, "version", without)
    whole = report("--out", tmp_path)
    extra = of(whole, "extras")["dicom"]
    assert extra["state"] == "absent"
    assert extra["found"] == "not installed: highdicom"
    assert extra["todo"] == f"pip install '{doctor_checks.distribution()}[dicom]'"
    assert whole["analyze_works"]
    assert not {"dev", "verify"} & set(of(whole, "extras"))


@pytest.mark.parametrize(("name", "module"), [("numpy", "numpy"), ("msgspec", "msgspec")])
def test_a_library_that_cannot_be_loaded_keeps_analyze_from_working(monkeypatch, name, module):
    load = doctor_checks.importlib.import_module

    def broken(wanted):
        if wanted == module:
            raise OSError("libwhatever.so.1: cannot open shared object file")
        return load(wanted)

    monkeypatch.setattr(doctor_checks.importlib, "import_module", broken)
    found = {one.name: one for one in doctor_checks.versions()}[name]
    assert found.stands_in_the_way
    assert "libwhatever" in found.found
    assert name in found.todo


def test_a_program_that_cannot_start_says_what_is_absent(tmp_path):
    """Also where numpy is damaged, without which the program cannot be imported."""
    (tmp_path / "numpy.py").write_text("raise ImportError('this numpy is damaged')\n")
    path = os.pathsep.join([str(tmp_path), str(Path(doctor_checks.__file__).parents[2])])
    done = subprocess.run(
        [sys.executable, "-c", "from leakwatch.cli import main; main()", "doctor"],
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    first, *rest = done.stderr.splitlines()
    assert first == "leakwatch: the program cannot start: this numpy is damaged"
    assert any(line.startswith("  numpy: cannot be loaded: ") for line in rest)


@pytest.mark.parametrize(
    ("module", "error"),
    [
        ("pydicom", "ImportError('damaged')"),
        ("cv2", "OSError('libGL.so.1')"),
        ("imagecodecs", "OSError('libdeflate.so.0')"),
        ("msgspec", "ImportError('damaged')"),
        ("numpy", "OSError('libopenblas.so.0')"),
    ],
)
def test_a_damaged_library_is_named_whatever_needs_it(tmp_path, module, error):
    (tmp_path / f"{module}.py").write_text(f"raise {error}\n")
    path = os.pathsep.join([str(tmp_path), str(Path(doctor_checks.__file__).parents[2])])
    done = subprocess.run(
        [sys.executable, "-c", "from leakwatch.cli import main; main()", "doctor"],
        env=os.environ | {"PYTHONPATH": path},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stdout + done.stderr
    assert "cannot be loaded: " in done.stdout + done.stderr


def test_a_folder_that_is_to_be_made_is_looked_at_where_it_will_be(tmp_path):
    (found,) = doctor_checks.folders([("results", tmp_path / "a" / "b", True)])
    assert found.state is State.OK
    assert f"to be created in {tmp_path}" in found.found
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_the_place_of_a_folder(tmp_path):
    (tmp_path / "file").write_text("x")
    whole = report("--out", tmp_path / "file")
    assert not whole["analyze_works"]
    assert "cannot be written" in of(whole, "folders")["results"]["found"]


def test_a_disk_that_is_full(monkeypatch, tmp_path):
    def full(folder):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(doctor_checks, "_write_into", full)
    found = of(report("--out", tmp_path), "folders")["results"]
    assert found["state"] == "failed"
    assert "No space left on device" in found["found"]
    assert found["todo"].startswith("Free disk space")


def test_a_port_that_is_taken_and_one_that_is_free(tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        number = other.getsockname()[1]
        taken = of(report("--out", tmp_path, "--scp", f"scp://127.0.0.1:{number}"), "ports")
    assert taken["C-STORE"]["state"] == "failed"
    assert taken["C-STORE"]["todo"].startswith("The port is in use")
    (free,) = doctor_checks.port("127.0.0.1", 0)
    assert free.state is State.OK


def test_an_address_of_another_computer():
    (found,) = doctor_checks.port("192.0.2.1", 0)
    assert found.state is State.FAILED
    assert "no such address" in found.todo


@pytest.mark.parametrize("scp", ["folder:x", "scp://nowhere", "11112", "scp://h:99999"])
def test_what_is_no_port_is_refused(scp):
    done = run("--scp", scp)
    assert done.exit_code == 2
    assert "scp://" in done.stderr
    assert done.stderr.count("\n") == 1


def test_without_screen_or_sound_analyze_works(monkeypatch, tmp_path):
    monkeypatch.setattr(doctor_checks, "probed", lambda name: [])
    whole = report("--out", tmp_path)
    assert whole["analyze_works"]
    assert of(whole, "displays")["screen"]["state"] == "absent"
    assert "are visible but not audible" in of(whole, "sound")["output"]["found"]


def test_without_the_extra_for_sound(monkeypatch, tmp_path):
    def absent(name):
        raise ModuleNotFoundError("No module named 'PySide6'", name="PySide6")

    monkeypatch.setattr(doctor_checks, "probed", absent)
    whole = report("--out", tmp_path)
    assert whole["analyze_works"]
    assert "[sound]" in of(whole, "sound")["output"]["todo"]


PROCESSES = {
    "crashes": "import os; os.abort()",
    "says nothing": "pass",
    "says something else": "print('Qt: no display')",
    "ends": "raise SystemExit(3)",
}


@pytest.mark.parametrize("code", PROCESSES.values(), ids=PROCESSES)
def test_a_driver_that_takes_its_process_with_it(monkeypatch, tmp_path, code):
    real = subprocess.run
    monkeypatch.setattr(
        doctor_probe.subprocess,
        "run",
        lambda command, **named: real([sys.executable, "-c", code], **named),
    )
    with pytest.raises(doctor_probe.ProbeError, match="it ended with exit code"):
        doctor_probe.probed("screens")


def test_a_driver_that_hangs(monkeypatch):
    def hangs(command, **named):
        raise subprocess.TimeoutExpired(command, named["timeout"])

    monkeypatch.setattr(doctor_probe.subprocess, "run", hangs)
    with pytest.raises(doctor_probe.ProbeError, match="no answer within"):
        doctor_probe.probed("screens")


@pytest.mark.parametrize("name", doctor_probe.NAMES)
def test_a_probe_answers_from_its_own_process(name):
    assert isinstance(doctor_probe.probed(name), list)


def test_the_report_names_no_home(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv("LEAKWATCH_LIBRARY", str(tmp_path / "library"))
    done = run("--json", "--out", tmp_path / "out")
    assert str(tmp_path) not in done.stdout
    assert of(json.loads(done.stdout), "folders")["case library"]["found"].startswith("~/library")
