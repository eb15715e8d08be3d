"""Damaged volumes are refused, or mended and told; no picture is made of what is not there."""

from __future__ import annotations

import gzip
import logging
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest

from leakwatch.core.errors import ConfigError
from leakwatch.simulator.ct import volume_checks
from leakwatch.simulator.ct.ct_scan import Scan, load_scan

AFFINE = np.diag([1.5, 1.5, 1.5, 1.0])
SHAPE = (20, 22, 24)


def hounsfield() -> np.ndarray:
    """Air, a trunk of water, and a vertebra in it."""
    rng = np.random.default_rng(3)
    values = np.full(SHAPE, -1000.0)
    values[3:17, 3:19, :] = rng.normal(40.0, 8.0, (14, 16, 24))
    values[8:13, 8:14, 8:16] = rng.normal(300.0, 30.0, (5, 6, 8))
    return np.rint(values)


def labels() -> np.ndarray:
    marked = np.zeros(SHAPE, np.float64)
    marked[8:13, 8:14, 8:16] = 22.0
    return marked


def save(path: Path, values: np.ndarray, dtype: Any = np.float32, affine: Any = AFFINE) -> Path:
    image = nibabel.Nifti1Image(values.astype(dtype), affine)
    nibabel.save(image, path)
    return path


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    return (
        save(tmp_path / "ct.nii.gz", hounsfield(), np.int16),
        save(tmp_path / "labels.nii.gz", labels(), np.uint8),
    )


def scanned(ct: Path, vertebrae: Path) -> Scan:
    return load_scan(ct, vertebrae, None)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 3.4e38, -3.4e38])
def test_single_gaps_are_filled_from_around_and_told(
    value: float, tmp_path: Path, files: tuple[Path, Path], caplog: pytest.LogCaptureFixture
) -> None:
    whole = scanned(*files).ct.values
    holed = hounsfield().astype(np.float32)
    gaps = [(5, 5, 5), (10, 10, 10), (10, 12, 12), (4, 4, 23)]
    for gap in gaps:
        holed[gap] = value
    with caplog.at_level(logging.WARNING):
        found = scanned(save(tmp_path / "holed.nii.gz", holed), files[1]).ct.values
    assert "4 of 10560 voxels have no value" in caplog.text
    assert "4 were filled" in caplog.text
    assert np.isfinite(found).all()
    changed = np.argwhere(found != whole)
    assert {tuple(place) for place in changed.tolist()} <= set(gaps)
    # As near as the noise of one voxel: 8 HU in the trunk, 30 in bone.
    assert np.abs(found - whole).max() < 120.0


def test_what_lies_outside_of_the_scanners_field_is_air(
    tmp_path: Path, files: tuple[Path, Path], caplog: pytest.LogCaptureFixture
) -> None:
    holed = hounsfield()
    outside = holed == -1000.0
    holed[outside] = np.nan
    with caplog.at_level(logging.WARNING):
        found = scanned(save(tmp_path / "holed.nii.gz", holed), files[1]).ct.values
    assert f"{outside.sum()} are taken as air" in caplog.text
    np.testing.assert_array_equal(found, hounsfield())


def test_a_vertebra_without_values_is_refused(tmp_path: Path, files: tuple[Path, Path]) -> None:
    holed = hounsfield()
    holed[9:12, 9:12, 9:12] = np.nan
    with pytest.raises(ConfigError, match=r"voxels in the vertebrae .* have no value"):
        scanned(save(tmp_path / "holed.nii.gz", holed), files[1])


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (np.full(SHAPE, np.nan), "none of its voxels has a value"),
        (np.zeros(SHAPE), "all of its voxels are 0"),
        (hounsfield() / 1000.0, "Give the CT in Hounsfield units"),
        (np.zeros((20, 22)), r"has 2 dimensions \(20, 22\)"),
        (np.zeros((*SHAPE, 2)), "has 4 dimensions"),
        (np.zeros((20, 22, 0)), "empty|cannot be read"),
    ],
)
def test_volumes_without_anatomy_are_refused(
    values: np.ndarray, said: str, tmp_path: Path, files: tuple[Path, Path]
) -> None:
    with pytest.raises(ConfigError, match=said):
        scanned(save(tmp_path / "bad.nii.gz", values), files[1])


def test_voxels_that_are_no_numbers_are_refused(tmp_path: Path, files: tuple[Path, Path]) -> None:
    colours = np.zeros(SHAPE, [("R", "u1"), ("G", "u1"), ("B", "u1")])
    nibabel.save(nibabel.Nifti1Image(colours, AFFINE), tmp_path / "colour.nii.gz")
    for path in (
        tmp_path / "colour.nii.gz",
        save(tmp_path / "complex.nii.gz", hounsfield(), np.complex64),
    ):
        with pytest.raises(ConfigError, match="its voxels are of the kind"):
            scanned(path, files[1])


def test_one_volume_of_a_series_of_one_is_read(tmp_path: Path, files: tuple[Path, Path]) -> None:
    save(tmp_path / "4d.nii.gz", hounsfield()[..., None], np.int16)
    assert scanned(tmp_path / "4d.nii.gz", files[1]).ct.values.shape == SHAPE


