"""A DICOMDIR whose images were not all copied says so; what it cannot say loses nothing."""

from __future__ import annotations

import pytest
from dicom_writing import noise, write
from media_export import write_export

from leakwatch.core.errors import SourceError
from leakwatch.sources.stored_runs import find_runs


@pytest.fixture
def export(tmp_path):
    """Three series of one multi-frame image."""
    source = write(tmp_path / "x.dcm", noise(2), NumberOfFrames=2)
    write_export(tmp_path / "Frau Müller, 3. Aufnahme", [source] * 3)
    return tmp_path / "Frau Müller, 3. Aufnahme"


def images(export):
    return sorted(path for path in export.rglob("IM*") if path.is_file())


@pytest.mark.parametrize("given", ["", "DICOMDIR"])
def test_a_whole_export_misses_nothing(export, given):
    found = find_runs(export / given)
    assert (len(found.runs), found.refused) == (3, ())


@pytest.mark.parametrize("given", ["", "DICOMDIR"])
def test_images_that_are_listed_and_missing_are_told_and_the_others_read(export, given):
    first, _, last = images(export)
    first.unlink()
    last.unlink()
    found = find_runs(export / given)
    assert len(found.runs) == 1
    ((path, why),) = found.refused
    assert path == export / "DICOMDIR"
    place = first.relative_to(export).as_posix()
    assert f"lists 2 images that are missing, the first being {place}" in why


def test_one_missing_image_beside_single_frames_leaves_them_one_run(tmp_path, export):
    first, second, last = images(export)
    last.unlink()
    for index, path in enumerate((first, second)):
        write(path, noise(1), SeriesInstanceUID="1.2.9", InstanceNumber=index + 1)
    (run,), ((_, why),) = find_runs(export).runs, find_runs(export).refused
    assert "lists 1 image that is missing" in why
    assert not run.files or set(run.files) == {first, second}


def test_a_directory_alone_says_what_is_missing(export):
    for path in images(export):
        path.unlink()
    with pytest.raises(SourceError, match="lists 3 images that are missing"):
        find_runs(export)


def test_names_that_a_system_changed_are_the_same(export):
    for path in images(export):
        path.rename(path.with_name(f"{path.name.lower()}.;1"))
    assert find_runs(export).refused == ()


@pytest.mark.parametrize("content", [b"", b"\0" * 128 + b"DICM" + b"\xff" * 300, b"x" * 5000])
def test_a_directory_that_cannot_be_read_loses_nothing(export, content):
    (export / "DICOMDIR").write_bytes(content)
    found = find_runs(export)
    assert (len(found.runs), found.refused) == (3, ())


def test_a_directory_that_announces_more_than_there_is_bounds_what_is_read(export):
    whole = (export / "DICOMDIR").read_bytes()
    at = whole.index(b"\x04\x00\x20\x12SQ")
    (export / "DICOMDIR").write_bytes(whole[: at + 8] + b"\xf0\xff\xff\xff" + whole[at + 12 :])
    assert len(find_runs(export).runs) == 3
