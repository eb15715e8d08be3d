"""Which runs lie below a folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from dicom_writing import noise, write

from leakwatch.config import LiveVideoSettings
from leakwatch.core.errors import SourceError
from leakwatch.sources.stored_runs import StoredRun, find_runs, natural

VIDEO = LiveVideoSettings()


def put(path: Path, count: int = 1, series: str = "1.2.3", **tags: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    if count > 1:
        tags["NumberOfFrames"] = count
    return write(path, noise(count), SeriesInstanceUID=series, **tags)


def found(path: Path) -> list[tuple[str, int]]:
    """Where the runs begin, and how many frames they give."""
    runs = []
    for run in find_runs(path).runs:
        first = run.files[0] if run.files else run.path
        source = run.opened(VIDEO)
        runs.append((first.relative_to(path).as_posix(), len(list(source.frames()))))
        source.close()
    return runs


def test_file_stands_for_itself_and_a_dicomdir_for_its_folder(tmp_path: Path) -> None:
    file = put(tmp_path / "DICOM" / "IM0", 3)
    (tmp_path / "DICOMDIR").write_bytes(b"\0" * 128 + b"DICM")
    assert find_runs(file).runs == (StoredRun(file),)
    assert find_runs(tmp_path / "DICOMDIR").runs == find_runs(tmp_path).runs
    assert found(tmp_path) == [("DICOM/IM0", 3)]


def test_single_frames_of_a_series_are_one_run_wherever_they_lie(tmp_path: Path) -> None:
    for index in range(4):
        put(tmp_path / f"SE{index % 2}" / f"IM{index}", InstanceNumber=index + 1)
    runs = find_runs(tmp_path).runs
    assert len(runs) == 1
    assert [file.name for file in runs[0].files] == ["IM0", "IM2", "IM1", "IM3"]
    assert found(tmp_path) == [("SE0/IM0", 4)]


def test_folder_of_single_frames_alone_is_opened_as_ever(tmp_path: Path) -> None:
    for index in range(3):
        put(tmp_path / f"IM{index}", InstanceNumber=index + 1)
    (tmp_path / "report.txt").write_text("words")
    (run,) = find_runs(tmp_path).runs
    assert (run.path, run.files) == (tmp_path, ())


def test_one_series_in_two_sizes_is_two_runs(tmp_path: Path) -> None:
    for index, rows in enumerate((12, 12, 16)):
        path = tmp_path / f"IM{index}"
        write(path, noise(1, rows=rows), SeriesInstanceUID="1.2.3", InstanceNumber=index + 1)
    assert found(tmp_path) == [("IM0", 2), ("IM2", 1)]


def test_runs_are_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    for index in (10, 9, 1):
        put(tmp_path / f"IM{index}", 2, series=f"1.2.{index}")
    assert [place for place, _ in found(tmp_path)] == ["IM1", "IM9", "IM10"]
    assert sorted([Path("a10"), Path("a9"), Path("b1")], key=natural)[0] == Path("a9")


def test_image_that_was_cut_off_is_told_and_other_files_are_not(tmp_path: Path) -> None:
    put(tmp_path / "IM0", 2)
    cut = put(tmp_path / "IM1", 2, series="1.2.4")
    cut.write_bytes(cut.read_bytes()[:400])
    (tmp_path / "VIEWER.EXE").write_bytes(b"MZ" * 500)
    refused = find_runs(tmp_path).refused
    assert [path.name for path, _ in refused] == ["IM1"]


def test_hidden_files_are_passed_over(tmp_path: Path) -> None:
    put(tmp_path / "IM0", 2)
    put(tmp_path / ".trash" / "IM1", 2)
    put(tmp_path / "._IM0", 2)
    assert found(tmp_path) == [("IM0", 2)]


def test_pictures_count_where_there_is_no_dicom_image(tmp_path: Path) -> None:
    for name in ("a.mp4", "trend.png"):
        (tmp_path / name).write_bytes(b"")
    assert [run.path.name for run in find_runs(tmp_path).runs] == ["a.mp4", tmp_path.name]
    put(tmp_path / "IM0", 2)
    assert found(tmp_path) == [("IM0", 2)]


def test_results_of_an_earlier_analysis_are_no_runs(tmp_path: Path) -> None:
    for name in ("film.mp4", "out/overlay.mp4", "out/trend.png", "out/frames.jsonl"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    assert [run.path.name for run in find_runs(tmp_path).runs] == ["film.mp4"]


@pytest.mark.parametrize("names", [[], ["notes.txt", "DICOMDIR"]])
def test_folder_without_a_picture_is_refused(tmp_path: Path, names: list[str]) -> None:
    for name in names:
        (tmp_path / name).write_text("words")
    with pytest.raises(SourceError, match="no DICOM image, video or other image"):
        find_runs(tmp_path)


def test_folder_whose_only_image_is_broken_says_what_of_it_is(tmp_path: Path) -> None:
    cut = put(tmp_path / "IM1", 2)
    cut.write_bytes(cut.read_bytes()[:400])
    with pytest.raises(SourceError, match="IM1"):
        find_runs(tmp_path)


def test_recorded_session_is_one_run_with_its_own_times(tmp_path: Path) -> None:
    put(tmp_path / "other" / "IM0", 2)
    session = tmp_path / "library" / "case-1"
    put(session / "part-0001.dcm", 3)
    (session / "session.json").write_text("{}")
    runs = find_runs(tmp_path).runs
    assert [run.path for run in runs] == [session, tmp_path / "other" / "IM0"]