@pytest.mark.parametrize("which", [0, 1], ids=["ct", "labels"])
@pytest.mark.parametrize("fault", ["cut", "changed", "sum", "length", "empty", "more"])
def test_a_damaged_gzip_file_is_refused(
    fault: str, which: int, tmp_path: Path, files: tuple[Path, Path]
) -> None:
    content = bytearray(files[which].read_bytes())
    if fault == "cut":
        content = content[: len(content) - 40]
    elif fault == "changed":
        # Stored, not deflated: only the sum at the end tells that a voxel is another.
        plain = gzip.decompress(bytes(content))
        content = bytearray(gzip.compress(plain, 0))
        content[len(content) // 2] ^= 0x40
    elif fault in ("sum", "length"):
        content[-8 if fault == "sum" else -4] ^= 0xFF
    elif fault == "empty":
        content = bytearray()
    else:
        content += b"junk"
    given = list(files)
    given[which] = tmp_path / "damaged.nii.gz"
    given[which].write_bytes(content)
    with pytest.raises(ConfigError, match=r"damaged\.nii\.gz: cannot be read as NIfTI"):
        scanned(*given)


@pytest.mark.parametrize("suffix", [".mgz", ".nii.bz2"])
def test_other_compressed_files_are_held_against_their_sum_too(
    suffix: str, tmp_path: Path, files: tuple[Path, Path]
) -> None:
    path = tmp_path / f"ct{suffix}"
    kind = nibabel.MGHImage if suffix == ".mgz" else nibabel.Nifti1Image
    nibabel.save(kind(hounsfield().astype(np.float32), AFFINE), path)
    np.testing.assert_array_equal(scanned(path, files[1]).ct.values, hounsfield())
    content = bytearray(path.read_bytes())
    content[-5] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(ConfigError, match="truncated or damaged"):
        scanned(path, files[1])


def test_what_inflates_without_end_is_refused(
    files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(volume_checks, "_MAX_BYTES", 20_000)
    with pytest.raises(ConfigError, match="decompresses to more than 20000 bytes"):
        scanned(*files)


def test_a_size_that_no_ct_has_is_refused_before_memory_is_taken(
    tmp_path: Path, files: tuple[Path, Path]
) -> None:
    content = bytearray(gzip.decompress(files[0].read_bytes()))
    content[42:48] = np.array([30_000] * 3, "<i2").tobytes()
    path = tmp_path / "huge.nii"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match="too many for a CT"):
        scanned(path, files[1])


@pytest.mark.parametrize(
    ("affine", "said"),
    [
        (np.diag([np.nan, 1.5, 1.5, 1.0]), "not given as numbers|cannot be read"),
        (np.diag([1.5, np.inf, 1.5, 1.0]), "not given as numbers|cannot be read"),
        (np.diag([1500.0, 1500.0, 1500.0, 1.0]), "its voxels measure 1.5e"),
        (np.diag([0.0, 1.5, 1.5, 1.0]), "its voxels measure 0 x 1.5 x 1.5 mm"),
        (np.diag([1e-3, 1e-3, 1e-3, 1.0]), "its voxels measure 0.001"),
        ([[1.5, 1.5, 0, 0], [0, 0.1, 0, 0], [0, 0, 1.5, 0], [0, 0, 0, 1.0]], "nearly parallel"),
    ],
)
def test_a_grid_in_which_no_body_can_lie_is_refused(
    affine: Any, said: str, tmp_path: Path, files: tuple[Path, Path]
) -> None:
    content = bytearray(gzip.decompress(files[0].read_bytes()))
    content[252:256] = np.array([0, 1], "<i2").tobytes()  # the matrix alone counts
    content[280:328] = np.asarray(affine, "<f4")[:3].tobytes()
    path = tmp_path / "placed.nii"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=said):
        scanned(path, files[1])


@pytest.mark.parametrize(("unit", "factor"), [("meter", 1e-3), ("micron", 1e3), ("mm", 1.0)])
def test_units_of_the_file_are_followed(
    unit: str, factor: float, tmp_path: Path, files: tuple[Path, Path]
) -> None:
    image = nibabel.Nifti1Image(hounsfield().astype(np.int16), np.diag([*[1.5 * factor] * 3, 1.0]))
    image.header.set_xyzt_units(unit)
    nibabel.save(image, tmp_path / "unit.nii.gz")
    found = scanned(tmp_path / "unit.nii.gz", files[1]).ct
    assert found.spacing_mm == pytest.approx([1.5] * 3)


def test_a_file_without_directions_is_told(
    tmp_path: Path, files: tuple[Path, Path], caplog: pytest.LogCaptureFixture
) -> None:
    given = []
    for path in files:
        content = bytearray(gzip.decompress(path.read_bytes()))
        content[252:256] = bytes(4)
        given.append(tmp_path / path.name.removesuffix(".gz"))
        given[-1].write_bytes(content)
    with caplog.at_level(logging.WARNING):
        scanned(*given)
    assert "does not say how the patient lies" in caplog.text


def test_labels_without_a_value_are_background(
    tmp_path: Path, files: tuple[Path, Path], caplog: pytest.LogCaptureFixture
) -> None:
    holed = labels()
    holed[holed == 0.0] = np.nan
    with caplog.at_level(logging.WARNING):
        found = scanned(files[0], save(tmp_path / "l.nii.gz", holed)).vertebrae.labels
    np.testing.assert_array_equal(found, labels())
    assert "have no label (NaN): taken as 0" in caplog.text


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (labels() * 0.7, "labels were interpolated"),
        (labels() * 1e9, "a label of 2.2e"),
        (labels()[:-1], "its grid .* is not that of"),
    ],
)
def test_labels_that_are_none_are_refused(
    changed: np.ndarray, said: str, tmp_path: Path, files: tuple[Path, Path]
) -> None:
    with pytest.raises(ConfigError, match=said):
        scanned(files[0], save(tmp_path / "l.nii.gz", changed))


def test_labels_that_were_rounded_by_a_scale_are_read(
    tmp_path: Path, files: tuple[Path, Path]
) -> None:
    found = scanned(files[0], save(tmp_path / "l.nii.gz", labels() * 0.9998)).vertebrae.labels
    np.testing.assert_array_equal(found, labels())
