"""Sets of cases: folders of the program's own files, a manifest, and somebody's adapter."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import injection
import numpy as np
import pytest
from PIL import Image

from leakwatch.benchmark.cases.dataset import collect_cases, contract_cases, load_adapter
from leakwatch.benchmark.cases.manifest import find_cases
from leakwatch.benchmark.work.fingerprint import inputs_hash
from leakwatch.core.errors import BenchError

TRUTH = {
    "schema": "leakwatch.truth/1",
    "fps": 8.0,
    "mm_per_px": 0.25,
    "leak": "near",
    "breach_5mm_frame": 12,
    "leak_visible_frame": None,
    "frames": [
        {"ml": 0.1 * i, "dx": 0, "dy": 0, "distance_mm": None, "leak_length_mm": 0, "area_mm2": 0}
        for i in range(injection.FRAMES)
    ],
}


@pytest.fixture(scope="module")
def dicom(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sequence") / "one.dcm"
    injection.write_dicom(path)
    return path


@pytest.fixture
def folder(dicom: Path, tmp_path: Path) -> Path:
    """A set of one case, `a/one`."""
    (tmp_path / "a").mkdir()
    shutil.copy(dicom, tmp_path / "a" / "one.dcm")
    injection.write_case(tmp_path / "a" / "one.case.json", tmp_path / "a" / "one.dcm")
    (tmp_path / "a" / "one.truth.json").write_text(json.dumps(TRUTH))
    return tmp_path


def write_masks(folder: Path, *names: str) -> None:
    folder.mkdir()
    for name in names:
        Image.fromarray(np.zeros((4, 4), np.uint8)).save(folder / name)


def test_every_case_below_the_folder_with_its_truth(folder: Path) -> None:
    found = find_cases(folder)
    (case,) = found.cases
    assert (case.name, case.truth.due_frame, case.truth.frames) == ("a/one", 12, injection.FRAMES)
    assert case.sequence == folder / "a" / "one.dcm"
    assert {path.name for path in case.sources} == {"one.case.json", "one.truth.json", "one.dcm"}
    assert (case.dose, found.unusable) == (None, ())


@pytest.mark.skipif(sys.platform != "linux", reason="names of files are text on this system")
def test_a_case_below_a_folder_whose_name_is_not_valid_text_is_in_the_report(folder: Path) -> None:
    (folder / "a").rename(folder / "M\udcfcller")
    found = find_cases(folder)
    assert [case.name for case in found.cases] == [r"M\udcfcller/one"]
    assert found.cases[0].case_path.is_file()
    assert len(inputs_hash(found.cases[0])) == 64


def test_masks_dose_and_path_of_a_simulation_are_found_beside_a_case(folder: Path) -> None:
    write_masks(folder / "a" / "one.masks", "000003.png", "12.png", "notes.png")
    leaks = [{"path": "disc", "opens_ml": 2.0}, {"path": "basivertebral", "opens_ml": 1.0}]
    scenario = {"detector": {"quanta_per_mm2": 9000}, "leaks": leaks}
    (folder / "a" / "one.scenario.json").write_text(json.dumps(scenario))
    (case,) = find_cases(folder).cases
    assert [frame for frame, _ in case.truth.masks] == [3, 12]
    assert case.dose == 9000.0
    assert folder / "a" / "one.masks" / "12.png" in case.sources
    # The truth says that cement only came near.
    assert case.leak_path is None
    (folder / "a" / "one.truth.json").write_text(json.dumps(TRUTH | {"leak": "epidural"}))
    assert find_cases(folder).cases[0].leak_path == "basivertebral"


@pytest.mark.parametrize("text", ["", "[]", '{"leaks": [{}], "detector": 3}', '{"leaks": null}'])
def test_a_scenario_of_another_shape_tells_nothing(folder: Path, text: str) -> None:
    (folder / "a" / "one.scenario.json").write_text(text)
    (case,) = find_cases(folder).cases
    assert (case.dose, case.leak_path) == (None, None)


def test_a_truth_without_its_case_is_told(folder: Path) -> None:
    shutil.copy(folder / "a" / "one.truth.json", folder / "a" / "two.truth.json")
    found = find_cases(folder)
    assert [case.name for case in found.cases] == ["a/one"]
    ((name, why),) = [(one.name, one.why) for one in found.unusable]
    assert name == "a/two"
    assert "no two.case.json beside it" in why


@pytest.mark.parametrize(
    ("break_it", "words"),
    [
        (lambda a: (a / "one.truth.json").unlink(), "one.truth.json"),
        (lambda a: (a / "one.dcm").unlink(), "no such sequence"),
        (lambda a: (a / "one.case.json").write_text("{}"), "schema is missing"),
        (lambda a: (a / "one.truth.json").write_text(json.dumps(TRUTH | {"frames": []})), "12"),
    ],
)
def test_a_broken_case_is_told_and_the_others_stay(folder: Path, break_it, words: str) -> None:
    shutil.copytree(folder / "a", folder / "b")
    break_it(folder / "a")
    found = find_cases(folder)
    assert [case.name for case in found.cases] == ["b/one"]
    assert [one.name for one in found.unusable] == ["a/one"]
    assert words in found.unusable[0].why


def test_a_folder_without_cases_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match=r"no \*.case.json"):
        find_cases(tmp_path)
    with pytest.raises(BenchError, match="no such folder"):
        find_cases(tmp_path / "absent")


MANIFEST = """
schema = "leakwatch.bench-set/1"
dose_unit = "uGy at the detector"

