"""Received objects of processes that are really killed: the next start removes them, no others."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner

from leakwatch.cli.program import app
from leakwatch.config import Settings
from leakwatch.core.errors import SourceError
from leakwatch.sources.arrival import leftovers
from leakwatch.sources.arrival.leftovers import remove_leftovers
from leakwatch.sources.arrival.spool import Spool
from leakwatch.sources.live_sources import open_live

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no locks of this kind")

NAME = b"DOE^JOHN"
WRITER = """
import sys
from pathlib import Path
from leakwatch.sources.arrival.spool import Spool
spool = Spool(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
file = spool.begin()
file.write(b"DOE^JOHN")
print(file.finish())
spool.path().with_suffix(".part").write_bytes(b"DOE^JO")
print("written", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """The folder for temporary files of this process and of those that it starts."""
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setenv("TMPDIR", str(place))
    monkeypatch.setattr(tempfile, "tempdir", None)
    yield place
    tempfile.tempdir = None


def kept_in(spool):
    file = spool.begin()
    file.write(NAME)
    return file.finish()


@contextmanager
def writing(*arguments):
    """A process that has written an object, and half of another; with the path of the first."""
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        path = Path(process.stdout.readline().strip())
        assert process.stdout.readline() == "written\n"
        yield process, path
        process.stdin.close()


def killed(*arguments):
    with writing(*arguments) as (process, path):
        process.send_signal(signal.SIGKILL)
        process.wait()
    return path


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def names_in(place):
    return [path for path in place.rglob("*") if path.is_file() and NAME[:6] in path.read_bytes()]


def test_what_a_killed_process_left_goes_and_what_a_living_one_writes_stays(temporary):
    dead = killed()
    assert len(names_in(temporary)) == 2
    with writing() as (_, alive):
        assert remove_leftovers() == 1
        assert not dead.parent.exists()
        assert alive.read_bytes() == NAME
        assert remove_leftovers() == 0


def test_folders_of_others_stay(temporary, monkeypatch):
    unmarked = temporary / "leakwatch-without-mark"
    unmarked.mkdir()
    (unmarked / "notes.txt").write_text("mine")
    elsewhere = killed().parent
    target = temporary / "elsewhere"
    elsewhere.rename(target)
    (temporary / "leakwatch-link").symlink_to(target)
    monkeypatch.setattr(leftovers.os, "geteuid", lambda: os.getuid() + 1)
    assert remove_leftovers() == 0
    monkeypatch.undo()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    remove_leftovers()
    assert (unmarked / "notes.txt").exists()
    assert (target / ".in-use").exists()


@pytest.mark.parametrize("spec", ["replay:sample_dicom/contained.dcm", "folder:nowhere"])
def test_the_next_start_removes_it_whatever_its_source(spec, temporary, repository, monkeypatch):
    monkeypatch.chdir(repository)
    dead = killed()
    try:
        open_live(spec, Settings()).close()
    except SourceError:
        assert spec == "folder:nowhere"
    assert not dead.parent.exists()
    assert names_in(temporary) == []


def test_recover_removes_it_also_without_a_session(temporary):
    dead = [killed(), killed()]
    said = CliRunner().invoke(app, ["recover"])
    assert said.exit_code == 0
    assert "2 folders of received objects, left by a killed program" in said.stdout
    assert not any(path.parent.exists() for path in dead)
    assert "no received objects were left" in CliRunner().invoke(app, ["recover"]).stdout


def test_where_objects_are_kept_halves_of_dead_processes_go_and_whole_ones_stay(tmp_path):
    keep = tmp_path / "a" / "kept"
    dead = killed(str(keep))
    with writing(str(keep)) as (_, alive):
        spool = Spool(keep)
        mine = kept_in(spool)
        halves = [path.name for path in keep.glob("*.part")]
        assert len(halves) == 1
        assert halves[0].startswith(alive.name.rsplit("-", 1)[0])
    assert [path.read_bytes() for path in (dead, alive, mine)] == [NAME] * 3
    assert {mode(path) for path in (dead, alive, mine)} == {0o600}
    assert {mode(keep), mode(keep.parent)} == {0o700}
    spool.close()


def test_a_spool_that_is_closed_leaves_nothing(temporary):
    spool = Spool()
    path = kept_in(spool)
    assert (mode(path), mode(path.parent)) == (0o600, 0o700)
    spool.close()
    assert list(temporary.iterdir()) == []


def test_a_removal_that_is_killed_leaves_the_mark_for_the_next(temporary, monkeypatch):
    dead = killed()

    def broken(path, missing_ok=False):
        raise OSError("killed")

    monkeypatch.setattr(Path, "unlink", broken)
    assert remove_leftovers() == 0
    monkeypatch.undo()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    assert remove_leftovers() == 1
    assert not dead.parent.exists()
