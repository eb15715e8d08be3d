"""Private files: modes do not depend on the umask; links and devices are not written through."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from leakwatch.files.private_files import (
    copy_private_tree,
    make_private_folder,
    new_private_file,
    open_private,
    replace_private_file,
    write_private_file,
)

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")


@pytest.fixture(params=[0o000, 0o022, 0o777], ids=oct)
def umask(request):
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def mode(path):
    return stat.S_IMODE(path.lstat().st_mode)


def test_folders_and_files_are_private_whatever_the_umask(umask, tmp_path):
    folder = tmp_path / "a" / "b" / "c"
    make_private_folder(folder)
    replace_private_file(folder / "replaced", b"1")
    with new_private_file(folder / "new") as file:
        file.write(b"2")
    os.close(open_private(folder / "opened", os.O_RDWR))
    assert {mode(path) for path in (folder, *folder.parents[:2])} == {0o700}
    assert {path.name: mode(path) for path in folder.iterdir()} == {
        "replaced": 0o600,
        "new": 0o600,
        "opened": 0o600,
    }


def test_a_file_of_an_earlier_version_is_closed_to_others(tmp_path):
    for name in ("replaced", "new", "opened"):
        (tmp_path / name).write_bytes(b"old")
        (tmp_path / name).chmod(0o644)
    replace_private_file(tmp_path / "replaced", b"1")
    new_private_file(tmp_path / "new").close()
    os.close(open_private(tmp_path / "opened", os.O_RDWR))
    assert {mode(path) for path in tmp_path.iterdir()} == {0o600}


def test_a_folder_that_a_person_made_keeps_its_mode(tmp_path):
    tmp_path.chmod(0o755)
    make_private_folder(tmp_path)
    make_private_folder(tmp_path / "new")
    assert (mode(tmp_path), mode(tmp_path / "new")) == (0o755, 0o700)


def test_a_file_where_a_folder_should_be_is_an_error(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(FileExistsError):
        make_private_folder(tmp_path / "file")
    with pytest.raises(NotADirectoryError):
        make_private_folder(tmp_path / "file" / "in it")


@pytest.fixture
def elsewhere(tmp_path):
    """A file that a link leads to."""
    path = tmp_path / "elsewhere"
    path.write_bytes(b"of somebody")
    path.chmod(0o644)
    return path


def test_nothing_is_written_through_a_link(tmp_path, elsewhere):
    folder = tmp_path / "out"
    folder.mkdir()
    for name in ("new", "replaced", ".replaced.new", "opened"):
        (folder / name).symlink_to(elsewhere)
    new_private_file(folder / "new").close()
    replace_private_file(folder / "replaced", b"1")
    with pytest.raises(OSError, match="it is a symbolic link"):
        open_private(folder / "opened", os.O_RDWR)
    assert (elsewhere.read_bytes(), mode(elsewhere)) == (b"of somebody", 0o644)
    assert not (folder / "new").is_symlink()
    assert (folder / "replaced").read_bytes() == b"1"
    assert not (folder / ".replaced.new").exists()


def test_a_pipe_in_place_of_a_file_is_refused_without_blocking(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for flags in (os.O_RDWR, os.O_WRONLY):
        with pytest.raises(OSError, match=r"not a regular file|No such device"):
            open_private(tmp_path / "pipe", flags)


def test_a_device_or_a_link_that_a_person_names_is_written_to(tmp_path, elsewhere):
    """``--out /dev/stdout`` is a link, to a file where it is redirected into one."""
    write_private_file(Path(os.devnull), b"1")
    assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)
    link = tmp_path / "link"
    link.symlink_to(elsewhere)
    write_private_file(link, b"2")
    assert (link.is_symlink(), elsewhere.read_bytes()) == (True, b"2")


def test_a_replacement_that_fails_leaves_what_was_there(tmp_path):
    place = tmp_path / "session.json"
    place.mkdir()
    (place / "in it").touch()
    with pytest.raises(IsADirectoryError):
        replace_private_file(place, b"1")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["session.json"]


def test_a_copy_has_what_files_hold_and_nothing_else_of_them(umask, tmp_path, elsewhere):
    source = tmp_path / "case"
    (source / "dicom").mkdir(0o755, parents=True)
    source.chmod(0o755)
    (source / "dicom").chmod(0o755)
    for name in ("lines", "dicom/part"):
        (source / name).write_bytes(name.encode())
        (source / name).chmod(0o644)
        os.utime(source / name, (1e9, 1e9))  # the day of the recording
    (source / "link").symlink_to(elsewhere)
    copy_private_tree(source, tmp_path / "copy")
    copied = sorted((tmp_path / "copy").rglob("*"))
    assert [path.relative_to(tmp_path / "copy").as_posix() for path in copied] == [
        "dicom",
        "dicom/part",
        "lines",
    ]
    assert {mode(path) for path in copied if path.is_file()} == {0o600}
    assert {mode(path) for path in (copied[0], tmp_path / "copy")} == {0o700}
    assert (tmp_path / "copy" / "dicom" / "part").read_bytes() == b"dicom/part"
    assert all(path.stat().st_mtime > 1.5e9 for path in copied)