[[case]]
name = "labelled"
case = "a/one.case.json"
leak = "epidural"
fps = 8.0
labels = "labels.csv"
masks = "drawn"
dose = 1.5
"""


def test_a_manifest_of_labelled_frames_and_drawn_masks(folder: Path) -> None:
    (folder / "bench.toml").write_text(MANIFEST)
    (folder / "labels.csv").write_text("frame,stop\n0,0\n13,1\n15,1\n")
    write_masks(folder / "drawn", "000014.png")
    found = find_cases(folder)
    (case,) = found.cases
    assert (case.name, case.dose, found.dose_unit) == ("labelled", 1.5, "uGy at the detector")
    truth = case.truth
    # A second before the first label, 8 frames, a STOP is not false yet.
    assert (truth.leak, truth.due_frame, truth.right_from) == ("epidural", 13, 5)
    assert truth.frames == injection.FRAMES
    assert (truth.distance_mm, truth.motion_px, truth.mm_per_px) == (None, None, None)
    assert truth.masks == ((14, folder / "drawn" / "000014.png"),)
    names = {path.name for path in case.sources}
    assert names == {"one.case.json", "one.dcm", "bench.toml", "labels.csv", "000014.png"}


def test_a_manifest_case_may_have_a_truth_file(folder: Path) -> None:
    text = 'schema = "leakwatch.bench-set/1"\n[[case]]\nname = "one"\ncase = "a/one.case.json"\n'
    (folder / "bench.toml").write_text(text + 'truth = "a/one.truth.json"\n')
    assert find_cases(folder).cases[0].truth.due_frame == 12
    (folder / "bench.toml").write_text(text)
    assert "has no truth file" in find_cases(folder).unusable[0].why


@pytest.mark.parametrize("row", ["16,1", "x,1", "3,yes", "3"])
def test_a_label_that_cannot_be_meant_is_told_with_its_line(folder: Path, row: str) -> None:
    (folder / "bench.toml").write_text(MANIFEST.replace('masks = "drawn"\n', ""))
    (folder / "labels.csv").write_text(f"frame,stop\n0,0\n{row}\n")
    assert "labels.csv, line 3: expected a frame below 16" in find_cases(folder).unusable[0].why


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("schema = 1", "schema"),
        ("[[case]", "is not TOML"),
        (MANIFEST + 'maks = "x"\n', "maks"),
        (MANIFEST + MANIFEST[MANIFEST.index("[[case]]") :], "two cases are named labelled"),
    ],
)
def test_a_broken_manifest_is_refused(folder: Path, text: str, words: str) -> None:
    (folder / "bench.toml").write_text(text)
    with pytest.raises(BenchError, match=words):
        find_cases(folder)


def write_notes(folder: Path, dicom: Path, **said: str) -> None:
    """A set as benchmarks/adapters/expert_notes.py reads it."""
    for name, note in said.items():
        patient = folder / name
        patient.mkdir(parents=True)
        shutil.copy(dicom, patient / "cine.dcm")
        injection.write_case(patient / "marks.case.json", patient / "cine.dcm")
        (patient / "expert.txt").write_text(note)
        write_masks(patient / "cement", "7.png")


def test_the_adapter_that_is_shown_reads_its_set(
    dicom: Path, tmp_path: Path, repository: Path
) -> None:
    write_notes(tmp_path, dicom, p1="1.5", p2="never\n", p3="soon")
    (tmp_path / "p4").mkdir()
    adapter = load_adapter(repository / "benchmarks" / "adapters" / "expert_notes.py")
    found = find_cases(tmp_path, adapter)
    told = [(case.name, case.truth.due_frame, case.truth.right_from) for case in found.cases]
    assert told == [("p1", 12, 8), ("p2", None, None)]
    assert found.cases[0].truth.masks[0][0] == 7
    assert {path.name for path in found.cases[0].sources} >= {"expert.txt", "7.png", "cine.dcm"}
    why = {one.name: one.why for one in found.unusable}
    assert "expected seconds, or never" in why["p3"]
    assert "p4" in why


@pytest.mark.parametrize(
    ("text", "words"),
    [("x = 1", "no function `cases"), ("import nowhere_at_all", "ModuleNotFoundError")],
)
def test_an_adapter_that_does_not_work_is_refused(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "my_set.py").write_text(text)
    with pytest.raises(BenchError, match=words):
        load_adapter(tmp_path / "my_set.py")
    with pytest.raises(BenchError, match="not a Python file"):
        load_adapter(tmp_path / "absent.py")


def test_two_cases_of_one_name_are_refused(folder: Path) -> None:
    with pytest.raises(BenchError, match="two cases"):
        collect_cases(folder, lambda found: [*contract_cases(found), *contract_cases(found)])
