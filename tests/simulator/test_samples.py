"""sample_dicom/ is what its manifest says, can be made again, and needs more than a threshold."""

from __future__ import annotations

import hashlib
import importlib.metadata
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest

from leakwatch.benchmark.work.naive import naive_records
from leakwatch.case_files.truth_file import load_truth, truth_path
from leakwatch.config import Settings
from leakwatch.core.results import Level
from leakwatch.runner.stored_run import open_run
from leakwatch.simulator.sequence.request import anatomy_of, requested_scenario
from leakwatch.simulator.sequence.sequence_files import write_simulation
from leakwatch.simulator.sequence.simulation import simulate

MOST_BYTES = 25e6
LATE_STOP_S = 1.0
# Before the truth is this near to the wall, a STOP is a false one.
EARLY_STOP_MM = 6.5


@pytest.fixture(scope="module")
def manifest(repository: Path) -> dict[str, Any]:
    """sample_dicom/MANIFEST.toml."""
    return tomllib.loads((repository / "sample_dicom" / "MANIFEST.toml").read_text("utf-8"))


def test_every_file_is_in_the_manifest_with_its_sha256(
    manifest: dict[str, Any], repository: Path
) -> None:
    folder = repository / "sample_dicom"
    told = {k: v for sequence in manifest["sequence"] for k, v in sequence["sha256"].items()}
    found = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.iterdir()
        if path.suffix in (".dcm", ".json")
    }
    assert found == told
    assert {sequence["leak"] for sequence in manifest["sequence"]} == {"none", "epidural"}


def test_the_folder_is_small(repository: Path) -> None:
    assert sum(path.stat().st_size for path in (repository / "sample_dicom").iterdir()) < MOST_BYTES


@pytest.mark.slow
def test_the_command_of_the_manifest_makes_the_same_file(
    manifest: dict[str, Any], repository: Path, tmp_path: Path
) -> None:
    entry = next(entry for entry in manifest["sequence"] if entry["name"] == "epidural")
    assert entry["command"] == "leakwatch simulate epidural --out sample_dicom"
    scenario = requested_scenario("epidural")
    assert scenario.seed == entry["seed"]

    write_simulation(simulate(scenario, anatomy_of(scenario)), tmp_path)

    assert_same_pixels(tmp_path / "epidural.dcm", repository / "sample_dicom" / "epidural.dcm")
    made_with = {name: importlib.metadata.version(name) for name in manifest["made_with"]}
    for name, digest in entry["sha256"].items():
        same = hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() == digest
        # Other versions, or another processor, may round the last bit of a pixel the other way.
        assert same or name.endswith(".dcm") or made_with != manifest["made_with"], name


def assert_same_pixels(made: Path, kept: Path) -> None:
    """Equal, but for one count in one pixel in ten thousand."""
    first, second = (pydicom.dcmread(path).pixel_array.astype(int) for path in (made, kept))
    difference = np.abs(first - second)
    assert difference.max() <= 1
    assert (difference > 0).mean() <= 1e-4


@pytest.mark.parametrize("name", ["contained", "epidural"])
def test_the_product_is_right_where_a_threshold_is_wrong(name: str, repository: Path) -> None:
    case_path = repository / "sample_dicom" / f"{name}.case.json"
    truth = load_truth(truth_path(case_path))

    naive = naive_records(open_run(case_path, Settings()))
    first_naive = next(record.frame for record in naive if record.level == Level.STOP)
    near = [f.distance_mm is not None and f.distance_mm <= EARLY_STOP_MM for f in truth.frames]
    assert not near[first_naive]

    snapshots = open_run(case_path, Settings()).iter_snapshots()
    stop = next((s.frame.index for s in snapshots if s.alert.level is Level.STOP), None)
    if truth.breach_5mm_frame is None:
        assert stop is None
    else:
        assert stop is not None
        assert near[stop]
        assert stop - truth.breach_5mm_frame <= LATE_STOP_S * truth.fps
